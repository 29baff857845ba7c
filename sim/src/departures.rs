//! Doctors who disconnect or leave, and what people answer about their visits.

use telemed::visit::handover::Answer;
use telemed::visit::handover::From;
use telemed::visit::handover::Handover;
use telemed::visit::maker::Maker;
use telemed::visit::maker::Mode;
use telemed::visit::problem::Problem;

use crate::act::Act;
use crate::appointments::Case;
use crate::template::Template;
use crate::world::World;

/// Who departs,
const DOCTOR: u64 = 1;
/// and who takes the visits over.
pub const HEIR: u64 = 2;

/// The answer that an act gives, if it gives one.
#[must_use]
pub fn answer(act: Act) -> Option<Answer> {
    match act {
        Act::AnswerDoctor => Some(Answer::Doctor(HEIR)),
        Act::AnswerCancel => Some(Answer::Cancel),
        Act::AnswerWait => Some(Answer::Wait),
        _ => None,
    }
}

impl World {
    /// Through what a doctor's meetings are made now.
    ///
    /// # Errors
    /// When nobody can host for the doctor.
    pub fn maker(&self, doctor: u64) -> Result<Maker, Problem> {
        let mode = self.mode.get();
        let has_ended = |one: &Handover| match &one.from {
            From::Disconnected { subject, .. } => {
                mode == Mode::OAuth && *subject == doctor.to_string()
            }
            From::Left { doctor: left } => *left == doctor,
            From::App(_) | From::ZoomUser { .. } => false,
        };
        if self.handovers.borrow().iter().any(has_ended) {
            return Err(Problem::for_a_person("departed"));
        }
        Template::maker(mode, doctor)
    }

    /// The doctor disconnects, or leaves the clinic.
    pub fn depart(&self, has_left: bool) {
        if self.departed().is_some() {
            return;
        }
        let from = if has_left {
            From::Left { doctor: DOCTOR }
        } else {
            From::Disconnected {
                subject: DOCTOR.to_string(),
                doctor: DOCTOR,
            }
        };
        self.note(|| format!("departure: {from:?}"));
        self.handovers.borrow_mut().push(Handover {
            from,
            since: self.now(),
            answer: None,
        });
        self.wake();
    }

    /// A person answers what becomes of the doctor's visits, and of this one now.
    pub fn answer_for(&self, case: Case, act: Act) {
        for one in self.handovers.borrow_mut().iter_mut() {
            if is_departure(one) {
                one.answer = answer(act);
            }
        }
        let appointment = self.appointments.borrow().committed(case).cloned();
        if self.departed().is_some() && appointment.is_some_and(|one| one.doctor == DOCTOR) {
            self.requested(case, act, 0);
        }
    }

    /// Who has disconnected connects again; of who has left another doctor takes the visits over.
    pub fn end_departure(&self) {
        match self.departed() {
            None => {}
            Some(From::Left { .. }) => {
                for case in Case::ALL {
                    self.process("request: AnswerDoctor", || {
                        self.answer_for(case, Act::AnswerDoctor);
                    });
                }
            }
            Some(_) => {
                self.note(|| "the doctor has connected again".to_owned());
                self.handovers.borrow_mut().retain(|one| !is_departure(one));
                self.wake();
            }
        }
    }

    fn departed(&self) -> Option<From> {
        let handovers = self.handovers.borrow();
        let departure = handovers.iter().find(|one| is_departure(one));
        departure.map(|one| one.from.clone())
    }
}

fn is_departure(one: &Handover) -> bool {
    matches!(one.from, From::Disconnected { .. } | From::Left { .. })
}
