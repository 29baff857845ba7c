//! The plugin's part, as PHP has it: the loop of whoever holds a visit's lock, and what is due.

use jiff::SignedDuration;
use serde_json::Value;
use serde_json::json;

use telemed::visit::Moment;
use telemed::visit::Seconds as _;
use telemed::visit::Standing;
use telemed::visit::Visit;
use telemed::visit::changes::Counter;
use telemed::visit::changes::Event;
use telemed::visit::handover::Can;
use telemed::visit::meeting::End;
use telemed::visit::meeting::Meeting;
use telemed::visit::meeting::Role;
use telemed::visit::reference::Naming;
use telemed::visit::schedule;
use telemed::visit::step::Exchange;
use telemed::visit::step::Facts;
use telemed::visit::step::Step;

use crate::appointments::Case;
use crate::appointments::SOURCE;
use crate::planted::Fault;
use crate::point::Point;
use crate::verdict::Damage;
use crate::world::World;

/// What all references of the site begin with.
pub const SITE: &str = "site1";
/// A process works on one visit so long.
const MOST_TIME: SignedDuration = SignedDuration::from_secs(30);
/// With less no exchange is begun.
const LEAST_SECONDS: i64 = 2;
/// Nothing needs more turns: beyond that it goes round in a circle.
const MOST_TURNS: u32 = 40;
/// A step asks for the counters of two hosts at most.
const MOST_QUESTIONS: u32 = 3;

impl World {
    /// A change: one short transaction. `None` when the visit is not there any more, the change is not to be, or what it claims is
    /// not to be had.
    pub fn change(
        &self,
        id: i64,
        change: impl FnOnce(Visit, Moment) -> Option<Visit>,
    ) -> Option<Visit> {
        self.change_at(id, self.moment(), change)
    }

    fn change_at(
        &self,
        id: i64,
        at: Moment,
        change: impl FnOnce(Visit, Moment) -> Option<Visit>,
    ) -> Option<Visit> {
        let visit = self.tables.borrow().find(id)?;
        let changed = change(visit, at)?;
        self.write(&changed)?;
        let found = self.tables.borrow().find(id);
        // Who goes on with what was written need not read it again.
        if let (Some(written), None) = (changed.written(), self.fault) {
            let read = found.as_ref().map(unnumbered);
            assert_eq!(Some(unnumbered(&written)), read, "written and read differ");
        }
        found
    }

    /// Writes what an input has changed; the visit's number.
    pub fn write(&self, visit: &Visit) -> Option<i64> {
        if !visit.has_changes() {
            return Some(visit.row().id);
        }
        if self.fault == Some(Fault::WritesHalf) && self.pick(Point::Save) == 1 {
            self.tables.borrow_mut().write_half(visit);
            Self::kill();
        }
        let written = self.tables.borrow_mut().write(visit, self.now());
        self.note(|| told(visit, written.is_err()));
        if let Ok(id) = written {
            self.tell_events(id, visit);
            self.stands_by_itself(visit);
        }
        if written.is_ok() && self.pick(Point::Save) == 1 {
            Self::kill();
        }
        written.ok()
    }

    /// What this site's own screens booked stands as the core has answered for whoever left.
    fn stands_by_itself(&self, visit: &Visit) {
        if !self.plan.is_manual || !visit.changes().log.contains(&Event::HandedOver) {
            return;
        }
        let row = visit.row();
        let case = Case::of_number(&row.appointment);
        self.appointments.borrow_mut().change(case, |rows| {
            if let Some(appointment) = &mut rows.appointment {
                appointment.doctor = row.doctor;
                appointment.is_on = row.takes_place;
            }
        });
    }

    /// What the visit's source says of it now.
    #[must_use]
    pub fn standing(&self, id: i64) -> Option<Standing> {
        let tables = self.tables.borrow();
        let stored = tables.stored(id)?;
        if stored.row.source == SOURCE {
            let system = self.appointments.borrow();
            let case = Case::of_number(&stored.row.appointment);
            let is_it = stored.row.appointment == system.number(case);
            return if is_it { system.standing(case) } else { None };
        }
        tables.find(id).map(|visit| visit.own_standing())
    }

    /// The loop: brings a visit to what stands, as far as that can be done now.
    pub fn bring_on(&self, id: i64, is_final: bool) {
        let name = format!("visit {id}");
        if !self.lock(&name) {
            return;
        }
        self.happens(|| self.brought_on(id, is_final));
        self.bring_on_locked(id, is_final);
        self.unlock(&name);
    }

    fn brought_on(&self, id: i64, is_final: bool) -> Value {
        let (source, appointment) = self.name_of(id);
        let around = self.around(self.standing(id).as_ref(), &source);
        json!({"do": "bring_on", "visit": [source, appointment], "is_final": is_final, "around": around})
    }

    /// The visit's appointment, by which another loop knows it.
    #[must_use]
    pub fn name_of(&self, id: i64) -> (String, String) {
        let tables = self.tables.borrow();
        tables.stored(id).map_or_else(Default::default, |one| {
            (one.row.source.clone(), one.row.appointment.clone())
        })
    }

    /// The case that a visit belongs to.
    #[must_use]
    pub fn case_of(&self, id: i64) -> Case {
        Case::of_number(&self.name_of(id).1)
    }

    fn bring_on_locked(&self, id: i64, is_final: bool) {
        let ends = self.true_now().checked_add(MOST_TIME).unwrap_or_default();
        let Some(mut visit) = self.confirmed(id, is_final) else {
            return;
        };
        for _ in 0..MOST_TURNS {
            let (at, naming) = self.moment_and_naming();
            let step = if self.fault == Some(Fault::ActsOnPending) {
                self.step(&crate::planted::as_if_settled(&visit), &naming)
            } else {
                self.step(&visit, &naming)
            };
            if matches!(step, Step::Exchange(_)) && self.true_now() > ends.before(LEAST_SECONDS) {
                return;
            }
            self.between();
            let version = visit.row().version;
            let begun = self.change_at(id, at, |visit, at| {
                let is_other = visit.row().version != version;
                if is_other && self.fault != Some(Fault::BeginsUnchecked) {
                    return None;
                }
                let version = visit.row().version;
                let step = crate::planted::of_version(self.fault, &step, version);
                visit.begun(&step, &naming, &self.policies, at)
            });
            let Some(begun) = begun else {
                match self.tables.borrow().find(id) {
                    Some(found) => visit = found,
                    None => return,
                }
                continue;
            };
            match step {
                Step::Exchange(exchange) => {
                    let known = self.numbers_of_others(id, &exchange);
                    let exchange = crate::planted::changed(self.fault, *exchange);
                    self.tell_exchange(&exchange);
                    let left = ends.duration_since(self.true_now());
                    let outcome = self.perform(&exchange, &known, left);
                    self.tell_outcome(&outcome);
                    let outcome = crate::planted::taken(self.fault, exchange.kind, outcome);
                    self.note(|| format!("{:?} -> {}", exchange.kind, outcome_in_short(&outcome)));
                    let after = self.change(id, |visit, at| {
                        Some(visit.after(&exchange, outcome, &self.policies, at))
                    });
                    match after {
                        Some(after) => visit = after,
                        None => return,
                    }
                }
                Step::Note(note) => {
                    self.note(|| format!("note {note:?}"));
                    visit = begun;
                }
                Step::Rest(until) => {
                    let mut tables = self.tables.borrow_mut();
                    return tables.look_again(id, begun.row().version, Some(until));
                }
                Step::Nothing => {
                    let mut tables = self.tables.borrow_mut();
                    return tables.look_again(id, begun.row().version, None);
                }
                // It was answered above.
                Step::Ask(_) => break,
            }
        }
        self.damage(Damage::Circle);
    }

    /// The visit as its source says; `None` when it is not there any more. Between the question and the answer it may have become
    /// another; then the source is asked again.
    fn confirmed(&self, id: i64, is_final: bool) -> Option<Visit> {
        for _ in 0..MOST_TURNS {
            let version = self.tables.borrow().stored(id)?.row.version;
            let mut standing = self.standing(id);
            if let (Some(standing), Some(Fault::HearsNoMails)) = (&mut standing, self.fault) {
                standing.mails.clear();
            }
            self.between();
            let mut is_other = false;
            let changed = self.change(id, |visit, at| {
                if visit.row().version != version {
                    is_other = true;
                    return None;
                }
                let is_final = is_final || self.fault == Some(Fault::BelievesAtOnce);
                Some(visit.confirm(standing.as_ref(), is_final, &self.policies, at))
            });
            if changed.is_some() || !is_other {
                return changed;
            }
        }
        self.damage(Damage::Circle);
        None
    }

    fn step(&self, visit: &Visit, naming: &Naming) -> Step {
        let handovers = self.handovers.borrow();
        let mut facts = Facts {
            now: self.now(),
            policies: &self.policies,
            maker: self.maker(visit.row().doctor),
            outage: self.tables.borrow().outage(),
            is_awaited: false,
            handovers: &handovers,
            can: Can {
                // What this site's own screens booked it can change by itself.
                reassign: self.plan.is_manual,
                cancel: self.plan.is_manual,
            },
            used: std::collections::BTreeMap::new(),
            patient: Some("patient".to_owned()),
            naming,
        };
        // Where the first question leads to another host, its counters are asked for in turn.
        for _ in 0..MOST_QUESTIONS {
            let step = visit.next(&facts);
            let Step::Ask(counters) = step else {
                return step;
            };
            facts.used.append(&mut self.used(&counters));
        }
        self.damage(Damage::Circle);
        Step::Nothing
    }

    fn used(
        &self,
        counters: &[Counter],
    ) -> std::collections::BTreeMap<Counter, telemed::visit::step::Used> {
        let tables = self.tables.borrow();
        let day = schedule::day(self.now());
        counters
            .iter()
            .map(|counter| (counter.clone(), tables.used(counter, day)))
            .collect()
    }

    /// Numbers of a host's meetings that may be at Zoom, but for one.
    fn numbers_of_others(&self, id: i64, exchange: &Exchange) -> Vec<i64> {
        if self.fault == Some(Fault::KnowsNoOthers) {
            return Vec::new();
        }
        let tables = self.tables.borrow();
        let is_of_host = |meeting: &&Meeting| {
            let maker = meeting.maker.as_ref();
            maker.is_some_and(|maker| maker.host == exchange.maker.host)
        };
        let is_there = |meeting: &&Meeting| match meeting.role {
            Role::Done(end) => end == End::Left,
            _ => true,
        };
        let of_visit = |one: &crate::tables::Stored| {
            let is_itself = one.row.id == id;
            one.meetings
                .iter()
                .filter(is_of_host)
                .filter(is_there)
                .filter(|meeting| !(is_itself && meeting.generation == exchange.generation))
                .filter_map(Meeting::number)
                .collect::<Vec<_>>()
        };
        tables.visits().flat_map(of_visit).collect()
    }

    /// A worker does one thing that is due.
    pub fn work_off(&self) {
        let due = self.tables.borrow().due_visit(self.now());
        self.happens(|| json!({"do": "look", "due": due.map(|id| self.name_of(id))}));
        if let Some(id) = due {
            self.process("worker", || self.bring_on(id, false));
        }
    }
}

/// A visit without its meetings' numbers, which are the tables' business.
fn unnumbered(visit: &Visit) -> Visit {
    let meetings = visit
        .meetings()
        .iter()
        .cloned()
        .map(|meeting| Meeting { id: 0, ..meeting });
    Visit::from_rows(
        visit.row().clone(),
        meetings.collect(),
        visit.notices().to_vec(),
    )
}

fn told(visit: &Visit, is_refused: bool) -> String {
    let changes = visit.changes();
    let events: Vec<String> = changes
        .log
        .iter()
        .map(|event| format!("{event:?}"))
        .collect();
    let notices: Vec<String> = changes
        .notices
        .iter()
        .map(|notice| format!("{:?} to {:?} {:?}", notice.about, notice.to, notice.place))
        .collect();
    let meetings: Vec<String> = changes
        .meetings
        .iter()
        .map(|meeting| format!("{} {:?}", meeting.generation, meeting.role))
        .collect();
    format!(
        "{}{} [{}] [{}] {:?}",
        if is_refused { "refused: " } else { "" },
        events.join(" "),
        meetings.join(", "),
        notices.join(", "),
        visit.row().pending.map(|(why, _)| why),
    )
}

fn outcome_in_short(outcome: &telemed::visit::step::Outcome) -> String {
    use telemed::visit::step::Outcome;
    match outcome {
        Outcome::Meeting(known) => format!("meeting {}", known.number),
        Outcome::Failed(failure) => format!(
            "{}{}: {:?}",
            failure.problem.id,
            if failure.maybe_delivered {
                ", perhaps done"
            } else {
                ""
            },
            failure.problem.parameters.get("message"),
        ),
        other => format!("{other:?}"),
    }
}
