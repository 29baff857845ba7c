#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use proptest::prelude::*;

use super::super::Seconds as _;
use super::super::SourceMail;
use super::super::State;
use super::super::WishKind;
use super::super::meeting::Role;
use super::super::notice::About;
use super::super::notice::Fate;
use super::super::testing::*;
use super::*;

fn policies() -> Policies {
    Policies::default()
}

fn booked() -> Visit {
    stored(Visit::booked("kivicare", "7", DOCTOR, next_week(), now()).unwrap())
}

fn off(visit: &Visit) -> Standing {
    Standing {
        takes_place: false,
        ..standing(visit)
    }
}

#[test]
fn a_booking_is_acted_upon_when_it_is_seen_committed() {
    let visit = booked();
    assert_eq!(
        visit.row().pending,
        Some((Pending::Wish(WishKind::Book), now()))
    );
    let seen = visit
        .clone()
        .confirm(Some(&standing(&visit)), false, &policies(), later(1));
    assert!(seen.row().pending.is_none() && seen.row().was_seen);
    assert_eq!(seen.row().version, visit.row().version + 1);
    let again = stored(seen.clone()).confirm(Some(&standing(&visit)), false, &policies(), later(2));
    assert!(!again.has_changes(), "{:?}", again.changes());
}

#[test]
fn a_booking_that_was_rolled_back_has_never_been() {
    let visit = booked();
    let early = visit
        .clone()
        .confirm(None, false, &policies(), later(15 * 60 - 1));
    assert!(!early.has_changes(), "its transaction may still be open");
    for (is_final, seconds) in [(true, 0), (false, 15 * 60)] {
        let gone = visit
            .clone()
            .confirm(None, is_final, &policies(), later(seconds));
        assert!(gone.changes().forgets);
    }
}

#[test]
fn what_changes_behind_our_back_is_doubted_first() {
    let visit = confirmed();
    for standing in [None, Some(off(&visit))] {
        let doubted = stored(visit.clone().confirm(
            standing.as_ref(),
            false,
            &policies(),
            later(0),
        ));
        assert_eq!(doubted.row().pending, Some((Pending::Doubt, now())));
        let early = doubted
            .clone()
            .confirm(standing.as_ref(), false, &policies(), later(44));
        assert!(!early.has_changes());
        let believed = doubted
            .clone()
            .confirm(standing.as_ref(), false, &policies(), later(45));
        assert_eq!(believed.state(), State::Cancelled);
        assert!(believed.row().pending.is_none());
        let harmless = doubted.confirm(Some(&visit.own_standing()), false, &policies(), later(45));
        assert!(harmless.row().takes_place && harmless.row().pending.is_none());
        assert_eq!(harmless.row().sequence, visit.row().sequence);
    }
}

#[test]
fn a_move_that_was_rolled_back_is_undone_and_told_to_nobody() {
    let world = World::default();
    let (visit, _) = world.send_all(world.made(confirmed(), 91));
    let stands = standing(&visit);
    let moved = stored(visit.wish(Wish::Reschedule(slot("2026-12-02T09:00:00Z")), later(0)));
    assert_eq!(moved.state(), State::Updating);
    let undone = moved.confirm(Some(&stands), true, &policies(), later(1));
    assert_eq!(undone.state(), State::Made);
    assert!(
        undone.notices().iter().all(|notice| !notice.is_open()),
        "{:?}",
        undone.notices()
    );
}

#[test]
fn what_the_appointment_system_has_mailed_itself_is_not_mailed_again() {
    let visit = booked();
    let mail = SourceMail {
        is_off: false,
        doctor: DOCTOR,
        sequence: visit.row().sequence,
    };
    let stands = Standing {
        mails: vec![mail],
        ..standing(&visit)
    };
    let visit = stored(visit.confirm(Some(&stands), true, &policies(), later(1)));
    assert!(visit.notices().is_empty());
    let stands = Standing {
        takes_place: false,
        mails: vec![
            mail,
            SourceMail {
                is_off: true,
                doctor: DOCTOR,
                sequence: 9,
            },
        ],
        ..standing(&visit)
    };
    let cancelled = stored(visit.wish(Wish::Cancel, later(9)).confirm(
        Some(&stands),
        true,
        &policies(),
        later(10),
    ));
    assert!(cancelled.notices().is_empty(), "{:?}", cancelled.notices());
}

#[test]
fn who_was_mailed_both_by_the_appointment_system_is_told_what_stands() {
    let visit = booked();
    let mails = vec![
        SourceMail {
            is_off: false,
            doctor: DOCTOR,
            sequence: visit.row().sequence,
        },
        SourceMail {
            is_off: true,
            doctor: DOCTOR,
            sequence: visit.row().sequence,
        },
    ];
    let stands = Standing {
        mails,
        ..standing(&visit)
    };
    let on = visit
        .clone()
        .confirm(Some(&stands), true, &policies(), later(1));
    let about = |visit: &Visit| {
        visit
            .notices()
            .iter()
            .map(|notice| (notice.to, notice.about))
            .collect::<Vec<_>>()
    };
    let (patient, doctor) = (Recipient::Patient, Recipient::Doctor(DOCTOR));
    assert_eq!(
        about(&on),
        [(patient, About::Booked), (doctor, About::Booked)]
    );
    let stands = Standing {
        takes_place: false,
        ..stands
    };
    let off = visit.confirm(Some(&stands), true, &policies(), later(1));
    assert_eq!(
        about(&off),
        [(patient, About::Cancelled), (doctor, About::Cancelled)]
    );
}

#[test]
fn a_mail_that_says_off_of_a_visit_that_takes_place_is_set_right() {
    let world = World::default();
    let (visit, _) = world.send_all(confirmed());
    let stands = Standing {
        mails: vec![SourceMail {
            is_off: true,
            doctor: DOCTOR,
            sequence: visit.row().sequence,
        }],
        ..standing(&visit)
    };
    let visit = stored(visit.confirm(Some(&stands), false, &policies(), later(60)));
    let (_, sent) = World::at(later(60).now).send_all(visit);
    assert_eq!(
        people(&sent),
        [
            (Recipient::Patient, About::Booked),
            (Recipient::Doctor(DOCTOR), About::Booked)
        ]
    );
}

/// One of what can be wished.
fn wishes() -> impl Strategy<Value = Wish> {
    let slots = prop_oneof![
        Just(next_week()),
        Just(slot("2026-12-02T11:30:00Z")),
        Just(slot("2026-12-09T07:00:00Z"))
    ];
    prop_oneof![
        (5_u64..8, slots.clone()).prop_map(|(doctor, slot)| Wish::Book { doctor, slot }),
        slots.prop_map(Wish::Reschedule),
        (5_u64..8).prop_map(Wish::Reassign),
        Just(Wish::Cancel),
        Just(Wish::Recreate),
    ]
}

proptest! {
    #[test]
    fn standing_beats_wish(wishes in proptest::collection::vec(wishes(), 0..6), made: bool, takes_place: bool, doctor in 5_u64..8) {
        let world = World::default();
        let mut visit = if made { world.made(confirmed(), 91) } else { confirmed() };
        for (seconds, wish) in (0..).zip(wishes) {
            visit = stored(visit.wish(wish, later(seconds)));
        }
        let stands = Standing { takes_place, doctor, start: next_week().start, minutes: 30, timezone: "Europe/Berlin".to_owned(), mails: Vec::new() };
        let visit = stored(visit.confirm(Some(&stands), true, &policies(), later(60)));
        prop_assert_eq!(visit.row().takes_place, takes_place);
        prop_assert!(visit.row().pending.is_none());
        if takes_place {
            prop_assert_eq!(visit.row().doctor, doctor);
            prop_assert_eq!(&visit.row().slot, &next_week());
        }
        prop_assert!(visit.meetings().iter().filter(|meeting| meeting.role == Role::Serves).count() <= 1);
        // And once it is told, nobody hears of it again.
        let (visit, _) = World::at(later(3_600).now).send_all(visit);
        prop_assert!(visit.notices().is_empty(), "{:?}", visit.notices());
        let again = visit.confirm(Some(&stands), true, &policies(), later(3_700));
        prop_assert!(!again.has_changes(), "{:?}", again.changes());
    }

    #[test]
    fn a_wish_repeated_is_the_wish_once(before in proptest::collection::vec(wishes(), 0..4), wish in wishes()) {
        let mut visit = confirmed();
        for wish in before {
            visit = stored(visit.wish(wish, later(0)));
        }
        let once = stored(visit.wish(wish.clone(), later(1)));
        let twice = once.clone().wish(wish.clone(), later(2));
        if wish != Wish::Recreate {
            prop_assert!(!twice.has_changes(), "{:?}", twice.changes());
        }
        prop_assert_eq!(twice.state(), once.state());
        prop_assert_eq!(&twice.row().slot, &once.row().slot);
    }

    #[test]
    fn sequences_and_generations_never_fall(wishes in proptest::collection::vec((wishes(), any::<bool>(), 0_i64..1_000_000), 0..8)) {
        let world = World::default();
        let mut visit = world.made(confirmed(), 91);
        for (wish, settles, jump) in wishes {
            let before = (visit.row().sequence, visit.row().generation, visit.row().version);
            // Also with a clock that goes back.
            let at = at(now().before(500_000).after(jump));
            visit = visit.wish(wish, at);
            if settles {
                visit = visit.settled(&policies(), at);
            }
            visit = stored(visit);
            let after = (visit.row().sequence, visit.row().generation, visit.row().version);
            prop_assert!(after.0 >= before.0 && after.1 >= before.1 && after.2 >= before.2);
        }
    }
}

#[test]
fn a_doctor_who_was_mailed_by_the_system_before_another_took_over_is_released() {
    let booked = Visit::booked("kivicare", "7", DOCTOR, next_week(), now()).unwrap();
    let mail = |visit: &Visit| SourceMail {
        is_off: false,
        doctor: visit.row().doctor,
        sequence: visit.row().sequence,
    };
    let first = mail(&booked);
    let visit = booked.wish(Wish::Reassign(6), later(1));
    let stands = Standing {
        mails: vec![first, mail(&visit)],
        ..standing(&visit)
    };
    let visit = visit.confirm(Some(&stands), true, &Policies::default(), later(2));
    let told: Vec<_> = visit
        .notices()
        .iter()
        .map(|notice| (notice.to, notice.about))
        .collect();
    assert_eq!(
        told,
        [
            (Recipient::Patient, About::Booked),
            (Recipient::Doctor(DOCTOR), About::Released)
        ],
        "the second doctor's only e-mail says what stands"
    );
}

#[test]
fn an_email_of_ours_that_crossed_one_of_the_systems_is_set_right() {
    let policies = Policies::default();
    let visit = confirmed();
    let notice = visit
        .notices()
        .iter()
        .find(|notice| notice.to == Recipient::Patient)
        .unwrap()
        .id;
    let (visit, _) = visit.send(notice, &policies, at(now()));
    let visit = visit.wish(Wish::Cancel, later(1));
    let mail = SourceMail {
        is_off: true,
        doctor: DOCTOR,
        sequence: visit.row().sequence,
    };
    let visit = stored(visit).delivered(notice, Fate::Sent, &policies, later(2));
    let stands = Standing {
        mails: vec![mail],
        ..off(&visit)
    };
    let visit = stored(visit).confirm(Some(&stands), true, &policies, later(3));
    let told: Vec<_> = visit
        .notices()
        .iter()
        .filter(|notice| notice.is_open())
        .map(|notice| (notice.to, notice.about))
        .collect();
    assert_eq!(told, [(Recipient::Patient, About::Cancelled)]);
}

#[test]
fn a_wish_waits_a_quarter_of_an_hour_for_the_end_of_its_transaction() {
    let booked = Visit::booked("kivicare", "7", DOCTOR, next_week(), now()).unwrap();
    assert_eq!(booked.believed_at(), Some(later(900).now));
    assert_eq!(confirmed().believed_at(), None, "nothing is pending");
}

#[test]
fn a_visit_that_is_off_needs_no_appointment_whether_or_not_anybody_was_told() {
    let world = World::default();
    let (told, _) = world.send_all(confirmed());
    for visit in [confirmed(), told] {
        let off = settled(visit, Wish::Cancel, later(1));
        let after = off
            .clone()
            .confirm(None, false, &world.policies, later(1_000));
        assert_eq!(after, off);
    }
}
