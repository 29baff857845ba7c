#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::super::Wish;
use super::super::testing::*;
use super::*;

#[test]
fn a_visit_is_due_as_long_as_zoom_has_it_otherwise_than_wanted() {
    let made = World::default().made(confirmed(), 91);
    assert_eq!(made.due_at(now()), None);
    let moved = Wish::Reschedule(slot("2026-12-02T09:00:00Z"));
    let moved = settled(made, moved, later(0));
    assert_eq!(moved.due_at(now()), Some(now()));
    let begun = "2026-12-02T09:00:00Z".parse().unwrap();
    assert_eq!(moved.due_at(begun), None, "Zoom moves none into the past");
}

#[test]
fn a_visit_without_a_meeting_is_looked_at_in_time_to_say_that_it_is_late() {
    let visit = confirmed();
    let start = visit.row.slot.start;
    for (now, expected) in [
        (start.before(7_200), start.before(3_600)),
        (start.before(3_601), start.before(3_600)),
        (start.before(3_600), start.before(3_540)),
        (start.before(930), start.before(900)),
        (start.before(900), start.before(840)),
        (start, start.after(60)),
    ] {
        assert_eq!(visit.late_at(now), expected, "{now}");
    }
}
