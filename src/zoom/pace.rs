//! How fast many requests may go out: Zoom's limit per second, learned from its answers.
//!
//! In any second at most as many requests arrive as the limit says. That holds however the server draws the borders of its
//! seconds, and it lets a burst begin at full speed. When a request arrived is not known, only that it was after it was sent
//! and before it was answered; a new connection, with its handshakes, can lie between.

use std::time::Duration;

use http::HeaderMap;

/// Zoom's limit for creating meetings on its smallest paid plan; higher ones are learned from the answers.
const FIRST_LIMIT: usize = 20;
/// A second, and what two clocks may differ within one.
const WINDOW: Duration = Duration::from_millis(1_002);
/// So long a request travels at most over a connection that is open; what an answer takes longer is Zoom's own work.
const LONGEST_WAY: Duration = Duration::from_millis(90);
/// What Zoom says of its limits.
const HEADERS: [&str; 4] = [
    "x-ratelimit-category",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-type",
];
/// The status of a request that was one too many.
const TOO_MANY: u16 = 429;
/// Beyond this a header is not believed.
const MAX_LIMIT: usize = 1_000;

/// The speed of one series of requests.
#[derive(Debug)]
pub struct Pace {
    /// From when on nothing is sent any more.
    pub deadline: Option<Duration>,
    limit: usize,
    /// Those of the last second.
    sent: Vec<Sent>,
}

/// A request that has gone out.
#[derive(Clone, Copy, Debug)]
struct Sent {
    number: usize,
    /// When it has arrived at the latest; `None` while that is unknown.
    arrived_by: Option<Duration>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            deadline: None,
            limit: FIRST_LIMIT,
            sent: Vec::new(),
        }
    }
}

impl Pace {
    /// A pace that ends at `deadline`.
    #[must_use]
    pub fn until(deadline: Option<Duration>) -> Self {
        Self {
            deadline,
            ..Self::default()
        }
    }

    /// How long to wait, at `now`, before the next send; `None`: until an answer comes. Times are of one clock that only runs
    /// forward.
    pub fn wait(&mut self, now: Duration) -> Option<Duration> {
        if self.limit == MAX_LIMIT {
            return Some(Duration::ZERO);
        }
        self.sent
            .retain(|sent| sent.arrived_by.is_none_or(|arrived| arrived + WINDOW > now));
        // So many must leave the last second first.
        let Some(too_many) = self.sent.len().checked_sub(self.limit) else {
            return Some(Duration::ZERO);
        };
        let mut known: Vec<Duration> = self
            .sent
            .iter()
            .filter_map(|sent| sent.arrived_by)
            .collect();
        known.sort_unstable();
        known
            .get(too_many)
            .map(|arrived| (*arrived + WINDOW).saturating_sub(now))
    }

    /// Notes a send at `now`, `over_open` when a connection was waiting for it. `number` is the caller's own.
    pub fn note(&mut self, number: usize, now: Duration, over_open: bool) {
        self.sent.push(Sent {
            number,
            arrived_by: over_open.then(|| now + LONGEST_WAY),
        });
    }

    /// Notes at `now` that request `number` has been answered, well or not.
    pub fn note_answer(&mut self, number: usize, now: Duration) {
        if let Some(sent) = self.sent.iter_mut().rfind(|sent| sent.number == number) {
            sent.arrived_by = Some(sent.arrived_by.map_or(now, |arrived| arrived.min(now)));
        }
    }

    /// Notes at `now` that nothing is on its way any more.
    pub fn note_all_answered(&mut self, now: Duration) {
        for sent in &mut self.sent {
            sent.arrived_by.get_or_insert(now);
        }
    }

    /// Learns the limit from an answer. Zoom tells its limit in each; who tells none where he has done the work has none.
    pub fn learn(&mut self, status: u16, headers: &HeaderMap) {
        let told = |name: &str| headers.get(name)?.to_str().ok();
        let tells = |name| told(name).is_some();
        if (200..300).contains(&status) && !HEADERS.into_iter().any(tells) {
            self.limit = MAX_LIMIT;
            return;
        }
        if status == TOO_MANY {
            self.limit = self.limit.min(FIRST_LIMIT);
        }
        let per_second =
            told("x-ratelimit-type").is_some_and(|kind| kind.eq_ignore_ascii_case("qps"));
        let limit = told("x-ratelimit-limit").and_then(|text| text.trim().parse::<usize>().ok());
        if let (true, Some(limit @ 1..=MAX_LIMIT)) = (per_second, limit) {
            self.limit = limit;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    fn answer(kind: &str, limit: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-type", kind.parse().unwrap());
        headers.insert("x-ratelimit-limit", limit.parse().unwrap());
        headers
    }

    /// Sends `count` requests over open connections as fast as the pace allows, each answered at once, and gives their times.
    fn run(pace: &mut Pace, count: usize) -> Vec<Duration> {
        let mut now = Duration::ZERO;
        (0..count)
            .map(|number| {
                now += pace.wait(now).unwrap();
                pace.note(number, now, true);
                pace.note_answer(number, now);
                now
            })
            .collect()
    }

    #[test]
    fn no_second_holds_more_than_the_limit_and_little_time_is_lost() {
        let times = run(&mut Pace::default(), 200);
        for (index, time) in times.iter().enumerate() {
            let within = times
                .iter()
                .skip(index)
                .take_while(|later| **later < *time + Duration::from_secs(1));
            assert!(within.count() <= FIRST_LIMIT);
        }
        let floor = Duration::from_secs(9);
        assert!(times.last().unwrap().as_secs_f64() / floor.as_secs_f64() < 1.1);
    }

    #[test]
    fn a_request_counts_from_when_it_may_have_arrived_at_the_latest() {
        let mut pace = Pace::default();
        for number in 0..FIRST_LIMIT {
            pace.note(number, Duration::ZERO, false);
        }
        assert_eq!(
            pace.wait(Duration::ZERO),
            None,
            "nobody knows when handshakes end"
        );
        let answered = Duration::from_millis(150);
        pace.note_answer(0, answered);
        assert_eq!(pace.wait(answered), Some(WINDOW));

        let mut pace = Pace::default();
        for number in 0..FIRST_LIMIT {
            pace.note(number, Duration::ZERO, true);
        }
        assert_eq!(pace.wait(Duration::ZERO), Some(LONGEST_WAY + WINDOW));
        pace.note_answer(3, Duration::from_millis(20));
        assert_eq!(
            pace.wait(Duration::from_millis(20)),
            Some(WINDOW),
            "an early answer frees its place early"
        );
        pace.note_answer(4, Duration::from_millis(700));
        assert_eq!(pace.sent.get(4).unwrap().arrived_by, Some(LONGEST_WAY));
    }

    #[test]
    fn a_higher_limit_is_learned_at_once_and_a_daily_one_is_not() {
        let mut pace = Pace::default();
        pace.learn(201, &answer("Daily-limit", "6000"));
        pace.learn(201, &answer("QPS", "nonsense"));
        pace.learn(201, &answer("QPS", "0"));
        assert_eq!(pace.limit, FIRST_LIMIT);
        pace.learn(201, &answer("QPS", "60"));
        assert_eq!(run(&mut pace, 60).last(), Some(&Duration::ZERO));
        assert!(pace.wait(Duration::ZERO).unwrap() > Duration::ZERO);
    }

    #[test]
    fn who_tells_no_limit_has_none_until_he_refuses() {
        let silent = HeaderMap::new();
        let mut pace = Pace::default();
        pace.learn(500, &silent);
        assert_eq!(pace.limit, FIRST_LIMIT);
        pace.learn(201, &silent);
        assert_eq!(run(&mut pace, 200).last(), Some(&Duration::ZERO));
        pace.learn(429, &silent);
        assert_eq!(pace.limit, FIRST_LIMIT);
    }

    #[test]
    fn a_lower_limit_is_obeyed_from_then_on() {
        let mut pace = Pace::default();
        run(&mut pace, 10);
        pace.learn(201, &answer("QPS", "2"));
        assert!(pace.wait(Duration::ZERO).unwrap() >= Duration::from_secs(1));
    }
}
