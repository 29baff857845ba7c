//! Who or what lets go of meetings: an app that is not in force any more, a Zoom user whom the doctor has replaced, a doctor
//! who disconnects, a doctor who has left. What becomes of the visits is one answer, and stands for all that are found later.

use jiff::Timestamp;

use super::Moment;
use super::Seconds;
use super::Visit;
use super::Wish;
use super::changes::Event;
use super::life::State;
use super::maker::Maker;
use super::meeting::Meeting;
use super::next::Part;
use super::step::Facts;
use super::step::Note;
use super::step::Step;

/// What nobody has decided by then is decided: the meetings go while that can still be done.
pub const DECIDE_SECONDS: i64 = 6 * 86_400;
/// So long a grant is kept for what it still has to do.
pub const KEEP_SECONDS: i64 = 7 * 86_400;
/// A role that was lost for so long does not come back by itself.
const ROLE_SECONDS: i64 = 86_400;

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
        /// The WordPress user, for visits that had no meeting yet.
        doctor: u64,
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

/// What can be done here with a visit; its appointment system says so. What cannot be done is told to people, and not tried.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Can {
    /// Another doctor can be given to it.
    pub reassign: bool,
    /// It can be called off.
    pub cancel: bool,
}

impl Can {
    fn carry_out(self, answer: Answer) -> bool {
        match answer {
            Answer::Doctor(_) => self.reassign,
            Answer::Cancel => self.cancel,
            Answer::Stay | Answer::Move | Answer::Wait => true,
        }
    }
}

/// Who lets go, as the site has them now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct User {
    /// The user exists.
    pub is_here: bool,
    /// The user holds visits.
    pub is_doctor: bool,
}

/// What becomes of the grant of who disconnects or has left.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Grant {
    /// Nobody has left: the deletion was rolled back, or the role given back.
    Stays,
    /// It has something left to do, or may be wanted back.
    Kept,
    /// It ends, once Zoom can be told.
    Ends,
    /// It ends, whether or not Zoom can be told.
    EndsAnyway,
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
            From::Disconnected { subject, .. } => maker.subject.as_ref() == Some(subject),
            From::Left { doctor: left } => *left == doctor,
        }
    }

    /// Whether it is an app that makes meetings again: that lets go of nothing, whatever was answered while it did not.
    #[must_use]
    pub fn is_in_force(&self, present: &Maker) -> bool {
        matches!(&self.from, From::App(app) if *app == present.app)
    }

    /// What is done now: the answer, or where nobody has given one for too long, what can still be done. What cannot be done here
    /// counts as no answer; who disconnects takes their meetings along all the same.
    #[must_use]
    pub fn in_force(&self, can: Can, now: Timestamp) -> Option<Answer> {
        match self.answer {
            Some(answer) if can.carry_out(answer) => Some(answer),
            Some(_) if matches!(self.from, From::Disconnected { .. }) => Some(Answer::Wait),
            _ => (self.ends() && now >= self.decided_at()).then_some(Answer::Wait),
        }
    }

    /// What becomes of the grant. `is_needed`: it can still do something that is left to do.
    #[must_use]
    pub fn grant(&self, is_needed: bool, user: User, now: Timestamp) -> Grant {
        let age_is = |seconds| now >= self.since.after(seconds);
        let has_left = matches!(self.from, From::Left { .. });
        let may_come_back = has_left && user.is_here && !age_is(ROLE_SECONDS);
        if has_left && user.is_doctor {
            Grant::Stays
        } else if !self.ends() {
            Grant::Kept
        } else if age_is(KEEP_SECONDS) {
            Grant::EndsAnyway
        } else if is_needed || may_come_back {
            Grant::Kept
        } else {
            Grant::Ends
        }
    }

    /// Whether nothing is left of it once the grant has ended. The visits of who has left are decided about all the same.
    #[must_use]
    pub fn is_over(&self, has_visits: bool) -> bool {
        !(matches!(self.from, From::Left { .. }) && has_visits)
    }

    /// Whether that can be answered. Of who has left nobody connects again, and a grant that ends holds nothing.
    #[must_use]
    pub fn takes(&self, answer: Answer) -> bool {
        match answer {
            Answer::Stay | Answer::Move => !self.ends(),
            Answer::Doctor(_) | Answer::Cancel => self.ends(),
            Answer::Wait => matches!(self.from, From::Disconnected { .. }),
        }
    }

    /// Whether what lets go is a doctor, and with them their grant.
    fn ends(&self) -> bool {
        matches!(self.from, From::Disconnected { .. } | From::Left { .. })
    }

    fn decided_at(&self) -> Timestamp {
        self.since.after(DECIDE_SECONDS)
    }

    /// Whether the doctor of this visit ends it. A visit that was wished after the doctor has disconnected is not meant.
    fn ends_for(&self, visit: &Visit) -> bool {
        let maker = visit.serving().and_then(|meeting| meeting.maker.as_ref());
        match (&self.from, maker) {
            (From::Disconnected { doctor, .. }, None) => {
                *doctor == visit.row.doctor && visit.row.wished_at <= self.since
            }
            (From::Disconnected { subject, .. }, Some(maker)) => {
                maker.subject.as_ref() == Some(subject)
            }
            (From::Left { doctor }, _) => *doctor == visit.row.doctor,
            (From::App(_) | From::ZoomUser { .. }, _) => false,
        }
    }
}

impl Visit {
    /// Whether handovers have a say in what comes next: of a visit that has a meeting, or that nobody can host now. Whoever can host
    /// has neither left nor disconnected.
    #[must_use]
    pub fn may_be_handed_over(&self, can_host: bool) -> bool {
        match self.state() {
            State::Made | State::Updating | State::Moving => true,
            State::Due | State::Attempting | State::Uncertain => !can_host,
            State::Cancelled | State::Missed => false,
        }
    }

    /// What has to be done because the visit's doctor has left or disconnects. A meeting that would only go stays while people may
    /// be in it.
    pub(super) fn depart(&self, facts: &Facts<'_>) -> Part {
        if !self.row.takes_place || self.is_over(facts.now) {
            return Part::Nothing;
        }
        let mut rest: Option<Timestamp> = None;
        for one in facts.handovers.iter().filter(|one| one.ends_for(self)) {
            let until = match one.in_force(self.can(one, facts), facts.now) {
                Some(answer @ (Answer::Doctor(_) | Answer::Cancel)) => {
                    return Part::Do(Step::Note(Note::HandOver(answer)));
                }
                Some(Answer::Wait) if self.has_doctors_meeting() => {
                    if !self.can_be_joined(facts) {
                        return Part::Do(Step::Note(Note::HandOver(Answer::Wait)));
                    }
                    self.row.slot.end().after(1)
                }
                None if self.has_doctors_meeting() => one.decided_at(),
                _ => continue,
            };
            rest = Some(rest.map_or(until, |rest| rest.min(until)));
        }
        rest.map_or(Part::Nothing, Part::Wait)
    }

    /// What can be done with it. Nobody takes it over who has left as well, or has it already.
    fn can(&self, one: &Handover, facts: &Facts<'_>) -> Can {
        let heir = one.answer.and_then(Answer::doctor);
        let is_free = heir.is_none_or(|heir| {
            let left = From::Left { doctor: heir };
            heir != self.row.doctor && facts.handovers.iter().all(|other| other.from != left)
        });
        Can {
            reassign: facts.can.reassign && is_free,
            ..facts.can
        }
    }

    /// Whether what serves may be at Zoom through a grant. The clinic's own account keeps what it holds.
    fn has_doctors_meeting(&self) -> bool {
        let is_doctors = |meeting: &Meeting| {
            let maker = meeting.maker.as_ref();
            meeting.may_exist() && maker.is_some_and(|maker| maker.subject.is_some())
        };
        self.serving().is_some_and(is_doctors)
    }

    /// The answer of a handover that covers it; of an appointment that is as its system has it. What stays, or is made anew elsewhere,
    /// is seen to by its next steps.
    pub(super) fn hand_over_to(&mut self, answer: Answer, at: Moment) {
        let wish = match answer {
            Answer::Stay | Answer::Move => return,
            Answer::Doctor(doctor) => Wish::Reassign(doctor),
            Answer::Cancel => Wish::Cancel,
            Answer::Wait => Wish::Recreate,
        };
        self.log(Event::HandedOver);
        self.take_down(wish, at);
        // Nobody else has a say in it: what can be done here is done when it is written.
        self.touch().pending = None;
    }
}

#[cfg(test)]
mod tests;
