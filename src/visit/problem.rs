//! What stands in a visit's way: a stable name and its parameters, for screens and e-mails to put into words.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use super::Seconds;
use super::schedule::WRITES_PER_DAY;
use crate::zoom::Error;
use crate::zoom::Kind;

/// The host's writes of Zoom's day are used up, or kept for visits of this very day.
pub const WRITES_USED_UP: &str = "writes_used_up";
/// The patient's share of the host's writes of the day is used up.
pub const SHARE_USED_UP: &str = "share_used_up";
/// A meeting is there that may be this visit's or not.
pub const ALIKE: &str = "alike";

/// So much of it is kept.
const TRACKING_ID_OCTETS: usize = 191;

/// A problem. What comes from an exchange bears the name of its error (`docs/errors.md`).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Problem {
    /// Its stable name.
    pub id: String,
    /// What its words need; no secret.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// Whether it passes by itself. Whoever mends another wakes the visits.
    pub passes: bool,
}

impl Problem {
    /// One that a person must mend.
    #[must_use]
    pub fn for_a_person(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            parameters: BTreeMap::new(),
            passes: false,
        }
    }

    /// One that passes by itself.
    #[must_use]
    pub fn passing(id: &str) -> Self {
        Self {
            passes: true,
            ..Self::for_a_person(id)
        }
    }

    /// Writes of a day that are used up; its words name how many Zoom gives a host.
    #[must_use]
    pub fn used_up(id: &str) -> Self {
        let mut problem = Self::passing(id);
        let per_day = WRITES_PER_DAY.to_string();
        problem.parameters.insert("per_day".to_owned(), per_day);
        problem
    }
}

/// What an exchange with Zoom failed of, as far as a visit's life depends on it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    /// What is shown.
    pub problem: Problem,
    /// The kind of the error.
    pub kind: Kind,
    /// Whether the work may have been done at Zoom.
    pub maybe_delivered: bool,
    /// From when on a new try makes sense; a whole second.
    pub retry_at: Option<jiff::Timestamp>,
    /// The HTTP status, when Zoom answered.
    pub status: Option<u16>,
    /// Zoom's own name for the exchange.
    pub tracking_id: Option<String>,
}

impl Failure {
    /// Zoom could not be reached, or its answer was lost; not so where the extension only waits for what it sent before.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.kind == Kind::Transport && self.retry_at.is_none()
    }

    /// The extension has not asked for anything to be done: it waits until an earlier attempt has had its time.
    #[must_use]
    pub fn only_waits(&self) -> bool {
        self.kind == Kind::Transport && self.retry_at.is_some()
    }

    /// Zoom has answered, whatever it said.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        self.status.is_some()
    }

    /// Zoom does not know what was asked for.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.kind == Kind::NotFound
    }

    /// Only a person can tell whether there is a meeting: nothing may be looked up, or what is there may be it or not.
    #[must_use]
    pub fn is_for_a_person(&self) -> bool {
        self.maybe_delivered
            && (self.kind == Kind::Scope
                || (self.kind == Kind::Api && self.status.is_none() && !self.problem.passes))
    }
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let mut problem = Problem {
            passes: error.is_retryable(),
            ..Problem::for_a_person(error.id().as_str())
        };
        let mut put = |key: &str, value: String| problem.parameters.insert(key.to_owned(), value);
        put("message", error.message().to_owned());
        if !error.advice().is_empty() {
            put("advice", error.advice().to_owned());
        }
        Self {
            problem,
            kind: error.kind(),
            maybe_delivered: error.is_maybe_delivered(),
            // In a row it would be cut off, and the next try come too soon.
            retry_at: error.retry_at().map(Seconds::rounded_up),
            status: error.status(),
            tracking_id: error.tracking_id().map(fitting),
        }
    }
}

/// A name of Zoom's as its column can hold it.
pub(super) fn fitting(tracking_id: &str) -> String {
    let graphic = tracking_id.chars().filter(char::is_ascii_graphic);
    graphic.take(TRACKING_ID_OCTETS).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use jiff::Timestamp;

    use super::*;
    use crate::zoom::Detail;
    use crate::zoom::ErrorId;

    #[test]
    fn the_moment_that_zoom_names_is_the_same_in_a_row_and_no_sooner() {
        let named: Timestamp = "2026-12-01T09:00:00.4Z".parse().unwrap();
        let error = Error::new(ErrorId::CreationUnsettled, "", "").with(Detail::RetryAt(named));
        let kept: Timestamp = "2026-12-01T09:00:01Z".parse().unwrap();
        assert_eq!(Failure::from(&error).retry_at, Some(kept));
    }

    #[test]
    fn what_zoom_does_not_know_is_gone_and_no_other_refusal_is() {
        let of = |id| Failure::from(&Error::new(id, "", ""));
        assert!(of(ErrorId::MeetingUnknown).is_gone() && of(ErrorId::UserUnknown).is_gone());
        assert!(!of(ErrorId::Refused).is_gone() && !of(ErrorId::TimedOut).is_gone());
    }

    #[test]
    fn what_is_used_up_names_how_many_zoom_gives() {
        let problem = Problem::used_up(WRITES_USED_UP);
        assert_eq!(
            (problem.id.as_str(), problem.passes),
            (WRITES_USED_UP, true)
        );
        assert_eq!(
            problem.parameters.get("per_day"),
            Some(&WRITES_PER_DAY.to_string())
        );
    }

    #[test]
    fn a_tracking_id_fits_its_column() {
        assert_eq!(fitting("WEB_1"), "WEB_1");
        assert_eq!(fitting(&format!("a b\u{fc}{}", "x".repeat(500))).len(), 191);
    }
}
