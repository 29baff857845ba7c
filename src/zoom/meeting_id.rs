//! Zoom's number of a meeting.

use std::fmt;

use super::error::Error;
use super::error::Result;
use super::error_id::ErrorId;

/// A meeting number: positive.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MeetingId(i64);

impl MeetingId {
    /// Takes a number.
    ///
    /// # Errors
    /// [`Kind::Configuration`](super::Kind::Configuration) when it is not positive.
    pub fn new(number: i64) -> Result<Self> {
        if number > 0 {
            return Ok(Self(number));
        }
        Err(Error::new(
            ErrorId::MeetingIdInvalid,
            format!("{number} is no Zoom meeting id"),
            "Give the id of the meeting as Zoom gave it.",
        ))
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for MeetingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;
    use crate::zoom::Kind;

    #[test]
    fn a_meeting_number_is_positive() {
        for number in [0, -1, i64::MIN] {
            let error = MeetingId::new(number).err().unwrap();
            assert_eq!(error.kind(), Kind::Configuration);
        }
        assert_eq!(MeetingId::new(i64::MAX).unwrap().get(), i64::MAX);
    }
}
