//! A life written down, for PHP's loop to live it again (`php-tests/wordpress/VisitReplayTest.php`): what happened in order, with
//! the moment and the chance of each input, what went wrong at Zoom, and what came of it.
//!
//! Such a life has one process at a time, and of bad weather only what fake-zoom's control API can order ([`Weather::Alone`]).

use std::collections::BTreeMap;
use std::rc::Rc;

use anyhow::Result;
use jiff::Timestamp;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use telemed::visit::Moment;
use telemed::visit::Slot;
use telemed::visit::Standing;
use telemed::visit::Visit;
use telemed::visit::Wish;
use telemed::visit::changes::Event;
use telemed::visit::columns::moment_text;
use telemed::visit::notice::Notice;
use telemed::visit::reference::Naming;
use telemed::visit::schedule::day_text;
use telemed::visit::step::Exchange;
use telemed::visit::step::Outcome;
use telemed::zoom::meeting_request::find_marker;

use crate::appointments::SOURCE;
use crate::chance::Chance;
use crate::choices::Choices;
use crate::choices::Weather;
use crate::life::live_alone;
use crate::template::Template;
use crate::world::World;

/// What has been written down of a life.
#[derive(Debug, Default)]
pub struct Script {
    entries: Vec<Entry>,
    events: BTreeMap<i64, Vec<Event>>,
}

/// One thing that happened.
#[derive(Debug)]
struct Entry {
    what: Map<String, Value>,
    moments: Vec<Map<String, Value>>,
    exchanges: Vec<Asked>,
}

/// An exchange, and the requests that it took.
#[derive(Debug)]
struct Asked {
    what: Map<String, Value>,
    requests: Vec<Value>,
}

/// Draws lives and writes each down.
///
/// # Errors
/// When the clinic cannot be set up, or a life is not as it must be.
pub fn scripts(lives: u64, seed: u64, each: &mut impl FnMut(Value) -> Result<()>) -> Result<()> {
    let template = Rc::new(Template::new()?);
    for number in 0..lives {
        let choices = Choices::drawn(Weather::Alone, Chance::of_life(seed, number));
        let world = World::written_down(&template, choices);
        live_alone(&world);
        let damages = world.damages.borrow().clone();
        anyhow::ensure!(
            damages.is_empty(),
            "life {number} of seed {seed}: {damages:?}: {}",
            world.choices().list().trimmed()
        );
        each(world.script(number))?;
    }
    Ok(())
}

impl World {
    /// Something happens that whoever lives the life again has to do.
    pub fn happens(&self, what: impl FnOnce() -> Value) {
        let Some(script) = &self.script else { return };
        self.settle();
        let mut entry = Entry {
            what: Map::new(),
            moments: Vec::new(),
            exchanges: Vec::new(),
        };
        if let Value::Object(what) = what() {
            entry.what = what;
        }
        entry.what.insert("at".to_owned(), micros(self.exact_now()));
        script.borrow_mut().entries.push(entry);
    }

    /// More of what happens.
    pub fn tell(&self, key: &str, value: impl FnOnce() -> Value) {
        self.with_last(|entry| {
            entry.what.insert(key.to_owned(), value());
        });
    }

    /// What an input came with.
    pub fn tell_moment(&self, at: Moment, naming: Option<&Naming>) {
        let exact = micros(self.exact_now());
        self.with_last(|entry| {
            let mut moment = Map::new();
            moment.insert("at".to_owned(), exact);
            moment.insert("chance".to_owned(), at.chance.into());
            let nonce = naming.map(|naming| naming.nonce.clone());
            moment.insert("nonce".to_owned(), nonce.into());
            entry.moments.push(moment);
        });
    }

    /// What happened to a visit.
    pub fn tell_events(&self, id: i64, visit: &Visit) {
        let Some(script) = &self.script else { return };
        let events = &mut script.borrow_mut().events;
        if visit.changes().forgets {
            events.remove(&id);
            return;
        }
        let of_visit = events.entry(id).or_default();
        of_visit.extend(visit.changes().log.iter().copied());
    }

    /// Something is about to be asked of Zoom.
    pub fn tell_exchange(&self, exchange: &Exchange) {
        let exact = micros(self.exact_now());
        self.with_last(|entry| {
            let what =
                json!({"kind": exchange.kind, "generation": exchange.generation, "at": exact});
            let what = what.as_object().cloned().unwrap_or_default();
            entry.exchanges.push(Asked {
                what,
                requests: Vec::new(),
            });
        });
    }

    /// A request went to Zoom; `fault` is what the control API has to be told before.
    pub fn tell_request(&self, request: &fake_zoom::Request, status: u16, fault: Option<&Value>) {
        self.with_last(|entry| {
            let Some(exchange) = entry.exchanges.last_mut() else {
                return;
            };
            exchange.requests.push(json!({
                "method": request.method,
                "path": request.path,
                "status": status,
                "fault": fault,
            }));
        });
    }

    /// What came of what was asked.
    pub fn tell_outcome(&self, outcome: &Outcome) {
        self.with_last(|entry| {
            if let Some(exchange) = entry.exchanges.last_mut() {
                let name = outcome.name();
                exchange.what.insert("outcome".to_owned(), name.into());
            }
        });
    }

    fn with_last(&self, change: impl FnOnce(&mut Entry)) {
        if let Some(script) = &self.script
            && let Some(entry) = script.borrow_mut().entries.last_mut()
        {
            change(entry);
        }
    }

    /// How the visits are after what happened last.
    fn settle(&self) {
        let tables = self.tables.borrow();
        let visits: Vec<Value> = tables
            .visits()
            .map(|one| {
                json!([
                    one.row.source,
                    one.row.appointment,
                    one.row.version,
                    one.due_at.map(moment_text),
                ])
            })
            .collect();
        self.tell("then", || visits.into());
    }

    /// All of it.
    fn script(&self, number: u64) -> Value {
        self.settle();
        let Some(script) = &self.script else {
            return Value::Null;
        };
        let script = script.borrow();
        let entries: Vec<Value> = script.entries.iter().map(Entry::value).collect();
        json!({
            "life": number,
            "used_up": self.plan.used_up,
            "policies": {"mails_zooms_link": self.plan.mails_zooms_link},
            "entries": entries,
            "visits": self.visits_at_the_end(&script.events),
            "writes": self.writes_at_the_end(),
            "zoom": self.zoom_at_the_end(),
        })
    }

    fn visits_at_the_end(&self, events: &BTreeMap<i64, Vec<Event>>) -> Vec<Value> {
        let now = self.now();
        let tables = self.tables.borrow();
        tables
            .visits()
            .filter_map(|one| {
                let visit = tables.find(one.row.id)?;
                let mut row = visit.columns(now);
                row.insert("due_at".to_owned(), one.due_at.map(moment_text));
                let mut meetings: Vec<_> = one.meetings.iter().collect();
                meetings.sort_by_key(|meeting| meeting.generation);
                let meetings: Vec<_> = meetings.iter().map(|meeting| meeting.columns()).collect();
                let notices: Vec<_> = one.notices.iter().map(Notice::columns).collect();
                let log = events.get(&one.row.id).cloned().unwrap_or_default();
                Some(json!({"visit": row, "meetings": meetings, "notices": notices, "log": log}))
            })
            .collect()
    }

    fn writes_at_the_end(&self) -> Value {
        let tables = self.tables.borrow();
        let writes: Vec<Value> = tables
            .writes()
            .map(|(counter, day, writes)| json!([counter.key(), day_text(day), writes]))
            .collect();
        let blocked: Vec<Value> = tables
            .blocked()
            .map(|(counter, until)| json!([counter.key(), moment_text(until)]))
            .collect();
        let (lost, tried_at) = tables.breaker();
        json!({"writes": writes, "blocked": blocked, "lost": lost, "outage": tried_at.map(moment_text)})
    }

    fn zoom_at_the_end(&self) -> Vec<Value> {
        let zoom = self.zoom.borrow();
        let mut meetings: Vec<(String, Value)> = zoom
            .meetings()
            .filter_map(|meeting| {
                find_marker(&meeting.agenda)?;
                let start = moment_text(meeting.start);
                let what = json!([
                    meeting.agenda,
                    meeting.host_id,
                    meeting.topic,
                    start,
                    meeting.minutes
                ]);
                Some((meeting.agenda.clone(), what))
            })
            .collect();
        meetings.sort_by(|one, other| one.0.cmp(&other.0));
        meetings.into_iter().map(|(_, what)| what).collect()
    }

    /// What the loop has to know of the world around a visit.
    #[must_use]
    pub fn around(&self, standing: Option<&Standing>, source: &str) -> Value {
        let standing = match standing {
            Some(_) if source != SOURCE => json!("own"),
            Some(standing) => of_standing(standing),
            None => Value::Null,
        };
        let handovers: Vec<Value> = self
            .handovers
            .borrow()
            .iter()
            .map(|one| json!(one.columns()))
            .collect();
        let mode = self.mode.get();
        json!({"standing": standing, "handovers": handovers, "mode": mode})
    }
}

impl Entry {
    fn value(&self) -> Value {
        let mut what = self.what.clone();
        what.insert("moments".to_owned(), json!(self.moments));
        let exchanges: Vec<Value> = self
            .exchanges
            .iter()
            .map(|asked| {
                let mut what = asked.what.clone();
                what.insert("requests".to_owned(), asked.requests.clone().into());
                what.into()
            })
            .collect();
        what.insert("exchanges".to_owned(), exchanges.into());
        what.into()
    }
}

/// A wish, as `\Telemed\Visit` takes it.
#[must_use]
pub fn of_wish(wish: &Wish) -> Value {
    match wish {
        Wish::Book { doctor, slot } => {
            json!({"wish": "book", "doctor": doctor, "slot": of_slot(slot)})
        }
        Wish::Reschedule(slot) => json!({"wish": "reschedule", "slot": of_slot(slot)}),
        Wish::Reassign(doctor) => json!({"wish": "reassign", "doctor": doctor}),
        Wish::Cancel => json!({"wish": "cancel"}),
        Wish::Recreate => json!({"wish": "recreate"}),
    }
}

/// A slot's columns.
#[must_use]
pub fn of_slot(slot: &Slot) -> Value {
    json!({
        "start_utc": moment_text(slot.start),
        "minutes": slot.minutes,
        "timezone": slot.timezone,
        "topic": slot.topic,
    })
}

fn of_standing(standing: &Standing) -> Value {
    let mails: Vec<Value> = standing
        .mails
        .iter()
        .map(
            |mail| json!({"is_off": mail.is_off, "doctor": mail.doctor, "sequence": mail.sequence}),
        )
        .collect();
    let mut columns = json!(standing.columns());
    if let Some(columns) = columns.as_object_mut() {
        columns.insert("mails".to_owned(), mails.into());
    }
    columns
}

fn micros(at: Timestamp) -> Value {
    at.as_microsecond().into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    fn written(lives: u64, seed: u64) -> Vec<Value> {
        let mut all = Vec::new();
        scripts(lives, seed, &mut |script| {
            all.push(script);
            Ok(())
        })
        .unwrap();
        all
    }

    #[test]
    fn the_same_seed_writes_the_same_lives() {
        assert_eq!(written(5, 3), written(5, 3));
        assert_ne!(written(5, 3), written(5, 4));
    }

    #[test]
    fn an_exchange_comes_with_its_requests_its_outcome_and_the_inputs_around_it() {
        let lives = written(20, 1);
        let entries = lives
            .iter()
            .flat_map(|life| life["entries"].as_array().unwrap());
        let mut spoiled = 0;
        let mut exchanges = 0;
        for entry in entries {
            let asked = entry["exchanges"].as_array().unwrap();
            // One for the standing, one for each turn, one for each outcome.
            assert!(
                asked.is_empty() || entry["moments"].as_array().unwrap().len() > 2 * asked.len()
            );
            for exchange in asked {
                exchanges += 1;
                assert!(exchange["outcome"].is_string());
                let requests = exchange["requests"].as_array().unwrap();
                spoiled += requests
                    .iter()
                    .filter(|one| one["fault"].is_object())
                    .count();
                assert!(requests.iter().all(|one| one["status"].is_u64()));
            }
        }
        assert!(exchanges > 20 && spoiled > 5, "{exchanges}, {spoiled}");
    }
}
