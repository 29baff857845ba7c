//! The world of one life: time, Zoom, the tables of both sides, and the processes that run in it.
//!
//! There is one thread. A process runs whole, and others run whole within it wherever they could in truth run beside it: while it
//! waits for Zoom, while its transaction is open, between two of its steps.

use std::cell::Cell;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::panic::resume_unwind;
use std::rc::Rc;

use fake_zoom::FakeZoom;
use fake_zoom::LastAnswers;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde_json::json;

use telemed::visit::Moment;
use telemed::visit::Seconds as _;
use telemed::visit::handover::Handover;
use telemed::visit::maker::Mode;
use telemed::visit::reference::Naming;
use telemed::visit::step::Policies;
use telemed::zoom::Context;

use crate::act::Plan;
use crate::act::Planned;
use crate::appointments::Appointments;
use crate::appointments::Case;
use crate::chance::Chance;
use crate::choices::Choices;
use crate::letters::Letters;
use crate::mishaps::Backup;
use crate::outside::Outside;
use crate::planted::Fault;
use crate::point::Point;
use crate::process::SITE;
use crate::script::Script;
use crate::tables::Tables;
use crate::template::Template;
use crate::verdict::Damage;

/// Others run within others no deeper than this.
pub const DEEPEST: usize = 2;

/// What unwinds a process that is killed.
pub struct Killed;

/// A request of which Zoom has lost sight for a while.
pub struct Late {
    /// When it is carried out, by Zoom's clock.
    pub at: Timestamp,
    /// The request.
    pub request: fake_zoom::Request,
}

/// The world.
pub struct World {
    /// The plugin's tables.
    pub tables: RefCell<Tables>,
    /// The appointment system.
    pub appointments: RefCell<Appointments>,
    /// Zoom.
    pub zoom: RefCell<FakeZoom>,
    /// What was answered last, for whoever mixes answers up.
    pub last_answers: RefCell<LastAnswers>,
    /// The token store's records.
    pub records: RefCell<BTreeMap<String, String>>,
    /// What everybody was told.
    pub letters: RefCell<Letters>,
    /// What is still to happen.
    pub agenda: RefCell<VecDeque<(Timestamp, Planned)>>,
    /// Requests that Zoom is still at work on.
    pub late: RefCell<Vec<Late>>,
    /// What was damaged.
    pub damages: RefCell<Vec<Damage>>,
    /// The plan.
    pub plan: Plan,
    /// The clinic's choices.
    pub policies: Policies,
    /// Through which kind of app visits are made now.
    pub mode: Cell<Mode>,
    /// Who or what lets go of meetings.
    pub handovers: RefCell<Vec<Handover>>,
    /// Until when Zoom cannot be reached.
    pub away_until: Cell<Option<Timestamp>>,
    /// How far the site's clock is ahead of Zoom's, in seconds.
    pub skew: Cell<i64>,
    /// What a backup holds.
    pub backup: RefCell<Option<Backup>>,
    /// Whether the database has come back from it.
    pub was_restored: Cell<bool>,
    /// Until when the app of the clinic's account is switched off.
    pub off_until: Cell<Option<Timestamp>>,
    /// Whether an exchange about tokens did not go well: only then a grant may be dead.
    pub has_lost_tokens: Cell<bool>,
    /// Whether the site's clock has jumped.
    pub has_jumped: Cell<bool>,
    /// Whether Zoom has done something late.
    pub was_late: Cell<bool>,
    /// Whether a person has moved a meeting at Zoom that has no marker, before its number was known.
    pub was_disguised: Cell<bool>,
    /// Whether something was not as it must be, in weather that nobody can survive.
    pub is_excused: Cell<bool>,
    /// No bad weather any more.
    pub is_calm: Cell<bool>,
    /// How many requests were sent to Zoom.
    pub sent: Cell<u32>,
    /// How many things have happened.
    pub steps: Cell<u32>,
    /// A fault that was planted, for a test of the simulation.
    pub fault: Option<Fault>,
    /// The world before.
    pub template: Rc<Template>,
    /// The life as it is written down, if it is.
    pub script: Option<RefCell<Script>>,
    /// What the control API would be told to spoil the request under way.
    pub ordered: Cell<Option<serde_json::Value>>,
    choices: RefCell<Choices>,
    chance: RefCell<Chance>,
    now: Cell<Timestamp>,
    began: Timestamp,
    depth: Cell<usize>,
    locks: RefCell<Vec<(String, usize)>>,
    contexts: RefCell<Vec<Option<Context>>>,
    outside: Rc<Outside>,
    trace: Option<RefCell<Vec<String>>>,
}

impl World {
    /// A world in which nothing has happened.
    #[must_use]
    pub fn new(
        template: &Rc<Template>,
        choices: Choices,
        fault: Option<Fault>,
        is_traced: bool,
    ) -> Rc<Self> {
        Self::begun(template, choices, fault, is_traced, false)
    }

    /// The same, where all that happens is written down for another loop.
    #[must_use]
    pub fn written_down(template: &Rc<Template>, choices: Choices) -> Rc<Self> {
        Self::begun(template, choices, None, false, true)
    }

    fn begun(
        template: &Rc<Template>,
        mut choices: Choices,
        fault: Option<Fault>,
        is_traced: bool,
        is_written_down: bool,
    ) -> Rc<Self> {
        let plan = Plan::choose(&mut choices);
        let begin = template.begin(choices.weather());
        let mut zoom = begin.zoom.clone();
        if plan.hides_descriptions {
            hide_descriptions(&mut zoom);
        }
        Rc::new_cyclic(|world| Self {
            tables: RefCell::default(),
            appointments: RefCell::default(),
            zoom: RefCell::new(zoom),
            last_answers: RefCell::default(),
            records: RefCell::new(begin.records.clone()),
            letters: RefCell::default(),
            agenda: RefCell::default(),
            late: RefCell::default(),
            damages: RefCell::default(),
            policies: Policies {
                mails_zooms_link: plan.mails_zooms_link,
                ..Policies::default()
            },
            mode: Cell::new(plan.mode),
            handovers: RefCell::default(),
            away_until: Cell::new(None),
            skew: Cell::new(0),
            backup: RefCell::default(),
            was_restored: Cell::new(false),
            off_until: Cell::new(None),
            has_lost_tokens: Cell::new(false),
            has_jumped: Cell::new(false),
            was_late: Cell::new(false),
            was_disguised: Cell::new(false),
            is_excused: Cell::new(false),
            is_calm: Cell::new(false),
            sent: Cell::new(0),
            steps: Cell::new(0),
            fault,
            template: template.clone(),
            script: is_written_down.then(RefCell::default),
            ordered: Cell::new(None),
            choices: RefCell::new(choices),
            chance: RefCell::new(Chance::new(17)),
            now: Cell::new(template.now),
            began: template.now,
            depth: Cell::new(0),
            locks: RefCell::default(),
            contexts: RefCell::new(vec![None; DEEPEST + 2]),
            outside: Rc::new(Outside::new(world.clone())),
            trace: is_traced.then(RefCell::default),
            plan,
        })
    }

    /// The cases that there are.
    #[must_use]
    pub fn cases(&self) -> &'static [Case] {
        if self.plan.apart.is_some() {
            &Case::ALL
        } else {
            &[Case::First]
        }
    }

    /// What time it is at Zoom. It never goes back.
    #[must_use]
    pub fn true_now(&self) -> Timestamp {
        self.now.get()
    }

    /// What time it is by the site's clock, in whole seconds: so the plugin reads it, and so its tables keep it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp::from_second(self.exact_now().as_second()).unwrap_or_default()
    }

    /// What time it is by the site's clock, as the extension reads it.
    #[must_use]
    pub fn exact_now(&self) -> Timestamp {
        self.now.get().after(self.skew.get())
    }

    /// How long the world has been there.
    #[must_use]
    pub fn age(&self) -> std::time::Duration {
        let age = self.now.get().duration_since(self.began);
        std::time::Duration::try_from(age).unwrap_or_default()
    }

    /// Now, with a random number.
    #[must_use]
    pub fn moment(&self) -> Moment {
        let at = self.drawn();
        self.tell_moment(at, None);
        at
    }

    /// The same, with what new references are made with.
    #[must_use]
    pub fn moment_and_naming(&self) -> (Moment, Naming) {
        let at = self.drawn();
        let naming = Naming {
            site: SITE.to_owned(),
            nonce: format!("n{:08x}", self.random() & 0xffff_ffff),
        };
        self.tell_moment(at, Some(&naming));
        (at, naming)
    }

    fn drawn(&self) -> Moment {
        Moment {
            now: self.now(),
            chance: self.chance.borrow_mut().below(u32::MAX),
        }
    }

    /// A random number that is no choice: what comes of it does not matter.
    pub fn random(&self) -> u64 {
        self.chance.borrow_mut().draw()
    }

    /// Time goes by. What Zoom was still at work on is done when its time has come.
    pub fn wait(&self, duration: SignedDuration) {
        let until = self
            .now
            .get()
            .checked_add(duration)
            .unwrap_or(Timestamp::MAX);
        self.wait_until(until);
    }

    /// The same, until a moment of Zoom's clock.
    pub fn wait_until(&self, until: Timestamp) {
        loop {
            let next = {
                let mut late = self.late.borrow_mut();
                let first = late
                    .iter()
                    .enumerate()
                    .filter(|(_, one)| one.at <= until)
                    .min_by_key(|(_, one)| one.at);
                let first = first.map(|(index, _)| index);
                first.map(|index| late.remove(index))
            };
            let Some(next) = next else { break };
            self.set_now(next.at.max(self.now.get()));
            self.note(|| format!("Zoom does late: {}", crate::zoom::line(&next.request)));
            self.was_late.set(true);
            let _ = self.work(&next.request);
        }
        self.set_now(until.max(self.now.get()));
    }

    fn set_now(&self, now: Timestamp) {
        self.now.set(now);
    }

    /// Chooses at a point of the plan or of the weather; in calm weather everything is plain.
    pub fn pick(&self, point: Point) -> u8 {
        if self.is_calm.get() {
            return 0;
        }
        let value = self.choices.borrow_mut().pick(point);
        if value != 0 && self.trace.is_some() {
            let at = self.choices.borrow().made().len() - 1;
            self.note(|| format!("  * choice {at}: {point:?} {value}"));
        }
        value
    }

    /// What was chosen.
    #[must_use]
    pub fn choices(&self) -> std::cell::Ref<'_, Choices> {
        self.choices.borrow()
    }

    /// Writes down what happens, if anybody wants to read it.
    pub fn note(&self, line: impl FnOnce() -> String) {
        if let Some(trace) = &self.trace {
            let at = self.now().strftime("%d. %H:%M:%S%.3f");
            let indent = "    ".repeat(self.depth.get());
            trace.borrow_mut().push(format!("{at} {indent}{}", line()));
        }
    }

    /// What was written down.
    #[must_use]
    pub fn trace(&self) -> Vec<String> {
        self.trace
            .as_ref()
            .map(|trace| trace.borrow().clone())
            .unwrap_or_default()
    }

    /// Something is not as it must be. Each kind is noted once.
    pub fn damage(&self, damage: Damage) {
        if self.is_beyond_help(&damage) {
            self.is_excused.set(true);
            return;
        }
        self.note(|| format!("DAMAGE: {damage:?}"));
        let mut damages = self.damages.borrow_mut();
        if !damages.contains(&damage) {
            damages.push(damage);
        }
    }

    /// Whether it comes of weather that nobody can survive: until the night that may cost a meeting, and where accounts hide
    /// markers, the night cannot tell whose a meeting is.
    fn is_beyond_help(&self, damage: &Damage) -> bool {
        let is_one_too_many = match damage {
            Damage::TwoMeetings | Damage::Orphan => true,
            Damage::SurplusMeeting => self.plan.hides_descriptions,
            _ => false,
        };
        // What was lost with the backup is no fault; meetings without a row go in the night.
        let is_lost = is_one_too_many
            || *damage == Damage::Untold
            || (*damage == Damage::SequenceFell && self.has_jumped.get());
        // Zoom does late what a clock that has jumped says it would have done long ago.
        let is_late = self.was_late.get() && self.has_jumped.get();
        // Without a marker, one that is alike is taken for the one that Zoom makes only then.
        let is_alike = self.was_late.get() && self.plan.hides_descriptions;
        (is_lost && self.was_restored.get())
            || (is_one_too_many && (is_late || is_alike || self.was_disguised.get()))
    }

    /// Runs a process. `None` if it was killed; its locks and its transaction are gone with it.
    pub fn process<R>(&self, what: &str, run: impl FnOnce() -> R) -> Option<R> {
        let depth = self.depth.get() + 1;
        self.note(|| format!("{what}:"));
        self.depth.set(depth);
        let ended = catch_unwind(AssertUnwindSafe(run));
        self.depth.set(depth - 1);
        self.locks.borrow_mut().retain(|(_, of)| *of < depth);
        match ended {
            Ok(value) => Some(value),
            Err(why) if why.is::<Killed>() => {
                self.note(|| format!("{what} is killed"));
                self.forget_context(depth);
                self.appointments.borrow_mut().bury(depth);
                None
            }
            Err(why) => resume_unwind(why),
        }
    }

    /// The running process is killed here and now.
    pub fn kill() -> ! {
        resume_unwind(Box::new(Killed))
    }

    /// How deep processes run within others.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth.get()
    }

    /// Takes a lock by name, without waiting: who holds it runs outside of whoever asks, and waits for it.
    pub fn lock(&self, name: &str) -> bool {
        let mut locks = self.locks.borrow_mut();
        if locks.iter().any(|(held, _)| held == name) {
            return false;
        }
        locks.push((name.to_owned(), self.depth.get()));
        true
    }

    /// Gives it back.
    pub fn unlock(&self, name: &str) {
        self.locks.borrow_mut().retain(|(held, _)| held != name);
    }

    /// Everything that the Zoom core needs, as the running process has it.
    pub fn context(&self) -> Option<Context> {
        let mut contexts = self.contexts.borrow_mut();
        let place = contexts.get_mut(self.depth.get())?;
        let context = place.get_or_insert_with(|| Context {
            http: self.outside.clone(),
            clock: self.outside.clone(),
            store: self.outside.clone(),
            vault: self.template.vault.clone(),
            known: Rc::default(),
            endpoints: self.template.endpoints.clone(),
        });
        Some(context.clone())
    }

    /// No process remembers anything.
    pub fn forget_all_contexts(&self) {
        self.contexts.borrow_mut().fill(None);
    }

    fn forget_context(&self, depth: usize) {
        if let Some(place) = self.contexts.borrow_mut().get_mut(depth) {
            *place = None;
        }
    }
}

/// From now on answers of Zoom's say nothing of what meetings are described with.
fn hide_descriptions(zoom: &mut FakeZoom) {
    let hides = json!({"schedule_meeting": {"hide_meeting_description": {"enable": true}}});
    let accounts: Vec<_> = zoom.accounts().cloned().collect();
    for mut account in accounts {
        account.settings = hides.as_object().cloned().unwrap_or_default();
        zoom.put_account(account);
    }
}
