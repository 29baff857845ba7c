//! What the tests of this core share: one visit, one maker, a world in which nothing is in the way.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Moment;
use super::Slot;
use super::Standing;
use super::State;
use super::Visit;
use super::Wish;
use super::changes::Counter;
use super::intended::Intended;
use super::maker::Maker;
use super::maker::Mode;
use super::meeting::Known;
use super::meeting::Role;
use super::notice::Fate;
use super::notice::Notice;
use super::notice::Recipient;
use super::problem::Failure;
use super::problem::Problem;
use super::reference::Naming;
use super::step::Exchange;
use super::step::Facts;
use super::step::Outcome;
use super::step::Policies;
use super::step::Step;
use super::step::Used;
use super::tell::Sending;
use crate::zoom::Kind;

pub const SITE: &str = "5a6b7c8d";
pub const DOCTOR: u64 = 5;

pub fn now() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().unwrap()
}

pub fn at(now: Timestamp) -> Moment {
    Moment { now, chance: 20 }
}

pub fn later(seconds: i64) -> Moment {
    use super::Seconds as _;
    at(now().after(seconds))
}

pub fn slot(start: &str) -> Slot {
    Slot {
        start: start.parse().unwrap(),
        minutes: 30,
        timezone: "Europe/Berlin".to_owned(),
        topic: "Video visit 1A2B3C".to_owned(),
    }
}

pub fn next_week() -> Slot {
    slot("2026-12-01T09:00:00Z")
}

pub fn maker(app: &str) -> Maker {
    Maker {
        mode: Mode::S2s,
        app: app.to_owned(),
        account: Some("account".to_owned()),
        subject: None,
        host: "host-1".to_owned(),
    }
}

pub fn naming() -> Naming {
    Naming {
        site: SITE.to_owned(),
        nonce: "k3jd".to_owned(),
    }
}

pub fn standing(visit: &Visit) -> Standing {
    visit.own_standing()
}

/// A visit that was booked and seen committed, stored as number 1.
pub fn confirmed() -> Visit {
    stored(
        Visit::booked("kivicare", "7", DOCTOR, next_week(), now())
            .unwrap()
            .settled(&Policies::default(), at(now())),
    )
}

/// As it is read again after what changed was written.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the visit from before the writing is not to be used any more"
)]
pub fn stored(visit: Visit) -> Visit {
    let mut row = visit.row().clone();
    row.id = 1;
    let notices = visit
        .notices()
        .iter()
        .cloned()
        .enumerate()
        .map(|(index, mut notice)| {
            notice.id = i64::try_from(index).unwrap() + 1;
            notice
        });
    Visit::from_rows(
        row,
        visit.meetings().to_vec(),
        notices.filter(Notice::is_open).collect(),
    )
}

/// What Zoom has after it was asked for this.
pub fn known(exchange: &Exchange, number: i64) -> Known {
    Known {
        number,
        uuid: None,
        host: Some(exchange.maker.host.clone()),
        host_email: None,
        join_url: Some(format!("https://zoom.us/j/{number}?pwd=x")),
        passcode: Some("x".to_owned()),
        passcode_in_link: true,
        slot: Some(exchange.slot.clone()),
        overridden: Vec::new(),
    }
}

pub fn failure(kind: Kind, maybe_delivered: bool) -> Failure {
    Failure {
        problem: Problem::passing("unreachable"),
        kind,
        maybe_delivered,
        retry_at: None,
        status: None,
        tracking_id: None,
    }
}

/// A world for steps.
pub struct World {
    pub policies: Policies,
    pub maker: Result<Maker, Problem>,
    pub outage: Option<Timestamp>,
    pub handovers: Vec<super::handover::Handover>,
    pub can: super::handover::Can,
    pub used: BTreeMap<Counter, Used>,
    pub patient: Option<String>,
    pub naming: Naming,
    pub now: Timestamp,
}

impl Default for World {
    fn default() -> Self {
        Self {
            policies: Policies::default(),
            maker: Ok(maker("app-1")),
            outage: None,
            handovers: Vec::new(),
            can: super::handover::Can {
                reassign: true,
                cancel: true,
            },
            used: BTreeMap::new(),
            patient: None,
            naming: naming(),
            now: now(),
        }
    }
}

impl World {
    pub fn at(now: Timestamp) -> Self {
        Self {
            now,
            ..Self::default()
        }
    }

    pub fn facts(&self) -> Facts<'_> {
        Facts {
            now: self.now,
            policies: &self.policies,
            maker: self.maker.clone(),
            outage: self.outage,
            is_awaited: false,
            handovers: &self.handovers,
            can: self.can,
            used: self.used.clone(),
            patient: self.patient.clone(),
            naming: &self.naming,
        }
    }

    /// The next step, when what it asks for is not used up unless the test says so.
    pub fn next(&self, visit: &Visit) -> Step {
        let mut facts = self.facts();
        loop {
            match visit.next(&facts) {
                Step::Ask(counters) => {
                    assert!(!counters.is_empty());
                    for counter in counters {
                        let used = self.used.get(&counter).copied().unwrap_or_default();
                        assert_eq!(
                            facts.used.insert(counter, used),
                            None,
                            "it was answered before"
                        );
                    }
                }
                step => return step,
            }
        }
    }

    /// The exchange that comes next.
    pub fn exchange(&self, visit: &Visit) -> Exchange {
        match self.next(visit) {
            Step::Exchange(exchange) => *exchange,
            other => panic_with(&other),
        }
    }

    pub fn begin(&self, visit: Visit, step: &Step) -> Visit {
        stored(
            visit
                .begun(step, &self.naming, &self.policies, at(self.now))
                .unwrap(),
        )
    }

    /// Carries out the next exchange.
    pub fn carry_out(&self, visit: Visit, outcome: impl FnOnce(&Exchange) -> Outcome) -> Visit {
        let exchange = self.exchange(&visit);
        let begun = self.begin(visit, &Step::Exchange(Box::new(exchange.clone())));
        let outcome = outcome(&exchange);
        stored(begun.after(&exchange, outcome, &self.policies, at(self.now)))
    }

    /// Writes down the next step, which asks nothing of Zoom.
    pub fn write_down(&self, visit: Visit) -> Visit {
        let step = self.next(&visit);
        assert!(matches!(step, Step::Note(_)), "{step:?}");
        self.begin(visit, &step)
    }

    pub fn made(&self, visit: Visit, number: i64) -> Visit {
        self.carry_out(visit, |exchange| {
            Outcome::Meeting(Box::new(known(exchange, number)))
        })
    }

    /// Sends all that is due; who got what.
    pub fn send_all(&self, mut visit: Visit) -> (Visit, Vec<Notice>) {
        let mut sent = Vec::new();
        let due: Vec<i64> = visit
            .notices()
            .iter()
            .filter(|notice| notice.due_at <= self.now)
            .map(|notice| notice.id)
            .collect();
        for id in due {
            let (taken, sending) = visit.send(id, &self.policies, at(self.now));
            visit = taken;
            if let Sending::Now(notice) = sending {
                visit = visit.delivered(id, Fate::Sent, &self.policies, at(self.now));
                sent.push(notice);
            }
        }
        (stored(visit), sent)
    }
}

pub fn people(sent: &[Notice]) -> Vec<(Recipient, super::notice::About)> {
    sent.iter()
        .map(|notice| (notice.to, notice.about))
        .collect()
}

#[expect(clippy::panic, reason = "this is how a test fails")]
fn panic_with(step: &Step) -> ! {
    panic!("no exchange comes next, but {step:?}")
}

pub fn settled(visit: Visit, wish: Wish, at: Moment) -> Visit {
    stored(visit.wish(wish, at).settled(&Policies::default(), at))
}

pub fn fails(kind: Kind, maybe_delivered: bool) -> impl FnOnce(&Exchange) -> Outcome {
    move |_| Outcome::Failed(failure(kind, maybe_delivered))
}

pub fn roles(visit: &Visit) -> Vec<Role> {
    visit
        .meetings()
        .iter()
        .map(|meeting| meeting.role)
        .collect()
}

/// A meeting that serves a confirmed visit, at rest, as a comparison reads it.
pub fn intended(visit: i64, number: i64) -> Intended {
    use super::Seconds as _;
    Intended {
        visit,
        version: 1,
        generation: 1,
        reference: format!("{SITE}:kivicare:{visit}:1:k3jd"),
        role: Role::Serves,
        maker: Some(maker("app-1")),
        number: Some(number),
        host_at_zoom: Some("host-1".to_owned()),
        join_url: Some(format!("https://zoom.us/j/{number}?pwd=x")),
        overridden: Vec::new(),
        to_restore: Vec::new(),
        start: next_week().start,
        minutes: 30,
        takes_place: true,
        is_pending: false,
        state: State::Made,
        changed_at: now().before(900),
    }
}
