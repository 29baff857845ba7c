//! One intended meeting of a visit: a row from the first try on, whatever becomes of it.

use std::fmt;

use jiff::Timestamp;

use super::maker::Maker;
use super::problem::Problem;
use super::slot::Slot;

/// What a meeting is to its visit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// It is the visit's, or is to be.
    Serves,
    /// It is to take the place of the one that serves.
    Next,
    /// It must go.
    Unwanted,
    /// Nothing is left to do about it.
    Done(End),
}

/// How it came to an end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// This site has deleted it.
    Deleted,
    /// It was gone at Zoom.
    Gone,
    /// None was made.
    NoneMade,
    /// It is over and stays at Zoom.
    Left,
    /// Whether one was made could not be found out in time.
    NotFoundOut,
}

/// A creation whose end brought no meeting number.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attempt {
    /// When it was sent.
    pub sent_at: Timestamp,
    /// What was asked for: where the account hides descriptions, the meeting is sought by it.
    pub slot: Slot,
    /// Whether an end was noted, which may have reached Zoom all the same. If none was, its process has died or is at work.
    pub has_ended: bool,
}

/// What is known of a meeting at Zoom.
#[derive(Clone, Eq, PartialEq)]
pub struct Known {
    /// Zoom's meeting number.
    pub number: i64,
    /// Zoom's id of this instance.
    pub uuid: Option<String>,
    /// The host's Zoom user id, as Zoom says.
    pub host: Option<String>,
    /// The host's e-mail.
    pub host_email: Option<String>,
    /// The patient's link. Confidential.
    pub join_url: Option<String>,
    /// The passcode. Confidential.
    pub passcode: Option<String>,
    /// Whether the link carries the passcode.
    pub passcode_in_link: bool,
    /// What Zoom has of the slot; `None` where it is not as it was asked for, or not known.
    pub slot: Option<Slot>,
    /// Settings that the account did not take as asked.
    pub overridden: Vec<String>,
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known")
            .field("number", &self.number)
            .field("host", &self.host)
            .field("has_link", &self.join_url.is_some())
            .field("has_passcode", &self.passcode.is_some())
            .field("slot", &self.slot)
            .field("overridden", &self.overridden)
            .finish_non_exhaustive()
    }
}

/// An intended meeting.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Meeting {
    /// The row's number; 0 as long as it is not stored.
    pub id: i64,
    /// Which of the visit's intended meetings it is.
    pub generation: u32,
    /// What its marker at Zoom is made of.
    pub reference: String,
    /// What it is to the visit.
    pub role: Role,
    /// For whom it was intended, a WordPress user.
    pub doctor: u64,
    /// Through what it is, or was last tried to be, made.
    pub maker: Option<Maker>,
    /// What Zoom has.
    pub known: Option<Known>,
    /// A creation that may have made it.
    pub attempt: Option<Attempt>,
    /// It will not serve again: its deletion was begun, or another was asked for in its place.
    pub is_going: bool,
    /// Only a person can tell whether it exists.
    pub is_uncertain: bool,
    /// Settings that were changed at Zoom and are to be put back.
    pub to_restore: Vec<String>,
    /// So many tries have failed.
    pub tries: u32,
    /// When it is tried next; `None` now.
    pub due_at: Option<Timestamp>,
    /// Why the last try failed.
    pub problem: Option<Problem>,
    /// Zoom's own name for the last exchange.
    pub tracking_id: Option<String>,
}

impl Meeting {
    /// One that nothing is known of.
    #[must_use]
    pub fn new(generation: u32, reference: String, role: Role, doctor: u64) -> Self {
        Self {
            id: 0,
            generation,
            reference,
            role,
            doctor,
            maker: None,
            known: None,
            attempt: None,
            is_going: false,
            is_uncertain: false,
            to_restore: Vec::new(),
            tries: 0,
            due_at: None,
            problem: None,
            tracking_id: None,
        }
    }

    /// Zoom's meeting number, once it is known.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        self.known.as_ref().map(|known| known.number)
    }

    /// The Zoom user who hosts it, or is to.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        let known = self.known.as_ref().and_then(|known| known.host.as_deref());
        known.or(self.maker.as_ref().map(|maker| maker.host.as_str()))
    }

    /// Who hosts, once Zoom has said so: until then the grant's name stands in that place.
    pub(super) fn learn_host(&mut self) {
        let host = self.known.as_ref().and_then(|known| known.host.clone());
        if let (Some(maker), Some(host)) = (&mut self.maker, host)
            && maker.subject.as_ref() == Some(&maker.host)
        {
            maker.host = host;
        }
    }

    /// Whether something of it may be at Zoom.
    #[must_use]
    pub fn may_exist(&self) -> bool {
        self.known.is_some() || self.attempt.is_some() || self.is_uncertain
    }

    /// Whether it is to be tried at `now`.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.due_at.is_none_or(|due_at| due_at <= now)
    }

    /// Nothing stands in the way of trying now.
    pub fn try_now(&mut self) {
        self.tries = 0;
        self.due_at = None;
        self.problem = None;
    }
}

#[cfg(test)]
mod tests {
    use crate::visit::testing::*;

    #[test]
    fn no_dump_shows_a_link_or_a_passcode() {
        let world = World::default();
        let visit = world.carry_out(confirmed(), |exchange| {
            let mut known = known(exchange, 91);
            known.join_url = Some("https://zoom.us/j/91?pwd=SECRET".to_owned());
            known.passcode = Some("SECRET".to_owned());
            crate::visit::step::Outcome::Meeting(Box::new(known))
        });
        let begins = visit.row().slot.start;
        let door = visit.link(Some(&standing(&visit)), &world.policies, begins);
        assert!(matches!(door, crate::visit::Door::Open { .. }), "{door:?}");
        for dump in [format!("{visit:?}"), format!("{door:?}")] {
            assert!(!dump.contains("SECRET"), "{dump}");
        }
    }
}
