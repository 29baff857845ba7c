#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;

use super::super::Wish;
use super::super::testing::*;
use super::*;

const PATIENT: Recipient = Recipient::Patient;
const FIRST: Recipient = Recipient::Doctor(DOCTOR);
const SECOND: Recipient = Recipient::Doctor(6);

fn settled(visit: Visit, wish: Wish, world: &World) -> Visit {
    stored(
        visit
            .wish(wish, at(world.now))
            .settled(&world.policies, at(world.now)),
    )
}

fn zooms_links() -> World {
    World {
        policies: Policies {
            mails_zooms_link: true,
            ..Policies::default()
        },
        ..World::default()
    }
}

#[test]
fn patient_and_doctor_are_told_once_of_each_change() {
    let world = World::default();
    let (visit, sent) = world.send_all(confirmed());
    assert_eq!(
        people(&sent),
        [(PATIENT, About::Booked), (FIRST, About::Booked)]
    );
    let (visit, sent) = world.send_all(settled(
        visit,
        Wish::Reschedule(slot("2026-12-02T09:00:00Z")),
        &world,
    ));
    assert_eq!(
        people(&sent),
        [(PATIENT, About::Rescheduled), (FIRST, About::Rescheduled)]
    );
    let (visit, sent) = world.send_all(settled(visit, Wish::Reassign(6), &world));
    assert_eq!(
        people(&sent),
        [
            (PATIENT, About::Reassigned),
            (FIRST, About::Released),
            (SECOND, About::Reassigned)
        ]
    );
    let (visit, sent) = world.send_all(settled(visit, Wish::Cancel, &world));
    assert_eq!(
        people(&sent),
        [(PATIENT, About::Cancelled), (SECOND, About::Cancelled)]
    );
    let (_, sent) = world.send_all(settled(
        visit,
        Wish::Book {
            doctor: 6,
            slot: next_week(),
        },
        &world,
    ));
    assert_eq!(
        people(&sent),
        [(PATIENT, About::Booked), (SECOND, About::Booked)]
    );
}

#[test]
fn who_was_told_of_nothing_is_not_told_that_it_is_off() {
    let world = World::default();
    let (_, sent) = world.send_all(settled(confirmed(), Wish::Cancel, &world));
    assert_eq!(sent, []);
}

#[test]
fn there_and_back_again_is_no_news() {
    let world = World::default();
    let (visit, _) = world.send_all(confirmed());
    let there = settled(
        visit,
        Wish::Reschedule(slot("2026-12-02T09:00:00Z")),
        &world,
    );
    let (back, sent) = world.send_all(settled(there, Wish::Reschedule(next_week()), &world));
    assert_eq!((people(&sent), back.notices()), (vec![], [].as_slice()));
}

#[test]
fn nothing_is_told_of_what_may_be_rolled_back() {
    let world = World::default();
    let visit = stored(confirmed().wish(Wish::Cancel, at(now())));
    let notice = visit.notices().first().unwrap().id;
    let (visit, sending) = visit.send(notice, &world.policies, at(now()));
    assert_eq!(sending, Sending::Later);
    assert!(visit.notices().first().unwrap().due_at > now());
}

/// Only whoever asked for the next step may have known until when it waits, for a handover say.
#[test]
fn who_was_told_what_does_not_change_when_a_visit_is_looked_at() {
    let world = World::default();
    let visit = stored(confirmed());
    let notice = visit.notices().first().unwrap().id;
    let (taken, sending) = visit.send(notice, &world.policies, at(now()));
    assert!(matches!(sending, Sending::Now(_)));
    let told = stored(taken).delivered(notice, Fate::Sent, &world.policies, at(now()));
    let written = told.written_columns(now()).unwrap();
    assert!(written.contains_key("told") && !written.contains_key("due_at"));
    let wished = stored(told).wish(Wish::Cancel, at(now()));
    assert!(
        wished
            .written_columns(now())
            .unwrap()
            .contains_key("due_at")
    );
}

#[test]
fn a_visit_that_has_begun_without_a_meeting_stays_due_though_people_are_told() {
    let world = World::at(next_week().start);
    let late = world.write_down(confirmed());
    let failed = world.carry_out(late, fails(crate::zoom::Kind::Transport, false));
    let tried_again = failed.serving().unwrap().due_at;
    assert!(tried_again.is_some());
    let (told, _) = world.send_all(failed);
    assert_eq!(told.due_at(world.now), tried_again);
}

#[test]
fn notices_are_due_the_oldest_first() {
    let world = World::default();
    let visit = confirmed();
    assert_eq!(visit.due_notices(world.now), [1, 2]);
    assert_eq!(visit.due_notices(world.now.before(1)), [0; 0]);
    let (visit, sending) = visit.send(1, &world.policies, at(world.now));
    assert!(matches!(sending, Sending::Now(_)));
    assert_eq!(visit.due_notices(world.now), [2], "one is being sent");
    let died = world.now.after(SENDING_SECONDS);
    assert_eq!(visit.due_notices(died), [2, 1], "its sender is dead");
    let until = world.now.after(60);
    let visit = visit.delivered(1, Fate::HeldBack(until), &world.policies, at(world.now));
    assert_eq!(visit.due_notices(until), [2, 1]);
    let visit = visit.delivered(2, Fate::NoRecipient, &world.policies, at(world.now));
    assert_eq!(visit.due_notices(until), [1]);
}

#[test]
fn what_is_written_is_as_if_it_were_read_again() {
    let world = World::default();
    let new = confirmed();
    let (sent, _) = new.clone().send(1, &world.policies, at(world.now));
    let sent = sent.delivered(1, Fate::Sent, &world.policies, at(world.now));
    let written = sent.written().unwrap();
    assert!(sent.has_changes() && !written.has_changes());
    assert_eq!(written.row(), sent.row());
    assert_eq!(written.notices().len(), 1, "what has gone is not read");
    let moved = written.wish(
        Wish::Reschedule(slot("2026-12-02T09:00:00Z")),
        at(world.now),
    );
    let moved = moved.settled(&world.policies, at(world.now));
    assert_eq!(moved.written(), None, "a new notice has no number yet");
}

#[test]
fn what_is_held_back_waits_until_then() {
    let world = World::default();
    let notice = confirmed().notices().first().unwrap().id;
    let (taken, _) = confirmed().send(notice, &world.policies, at(now()));
    let until = now().after(3_000);
    let held = taken.delivered(notice, Fate::HeldBack(until), &world.policies, at(now()));
    let waiting = held.notices().first().unwrap();
    assert_eq!((waiting.place, waiting.due_at), (Place::Waiting, until));
}

#[test]
fn a_mail_that_is_refused_is_tried_again_and_staff_hear_of_it() {
    let world = World::default();
    let mut visit = confirmed();
    let mut now = now();
    for tries in 1..=20 {
        let id = visit
            .notices()
            .iter()
            .find(|notice| notice.to == PATIENT)
            .unwrap()
            .id;
        let (taken, _) = visit.send(id, &world.policies, at(now));
        visit = taken.delivered(id, Fate::Refused, &world.policies, at(now));
        let notice = visit
            .notices()
            .iter()
            .find(|notice| notice.to == PATIENT)
            .unwrap();
        assert_eq!(
            notice.place,
            if tries < 20 {
                Place::Waiting
            } else {
                Place::GivenUp
            }
        );
        let unmailed = visit
            .notices()
            .iter()
            .filter(|notice| notice.about == About::Unmailed)
            .count();
        assert_eq!(
            unmailed,
            2 * usize::from(tries >= 3),
            "{tries}: staff and doctor"
        );
        now = notice.due_at;
    }
    // Until there is something else to tell.
    let moved = settled(
        stored(visit),
        Wish::Reschedule(slot("2026-12-02T09:00:00Z")),
        &world,
    );
    assert!(
        moved
            .notices()
            .iter()
            .any(|notice| notice.to == PATIENT && notice.is_open())
    );
}

#[test]
fn who_died_while_sending_is_followed_by_another() {
    let world = World::default();
    let id = confirmed().notices().first().unwrap().id;
    let (dead, _) = confirmed().send(id, &world.policies, at(now()));
    let dead = stored(dead);
    let world = World::at(now().after(SENDING_SECONDS));
    let (_, sent) = world.send_all(dead);
    assert_eq!(
        people(&sent),
        [(PATIENT, About::Booked), (FIRST, About::Booked)]
    );
}

#[test]
fn zooms_own_link_is_waited_for_and_each_new_one_is_told() {
    let world = zooms_links();
    let visit = Visit::booked("kivicare", "7", DOCTOR, next_week(), now())
        .unwrap()
        .settled(&world.policies, at(now()));
    let (visit, sent) = world.send_all(stored(visit));
    assert_eq!(sent, []);
    let (visit, sent) = world.send_all(world.made(visit, 91));
    assert_eq!(
        people(&sent),
        [(PATIENT, About::Booked), (FIRST, About::Booked)]
    );
    let visit = settled(visit, Wish::Recreate, &world);
    let (visit, sent) = world.send_all(visit);
    assert_eq!(sent, [], "the new one may come soon");
    let (_, sent) = world.send_all(world.made(visit.clone(), 92));
    assert_eq!(
        people(&sent),
        [(PATIENT, About::NewLink), (FIRST, About::NewLink)]
    );
    let late = World {
        policies: world.policies.clone(),
        ..World::at(now().after(LINK_SECONDS))
    };
    let (_, sent) = late.send_all(visit);
    assert_eq!(
        people(&sent),
        [(PATIENT, About::NewLink), (FIRST, About::NewLink)],
        "else the visit link"
    );
}

#[test]
fn with_the_visit_link_nobody_hears_of_another_meeting() {
    let world = World::default();
    let (visit, _) = world.send_all(world.made(confirmed(), 91));
    let (_, sent) = world.send_all(world.made(settled(visit, Wish::Recreate, &world), 92));
    assert_eq!(sent, []);
}

#[test]
fn who_was_alarmed_is_told_when_the_meeting_is_there() {
    let soon = World {
        maker: Err(super::super::problem::Problem::for_a_person("no_host")),
        ..World::at(next_week().start.before(SOON_SECONDS))
    };
    let (visit, _) = World::default().send_all(confirmed());
    let (visit, sent) = soon.send_all(soon.write_down(visit));
    assert_eq!(
        people(&sent),
        [
            (Recipient::Staff, About::Late),
            (FIRST, About::Late),
            (PATIENT, About::Late)
        ]
    );
    let visit = soon.write_down(visit);
    let mended = World::at(soon.now.after(120));
    let (_, sent) = mended.send_all(mended.made(visit, 91));
    assert_eq!(
        people(&sent),
        [(PATIENT, About::Ready)],
        "staff and doctor are told of all together"
    );
}

proptest! {
    #[test]
    fn a_notice_is_never_about_what_does_not_stand(
        steps in proptest::collection::vec((0_u8..5, any::<bool>()), 0..10),
    ) {
        let world = World::default();
        let mut visit = confirmed();
        for (what, sends) in steps {
            visit = match what {
                0 => settled(visit, Wish::Cancel, &world),
                1 => settled(visit, Wish::Book { doctor: 5, slot: next_week() }, &world),
                2 => settled(visit, Wish::Book { doctor: 6, slot: slot("2026-12-02T09:00:00Z") }, &world),
                3 => settled(visit, Wish::Recreate, &world),
                _ => visit,
            };
            if sends {
                let (told, sent) = world.send_all(visit);
                visit = told;
                for notice in sent {
                    prop_assert_eq!(notice.says.unwrap(), visit.target(notice.to, &world.policies));
                }
                for (to, told) in &visit.row().told {
                    prop_assert_eq!(told, &visit.target(*to, &world.policies));
                }
            }
            let open: Vec<Recipient> = visit.notices().iter().filter(|one| one.about.is_news()).map(|one| one.to).collect();
            let mut once = open.clone();
            once.dedup();
            prop_assert_eq!(open, once, "one for each");
        }
    }
}

#[test]
fn what_a_sender_that_died_may_have_said_is_set_right() {
    let world = World::default();
    let notice = confirmed()
        .notices()
        .iter()
        .find(|notice| notice.to == PATIENT)
        .unwrap()
        .id;
    let (taken, sending) = confirmed().send(notice, &world.policies, at(world.now));
    assert!(
        matches!(sending, Sending::Now(_)),
        "and nobody heard of it again"
    );
    let cancelled = settled(stored(taken), Wish::Cancel, &world);
    let later = World::at(now().after(SENDING_SECONDS));
    let (_, sent) = later.send_all(cancelled);
    assert_eq!(people(&sent), [(PATIENT, About::Cancelled)]);
}

#[test]
fn after_a_backup_came_back_calendars_take_what_is_told_for_newer() {
    let before = confirmed();
    let known_to_people = before
        .clone()
        .wish(Wish::Reschedule(slot("2026-12-02T09:00:00Z")), at(now()))
        .row()
        .sequence;
    let later = World::at(now().after(600));
    let (_, sent) = later.send_all(stored(before.back_from_backup(at(later.now))));
    assert!(!sent.is_empty());
    assert!(sent.iter().all(|notice| notice.sequence > known_to_people));
}

#[test]
fn what_somebody_is_sending_is_taken_on_by_nobody_else() {
    let world = World::default();
    let visit = confirmed();
    let id = visit.notices().first().unwrap().id;
    let (visit, first) = visit.send(id, &world.policies, at(now()));
    let (visit, second) = stored(visit).send(id, &world.policies, later(599));
    assert!(matches!(first, Sending::Now(_)), "{first:?}");
    assert_eq!((second, visit.has_changes()), (Sending::NotDue, false));
    let (_, third) = visit.send(id, &world.policies, later(600));
    assert!(matches!(third, Sending::Now(_)), "{third:?}");
}

#[test]
fn a_try_is_one_too_many_after_the_third_and_two_hours_before_the_visit() {
    let visit = confirmed();
    let tried = |tries| Notice {
        tries,
        ..visit.notices().first().unwrap().clone()
    };
    assert!(!visit.is_urgent(&tried(1), now()) && visit.is_urgent(&tried(2), now()));
    let start = next_week().start;
    assert!(!visit.is_urgent(&tried(0), start.before(7_201)));
    assert!(visit.is_urgent(&tried(0), start.before(7_200)));
}

#[test]
fn what_is_tried_no_more_before_it_begins_is_late() {
    let world = World::default();
    let failed = world.carry_out(confirmed(), fails(crate::zoom::Kind::Transport, false));
    assert!(!failed.is_late(world.now));
    let start = failed.row.slot.start;
    for (due_at, is_late) in [(start.before(1), false), (start, true)] {
        let mut visit = failed.clone();
        visit.meetings.first_mut().unwrap().due_at = Some(due_at);
        assert_eq!(visit.is_late(world.now), is_late, "{due_at}");
    }
}

#[test]
fn trouble_is_told_as_long_as_it_lasts() {
    let world = World::default();
    let made = world.made(confirmed(), 91);
    let failed = world.carry_out(confirmed(), fails(crate::zoom::Kind::Transport, false));
    let is_true = |visit: &Visit, about| visit.is_true(about, world.now);
    assert!(is_true(&failed, About::Failed));
    let mut over = made.clone();
    over.meetings.first_mut().unwrap().problem = failed.meetings.first().unwrap().problem.clone();
    assert!(!is_true(&over, About::Failed), "it is there now");
    assert!(
        !is_true(&confirmed(), About::Failed),
        "nothing stands in its way"
    );
    let mut late = failed.clone();
    late.alarm(About::Late, at(world.now));
    assert!(!is_true(&late, About::Failed), "that was told before");
    let off = settled(failed.clone(), Wish::Cancel, &world);
    assert!(!is_true(&off, About::Failed) && !is_true(&off, About::Overlaps));
    let mut uncertain = failed.clone();
    uncertain.meetings.first_mut().unwrap().is_uncertain = true;
    assert!(is_true(&uncertain, About::Uncertain));
    assert!(!is_true(&failed, About::Uncertain));
    assert!(is_true(&made, About::Ready) && !is_true(&failed, About::Ready));
}
