//! How fast many requests may go out: Zoom's limit per second, learned from its answers.
//!
//! In any second at most as many sends as the limit says. That holds however the server draws the borders of its seconds,
//! and it lets a burst begin at full speed.

use std::collections::VecDeque;
use std::time::Duration;

use super::http::Response;

/// Zoom's limit for creating meetings on its smallest paid plan; higher ones are learned from the answers.
const FIRST_LIMIT: usize = 20;
/// A second, and what two requests may drift towards each other on their way.
const WINDOW: Duration = Duration::from_millis(1_030);
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
    sent: VecDeque<Duration>,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            deadline: None,
            limit: FIRST_LIMIT,
            sent: VecDeque::new(),
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

    /// How long to wait, at `now`, before the next send. Times are of one clock that only runs forward.
    #[must_use]
    pub fn wait(&self, now: Duration) -> Duration {
        self.sent
            .len()
            .checked_sub(self.limit)
            .and_then(|index| self.sent.get(index))
            .map(|earlier| (*earlier + WINDOW).saturating_sub(now))
            .unwrap_or_default()
    }

    /// Notes a send at `now`.
    pub fn note(&mut self, now: Duration) {
        self.sent.push_back(now);
        while self.sent.len() > MAX_LIMIT {
            self.sent.pop_front();
        }
    }

    /// Learns the limit from an answer. Zoom tells its limit in each; who tells none where he has done the work has none.
    pub fn learn(&mut self, response: &Response) {
        let tells = |name| response.header(name).is_some();
        if (200..300).contains(&response.status) && !HEADERS.into_iter().any(tells) {
            self.limit = MAX_LIMIT;
            return;
        }
        if response.status == TOO_MANY {
            self.limit = self.limit.min(FIRST_LIMIT);
        }
        let per_second = response
            .header("x-ratelimit-type")
            .is_some_and(|kind| kind.eq_ignore_ascii_case("qps"));
        let limit = response
            .header("x-ratelimit-limit")
            .and_then(|text| text.trim().parse::<usize>().ok());
        if let (true, Some(limit @ 1..=MAX_LIMIT)) = (per_second, limit) {
            self.limit = limit;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use http::HeaderMap;

    use super::*;

    fn answer(kind: &str, limit: &str) -> Response {
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-type", kind.parse().unwrap());
        headers.insert("x-ratelimit-limit", limit.parse().unwrap());
        Response {
            status: 201,
            headers,
            body: Vec::new(),
        }
    }

    /// Sends `count` requests as fast as the pace allows and gives their times.
    fn run(pace: &mut Pace, count: usize) -> Vec<Duration> {
        let mut now = Duration::ZERO;
        (0..count)
            .map(|_| {
                now += pace.wait(now);
                pace.note(now);
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
    fn a_higher_limit_is_learned_at_once_and_a_daily_one_is_not() {
        let mut pace = Pace::default();
        pace.learn(&answer("Daily-limit", "6000"));
        pace.learn(&answer("QPS", "nonsense"));
        pace.learn(&answer("QPS", "0"));
        assert_eq!(pace.limit, FIRST_LIMIT);
        pace.learn(&answer("QPS", "60"));
        assert_eq!(run(&mut pace, 60).last(), Some(&Duration::ZERO));
        assert!(pace.wait(Duration::ZERO) > Duration::ZERO);
    }

    #[test]
    fn who_tells_no_limit_has_none_until_he_refuses() {
        let silent = |status| Response {
            status,
            headers: HeaderMap::new(),
            body: Vec::new(),
        };
        let mut pace = Pace::default();
        pace.learn(&silent(500));
        assert_eq!(pace.limit, FIRST_LIMIT);
        pace.learn(&silent(201));
        assert_eq!(run(&mut pace, 200).last(), Some(&Duration::ZERO));
        pace.learn(&silent(429));
        assert_eq!(pace.limit, FIRST_LIMIT);
    }

    #[test]
    fn a_lower_limit_is_obeyed_from_then_on() {
        let mut pace = Pace::default();
        run(&mut pace, 10);
        pace.learn(&answer("QPS", "2"));
        assert!(pace.wait(Duration::ZERO) >= Duration::from_secs(1));
    }
}
