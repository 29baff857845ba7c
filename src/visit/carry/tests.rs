#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::super::State;
use super::super::Wish;
use super::super::changes::Counter;
use super::super::changes::Signal;
use super::super::handover::Answer;
use super::super::handover::From;
use super::super::handover::Handover;
use super::super::notice::Recipient;
use super::super::problem::WRITES_USED_UP;
use super::super::step::Used;
use super::super::testing::*;
use super::*;
use crate::zoom::Kind as ErrorKind;

fn moves(app: &str) -> Handover {
    Handover {
        from: From::App(app.to_owned()),
        since: now(),
        answer: Some(Answer::Move),
    }
}

#[test]
fn zooms_name_for_an_exchange_is_kept() {
    let world = World::default();
    let exchange = world.exchange(&confirmed());
    let begun = world.begin(confirmed(), &Step::Exchange(Box::new(exchange.clone())));
    let made = Outcome::Meeting(Box::new(known(&exchange, 91)));
    let visit = stored(begun.tracked(&exchange, Some("WEB 1")).after(
        &exchange,
        made,
        &world.policies,
        at(now()),
    ));
    let tracking_id = visit.serving().unwrap().tracking_id.as_deref();
    assert_eq!(tracking_id, Some("WEB1"));
}

#[test]
fn a_visit_is_made_in_one_exchange_and_then_nothing_is_to_be_done() {
    let world = World::default();
    let exchange = world.exchange(&confirmed());
    assert_eq!(
        (exchange.kind, exchange.generation, exchange.attempted_at),
        (Kind::Create, 1, None)
    );
    assert_eq!(exchange.reference, format!("{SITE}:kivicare:7:1:k3jd"));
    let begun = confirmed()
        .begun(
            &Step::Exchange(Box::new(exchange.clone())),
            &world.naming,
            &world.policies,
            at(now()),
        )
        .unwrap();
    assert_eq!(begun.changes().claims, exchange.claims);
    assert_eq!(begun.state(), State::Attempting);
    let visit = world.made(confirmed(), 91);
    assert_eq!(
        (visit.state(), visit.serving().unwrap().number()),
        (State::Made, Some(91))
    );
    assert_eq!(world.next(&visit), Step::Nothing);
    assert_eq!(visit.due_at(now()), None);
}

#[test]
fn who_chose_a_step_for_another_version_asks_again() {
    let world = World::default();
    let visit = confirmed();
    let step = world.next(&visit);
    let moved = settled(
        visit,
        Wish::Reschedule(slot("2026-12-02T09:00:00Z")),
        later(0),
    );
    assert_eq!(
        moved
            .clone()
            .begun(&step, &world.naming, &world.policies, at(now())),
        None
    );
    let begun = world.begin(moved.clone(), &world.next(&moved));
    assert_eq!(
        begun.clone().begun(
            &world.next(&moved),
            &world.naming,
            &world.policies,
            at(now())
        ),
        None,
        "by another worker"
    );
}

#[test]
fn a_cancellation_that_was_taken_back_keeps_the_meeting() {
    let world = World::default();
    let visit = settled(world.made(confirmed(), 91), Wish::Cancel, later(1));
    let wanted = Wish::Book {
        doctor: DOCTOR,
        slot: slot("2026-12-03T09:00:00Z"),
    };
    let visit = settled(visit, wanted.clone(), later(2));
    let visit = world.write_down(visit);
    assert_eq!(
        (
            visit.serving().unwrap().number(),
            world.exchange(&visit).kind
        ),
        (Some(91), Kind::Update)
    );
    // Not one whose deletion has begun, and not another maker's.
    let cancelled = settled(world.made(confirmed(), 91), Wish::Cancel, later(1));
    let going = world.begin(cancelled.clone(), &world.next(&cancelled));
    let booked = settled(going, wanted.clone(), later(2));
    assert_eq!(
        (
            world.exchange(&booked).kind,
            world.exchange(&booked).generation
        ),
        (Kind::Create, 2)
    );
    let elsewhere = World {
        maker: Ok(maker("app-2")),
        ..World::default()
    };
    let booked = settled(cancelled, wanted, later(2));
    assert_eq!(
        (
            elsewhere.exchange(&booked).kind,
            elsewhere.exchange(&booked).generation
        ),
        (Kind::Create, 2)
    );
}

#[test]
fn a_meeting_that_zoom_has_lost_is_made_anew_under_another_marker() {
    let world = World::default();
    let visit = settled(
        world.made(confirmed(), 91),
        Wish::Reschedule(slot("2026-12-03T09:00:00Z")),
        later(1),
    );
    let visit = world.carry_out(visit, |_| Outcome::Gone);
    assert_eq!(roles(&visit), [Role::Done(End::Gone)]);
    let exchange = world.exchange(&visit);
    assert_eq!((exchange.kind, exchange.generation), (Kind::Create, 2));
}

#[test]
fn the_new_doctors_meeting_comes_before_the_old_one_goes() {
    let world = World::default();
    let visit = settled(world.made(confirmed(), 91), Wish::Reassign(6), later(1));
    assert_eq!(world.exchange(&visit).kind, Kind::Create);
    let lost = world.carry_out(visit.clone(), fails(ErrorKind::Transport, true));
    assert!(
        matches!(world.next(&lost), Step::Rest(_)),
        "the old one stays while the new one may be made"
    );
    let made = world.made(visit, 92);
    assert_eq!(
        (world.exchange(&made).kind, world.exchange(&made).number),
        (Kind::Delete, Some(91))
    );
}

#[test]
fn a_host_whose_day_is_used_up_waits_for_the_next_day() {
    let host = Counter::Host("host-1".to_owned());
    let used = |writes, blocked_until| World {
        used: [(
            host.clone(),
            Used {
                writes,
                blocked_until,
            },
        )]
        .into(),
        ..World::default()
    };
    let midnight = schedule::next_day(now());
    for (world, until) in [
        (used(90, None), midnight),
        (used(0, Some(now().after(7_200))), now().after(7_200)),
    ] {
        let visit = world.write_down(confirmed());
        let meeting = visit.serving().unwrap();
        assert_eq!((meeting.due_at, meeting.tries), (Some(until), 0));
        assert_eq!(meeting.problem.as_ref().unwrap().id, WRITES_USED_UP);
        assert_eq!(world.next(&visit), Step::Rest(until));
        assert!(
            visit
                .notices()
                .iter()
                .all(|notice| notice.to != Recipient::Staff)
        );
    }
    assert_eq!(used(89, None).exchange(&confirmed()).kind, Kind::Create);
}

#[test]
fn who_cannot_be_hosted_is_put_off_and_staff_hear_of_it_later() {
    let world = World {
        maker: Err(Problem::for_a_person("no_host")),
        ..World::default()
    };
    let visit = world.write_down(confirmed());
    assert_eq!(visit.serving().unwrap().due_at, Some(now().after(300)));
    let told: Vec<_> = visit
        .notices()
        .iter()
        .filter(|notice| notice.to == Recipient::Staff)
        .collect();
    assert_eq!(
        told.iter()
            .map(|notice| (notice.about, notice.due_at))
            .collect::<Vec<_>>(),
        [(About::Failed, now().after(300))]
    );
}

#[test]
fn in_an_outage_one_at_a_time_tries() {
    let world = World {
        outage: Some(now().before(10)),
        ..World::default()
    };
    assert_eq!(world.next(&confirmed()), Step::Rest(now().after(50)));
    let world = World {
        outage: Some(now().before(60)),
        ..World::default()
    };
    let exchange = world.exchange(&confirmed());
    assert_eq!(exchange.turn, world.outage);
    let mut facts = world.facts();
    facts.outage = Some(now().before(5));
    facts.is_awaited = true;
    facts.used = [(Counter::Host("host-1".to_owned()), Used::default())].into();
    assert!(matches!(confirmed().next(&facts), Step::Exchange(_)));
}

#[test]
fn all_processes_learn_of_lost_answers_refusals_and_answers() {
    let world = World::default();
    let exchange = world.exchange(&confirmed());
    let begun = world.begin(confirmed(), &Step::Exchange(Box::new(exchange.clone())));
    let signals = |failure| {
        begun
            .clone()
            .after(
                &exchange,
                Outcome::Failed(failure),
                &world.policies,
                at(now()),
            )
            .changes()
            .signals
            .clone()
    };
    assert_eq!(signals(failure(ErrorKind::Transport, true)), [Signal::Lost]);
    let until = now().after(7_200);
    let limit = Failure {
        status: Some(429),
        retry_at: Some(until),
        ..failure(ErrorKind::RateLimit, false)
    };
    assert_eq!(
        signals(limit),
        [
            Signal::Answered,
            Signal::Blocked {
                host: "host-1".to_owned(),
                until
            }
        ]
    );
    let waits = Failure {
        retry_at: Some(now().after(40)),
        ..failure(ErrorKind::Transport, true)
    };
    assert_eq!(signals(waits), []);
}

#[test]
fn a_visit_that_is_handed_over_keeps_its_meeting_until_the_next_is_made() {
    let elsewhere = World {
        maker: Ok(maker("app-2")),
        handovers: vec![moves("app-1")],
        ..World::default()
    };
    let visit = World::default().made(confirmed(), 91);
    let exchange = elsewhere.exchange(&visit);
    assert_eq!(
        (exchange.kind, exchange.role, exchange.maker.app.as_str()),
        (Kind::Create, Role::Next, "app-2")
    );
    let begun = elsewhere.begin(visit.clone(), &Step::Exchange(Box::new(exchange)));
    assert_eq!(
        (begun.state(), begun.serving().unwrap().number()),
        (State::Moving, Some(91))
    );
    let moved = elsewhere.made(visit.clone(), 92);
    assert_eq!(
        (moved.serving().unwrap().number(), roles(&moved)),
        (Some(92), vec![Role::Unwanted, Role::Serves])
    );
    assert_eq!(
        (
            elsewhere.exchange(&moved).kind,
            elsewhere.exchange(&moved).number
        ),
        (Kind::Delete, Some(91))
    );
    // Not while people may be in it, and not without an answer.
    let soon = World {
        maker: Ok(maker("app-2")),
        handovers: vec![moves("app-1")],
        ..World::at(next_week().start.before(900))
    };
    assert_eq!(soon.next(&visit), Step::Nothing);
    let unanswered = Handover {
        answer: None,
        ..moves("app-1")
    };
    assert_eq!(
        World {
            maker: Ok(maker("app-2")),
            handovers: vec![unanswered],
            ..World::default()
        }
        .next(&visit),
        Step::Nothing
    );
}

#[test]
fn a_move_that_is_not_wanted_any_more_is_given_up_and_what_it_may_have_made_is_sought() {
    let elsewhere = World {
        maker: Ok(maker("app-2")),
        handovers: vec![moves("app-1")],
        ..World::default()
    };
    let visit = elsewhere.carry_out(
        World::default().made(confirmed(), 91),
        fails(ErrorKind::Transport, true),
    );
    assert_eq!(visit.state(), State::Moving);
    let visit = World::default().write_down(visit);
    assert_eq!(
        (visit.state(), roles(&visit)),
        (State::Made, vec![Role::Serves, Role::Unwanted])
    );
    assert_eq!(
        World::at(now().after(3_600)).exchange(&visit).kind,
        Kind::Find
    );
}

#[test]
fn a_meeting_follows_its_visit_while_the_next_one_waits() {
    let elsewhere = World {
        maker: Ok(maker("app-2")),
        handovers: vec![moves("app-1")],
        ..World::default()
    };
    let visit = elsewhere.carry_out(
        World::default().made(confirmed(), 91),
        fails(ErrorKind::Api, false),
    );
    let visit = settled(
        visit,
        Wish::Reschedule(slot("2026-12-03T09:00:00Z")),
        later(1),
    );
    assert_eq!(
        (
            elsewhere.exchange(&visit).kind,
            elsewhere.exchange(&visit).number
        ),
        (Kind::Update, Some(91))
    );
}

#[test]
fn a_visit_that_is_over_without_a_meeting_is_missed_once() {
    let over = next_week().end().after(1);
    let world = World::at(over);
    let lost = World::default().carry_out(confirmed(), fails(ErrorKind::Transport, true));
    let late = world.write_down(lost);
    assert_eq!(late.state(), State::Missed);
    assert_eq!(roles(&late), [Role::Unwanted], "it is still to be sought");
    let told = late
        .notices()
        .iter()
        .filter(|notice| notice.about == About::Missed)
        .count();
    assert_eq!(told, 3);
    assert_eq!(world.exchange(&late).kind, Kind::Find);
    let forgotten = World::at(over.after(86_401)).write_down(late);
    assert_eq!(roles(&forgotten), [Role::Done(End::NotFoundOut)]);
}

#[test]
fn a_meeting_that_is_to_take_anothers_place_waits_where_the_day_is_used_up() {
    let full = Used {
        writes: 100,
        blocked_until: None,
    };
    let elsewhere = World {
        maker: Ok(maker("app-2")),
        handovers: vec![moves("app-1")],
        used: [(Counter::Host("host-1".to_owned()), full)].into(),
        ..World::default()
    };
    let visit = World::default().made(confirmed(), 91);
    assert!(matches!(elsewhere.next(&visit), Step::Rest(until) if until > now()));
}

#[test]
fn what_waits_for_a_person_is_tried_at_once_when_it_is_mended() {
    let disconnected = |_: &Exchange| {
        Outcome::Failed(Failure {
            problem: Problem::for_a_person("not_connected"),
            ..failure(ErrorKind::Authentication, false)
        })
    };
    let world = World::default();
    let visit = world.carry_out(confirmed(), disconnected);
    assert!(matches!(world.next(&visit), Step::Rest(_)));
    assert_eq!(world.exchange(&stored(visit.woken())).kind, Kind::Create);
    let limited = world.carry_out(confirmed(), fails(ErrorKind::Transport, false));
    assert!(
        !limited.woken().has_changes(),
        "what passes by itself waits"
    );
}

#[test]
fn what_is_made_and_what_takes_anothers_place_are_told_apart() {
    let log_of = |world: &World, visit: Visit| {
        let exchange = world.exchange(&visit);
        let begun = world.begin(visit, &Step::Exchange(Box::new(exchange.clone())));
        let made = Outcome::Meeting(Box::new(known(&exchange, 92)));
        let after = begun.after(&exchange, made, &world.policies, at(now()));
        after.changes().log.clone()
    };
    let world = World::default();
    assert_eq!(log_of(&world, confirmed()), [Event::Made]);
    let elsewhere = World {
        maker: Ok(maker("app-2")),
        handovers: vec![moves("app-1")],
        ..World::default()
    };
    let visit = world.made(confirmed(), 91);
    assert_eq!(log_of(&elsewhere, visit), [Event::Replaced]);
}

/// What a note leaves of a visit that has become another since it was chosen.
fn noted(world: &World, visit: Visit, note: Note) -> Visit {
    world.begin(visit, &Step::Note(note))
}

#[test]
fn nothing_is_taken_back_that_cannot_return() {
    let world = World::default();
    let made = world.made(confirmed(), 91);
    let cancelled = settled(made.clone(), Wish::Cancel, later(1));
    let taken = noted(&world, cancelled.clone(), Note::TakeBack(1));
    assert_eq!(roles(&taken), [Role::Serves]);
    let going = world.begin(cancelled.clone(), &world.next(&cancelled));
    let lost = world.carry_out(confirmed(), fails(ErrorKind::Transport, true));
    let unknown = settled(lost, Wish::Cancel, later(1));
    let anew = settled(made, Wish::Recreate, later(1));
    let replaced = world.made(anew, 92);
    for visit in [going, unknown, replaced] {
        let before = roles(&visit);
        assert!(before.contains(&Role::Unwanted), "{before:?}");
        assert_eq!(roles(&noted(&world, visit, Note::TakeBack(1))), before);
    }
}

#[test]
fn where_a_meeting_serves_none_is_put_off_that_is_not_named() {
    let world = World::default();
    let made = world.made(confirmed(), 91);
    let note = Note::PutOff {
        generation: None,
        until: None,
        problem: Problem::passing("unreachable"),
    };
    assert_eq!(noted(&world, made.clone(), note), made);
}

#[test]
fn only_what_takes_place_and_has_no_meeting_is_missed() {
    let world = World::at("2026-12-01T09:30:01Z".parse().unwrap());
    let is_missed = |visit: Visit| noted(&world, visit, Note::End).row().is_missed;
    assert!(is_missed(confirmed()));
    assert!(!is_missed(World::default().made(confirmed(), 91)));
    assert!(!is_missed(settled(confirmed(), Wish::Cancel, later(1))));
    let missed = noted(&world, confirmed(), Note::End);
    let version = missed.row().version;
    let again = noted(&world, missed, Note::End);
    assert_eq!(again.row().version, version, "it is told once");
    let early = noted(&World::default(), confirmed(), Note::End);
    assert!(!early.row().is_missed, "it is not over");
}

#[test]
fn a_write_is_given_back_only_where_certainly_none_was_made() {
    let world = World::default();
    let lost = world.carry_out(confirmed(), fails(ErrorKind::Transport, true));
    let only_waits = || {
        let mut failure = failure(ErrorKind::Transport, true);
        failure.retry_at = Some(now().after(60));
        Outcome::Failed(failure)
    };
    for (visit, at_least, kind) in [
        (confirmed(), now(), Kind::Create),
        (lost, now().after(3_600), Kind::Ensure),
    ] {
        let world = World::at(at_least);
        let exchange = world.exchange(&visit);
        assert_eq!(exchange.kind, kind);
        let begun = world.begin(visit, &Step::Exchange(Box::new(exchange.clone())));
        let after = begun.after(&exchange, only_waits(), &world.policies, at(world.now));
        let given_back = after.changes().releases.clone();
        let expected = if kind == Kind::Ensure {
            exchange.claims
        } else {
            Vec::new()
        };
        assert_eq!(given_back, expected, "{kind:?}");
    }
}

#[test]
fn nobody_hears_of_a_deletion_that_fails() {
    let world = World::default();
    let anew = settled(world.made(confirmed(), 91), Wish::Recreate, later(1));
    let (visit, _) = world.send_all(world.made(anew, 92));
    let failed = world.carry_out(visit, fails(ErrorKind::Transport, false));
    assert_eq!(roles(&failed), [Role::Unwanted, Role::Serves]);
    assert_eq!(failed.notices(), []);
}

#[test]
fn sequences_count_on_from_the_minutes_since_a_moment() {
    let minutes = (now().as_second() - 1_735_689_600) / 60;
    assert_eq!(i64::from(confirmed().row().sequence), minutes);
    let moved = Wish::Reschedule(slot("2026-12-02T09:00:00Z"));
    let moved = settled(confirmed(), moved, later(0));
    assert_eq!(i64::from(moved.row().sequence), minutes + 1);
}

#[test]
fn what_stood_in_the_way_is_told_and_else_nothing() {
    let problem = Problem::for_a_person("not_connected");
    let failure = failure(ErrorKind::Api, false);
    let failed = Outcome::Failed(failure.clone());
    assert_eq!(failed.problem(), Some(&failure.problem));
    assert_eq!(Outcome::Hindered(problem.clone()).problem(), Some(&problem));
    assert_eq!(Outcome::Gone.problem(), None);
}
