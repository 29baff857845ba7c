#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test"
)]

use proptest::prelude::*;

use super::*;
use crate::visit::Seconds as _;
use crate::visit::meeting::Role;
use crate::visit::testing::*;
use crate::zoom::meeting_request::marker;

fn begun() -> Comparison {
    Comparison::new(SITE, maker("app-1"), now())
}

/// What Zoom shows of a row's meeting when all is well.
fn shown(of: &Intended) -> Listed {
    Listed {
        found: Found {
            meeting_id: of.number.unwrap(),
            marker: Some(marker(&of.reference)),
            host_id: of.host_at_zoom.clone(),
            start: Some(of.start),
            minutes: of.minutes,
            created_at: Some(now().before(7_200)),
            is_started: false,
            overridden: of.overridden.clone(),
        },
        join_url: of.join_url.clone(),
    }
}

/// A meeting with the marker of this row's under another number.
fn twin(of: &Intended, number: i64) -> Listed {
    let mut listed = shown(&Intended {
        number: Some(91),
        ..of.clone()
    });
    listed.found.meeting_id = number;
    listed
}

/// The whole comparison, the list in pages of this size, the rows in portions of two.
fn compared(rows: &[Intended], listed: &[Listed], page: usize) -> Comparison {
    let mut comparison = begun();
    for page in listed.chunks(page) {
        let numbers: Vec<i64> = page.iter().map(|one| one.found.meeting_id).collect();
        let is_known = |one: &&Intended| one.number.is_some_and(|it| numbers.contains(&it));
        let known: Vec<Intended> = rows.iter().filter(is_known).cloned().collect();
        comparison.page(&known, page);
    }
    let (without, serving): (Vec<Intended>, Vec<Intended>) =
        rows.iter().cloned().partition(|one| one.number.is_none());
    let is_hosts = |one: &Intended| one.role == Role::Serves && one.maker == Some(maker("app-1"));
    let serving: Vec<Intended> = serving.into_iter().filter(is_hosts).collect();
    if comparison.has_strays() {
        serving
            .chunks(2)
            .for_each(|portion| comparison.bereft(portion));
    }
    comparison.without_number(&without);
    for portion in serving.chunks(2) {
        comparison.rest(portion, Look::AtAll);
    }
    comparison
}

fn found(comparison: &Comparison) -> Vec<(&'static str, Option<i64>, i64)> {
    let all = comparison.findings().iter();
    all.map(|one| (one.what.name(), one.of.map(|(visit, _)| visit), one.number))
        .collect()
}

#[test]
fn where_all_is_as_wanted_nothing_is_found_and_every_setting_is_looked_at() {
    let rows = [intended(1, 91), intended(2, 92), intended(3, 93)];
    let listed: Vec<Listed> = rows.iter().map(shown).collect();
    let mut comparison = begun();
    comparison.page(&rows, &listed);
    assert!(!comparison.has_strays());
    comparison.without_number(&[]);
    assert_eq!(comparison.rest(&rows, Look::AtAll), [0, 1, 2]);
    assert_eq!(comparison.findings(), []);
}

#[test]
fn each_difference_is_found_on_whatever_page_it_is() {
    let rows: Vec<Intended> = (1..=6).map(|visit| intended(visit, 90 + visit)).collect();
    let uncertain = Intended {
        number: None,
        host_at_zoom: None,
        join_url: None,
        state: State::Uncertain,
        ..intended(7, 0)
    };
    let mut moved = shown(&rows[1]);
    moved.found.start = Some(rows[1].start.after(3_600));
    let mut relinked = shown(&rows[2]);
    relinked.join_url = Some("https://zoom.us/j/93?pwd=new".to_owned());
    let mut orphan = twin(&rows[0], 99);
    orphan.found.marker = Some(marker(&format!("{SITE}:kivicare:404:1")));
    let mut foreign = twin(&rows[0], 100);
    foreign.found.marker = Some(marker("ffffffff:kivicare:1:1"));
    let mut private = twin(&rows[0], 101);
    private.found.marker = None;
    for page in 1..=9 {
        let all: Vec<Intended> = rows.iter().chain([&uncertain]).cloned().collect();
        let listed = [
            shown(&rows[0]),
            Listed {
                found: moved.found.clone(),
                join_url: moved.join_url.clone(),
            },
            Listed {
                found: relinked.found.clone(),
                join_url: relinked.join_url.clone(),
            },
            // The fourth is gone; of the fifth another is in its place; the sixth is there twice.
            twin(&rows[4], 98),
            shown(&rows[5]),
            twin(&rows[5], 102),
            twin(&uncertain, 97),
            Listed {
                found: orphan.found.clone(),
                join_url: None,
            },
            Listed {
                found: foreign.found.clone(),
                join_url: None,
            },
            Listed {
                found: private.found.clone(),
                join_url: None,
            },
        ];
        let comparison = compared(&all, &listed, page);
        let mut found = found(&comparison);
        found.sort_unstable();
        assert_eq!(
            found,
            [
                ("adopt", Some(5), 98),
                ("adopt", Some(7), 97),
                ("delete", None, 99),
                ("delete", None, 102),
                ("move", Some(2), 92),
                ("recreate", Some(4), 94),
                ("relink", Some(3), 93),
            ],
            "in pages of {page}"
        );
    }
}

#[test]
fn a_link_is_another_only_where_the_list_shows_its_passcode_and_the_visit_is_at_rest() {
    let relinked = |row: &Intended, link: Option<&str>| {
        let mut listed = shown(row);
        listed.join_url = link.map(str::to_owned);
        let mut comparison = begun();
        comparison.page(std::slice::from_ref(row), &[listed]);
        !comparison.findings().is_empty()
    };
    let row = intended(1, 91);
    assert!(relinked(&row, Some("https://zoom.us/j/91?pwd=new")));
    assert!(!relinked(&row, Some("https://zoom.us/j/91")));
    assert!(!relinked(&row, None));
    let busy = Intended {
        changed_at: now(),
        ..row.clone()
    };
    assert!(!relinked(&busy, Some("https://zoom.us/j/91?pwd=new")));
    let over = Intended {
        start: now().before(3_600),
        ..row
    };
    assert!(!relinked(&over, Some("https://zoom.us/j/91?pwd=new")));
}

#[test]
fn settings_are_not_looked_at_where_something_else_is_done_or_somebody_is_at_work() {
    let rows = [
        intended(1, 91),
        Intended {
            changed_at: now(),
            ..intended(2, 92)
        },
        intended(3, 93),
        intended(4, 94),
    ];
    let mut relinked = shown(&rows[3]);
    relinked.join_url = Some("https://zoom.us/j/94?pwd=new".to_owned());
    let mut comparison = begun();
    comparison.page(
        &[rows[0].clone(), rows[3].clone()],
        &[shown(&rows[0]), relinked],
    );
    comparison.without_number(&[]);
    assert_eq!(
        comparison.rest(&rows, Look::AtAll),
        [0, 3],
        "the third is gone; another link says nothing of settings"
    );
    let mut open = shown(&rows[0]).found;
    open.overridden = vec!["waiting_room".to_owned()];
    open.minutes = 45;
    comparison.settings(&rows[0], &open);
    open.minutes = 30;
    comparison.settings(&rows[0], &open);
    let restored: Vec<&Finding> = comparison
        .findings()
        .iter()
        .filter(|one| one.what == What::Restore)
        .collect();
    assert_eq!(
        restored.len(),
        1,
        "of one that was moved the time comes first"
    );
    assert_eq!(restored[0].settings, ["waiting_room"]);
}

#[test]
fn a_list_is_begun_again_from_nothing_and_not_for_ever() {
    let row = intended(1, 91);
    let mut comparison = begun();
    comparison.page(std::slice::from_ref(&row), &[shown(&row), twin(&row, 98)]);
    assert!(!comparison.begins_again("transport"));
    assert!(comparison.begins_again("list_place_lapsed"));
    assert!(!comparison.has_strays());
    comparison.page(&[], &[]);
    comparison.rest(&[row], Look::AtAll);
    assert_eq!(
        found(&comparison),
        [("recreate", Some(1), 91)],
        "what the first list showed counts no more"
    );
    assert!(comparison.begins_again("list_place_lapsed"));
    assert!(!comparison.begins_again("list_place_lapsed"));
}

#[test]
fn a_second_look_looks_up_the_known_meeting_before_the_one_in_its_place() {
    let adopt = finding(What::Adopt, 98);
    assert_eq!(Comparison::looks_up(&adopt, &intended(1, 91)), [91, 98]);
    let unknown = Intended {
        number: None,
        ..intended(1, 91)
    };
    assert_eq!(Comparison::looks_up(&adopt, &unknown), [98]);
    assert_eq!(Comparison::looks_up(&adopt, &intended(1, 98)), [98]);
    assert_eq!(
        Comparison::looks_up(&finding(What::Move, 91), &intended(1, 91)),
        [91]
    );
}

#[test]
fn an_orphan_is_none_any_more_once_a_row_knows_it_or_it_runs() {
    let row = intended(1, 91);
    let stray = twin(&row, 98).found;
    let comparison = begun();
    assert!(comparison.is_orphan(&[], &stray, now()));
    let taken = Intended {
        number: Some(98),
        ..row.clone()
    };
    assert!(!comparison.is_orphan(&[taken], &stray, now()));
    let sought = Intended {
        number: None,
        ..row
    };
    assert!(!comparison.is_orphan(&[sought], &stray, now()));
    let running = Found {
        is_started: true,
        ..stray
    };
    assert!(!comparison.is_orphan(&[], &running, now()));
}

fn finding(what: What, number: i64) -> Finding {
    Finding {
        what,
        of: Some((1, 1)),
        number,
        settings: Vec::new(),
    }
}

/// A visit with its meeting, its row, and what Zoom shows of it.
fn made() -> (Visit, Intended, Found, Known) {
    let visit = World::default().made(confirmed(), 91);
    let serving = visit.serving().unwrap();
    let row = Intended {
        version: visit.row().version,
        reference: serving.reference.clone(),
        ..intended(1, 91)
    };
    let known = serving.known.clone().unwrap();
    let found = shown(&row).found;
    (visit, row, found, known)
}

fn second(
    what: What,
    number: i64,
    change: impl FnOnce(&mut Intended, &mut Found, &mut Known),
) -> Option<Visit> {
    let (visit, mut row, mut found, mut known) = made();
    change(&mut row, &mut found, &mut known);
    let finding = finding(what, number);
    visit.compared(
        (&begun(), &finding),
        &row,
        Some((&found, known)),
        &Policies::default(),
        later(1),
    )
}

#[test]
fn what_is_as_wanted_at_the_second_look_is_left_alone() {
    for what in What::ALL {
        assert!(second(what, 91, |_, _, _| {}).is_none(), "{what:?}");
    }
}

#[test]
fn a_finding_of_a_visit_that_has_changed_meanwhile_comes_to_nothing() {
    let moved = |found: &mut Found, known: &mut Known| {
        found.minutes = 45;
        known.slot = None;
    };
    let now_moved = second(What::Move, 91, |_, found, known| moved(found, known)).unwrap();
    assert_eq!(now_moved.state(), State::Updating);
    let another = second(What::Move, 91, |row, found, known| {
        moved(found, known);
        row.version -= 1;
    });
    assert!(another.is_none());
    let busy = second(What::Move, 91, |row, found, known| {
        moved(found, known);
        row.changed_at = now();
    });
    assert!(busy.is_none());
}

#[test]
fn what_is_known_to_be_elsewhere_and_waits_is_tried_again() {
    let moved = second(What::Move, 91, |_, found, known| {
        found.minutes = 45;
        known.slot = None;
    });
    let mut waiting = stored(moved.unwrap());
    let serving = waiting.meetings.first_mut().unwrap();
    (serving.tries, serving.due_at) = (3, Some(now().after(3_600)));
    let (_, row, found, known) = made();
    let row = Intended {
        version: waiting.row().version,
        state: State::Updating,
        ..row
    };
    let found = Found {
        minutes: 45,
        ..found
    };
    let known = Known {
        slot: None,
        ..known
    };
    let again = waiting.compared(
        (&begun(), &finding(What::Move, 91)),
        &row,
        Some((&found, known)),
        &Policies::default(),
        later(1),
    );
    let serving = again.as_ref().and_then(Visit::serving).cloned().unwrap();
    assert_eq!((serving.tries, serving.due_at), (0, None));
}

#[test]
fn a_meeting_that_is_gone_is_made_anew_or_taken_from_its_place() {
    let (visit, row, ..) = made();
    let gone = |visit: Visit, what| {
        visit.compared(
            (&begun(), &finding(what, 91)),
            &row,
            None,
            &Policies::default(),
            later(1),
        )
    };
    let lost = stored(gone(visit.clone(), What::Recreate).unwrap());
    assert_eq!(World::default().exchange(&lost).generation, 2);
    for what in [What::Adopt, What::Move, What::Relink, What::Restore] {
        assert!(gone(visit.clone(), what).is_none(), "{what:?}");
    }
    let replaced = second(What::Adopt, 98, |_, found, known| {
        found.meeting_id = 98;
        known.number = 98;
    });
    let replaced = replaced.unwrap();
    assert_eq!(replaced.serving().unwrap().number(), Some(98));
}

#[test]
fn another_link_is_taken_over_and_settings_are_put_back() {
    let relinked = second(What::Relink, 91, |_, _, known| {
        known.join_url = Some("https://zoom.us/j/91?pwd=new".to_owned());
    });
    let known = relinked.unwrap().serving().unwrap().known.clone().unwrap();
    assert_eq!(
        known.join_url.as_deref(),
        Some("https://zoom.us/j/91?pwd=new")
    );
    let opened = second(What::Restore, 91, |row, found, known| {
        row.overridden = vec!["auto_recording".to_owned()];
        found.overridden = vec!["auto_recording".to_owned(), "waiting_room".to_owned()];
        known.overridden = found.overridden.clone();
    });
    assert_eq!(
        opened.unwrap().serving().unwrap().to_restore,
        ["waiting_room"],
        "what the account does not let go is not tried again"
    );
}

#[test]
fn each_kind_of_difference_is_found_by_its_name() {
    for what in What::ALL {
        assert_eq!(What::named(what.name()), Some(what));
    }
    assert_eq!(What::named("create"), None);
}

proptest! {
    /// Whatever is shown, in whatever pages: nothing is deleted that a row knows, or that may be the one of a visit that somebody is at
    /// work on; each meeting and each visit is treated once.
    #[test]
    fn what_serves_is_never_deleted_and_nothing_is_treated_twice(
        visits in proptest::collection::vec((0_u8..4, any::<bool>(), any::<bool>()), 0..8), page in 1_usize..5,
    ) {
        let mut rows = Vec::new();
        let mut listed = Vec::new();
        for (index, (shows, is_busy, is_known)) in visits.iter().enumerate() {
            let visit = i64::try_from(index).unwrap() + 1;
            let row = Intended {
                number: is_known.then_some(100 + visit),
                changed_at: if *is_busy { now() } else { now().before(900) },
                ..intended(visit, 100 + visit)
            };
            if *is_known && shows & 1 == 1 {
                listed.push(shown(&row));
            }
            if shows & 2 == 2 {
                listed.push(twin(&row, 200 + visit));
            }
            rows.push(row);
        }
        let comparison = compared(&rows, &listed, page);
        let findings = comparison.findings();
        for (place, one) in findings.iter().enumerate() {
            prop_assert!(findings.iter().skip(place + 1).all(|other| {
                one.number != other.number && (one.of.is_none() || one.of != other.of)
            }), "{:?}", findings);
            let row = rows.iter().find(|row| [100, 200].contains(&(one.number - row.visit))).unwrap();
            let has_its_own = row.number.is_some_and(|number| listed.iter().any(|one| one.found.meeting_id == number));
            prop_assert!(!comparison.is_busy(row) || (one.what == What::Delete && has_its_own), "{:?}", findings);
            prop_assert!(one.what != What::Delete || row.number != Some(one.number), "{:?}", findings);
        }
    }
}
