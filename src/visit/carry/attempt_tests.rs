//! Creations whose end brought no meeting number: sought, made after all, or left to a person.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::super::State;
use super::super::Wish;
use super::super::schedule::CALL_SECONDS;
use super::super::testing::*;
use super::*;
use crate::zoom::Kind as ErrorKind;

#[test]
fn what_may_have_arrived_is_looked_for_before_it_is_made() {
    let world = World::default();
    let visit = world.carry_out(confirmed(), fails(ErrorKind::Transport, true));
    assert_eq!(visit.state(), State::Attempting);
    let world = World::at(visit.serving().unwrap().due_at.unwrap());
    let exchange = world.exchange(&visit);
    assert_eq!(
        (exchange.kind, exchange.generation, exchange.attempted_at),
        (Kind::Ensure, 1, None)
    );
    let dead = World::default().begin(confirmed(), &World::default().next(&confirmed()));
    let exchange = world.exchange(&dead);
    assert_eq!(
        (exchange.kind, exchange.attempted_at),
        (Kind::Ensure, Some(now().after(CALL_SECONDS))),
        "of a process that died nobody noted the end, nor when it had sent what it was to send"
    );
}

#[test]
fn what_certainly_made_nothing_leaves_no_trace_and_takes_nothing_of_the_day() {
    let world = World::default();
    for outcome in [
        Outcome::Failed(failure(ErrorKind::Api, false)),
        Outcome::Hindered(Problem::for_a_person("not_connected")),
    ] {
        let exchange = world.exchange(&confirmed());
        let begun = world.begin(confirmed(), &Step::Exchange(Box::new(exchange.clone())));
        let visit = begun.after(&exchange, outcome, &world.policies, at(now()));
        assert_eq!(visit.changes().releases, exchange.claims);
        let meeting = visit.serving().unwrap();
        assert_eq!(
            (visit.state(), &meeting.maker, &meeting.attempt),
            (State::Due, &None, &None)
        );
        assert_eq!(world.next(&visit), Step::Rest(meeting.due_at.unwrap()));
    }
}

#[test]
fn a_cancelled_visit_lets_its_meeting_go_and_a_meeting_that_comes_late_goes_too() {
    let world = World::default();
    let made = settled(world.made(confirmed(), 91), Wish::Cancel, later(1));
    assert_eq!(world.exchange(&made).kind, Kind::Delete);
    let gone = world.carry_out(made, |_| Outcome::Deleted);
    assert_eq!(
        (roles(&gone), world.next(&gone)),
        (vec![Role::Done(End::Deleted)], Step::Nothing)
    );

    let exchange = world.exchange(&confirmed());
    let begun = world.begin(confirmed(), &Step::Exchange(Box::new(exchange.clone())));
    let cancelled = settled(begun, Wish::Cancel, later(1));
    assert_eq!(
        world.next(&cancelled),
        Step::Rest(now().after(SETTLE_SECONDS)),
        "Zoom may still be at work"
    );
    let late = stored(cancelled.after(
        &exchange,
        Outcome::Meeting(Box::new(known(&exchange, 91))),
        &world.policies,
        later(2),
    ));
    assert_eq!(
        (world.exchange(&late).kind, world.exchange(&late).number),
        (Kind::Delete, Some(91))
    );
}

#[test]
fn a_lost_answer_of_a_cancelled_visit_is_sought_and_deleted() {
    let world = World::default();
    let visit = settled(
        world.carry_out(confirmed(), fails(ErrorKind::Transport, true)),
        Wish::Cancel,
        later(1),
    );
    let world = World::at(now().after(SETTLE_SECONDS));
    assert_eq!(world.exchange(&visit).kind, Kind::Find);
    let none = world.carry_out(visit.clone(), |_| Outcome::None);
    assert_eq!(roles(&none), [Role::Done(End::NoneMade)]);
    let alike = world.carry_out(visit.clone(), |exchange| {
        Outcome::Alike(Box::new(known(exchange, 91)))
    });
    assert!(
        matches!(world.next(&alike), Step::Rest(_)),
        "only alike: good enough to take, not to delete"
    );
    let found = world.made(visit, 91);
    assert_eq!(world.exchange(&found).kind, Kind::Delete);
}

#[test]
fn what_only_a_person_can_tell_waits_for_one() {
    let world = World::default();
    let lost = world.carry_out(confirmed(), fails(ErrorKind::Transport, true));
    let world = World::at(now().after(SETTLE_SECONDS * 2));
    let visit = world.carry_out(lost, fails(ErrorKind::Scope, true));
    assert_eq!(
        (visit.state(), world.next(&visit)),
        (
            State::Uncertain,
            Step::Rest(visit.row().slot.start.before(3_600))
        )
    );
    let none = stored(visit.clone().resolved(None, &world.policies, at(world.now)));
    assert_eq!(
        (world.exchange(&none).kind, world.exchange(&none).generation),
        (Kind::Create, 2)
    );
    let exchange = World::default().exchange(&confirmed());
    let found = stored(visit.resolved(Some(known(&exchange, 91)), &world.policies, at(world.now)));
    assert_eq!(
        (found.state(), world.next(&found)),
        (State::Made, Step::Nothing)
    );
}

#[test]
fn what_is_not_looked_for_any_more_is_given_up_whenever_it_was_due() {
    let lost = World::default().carry_out(confirmed(), fails(ErrorKind::Transport, true));
    let lost = settled(lost, Wish::Cancel, later(1));
    let tried = World::at(now().after(SETTLE_SECONDS + 1))
        .carry_out(lost, fails(ErrorKind::Transport, false));
    let long_after = next_week().end().after(86_401);
    let waits = Visit::from_rows(
        tried.row().clone(),
        tried
            .meetings()
            .iter()
            .cloned()
            .map(|meeting| Meeting {
                due_at: Some(long_after.after(60)),
                ..meeting
            })
            .collect(),
        Vec::new(),
    );
    let given_up = World::at(long_after).write_down(waits);
    assert_eq!(roles(&given_up), [Role::Done(End::NotFoundOut)]);
}

#[test]
fn what_was_asked_for_otherwise_is_only_looked_for_as_it_was() {
    let world = World::default();
    let lost = world.carry_out(confirmed(), fails(ErrorKind::Transport, true));
    let moved = settled(
        lost,
        Wish::Reschedule(slot("2026-12-03T09:00:00Z")),
        later(1),
    );
    let world = World::at(now().after(SETTLE_SECONDS * 2));
    let exchange = world.exchange(&moved);
    assert_eq!((exchange.kind, &exchange.slot), (Kind::Find, &next_week()));
    let none = world.carry_out(moved.clone(), |_| Outcome::None);
    let exchange = world.exchange(&none);
    assert_eq!(
        (exchange.kind, exchange.generation, exchange.slot),
        (Kind::Create, 2, none.row().slot.clone())
    );
    for found in [Outcome::Meeting, Outcome::Alike] {
        let taken = world.carry_out(moved.clone(), |exchange| {
            found(Box::new(known(exchange, 91)))
        });
        let exchange = world.exchange(&taken);
        assert_eq!(
            (exchange.kind, exchange.number),
            (Kind::Update, Some(91)),
            "good enough to take"
        );
    }
}

#[test]
fn who_looks_at_an_uncertain_visit_comes_back_for_its_beginning_and_its_end() {
    let mut world = World::default();
    let mut lost = failure(ErrorKind::Scope, true);
    lost.problem.passes = false;
    let visit = world.carry_out(confirmed(), |_| Outcome::Failed(lost));
    assert_eq!(visit.state(), State::Uncertain);
    let start = visit.row().slot.start;
    assert_eq!(world.next(&visit), Step::Rest(start.before(3_600)));
    world.now = start.before(900);
    let visit = world.write_down(visit);
    assert!(visit.notices().iter().any(|one| one.about == About::Late));
    assert_eq!(
        world.next(&visit),
        Step::Rest(visit.row().slot.end().after(1))
    );
    world.now = visit.row().slot.end().after(1);
    assert!(world.write_down(visit).row().is_missed);
}
