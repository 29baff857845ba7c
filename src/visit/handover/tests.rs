use proptest::prelude::*;

use super::*;
use crate::visit::meeting::Role;
use crate::visit::problem::Problem;
use crate::visit::testing::*;

fn of(from: From) -> Handover {
    Handover {
        from,
        since: now(),
        answer: None,
    }
}

#[test]
fn a_handover_covers_what_its_maker_made() {
    let oauth = Maker {
        subject: Some("user:5".to_owned()),
        ..maker("app-1")
    };
    let subject = || "user:5".to_owned();
    for (handover, clinics, doctors) in [
        (of(From::App("app-1".to_owned())), true, true),
        (of(From::App("app-2".to_owned())), false, false),
        (
            of(From::ZoomUser {
                subject: subject(),
                host: "host-1".to_owned(),
            }),
            false,
            true,
        ),
        (
            of(From::ZoomUser {
                subject: subject(),
                host: "host-2".to_owned(),
            }),
            false,
            false,
        ),
        (
            of(From::Disconnected {
                subject: subject(),
                doctor: DOCTOR,
            }),
            false,
            true,
        ),
        (of(From::Left { doctor: DOCTOR }), true, true),
        (of(From::Left { doctor: 6 }), false, false),
    ] {
        assert_eq!(
            handover.covers(&maker("app-1"), DOCTOR),
            clinics,
            "{handover:?}"
        );
        assert_eq!(handover.covers(&oauth, DOCTOR), doctors, "{handover:?}");
    }
}

const ALL: Can = Can {
    reassign: true,
    cancel: true,
};

fn left(answer: Option<Answer>) -> Handover {
    Handover {
        answer,
        ..of(From::Left { doctor: DOCTOR })
    }
}

fn disconnected(answer: Option<Answer>) -> Handover {
    let from = From::Disconnected {
        subject: "user:5".to_owned(),
        doctor: DOCTOR,
    };
    Handover { answer, ..of(from) }
}

fn granted() -> Maker {
    Maker {
        subject: Some("user:5".to_owned()),
        ..maker("app-1")
    }
}

/// Nobody can host, at this moment, with these handovers.
fn without(handovers: Vec<Handover>, now: Timestamp) -> World {
    World {
        maker: Err(Problem::for_a_person("no_doctor")),
        handovers,
        ..World::at(now)
    }
}

fn made() -> Visit {
    let world = World {
        maker: Ok(granted()),
        ..World::default()
    };
    world.made(confirmed(), 91)
}

fn hands_over(answer: Answer) -> Step {
    Step::Note(Note::HandOver(answer))
}

/// README promises these to doctors and administrators.
#[test]
fn the_deadlines_are_six_days_seven_days_and_one_day() {
    assert_eq!(DECIDE_SECONDS, 518_400);
    assert_eq!(KEEP_SECONDS, 604_800);
    assert_eq!(ROLE_SECONDS, 86_400);
}

#[test]
fn what_nobody_decides_is_decided_while_it_can_be_done() {
    let open = left(None);
    let decided_at = now().after(DECIDE_SECONDS);
    assert_eq!(open.in_force(ALL, decided_at.before(1)), None);
    assert_eq!(open.in_force(ALL, decided_at), Some(Answer::Wait));
    let app = of(From::App("app-1".to_owned()));
    assert_eq!(
        app.in_force(ALL, decided_at),
        None,
        "an app's meetings can stay"
    );
    let stays = left(Some(Answer::Stay));
    assert_eq!(
        stays.in_force(ALL, now().after(KEEP_SECONDS)),
        Some(Answer::Stay)
    );
}

#[test]
fn what_cannot_be_done_here_counts_as_no_answer() {
    let answers = [Answer::Doctor(6), Answer::Cancel];
    for (answer, can) in answers.into_iter().zip([
        Can {
            reassign: false,
            ..ALL
        },
        Can {
            cancel: false,
            ..ALL
        },
    ]) {
        let decided_at = now().after(DECIDE_SECONDS);
        let left = left(Some(answer));
        assert_eq!(left.in_force(ALL, now()), Some(answer));
        assert_eq!(left.in_force(can, now()), None);
        assert_eq!(left.in_force(can, decided_at), Some(Answer::Wait));
        assert_eq!(
            disconnected(Some(answer)).in_force(can, now()),
            Some(Answer::Wait),
            "they take their meetings along"
        );
    }
}

#[test]
fn a_grant_ends_when_nothing_needs_it_and_after_seven_days_at_the_latest() {
    let [kept_until, comes_back_until] =
        [KEEP_SECONDS, ROLE_SECONDS].map(|seconds| now().after(seconds));
    for (one, is_needed, is_here, at, grant) in [
        (disconnected(None), false, true, now(), Grant::Ends),
        (disconnected(None), true, true, now(), Grant::Kept),
        (
            disconnected(None),
            true,
            true,
            kept_until.before(1),
            Grant::Kept,
        ),
        (
            disconnected(None),
            true,
            true,
            kept_until,
            Grant::EndsAnyway,
        ),
        (left(None), false, false, now(), Grant::Ends),
        (
            left(None),
            false,
            true,
            comes_back_until.before(1),
            Grant::Kept,
        ),
        (left(None), false, true, comes_back_until, Grant::Ends),
        (left(None), true, true, kept_until, Grant::EndsAnyway),
        (
            of(From::App("app-1".to_owned())),
            false,
            false,
            kept_until,
            Grant::Kept,
        ),
    ] {
        assert_eq!(
            one.grant(
                is_needed,
                User {
                    is_here,
                    is_doctor: false
                },
                at
            ),
            grant,
            "{one:?} {is_needed} {is_here} {at}"
        );
    }
}

#[test]
fn who_is_a_doctor_again_has_not_left_however_long_ago_it_was() {
    let user = User {
        is_here: true,
        is_doctor: true,
    };
    let at = now().after(KEEP_SECONDS);
    assert_eq!(left(None).grant(true, user, now()), Grant::Stays);
    assert_eq!(left(None).grant(false, user, at), Grant::Stays);
    // Who disconnects goes on being one.
    assert_eq!(disconnected(None).grant(true, user, now()), Grant::Kept);
    assert_eq!(disconnected(None).grant(false, user, at), Grant::EndsAnyway);
}

#[test]
fn visits_of_who_has_left_outlive_the_grant_and_others_do_not() {
    assert!(!left(None).is_over(true) && left(None).is_over(false));
    assert!(disconnected(None).is_over(true));
}

#[test]
fn each_takes_the_answers_that_it_can_be_given() {
    let all = [
        Answer::Stay,
        Answer::Move,
        Answer::Doctor(6),
        Answer::Cancel,
        Answer::Wait,
    ];
    let zoom_user = From::ZoomUser {
        subject: "user:5".to_owned(),
        host: "host-1".to_owned(),
    };
    for (one, taken) in [
        (
            of(From::App("app-1".to_owned())),
            [true, true, false, false, false],
        ),
        (of(zoom_user), [true, true, false, false, false]),
        (disconnected(None), [false, false, true, true, true]),
        (left(None), [false, false, true, true, false]),
    ] {
        assert_eq!(all.map(|answer| one.takes(answer)), taken, "{one:?}");
    }
}

#[test]
fn an_answer_becomes_a_wish_that_stands() {
    for answer in [Answer::Stay, Answer::Move] {
        let mut visit = made();
        visit.hand_over_to(answer, later(1));
        assert!(!visit.has_changes());
    }
    let handed = |answer| {
        let world = without(vec![left(Some(answer))], now().after(1));
        assert_eq!(world.next(&made()), hands_over(answer));
        let visit = world.write_down(made());
        assert_eq!(visit.row().pending, None);
        assert_ne!(world.next(&visit), hands_over(answer), "once");
        visit
    };
    assert_eq!(handed(Answer::Doctor(6)).row().doctor, 6);
    assert!(!handed(Answer::Cancel).row().takes_place);
    let waits = handed(Answer::Wait);
    assert!(waits.row().takes_place);
    assert_eq!(roles(&waits), [Role::Unwanted]);
}

#[test]
fn people_are_told_of_who_takes_over() {
    let world = without(vec![left(Some(Answer::Doctor(6)))], now().after(1));
    assert!(!world.write_down(made()).notices().is_empty());
}

#[test]
fn without_an_answer_a_visit_rests_until_it_is_decided() {
    let decided_at = now().after(DECIDE_SECONDS);
    let in_time = |at| without(vec![left(None)], at).next(&made());
    assert_eq!(in_time(now()), Step::Rest(decided_at));
    assert_eq!(in_time(decided_at), hands_over(Answer::Wait));
    let clinics = World::default().made(confirmed(), 91);
    assert_eq!(
        without(vec![left(None)], decided_at).next(&clinics),
        Step::Nothing,
        "the clinic's account keeps what it holds"
    );
}

#[test]
fn a_meeting_that_people_may_be_in_goes_when_the_visit_is_over() {
    let begins = next_week().start;
    let soon = |answer| without(vec![left(Some(answer))], begins.before(900)).next(&made());
    assert_eq!(soon(Answer::Wait), Step::Rest(next_week().end().after(1)));
    assert_eq!(soon(Answer::Cancel), hands_over(Answer::Cancel));
    let over = without(vec![left(Some(Answer::Cancel))], next_week().end().after(1));
    assert_eq!(over.next(&made()), Step::Nothing);
}

#[test]
fn what_a_creation_may_have_made_goes_too() {
    let world = World {
        maker: Ok(granted()),
        ..World::default()
    };
    let step = world.next(&confirmed());
    let attempted = world.begin(confirmed(), &step);
    let world = without(vec![disconnected(Some(Answer::Wait))], now().after(1));
    assert_eq!(world.next(&attempted), hands_over(Answer::Wait));
    assert_eq!(roles(&world.write_down(attempted)), [Role::Unwanted]);
}

#[test]
fn a_visit_that_was_wished_after_the_doctor_had_disconnected_is_not_meant() {
    let waits = || without(vec![disconnected(Some(Answer::Cancel))], now().after(1));
    assert_eq!(waits().next(&confirmed()), hands_over(Answer::Cancel));
    let mut later_on = confirmed();
    later_on.row.wished_at = now().after(1);
    assert_ne!(waits().next(&later_on), hands_over(Answer::Cancel));
    let left = without(vec![left(Some(Answer::Cancel))], now().after(1));
    assert_eq!(left.next(&later_on), hands_over(Answer::Cancel));
}

#[test]
fn nobody_takes_over_who_has_left_too() {
    let other = Handover {
        answer: Some(Answer::Doctor(DOCTOR)),
        ..of(From::Left { doctor: 6 })
    };
    let both = without(vec![left(Some(Answer::Doctor(6))), other], now());
    let rest = both.next(&made());
    assert_eq!(rest, Step::Rest(now().after(DECIDE_SECONDS)));
}

fn any_answer() -> impl Strategy<Value = Option<Answer>> {
    prop_oneof![
        Just(None),
        Just(Some(Answer::Stay)),
        Just(Some(Answer::Move)),
        Just(Some(Answer::Cancel)),
        Just(Some(Answer::Wait)),
        (5_u64..8).prop_map(|doctor| Some(Answer::Doctor(doctor))),
    ]
}

proptest! {
    /// Whoever leaves, and whatever was answered, a visit is handed over a few times at most, and then rests.
    #[test]
    fn answers_come_to_an_end(
        answers in proptest::collection::vec((5_u64..8, any::<bool>(), any_answer()), 0..6),
        hours in 0_i64..220,
        is_made in any::<bool>(),
        [reassign, cancel] in any::<[bool; 2]>(),
    ) {
        let handovers = answers.into_iter().map(|(doctor, has_left, answer)| {
            let from = if has_left {
                From::Left { doctor }
            } else {
                From::Disconnected { subject: format!("user:{doctor}"), doctor }
            };
            Handover { answer, ..of(from) }
        });
        let world = World {
            can: Can { reassign, cancel },
            ..without(handovers.collect(), now().after(hours * 3_600))
        };
        let mut visit = if is_made { made() } else { confirmed() };
        let mut times = 0;
        while let Step::Note(Note::HandOver(answer)) = world.next(&visit) {
            prop_assert!(world.can.carry_out(answer));
            visit = world.write_down(visit);
            times += 1;
            prop_assert!(times <= 4);
        }
    }
}

#[test]
fn an_app_that_makes_meetings_again_lets_go_of_nothing() {
    let elsewhere = Maker {
        host: "host-2".to_owned(),
        ..maker("app-1")
    };
    let visit = World::default().made(confirmed(), 91);
    let moving = |app: &str, present: Maker| {
        let world = World {
            maker: Ok(present),
            handovers: vec![Handover {
                answer: Some(Answer::Move),
                ..of(From::App(app.to_owned()))
            }],
            ..World::default()
        };
        world.next(&visit) != Step::Nothing
    };
    assert!(moving("app-1", maker("app-2")));
    assert!(!moving("app-1", elsewhere), "another host of the same app");
    assert!(!moving("app-2", maker("app-3")), "another app's meetings");
}

#[test]
fn handovers_have_a_say_where_there_is_a_meeting_or_nobody_can_host() {
    let world = World::default();
    let due = confirmed();
    let made = world.made(confirmed(), 91);
    let off = settled(due.clone(), Wish::Cancel, later(1));
    let is_asked = |visit: &Visit| [true, false].map(|can| visit.may_be_handed_over(can));
    assert_eq!(is_asked(&due), [false, true]);
    assert_eq!(is_asked(&made), [true, true]);
    assert_eq!(is_asked(&off), [false, false]);
}
