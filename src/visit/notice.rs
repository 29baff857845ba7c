//! What people have been told of a visit, and what they still have to be told.
//!
//! For each of them it is known what their newest e-mail says. Where that is not what stands, a notice waits for them in the
//! outbox until it is sent; what became true again meanwhile is not sent. So nobody has to be told of a change that nobody
//! but us has seen, and nobody is forgotten because a change came twice, or was taken back.

use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

use super::slot::Slot;
use crate::zoom::secret::digest;
use crate::zoom::secret::hex;

/// Who is told. Never an address: that is looked up when the e-mail is written.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Recipient {
    /// The visit's patient.
    Patient,
    /// This doctor, who holds the visit or held it.
    Doctor(u64),
    /// The site's administrators.
    Staff,
}

/// What a person's newest e-mail says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Told {
    /// The visit is off, or another's.
    Off,
    /// It takes place.
    On(Content),
    /// Both, or nobody knows what: whatever stands has to be told.
    Unclear,
}

/// What an e-mail about a visit that takes place says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Content {
    /// Who holds it.
    pub doctor: u64,
    /// The start (Unix seconds).
    pub start: i64,
    /// The length in minutes.
    pub minutes: i64,
    /// The zone it is shown in.
    pub timezone: String,
    /// A hash of Zoom's own link, where that was mailed; `None` with the visit link, which never changes.
    pub link: Option<String>,
}

impl Content {
    /// What is said of a visit with this doctor and slot. `join_url` is Zoom's own link, where that is mailed.
    #[must_use]
    pub fn new(doctor: u64, slot: &Slot, join_url: Option<&str>) -> Self {
        Self {
            doctor,
            start: slot.start.as_second(),
            minutes: slot.minutes,
            timezone: slot.timezone.clone(),
            link: join_url.map(|link| hex(&digest(&[b"telemed link", link.as_bytes()]), 16)),
        }
    }

    /// Whether doctor, time and length are the same, whatever the link.
    #[must_use]
    pub fn is_same_visit(&self, other: &Self) -> bool {
        self.doctor == other.doctor
            && self.start == other.start
            && self.minutes == other.minutes
            && self.timezone == other.timezone
    }
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// The visit takes place.
    Booked,
    /// It is at another time, or of another length.
    Rescheduled,
    /// Another doctor holds it.
    Reassigned,
    /// It takes place, but not with this doctor any more.
    Released,
    /// It is off.
    Cancelled,
    /// Zoom's own link is another.
    NewLink,
    /// There is no meeting yet, and it begins soon.
    Late,
    /// The meeting of a visit that was late is there.
    Ready,
    /// It is over, and no meeting was made.
    Missed,
    /// Its meeting could not be made for some time.
    Failed,
    /// Only a person can tell whether it has a meeting.
    Uncertain,
    /// It overlaps with another visit of its host.
    Overlaps,
    /// An e-mail about it was refused again and again.
    Unmailed,
}

impl About {
    /// Whether it tells what was planned, and so goes with an entry for the calendar. The others tell of trouble.
    #[must_use]
    pub fn is_news(self) -> bool {
        matches!(
            self,
            Self::Booked
                | Self::Rescheduled
                | Self::Reassigned
                | Self::Released
                | Self::Cancelled
                | Self::NewLink
        )
    }
}

/// Where a notice is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// It waits until it is due.
    Waiting,
    /// Somebody is sending it; who has not said how that ended by the time it is due is dead.
    Sending,
    /// It has gone.
    Sent,
    /// It was not true any more, or nobody is there to get it.
    Dropped,
    /// It was refused too often.
    GivenUp,
}

/// A row of the outbox.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notice {
    /// The row's number; 0 as long as it is not stored.
    pub id: i64,
    /// What it is about. Of news this is looked up again when it is sent.
    pub about: About,
    /// Who gets it.
    pub to: Recipient,
    /// The visit's sequence when it was written.
    pub sequence: u32,
    /// Where it is.
    pub place: Place,
    /// What it says, from the moment when somebody sends it.
    pub says: Option<Told>,
    /// So often it was refused.
    pub tries: u32,
    /// When it is to be sent.
    pub due_at: Timestamp,
}

impl Notice {
    /// Whether something is still to be done about it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.place, Place::Waiting | Place::Sending)
    }
}

/// What became of a notice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fate {
    /// It was handed to the site's mailer.
    Sent,
    /// The mailer refused it.
    Refused,
    /// There were too many: it waits until then.
    HeldBack(Timestamp),
    /// There is nobody to get it.
    NoRecipient,
}
