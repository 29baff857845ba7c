//! What a Zoom user allowed the app: where it lies, and whether it lives.

use jiff::SignedDuration;
use serde::Deserialize;
use serde::Serialize;

/// A question that was not answered by then is answered with no.
const PROPOSED_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// What could not be moved by then stays at Zoom.
const PREVIOUS_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Where a grant of a subject lies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// It is the subject's connection.
    Active,
    /// It is of another Zoom user than the active one, and waits for the doctor's answer.
    Proposed,
    /// It was active before, and reaches what it made until that is moved.
    Previous,
}

impl Place {
    /// The first word of its record's key. Records are older than the words of the code, so these stay.
    #[must_use]
    pub fn key_word(self) -> &'static str {
        match self {
            Self::Active => "connection",
            Self::Proposed => "held",
            Self::Previous => "former",
        }
    }

    /// How long a grant lies there at most.
    #[must_use]
    pub fn longest(self) -> Option<SignedDuration> {
        match self {
            Self::Active => None,
            Self::Proposed => Some(PROPOSED_LIFE),
            Self::Previous => Some(PREVIOUS_LIFE),
        }
    }
}

/// Whether a grant's tokens may be used. Records that no key opens are a fifth case, of which nothing else is known.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Life {
    /// They may.
    #[serde(rename = "connected")]
    Alive,
    /// They may until the access token's end: the refresh token was lost.
    Ending,
    /// Zoom takes them no longer.
    Dead,
    /// Disconnect was asked; the revoke at Zoom is still owed.
    Leaving,
}

impl Life {
    /// Whether the tokens may be used.
    #[must_use]
    pub fn is_alive(self) -> bool {
        matches!(self, Self::Alive | Self::Ending)
    }
}
