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
}

impl Seconds for Timestamp {
    fn after(self, seconds: i64) -> Self {
        self.checked_add(SignedDuration::from_secs(seconds))
            .unwrap_or(if seconds > 0 { Self::MAX } else { Self::MIN })
    }

    fn before(self, seconds: i64) -> Self {
        self.after(seconds.saturating_neg())
    }
}
