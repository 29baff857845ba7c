//! Through what a meeting is made, and from then on read, changed and deleted: another's 'not found' proves nothing.

use serde::Deserialize;
use serde::Serialize;

/// The two ways in which a clinic uses Zoom.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Each doctor's own account.
    OAuth,
    /// The clinic's account.
    S2s,
}

/// Mode, app, account, subject and host of a meeting.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Maker {
    /// How the app logs in.
    pub mode: Mode,
    /// The app's client id.
    pub app: String,
    /// The Zoom account, where it is known.
    pub account: Option<String>,
    /// Whose grant it is; `None` in Server-to-Server mode.
    pub subject: Option<String>,
    /// The host's Zoom user id.
    pub host: String,
}

impl Maker {
    /// Whether both reach the same meetings as the same Zoom user. What is only known of the one does not tell them apart.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.mode == other.mode
            && self.app == other.app
            && self.subject == other.subject
            && self.host == other.host
    }
}
