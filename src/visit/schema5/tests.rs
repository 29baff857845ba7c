#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::super::State;
use super::super::notice::Recipient::Patient;
use super::super::step::Kind;
use super::super::step::Step;
use super::super::testing::*;
use super::*;

const DOCTOR_5: Recipient = Recipient::Doctor(5);
const DOCTOR_6: Recipient = Recipient::Doctor(6);

fn columns(values: &[(&str, &str)]) -> Columns {
    values
        .iter()
        .map(|(name, value)| {
            (
                (*name).to_owned(),
                Some(*value)
                    .filter(|value| *value != "NULL")
                    .map(str::to_owned),
            )
        })
        .collect()
}

/// A row as 0.1.0 has it when its meeting is made and everybody was told.
fn old_row() -> Columns {
    let hash = fingerprint(&next_week());
    let mut row = columns(&[
        ("id", "12"),
        ("source", "kivicare"),
        ("appointment", "7"),
        ("doctor", "5"),
        ("start_utc", "2026-12-01 09:00:00"),
        ("minutes", "30"),
        ("timezone", "Europe/Berlin"),
        ("topic", "Video visit 1A2B3C"),
        ("state", "made"),
        ("version", "9"),
        ("generation", "2"),
        ("sequence", "3"),
        ("event", "NULL"),
        ("mode", "s2s"),
        ("app", "app-1"),
        ("zoom_account", "account"),
        ("connection", "NULL"),
        ("host_id", "host-1"),
        ("host_email", "d@clinic.example"),
        ("meeting_id", "91"),
        ("uuid", "u=="),
        ("join_url", "https://zoom.us/j/91?pwd=x"),
        ("passcode", "x"),
        ("passcode_in_link", "1"),
        ("overridden", "[\"auto_recording\"]"),
        ("tries", "0"),
        ("next_try_at", "NULL"),
        ("attempted_at", "2026-11-20 10:00:00"),
        ("seen_at", "2026-11-20 10:00:00"),
        ("wished_at", "2026-11-20 10:00:00"),
        ("last_error", "NULL"),
        ("tracking_id", "WEB_1"),
    ]);
    row.insert("told".to_owned(), Some(format!("5:{hash}")));
    row.insert("sent".to_owned(), Some(hash));
    row
}

fn with(values: &[(&str, &str)]) -> Columns {
    let mut row = old_row();
    row.extend(columns(values));
    row
}

fn leftover(values: &[(&str, &str)]) -> Columns {
    let mut row = columns(&[
        ("generation", "1"),
        ("doctor", "5"),
        ("mode", "s2s"),
        ("app", "app-1"),
        ("zoom_account", "account"),
        ("connection", "NULL"),
        ("host_id", "host-1"),
        ("host_email", "NULL"),
        ("meeting_id", "90"),
        ("attempted_at", "NULL"),
        ("tries", "0"),
        ("next_try_at", "NULL"),
        ("last_error", "NULL"),
        ("created_at", "2026-11-24 09:59:00"),
    ]);
    row.extend(columns(values));
    row
}

fn line(event: &str, note: &str) -> Columns {
    columns(&[
        ("event", event),
        ("note", note),
        ("at", "2026-11-24 09:58:00"),
    ])
}

fn migrated(row: &Columns, leftovers: &[Columns], log: &[Columns]) -> Visit {
    let old = Old {
        site: SITE,
        row,
        leftovers,
        log,
        mails_zooms_link: false,
        mails_noted: 1,
    };
    old.visit(now()).unwrap()
}

#[test]
fn a_visit_in_order_stays_in_order() {
    let visit = migrated(
        &old_row(),
        &[],
        &[line("mailed", "booked, sequence 3, doctor 5")],
    );
    assert_eq!(
        (
            visit.state(),
            World::default().next(&visit),
            visit.due_at(now())
        ),
        (State::Made, Step::Nothing, None)
    );
    assert_eq!(
        (
            visit.row().id,
            visit.row().sequence,
            visit.row().generation,
            visit.row().version
        ),
        (12, 3, 2, 9)
    );
    let meeting = visit.serving().unwrap();
    assert_eq!(
        meeting.reference,
        format!("{SITE}:kivicare:7:2"),
        "its marker stays"
    );
    assert_eq!(
        meeting.known.as_ref().unwrap().overridden,
        ["auto_recording"]
    );
    assert_eq!(
        visit.row().told.keys().copied().collect::<Vec<_>>(),
        [Patient, DOCTOR_5]
    );
    assert_eq!(visit.row().mails_heard, 1);
    let again = visit.clone().confirm(
        Some(&visit.own_standing()),
        true,
        &World::default().policies,
        later(1),
    );
    assert!(
        !again.has_changes(),
        "nobody is told twice: {:?}",
        again.changes()
    );
    let meetings: Vec<Meeting> = visit
        .meetings()
        .iter()
        .map(|meeting| Meeting::from_columns(&meeting.columns()).unwrap())
        .collect();
    assert_eq!(meetings, visit.meetings());
}

#[test]
fn each_state_goes_on_where_it_was() {
    let world = World::at(now().after(7_200));
    let next =
        |row: &Columns, leftovers: &[Columns]| match world.next(&migrated(row, leftovers, &[])) {
            Step::Exchange(exchange) => Some((exchange.kind, exchange.generation, exchange.number)),
            _ => None,
        };
    let nothing: &[(&str, &str)] = &[
        ("meeting_id", "NULL"),
        ("sent", "NULL"),
        ("mode", "NULL"),
        ("app", "NULL"),
        ("host_id", "NULL"),
    ];
    let unmade =
        |state: &str, more: &[(&str, &str)]| with(&[nothing, &[("state", state)], more].concat());
    assert_eq!(
        next(&unmade("due", &[]), &[]),
        Some((Kind::Create, 3, None))
    );
    assert_eq!(
        next(&unmade("due", &[("last_error", "x"), ("tries", "2")]), &[]),
        Some((Kind::Create, 2, None)),
        "its marker stays"
    );
    let attempting = with(&[
        ("state", "attempting"),
        ("meeting_id", "NULL"),
        ("sent", "NULL"),
    ]);
    assert_eq!(next(&attempting, &[]), Some((Kind::Ensure, 2, None)));
    assert_eq!(
        next(&with(&[("state", "changing"), ("sent", "else")]), &[]),
        Some((Kind::Update, 2, Some(91)))
    );
    assert_eq!(
        next(
            &with(&[("state", "cancelled"), ("meeting_id", "NULL")]),
            &[]
        ),
        None
    );
    let off = with(&[
        ("state", "cancelled"),
        ("meeting_id", "NULL"),
        ("told", "off"),
    ]);
    assert_eq!(
        next(&off, &[leftover(&[])]),
        Some((Kind::Delete, 1, Some(90)))
    );
    assert_eq!(
        next(&off, &[leftover(&[("meeting_id", "NULL")])]),
        Some((Kind::Find, 1, None))
    );
    assert_eq!(
        migrated(
            &unmade(
                "uncertain",
                &[
                    ("last_error", "x"),
                    ("mode", "s2s"),
                    ("app", "a"),
                    ("host_id", "h")
                ]
            ),
            &[],
            &[]
        )
        .state(),
        State::Uncertain
    );
    assert_eq!(
        migrated(&unmade("missed", &[]), &[], &[]).state(),
        State::Missed
    );
}

#[test]
fn a_process_that_died_has_left_no_word_of_its_end() {
    let attempt = |error: &str| {
        let row = with(&[
            ("state", "attempting"),
            ("meeting_id", "NULL"),
            ("sent", "NULL"),
            ("last_error", error),
        ]);
        migrated(&row, &[], &[])
            .serving()
            .unwrap()
            .attempt
            .clone()
            .unwrap()
    };
    assert!(!attempt("NULL").has_ended && attempt("Zoom did not answer").has_ended);
}

#[test]
fn a_meeting_that_moves_serves_on_beside_the_one_that_may_be_made() {
    let sought = leftover(&[
        ("generation", "3"),
        ("meeting_id", "NULL"),
        ("app", "app-2"),
        ("attempted_at", "2026-11-24 09:59:00"),
    ]);
    let visit = migrated(&with(&[("state", "moving")]), &[sought], &[]);
    assert_eq!(visit.state(), State::Moving);
    assert_eq!(visit.row().generation, 3);
    let next = visit.with_role(Role::Next).unwrap();
    assert_eq!(
        (
            next.generation,
            next.maker.as_ref().unwrap().app.as_str(),
            next.attempt.as_ref().unwrap().has_ended
        ),
        (3, "app-2", false)
    );
}

#[test]
fn what_was_told_by_another_hash_is_unclear_and_so_told_again() {
    let (visit, sent) = World::default().send_all(stored(
        migrated(&with(&[("told", "6:0000"), ("event", "moved")]), &[], &[])
            .settled(&World::default().policies, later(0)),
    ));
    assert_eq!(
        people(&sent),
        [
            (Patient, About::Booked),
            (DOCTOR_5, About::Reassigned),
            (DOCTOR_6, About::Released)
        ]
    );
    assert!(visit.notices().is_empty());
    let off = with(&[
        ("state", "cancelled"),
        ("meeting_id", "NULL"),
        ("told", "both"),
    ]);
    let off = migrated(&off, &[], &[line("mailed", "booked, sequence 1, doctor 6")])
        .settled(&World::default().policies, later(0));
    let (_, sent) = World::default().send_all(stored(off));
    assert_eq!(
        people(&sent),
        [(Patient, About::Cancelled), (DOCTOR_6, About::Cancelled)]
    );
}

#[test]
fn an_e_mail_that_waits_goes_once_to_whom_it_has_not_reached() {
    let world = World::at(now().after(7_200));
    let sent = |log: &[Columns]| {
        let visit = stored(migrated(&old_row(), &[], log));
        let (visit, sent) = world.send_all(visit);
        assert!(visit.notices().is_empty(), "{:?}", visit.notices());
        let again = visit.clone().confirm(
            Some(&visit.own_standing()),
            true,
            &world.policies,
            at(world.now),
        );
        assert!(again.notices().is_empty(), "{:?}", again.notices());
        people(&sent)
    };
    assert_eq!(
        sent(&[line("mailing", "booked, sequence 3, doctor 5")]),
        [(Patient, About::Booked), (DOCTOR_5, About::Booked)]
    );
    let booked = line("mailed", "booked, sequence 1, doctor 5");
    assert_eq!(
        sent(&[
            booked.clone(),
            line(
                "mailing",
                "moved to patient, sequence 3, doctor 5, refused 2"
            )
        ]),
        [(Patient, About::Booked)]
    );
    assert_eq!(
        sent(&[
            booked.clone(),
            line("mailing", "released, sequence 3, doctor 6")
        ]),
        [(DOCTOR_6, About::Released)]
    );
    assert_eq!(
        sent(&[
            booked.clone(),
            line("warning", "overlaps, sequence 3, doctor 5")
        ]),
        [
            (Recipient::Staff, About::Overlaps),
            (DOCTOR_5, About::Overlaps)
        ]
    );
    assert_eq!(
        sent(&[booked, line("warning", "failed, sequence 3, doctor 5")]),
        [],
        "not true any more"
    );
}

#[test]
fn what_was_told_once_is_not_told_again() {
    let visit = migrated(
        &old_row(),
        &[],
        &[
            line("mailed", "late, sequence 3, doctor 5"),
            line("mailing", "nonsense"),
        ],
    );
    assert_eq!(visit.row().alarms.get(&About::Late), Some(&3));
    assert!(visit.notices().is_empty());
}

#[test]
fn an_e_mail_is_taken_over_once_its_sender_must_be_dead() {
    let at = now();
    let read = |event: &str, note: &str| Claim::read(event, note, at).unwrap();
    let news = read("mailing", "cancelled, sequence 3, doctor 5");
    assert_eq!(news.about, About::Cancelled);
    assert_eq!(news.due_at, at.after(NEWS_SECONDS));
    let trouble = read("warning", "late, sequence 3, doctor 5");
    assert_eq!(
        (trouble.about, trouble.due_at),
        (About::Late, at.after(TROUBLE_SECONDS))
    );
}

#[test]
fn only_what_nobody_has_seen_yet_is_to_take_the_place_of_what_moves() {
    let moving = with(&[("state", "moving")]);
    let role = |row: &Columns, values: &[(&str, &str)]| {
        let visit = migrated(row, &[leftover(values)], &[]);
        let mut meetings = visit.meetings().iter();
        meetings.find(|one| one.role != Role::Serves).unwrap().role
    };
    let next = [("generation", "3"), ("meeting_id", "NULL")];
    assert_eq!(role(&moving, &next), Role::Next);
    assert_eq!(role(&old_row(), &next), Role::Unwanted, "nothing moves");
    assert_eq!(
        role(&moving, &[("generation", "3")]),
        Role::Unwanted,
        "it is known"
    );
    assert_eq!(
        role(&moving, &[("meeting_id", "NULL")]),
        Role::Unwanted,
        "it is an old one"
    );
}
