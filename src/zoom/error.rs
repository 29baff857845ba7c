//! The one error of the core: its name, a kind to branch on, whether a retry can help, and what an administrator can do about it.
//!
//! Messages and advice are for people and hold no secret and no personal data.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::error_id::ErrorId;
use super::http::SendFault;

/// The result of everything in the core that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as far as a caller acts differently on it. Each [`ErrorId`] is of one kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Zoom refused the request.
    Api,
    /// The connection is dead or was never made: the doctor must connect again.
    Authentication,
    /// Something is set up wrongly: arguments, php.ini, client credentials, a disabled app.
    Configuration,
    /// The meeting or the user does not exist for these credentials.
    NotFound,
    /// A rate limit of Zoom is reached.
    RateLimit,
    /// The app lacks a scope.
    Scope,
    /// The token store failed.
    Store,
    /// The network failed, or the answer was broken.
    Transport,
    /// A sealed text cannot be opened.
    Vault,
    /// What arrived at a webhook address is no event from Zoom.
    Webhook,
}

/// What more there is to know, by what went wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Detail {
    /// Why no whole answer came.
    Fault(SendFault),
    /// The fields that Zoom named as wrong, with its words.
    Fields(Vec<(String, String)>),
    /// The scopes, any one of which would do.
    MissingScopes(Vec<String>),
    /// The moment from which on a retry makes sense.
    RetryAt(Timestamp),
}

/// An error of the core.
#[derive(Clone, Debug)]
pub struct Error(Box<Details>);

#[derive(Clone, Debug)]
struct Details {
    id: ErrorId,
    message: String,
    advice: String,
    detail: Option<Detail>,
    answer: Option<Answer>,
    operation: Option<&'static str>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
    retryable: bool,
    maybe_delivered: bool,
    timed_out: bool,
    tracking_id: Option<String>,
}

/// What Zoom's answer said of itself.
#[derive(Clone, Copy, Debug)]
struct Answer {
    status: u16,
    zoom_code: Option<i64>,
}

impl Error {
    /// An error; `advice` says what an administrator can do about it.
    pub fn new(id: ErrorId, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self(Box::new(Details {
            id,
            message: printable(&message.into()),
            advice: printable(&advice.into()),
            detail: None,
            answer: None,
            operation: None,
            source: None,
            retryable: matches!(id.kind(), Kind::RateLimit | Kind::Store | Kind::Transport),
            maybe_delivered: false,
            timed_out: false,
            tracking_id: None,
        }))
    }

    /// The error of a store that failed.
    pub fn store(message: impl Into<String>) -> Self {
        Self::of_store(ErrorId::StoreFailed, message)
    }

    /// An error with the store, or with what lies there.
    pub fn of_store(id: ErrorId, message: impl Into<String>) -> Self {
        Self::new(
            id,
            message,
            "Look at the place where telemed keeps its records (a database table or a directory), then try again.",
        )
    }

    /// Adds what more there is to know. Zoom's own words are made fit for messages.
    #[must_use]
    pub fn with(mut self, detail: Detail) -> Self {
        self.0.detail = Some(match detail {
            Detail::Fields(fields) => Detail::Fields(
                fields
                    .into_iter()
                    .map(|(field, words)| (printable(&field), printable(&words)))
                    .collect(),
            ),
            detail => detail,
        });
        self
    }

    /// Sets what was asked of Zoom, unless it is known already: what failed first is what failed.
    #[must_use]
    pub fn during(mut self, operation: &'static str) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Sets the cause, which must be as fit for people as this error: no secret, no personal data.
    #[must_use]
    pub fn caused_by(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(cause));
        self
    }

    /// Sets the HTTP status and Zoom's own code.
    #[must_use]
    pub fn with_status(mut self, status: u16, zoom_code: Option<i64>) -> Self {
        self.0.answer = Some(Answer { status, zoom_code });
        self
    }

    /// Sets Zoom's tracking id.
    #[must_use]
    pub fn with_tracking_id(mut self, tracking_id: Option<String>) -> Self {
        self.0.tracking_id = tracking_id.map(|id| printable(&id));
        self
    }

    /// Sets whether the same call can succeed later without anybody changing anything.
    #[must_use]
    pub fn retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    /// Sets whether the request may have done its work at Zoom.
    #[must_use]
    pub fn maybe_delivered(mut self, maybe_delivered: bool) -> Self {
        self.0.maybe_delivered = maybe_delivered;
        self
    }

    /// Sets whether no answer came in time: the work may still be done after this.
    #[must_use]
    pub fn timed_out(mut self, timed_out: bool) -> Self {
        self.0.timed_out = timed_out;
        self
    }

    /// What went wrong, by name.
    #[must_use]
    pub fn id(&self) -> ErrorId {
        self.0.id
    }

    /// How a caller acts on it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.id.kind()
    }

    /// What went wrong, in words for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What an administrator can do about it: one or two sentences.
    #[must_use]
    pub fn advice(&self) -> &str {
        &self.0.advice
    }

    /// What was asked of Zoom, such as `create_meeting`; `None` when nothing was.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// Whether the same call can succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Whether the request may have done its work at Zoom although no good answer came.
    #[must_use]
    pub fn is_maybe_delivered(&self) -> bool {
        self.0.maybe_delivered
    }

    /// Whether no answer came in time.
    #[must_use]
    pub fn is_timed_out(&self) -> bool {
        self.0.timed_out
    }

    /// Zoom's tracking id, for Zoom's support.
    #[must_use]
    pub fn tracking_id(&self) -> Option<&str> {
        self.0.tracking_id.as_deref()
    }

    /// The HTTP status, when Zoom answered.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.answer.map(|answer| answer.status)
    }

    /// Zoom's own code, when it gave one.
    #[must_use]
    pub fn zoom_code(&self) -> Option<i64> {
        self.0.answer?.zoom_code
    }

    /// Why no whole answer came; `None` when one did.
    #[must_use]
    pub fn fault(&self) -> Option<SendFault> {
        match self.0.detail {
            Some(Detail::Fault(fault)) => Some(fault),
            _ => None,
        }
    }

    /// The fields that Zoom named as wrong, with its words.
    #[must_use]
    pub fn fields(&self) -> &[(String, String)] {
        match &self.0.detail {
            Some(Detail::Fields(fields)) => fields,
            _ => &[],
        }
    }

    /// The scopes, any one of which would do.
    #[must_use]
    pub fn missing_scopes(&self) -> &[String] {
        match &self.0.detail {
            Some(Detail::MissingScopes(scopes)) => scopes,
            _ => &[],
        }
    }

    /// The moment from which on a retry makes sense.
    #[must_use]
    pub fn retry_at(&self) -> Option<Timestamp> {
        match self.0.detail {
            Some(Detail::RetryAt(at)) => Some(at),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.0.source.as_deref()?;
        Some(source)
    }
}

/// Text from outside made fit for a message: no control characters, at most 500 characters.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(500)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_from_outside_holds_no_control_characters_and_is_cut() {
        let error = Error::new(ErrorId::Refused, format!("a\0b\n{}", "x".repeat(1000)), "");
        assert!(error.message().starts_with("a b x"));
        assert_eq!(error.message().chars().count(), 500);
    }

    #[test]
    fn the_first_operation_is_the_one_that_failed_and_causes_form_a_chain() {
        let first = Error::new(ErrorId::TimedOut, "late", "").during("refresh_token");
        let error = Error::new(ErrorId::RevokeOwed, "owed", "")
            .caused_by(first.clone())
            .during("revoke_grant");
        assert_eq!(
            first.during("create_meeting").operation(),
            Some("refresh_token")
        );
        assert_eq!(error.operation(), Some("revoke_grant"));
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(cause.as_deref(), Some("late"));
    }

    #[test]
    fn only_faults_that_pass_by_themselves_are_retryable() {
        assert!(Error::new(ErrorId::TimedOut, "", "").is_retryable());
        assert!(Error::new(ErrorId::DailyLimit, "", "").is_retryable());
        assert!(!Error::new(ErrorId::HostInvalid, "", "").is_retryable());
    }
}
