//! Who or what lets go of meetings: an app that is not in force any more, a Zoom user whom the doctor has replaced, a doctor
//! who disconnects, a doctor who has left. What becomes of the visits is one answer, and stands for all that are found later.

use jiff::Timestamp;

use super::Moment;
use super::Seconds;
use super::Visit;
use super::Wish;
use super::changes::Event;
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

impl Visit {
    /// The answer of a handover that covers it. What stays, or is made anew elsewhere, is seen to by its next steps.
    #[must_use]
    pub fn handed_over(mut self, answer: Answer, at: Moment) -> Self {
        let wish = match answer {
            Answer::Stay | Answer::Move => return self,
            Answer::Doctor(doctor) => Wish::Reassign(doctor),
            Answer::Cancel => Wish::Cancel,
            Answer::Wait => Wish::Recreate,
        };
        self.log(Event::HandedOver);
        self.wish(wish, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::visit::meeting::Role;
    use crate::visit::testing::*;

    fn of(from: From) -> Handover {
        Handover {
            from,
            since: now(),
            answer: None,
        }
    }

    #[test]
    fn a_handover_covers_what_its_maker_made() {
        let oauth = Maker {
            subject: Some("user:5".to_owned()),
            ..maker("app-1")
        };
        let subject = || "user:5".to_owned();
        for (handover, clinics, doctors) in [
            (of(From::App("app-1".to_owned())), true, true),
            (of(From::App("app-2".to_owned())), false, false),
            (
                of(From::ZoomUser {
                    subject: subject(),
                    host: "host-1".to_owned(),
                }),
                false,
                true,
            ),
            (
                of(From::ZoomUser {
                    subject: subject(),
                    host: "host-2".to_owned(),
                }),
                false,
                false,
            ),
            (of(From::Disconnected { subject: subject() }), false, true),
            (of(From::Left { doctor: DOCTOR }), true, true),
            (of(From::Left { doctor: 6 }), false, false),
        ] {
            assert_eq!(
                handover.covers(&maker("app-1"), DOCTOR),
                clinics,
                "{handover:?}"
            );
            assert_eq!(handover.covers(&oauth, DOCTOR), doctors, "{handover:?}");
        }
    }

    #[test]
    fn what_nobody_decides_is_decided_while_it_can_be_done() {
        let left = of(From::Left { doctor: 5 });
        assert_eq!(left.in_force(now().after(DECIDE_SECONDS - 1)), None);
        assert_eq!(
            left.in_force(now().after(DECIDE_SECONDS)),
            Some(Answer::Wait)
        );
        let app = of(From::App("app-1".to_owned()));
        assert_eq!(
            app.in_force(now().after(DECIDE_SECONDS)),
            None,
            "an app's meetings can stay"
        );
        let answered = Handover {
            answer: Some(Answer::Stay),
            ..left
        };
        assert_eq!(
            answered.in_force(now().after(KEEP_SECONDS)),
            Some(Answer::Stay)
        );
    }

    #[test]
    fn an_answer_becomes_a_wish() {
        let made = || World::default().made(confirmed(), 91);
        assert!(!made().handed_over(Answer::Stay, later(1)).has_changes());
        assert!(!made().handed_over(Answer::Move, later(1)).has_changes());
        assert_eq!(
            made().handed_over(Answer::Doctor(6), later(1)).row().doctor,
            6
        );
        assert!(
            !made()
                .handed_over(Answer::Cancel, later(1))
                .row()
                .takes_place
        );
        let waits = made().handed_over(Answer::Wait, later(1));
        assert!(
            waits.row().takes_place
                && waits
                    .meetings()
                    .iter()
                    .all(|meeting| meeting.role == Role::Unwanted)
        );
    }
}
