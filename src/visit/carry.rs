//! Carrying out a step: what is written before it is sent, and what came of it, on the visit as it is by then.

use super::Seconds;
use super::changes::Claim;
use super::changes::Event;
use super::changes::Signal;
use super::life::Visit;
use super::meeting::Attempt;
use super::meeting::End;
use super::meeting::Known;
use super::meeting::Meeting;
use super::meeting::Role;
use super::notice::About;
use super::problem::ALIKE;
use super::problem::Failure;
use super::problem::Problem;
use super::reference::Naming;
use super::schedule;
use super::schedule::Moment;
use super::schedule::SETTLE_SECONDS;
use super::step::Exchange;
use super::step::Kind;
use super::step::Note;
use super::step::Outcome;
use super::step::Policies;
use super::step::Step;
use super::wish::let_go;

impl Visit {
    /// The visit as it is to be written before a step is carried out; `None` when it is another by now, and the next step has to
    /// be asked for again. For a step without an exchange that is all.
    #[must_use]
    pub fn begun(
        mut self,
        step: &Step,
        naming: &Naming,
        policies: &Policies,
        at: Moment,
    ) -> Option<Self> {
        match step {
            Step::Exchange(exchange) if exchange.version != self.row.version => return None,
            Step::Exchange(exchange) => self.begin_exchange(exchange, at),
            Step::Note(note) => {
                self.note(note, naming, at);
                self.tell(policies, at);
            }
            Step::Ask(_) | Step::Rest(_) | Step::Nothing => {}
        }
        Some(self)
    }

    /// Zoom's own name for the exchange, of whose end [`Visit::after`] is told next.
    #[must_use]
    pub fn tracked(mut self, exchange: &Exchange, tracking_id: Option<&str>) -> Self {
        if let Some(tracking_id) = tracking_id.map(super::problem::fitting) {
            self.change_meeting(exchange.generation, |meeting| {
                meeting.tracking_id = Some(tracking_id);
            });
        }
        self
    }

    /// What came of an exchange. Never fails because something else was wished meanwhile.
    #[must_use]
    pub fn after(
        mut self,
        exchange: &Exchange,
        outcome: Outcome,
        policies: &Policies,
        at: Moment,
    ) -> Self {
        self.note_network(exchange, &outcome, at);
        let generation = exchange.generation;
        match (exchange.kind, outcome) {
            (Kind::Create | Kind::Ensure | Kind::Find, Outcome::Meeting(known)) => {
                self.made(exchange, *known, at);
            }
            (Kind::Update | Kind::Restore, Outcome::Meeting(known)) => {
                self.updated(exchange, *known);
            }
            (Kind::Update | Kind::Restore, Outcome::Gone | Outcome::None) => {
                self.give_back(&exchange.claims);
                self.lost(generation, at);
            }
            (Kind::Delete, Outcome::Deleted) => self.done(generation, End::Deleted, Event::Deleted),
            (Kind::Delete, Outcome::Gone | Outcome::None) => {
                self.done(generation, End::Gone, Event::AlreadyGone);
            }
            (Kind::Find, Outcome::None | Outcome::Gone | Outcome::Deleted) => {
                self.done(generation, End::NoneMade, Event::NoneMade);
            }
            (_, Outcome::Failed(failure)) => self.failed(exchange, &failure, at),
            (_, Outcome::Hindered(problem)) => {
                self.give_back(&exchange.claims);
                self.unsent(exchange, at);
                self.defer(generation, problem, None, at);
            }
            // Good enough to take, not to delete.
            (Kind::Find, Outcome::Alike(known)) if !self.is_unwanted(generation) => {
                self.made(exchange, *known, at);
            }
            (_, Outcome::Alike(_)) => {
                self.defer(generation, Problem::for_a_person(ALIKE), None, at);
            }
            // An answer to what was not asked.
            (_, Outcome::Meeting(_) | Outcome::None | Outcome::Gone | Outcome::Deleted) => {}
        }
        self.tell(policies, at);
        self
    }

    fn is_unwanted(&self, generation: u32) -> bool {
        self.meeting(generation)
            .is_none_or(|meeting| meeting.role == Role::Unwanted)
    }

    fn begin_exchange(&mut self, exchange: &Exchange, at: Moment) {
        self.changes.claims.clone_from(&exchange.claims);
        self.changes.turn = exchange.turn;
        let generation = exchange.generation;
        if self.meeting(generation).is_none() {
            self.add_meeting(Meeting::new(
                generation,
                exchange.reference.clone(),
                exchange.role,
                self.row.doctor,
            ));
        }
        match exchange.kind {
            Kind::Create => {
                self.change_meeting(generation, |meeting| {
                    meeting.maker = Some(exchange.maker.clone());
                    meeting.attempt = Some(Attempt {
                        sent_at: at.now,
                        slot: exchange.slot.clone(),
                        has_ended: false,
                    });
                });
                self.log(Event::Attempting);
            }
            Kind::Delete => self.change_meeting(generation, |meeting| meeting.is_going = true),
            Kind::Ensure | Kind::Find | Kind::Update | Kind::Restore => {
                // Only so that nobody begins the same from the same version.
                self.touch();
            }
        }
    }

    fn note(&mut self, note: &Note, naming: &Naming, at: Moment) {
        match note {
            Note::PutOff {
                generation,
                until,
                problem,
            } => self.put_off(*generation, *until, problem, naming, at),
            Note::TakeBack(generation) => {
                let is_free = self.serving().is_none();
                let can_return = self.meeting(*generation).is_some_and(|meeting| {
                    meeting.role == Role::Unwanted && meeting.known.is_some() && !meeting.is_going
                });
                if is_free && can_return {
                    self.change_meeting(*generation, |meeting| {
                        meeting.role = Role::Serves;
                        meeting.try_now();
                    });
                    self.log(Event::TakenBack);
                }
            }
            Note::GiveUpNext(generation) => {
                if self
                    .meeting(*generation)
                    .is_some_and(|meeting| meeting.role == Role::Next)
                {
                    self.change_meeting(*generation, |meeting| let_go(meeting, at));
                }
            }
            Note::HandOver(answer) => self.hand_over_to(*answer, at),
            Note::End => self.end(at),
            Note::Late => {
                if self.is_late(at.now) {
                    self.alarm(About::Late, at);
                }
            }
        }
    }

    fn put_off(
        &mut self,
        generation: Option<u32>,
        until: Option<jiff::Timestamp>,
        problem: &Problem,
        naming: &Naming,
        at: Moment,
    ) {
        let generation = match generation {
            Some(generation) => generation,
            None if self.serving().is_some() => return,
            None => {
                let generation = self.row.generation.saturating_add(1);
                let reference =
                    naming.reference(&self.row.source, &self.row.appointment, generation);
                let Ok(reference) = reference else { return };
                self.add_meeting(Meeting::new(
                    generation,
                    reference.to_string(),
                    Role::Serves,
                    self.row.doctor,
                ));
                generation
            }
        };
        match until {
            // It counts as no try: Zoom was not asked.
            Some(until) => {
                self.change_meeting(generation, |meeting| {
                    meeting.due_at = Some(until);
                    meeting.problem = Some(problem.clone());
                });
                self.log(Event::PutOff);
                if self.is_late(at.now) {
                    self.alarm(About::Late, at);
                }
            }
            None => self.defer(generation, problem.clone(), None, at),
        }
    }

    /// The visit is over, or nothing is looked for any more.
    fn end(&mut self, at: Moment) {
        if !self.is_over(at.now) {
            return;
        }
        let is_ready = self.is_ready();
        let is_first = !is_ready && self.row.takes_place && !self.row.is_missed;
        let unfinished: Vec<(u32, Role)> = self
            .meetings
            .iter()
            .filter(|meeting| match meeting.role {
                Role::Serves => !is_ready,
                Role::Next => true,
                Role::Unwanted => self.is_given_up(meeting, at.now),
                Role::Done(_) => false,
            })
            .map(|meeting| (meeting.generation, meeting.role))
            .collect();
        for (generation, role) in unfinished {
            if role == Role::Unwanted {
                self.done(generation, End::NotFoundOut, Event::NotFoundOut);
            } else {
                self.change_meeting(generation, |meeting| let_go(meeting, at));
            }
        }
        if is_first {
            self.touch().is_missed = true;
            self.log(Event::Missed);
            self.alarm(About::Missed, at);
        }
    }

    /// A meeting is there that bears the marker.
    fn made(&mut self, exchange: &Exchange, known: Known, at: Moment) {
        let generation = exchange.generation;
        let Some(role) = self.meeting(generation).map(|meeting| meeting.role) else {
            return;
        };
        let is_wanted = matches!(role, Role::Serves | Role::Next);
        if role == Role::Next {
            let before = self.serving().map(|meeting| meeting.generation);
            if let Some(before) = before {
                self.change_meeting(before, |meeting| let_go(meeting, at));
            }
        }
        self.change_meeting(generation, |meeting| {
            meeting.known = Some(known);
            meeting.learn_host();
            meeting.attempt = None;
            meeting.is_uncertain = false;
            meeting.to_restore.clear();
            meeting.try_now();
            // Wished away meanwhile, or nobody thought that it would still come.
            meeting.role = if is_wanted {
                Role::Serves
            } else {
                Role::Unwanted
            };
        });
        if is_wanted {
            self.log(if role == Role::Next {
                Event::Replaced
            } else {
                Event::Made
            });
            self.all_clear(at);
        }
    }

    fn updated(&mut self, exchange: &Exchange, known: Known) {
        let event = if exchange.kind == Kind::Update {
            Event::Updated
        } else {
            Event::Restored
        };
        self.change_meeting(exchange.generation, |meeting| {
            meeting.known = Some(known);
            meeting.learn_host();
            meeting.to_restore.clear();
            meeting.try_now();
        });
        self.log(event);
    }

    /// Zoom has lost the meeting, and says so to what made it.
    pub(super) fn lost(&mut self, generation: u32, at: Moment) {
        let Some(role) = self.meeting(generation).map(|meeting| meeting.role) else {
            return;
        };
        self.done(generation, End::Gone, Event::LostAtZoom);
        if role == Role::Serves {
            let next = self.with_role(Role::Next).map(|meeting| meeting.generation);
            if let Some(next) = next {
                // Nothing serves meanwhile: it is made as any other.
                self.change_meeting(next, |meeting| {
                    meeting.role = Role::Serves;
                    meeting.try_now();
                });
            }
            self.touch().wished_at = at.now;
        }
    }

    pub(super) fn done(&mut self, generation: u32, end: End, event: Event) {
        self.change_meeting(generation, |meeting| {
            meeting.role = Role::Done(end);
            meeting.attempt = None;
            meeting.due_at = None;
        });
        self.log(event);
    }

    fn failed(&mut self, exchange: &Exchange, failure: &Failure, at: Moment) {
        if !failure.maybe_delivered || (exchange.kind == Kind::Ensure && failure.only_waits()) {
            self.give_back(&exchange.claims);
        }
        let generation = exchange.generation;
        let tracking_id = failure.tracking_id.clone();
        self.change_meeting(generation, |meeting| meeting.tracking_id = tracking_id);
        if exchange.kind == Kind::Create {
            if failure.maybe_delivered {
                self.change_meeting(generation, |meeting| {
                    if let Some(attempt) = &mut meeting.attempt {
                        attempt.has_ended = true;
                    }
                });
            } else {
                self.unsent(exchange, at);
            }
        }
        if matches!(exchange.kind, Kind::Create | Kind::Ensure | Kind::Find)
            && failure.is_for_a_person()
        {
            self.uncertain(generation, failure, at);
            return;
        }
        self.defer(generation, failure.problem.clone(), Some(failure), at);
    }

    /// A creation that certainly made nothing leaves the meeting as if it had never been tried.
    fn unsent(&mut self, exchange: &Exchange, at: Moment) {
        if exchange.kind != Kind::Create {
            return;
        }
        self.change_meeting(exchange.generation, |meeting| {
            meeting.attempt = None;
            meeting.maker = None;
            if meeting.role == Role::Unwanted {
                let_go(meeting, at);
            }
        });
    }

    fn uncertain(&mut self, generation: u32, failure: &Failure, at: Moment) {
        let Some(role) = self.meeting(generation).map(|meeting| meeting.role) else {
            return;
        };
        let problem = failure.problem.clone();
        match role {
            Role::Serves => {
                self.change_meeting(generation, |meeting| {
                    meeting.is_uncertain = true;
                    meeting.problem = Some(problem);
                });
                self.log(Event::Uncertain);
                self.alarm(About::Uncertain, at);
            }
            // The visit keeps the meeting that it has.
            Role::Next => self.change_meeting(generation, |meeting| let_go(meeting, at)),
            Role::Unwanted | Role::Done(_) => self.defer(generation, problem, Some(failure), at),
        }
    }

    /// It is tried again later.
    fn defer(&mut self, generation: u32, problem: Problem, failure: Option<&Failure>, at: Moment) {
        let Some(meeting) = self.meeting(generation) else {
            return;
        };
        let (role, tries) = (meeting.role, meeting.tries);
        if matches!(role, Role::Done(_)) {
            return;
        }
        let serves = matches!(role, Role::Serves | Role::Next);
        let start = Some(self.row.slot.start).filter(|_| serves);
        let mut due_at = match failure {
            Some(failure) => schedule::next_try(failure, tries, start, at),
            None => schedule::next_try_of(problem.passes, tries, start, at),
        };
        if !serves && let (None, Some(attempt)) = (&meeting.known, &meeting.attempt) {
            due_at = due_at.max(attempt.sent_at.after(SETTLE_SECONDS));
        }
        let is_first = meeting.problem.is_none();
        self.change_meeting(generation, |meeting| {
            meeting.tries = tries.saturating_add(1);
            meeting.due_at = Some(due_at);
            meeting.problem = Some(problem);
        });
        self.log(Event::Failed);
        let is_late = self.is_late(at.now);
        if role == Role::Serves && !self.is_ready() && (is_first || is_late) && self.row.takes_place
        {
            self.alarm(if is_late { About::Late } else { About::Failed }, at);
        }
    }

    /// Who was told that the meeting is late need not call the clinic any more.
    pub(super) fn all_clear(&mut self, at: Moment) {
        if self.was_late() && self.is_ready() && !self.is_over(at.now) {
            self.alarm(About::Ready, at);
        }
    }

    pub(super) fn give_back(&mut self, claims: &[Claim]) {
        self.changes.releases.extend_from_slice(claims);
    }

    /// What all processes learn from an exchange.
    fn note_network(&mut self, exchange: &Exchange, outcome: &Outcome, at: Moment) {
        let signal = match outcome {
            Outcome::Hindered(_) => None,
            Outcome::Failed(failure) if failure.is_lost() => Some(Signal::Lost),
            Outcome::Failed(failure) if !failure.is_answer() => None,
            _ => Some(Signal::Answered),
        };
        self.changes.signals.extend(signal);
        if let Outcome::Failed(failure) = outcome
            && let Some(until) = schedule::blocked_until(failure, at.now)
        {
            self.changes.signals.push(Signal::Blocked {
                host: exchange.maker.host.clone(),
                until,
            });
        }
    }
}

#[cfg(test)]
mod attempt_tests;
#[cfg(test)]
mod tests;
