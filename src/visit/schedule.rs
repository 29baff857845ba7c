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
/// A creation whose answer did not come in time may be carried out so long after.
pub const SETTLE_SECONDS: i64 = 61;
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
