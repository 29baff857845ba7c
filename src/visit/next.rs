//! The next step of a visit: what has to be done at Zoom so that it has there what is wanted, one thing at a time.

use jiff::Timestamp;

use super::Seconds;
use super::changes::Claim;
use super::changes::Counter;
use super::handover::Answer;
use super::life::Visit;
use super::maker::Maker;
use super::meeting::Attempt;
use super::meeting::Meeting;
use super::meeting::Role;
use super::problem::Problem;
use super::problem::SHARE_USED_UP;
use super::problem::WRITES_USED_UP;
use super::schedule;
use super::step::Exchange;
use super::step::Facts;
use super::step::Kind;
use super::step::Note;
use super::step::Step;

/// So long after its visit a meeting that nobody could find is not looked for any more.
const SEEK_SECONDS: i64 = 86_400;

/// What one part of a visit asks for.
pub(super) enum Part {
    Do(Step),
    Wait(Timestamp),
    Nothing,
}

impl Visit {
    /// What comes next. Pure: it is carried out by [`Visit::begun`] and [`Visit::after`].
    #[must_use]
    pub fn next(&self, facts: &Facts<'_>) -> Step {
        if let Some(believed_at) = self.believed_at() {
            return Step::Rest(believed_at);
        }
        let departure = self.depart(facts);
        if let Part::Do(step) = departure {
            return step;
        }
        if self.is_late(facts.now) && !self.was_late() {
            return Step::Note(Note::Late);
        }
        let mut rest = self.watched_until(facts.now);
        for part in [departure, self.serve(facts), self.clean(facts)] {
            match part {
                Part::Do(step) => return step,
                Part::Wait(until) => rest = Some(rest.map_or(until, |rest| rest.min(until))),
                Part::Nothing => {}
            }
        }
        rest.map_or(Step::Nothing, Step::Rest)
    }

    /// When the visit has to be looked at again by itself, as far as can be said without facts; `None` when not at all.
    #[must_use]
    pub fn due_at(&self, now: Timestamp) -> Option<Timestamp> {
        if let Some(believed_at) = self.believed_at() {
            return Some(believed_at);
        }
        let is_over = self.is_over(now);
        let mut due = Vec::new();
        if self.row.takes_place && !is_over {
            let is_open = self.serving().is_none_or(|meeting| {
                !meeting.is_uncertain
                    && (meeting.known.is_none()
                        || !self.is_as_wanted(meeting) && self.can_be_moved(now)
                        || !meeting.to_restore.is_empty())
            });
            if is_open {
                due.push(
                    self.serving()
                        .and_then(|meeting| meeting.due_at)
                        .unwrap_or(now),
                );
            }
            let next = self.with_role(Role::Next);
            due.extend(next.map(|meeting| meeting.due_at.unwrap_or(now)));
            due.extend(self.watched_until(now));
        }
        if self.row.takes_place && is_over && !self.is_ready() && !self.row.is_missed {
            due.push(now);
        }
        let unwanted = self
            .meetings
            .iter()
            .filter(|meeting| meeting.role == Role::Unwanted);
        due.extend(unwanted.map(|meeting| meeting.due_at.unwrap_or(now)));
        due.into_iter().min()
    }

    /// Until when a visit without a meeting is left alone at most, whatever else it waits for: people have to hear that it is late, and
    /// that it did not take place. `None` where there is nothing to hear.
    fn watched_until(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.row.takes_place || self.is_over(now) || self.is_ready() {
            return None;
        }
        let ends = self.row.slot.end().after(1);
        Some(if self.was_late() {
            ends
        } else {
            ends.min(self.late_at(now))
        })
    }

    /// When it may have to be told that the meeting is late.
    fn late_at(&self, now: Timestamp) -> Timestamp {
        let start = self.row.slot.start;
        let hour = start.before(super::tell::LATE_SECONDS);
        if now < hour {
            hour
        } else {
            let soon = Some(start.before(super::tell::SOON_SECONDS)).filter(|soon| *soon > now);
            soon.map_or(now.after(60), |soon| now.after(60).min(soon))
        }
    }

    /// Whether an unwanted meeting that nobody could find is not looked for any more.
    pub(super) fn is_given_up(&self, meeting: &Meeting, now: Timestamp) -> bool {
        meeting.known.is_none() && self.row.slot.end().after(SEEK_SECONDS) < now
    }

    /// Zoom moves no meeting to a start that has passed.
    pub(super) fn can_be_moved(&self, now: Timestamp) -> bool {
        self.row.slot.start > now
    }

    /// While it can be joined, people may be in its meeting.
    pub(super) fn can_be_joined(&self, facts: &Facts<'_>) -> bool {
        let minutes = facts.policies.join_minutes_before;
        self.row.slot.joinable_from(minutes) <= facts.now
    }

    fn serve(&self, facts: &Facts<'_>) -> Part {
        if !self.row.takes_place {
            return Part::Nothing;
        }
        if self.is_over(facts.now) {
            let is_to_end =
                !self.row.is_missed && !self.is_ready() || self.with_role(Role::Next).is_some();
            return if is_to_end {
                Part::Do(Step::Note(Note::End))
            } else {
                Part::Nothing
            };
        }
        let Some(serving) = self.serving() else {
            return self.begin(facts);
        };
        if serving.is_uncertain {
            return Part::Nothing;
        }
        if serving.known.is_some() {
            return match self.hand_over(serving, facts) {
                Part::Nothing => self.keep(serving, facts),
                Part::Do(step) => Part::Do(step),
                Part::Wait(until) => match self.keep(serving, facts) {
                    Part::Nothing => Part::Wait(until),
                    Part::Wait(other) => Part::Wait(until.min(other)),
                    Part::Do(step) => Part::Do(step),
                },
            };
        }
        if let Some(due_at) = waits(serving, facts.now) {
            return Part::Wait(due_at);
        }
        match (&serving.attempt, &serving.maker) {
            (Some(attempt), Some(maker)) => self.resume(serving, attempt, maker, facts),
            _ => self.create(serving, facts),
        }
    }

    /// Nothing serves: an unwanted meeting of the maker in force does, or a new one is made. While nobody can host, what is there is
    /// better than nothing, whoever made it.
    fn begin(&self, facts: &Facts<'_>) -> Part {
        let returning = self.meetings.iter().find(|meeting| {
            meeting.role == Role::Unwanted
                && meeting.known.is_some()
                && !meeting.is_going
                && meeting.doctor == self.row.doctor
                && meeting.maker.as_ref().is_some_and(|made_by| {
                    let present = facts.maker.as_ref();
                    present.map_or(true, |maker| made_by.is_same_as(maker))
                })
        });
        if let Some(meeting) = returning {
            return Part::Do(Step::Note(Note::TakeBack(meeting.generation)));
        }
        if let Err(problem) = &facts.maker {
            return put_off(None, None, problem);
        }
        match self.new_meeting(Role::Serves, facts) {
            Some(meeting) => self.create(&meeting, facts),
            None => Part::Nothing,
        }
    }

    fn new_meeting(&self, role: Role, facts: &Facts<'_>) -> Option<Meeting> {
        let generation = self.row.generation.saturating_add(1);
        let row = &self.row;
        let reference = facts
            .naming
            .reference(&row.source, &row.appointment, generation)
            .ok()?;
        Some(Meeting::new(
            generation,
            reference.to_string(),
            role,
            self.row.doctor,
        ))
    }

    fn create(&self, meeting: &Meeting, facts: &Facts<'_>) -> Part {
        match &facts.maker {
            Ok(maker) => self.counted(Kind::Create, meeting, maker, true, facts),
            Err(problem) => put_off(self.stored(meeting), None, problem),
        }
    }

    /// A creation may have made it: it is looked for, and made if it is not there. Where something else was asked for then, it is
    /// only looked for, as it was; and where nobody can host, for nothing is made for who has left.
    fn resume(
        &self,
        meeting: &Meeting,
        attempt: &Attempt,
        maker: &Maker,
        facts: &Facts<'_>,
    ) -> Part {
        if attempt.slot == self.row.slot && facts.maker.is_ok() {
            self.counted(Kind::Ensure, meeting, maker, false, facts)
        } else {
            self.exchange(Kind::Find, meeting, maker, Vec::new(), facts)
        }
    }

    /// Brings a meeting that is there to what is wanted.
    fn keep(&self, meeting: &Meeting, facts: &Facts<'_>) -> Part {
        let (Some(maker), true) = (&meeting.maker, self.can_be_moved(facts.now)) else {
            return Part::Nothing;
        };
        let kind = if !self.is_as_wanted(meeting) {
            Kind::Update
        } else if !meeting.to_restore.is_empty() {
            Kind::Restore
        } else {
            return Part::Nothing;
        };
        match waits(meeting, facts.now) {
            Some(due_at) => Part::Wait(due_at),
            None => self.counted(kind, meeting, maker, kind == Kind::Update, facts),
        }
    }

    /// A meeting that is let go is made anew elsewhere, and serves until then; while people may be in it, it stays.
    fn hand_over(&self, serving: &Meeting, facts: &Facts<'_>) -> Part {
        let next = self.with_role(Role::Next);
        let moves = !self.can_be_joined(facts)
            && match (&serving.maker, &facts.maker) {
                (Some(maker), Ok(present)) if !present.is_same_as(maker) => {
                    facts.handovers.iter().any(|one| {
                        one.covers(maker, self.row.doctor)
                            && !one.is_in_force(present)
                            && one.answer == Some(Answer::Move)
                    })
                }
                _ => false,
            };
        match (next, &facts.maker) {
            (Some(next), Ok(present))
                if moves
                    && next
                        .maker
                        .as_ref()
                        .is_none_or(|maker| maker.is_same_as(present)) =>
            {
                match (waits(next, facts.now), &next.attempt) {
                    (Some(due_at), _) => Part::Wait(due_at),
                    (None, Some(attempt)) => self.resume(next, attempt, present, facts),
                    (None, None) => self.counted(Kind::Create, next, present, false, facts),
                }
            }
            (Some(next), _) => Part::Do(Step::Note(Note::GiveUpNext(next.generation))),
            (None, Ok(present)) if moves => match self.new_meeting(Role::Next, facts) {
                Some(meeting) => self.counted(Kind::Create, &meeting, present, false, facts),
                None => Part::Nothing,
            },
            (None, _) => Part::Nothing,
        }
    }

    /// What nobody wants any more goes, through what made it.
    fn clean(&self, facts: &Facts<'_>) -> Part {
        // The new one first: the visit is not to be without.
        let is_made = self.serving().is_some_and(|meeting| {
            meeting.known.is_none() && meeting.attempt.is_some() && !meeting.is_uncertain
        });
        if is_made && self.row.takes_place && !self.is_over(facts.now) {
            return Part::Nothing;
        }
        let mut rest: Option<Timestamp> = None;
        for meeting in self
            .meetings
            .iter()
            .filter(|meeting| meeting.role == Role::Unwanted)
        {
            if self.is_given_up(meeting, facts.now) {
                return Part::Do(Step::Note(Note::End));
            }
            if let Some(due_at) = waits(meeting, facts.now) {
                rest = Some(rest.map_or(due_at, |rest| rest.min(due_at)));
                continue;
            }
            let Some(maker) = &meeting.maker else {
                continue;
            };
            let kind = if meeting.known.is_some() {
                Kind::Delete
            } else {
                Kind::Find
            };
            return self.exchange(kind, meeting, maker, Vec::new(), facts);
        }
        rest.map_or(Part::Nothing, Part::Wait)
    }

    /// An exchange that Zoom counts against the host's day.
    fn counted(
        &self,
        kind: Kind,
        meeting: &Meeting,
        maker: &Maker,
        shares: bool,
        facts: &Facts<'_>,
    ) -> Part {
        let start = self.row.slot.start;
        let host = Counter::host(maker);
        let mut claims = vec![Claim {
            counter: host.clone(),
            day: schedule::day(facts.now),
            below: schedule::most_writes(start, facts.now),
        }];
        if let (true, Some(patient), share @ 1..) =
            (shares, &facts.patient, facts.policies.writes_of_patient)
        {
            claims.push(Claim {
                counter: Counter::Share(maker.host.clone(), patient.clone()),
                day: schedule::day(facts.now),
                below: schedule::most_of_patient(share, start, facts.now),
            });
        }
        let unknown: Vec<Counter> = claims
            .iter()
            .map(|claim| &claim.counter)
            .filter(|counter| !facts.used.contains_key(counter))
            .cloned()
            .collect();
        if !unknown.is_empty() {
            return Part::Do(Step::Ask(unknown));
        }
        for claim in &claims {
            let Some(used) = facts.used.get(&claim.counter) else {
                continue;
            };
            let is_of_host = claim.counter == host;
            let blocked = used
                .blocked_until
                .filter(|until| is_of_host && *until > facts.now);
            if blocked.is_none() && used.writes < claim.below {
                continue;
            }
            let until = blocked
                .unwrap_or_else(|| schedule::next_day(facts.now))
                .max(facts.now.after(1));
            let problem = Problem::used_up(if is_of_host {
                WRITES_USED_UP
            } else {
                SHARE_USED_UP
            });
            if meeting.role == Role::Next {
                // Another serves until then, and there may be no row yet.
                return Part::Wait(until);
            }
            return put_off(self.stored(meeting), Some(until), &problem);
        }
        self.exchange(kind, meeting, maker, claims, facts)
    }

    /// In an outage one at a time tries.
    fn exchange(
        &self,
        kind: Kind,
        meeting: &Meeting,
        maker: &Maker,
        claims: Vec<Claim>,
        facts: &Facts<'_>,
    ) -> Part {
        let pause = if facts.is_awaited {
            schedule::TRY_SECONDS_AWAITED
        } else {
            schedule::TRY_SECONDS
        };
        if let Some(again) = facts
            .outage
            .map(|tried| tried.after(pause))
            .filter(|again| *again > facts.now)
        {
            return Part::Wait(again);
        }
        let attempt = meeting.attempt.as_ref();
        let sought = attempt.filter(|_| kind == Kind::Find);
        let unended = attempt.filter(|attempt| !attempt.has_ended);
        Part::Do(Step::Exchange(Box::new(Exchange {
            kind,
            generation: meeting.generation,
            role: meeting.role,
            reference: meeting.reference.clone(),
            maker: maker.clone(),
            slot: sought
                .map_or(&self.row.slot, |attempt| &attempt.slot)
                .clone(),
            number: meeting.number(),
            attempted_at: unended
                .map(|attempt| attempt.sent_at.after(schedule::CALL_SECONDS))
                .filter(|sent_by| sent_by.after(schedule::SETTLE_SECONDS) > facts.now),
            claims,
            turn: facts.outage,
            version: self.row.version,
        })))
    }

    /// The generation of a meeting that has a row already.
    fn stored(&self, meeting: &Meeting) -> Option<u32> {
        self.meeting(meeting.generation)
            .map(|meeting| meeting.generation)
    }
}

/// Until when a meeting is not tried.
fn waits(meeting: &Meeting, now: Timestamp) -> Option<Timestamp> {
    meeting.due_at.filter(|_| !meeting.is_due(now))
}

fn put_off(generation: Option<u32>, until: Option<Timestamp>, problem: &Problem) -> Part {
    Part::Do(Step::Note(Note::PutOff {
        generation,
        until,
        problem: problem.clone(),
    }))
}

#[cfg(test)]
mod tests;
