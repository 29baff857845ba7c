//! Arithmetic on moments that ends at the ends of time instead of failing.

use jiff::SignedDuration;
use jiff::Timestamp;

/// Whole seconds, beside a moment.
pub trait Seconds {
    /// So many seconds later.
    #[must_use]
    fn after(self, seconds: i64) -> Self;
    /// So many seconds sooner.
    #[must_use]
    fn before(self, seconds: i64) -> Self;
    /// The whole second that it is, or else the next: rows keep no less.
    #[must_use]
    fn rounded_up(self) -> Self;
}

impl Seconds for Timestamp {
    fn after(self, seconds: i64) -> Self {
        self.checked_add(SignedDuration::from_secs(seconds))
            .unwrap_or(if seconds > 0 { Self::MAX } else { Self::MIN })
    }

    fn before(self, seconds: i64) -> Self {
        self.after(seconds.saturating_neg())
    }

    fn rounded_up(self) -> Self {
        self.round((jiff::Unit::Second, 1)).map_or(self, |whole| {
            if whole < self { whole.after(1) } else { whole }
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    #[test]
    fn rounding_up_never_comes_too_soon() {
        for (text, rounded) in [
            ("2026-12-01T09:00:00Z", "2026-12-01T09:00:00Z"),
            ("2026-12-01T09:00:00.001Z", "2026-12-01T09:00:01Z"),
            ("2026-12-01T09:00:00.5Z", "2026-12-01T09:00:01Z"),
            ("2026-12-01T09:00:00.999Z", "2026-12-01T09:00:01Z"),
            ("1960-12-01T09:00:00.4Z", "1960-12-01T09:00:01Z"),
        ] {
            let at: Timestamp = text.parse().unwrap();
            assert_eq!(at.rounded_up(), rounded.parse().unwrap(), "{text}");
        }
        assert_eq!(Timestamp::MAX.rounded_up(), Timestamp::MAX);
    }
}
