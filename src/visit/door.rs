//! What the visit link shows at one moment: decided by the visit and by the appointment's own standing.

use std::fmt;

use jiff::Timestamp;

use super::life::Visit;
use super::standing::Standing;
use super::step::Policies;

/// So long after its end the link still says what it was.
const REMEMBERED_SECONDS: i64 = 30 * 86_400;

/// A door.
#[derive(Clone, Eq, PartialEq)]
pub enum Door {
    /// There is, or was, no such visit.
    Unknown,
    /// It is off, whoever cancelled it and however.
    Cancelled,
    /// It is over.
    Over,
    /// It can be joined from then on.
    Early(Timestamp),
    /// Its meeting is not there yet.
    NotReady,
    /// It leads to Zoom.
    Open {
        /// The patient's link. Confidential.
        join_url: String,
        /// What has to be typed, where the link does not carry it. Confidential.
        passcode: Option<String>,
    },
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Early(opens) => write!(f, "early until {opens}"),
            other => f.write_str(other.name()),
        }
    }
}

impl Door {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Cancelled => "cancelled",
            Self::Over => "over",
            Self::Early(_) => "early",
            Self::NotReady => "not_ready",
            Self::Open { .. } => "open",
        }
    }
}

impl Visit {
    /// What the link shows. `standing` is what the appointment system says now: `None` when there is no such appointment. Where the
    /// system cannot be asked, or the visit is this site's own, give what [`Visit::own_standing`] says.
    #[must_use]
    pub fn link(&self, standing: Option<&Standing>, policies: &Policies, now: Timestamp) -> Door {
        use super::Seconds as _;
        if self.row.slot.end().after(REMEMBERED_SECONDS) < now {
            return Door::Unknown;
        }
        if !self.row.takes_place || !standing.is_some_and(|standing| standing.takes_place) {
            return Door::Cancelled;
        }
        if self.is_over(now) {
            return Door::Over;
        }
        let opens = self.row.slot.joinable_from(policies.join_minutes_before);
        if now < opens {
            return Door::Early(opens);
        }
        let known = self
            .serving()
            .filter(|meeting| !meeting.is_going)
            .and_then(|meeting| meeting.known.as_ref());
        match known.and_then(|known| Some((known, known.join_url.clone()?))) {
            Some((known, join_url)) => Door::Open {
                join_url,
                passcode: known.passcode.clone().filter(|_| !known.passcode_in_link),
            },
            None => Door::NotReady,
        }
    }

    /// What the visit says of itself.
    #[must_use]
    pub fn own_standing(&self) -> Standing {
        Standing {
            takes_place: self.row.takes_place,
            doctor: self.row.doctor,
            start: self.row.slot.start,
            minutes: self.row.slot.minutes,
            timezone: self.row.slot.timezone.clone(),
            mails: Vec::new(),
        }
    }
}
