#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;

use super::super::Wish;
use super::super::step::Outcome;
use super::super::testing::*;
use super::*;
use crate::zoom::Kind;

/// As it is read from what was written.
fn read_back(visit: &Visit) -> Visit {
    let meetings = visit
        .meetings()
        .iter()
        .map(|meeting| Meeting::from_columns(&meeting.columns()).unwrap());
    let notices = visit
        .notices()
        .iter()
        .map(|notice| Notice::from_columns(&notice.columns()).unwrap());
    Visit::from_rows(
        VisitRow::from_columns(&visit.columns(now())).unwrap(),
        meetings.collect(),
        notices.collect(),
    )
}

#[test]
fn each_state_of_a_life_is_read_back_as_it_was_written() {
    let world = World::default();
    let mut visit = confirmed();
    let mut states = vec![visit.clone()];
    for what in 0..9 {
        visit = match what {
            0 => world.carry_out(visit, |_| Outcome::Failed(failure(Kind::Transport, true))),
            1 => World::at(later(3_600).now).made(visit, 91),
            2 => stored(visit.wish(Wish::Reschedule(slot("2026-12-03T09:00:00Z")), later(5))),
            3 => stored(visit.settled(&world.policies, later(6))),
            4 => world.send_all(visit).0,
            5 => world.made(visit, 91),
            6 => stored(
                visit
                    .wish(Wish::Reassign(6), later(7))
                    .settled(&world.policies, later(7)),
            ),
            7 => World::at(later(3_600).now)
                .carry_out(visit, |_| Outcome::Failed(failure(Kind::Api, false))),
            _ => stored(visit.wish(Wish::Cancel, later(9))),
        };
        states.push(visit.clone());
    }
    for visit in states {
        let as_stored = Visit::from_rows(
            visit.row().clone(),
            visit.meetings().to_vec(),
            visit.notices().to_vec(),
        );
        assert_eq!(read_back(&visit), as_stored);
    }
}

#[test]
fn what_queries_need_follows_the_visit() {
    let visit = confirmed();
    let columns = visit.columns(now());
    let text = |columns: &Columns, column: &str| columns.get(column).unwrap().clone();
    assert_eq!(
        text(&columns, "start_utc").as_deref(),
        Some("2026-12-01 09:00:00")
    );
    assert_eq!(
        text(&columns, "end_utc").as_deref(),
        Some("2026-12-01 09:30:00")
    );
    assert_eq!(
        text(&columns, "due_at").as_deref(),
        Some("2026-11-24 10:00:00")
    );
    let off = stored(
        visit
            .wish(Wish::Cancel, later(1))
            .settled(&World::default().policies, later(1)),
    );
    assert_eq!(text(&off.columns(now()), "is_off").as_deref(), Some("1"));
    assert_eq!(text(&off.columns(now()), "due_at"), None);
}

#[test]
fn a_row_that_nobody_of_us_has_written_is_refused_by_its_column() {
    let visit = World::default().made(confirmed(), 91);
    let good = visit.columns(now());
    for (column, bad) in [
        ("start_utc", Some("2026-13-01 09:00:00")),
        ("start_utc", None),
        ("minutes", Some("ten")),
        ("takes_place", Some("yes")),
        ("told", Some("{")),
        ("pending", Some("maybe")),
        ("version", Some("-1")),
    ] {
        let mut columns = good.clone();
        columns.insert(column.to_owned(), bad.map(str::to_owned));
        if column == "pending" {
            columns.insert(
                "pending_since".to_owned(),
                Some("2026-11-24 10:00:00".to_owned()),
            );
        }
        assert_eq!(VisitRow::from_columns(&columns), Err(BadColumn(column)));
    }
    for column in ["role", "reference", "number", "sent_at", "problem"] {
        let mut columns = visit.meetings().first().unwrap().columns();
        columns.remove(column);
        assert_eq!(Meeting::from_columns(&columns), Err(BadColumn(column)));
    }
    for column in ["about", "recipient", "place", "due_at"] {
        let mut columns = visit.notices().first().unwrap().columns();
        columns.insert(column.to_owned(), Some("else".to_owned()));
        assert_eq!(Notice::from_columns(&columns), Err(BadColumn(column)));
    }
}

proptest! {
    #[test]
    fn no_row_makes_it_panic(values in proptest::collection::vec(proptest::option::of("[ -~]{0,24}"), 40)) {
        let visit = World::default().made(confirmed(), 91);
        let strange = |columns: Columns| -> Columns {
            columns.into_keys().zip(values.iter().cycle().cloned()).collect()
        };
        let _ = VisitRow::from_columns(&strange(visit.columns(now())));
        let _ = Meeting::from_columns(&strange(visit.meetings().first().unwrap().columns()));
        let _ = Notice::from_columns(&strange(visit.notices().first().unwrap().columns()));
    }
}
