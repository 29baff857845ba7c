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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;
    use crate::visit::Seconds as _;
    use crate::visit::Wish;
    use crate::visit::testing::*;

    fn door(visit: &Visit, now: Timestamp) -> Door {
        visit.link(Some(&standing(visit)), &Policies::default(), now)
    }

    #[test]
    fn the_door_opens_before_the_visit_and_closes_after_it() {
        let visit = World::default().made(confirmed(), 91);
        let slot = next_week();
        let opens = slot.start.before(900);
        assert_eq!(door(&visit, opens.before(1)), Door::Early(opens));
        let open = Door::Open {
            join_url: "https://zoom.us/j/91?pwd=x".to_owned(),
            passcode: None,
        };
        assert_eq!(door(&visit, opens), open);
        assert_eq!(door(&visit, slot.end()), open);
        assert_eq!(door(&visit, slot.end().after(1)), Door::Over);
        let month = slot.end().after(2_592_000);
        assert_eq!(door(&visit, month), Door::Over);
        assert_eq!(door(&visit, month.after(1)), Door::Unknown);
    }

    #[test]
    fn what_is_off_by_the_visit_or_by_its_appointment_opens_no_door() {
        let visit = World::default().made(confirmed(), 91);
        let start = next_week().start;
        assert_eq!(
            visit.link(None, &Policies::default(), start),
            Door::Cancelled
        );
        let off = Standing {
            takes_place: false,
            ..standing(&visit)
        };
        assert_eq!(
            visit.link(Some(&off), &Policies::default(), start),
            Door::Cancelled
        );
        let on = standing(&visit);
        let cancelled = visit.wish(Wish::Cancel, later(1));
        assert_eq!(
            cancelled.link(Some(&on), &Policies::default(), start),
            Door::Cancelled
        );
    }

    #[test]
    fn without_a_meeting_that_stays_there_is_nothing_to_join() {
        let start = next_week().start;
        assert_eq!(door(&confirmed(), start), Door::NotReady);
        let mut going = World::default().made(confirmed(), 91);
        going.meetings.first_mut().unwrap().is_going = true;
        assert_eq!(door(&going, start), Door::NotReady);
    }

    #[test]
    fn a_passcode_that_is_not_in_the_link_is_told() {
        let mut visit = World::default().made(confirmed(), 91);
        let known = visit.meetings.first_mut().unwrap().known.as_mut().unwrap();
        known.passcode_in_link = false;
        let Door::Open { passcode, .. } = door(&visit, next_week().start) else {
            unreachable!("it is open")
        };
        assert_eq!(passcode.as_deref(), Some("x"));
    }

    #[test]
    fn a_door_shows_no_link_where_it_is_logged() {
        let visit = World::default().made(confirmed(), 91);
        let shown = |now| format!("{:?}", door(&visit, now));
        assert_eq!(shown(next_week().start), "open");
        let early = next_week().start.before(901);
        assert_eq!(shown(early), "early until 2026-12-01T08:45:00Z");
        let names =
            [Door::Unknown, Door::Cancelled, Door::Over, Door::NotReady].map(|door| door.name());
        assert_eq!(names, ["unknown", "cancelled", "over", "not_ready"]);
        assert_eq!(Door::Early(early).name(), "early");
    }
}
