//! When a limit of Zoom's ends: by Zoom's clock, which the answer's `Date` tells, and never later than Zoom's day. Pure.
//!
//! Zoom's counters of a day begin anew at 00:00 UTC. A server whose clock is a second ahead then gets the last refusals of the old day on
//! what it takes for the new one; reckoned by its own clock they would hold for the whole new day.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::Timestamp;

use super::http::Response;

const DAY_SECONDS: i64 = 86_400;
/// A new day begins so much late: not all of Zoom's servers, and not all of its counters, turn at one moment.
const LATE: SignedDuration = SignedDuration::from_secs(10);

/// Until when a daily limit holds, on the clock that `now` is of. `None`: Zoom names a moment that has passed, so nobody knows.
#[must_use]
pub fn of_day(response: &Response, now: Timestamp) -> Option<Timestamp> {
    let said_at = said_at(response, now);
    let day_end = left_of_day(said_at);
    let wait = match named(response, said_at) {
        Some(wait) if !wait.is_positive() => return None,
        Some(wait) if wait < day_end - LATE => wait,
        _ => day_end,
    };
    Some(now + wait)
}

/// How long Zoom wants to be left alone before the next request; `None` where it names nothing, or a moment that has passed.
#[must_use]
pub fn wait(response: &Response, now: Timestamp) -> Option<Duration> {
    let said_at = said_at(response, now);
    let wait = named(response, said_at)?.min(left_of_day(said_at));
    Duration::try_from(wait).ok().filter(|wait| !wait.is_zero())
}

/// Zoom's clock when it answered; ours where the answer does not say.
fn said_at(response: &Response, now: Timestamp) -> Timestamp {
    response.date().unwrap_or(now)
}

/// How far away `Retry-After` is: an ISO date-time (what Zoom sends), an HTTP date, or seconds.
fn named(response: &Response, said_at: Timestamp) -> Option<SignedDuration> {
    let text = response.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(SignedDuration::from_secs(i64::from(seconds)));
    }
    let at = match text.parse::<Timestamp>() {
        Ok(at) => at,
        Err(_) => jiff::fmt::rfc2822::parse(text).ok()?.timestamp(),
    };
    Some(at.duration_since(said_at))
}

/// From a moment of Zoom's clock to the beginning of the next day.
fn left_of_day(said_at: Timestamp) -> SignedDuration {
    let late = LATE.as_secs();
    let into_day = (said_at.as_second() - late).rem_euclid(DAY_SECONDS);
    SignedDuration::from_secs(DAY_SECONDS - into_day)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use http::HeaderMap;

    use super::*;

    fn answer(headers: &[(&'static str, &str)]) -> Response {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        Response {
            status: 429,
            headers: map,
            body: Vec::new(),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_ends_some_seconds_after_midnight_utc() {
        for (now, end) in [
            ("2026-11-24T10:00:00Z", "2026-11-25T00:00:10Z"),
            ("2026-11-24T23:59:59Z", "2026-11-25T00:00:10Z"),
            ("2026-11-25T00:00:00Z", "2026-11-25T00:00:10Z"),
            ("2026-11-25T00:00:09Z", "2026-11-25T00:00:10Z"),
            ("2026-11-25T00:00:10Z", "2026-11-26T00:00:10Z"),
            ("2026-12-31T12:00:00Z", "2027-01-01T00:00:10Z"),
        ] {
            assert_eq!(of_day(&answer(&[]), at(now)), Some(at(end)), "{now}");
        }
    }

    #[test]
    fn a_clock_that_is_ahead_at_midnight_does_not_lose_the_new_day() {
        let date = ("date", "Mon, 30 Nov 2026 23:59:59 GMT");
        let ours = at("2026-12-01T00:00:01Z");
        for headers in [
            vec![date],
            vec![date, ("retry-after", "2026-12-01T00:00:00Z")],
            vec![("date", "Tue, 01 Dec 2026 00:00:01 GMT")],
        ] {
            let end = of_day(&answer(&headers), ours).unwrap();
            assert!(end > ours && end < at("2026-12-01T00:00:30Z"), "{end}");
        }
        assert_eq!(
            of_day(&answer(&[("retry-after", "2026-12-01T00:00:00Z")]), ours),
            None,
            "without a date it is a moment that has passed"
        );
    }

    #[test]
    fn a_clock_that_is_wrong_by_hours_waits_as_long_as_zoom_says() {
        let headers = [
            ("date", "Tue, 24 Nov 2026 20:00:00 GMT"),
            ("retry-after", "2026-11-24T21:00:00Z"),
        ];
        let ours = at("2026-11-24T10:00:00Z");
        assert_eq!(
            of_day(&answer(&headers), ours),
            Some(at("2026-11-24T11:00:00Z"))
        );
        assert_eq!(
            wait(&answer(&headers), ours),
            Some(Duration::from_secs(3_600))
        );
    }

    #[test]
    fn nothing_waits_beyond_zooms_day_and_what_has_passed_names_nothing() {
        let now = at("2026-11-24T10:00:00Z");
        let day = Some(at("2026-11-25T00:00:10Z"));
        for (named, end) in [
            ("2037-01-01T00:00:00Z", day),
            ("9999-12-31T23:59:59Z", day),
            ("4294967295", day),
            ("Thu, 01 Jan 2037 00:00:00 GMT", day),
            ("2026-11-25T00:00:00Z", day),
            ("soon", day),
            ("2026-11-24T23:59:00Z", Some(at("2026-11-24T23:59:00Z"))),
            ("20", Some(at("2026-11-24T10:00:20Z"))),
            ("2026-11-24T09:59:59Z", None),
            ("-999999999", day),
            ("2020-05-31T00:00:00Z", None),
            ("0", None),
        ] {
            let answer = answer(&[("retry-after", named)]);
            assert_eq!(of_day(&answer, now), end, "{named}");
            let most = Duration::from_secs(86_410);
            assert!(wait(&answer, now).is_none_or(|wait| wait <= most && !wait.is_zero()));
        }
    }

    #[test]
    fn retry_after_is_read_in_all_three_forms() {
        let now = at("2026-11-24T10:00:00Z");
        for (text, seconds) in [
            ("2026-11-24T10:00:30Z", Some(30)),
            ("Tue, 24 Nov 2026 10:00:30 GMT", Some(30)),
            (" 30 ", Some(30)),
            (" 0 ", None),
            ("soon", None),
            ("", None),
            ("-5", None),
            ("99999999999999999999", None),
            ("2020-05-31T00:00:00Z", None),
        ] {
            let found = wait(&answer(&[("retry-after", text)]), now);
            assert_eq!(found, seconds.map(Duration::from_secs), "{text}");
        }
    }
}
