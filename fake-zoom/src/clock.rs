//! The one clock: real time plus an offset in the program, a time that stands until it is told in the library.
//!
//! Nothing else in this crate asks the system for the time.

use std::time::Instant;

use jiff::civil::Date;
use jiff::fmt::{rfc2822, temporal};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// What time it is at this Zoom. Every lifetime, every limit and the `Date` header go by it.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Real {
        started: Instant,
        offset: SignedDuration,
    },
    Virtual {
        began: Timestamp,
        now: Timestamp,
    },
}

impl Clock {
    /// Real time, with an offset that the control API moves.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where real time comes from"
    )]
    pub fn real() -> Self {
        Self(Kind::Real {
            started: Instant::now(),
            offset: SignedDuration::ZERO,
        })
    }

    /// Stands at `now` until it is moved.
    pub fn standing_at(now: Timestamp) -> Self {
        Self(Kind::Virtual { began: now, now })
    }

    /// The clock as it was at first: real time, or the time at which it stood.
    pub fn reset(&self) -> Self {
        match self.0 {
            Kind::Real { .. } => Self::real(),
            Kind::Virtual { began, .. } => Self::standing_at(began),
        }
    }

    pub fn now(&self) -> Timestamp {
        match self.0 {
            Kind::Real { offset, .. } => real_time().checked_add(offset).unwrap_or(Timestamp::MAX),
            Kind::Virtual { now, .. } => now,
        }
    }

    /// The number of the second in which limits per second count. In the program these are seconds of real time, which
    /// an offset does not move.
    pub fn second(&self) -> i64 {
        match &self.0 {
            Kind::Real { started, .. } => {
                i64::try_from(started.elapsed().as_secs()).unwrap_or(i64::MAX)
            }
            Kind::Virtual { now, .. } => now.as_second(),
        }
    }

    /// How far the clock was moved.
    pub fn offset_seconds(&self) -> i64 {
        match self.0 {
            Kind::Real { offset, .. } => offset.as_secs(),
            Kind::Virtual { began, now } => now.duration_since(began).as_secs(),
        }
    }

    /// Moves the clock; `false`, and nothing moves, when that leaves the range of representable times.
    pub fn advance(&mut self, by: SignedDuration) -> bool {
        let moved = match &mut self.0 {
            Kind::Real { offset, .. } => offset
                .checked_add(by)
                .filter(|to| real_time().checked_add(*to).is_ok())
                .map(|to| *offset = to),
            Kind::Virtual { now, .. } => now.checked_add(by).ok().map(|to| *now = to),
        };
        moved.is_some()
    }

    pub fn set(&mut self, to: Timestamp) {
        match &mut self.0 {
            Kind::Real { offset, .. } => *offset = to.duration_since(real_time()),
            Kind::Virtual { now, .. } => *now = to,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where real time comes from"
)]
fn real_time() -> Timestamp {
    Timestamp::now()
}

/// `seconds` after `at`, held at the end of time.
pub fn after(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

/// The form in which Zoom writes every time: UTC, `Z`, no fractions.
pub fn utc(at: Timestamp) -> String {
    static PRINTER: temporal::DateTimePrinter = temporal::DateTimePrinter::new().precision(Some(0));
    PRINTER.timestamp_to_string(&at)
}

/// The form of the `Date` header.
pub fn http_date(at: Timestamp) -> String {
    static PRINTER: rfc2822::DateTimePrinter = rfc2822::DateTimePrinter::new();
    PRINTER.timestamp_to_rfc9110_string(&at).unwrap_or_default()
}

/// The UTC day of `at`, by which daily limits count.
pub fn day(at: Timestamp) -> Date {
    at.to_zoned_datetime(TimeZone::UTC).date()
}

/// The next 00:00 UTC after `at`, in Zoom's form.
pub fn next_midnight(at: Timestamp) -> String {
    format!("{}T00:00:00Z", day(after(at, 86_400)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_times_as_zoom_does() {
        let at: Timestamp = "2026-11-24T23:59:59.75Z".parse().unwrap();
        assert_eq!(utc(at), "2026-11-24T23:59:59Z");
        assert_eq!(http_date(at), "Tue, 24 Nov 2026 23:59:59 GMT");
        assert_eq!(next_midnight(at), "2026-11-25T00:00:00Z");
    }

    #[test]
    fn real_time_is_moved_by_an_offset() {
        let mut clock = Clock::real();
        let hours = SignedDuration::from_hours;
        assert!(clock.advance(hours(2)));
        assert_eq!(clock.offset_seconds(), 7200);
        assert!(!clock.advance(SignedDuration::MAX));
        assert_eq!(clock.offset_seconds(), 7200);
        clock.set("2030-01-01T00:00:00Z".parse().unwrap());
        assert!(utc(clock.now()).starts_with("2030-01-01T00:00:0"));
        assert_eq!(clock.second(), 0, "no offset moves the second of limits");
        assert_eq!(clock.reset().offset_seconds(), 0);
    }

    #[test]
    fn virtual_time_stands_until_it_is_told() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let began = at("2026-11-24T09:00:00.25Z");
        let mut clock = Clock::standing_at(began);
        assert_eq!((clock.now(), clock.offset_seconds()), (began, 0));
        let second = clock.second();
        assert!(clock.advance(SignedDuration::from_millis(750)));
        assert_eq!(clock.now(), at("2026-11-24T09:00:01Z"));
        assert_eq!(clock.second(), second + 1);
        assert!(!clock.advance(SignedDuration::MAX));
        clock.set(at("2026-11-23T09:00:00Z"));
        assert_eq!(clock.now(), at("2026-11-23T09:00:00Z"));
        assert_eq!(clock.reset().now(), began);
    }
}
