//! One call of Zoom's API: the token, the repeats that are safe, the time budget, the expected status.

mod many;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use http::HeaderMap;
use http::HeaderValue;
use serde::de::DeserializeOwned;

use super::api_error;
use super::context::Context;
use super::endpoints::join;
use super::error::Error;
use super::error::Result;
use super::error_id::ErrorId;
use super::http::Method;
use super::http::Request;
use super::http::Response;
use super::http::SendError;
use super::known_tokens::Access;
use super::retry;
use super::retry::Outcome;
use super::tokens::LOCK_WAIT;
use super::tokens::Replacements;
use super::tokens::Tokens;

/// The whole time of one call with all its repeats, unless the caller sets another.
const DEFAULT_BUDGET: Duration = Duration::from_secs(60);

/// Speaks to Zoom's API with the tokens of one connection or account.
#[derive(Clone)]
pub(crate) struct Api {
    context: Context,
    /// Shared: each call of the caller has an `Api` of its own, and a copy of the credentials is made and wiped for nothing.
    tokens: Rc<Tokens>,
    /// The time of one call, when the caller set one.
    budget: Option<Duration>,
    /// When the time of the call that has begun is over.
    deadline: Option<Duration>,
    tracking_id: Rc<RefCell<Option<String>>>,
}

/// One operation of Zoom's API.
pub(crate) struct Operation {
    /// The method.
    pub method: Method,
    /// The path after `/v2`.
    pub path: String,
    /// The query.
    pub query: Vec<(&'static str, String)>,
    /// The JSON body; empty for none.
    pub body: Vec<u8>,
    /// The one status that means success.
    pub expected: u16,
}

/// What to do with an answer.
enum Verdict {
    /// It is the one that was expected.
    Done(Reply),
    /// The token was refused before any work was done, so even a POST may go again with another one.
    NewToken(Error),
    /// The error; after this pause the operation may go again.
    Failed(Error, Option<Duration>),
}

/// The expected answer of an operation.
pub(crate) struct Reply {
    /// The answer.
    pub response: Response,
    /// The method it answers.
    method: Method,
    /// The name of what was asked.
    operation: &'static str,
}

impl Operation {
    /// Reads.
    #[must_use]
    pub(crate) fn get(path: String) -> Self {
        Self::new(Method::Get, path, Vec::new(), 200)
    }

    /// Creates.
    #[must_use]
    pub(crate) fn post(path: String, body: Vec<u8>) -> Self {
        Self::new(Method::Post, path, body, 201)
    }

    /// Changes.
    #[must_use]
    pub(crate) fn patch(path: String, body: Vec<u8>) -> Self {
        Self::new(Method::Patch, path, body, 204)
    }

    /// Removes.
    #[must_use]
    pub(crate) fn delete(path: String) -> Self {
        Self::new(Method::Delete, path, Vec::new(), 204)
    }

    /// Adds a query parameter.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Its name, as errors tell it.
    fn name(&self) -> &'static str {
        let mut parts = self.path.split('/').skip(1);
        let what = (
            self.method,
            parts.next(),
            parts.next().is_some(),
            parts.next(),
        );
        match what {
            (Method::Post, Some("users"), true, Some("meetings")) => "create_meeting",
            (Method::Get, Some("users"), true, Some("meetings")) => "list_meetings",
            (Method::Get, Some("users"), true, Some("settings")) => "read_settings",
            (Method::Get, Some("users"), true, None) => "read_user",
            (Method::Get, Some("users"), false, None) => "list_users",
            (Method::Get, Some("meetings"), true, None) => "read_meeting",
            (Method::Patch, Some("meetings"), true, None) => "update_meeting",
            (Method::Delete, Some("meetings"), true, None) => "delete_meeting",
            _ => self.method.as_str(),
        }
    }

    /// Whether the answer means success. 200 does, too, with a whole answer: bodies that pass a gateway get its status at times.
    fn is_done(&self, response: &Response) -> bool {
        response.status == self.expected
            || (response.status == 200 && is_whole(&response.body, self.expected == 204))
    }

    fn new(method: Method, path: String, body: Vec<u8>, expected: u16) -> Self {
        Self {
            method,
            path,
            query: Vec::new(),
            body,
            expected,
        }
    }
}

impl Reply {
    /// The body as `T`.
    ///
    /// # Errors
    /// When it is no such JSON; names the field, never the value.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T> {
        // Looking once at the whole whether it is UTF-8 is a fifth faster than once at each text in it.
        if let Ok(text) = std::str::from_utf8(&self.response.body)
            && let Ok(value) = serde_json::from_str(text)
        {
            return Ok(value);
        }
        // Read again to learn which field it was: keeping track of the path takes a third of the time. What is no UTF-8 in a
        // field that nobody reads does no harm here.
        let mut reader = serde_json::Deserializer::from_slice(&self.response.body);
        serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let what = match error.inner().classify() {
                serde_json::error::Category::Data => format!("the field {}", error.path()),
                _ => "it is no whole JSON".to_owned(),
            };
            api_error::unreadable(&self.response, self.method, &what).during(self.operation)
        })
    }
}

impl Api {
    /// Speaks with these tokens.
    #[must_use]
    pub(crate) fn new(context: Context, tokens: Tokens) -> Self {
        Self {
            context,
            tokens: Rc::new(tokens),
            budget: None,
            deadline: None,
            tracking_id: Rc::default(),
        }
    }

    /// The same with another time budget per call.
    #[must_use]
    pub(crate) fn within(&self, budget: Duration) -> Self {
        Self {
            budget: Some(budget),
            ..self.clone()
        }
    }

    /// The same for one call of the caller that begins now: all its requests share the budget.
    #[must_use]
    pub(crate) fn begun(&self) -> Self {
        let now = self.context.clock.monotonic();
        Self {
            deadline: self.budget.map(|budget| now.saturating_add(budget)),
            ..self.clone()
        }
    }

    /// Everything from outside.
    #[must_use]
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// The tokens.
    #[must_use]
    pub(crate) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Zoom's tracking id of the last answer.
    #[must_use]
    pub(crate) fn last_tracking_id(&self) -> Option<String> {
        self.tracking_id.borrow().clone()
    }

    /// A usable token, within the budget.
    ///
    /// # Errors
    /// As [`Tokens::access`].
    pub(crate) fn access(&self) -> Result<Rc<Access>> {
        self.tokens.access(None, self.budget().min(LOCK_WAIT))
    }

    /// Carries one operation out.
    ///
    /// # Errors
    /// Whatever stands in its way, as an error that says whether the work may have been done all the same.
    pub(crate) fn call(&self, operation: &Operation) -> Result<Reply> {
        let clock = &self.context.clock;
        let deadline = self.deadline();
        let left = || deadline.saturating_sub(clock.monotonic());
        let mut access = self.tokens.access(None, left().min(LOCK_WAIT))?;
        let mut replacements = Replacements::default();
        let mut attempt = 0;
        let mut maybe_done = false;
        loop {
            let time = left();
            if time.is_zero() {
                let error = out_of_time().during(operation.name());
                return Err(error.maybe_delivered(maybe_done));
            }
            attempt += 1;
            let answer = self.send(operation, &access, time);
            match self.judge(operation, answer, attempt, replacements.are_left()) {
                Verdict::Done(reply) => return Ok(reply),
                Verdict::NewToken(_) => {
                    access = replacements
                        .next(&self.tokens, &access.token, left().min(LOCK_WAIT))
                        .map_err(|error| error.maybe_delivered(maybe_done))?;
                }
                Verdict::Failed(error, pause) => {
                    // An earlier send may have done the work even if this one was refused.
                    maybe_done |= error.is_maybe_delivered();
                    match pause {
                        Some(pause) if pause < left() => clock.sleep(pause),
                        _ => return Err(error.maybe_delivered(maybe_done)),
                    }
                }
            }
        }
    }

    /// What to do with an answer; `may_replace`: another token may be fetched.
    fn judge(
        &self,
        operation: &Operation,
        answer: Result<Response, SendError>,
        attempt: u32,
        may_replace: bool,
    ) -> Verdict {
        let now = self.context.clock.now();
        let (outcome, error) = match answer {
            Ok(response) if operation.is_done(&response) => {
                return Verdict::Done(Reply {
                    response,
                    method: operation.method,
                    operation: operation.name(),
                });
            }
            Ok(response) => {
                let error = api_error::from_response(&response, operation.method, now);
                if may_replace && api_error::refuses_token(&response) {
                    return Verdict::NewToken(error.during(operation.name()));
                }
                if api_error::refuses_token(&response)
                    && let Some(ended) = self.tokens.ended()
                {
                    return Verdict::Failed(ended.during(operation.name()), None);
                }
                (api_error::outcome(&response, now), error)
            }
            Err(error) => (
                Some(Outcome::from(&error)),
                api_error::from_send(&error, operation.method),
            ),
        };
        let pause = outcome.and_then(|outcome| {
            retry::wait_before_next(operation.method, outcome, attempt, self.jitter())
        });
        Verdict::Failed(error.during(operation.name()), pause)
    }

    fn send(
        &self,
        operation: &Operation,
        access: &Access,
        time: Duration,
    ) -> Result<Response, SendError> {
        let sent = self
            .context
            .http
            .send(request(operation, access, Some(time)));
        if let Ok(response) = &sent {
            *self.tracking_id.borrow_mut() = response.tracking_id();
        }
        sent
    }

    /// What is left of the time.
    #[must_use]
    pub(crate) fn budget(&self) -> Duration {
        self.deadline()
            .saturating_sub(self.context.clock.monotonic())
    }

    fn deadline(&self) -> Duration {
        let from_now = || {
            let now = self.context.clock.monotonic();
            now.saturating_add(self.budget.unwrap_or(DEFAULT_BUDGET))
        };
        self.deadline.unwrap_or_else(from_now)
    }

    fn jitter(&self) -> f64 {
        let mut byte = [0];
        self.context.clock.random(&mut byte);
        let [byte] = byte;
        f64::from(byte) / 255.0
    }
}

/// The operation as a request with this token.
fn request(operation: &Operation, access: &Access, time: Option<Duration>) -> Request {
    let mut url = join(&access.api_base, &format!("/v2{}", operation.path));
    if !operation.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&operation.query);
    }
    let mut headers = HeaderMap::new();
    headers.insert(
        http::header::ACCEPT,
        HeaderValue::from_static("application/json"),
    );
    // A token that is no header value cannot have come from Zoom; without it Zoom answers 401.
    if let Ok(mut value) = HeaderValue::try_from(format!("Bearer {}", access.token.expose())) {
        value.set_sensitive(true);
        headers.insert(http::header::AUTHORIZATION, value);
    }
    if !operation.body.is_empty() {
        headers.insert(
            http::header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
    }
    Request {
        method: operation.method,
        url,
        headers,
        body: operation.body.clone(),
        timeout: time,
    }
}

/// Whether a body is one of Zoom's that says nothing against the work: a JSON object without an error's code, or nothing where
/// nothing is due. A gateway's own page is none.
fn is_whole(body: &[u8], may_be_empty: bool) -> bool {
    if body.trim_ascii().is_empty() {
        return may_be_empty;
    }
    serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(body)
        .is_ok_and(|object| !object.contains_key("code"))
}

fn out_of_time() -> Error {
    Error::new(
        ErrorId::TimeBudgetOver,
        "the time given for this call is over",
        "Give it more time, or try again in a minute.",
    )
}

#[cfg(test)]
mod tests;
