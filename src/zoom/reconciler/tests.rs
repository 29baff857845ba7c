#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test"
)]

use super::super::clock::Clock as _;
use super::super::testing::FixedClock;
use super::*;

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

/// So many hours from now.
fn at(hours: i64) -> Timestamp {
    now() + SignedDuration::from_hours(hours)
}

fn wanted(name: &str, meeting_id: Option<i64>) -> Wanted {
    Wanted {
        reference: format!("site:{name}"),
        meeting_id,
        host_id: Some("h".into()),
        start: Some(at(24)),
        minutes: 30,
        overridden: Vec::new(),
        is_busy: false,
    }
}

fn found(name: &str, meeting_id: i64) -> Found {
    Found {
        meeting_id,
        marker: Some(marker(&format!("site:{name}"))),
        host_id: Some("h".into()),
        start: Some(at(24)),
        minutes: 30,
        created_at: Some(at(-100)),
        is_started: false,
        overridden: Vec::new(),
    }
}

/// The whole comparison, the list in pages of this size.
fn reconcile_in_pages(wanted: &[Wanted], found: &[Found], size: usize) -> Vec<Action> {
    let mut reconciler = Reconciler::new("site", now());
    let mut actions: Vec<Action> = found
        .chunks(size)
        .flat_map(|page| reconciler.page(wanted, page))
        .collect();
    actions.extend(reconciler.rest(wanted));
    actions
}

fn reconcile(wanted: &[Wanted], found: &[Found]) -> Vec<Action> {
    reconcile_in_pages(wanted, found, 300)
}

#[test]
fn what_agrees_is_left_alone() {
    assert_eq!(reconcile(&[wanted("a", Some(1))], &[found("a", 1)]), []);
}

#[test]
fn a_visit_without_a_meeting_gets_one() {
    let reference = wanted("a", None).reference;
    assert_eq!(
        reconcile(&[wanted("a", None)], &[]),
        [Action::Create { reference }]
    );
}

#[test]
fn a_lost_meeting_is_made_again_unless_the_visit_is_over() {
    assert!(matches!(
        reconcile(&[wanted("a", Some(1))], &[])[..],
        [Action::Recreate { meeting_id: 1, .. }]
    ));
    let over = Wanted {
        start: Some(at(-1)),
        ..wanted("a", Some(1))
    };
    assert_eq!(reconcile(std::slice::from_ref(&over), &[]), []);
    let under_way = Wanted {
        minutes: 90,
        ..over
    };
    assert_eq!(reconcile(&[under_way], &[]).len(), 1);
}

#[test]
fn a_meeting_that_the_clinic_does_not_know_of_is_adopted_and_moved_to_its_time() {
    assert!(matches!(
        reconcile(&[wanted("a", None)], &[found("a", 1)])[..],
        [Action::Adopt { meeting_id: 1, .. }]
    ));
    let elsewhen = Found {
        start: Some(at(30)),
        ..found("a", 1)
    };
    assert!(matches!(
        reconcile(&[wanted("a", None)], &[elsewhen])[..],
        [
            Action::Adopt { meeting_id: 1, .. },
            Action::Move { meeting_id: 1, .. }
        ]
    ));
}

#[test]
fn a_meeting_moved_in_zoom_is_moved_back() {
    for moved in [
        Found {
            start: Some(at(25)),
            ..found("a", 1)
        },
        Found {
            start: None,
            ..found("a", 1)
        },
        Found {
            minutes: 45,
            ..found("a", 1)
        },
    ] {
        assert!(matches!(
            reconcile(&[wanted("a", Some(1))], &[moved])[..],
            [Action::Move { meeting_id: 1, .. }]
        ));
    }
}

#[test]
fn a_start_that_has_passed_is_not_moved_to_for_zoom_ignores_it() {
    let begun = Wanted {
        start: Some(now() - SignedDuration::from_mins(5)),
        ..wanted("a", Some(1))
    };
    assert_eq!(reconcile(&[begun], &[found("a", 1)]), []);
}

#[test]
fn of_several_for_one_visit_the_oldest_stays() {
    let younger = Found {
        created_at: Some(at(-1)),
        ..found("a", 1)
    };
    let actions = reconcile_in_pages(&[wanted("a", None)], &[younger, found("a", 2)], 1);
    assert!(matches!(
        actions[..],
        [
            Action::Adopt { meeting_id: 2, .. },
            Action::Delete { meeting_id: 1 }
        ]
    ));
}

#[test]
fn the_meeting_that_people_have_the_link_of_stays_even_if_another_is_older() {
    let known = Found {
        created_at: Some(at(-1)),
        ..found("a", 1)
    };
    let actions = reconcile(&[wanted("a", Some(1))], &[found("a", 2), known]);
    assert_eq!(actions, [Action::Delete { meeting_id: 2 }]);
}

#[test]
fn a_copy_takes_the_place_of_a_known_meeting_that_is_gone() {
    assert!(matches!(
        reconcile(&[wanted("a", Some(1))], &[found("a", 2)])[..],
        [Action::Adopt { meeting_id: 2, .. }]
    ));
}

#[test]
fn a_meeting_given_to_another_host_is_made_anew_before_it_goes() {
    let elsewhere = Found {
        host_id: Some("other".into()),
        ..found("a", 1)
    };
    assert!(matches!(
        reconcile(&[wanted("a", Some(1))], &[elsewhere])[..],
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
    assert_eq!(
        reconcile(&[cancelled], &[found("a", 1), found("gone", 2)]),
        [
            Action::Delete { meeting_id: 1 },
            Action::Delete { meeting_id: 2 }
        ]
    );
}

#[test]
fn a_marker_of_an_earlier_generation_stands_for_nothing_wanted() {
    let before = found("a", 1);
    let now_wanted = wanted("a:2", Some(2));
    assert_eq!(
        reconcile(&[now_wanted], &[before, found("a:2", 2)]),
        [Action::Delete { meeting_id: 1 }]
    );
}

#[test]
fn meetings_of_others_are_never_touched() {
    let private = Found {
        marker: None,
        ..found("x", 1)
    };
    let other_site = Found {
        marker: Some(marker("other:x")),
        ..found("x", 2)
    };
    assert_eq!(reconcile(&[], &[private, other_site.clone()]), []);
    // Not even one whose number this site believes to know.
    let strange = Found {
        start: Some(at(50)),
        ..other_site
    };
    assert_eq!(reconcile(&[wanted("a", Some(2))], &[strange]), []);
}

#[test]
fn a_known_meeting_without_its_marker_is_still_known() {
    let hidden = Found {
        marker: None,
        ..found("a", 1)
    };
    assert_eq!(reconcile(&[wanted("a", Some(1))], &[hidden]), []);
}

#[test]
fn a_meeting_in_progress_is_left_alone() {
    let started = |name, id| Found {
        is_started: true,
        start: Some(at(25)),
        ..found(name, id)
    };
    assert_eq!(
        reconcile(&[wanted("a", Some(1))], &[started("a", 1), started("b", 2)]),
        []
    );
}

#[test]
fn a_meeting_that_may_not_be_written_down_yet_is_left_alone() {
    let young = |created_at| Found {
        created_at,
        ..found("gone", 1)
    };
    let minutes = |minutes| Some(now() - SignedDuration::from_mins(minutes));
    assert_eq!(reconcile(&[], &[young(minutes(14))]), []);
    assert_eq!(reconcile(&[], &[young(None)]), []);
    assert_eq!(reconcile(&[], &[young(minutes(15))]).len(), 1);
}

#[test]
fn a_visit_that_somebody_is_at_work_on_is_only_protected() {
    let busy = |meeting_id| Wanted {
        is_busy: true,
        ..wanted("a", meeting_id)
    };
    let moved = Found {
        start: Some(at(50)),
        ..found("a", 1)
    };
    for visit in [busy(None), busy(Some(1)), busy(Some(2))] {
        assert_eq!(reconcile(&[visit], std::slice::from_ref(&moved)), []);
    }
}

#[test]
fn changed_settings_are_put_back_once() {
    let changed = Found {
        overridden: vec!["waiting_room".into(), "auto_recording".into()],
        ..found("a", 1)
    };
    let locked = Wanted {
        overridden: vec!["auto_recording".into()],
        ..wanted("a", Some(1))
    };
    let actions = reconcile(&[locked], std::slice::from_ref(&changed));
    assert!(
        matches!(&actions[..], [Action::Restore { settings, .. }] if settings == &["waiting_room"])
    );
    let known = Wanted {
        overridden: changed.overridden.clone(),
        ..wanted("a", Some(1))
    };
    assert_eq!(reconcile(&[known], &[changed]), []);
}

/// Random visits and a random Zoom.
struct Scene {
    visits: Vec<Wanted>,
    zoom: Vec<Found>,
}

impl Scene {
    fn random(below: &impl Fn(u8) -> u8) -> Self {
        let mut visits: Vec<Wanted> = (0..5)
            .map(|name| Wanted {
                meeting_id: (below(2) == 0).then(|| i64::from(below(8)) + 1),
                host_id: (below(3) > 0).then(|| "h".into()),
                start: (below(4) > 0).then(|| at(i64::from(below(4)) - 1)),
                overridden: (below(3) == 0)
                    .then(|| "waiting_room".to_owned())
                    .into_iter()
                    .collect(),
                is_busy: below(6) == 0,
                ..wanted(&name.to_string(), None)
            })
            .collect();
        // Two visits never know one meeting: the ledger's key is unique.
        let mut taken = HashSet::new();
        for visit in &mut visits {
            visit.meeting_id = visit.meeting_id.filter(|id| taken.insert(*id));
        }
        let mut ids: Vec<i64> = (1..=8).filter(|_| below(3) > 0).collect();
        let turn = usize::from(below(8)) % ids.len().max(1);
        ids.rotate_left(turn);
        let zoom = ids
            .into_iter()
            .map(|id| Found {
                start: Some(at(i64::from(below(4)) - 1)),
                host_id: Some(if below(6) == 0 { "other" } else { "h" }.into()),
                created_at: Some(at(-i64::from(below(50)))),
                is_started: below(8) == 0,
                overridden: (below(4) == 0)
                    .then(|| "waiting_room".to_owned())
                    .into_iter()
                    .collect(),
                marker: match below(8) {
                    0 => None,
                    1 => Some(marker("other:1")),
                    // A known meeting bears the marker of its visit.
                    _ => Some(
                        visits
                            .iter()
                            .find(|visit| visit.meeting_id == Some(id))
                            .map_or_else(
                                || marker(&format!("site:{}", below(7))),
                                |visit| marker(&visit.reference),
                            ),
                    ),
                },
                ..found("", id)
            })
            .collect();
        Self { visits, zoom }
    }

    fn carry_out(&mut self, actions: &[Action]) {
        let mut next_id = 100;
        for action in actions {
            match action {
                Action::Adopt {
                    reference,
                    meeting_id,
                } => self.visit(reference).meeting_id = Some(*meeting_id),
                Action::Create { reference } | Action::Recreate { reference, .. } => {
                    let visit = self.visit(reference);
                    visit.meeting_id = Some(next_id);
                    let made = Found {
                        meeting_id: next_id,
                        marker: Some(marker(reference)),
                        start: visit.start,
                        minutes: visit.minutes,
                        ..found("", 0)
                    };
                    self.zoom.push(made);
                    next_id += 1;
                }
                Action::Delete { meeting_id } => {
                    self.zoom.retain(|it| it.meeting_id != *meeting_id);
                }
                Action::Move {
                    reference,
                    meeting_id,
                } => {
                    let visit = self.visit(reference).clone();
                    let meeting = self.meeting(*meeting_id);
                    (meeting.start, meeting.minutes) = (visit.start, visit.minutes);
                }
                Action::Restore {
                    reference,
                    meeting_id,
                    settings,
                } => {
                    // The account has locked it: it stays, and from now on that is known.
                    assert_eq!(&self.meeting(*meeting_id).overridden, settings);
                    self.visit(reference).overridden.clone_from(settings);
                }
            }
        }
    }

    fn visit(&mut self, reference: &str) -> &mut Wanted {
        let mut visits = self.visits.iter_mut();
        visits.find(|visit| visit.reference == reference).unwrap()
    }

    fn meeting(&mut self, id: i64) -> &mut Found {
        let mut zoom = self.zoom.iter_mut();
        zoom.find(|meeting| meeting.meeting_id == id).unwrap()
    }
}

/// From any state at all, whatever the size of the pages: two passes lead to what is wanted (the second puts back the settings of
/// what the first has moved), a third finds nothing to do, and nothing was touched that must not be.
#[test]
fn it_leads_to_what_is_wanted_from_any_state() {
    let clock = FixedClock::default();
    let below = |limit: u8| {
        let mut byte = [0];
        clock.random(&mut byte);
        byte[0] % limit
    };
    for round in 0..5_000 {
        let mut scene = Scene::random(&below);
        let size = usize::from(below(4)) + 1;
        let (before, visits_before) = (scene.zoom.clone(), scene.visits.clone());
        for _ in 0..2 {
            let actions = reconcile_in_pages(&scene.visits, &scene.zoom, size);
            scene.carry_out(&actions);
        }
        let last = reconcile_in_pages(&scene.visits, &scene.zoom, size);
        assert_eq!(last, [], "round {round}");

        for meeting in &before {
            let is_ours = meeting
                .marker
                .as_deref()
                .is_some_and(|mark| mark.starts_with(&site_prefix("site")));
            let known = visits_before
                .iter()
                .any(|visit| visit.meeting_id == Some(meeting.meeting_id));
            let is_foreign = !is_ours && (meeting.marker.is_some() || !known);
            let is_young = meeting.created_at > Some(now() - YOUNG);
            let is_busy = scene.visits.iter().any(|visit| {
                visit.is_busy && meeting.marker.as_deref() == Some(&marker(&visit.reference))
            });
            if meeting.is_started || is_busy || is_foreign {
                let is_known_without_marker = meeting.marker.is_none() && known;
                assert!(
                    scene.zoom.contains(meeting) || is_known_without_marker,
                    "round {round}"
                );
            }
            if is_young {
                let mut ids = scene.zoom.iter().map(|it| it.meeting_id);
                assert!(ids.any(|id| id == meeting.meeting_id), "round {round}");
            }
        }
        for visit in scene.visits.iter().filter(|visit| !visit.is_busy) {
            let mine: Vec<_> = scene
                .zoom
                .iter()
                .filter(|it| it.marker.as_deref() == Some(&marker(&visit.reference)))
                .filter(|it| !it.is_started && it.created_at <= Some(now() - YOUNG))
                .collect();
            let over = visit
                .start
                .is_none_or(|start| start + SignedDuration::from_mins(visit.minutes) <= now());
            if over {
                continue;
            }
            assert!(mine.len() <= 1, "round {round}: {mine:?}");
            let has_one = scene
                .zoom
                .iter()
                .any(|it| visit.meeting_id == Some(it.meeting_id));
            assert!(has_one, "round {round}");
            if visit.start >= Some(now()) {
                assert!(
                    mine.iter().all(|it| it.start == visit.start),
                    "round {round}"
                );
            }
        }
    }
}
