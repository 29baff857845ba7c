//! What is wished for a visit: written down at once, acted upon when the appointment is seen committed.

use super::Seconds;
use super::changes::Event;
use super::life::Pending;
use super::life::Visit;
use super::life::WishKind;
use super::meeting::End;
use super::meeting::Meeting;
use super::meeting::Role;
use super::schedule::Moment;
use super::schedule::SETTLE_SECONDS;
use super::slot::Slot;

/// A wish. The same twice is the same once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Wish {
    /// It takes place with this doctor in this slot, whatever it was before.
    Book {
        /// Who holds it.
        doctor: u64,
        /// When and how long.
        slot: Slot,
    },
    /// Another slot. What is off stays off.
    Reschedule(Slot),
    /// Another doctor. What is off stays off.
    Reassign(u64),
    /// It is off.
    Cancel,
    /// Another meeting for the same visit; the one before goes.
    Recreate,
}

impl Visit {
    /// Takes a wish down.
    #[must_use]
    pub fn wish(mut self, wish: Wish, at: Moment) -> Self {
        self.take_down(wish, at);
        self
    }

    pub(super) fn take_down(&mut self, wish: Wish, at: Moment) {
        match wish {
            Wish::Book { doctor, slot } => self.book(doctor, slot, at),
            Wish::Reschedule(slot) => self.bring_to(self.row.doctor, slot, at),
            Wish::Reassign(doctor) => self.bring_to(doctor, self.row.slot.clone(), at),
            Wish::Cancel => self.cancel(at),
            Wish::Recreate => self.recreate(at),
        }
    }

    /// Somebody has mended what only a person could mend: what waited for that is tried now.
    #[must_use]
    pub fn woken(mut self) -> Self {
        let waiting: Vec<u32> = self
            .meetings
            .iter()
            .filter(|meeting| !matches!(meeting.role, Role::Done(_)) && !meeting.is_uncertain)
            .filter(|meeting| {
                meeting
                    .problem
                    .as_ref()
                    .is_some_and(|problem| !problem.passes)
            })
            .map(|meeting| meeting.generation)
            .collect();
        for generation in waiting {
            self.change_meeting(generation, Meeting::try_now);
        }
        self
    }

    /// The database has come back from a backup. People may have newer entries in their calendars than it knows of: what is told
    /// from now on counts as newer still.
    #[must_use]
    pub fn back_from_backup(mut self, at: Moment) -> Self {
        self.count_sequence(at.now);
        self.log(Event::BackFromBackup);
        let sequence = self.row.sequence;
        for index in 0..self.notices.len() {
            self.write_notice(index, |notice| notice.sequence = sequence);
        }
        self
    }

    fn book(&mut self, doctor: u64, slot: Slot, at: Moment) {
        if self.row.takes_place {
            self.bring_to(doctor, slot, at);
            return;
        }
        let row = self.touch();
        row.takes_place = true;
        row.is_missed = false;
        row.doctor = doctor;
        row.slot = slot;
        self.wished(WishKind::Book, at);
        self.log(Event::Booked);
    }

    fn bring_to(&mut self, doctor: u64, slot: Slot, at: Moment) {
        let is_reassigned = self.row.doctor != doctor;
        if !is_reassigned && self.row.slot == slot {
            return;
        }
        let tells = is_reassigned || !self.row.slot.tells_the_same_as(&slot);
        let row = self.touch();
        row.doctor = doctor;
        row.slot = slot;
        if !row.takes_place {
            return;
        }
        row.is_missed = false;
        if is_reassigned {
            self.release(at);
        } else {
            self.try_serving_now();
        }
        let (kind, event) = if is_reassigned {
            (WishKind::Reassign, Event::Reassigned)
        } else {
            (WishKind::Reschedule, Event::Rescheduled)
        };
        if tells {
            self.wished(kind, at);
        }
        self.log(event);
    }

    fn cancel(&mut self, at: Moment) {
        if !self.row.takes_place {
            return;
        }
        self.touch().takes_place = false;
        self.release(at);
        self.wished(WishKind::Cancel, at);
        self.log(Event::Cancelled);
    }

    fn recreate(&mut self, at: Moment) {
        if !self.row.takes_place {
            return;
        }
        self.touch().is_missed = false;
        for generation in self.release(at) {
            self.change_meeting(generation, |meeting| meeting.is_going = true);
        }
        let row = self.touch();
        row.wished_at = at.now;
        row.pending
            .get_or_insert((Pending::Wish(WishKind::Recreate), at.now));
        self.log(Event::Recreated);
    }

    fn wished(&mut self, kind: WishKind, at: Moment) {
        let row = self.touch();
        row.wished_at = at.now;
        row.pending = Some((Pending::Wish(kind), at.now));
        self.count_sequence(at.now);
    }

    /// Lets go of what serves and of what is to serve next: what may be at Zoom must go, and what is not there has never been.
    /// Gives their generations.
    pub(super) fn release(&mut self, at: Moment) -> Vec<u32> {
        let held: Vec<u32> = self
            .meetings
            .iter()
            .filter(|meeting| matches!(meeting.role, Role::Serves | Role::Next))
            .map(|meeting| meeting.generation)
            .collect();
        for generation in &held {
            self.change_meeting(*generation, |meeting| let_go(meeting, at));
        }
        held
    }

    /// What stood in the way of the serving meeting need not do so any more.
    pub(super) fn try_serving_now(&mut self) {
        let serving = self.serving().map(|meeting| meeting.generation);
        if let Some(generation) = serving {
            self.change_meeting(generation, Meeting::try_now);
        }
    }
}

/// It serves nobody any more.
pub(super) fn let_go(meeting: &mut Meeting, at: Moment) {
    if !meeting.may_exist() {
        meeting.role = Role::Done(End::NoneMade);
        return;
    }
    meeting.role = Role::Unwanted;
    meeting.is_uncertain = false;
    meeting.try_now();
    if meeting.known.is_none() {
        // Before that Zoom may still be at work on it, and 'not found' proves nothing.
        let sent_at = meeting
            .attempt
            .as_ref()
            .map_or(at.now, |attempt| attempt.sent_at);
        meeting.due_at = Some(sent_at.after(SETTLE_SECONDS));
    }
}
