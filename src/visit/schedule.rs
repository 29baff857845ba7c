//! When something is tried again, and how much of a host's day may be used. Pure; the counters themselves are the caller's.
//!
//! Zoom lets each host create and change a hundred meetings a UTC day. Ten are kept for visits that begin before the day ends,
//! and of the rest one patient gets a share.

use jiff::SignedDuration;
use jiff::Timestamp;

use super::Seconds;
use super::problem::Failure;

/// What Zoom lets each host create and change in a UTC day.
pub const WRITES_PER_DAY: u32 = 100;
/// So many of them are kept for visits that begin before the day ends.
pub const KEPT_FOR_TODAY: u32 = 10;
/// In an outage Zoom is tried by one at a time, so often,
pub const TRY_SECONDS: i64 = 60;
/// and sooner by somebody who waits.
pub const TRY_SECONDS_AWAITED: i64 = 5;
/// So many exchanges in a row that were lost are an outage.
pub const MOST_LOST: u32 = 3;
/// A creation whose answer did not come in time may be carried out so long after.
pub const SETTLE_SECONDS: i64 = 61;
/// Whoever carries an exchange out gives up after so long: until then the creation may wait to be sent, and nobody knows for how
/// long it did where the process has died.
pub const CALL_SECONDS: i64 = 25;
const DAY_SECONDS: i64 = 86_400;
/// A new day begins so much late, for our clock may be ahead of Zoom's. The Zoom core reckons likewise.
const LATE_SECONDS: i64 = 10;
/// Between tries at what passes by itself.
const FIRST_SECONDS: i64 = 60;
const LONGEST_SECONDS: i64 = 3_600;
/// Between tries at what a person must mend, who wakes the visits when it is mended.
const FIRST_SECONDS_PERSON: i64 = 300;
const LONGEST_SECONDS_PERSON: i64 = 6 * 3_600;
const SHORTEST_SECONDS: i64 = 30;
/// While the visit should be running, people wait.
const BEGUN_SECONDS: i64 = 60;
/// What a limit of the second may name; more is for the day.
const MOMENT_SECONDS: i64 = 60;

/// When an input comes, and a random number for what must not come all at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Moment {
    /// Now.
    pub now: Timestamp,
    /// A random number.
    pub chance: u32,
}

/// The day of Zoom's counters that `now` belongs to: days since 1970.
#[must_use]
pub fn day(now: Timestamp) -> i64 {
    now.before(LATE_SECONDS).as_second().div_euclid(DAY_SECONDS)
}

/// A day of Zoom's counters as a date, `2026-12-01`.
#[must_use]
pub fn day_text(day: i64) -> String {
    let begins = Timestamp::from_second(day.saturating_mul(DAY_SECONDS));
    begins.unwrap_or_default().strftime("%Y-%m-%d").to_string()
}

/// When the next day of Zoom's counters begins.
#[must_use]
pub fn next_day(now: Timestamp) -> Timestamp {
    let begins = (day(now) + 1) * DAY_SECONDS + LATE_SECONDS;
    Timestamp::from_second(begins).unwrap_or(Timestamp::MAX)
}

/// How many of the host's writes of the day may be used up by a visit that starts then.
#[must_use]
pub fn most_writes(start: Timestamp, now: Timestamp) -> u32 {
    if start < next_day(now) {
        WRITES_PER_DAY
    } else {
        WRITES_PER_DAY - KEPT_FOR_TODAY
    }
}

/// How many of the host's writes of the day one patient's visits may use up: twice the share where one begins before its end.
#[must_use]
pub fn most_of_patient(share: u32, start: Timestamp, now: Timestamp) -> u32 {
    if start < next_day(now) {
        share.saturating_mul(2)
    } else {
        share
    }
}

/// Until when a refusal stops all writes of the host; `None` for one of a moment.
#[must_use]
pub fn blocked_until(failure: &Failure, now: Timestamp) -> Option<Timestamp> {
    failure.retry_at.filter(|until| {
        failure.kind == crate::zoom::Kind::RateLimit && *until > now.after(MOMENT_SECONDS)
    })
}

/// When an exchange that failed is tried again: soon at first, then more rarely, and never so late that the visit begins
/// meanwhile, except when Zoom names a later moment. `tries` have failed before.
#[must_use]
pub fn next_try(failure: &Failure, tries: u32, start: Option<Timestamp>, at: Moment) -> Timestamp {
    if let (true, Some(retry_at)) = (failure.only_waits(), failure.retry_at) {
        return retry_at.max(at.now.after(1));
    }
    match failure.retry_at {
        // Who says 'in a second' each time is asked ever more rarely.
        Some(named) => {
            let wait = shortened(doubled(1, LONGEST_SECONDS, tries), start, at.now);
            named.max(at.now.after(wait))
        }
        None => next_try_of(failure.problem.passes, tries, start, at),
    }
}

/// The same for what Zoom was not asked about.
#[must_use]
pub fn next_try_of(passes: bool, tries: u32, start: Option<Timestamp>, at: Moment) -> Timestamp {
    let (first, longest) = if passes {
        (FIRST_SECONDS, LONGEST_SECONDS)
    } else {
        (FIRST_SECONDS_PERSON, LONGEST_SECONDS_PERSON)
    };
    let wait = shortened(doubled(first, longest, tries), start, at.now);
    // Many that failed together do not come back together.
    let spread = i64::from(at.chance % 41) + 80;
    at.now.after((wait * spread / 100).max(1))
}

fn doubled(first: i64, longest: i64, tries: u32) -> i64 {
    first.saturating_mul(1 << tries.min(16)).min(longest)
}

fn shortened(wait: i64, start: Option<Timestamp>, now: Timestamp) -> i64 {
    let Some(start) = start else { return wait };
    let left = start.duration_since(now);
    let most = if left > SignedDuration::ZERO {
        (left.as_secs() / 10).max(SHORTEST_SECONDS)
    } else {
        BEGUN_SECONDS
    };
    wait.min(most)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use proptest::prelude::*;

    use super::*;
    use crate::visit::testing::failure;
    use crate::visit::testing::later;
    use crate::visit::testing::now;
    use crate::zoom::Kind;

    fn seconds(at: Timestamp, from: Timestamp) -> i64 {
        at.duration_since(from).as_secs()
    }

    #[test]
    fn zooms_day_turns_ten_seconds_after_midnight() {
        let of = |text: &str| day(text.parse().unwrap());
        assert_eq!(of("2026-11-25T00:00:09Z"), of("2026-11-24T12:00:00Z"));
        assert_eq!(of("2026-11-25T00:00:10Z"), of("2026-11-24T12:00:00Z") + 1);
        assert_eq!(next_day(now()).to_string(), "2026-11-25T00:00:10Z");
        assert_eq!(day_text(day(now())), "2026-11-24");
        let turn = next_day(now());
        assert!(day(turn) == day(now()) + 1 && next_day(turn) > turn);
    }

    #[test]
    fn ten_writes_are_kept_for_visits_of_the_day() {
        let midnight = next_day(now());
        assert_eq!(most_writes(midnight.before(1), now()), 100);
        assert_eq!(most_writes(midnight, now()), 90);
        assert_eq!(most_of_patient(25, midnight.before(1), now()), 50);
        assert_eq!(most_of_patient(25, midnight, now()), 25);
    }

    #[test]
    fn it_is_tried_soon_at_first_and_then_more_rarely() {
        let next_week = Some(now().after(7 * 86_400));
        let waits = |passes: bool, tries: u32| {
            let at = Moment {
                now: now(),
                chance: 20,
            };
            seconds(next_try_of(passes, tries, next_week, at), now())
        };
        assert_eq!(
            [0, 1, 2, 5, 6, 40].map(|tries| waits(true, tries)),
            [60, 120, 240, 1_920, 3_600, 3_600]
        );
        assert_eq!(
            [0, 1, 2, 6, 7, 40].map(|tries| waits(false, tries)),
            [300, 600, 1_200, 19_200, 21_600, 21_600]
        );
        let spread = |chance| {
            seconds(
                next_try_of(true, 0, None, Moment { now: now(), chance }),
                now(),
            )
        };
        assert_eq!((spread(0), spread(40)), (48, 72));
    }

    #[test]
    fn a_visit_is_not_begun_without_a_try() {
        let in_ten_minutes = Some(now().after(600));
        assert_eq!(
            seconds(next_try_of(false, 9, in_ten_minutes, later(0)), now()),
            60
        );
        let in_a_minute = Some(now().after(60));
        assert_eq!(
            seconds(next_try_of(false, 9, in_a_minute, later(0)), now()),
            30
        );
        let begun = Some(now().before(300));
        assert_eq!(seconds(next_try_of(false, 9, begun, later(0)), now()), 60);
    }

    #[test]
    fn what_zoom_names_is_kept_and_who_repeats_it_is_asked_ever_more_rarely() {
        let mut limit = failure(Kind::RateLimit, false);
        limit.retry_at = Some(now().after(1));
        assert_eq!(seconds(next_try(&limit, 0, None, later(0)), now()), 1);
        assert_eq!(seconds(next_try(&limit, 6, None, later(0)), now()), 64);
        limit.retry_at = Some(now().after(50_000));
        assert_eq!(
            seconds(next_try(&limit, 0, Some(now().after(600)), later(0)), now()),
            50_000
        );
        assert_eq!(blocked_until(&limit, now()), limit.retry_at);
        limit.retry_at = Some(now().after(60));
        assert_eq!(blocked_until(&limit, now()), None, "a limit of the second");
    }

    #[test]
    fn what_only_waits_for_an_earlier_attempt_is_tried_at_its_moment() {
        let mut unsettled = failure(Kind::Transport, true);
        unsettled.retry_at = Some(now().after(40));
        assert_eq!(seconds(next_try(&unsettled, 9, None, later(0)), now()), 40);
        assert_eq!(seconds(next_try(&unsettled, 9, None, later(50)), now()), 51);
        assert_eq!(blocked_until(&unsettled, now()), None);
    }

    proptest! {
        #[test]
        fn a_new_try_lies_ahead_and_within_bounds(
            passes: bool, tries: u32, chance: u32, starts_in in proptest::option::of(-100_000_i64..10_000_000),
            names in proptest::option::of(-100_000_i64..100_000), kind in prop_oneof![Just(Kind::RateLimit), Just(Kind::Transport), Just(Kind::Api)],
        ) {
            let at = Moment { now: now(), chance };
            let mut failed = failure(kind, false);
            failed.problem.passes = passes;
            failed.retry_at = names.map(|seconds| now().after(seconds));
            let next = next_try(&failed, tries, starts_in.map(|seconds| now().after(seconds)), at);
            let most = now().after(6 * 3_600 * 12 / 10).max(failed.retry_at.unwrap_or(now()));
            prop_assert!(next > now() && next <= most, "{}", next);
        }

        #[test]
        fn a_visit_that_has_begun_is_tried_every_minute(passes: bool, tries: u32, chance: u32, begun in 0_i64..7_200) {
            let next = next_try_of(passes, tries, Some(now().before(begun)), Moment { now: now(), chance });
            prop_assert!(seconds(next, now()) <= 72);
        }
    }

    #[test]
    fn what_begins_now_is_tried_every_minute() {
        assert_eq!(shortened(7_200, Some(now()), now()), BEGUN_SECONDS);
        assert_eq!(
            shortened(7_200, Some(now().after(1)), now()),
            SHORTEST_SECONDS
        );
        assert_eq!(shortened(7_200, Some(now().after(3_600)), now()), 360);
        assert_eq!(shortened(7_200, None, now()), 7_200);
    }
}
