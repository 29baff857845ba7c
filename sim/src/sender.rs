//! The sender of the outbox, as PHP has it. What tells staff of the same trouble of several visits goes in one e-mail.

use serde_json::Value;
use serde_json::json;

use telemed::visit::Sending;
use telemed::visit::notice::Fate;
use telemed::visit::notice::Notice;

use crate::planted::Fault;
use crate::point::Point;
use crate::world::World;

/// A notice that was taken on, and its visit.
type Taken = (i64, Notice);

impl World {
    /// The sender sends what is due first.
    pub fn send_mail(&self) {
        let due = self.tables.borrow().due_notice(self.now());
        self.happens(
            || json!({"do": "send", "due": due.map(|(id, notice)| self.notice_named(id, notice))}),
        );
        let Some(first) = due else { return };
        let gathered = if self.plan.apart.is_some() {
            self.tables.borrow().gathered_with(first, self.now())
        } else {
            vec![first]
        };
        self.process("sender", || self.send_notices(&gathered));
    }

    /// Which of a visit's notices it is.
    fn notice_named(&self, id: i64, notice: i64) -> Value {
        let tables = self.tables.borrow();
        let mut notices = tables.stored(id).into_iter().flat_map(|one| &one.notices);
        let which = notices.position(|one| one.id == notice);
        drop(tables);
        json!({"visit": self.name_of(id), "which": which})
    }

    /// Sends them in one e-mail.
    fn send_notices(&self, due: &[(i64, i64)]) {
        let taken = due
            .iter()
            .filter_map(|(id, notice)| self.take(*id, *notice));
        let taken: Vec<Taken> = taken.collect();
        if taken.is_empty() {
            return;
        }
        self.between();
        let fate = match self.pick(Point::Mail) {
            1 if self.fault == Some(Fault::TakesRefusedForSent) => Fate::Sent,
            1 => Fate::Refused,
            2 => {
                self.hand_over(&taken);
                Self::kill()
            }
            3 => Fate::HeldBack(self.now()),
            _ => {
                self.hand_over(&taken);
                Fate::Sent
            }
        };
        for (id, letter) in &taken {
            self.note(|| format!("{:?} to {:?}: {fate:?}", letter.about, letter.to));
            self.tell("says", || says(letter));
            self.tell("fate", || fate_name(fate).into());
            self.change(*id, |visit, at| {
                Some(visit.delivered(letter.id, fate, &self.policies, at))
            });
        }
    }

    /// Takes a notice on, if it is still true.
    fn take(&self, id: i64, notice: i64) -> Option<Taken> {
        let mut sending = Sending::Never;
        self.change(id, |visit, at| {
            let visit = match self.fault {
                Some(Fault::SendsWhatIsPending) => crate::planted::as_if_settled(&visit),
                _ => visit,
            };
            let (visit, what) = visit.send(notice, &self.policies, at);
            sending = what;
            Some(visit)
        })?;
        match sending {
            Sending::Now(letter) => Some((id, letter)),
            Sending::Never | Sending::Later | Sending::NotDue => None,
        }
    }

    fn hand_over(&self, taken: &[Taken]) {
        for (id, letter) in taken {
            self.tell("says", || says(letter));
            self.hand_over_letter(self.case_of(*id), letter);
        }
    }
}

fn says(letter: &Notice) -> Value {
    json!(letter.columns())
}

fn fate_name(fate: Fate) -> &'static str {
    match fate {
        Fate::Sent => "sent",
        Fate::Refused => "refused",
        Fate::NoRecipient => "no_recipient",
        Fate::HeldBack(_) => "held_back",
    }
}
