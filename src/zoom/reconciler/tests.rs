#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::super::clock::Clock as _;
use super::super::testing::FixedClock;
use super::*;

const SITE: &str = "[telemed:1:site:";

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + hour * 3_600).unwrap()
}

fn wanted(name: &str, meeting_id: Option<i64>) -> Wanted {
    Wanted {
        marker: format!("{SITE}{name}]"),
        meeting_id,
        start: Some(at(0)),
        minutes: 30,
        host_id: "h".into(),
    }
}

fn found(name: &str, meeting_id: i64) -> Found {
    Found {
        meeting_id,
        marker: Some(format!("{SITE}{name}]")),
        start: Some(at(0)),
        minutes: 30,
        host_id: "h".into(),
        created_at: Some(at(-100)),
    }
}

#[test]
fn what_agrees_is_left_alone() {
    assert_eq!(
        reconcile(&[wanted("a", Some(1))], &[found("a", 1)], SITE),
        []
    );
}

#[test]
fn a_visit_without_a_meeting_gets_one() {
    assert_eq!(
        reconcile(&[wanted("a", None)], &[], SITE),
        [Action::Create {
            marker: wanted("a", None).marker
        }]
    );
}

#[test]
fn a_lost_meeting_is_made_again() {
    assert!(matches!(
        reconcile(&[wanted("a", Some(1))], &[], SITE)[..],
        [Action::Recreate { meeting_id: 1, .. }]
    ));
}

#[test]
fn a_meeting_that_the_clinic_does_not_know_of_is_adopted() {
    assert!(matches!(
        reconcile(&[wanted("a", None)], &[found("a", 1)], SITE)[..],
        [Action::Adopt { meeting_id: 1, .. }]
    ));
}

#[test]
fn a_meeting_moved_in_zoom_is_moved_back() {
    let moved = Found {
        start: Some(at(1)),
        ..found("a", 1)
    };
    assert!(matches!(
        reconcile(&[wanted("a", Some(1))], &[moved], SITE)[..],
        [Action::Move { meeting_id: 1, .. }]
    ));
    let longer = Found {
        minutes: 45,
        ..found("a", 1)
    };
    assert!(matches!(
        reconcile(&[wanted("a", Some(1))], &[longer], SITE)[..],
        [Action::Move { meeting_id: 1, .. }]
    ));
}

#[test]
fn of_several_for_one_visit_the_oldest_stays() {
    let younger = Found {
        created_at: Some(at(-1)),
        ..found("a", 1)
    };
    let actions = reconcile(&[wanted("a", None)], &[younger, found("a", 2)], SITE);
    assert!(matches!(
        actions[..],
        [
            Action::Adopt { meeting_id: 2, .. },
            Action::Delete { meeting_id: 1 }
        ]
    ));
}

#[test]
fn a_change_of_doctor_makes_a_new_meeting_before_the_old_one_goes() {
    let elsewhere = Found {
        host_id: "former".into(),
        ..found("a", 1)
    };
    let actions = reconcile(&[wanted("a", Some(1))], &[elsewhere], SITE);
    assert!(matches!(
        actions[..],
        [
            Action::Recreate { meeting_id: 1, .. },
            Action::Delete { meeting_id: 1 }
        ]
    ));
}

#[test]
fn the_meeting_of_a_cancelled_visit_and_an_orphan_go() {
    let cancelled = Wanted {
        start: None,
        ..wanted("a", Some(1))
    };
    let actions = reconcile(&[cancelled], &[found("a", 1), found("gone", 2)], SITE);
    assert_eq!(
        actions,
        [
            Action::Delete { meeting_id: 1 },
            Action::Delete { meeting_id: 2 }
        ]
    );
}

#[test]
fn meetings_of_others_are_never_touched() {
    let private = Found {
        marker: None,
        ..found("x", 1)
    };
    let other_site = Found {
        marker: Some("[telemed:1:other:x]".into()),
        ..found("x", 2)
    };
    assert_eq!(reconcile(&[], &[private, other_site], SITE), []);
}

#[test]
fn a_known_meeting_without_its_marker_is_still_known() {
    let hidden = Found {
        marker: None,
        ..found("a", 1)
    };
    assert_eq!(reconcile(&[wanted("a", Some(1))], &[hidden], SITE), []);
}

/// Carries the actions out on a model of Zoom; whatever the state was, one pass leads to what is wanted and a second finds
/// nothing to do.
#[test]
fn one_pass_leads_to_what_is_wanted_from_any_state() {
    let clock = FixedClock::default();
    let below = |limit: u8| {
        let mut byte = [0];
        clock.random(&mut byte);
        byte[0] % limit
    };
    for _ in 0..2_000 {
        let mut visits: Vec<Wanted> = (0..5)
            .map(|name| Wanted {
                meeting_id: (below(2) == 0).then(|| i64::from(below(8)) + 1),
                start: (below(4) > 0).then(|| at(i64::from(below(3)))),
                host_id: format!("h{}", below(2)),
                ..wanted(&name.to_string(), None)
            })
            .collect();
        // Two visits never know one meeting: the ledger's key is unique.
        let mut taken = HashSet::new();
        for visit in &mut visits {
            visit.meeting_id = visit.meeting_id.filter(|id| taken.insert(*id));
        }
        let mut zoom: Vec<Found> = (1..=8)
            .filter(|_| below(3) > 0)
            .map(|id| Found {
                start: Some(at(i64::from(below(3)))),
                host_id: format!("h{}", below(2)),
                created_at: Some(at(-i64::from(below(50)))),
                // A known meeting bears the marker of its visit.
                marker: visits
                    .iter()
                    .find(|visit| visit.meeting_id == Some(id))
                    .map_or_else(
                        || found(&below(7).to_string(), 0).marker,
                        |visit| Some(visit.marker.clone()),
                    ),
                ..found("", id)
            })
            .collect();
        let actions = reconcile(&visits, &zoom, SITE);
        carry_out(&actions, &mut visits, &mut zoom);
        assert_eq!(reconcile(&visits, &zoom, SITE), [], "{actions:?}");
        for visit in &visits {
            let mine: Vec<_> = zoom
                .iter()
                .filter(|meeting| meeting.marker.as_deref() == Some(&visit.marker))
                .collect();
            assert_eq!(mine.len(), usize::from(visit.start.is_some()));
            assert!(mine.iter().all(|meeting| meeting.start == visit.start && meeting.host_id == visit.host_id));
        }
    }
}

fn carry_out(actions: &[Action], visits: &mut [Wanted], zoom: &mut Vec<Found>) {
    let mut next_id = 100;
    for action in actions {
        match action {
            Action::Adopt { marker, meeting_id } => {
                visit(visits, marker).meeting_id = Some(*meeting_id);
            }
            Action::Create { marker } | Action::Recreate { marker, .. } => {
                let visit = visit(visits, marker);
                visit.meeting_id = Some(next_id);
                zoom.push(Found {
                    meeting_id: next_id,
                    marker: Some(marker.clone()),
                    start: visit.start,
                    minutes: visit.minutes,
                    host_id: visit.host_id.clone(),
                    created_at: Some(at(0)),
                });
                next_id += 1;
            }
            Action::Delete { meeting_id } => {
                zoom.retain(|meeting| meeting.meeting_id != *meeting_id);
            }
            Action::Move { marker, meeting_id } => {
                let visit = visit(visits, marker);
                let meeting = zoom
                    .iter_mut()
                    .find(|meeting| meeting.meeting_id == *meeting_id)
                    .unwrap();
                (meeting.start, meeting.minutes) = (visit.start, visit.minutes);
            }
        }
    }
}

fn visit<'a>(visits: &'a mut [Wanted], marker: &str) -> &'a mut Wanted {
    visits
        .iter_mut()
        .find(|visit| visit.marker == marker)
        .unwrap()
}
