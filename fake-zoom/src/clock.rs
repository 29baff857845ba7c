//! The virtual clock: real time plus an offset that the control API moves.

use jiff::{SignedDuration, Timestamp};

/// Real time plus an offset. Every lifetime, limit per day and `Date` header goes by it.
#[derive(Debug, Default)]
pub struct Clock {
    offset: SignedDuration,
}

impl Clock {
    pub fn now(&self) -> Timestamp {
        Timestamp::now()
            .checked_add(self.offset)
            .unwrap_or(Timestamp::MAX)
    }

    pub fn offset_seconds(&self) -> i64 {
        self.offset.as_secs()
    }

    /// Moves the clock by `seconds`; `false` when that leaves the range of representable times.
    pub fn advance(&mut self, seconds: i64) -> bool {
        let Some(offset) = self.offset.checked_add(SignedDuration::from_secs(seconds)) else {
            return false;
        };
        let fits = Timestamp::now().checked_add(offset).is_ok();
        if fits {
            self.offset = offset;
        }
        fits
    }

    pub fn set(&mut self, to: Timestamp) {
        self.offset = to.duration_since(Timestamp::now());
    }
}

/// `seconds` after `at`, held at the end of time.
pub fn after(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

/// The form in which Zoom writes every time: UTC, `Z`, no fractions.
pub fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The form of the `Date` header.
pub fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The UTC day of `at`, by which daily limits count.
pub fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
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
    fn moves_and_sets() {
        let mut clock = Clock::default();
        assert!(clock.advance(7200));
        assert_eq!(clock.offset_seconds(), 7200);
        assert!(!clock.advance(i64::MAX));
        assert_eq!(clock.offset_seconds(), 7200);
        clock.set("2030-01-01T00:00:00Z".parse().unwrap());
        assert!(utc(clock.now()).starts_with("2030-01-01T00:00:0"));
    }
}
