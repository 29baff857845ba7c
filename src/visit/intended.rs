//! One intended meeting with what its visit wants of it, as a comparison with Zoom reads it: a row of both tables.

use jiff::Timestamp;

use super::Seconds;
use super::life::State;
use super::maker::Maker;
use super::meeting::Role;
use crate::zoom::reconciler::Wanted;

/// Somebody may still be at work on what changed so lately.
const BUSY_SECONDS: i64 = 15 * 60;
/// The settings of what is soon are looked at every night, of the rest each once in so many.
const NIGHTS: i64 = 7;
const DAY_SECONDS: i64 = 86_400;

/// An intended meeting. Its link is confidential.
#[derive(Clone, Eq, PartialEq)]
pub struct Intended {
    /// The visit.
    pub visit: i64,
    /// The visit's version when it was read.
    pub version: u32,
    /// Which of the visit's meetings.
    pub generation: u32,
    /// What its marker is made of.
    pub reference: String,
    /// What it is to the visit.
    pub role: Role,
    /// Through what it was, or is to be, made.
    pub maker: Option<Maker>,
    /// Zoom's meeting number, once it is known.
    pub number: Option<i64>,
    /// The host's Zoom user id, once Zoom has said so.
    pub host_at_zoom: Option<String>,
    /// The patient's link. Confidential.
    pub join_url: Option<String>,
    /// Settings that the account did not take as asked.
    pub overridden: Vec<String>,
    /// Settings that were changed at Zoom and are still to be put back.
    pub to_restore: Vec<String>,
    /// The visit's start.
    pub start: Timestamp,
    /// Its length in minutes.
    pub minutes: i64,
    /// Whether the visit takes place.
    pub takes_place: bool,
    /// Whether something is wished, or doubted, that was not seen committed.
    pub is_pending: bool,
    /// How the visit looks.
    pub state: State,
    /// When the visit last changed.
    pub changed_at: Timestamp,
}

/// Of which meetings the settings are looked at. Zoom's lists do not show them: each has to be asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Look {
    /// Of all.
    AtAll,
    /// Of those of the coming week, and of the others each once a week.
    ByNight,
}

impl Intended {
    /// Whether it is only protected: somebody is, or may be, at work on it, or it is to go, or it is another maker's to handle.
    #[must_use]
    pub fn is_busy(&self, maker: &Maker, now: Timestamp) -> bool {
        // What is to be put back was written down by a comparison: nobody is at work on it on account of that.
        let is_fresh = self.to_restore.is_empty() && self.changed_at.after(BUSY_SECONDS) > now;
        let is_at_rest = self.role == Role::Serves
            && self.takes_place
            && !self.is_pending
            && self.state != State::Moving
            && !is_fresh;
        let is_of_maker = self
            .maker
            .as_ref()
            .is_some_and(|made_by| made_by.is_same_as(maker));
        !is_at_rest || !is_of_maker
    }

    /// Whether the visit is over.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.start.after(self.minutes.saturating_mul(60)) < now
    }

    /// Whether its settings are looked at now.
    #[must_use]
    pub fn is_looked_at(&self, look: Look, now: Timestamp) -> bool {
        let is_soon = self.start <= now.after(NIGHTS * DAY_SECONDS);
        let today = now.as_second().div_euclid(DAY_SECONDS);
        look == Look::AtAll || is_soon || (self.visit + today).rem_euclid(NIGHTS) == 0
    }

    /// As the list of one host is held against it, through this maker.
    #[must_use]
    pub fn wanted(&self, maker: &Maker, now: Timestamp) -> Wanted {
        Wanted {
            reference: self.reference.clone(),
            meeting_id: self.number,
            host_id: self.host_at_zoom.clone(),
            start: Some(self.start),
            minutes: self.minutes,
            overridden: self.overridden.clone(),
            is_busy: self.is_busy(maker, now),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;
    use crate::visit::meeting::End;
    use crate::visit::testing::*;

    #[test]
    fn what_somebody_may_be_at_work_on_is_busy() {
        let at_rest = intended(1, 91);
        assert!(!at_rest.is_busy(&maker("app-1"), now()));
        let changes: [fn(&mut Intended); 7] = [
            |one| one.role = Role::Unwanted,
            |one| one.role = Role::Next,
            |one| one.role = Role::Done(End::Gone),
            |one| one.takes_place = false,
            |one| one.is_pending = true,
            |one| one.state = State::Moving,
            |one| one.changed_at = now().before(899),
        ];
        for (index, change) in changes.into_iter().enumerate() {
            let mut one = at_rest.clone();
            change(&mut one);
            assert!(one.is_busy(&maker("app-1"), now()), "{index}");
        }
        let aged = Intended {
            changed_at: now().before(900),
            ..at_rest
        };
        assert!(!aged.is_busy(&maker("app-1"), now()));
    }

    #[test]
    fn what_another_maker_made_is_only_protected() {
        let one = intended(1, 91);
        assert!(one.is_busy(&maker("app-2"), now()));
        let unknown = Intended {
            maker: None,
            ..one.clone()
        };
        assert!(unknown.is_busy(&maker("app-1"), now()));
        let account_unknown = Maker {
            account: None,
            ..maker("app-1")
        };
        assert!(!one.is_busy(&account_unknown, now()));
    }

    #[test]
    fn what_a_comparison_has_noted_itself_keeps_none_from_being_put_back() {
        let noted = Intended {
            changed_at: now(),
            to_restore: vec!["waiting_room".to_owned()],
            ..intended(1, 91)
        };
        assert!(!noted.is_busy(&maker("app-1"), now()));
    }

    #[test]
    fn by_night_what_is_soon_is_looked_at_and_the_rest_once_in_seven() {
        let nights_of = |one: &Intended| {
            (0..7)
                .filter(|night| one.is_looked_at(Look::ByNight, now().after(night * DAY_SECONDS)))
                .count()
        };
        for visit in 1..20 {
            let far = Intended {
                start: now().after(40 * DAY_SECONDS),
                ..intended(visit, 91)
            };
            assert_eq!(nights_of(&far), 1, "{visit}");
            assert!(far.is_looked_at(Look::AtAll, now()));
            let soon = Intended {
                start: now().after(7 * DAY_SECONDS),
                ..intended(visit, 91)
            };
            assert_eq!(nights_of(&soon), 7, "{visit}");
        }
    }

    #[test]
    fn a_visit_is_over_after_its_last_second() {
        let one = intended(1, 91);
        let end = one.start.after(1_800);
        assert!(!one.is_over(end) && one.is_over(end.after(1)));
    }
}
