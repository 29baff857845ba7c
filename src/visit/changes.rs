//! What an input has changed, to be written in one transaction, in this order; hooks come after its end.

use jiff::Timestamp;
use ring::digest::SHA1_FOR_LEGACY_USE_ONLY;
use ring::digest::digest;
use serde::Serialize;

use super::maker::Maker;
use super::meeting::Meeting;
use super::notice::Notice;
use crate::zoom::secret::hex;

/// A write that is taken from a counter of the day, and given back to the same day.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claim {
    /// What is counted: the host, or the patient's share of it.
    pub counter: Counter,
    /// The day of Zoom's counters (days since 1970).
    pub day: i64,
    /// It may be taken while fewer than so many are.
    pub below: u32,
}

/// What is counted.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Counter {
    /// All writes of a Zoom user.
    Host(String),
    /// Those of this site's visits of one patient, by a key that the caller gives.
    Share(String, String),
}

impl Counter {
    /// Whom Zoom counts the writes of.
    #[must_use]
    pub fn host(maker: &Maker) -> Self {
        Self::Host(maker.host.clone())
    }

    /// The name of its row: 40 hexadecimal digits, as the plugin has always counted under.
    #[must_use]
    pub fn key(&self) -> String {
        let text = match self {
            Self::Host(host) => host.clone(),
            Self::Share(host, patient) => format!("{host}\0{patient}"),
        };
        sha1(&text)
    }
}

/// A hash as the plugin has always made it: 40 hexadecimal digits. It keeps no secret.
pub(super) fn sha1(text: &str) -> String {
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    hex(hash.as_ref(), 40)
}

/// What all processes of the site have to know.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Signal {
    /// Zoom has answered: an outage is over.
    Answered,
    /// Zoom could not be reached, or its answer was lost.
    Lost,
    /// Zoom refuses all writes of this host until then.
    Blocked {
        /// The Zoom user.
        host: String,
        /// Until when.
        until: Timestamp,
    },
}

/// What happened, for the log and for whoever listens.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each says what it is called")]
pub enum Event {
    Booked,
    Rescheduled,
    Reassigned,
    Cancelled,
    Recreated,
    Confirmed,
    Corrected,
    Attempting,
    Made,
    Updated,
    Replaced,
    TakenBack,
    LinkChanged,
    LostAtZoom,
    Drifted,
    Adopted,
    BroughtAlong,
    Restored,
    Deleted,
    AlreadyGone,
    NoneMade,
    NotFoundOut,
    LeftAtZoom,
    PutOff,
    Failed,
    Uncertain,
    Missed,
    Resolved,
    Copied,
    BackFromBackup,
    HandedOver,
}

/// What to write.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Changes {
    /// The visit has never been: it goes, with all that hangs on it.
    pub forgets: bool,
    /// Whether the visit's row changes.
    pub visit: bool,
    /// Whether what comes next may be another, so that it is looked at then. Who was told what changes nothing about that.
    pub next: bool,
    /// Rows of meetings to write, by generation.
    pub meetings: Vec<Meeting>,
    /// Rows of the outbox to write.
    pub notices: Vec<Notice>,
    /// Lines of the log.
    pub log: Vec<Event>,
    /// Taken only together with the rest: where one cannot be taken all is rolled back and asked again.
    pub claims: Vec<Claim>,
    /// Whether the turn to try Zoom in an outage has to be taken: only if none did since then.
    pub turn: Option<Timestamp>,
    /// Given back.
    pub releases: Vec<Claim>,
    /// Told to all processes.
    pub signals: Vec<Signal>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_counted_under_the_names_they_always_had() {
        let host = Counter::Host("host-1".to_owned());
        assert_eq!(host.key(), "3554e6281988037b64150ccbef5aea269a403d8d");
        let share = Counter::Share("host-1".to_owned(), "anna".to_owned());
        assert_eq!(share.key(), "8179da1442b019753bc5795141a87993b6e93660");
    }
}
