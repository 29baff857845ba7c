//! When a request is sent again, and after how long: a pure function of method, outcome and attempt.
//!
//! Only what is safe: a POST that may have arrived is never repeated. A daily limit is an answer, not a wait.

use std::time::Duration;

use super::http::Method;
use super::http::SendError;
use super::http::SendFault;

/// Sends of one request at most, for faults that may pass.
const MAX_ATTEMPTS: u32 = 3;
/// Sends of one request at most while Zoom's per-second limit holds it back.
const MAX_LIMITED_ATTEMPTS: u32 = 6;
const FIRST_BACK_OFF: Duration = Duration::from_millis(250);
/// A per-second limit ends with its second.
const LIMIT_BACK_OFF: Duration = Duration::from_secs(1);

/// A longer wait than this is an answer: no limit per second lasts so long, and a PHP worker is not put to sleep for it.
const LONGEST_LIMITED_WAIT: Duration = Duration::from_secs(30);

/// How one send ended, as far as trying again goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// Zoom's per-second limit; with the wait that Zoom named.
    Limited(Option<Duration>),
    /// No whole answer came.
    Lost {
        /// Why.
        fault: SendFault,
        /// Whether the request may have arrived.
        maybe_delivered: bool,
    },
    /// A 5xx, or an answer that cannot be read.
    ServerTrouble,
}

impl From<&SendError> for Outcome {
    fn from(error: &SendError) -> Self {
        Self::Lost {
            fault: error.fault,
            maybe_delivered: error.maybe_delivered,
        }
    }
}

/// How long to wait before send number `attempt + 1`, or `None` to give up. `jitter` is in 0..1.
#[must_use]
pub(crate) fn wait_before_next(
    method: Method,
    outcome: Outcome,
    attempt: u32,
    jitter: f64,
) -> Option<Duration> {
    let spread = |base: Duration| base.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0);
    match outcome {
        Outcome::Limited(named) => {
            let named = named.unwrap_or_default();
            (attempt < MAX_LIMITED_ATTEMPTS && named <= LONGEST_LIMITED_WAIT)
                .then(|| named + spread(LIMIT_BACK_OFF) + spread(FIRST_BACK_OFF))
        }
        Outcome::Lost {
            fault,
            maybe_delivered,
        } => {
            let passing = matches!(
                fault,
                SendFault::Closed | SendFault::Connect | SendFault::Timeout
            );
            let safe = method.is_idempotent() || !maybe_delivered;
            (passing && safe && attempt < MAX_ATTEMPTS)
                .then(|| spread(FIRST_BACK_OFF * 2u32.pow(attempt.min(8))))
        }
        Outcome::ServerTrouble => (method.is_idempotent() && attempt < MAX_ATTEMPTS)
            .then(|| spread(FIRST_BACK_OFF * 2u32.pow(attempt.min(8)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(fault: SendFault, maybe_delivered: bool) -> Outcome {
        Outcome::Lost {
            fault,
            maybe_delivered,
        }
    }

    #[test]
    fn a_post_that_may_have_arrived_is_never_repeated() {
        for fault in [
            SendFault::Closed,
            SendFault::Connect,
            SendFault::Engine,
            SendFault::Name,
            SendFault::Proxy,
            SendFault::Timeout,
            SendFault::Tls,
        ] {
            for attempt in 1..10 {
                assert_eq!(
                    wait_before_next(Method::Post, lost(fault, true), attempt, 0.5),
                    None
                );
            }
        }
        assert_eq!(
            wait_before_next(Method::Post, Outcome::ServerTrouble, 1, 0.5),
            None
        );
    }

    #[test]
    fn safe_methods_are_repeated_a_few_times() {
        for method in [Method::Get, Method::Patch, Method::Delete] {
            assert!(wait_before_next(method, lost(SendFault::Timeout, true), 1, 0.0).is_some());
            assert!(wait_before_next(method, Outcome::ServerTrouble, 2, 0.0).is_some());
            assert_eq!(
                wait_before_next(method, Outcome::ServerTrouble, 3, 0.0),
                None
            );
        }
    }

    #[test]
    fn what_does_not_pass_by_itself_is_not_repeated() {
        for fault in [
            SendFault::Engine,
            SendFault::Name,
            SendFault::Proxy,
            SendFault::Tls,
        ] {
            assert_eq!(
                wait_before_next(Method::Get, lost(fault, false), 1, 0.0),
                None
            );
        }
    }

    #[test]
    fn a_per_second_limit_is_waited_for_by_every_method() {
        let wait = wait_before_next(Method::Post, Outcome::Limited(None), 1, 0.0);
        assert!(wait.is_some_and(
            |wait| wait >= Duration::from_millis(500) && wait <= Duration::from_millis(1_500)
        ));
        let named = wait_before_next(
            Method::Post,
            Outcome::Limited(Some(Duration::from_secs(2))),
            1,
            0.0,
        );
        assert!(named.is_some_and(|wait| wait >= Duration::from_secs(2)));
        assert_eq!(
            wait_before_next(Method::Post, Outcome::Limited(None), 6, 0.0),
            None
        );
    }

    #[test]
    fn nobody_sleeps_as_long_as_a_broken_or_hostile_answer_says() {
        for seconds in [31, 3_600, u64::MAX / 4] {
            let named = Outcome::Limited(Some(Duration::from_secs(seconds)));
            assert_eq!(wait_before_next(Method::Post, named, 1, 0.0), None);
        }
    }

    #[test]
    fn the_wait_grows_and_jitters() {
        let wait = |attempt, jitter| {
            wait_before_next(Method::Get, Outcome::ServerTrouble, attempt, jitter)
        };
        assert!(wait(2, 0.0) > wait(1, 0.0));
        assert!(wait(1, 1.0) > wait(1, 0.0));
    }
}
