//! The client of Zoom's API, the same in both modes: one file per operation.

mod check;
mod create;
mod create_many;
mod delete;
mod ensure;
mod read;
mod update;
mod users;

pub use read::MeetingPage;

use std::time::Duration;

use super::api::Api;
use super::context::Context;
use super::error::Error;
use super::error::Result;
use super::error_id::ErrorId;
use super::host::Host;
use super::meeting_id::MeetingId;
use super::path::segment;
use super::tokens::Owner;
use super::tokens::Tokens;

/// Speaks to Zoom for one connection (OAuth) or one account (Server-to-Server).
#[derive(Clone)]
pub struct Client {
    api: Api,
}

impl Client {
    /// A client with these tokens. Makes no request.
    #[must_use]
    pub fn new(context: Context, tokens: Tokens) -> Self {
        Self {
            api: Api::new(context, tokens),
        }
    }

    /// The same client with a total time budget per call, name resolution excepted.
    #[must_use]
    pub fn within(&self, budget: Duration) -> Self {
        Self {
            api: self.api.within(budget),
        }
    }

    /// The same client for one call that begins now: all requests of the call share its time budget.
    #[must_use]
    pub fn begun(&self) -> Self {
        Self {
            api: self.api.begun(),
        }
    }

    /// Zoom's tracking id of the last answer.
    #[must_use]
    pub fn last_tracking_id(&self) -> Option<String> {
        self.api.last_tracking_id()
    }

    fn is_account(&self) -> bool {
        matches!(self.api.tokens().owner(), Owner::Account { .. })
    }

    /// The path of a host's user: always `me` in OAuth mode, always a named user in Server-to-Server mode.
    fn user_path(&self, host: Option<&Host>) -> Result<String> {
        match (self.is_account(), host) {
            (false, None) => Ok("/users/me".to_owned()),
            (false, Some(host)) if host.is_me() => Ok("/users/me".to_owned()),
            (false, Some(_)) => Err(Error::new(
                ErrorId::HostNotOwn,
                "with OAuth 2.0 a doctor's client hosts as that doctor only",
                "Leave the host out, or use the client of the doctor who shall host.",
            )),
            (true, Some(host)) if !host.is_me() => Ok(format!("/users/{}", segment(host.as_str()))),
            (true, _) => Err(Error::new(
                ErrorId::HostMissing,
                "with Server-to-Server OAuth a host must be named; there is no fallback host",
                "Give the Zoom user id or the e-mail of the user who shall host.",
            )),
        }
    }
}

/// The error where an answer is missing that must be there.
fn unanswered() -> Error {
    Error::new(
        ErrorId::AnswerMissing,
        "no answer came for this request",
        "Look in Zoom whether it was done, then try again.",
    )
    .maybe_delivered(true)
}

/// The error where an answer is about something else than what was asked for: whoever went by it would lead people to others.
fn about_another(what: &str) -> Error {
    Error::new(
        ErrorId::AnswerMixedUp,
        format!("Zoom's answer is about another {what} than the one asked for"),
        "Try again in a minute. If it stays so, look for a proxy or a cache between this server and Zoom that mixes answers up.",
    )
    .retryable(true)
}

fn meeting_path(meeting_id: MeetingId) -> String {
    format!("/meetings/{meeting_id}")
}

#[cfg(test)]
mod tests;
