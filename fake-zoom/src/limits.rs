//! Rate limits: per second and per day for each account, and a hundred creates and updates per host and UTC day.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::clock::{Clock, day, next_midnight};
use crate::message::Reply;
use crate::model::Plan;

/// Creates and updates that Zoom permits for one host on one UTC day.
const HOST_WRITES: u32 = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    Light,
    Medium,
}

impl Label {
    fn name(self) -> &'static str {
        match self {
            Self::Light => "Light",
            Self::Medium => "Medium",
        }
    }

    fn per_second(self, plan: Plan) -> u32 {
        match (self, plan) {
            (Self::Light, Plan::Free) => 4,
            (Self::Light, Plan::Pro) => 30,
            (Self::Light, Plan::Business) => 80,
            (Self::Medium, Plan::Free) => 2,
            (Self::Medium, Plan::Pro) => 20,
            (Self::Medium, Plan::Business) => 60,
        }
    }

    /// Only the Free plan has a daily limit for these labels.
    fn per_day(self, plan: Plan) -> Option<u32> {
        match (self, plan) {
            (Self::Light, Plan::Free) => Some(6000),
            (Self::Medium, Plan::Free) => Some(2000),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
struct Second {
    number: i64,
    used: u32,
}

#[derive(Clone, Debug, Default)]
pub struct Limits {
    seconds: HashMap<(String, Label), Second>,
    days: HashMap<(String, Label), Days>,
    hosts: HashMap<String, Days>,
}

/// What was counted on each UTC day; a clock that goes back finds what that day had.
type Days = BTreeMap<Date, Writes>;

/// Creates and updates for one host on one UTC day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    /// Counted: Zoom counts a call before it reads the body, so also those that were wrong.
    pub counted: u32,
    /// Refused with 429, because a hundred were counted.
    pub refused: u32,
}

/// The `X-RateLimit-*` headers of one answer.
#[derive(Clone, Debug)]
pub struct Headers {
    label: Label,
    kind: Option<&'static str>,
    limit: u32,
    remaining: u32,
}

impl Headers {
    pub fn put_on(&self, reply: &mut Reply) {
        let mut put = |name: &str, value: String| reply.headers.push((name.to_owned(), value));
        put("X-RateLimit-Category", self.label.name().to_owned());
        if let Some(kind) = self.kind {
            put("X-RateLimit-Type", kind.to_owned());
        }
        put("X-RateLimit-Limit", self.limit.to_string());
        put("X-RateLimit-Remaining", self.remaining.to_string());
    }
}

impl Limits {
    /// Takes one call of `label` from the account's budget, or gives the 429.
    pub fn take(
        &mut self,
        account: &str,
        plan: Plan,
        label: Label,
        clock: &Clock,
    ) -> Result<Headers, Reply> {
        let (now, number) = (clock.now(), clock.second());
        let key = (account.to_owned(), label);
        let limit = label.per_second(plan);
        let second = self
            .seconds
            .entry(key.clone())
            .or_insert(Second { number, used: 0 });
        if second.number != number {
            *second = Second { number, used: 0 };
        }
        let headers = |kind, limit, used| Headers {
            label,
            kind: Some(kind),
            limit,
            remaining: limit.saturating_sub(used),
        };
        if second.used >= limit {
            return Err(refuse(
                &headers("QPS", limit, limit),
                "You have reached the maximum per-second rate limit for this API. Try again later.",
            ));
        }
        if let Some(limit) = label.per_day(plan) {
            let today = self.days.entry(key).or_default();
            let today = today.entry(day(now)).or_default();
            if today.counted >= limit {
                today.refused += 1;
                let mut reply = refuse(
                    &headers("Daily-limit", limit, limit),
                    "You have reached the maximum daily rate limit for this API. Refer to the response header for \
                     details on when you can make another request.",
                );
                reply
                    .headers
                    .push(("Retry-After".into(), next_midnight(now)));
                return Err(reply);
            }
            today.counted += 1;
        }
        second.used += 1;
        Ok(headers("QPS", limit, second.used))
    }

    /// The creates and updates for `host` on one UTC day.
    pub fn writes(&self, host: &str, day: Date) -> Writes {
        let days = self.hosts.get(host);
        days.and_then(|days| days.get(&day))
            .copied()
            .unwrap_or_default()
    }

    /// Counts one create or update for `host`; beyond the limit the call itself costs its label nothing.
    pub fn take_host_write(
        &mut self,
        host: &str,
        account: &str,
        plan: Plan,
        label: Label,
        now: Timestamp,
    ) -> Result<(), Reply> {
        let today = self.hosts.entry(host.to_owned()).or_default();
        let today = today.entry(day(now)).or_default();
        if today.counted < HOST_WRITES {
            today.counted += 1;
            return Ok(());
        }
        today.refused += 1;
        let key = (account.to_owned(), label);
        let mut count = 0;
        if let Some(second) = self.seconds.get_mut(&key) {
            second.used = second.used.saturating_sub(1);
            count = second.used;
        }
        let mut limit = label.per_second(plan);
        let today = self
            .days
            .get_mut(&key)
            .and_then(|days| days.get_mut(&day(now)));
        if let (Some(daily), Some(today)) = (label.per_day(plan), today) {
            today.counted = today.counted.saturating_sub(1);
            (limit, count) = (daily, today.counted);
        }
        Err(refuse(
            &Headers {
                label,
                kind: None,
                limit,
                remaining: limit.saturating_sub(count),
            },
            "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this \
             particular user. You may resume these requests at GMT 00:00:00.",
        ))
    }
}

fn refuse(headers: &Headers, message: &str) -> Reply {
    let mut reply = Reply::error(429, 429, message);
    headers.put_on(&mut reply);
    reply
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    fn value<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
        reply
            .headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_second_has_room_for_so_many() {
        let mut limits = Limits::default();
        let mut now = Clock::standing_at("2026-11-23T10:00:00Z".parse().unwrap());
        for _ in 0..20 {
            limits.take("a", Plan::Pro, Label::Medium, &now).unwrap();
        }
        let refused = limits
            .take("a", Plan::Pro, Label::Medium, &now)
            .unwrap_err();
        assert_eq!(refused.status, 429);
        assert_eq!(value(&refused, "X-RateLimit-Type"), Some("QPS"));
        assert_eq!(value(&refused, "X-RateLimit-Limit"), Some("20"));
        limits.take("a", Plan::Pro, Label::Light, &now).unwrap();
        limits.take("b", Plan::Pro, Label::Medium, &now).unwrap();
        now.advance(SignedDuration::from_secs(1));
        limits.take("a", Plan::Pro, Label::Medium, &now).unwrap();
    }

    #[test]
    fn a_free_account_has_a_daily_limit() {
        let mut limits = Limits::default();
        let at = |text: &str| Clock::standing_at(text.parse().unwrap());
        let now = at("2026-11-23T10:00:00Z");
        for _ in 0..2000 {
            limits.seconds.clear();
            limits.take("a", Plan::Free, Label::Medium, &now).unwrap();
        }
        limits.seconds.clear();
        let refused = limits
            .take("a", Plan::Free, Label::Medium, &now)
            .unwrap_err();
        assert_eq!(value(&refused, "Retry-After"), Some("2026-11-24T00:00:00Z"));
        assert_eq!(value(&refused, "X-RateLimit-Type"), Some("Daily-limit"));
        limits
            .take("a", Plan::Free, Label::Medium, &at("2026-11-24T00:00:00Z"))
            .unwrap();
    }

    #[test]
    fn a_host_has_a_hundred_writes_a_day() {
        let mut limits = Limits::default();
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let mut write =
            |host: &str, at| limits.take_host_write(host, "a", Plan::Pro, Label::Light, at);
        for _ in 0..100 {
            write("h", now).unwrap();
        }
        let refused = write("h", now).unwrap_err();
        assert_eq!(value(&refused, "X-RateLimit-Type"), None);
        assert_eq!(value(&refused, "Retry-After"), None);
        assert_eq!(value(&refused, "X-RateLimit-Remaining"), Some("30"));
        write("other", now).unwrap();
        write("h", "2026-11-24T00:00:01Z".parse().unwrap()).unwrap();
        write("h", now).unwrap_err();
        let writes = |counted, refused| Writes { counted, refused };
        for (host, day, expected) in [
            ("h", "2026-11-23", writes(100, 2)),
            ("h", "2026-11-24", writes(1, 0)),
            ("h", "2026-11-22", writes(0, 0)),
            ("nobody", "2026-11-23", writes(0, 0)),
        ] {
            assert_eq!(
                limits.writes(host, day.parse().unwrap()),
                expected,
                "{host} {day}"
            );
        }
    }
}
