//! The plugin's tables, in memory: what the second core says has to be written is written whole, or not at all.

use std::collections::BTreeMap;

use jiff::Timestamp;

use telemed::visit::Changes;
use telemed::visit::Visit;
use telemed::visit::VisitRow;
use telemed::visit::changes::Claim;
use telemed::visit::changes::Counter;
use telemed::visit::changes::Signal;
use telemed::visit::meeting::Meeting;
use telemed::visit::meeting::Role;
use telemed::visit::notice::Notice;
use telemed::visit::notice::Recipient;
use telemed::visit::problem::SHARE_USED_UP;
use telemed::visit::problem::WRITES_USED_UP;
use telemed::visit::schedule::MOST_LOST;
use telemed::visit::step::Used;
use telemed::zoom::ErrorId;

/// A visit with all that hangs on it.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its row.
    pub row: VisitRow,
    /// Its meetings, done ones too.
    pub meetings: Vec<Meeting>,
    /// Its notices, closed ones too.
    pub notices: Vec<Notice>,
    /// When it is looked at again by itself.
    pub due_at: Option<Timestamp>,
    /// When its row was last written.
    pub changed_at: Timestamp,
}

/// What all processes know of Zoom's being there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Breaker {
    lost: u32,
    tried_at: Option<Timestamp>,
}

/// All tables.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    visits: BTreeMap<i64, Stored>,
    last_id: i64,
    writes: BTreeMap<(Counter, i64), u32>,
    blocked: BTreeMap<String, Timestamp>,
    breaker: Breaker,
}

/// A claim or the turn was refused: nothing was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refused;

impl Tables {
    /// All visits.
    pub fn visits(&self) -> impl Iterator<Item = &Stored> {
        self.visits.values()
    }

    /// One of them.
    #[must_use]
    pub fn stored(&self, id: i64) -> Option<&Stored> {
        self.visits.get(&id)
    }

    /// The visit of an appointment.
    #[must_use]
    pub fn of_appointment(&self, source: &str, appointment: &str) -> Option<i64> {
        self.visits()
            .find(|one| one.row.source == source && one.row.appointment == appointment)
            .map(|one| one.row.id)
    }

    /// A visit as the core wants it: without what is done.
    #[must_use]
    pub fn find(&self, id: i64) -> Option<Visit> {
        let stored = self.visits.get(&id)?;
        let meetings = stored
            .meetings
            .iter()
            .filter(|meeting| !matches!(meeting.role, Role::Done(_)));
        let notices = stored.notices.iter().filter(|notice| notice.is_open());
        Some(Visit::from_rows(
            stored.row.clone(),
            meetings.cloned().collect(),
            notices.cloned().collect(),
        ))
    }

    /// The visit that is due first by its start.
    #[must_use]
    pub fn due_visit(&self, now: Timestamp) -> Option<i64> {
        self.visits()
            .filter(|one| one.due_at.is_some_and(|due_at| due_at <= now))
            .min_by_key(|one| (one.row.slot.start, one.row.id))
            .map(|one| one.row.id)
    }

    /// The notice that is due first: the visit's number and its own.
    #[must_use]
    pub fn due_notice(&self, now: Timestamp) -> Option<(i64, i64)> {
        self.open_notices()
            .filter(|(_, notice)| notice.due_at <= now)
            .min_by_key(|(_, notice)| (notice.due_at, notice.id))
            .map(|(id, notice)| (id, notice.id))
    }

    /// What goes in one e-mail with a due notice: all that tells the same people of the same trouble.
    #[must_use]
    pub fn gathered_with(&self, first: (i64, i64), now: Timestamp) -> Vec<(i64, i64)> {
        let kind_of = |notice: &Notice| (notice.about, notice.to);
        let mut open = self.open_notices();
        let Some((_, of)) = open.find(|(id, notice)| (*id, notice.id) == first) else {
            return Vec::new();
        };
        let is_trouble = |notice: &&Notice| {
            !notice.about.is_news() && notice.to != Recipient::Patient && notice.due_at <= now
        };
        if !is_trouble(&of) {
            return vec![first];
        }
        let alike = self
            .open_notices()
            .filter(|(_, notice)| is_trouble(notice) && kind_of(notice) == kind_of(of));
        alike.map(|(id, notice)| (id, notice.id)).collect()
    }

    /// When something is due next.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let visits = self.visits().filter_map(|one| one.due_at);
        let notices = self.open_notices().map(|(_, notice)| notice.due_at);
        visits.chain(notices).min()
    }

    fn open_notices(&self) -> impl Iterator<Item = (i64, &Notice)> {
        self.visits().flat_map(|one| {
            let open = one.notices.iter().filter(|notice| notice.is_open());
            open.map(|notice| (one.row.id, notice))
        })
    }

    /// When Zoom was last tried in the outage that there is.
    #[must_use]
    pub fn outage(&self) -> Option<Timestamp> {
        self.breaker.tried_at
    }

    /// What is used up of a counter.
    #[must_use]
    pub fn used(&self, counter: &Counter, day: i64) -> Used {
        Used {
            writes: self.writes_of(counter, day),
            blocked_until: match counter {
                Counter::Host(host) => self.blocked.get(host).copied(),
                Counter::Share(..) => None,
            },
        }
    }

    fn writes_of(&self, counter: &Counter, day: i64) -> u32 {
        self.writes
            .get(&(counter.clone(), day))
            .copied()
            .unwrap_or(0)
    }

    /// Other visits have used up so many of a host's writes of the day.
    pub fn use_up(&mut self, host: &str, day: i64, writes: u32) {
        self.writes
            .insert((Counter::Host(host.to_owned()), day), writes);
    }

    /// Whether something waits because Zoom, or we ourselves, allow a host no more on this day.
    #[must_use]
    pub fn is_held_back(&self, now: Timestamp) -> bool {
        let of_the_day = [WRITES_USED_UP, SHARE_USED_UP, ErrorId::DailyLimit.as_str()];
        let mut meetings = self.visits().flat_map(|one| &one.meetings);
        meetings.any(|meeting| {
            let problem = meeting.problem.as_ref();
            problem.is_some_and(|problem| of_the_day.contains(&problem.id.as_str()))
                && meeting.due_at.is_some_and(|due_at| due_at > now)
                && !matches!(meeting.role, Role::Done(_))
        })
    }

    /// Whether a connection is dead, and a meeting waits for that.
    #[must_use]
    pub fn misses_a_grant(&self) -> bool {
        let dead = [ErrorId::ConnectionDead, ErrorId::AuthorizationRefused].map(ErrorId::as_str);
        let mut meetings = self.visits().flat_map(|one| &one.meetings);
        meetings.any(|meeting| {
            let problem = meeting.problem.as_ref();
            problem.is_some_and(|problem| dead.contains(&problem.id.as_str()))
                && !matches!(meeting.role, Role::Done(_))
        })
    }

    /// Whether a meeting of this number is to go, and waits for its first or next try.
    #[must_use]
    pub fn is_still_to_go(&self, number: u64, now: Timestamp) -> bool {
        let number = i64::try_from(number).ok();
        let mut meetings = self.visits().flat_map(|one| &one.meetings);
        meetings.any(|meeting| {
            meeting.role == Role::Unwanted
                && meeting.number() == number
                && meeting.due_at.is_none_or(|due_at| due_at > now)
        })
    }

    /// What is counted of each counter and day, where anything is.
    pub fn writes(&self) -> impl Iterator<Item = (&Counter, i64, u32)> {
        let all = self.writes.iter();
        all.map(|((counter, day), writes)| (counter, *day, *writes))
            .filter(|(.., writes)| *writes > 0)
    }

    /// Whose writes Zoom refuses, and until when.
    pub fn blocked(&self) -> impl Iterator<Item = (Counter, Timestamp)> {
        let all = self.blocked.iter();
        all.map(|(host, until)| (Counter::Host(host.clone()), *until))
    }

    /// How many exchanges in a row were lost, and when Zoom was last tried in the outage that there is.
    #[must_use]
    pub fn breaker(&self) -> (u32, Option<Timestamp>) {
        (self.breaker.lost.min(MOST_LOST), self.breaker.tried_at)
    }

    /// The most writes that were counted for any host on any day.
    #[must_use]
    pub fn most_writes(&self) -> u32 {
        let hosts = self
            .writes
            .iter()
            .filter(|((counter, _), _)| matches!(counter, Counter::Host(_)));
        hosts.map(|(_, writes)| *writes).max().unwrap_or(0)
    }

    /// Looks at a visit again at another moment: what is due is not changed by that.
    pub fn look_again(&mut self, id: i64, version: u32, at: Option<Timestamp>) {
        if let Some(stored) = self.visits.get_mut(&id)
            && stored.row.version == version
        {
            stored.due_at = at;
        }
    }

    /// Half of a transaction, as no database leaves it: for a planted fault.
    pub fn write_half(&mut self, visit: &Visit) {
        if let Some(stored) = self.visits.get_mut(&visit.row().id) {
            stored.row = visit.row().clone();
        }
    }

    /// Writes what an input has changed, in one transaction. A new visit has the number 0; the number is given back.
    ///
    /// # Errors
    /// When something that it claims is not to be had any more.
    pub fn write(&mut self, visit: &Visit, now: Timestamp) -> Result<i64, Refused> {
        let changes = visit.changes();
        let is_refused = |claim: &Claim| self.writes_of(&claim.counter, claim.day) >= claim.below;
        if changes.claims.iter().any(is_refused) {
            return Err(Refused);
        }
        if changes.turn.is_some() && changes.turn != self.breaker.tried_at {
            return Err(Refused);
        }
        let mut id = visit.row().id;
        if changes.forgets {
            self.visits.remove(&id);
            return Ok(id);
        }
        if id == 0 {
            self.last_id += 1;
            id = self.last_id;
        }
        self.write_rows(id, visit, changes, now);
        for claim in &changes.claims {
            *self
                .writes
                .entry((claim.counter.clone(), claim.day))
                .or_default() += 1;
        }
        if changes.turn.is_some() {
            self.breaker.tried_at = Some(now);
        }
        for claim in &changes.releases {
            let writes = self
                .writes
                .entry((claim.counter.clone(), claim.day))
                .or_default();
            *writes = writes.saturating_sub(1);
        }
        for signal in &changes.signals {
            self.hear(signal, now);
        }
        Ok(id)
    }

    fn write_rows(&mut self, id: i64, visit: &Visit, changes: &Changes, now: Timestamp) {
        let stored = self.visits.entry(id).or_insert_with(|| Stored {
            row: visit.row().clone(),
            meetings: Vec::new(),
            notices: Vec::new(),
            due_at: None,
            changed_at: now,
        });
        if changes.visit {
            stored.row = visit.row().clone();
            stored.row.id = id;
            stored.changed_at = now;
        }
        for meeting in &changes.meetings {
            let mut meeting = meeting.clone();
            let place = stored
                .meetings
                .iter_mut()
                .find(|one| one.generation == meeting.generation);
            if let Some(place) = place {
                meeting.id = place.id;
                *place = meeting;
            } else {
                self.last_id += 1;
                meeting.id = self.last_id;
                stored.meetings.push(meeting);
            }
        }
        for notice in &changes.notices {
            let mut notice = notice.clone();
            let place = stored.notices.iter_mut().find(|one| one.id == notice.id);
            if let Some(place) = place {
                *place = notice;
            } else {
                self.last_id += 1;
                notice.id = self.last_id;
                stored.notices.push(notice);
            }
        }
        if changes.next {
            stored.due_at = visit.due_at(now);
        }
    }

    fn hear(&mut self, signal: &Signal, now: Timestamp) {
        match signal {
            Signal::Answered => self.breaker = Breaker::default(),
            Signal::Lost => {
                self.breaker.lost += 1;
                if self.breaker.lost >= MOST_LOST {
                    self.breaker.tried_at = Some(now);
                }
            }
            Signal::Blocked { host, until } => {
                self.blocked.insert(host.clone(), *until);
            }
        }
    }
}
