//! One life: a plan, bad weather, and in the end a calm in which everything must come to rest.

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::rc::Rc;

use jiff::SignedDuration;
use jiff::Timestamp;

use telemed::visit::Seconds as _;
use telemed::visit::State;
use telemed::visit::meeting::Role;
use telemed::visit::notice::Notice;
use telemed::visit::problem::Problem;
use telemed::visit::schedule;
use telemed::zoom::meeting_request::marker;

use crate::act::Act;
use crate::act::Planned;
use crate::appointments::Case;
use crate::choices::Choices;
use crate::choices::Made;
use crate::choices::Weather;
use crate::planted::Fault;
use crate::template::Template;
use crate::verdict::Damage;
use crate::world::World;

/// Cron comes around so often at most.
const CRON_SECONDS: i64 = 20;
/// So long after something was changed behind our back a sweep has seen it twice.
const SWEEP_SECONDS: i64 = 60;
/// A daily limit is over by then.
const CALM_SECONDS: i64 = 26 * 3_600;
/// Within this time everybody has noticed what is not well.
const NOTICED_SECONDS: i64 = 2 * 3_600;
/// After the night everything is done by then.
const AFTER_NIGHT_SECONDS: i64 = 2 * 3_600;
/// So long after its end a visit is past.
const PAST_SECONDS: i64 = 3 * 86_400;
/// More happens in no life that comes to rest.
const MOST_STEPS: u32 = 3_000;

/// What came of a life.
#[derive(Clone, Debug)]
pub struct Report {
    /// The choices.
    pub made: Vec<Made>,
    /// Which ways there were.
    pub weather: Weather,
    /// What is not as it must be.
    pub damages: Vec<Damage>,
    /// How many requests went to Zoom.
    pub exchanges: u32,
    /// How many e-mails arrived.
    pub letters: usize,
    /// Whether something was not as it must be, in weather that nobody can survive.
    pub is_excused: bool,
    /// What happened, if it was to be written down.
    pub trace: Vec<String>,
}

/// Lives it.
#[must_use]
pub fn live(
    template: &Rc<Template>,
    choices: Choices,
    fault: Option<Fault>,
    is_traced: bool,
) -> Report {
    let world = World::new(template, choices, fault, is_traced);
    let ended = catch_unwind(AssertUnwindSafe(|| world.live()));
    if let Err(why) = ended {
        let text = why
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| why.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        world.damage(Damage::Panicked(text.unwrap_or_default()));
    }
    let choices = world.choices();
    Report {
        made: choices.made().to_vec(),
        weather: choices.weather(),
        damages: world.damages.borrow().clone(),
        exchanges: world.sent.get(),
        letters: world.letters.borrow().count(),
        is_excused: world.is_excused.get(),
        trace: world.trace(),
    }
}

/// Lives it, and only as far as one process at a time can tell: no night in which hosts are compared.
pub fn live_alone(world: &World) {
    let ended = catch_unwind(AssertUnwindSafe(|| world.live_alone()));
    if ended.is_err() {
        world.damage(Damage::Panicked(String::new()));
    }
    // Without the night not everything is mended; but it comes to rest.
    let counts = |damage: &Damage| {
        matches!(
            damage,
            Damage::Restless | Damage::Circle | Damage::Panicked(_)
        )
    };
    world.damages.borrow_mut().retain(counts);
}

impl World {
    fn live_alone(&self) {
        let silent_until = self.begin_plan();
        if !self.run(silent_until) {
            return;
        }
        self.is_calm.set(true);
        let start = self.start().unwrap_or_else(|| self.true_now());
        self.run(
            self.true_now()
                .after(CALM_SECONDS)
                .max(start.after(PAST_SECONDS)),
        );
    }

    /// When all that is planned is over.
    fn begin_plan(&self) -> Timestamp {
        let mut at = self.true_now();
        for host in Template::hosts() {
            let day = schedule::day(self.now());
            self.tables
                .borrow_mut()
                .use_up(host, day, self.plan.used_up);
        }
        for planned in &self.plan.acts {
            if self.plan.hides_descriptions && planned.delay > NOTICED_SECONDS {
                // Without markers more is left to people than anywhere else.
                let look = Planned {
                    act: Act::Look,
                    ..*planned
                };
                let noticed_at = at.after(NOTICED_SECONDS);
                self.agenda.borrow_mut().push_back((noticed_at, look));
            }
            at = at.after(planned.delay);
            self.agenda.borrow_mut().push_back((at, *planned));
        }
        at.after(2 * SWEEP_SECONDS + 10)
    }

    fn live(&self) {
        let silent_until = self.begin_plan();
        if !self.run(silent_until) {
            return;
        }
        self.is_calm.set(true);
        self.note(|| "the weather is calm".to_owned());
        let away = self.away_until.get().unwrap_or(Timestamp::MIN);
        // What was lost shows within the hour; whoever has to mend something does.
        if !self.run(self.before_it_begins(self.true_now().max(away).after(NOTICED_SECONDS))) {
            return;
        }
        let is_away = away > self.true_now();
        self.mend(is_away);
        if !self.run(self.before_it_begins(self.true_now().after(CALM_SECONDS))) {
            return;
        }
        self.night();
        self.look();
        // Only now it may have shown that a grant is dead; then the next night sees what this one could not.
        let is_again = self.mend(is_away);
        if !self.run(self.true_now().after(AFTER_NIGHT_SECONDS)) {
            return;
        }
        // Or when what a person has resolved was tried again.
        let is_again = self.mend(is_away) || is_again;
        if is_again {
            self.night();
            self.look();
            if !self.run(self.true_now().after(AFTER_NIGHT_SECONDS)) {
                return;
            }
        }
        let is_excused = is_away || self.tables.borrow().is_held_back(self.now());
        self.at_rest(|start| is_excused || start <= self.true_now().after(900));
        self.grow_old();
    }

    /// The visit passes, and after it nothing is left to do.
    fn grow_old(&self) {
        let Some(start) = self.start() else { return };
        if !self.run(start.after(PAST_SECONDS).max(self.true_now())) {
            return;
        }
        let now = self.now();
        let tables = self.tables.borrow();
        let is_open = tables.visits().any(|one| {
            one.row.pending.is_some()
                || one.due_at.is_some_and(|due_at| due_at <= now)
                || one.notices.iter().any(Notice::is_open)
        });
        drop(tables);
        if is_open {
            self.damage(Damage::StillOpen);
        }
    }

    /// People mend what only they can. Whether there was anything.
    fn mend(&self, is_away: bool) -> bool {
        self.end_departure();
        self.delete_alike();
        if !self.has_lost_tokens.get() && !self.tables.borrow().misses_a_grant() {
            return false;
        }
        match self.connect_all() {
            Ok(any) => {
                if any {
                    self.wake();
                }
                any
            }
            Err(error) => {
                if !is_away {
                    self.damage(Damage::Panicked(format!("{error:#}")));
                }
                false
            }
        }
    }

    /// The moment, or sooner, so that there is time for a night before the next visit begins.
    fn before_it_begins(&self, moment: Timestamp) -> Timestamp {
        let tables = self.tables.borrow();
        let starts = tables.visits().map(|one| one.row.slot.start);
        starts
            .map(|start| start.before(2 * AFTER_NIGHT_SECONDS))
            .filter(|latest| *latest > self.true_now())
            .fold(moment, Timestamp::min)
    }

    fn start(&self) -> Option<Timestamp> {
        let tables = self.tables.borrow();
        tables.visits().map(|one| one.row.slot.start).max()
    }

    /// Time goes by until a moment, with all that happens. `false`: it never comes to rest.
    fn run(&self, until: Timestamp) -> bool {
        let mut swept_at = self.true_now().after(SWEEP_SECONDS);
        loop {
            self.steps.set(self.steps.get() + 1);
            if self.steps.get() > MOST_STEPS {
                self.damage(Damage::Restless);
                return false;
            }
            if self
                .off_until
                .get()
                .is_some_and(|until| until <= self.true_now())
            {
                self.enable_app(true);
            }
            let act = self.agenda.borrow().front().map(|(at, _)| *at);
            let due = self.tables.borrow().next_due();
            let due = due.map(|due| due.before(self.skew.get()));
            let sweep = (!self.is_calm.get() && self.disagrees()).then_some(swept_at);
            let on = self.off_until.get();
            let next = [act, due, sweep, on].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= until) else {
                break;
            };
            self.wait_until(next.max(self.true_now()));
            if on.is_some_and(|on| on <= self.true_now()) {
                continue;
            }
            if act.is_some_and(|act| act <= self.true_now()) {
                let planned = self.agenda.borrow_mut().pop_front();
                if let Some((_, planned)) = planned {
                    self.act(planned);
                }
                continue;
            }
            if sweep.is_some_and(|sweep| sweep <= self.true_now()) {
                self.sweep();
                swept_at = self.true_now().after(SWEEP_SECONDS);
                continue;
            }
            if self.damages.borrow().contains(&Damage::Circle) {
                return false;
            }
            let before = self.true_now();
            self.work_off();
            self.send_mail();
            if self
                .tables
                .borrow()
                .next_due()
                .is_some_and(|due| due <= self.now())
            {
                let busy = self.true_now().duration_since(before);
                self.wait(
                    (SignedDuration::from_secs(CRON_SECONDS) - busy).max(SignedDuration::ZERO),
                );
            }
        }
        self.wait_until(until.max(self.true_now()));
        true
    }

    /// Whether the appointment says otherwise than its visit: then a sweep has something to find.
    fn disagrees(&self) -> bool {
        if self.plan.is_manual {
            return false;
        }
        self.cases().iter().any(|case| self.disagrees_about(*case))
    }

    fn disagrees_about(&self, case: Case) -> bool {
        let appointments = self.appointments.borrow();
        let committed = appointments.committed(case);
        let tables = self.tables.borrow();
        let mut of_case = tables
            .visits()
            .filter(|one| Case::of_number(&one.row.appointment) == case);
        let visit = of_case.next();
        let visit = visit.filter(|one| one.row.slot.end() > self.now());
        match (committed, visit) {
            (Some(appointment), Some(one)) => {
                appointment.is_on != one.row.takes_place
                    || (appointment.is_on
                        && (appointment.doctor != one.row.doctor
                            || appointment.start != one.row.slot.start))
            }
            (None, Some(one)) => one.row.takes_place,
            _ => false,
        }
    }

    /// People look at what only a person can tell.
    pub fn look(&self) {
        self.delete_alike();
        self.resolve();
    }

    /// What nobody wants, and nobody but a person can tell from others that are alike, a person deletes at Zoom.
    fn delete_alike(&self) {
        let marks: Vec<String> = {
            let tables = self.tables.borrow();
            let meetings = tables.visits().flat_map(|one| &one.meetings);
            let is_for_a_person = |problem: &Problem| !problem.passes;
            meetings
                .filter(|one| one.role == Role::Unwanted && one.known.is_none())
                .filter(|one| one.problem.as_ref().is_some_and(is_for_a_person))
                .map(|one| marker(&one.reference))
                .collect()
        };
        for mark in marks {
            let mut zoom = self.zoom.borrow_mut();
            let mut meetings = zoom.meetings();
            let found = meetings.find(|meeting| meeting.agenda.contains(&mark));
            let found = found.map(|meeting| meeting.id);
            drop(meetings);
            if let Some(id) = found {
                zoom.delete_meeting(id);
            }
            drop(zoom);
            self.note(|| format!("a person deletes {found:?}"));
        }
    }

    /// A person looks at Zoom where only a person can tell.
    fn resolve(&self) {
        let uncertain: Vec<(i64, String)> = {
            let tables = self.tables.borrow();
            let ids: Vec<i64> = tables.visits().map(|one| one.row.id).collect();
            let visits = ids.into_iter().filter_map(|id| tables.find(id));
            visits
                .filter(|visit| visit.state() == State::Uncertain)
                .filter_map(|visit| {
                    let serving = visit.serving()?;
                    Some((visit.row().id, serving.reference.clone()))
                })
                .collect()
        };
        for (id, reference) in uncertain {
            let mark = marker(&reference);
            let found = {
                let zoom = self.zoom.borrow();
                zoom.meetings()
                    .find(|meeting| meeting.agenda.contains(&mark))
                    .and_then(|meeting| i64::try_from(meeting.id).ok())
            };
            let known = found.map(|number| telemed::visit::meeting::Known {
                number,
                uuid: None,
                host: None,
                host_email: None,
                join_url: None,
                passcode: None,
                passcode_in_link: false,
                slot: None,
                overridden: Vec::new(),
            });
            self.note(|| format!("a person resolves: {found:?}"));
            self.change(id, |visit, at| {
                Some(visit.resolved(known, &self.policies, at))
            });
        }
    }
}
