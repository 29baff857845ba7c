//! What everybody was told, by e-mail: ours and the appointment system's.

use std::collections::BTreeMap;

use telemed::visit::Slot;
use telemed::visit::notice::About;
use telemed::visit::notice::Content;
use telemed::visit::notice::Notice;
use telemed::visit::notice::Recipient;
use telemed::visit::notice::Told;

use crate::appointments::Appointment;
use crate::appointments::Case;
use crate::appointments::OwnMail;
use crate::appointments::ZONE;
use crate::verdict::Damage;
use crate::world::World;

/// An e-mail that has arrived.
#[derive(Clone, Debug)]
pub struct Letter {
    /// What it says of the visit.
    pub says: Told,
    /// The calendar's sequence in it; the appointment system's have none.
    pub sequence: Option<u32>,
}

/// All of them, by what they are about and who got them.
#[derive(Clone, Debug, Default)]
pub struct Letters {
    arrived: BTreeMap<(Case, Recipient), Vec<Letter>>,
}

impl Letters {
    /// The newest of a person about a case.
    #[must_use]
    pub fn newest(&self, case: Case, to: Recipient) -> Option<&Letter> {
        self.arrived.get(&(case, to))?.last()
    }

    /// All who got any about a case.
    pub fn people(&self, case: Case) -> impl Iterator<Item = Recipient> {
        let of_case = self.arrived.keys().filter(move |(of, _)| *of == case);
        of_case.map(|(_, to)| *to)
    }

    /// How many have arrived.
    #[must_use]
    pub fn count(&self) -> usize {
        self.arrived.values().map(Vec::len).sum()
    }

    fn add(&mut self, case: Case, to: Recipient, letter: Letter) {
        self.arrived.entry((case, to)).or_default().push(letter);
    }

    fn newest_with_sequence(&self, case: Case, to: Recipient) -> Option<&Letter> {
        let mut letters = self.arrived.get(&(case, to))?.iter();
        letters.rfind(|letter| letter.sequence.is_some())
    }
}

/// Whether two e-mails say the same of the visit, whatever link is in them.
#[must_use]
pub fn is_same(one: &Told, other: &Told) -> bool {
    match (one, other) {
        (Told::On(one), Told::On(other)) => one.is_same_visit(other),
        (one, other) => one == other,
    }
}

/// What an e-mail about an appointment says.
#[must_use]
pub fn content(appointment: &Appointment) -> Told {
    if !appointment.is_on {
        return Told::Off;
    }
    Told::On(Content::new(appointment.doctor, &slot(appointment), None))
}

/// The slot of an appointment.
#[must_use]
pub fn slot(appointment: &Appointment) -> Slot {
    Slot {
        start: appointment.start,
        minutes: appointment.minutes,
        timezone: ZONE.to_owned(),
        topic: "Video visit".to_owned(),
    }
}

impl World {
    /// The site's mailer takes an e-mail of ours about a case: it arrives.
    pub fn hand_over_letter(&self, case: Case, notice: &Notice) {
        if !notice.about.is_news() || notice.to == Recipient::Staff {
            return;
        }
        let Some(says) = notice.says.clone() else {
            return self.damage(Damage::SaysNothing);
        };
        if !self.was_committed(case, notice.to, &says) {
            self.damage(Damage::ToldUncommitted);
        }
        if says == Told::Off && !matches!(notice.about, About::Cancelled | About::Released) {
            self.damage(Damage::SaysNothing);
        }
        let mut letters = self.letters.borrow_mut();
        let sequence = notice.sequence;
        let has_fallen = letters
            .newest_with_sequence(case, notice.to)
            .is_some_and(|before| {
                let newer = before.sequence < Some(sequence);
                !newer && (before.sequence > Some(sequence) || !is_same(&before.says, &says))
            });
        letters.add(
            case,
            notice.to,
            Letter {
                says,
                sequence: Some(sequence),
            },
        );
        drop(letters);
        if has_fallen {
            self.damage(Damage::SequenceFell);
        }
    }

    /// E-mails of the appointment system arrive, with the end of its transaction.
    pub fn hand_over_own(&self, mails: &[(Case, OwnMail)]) {
        for (case, mail) in mails {
            let says = content(&mail.of);
            self.note(|| format!("the system's own mail says {says:?}"));
            let mut letters = self.letters.borrow_mut();
            for to in [Recipient::Patient, Recipient::Doctor(mail.of.doctor)] {
                letters.add(
                    *case,
                    to,
                    Letter {
                        says: says.clone(),
                        sequence: None,
                    },
                );
            }
        }
    }

    /// Whether something was ever so, as far as a person is concerned.
    fn was_committed(&self, case: Case, to: Recipient, says: &Told) -> bool {
        self.appointments
            .borrow()
            .history(case)
            .iter()
            .any(|state| {
                let was = state.as_ref().map_or(Told::Off, |state| {
                    let is_theirs =
                        to == Recipient::Patient || to == Recipient::Doctor(state.doctor);
                    if is_theirs { content(state) } else { Told::Off }
                });
                is_same(&was, says)
            })
    }
}
