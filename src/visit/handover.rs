//! Who or what lets go of meetings: an app that is not in force any more, a Zoom user whom the doctor has replaced, a doctor
//! who disconnects, a doctor who has left. What becomes of the visits is one answer, and stands for all that are found later.

use jiff::Timestamp;

use super::Seconds;
use super::maker::Maker;

/// What nobody has decided by then is decided: the meetings go while that can still be done.
pub const DECIDE_SECONDS: i64 = 6 * 86_400;
/// So long a grant is kept for what it still has to do.
pub const KEEP_SECONDS: i64 = 7 * 86_400;

/// Who or what lets go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum From {
    /// An app, of which another is in force.
    App(String),
    /// A Zoom user of a doctor's grant, of which another is in force.
    ZoomUser {
        /// Whose grant.
        subject: String,
        /// The Zoom user id.
        host: String,
    },
    /// A doctor who disconnects; visits of the clinic's account are not touched.
    Disconnected {
        /// Whose grant.
        subject: String,
    },
    /// A doctor who has left.
    Left {
        /// The WordPress user.
        doctor: u64,
    },
}

/// What becomes of the visits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Answer {
    /// They stay with what made them until they are over.
    Stay,
    /// Their meetings are made anew by the maker in force; each serves until then.
    Move,
    /// Another doctor holds them.
    Doctor(u64),
    /// They are off.
    Cancel,
    /// Their meetings go at once; they stay booked and wait for a new grant.
    Wait,
}

/// A handover.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Handover {
    /// Who or what lets go.
    pub from: From,
    /// Since when.
    pub since: Timestamp,
    /// The answer, once there is one.
    pub answer: Option<Answer>,
}

impl Handover {
    /// Whether a meeting that this maker made for this doctor is among those that are let go.
    #[must_use]
    pub fn covers(&self, maker: &Maker, doctor: u64) -> bool {
        match &self.from {
            From::App(app) => maker.app == *app,
            From::ZoomUser { subject, host } => {
                maker.subject.as_ref() == Some(subject) && maker.host == *host
            }
            From::Disconnected { subject } => maker.subject.as_ref() == Some(subject),
            From::Left { doctor: left } => *left == doctor,
        }
    }

    /// What is done now: the answer, or where nobody has given one for too long, what can still be done.
    #[must_use]
    pub fn in_force(&self, now: Timestamp) -> Option<Answer> {
        self.answer.or_else(|| {
            let ends = matches!(self.from, From::Disconnected { .. } | From::Left { .. });
            (ends && now >= self.since.after(DECIDE_SECONDS)).then_some(Answer::Wait)
        })
    }
}
