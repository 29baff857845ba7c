//! When a visit is held: its start, its length, the zone it is shown in, and its topic.

use jiff::SignedDuration;
use jiff::Timestamp;

use super::Seconds;

/// What is planned.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Slot {
    /// The start, in whole seconds.
    pub start: Timestamp,
    /// The length in minutes.
    pub minutes: i64,
    /// The IANA name of the zone in which it was booked, for display.
    pub timezone: String,
    /// The neutral topic that Zoom shows. People are not told of it.
    pub topic: String,
}

impl Slot {
    /// When the visit is over.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.start
            .checked_add(SignedDuration::from_mins(self.minutes))
            .unwrap_or(Timestamp::MAX)
    }

    /// From when on it can be joined.
    #[must_use]
    pub fn joinable_from(&self, minutes_before: i64) -> Timestamp {
        self.start.before(minutes_before.saturating_mul(60))
    }

    /// Whether people would be told the same of both.
    #[must_use]
    pub fn tells_the_same_as(&self, other: &Self) -> bool {
        self.start == other.start
            && self.minutes == other.minutes
            && self.timezone == other.timezone
    }
}
