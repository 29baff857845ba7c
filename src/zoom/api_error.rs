//! What Zoom's refusals mean: from status, code and headers to one [`Error`] with advice. Pure.
//!
//! Decided by (status, code), by the message only where Zoom gives nothing else (scopes, limits).

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::error::Detail;
use super::error::Error;
use super::error_id::ErrorId;
use super::http::Method;
use super::http::Response;
use super::http::SendError;
use super::http::SendFault;
use super::lenient;
use super::limit_end;
use super::retry::Outcome;

/// Codes that say that this token is no good, whatever the status: expired, revoked, its owner gone (Zoom's OAuth errors).
const TOKEN_CODES: [i64; 7] = [124, 4724, 4735, 4737, 4738, 4740, 4741];
/// A word of this length with a digit in it is a token, a code or a link, not language.
const LONG_WORD: usize = 24;
/// A limit per second ends with its second.
const SECOND: Duration = Duration::from_secs(1);
const SCOPE_TEXT: &str = "does not contain scopes:[";

/// Zoom's error body.
#[derive(Debug, Default, Deserialize)]
struct Body {
    #[serde(default, deserialize_with = "lenient::or_default")]
    code: Option<i64>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    message: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    errors: Vec<FieldError>,
}

#[derive(Debug, Deserialize)]
struct FieldError {
    #[serde(default)]
    field: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

/// Whether the answer says that the access token is not (any longer) good.
#[must_use]
pub(crate) fn refuses_token(response: &Response) -> bool {
    let body = parse(response);
    (response.status == 401 || body.code.is_some_and(|code| TOKEN_CODES.contains(&code)))
        && !body.message.unwrap_or_default().contains(SCOPE_TEXT)
}

/// Whether and how the answer invites another try.
#[must_use]
pub(crate) fn outcome(response: &Response, now: Timestamp) -> Option<Outcome> {
    match response.status {
        429 if !is_daily(response) => Some(Outcome::Limited(limit_end::wait(response, now))),
        500.. => Some(Outcome::ServerTrouble),
        _ => None,
    }
}

/// The error of an answer that is not the expected one.
#[must_use]
pub(crate) fn from_response(response: &Response, method: Method, now: Timestamp) -> Error {
    let body = parse(response);
    let code = body.code;
    let words = fit_for_messages(&body.message.clone().unwrap_or_default());
    let error = |id: ErrorId, message: String, advice: &str| {
        Error::new(id, message, advice)
            .with_status(response.status, code)
            .with_tracking_id(response.tracking_id())
    };

    if words.contains(SCOPE_TEXT) || code == Some(4711) {
        let scopes = scopes_in(&words);
        return error(
            ErrorId::ScopeMissing,
            format!("the Zoom app lacks a scope: {}", scopes.join(" or ")),
            "Add the scope to the app in the Zoom App Marketplace; then doctors authorize again, or a Server-to-Server app gets a new token within the hour.",
        )
        .with(Detail::MissingScopes(scopes));
    }
    if refuses_token(response) {
        let said = match words.as_str() {
            "" => String::new(),
            words => format!(" ({words})"),
        };
        return error(
            ErrorId::TokenRefused,
            format!("Zoom does not take an access token that it has just given{said}"),
            "Zoom has trouble right now, and the connection stands. Try again in a few minutes; if it stays so, look at the app's page in the Zoom App Marketplace.",
        )
        .retryable(true);
    }
    match (response.status, code) {
        (429, _) => limit(response, now, &error),
        (500.., _) => error(
            ErrorId::ServerTrouble,
            format!("Zoom answered with HTTP {}", response.status),
            "Zoom has trouble right now. Try again in a few minutes.",
        )
        .retryable(true)
        // A gateway gave up waiting: what is behind it may still be at work.
        .timed_out(response.status == 504)
        .maybe_delivered(method != Method::Get),
        (300..=399, _) => error(
            ErrorId::Redirected,
            format!("Zoom answered with a redirect (HTTP {})", response.status),
            "Redirects are not followed with a token. Check the php.ini directive telemed.api_url and any proxy.",
        ),
        (_, Some(3001)) => error(
            ErrorId::MeetingUnknown,
            "Zoom does not know this meeting for these credentials".into(),
            "It was deleted in Zoom, or it belongs to another account. Make a new one.",
        ),
        (_, Some(1001 | 1010)) => error(
            ErrorId::UserUnknown,
            format!("Zoom does not know this user in this account: {words}"),
            "Choose a host who is an active user of the Zoom account.",
        ),
        (_, Some(1120)) => error(
            ErrorId::InvitationOpen,
            "this Zoom user has not accepted the invitation to the Zoom account".into(),
            "Send the invitation again in the Zoom account, let the user accept it, or choose another host.",
        ),
        // Without a code it is not Zoom's: a proxy, or another server's address. Nothing is known to be gone.
        (404, None) => error(
            ErrorId::NotZoomsAnswer,
            "HTTP 404 came without Zoom's error code".into(),
            "Check the php.ini directive telemed.api_url and any proxy.",
        ),
        (200..=299, _) => error(
            ErrorId::AnswerUnexpected,
            format!("Zoom answered with an unexpected HTTP {}", response.status),
            "Look in Zoom whether it was done. If it stays so, look for a proxy between this server and Zoom.",
        )
        .maybe_delivered(method != Method::Get),
        (404, _) => error(
            ErrorId::NotFound,
            format!("Zoom knows no such thing: {words}"),
            "It was deleted in Zoom, or it belongs to another account.",
        ),
        (_, Some(300)) => validation(&body, &words, &error),
        _ => refusal(response.status, code, &words, &error),
    }
}

/// What Zoom understood and does not do.
fn refusal(
    status: u16,
    code: Option<i64>,
    words: &str,
    error: &impl Fn(ErrorId, String, &str) -> Error,
) -> Error {
    let says = |text: &str| words.to_ascii_lowercase().contains(text);
    match (status, code) {
        (_, Some(3161)) => error(
            ErrorId::HostMayNotHost,
            "this Zoom user may not host or schedule meetings".into(),
            "Give the user a Zoom licence with Meetings and allow hosting in the Zoom account, or choose another host.",
        ),
        (_, Some(3000)) if says("blocked") => error(
            ErrorId::HostDomainBlocked,
            "the Zoom account blocks this user's domain from meetings".into(),
            "In the Zoom web portal, under Settings, change 'Block users in specific domains from joining meetings and webinars', or choose another host.",
        ),
        (_, Some(3000)) if says("schedule") => error(
            ErrorId::SchedulingNotPermitted,
            format!("Zoom does not let this be scheduled: {words}"),
            "Choose a host of the same Zoom account, or let the host give the right to schedule in Zoom's settings.",
        ),
        (_, Some(3000)) if says("webinar info") => error(
            ErrorId::NotAMeeting,
            format!("Zoom refused: {words}"),
            "This is not a meeting that can be handled here.",
        ),
        (_, Some(200)) if says("api key or secret") => error(
            ErrorId::TokenOfWrongKind,
            "Zoom gave a token of the wrong kind".into(),
            "Use a Server-to-Server OAuth app with its account id, not a chatbot or other app.",
        ),
        (_, Some(200)) if says("rest api") => error(
            ErrorId::ApiAccessMissing,
            format!("this Zoom account or user has no access to Zoom's API: {words}"),
            "Ask Zoom's support to enable the REST API for the account.",
        ),
        (_, Some(3018 | 3037)) => error(
            ErrorId::PersonalMeeting,
            format!("this is a user's personal meeting, which Zoom does not delete: {words}"),
            "Nothing is to be done at Zoom. Take the number out of the visit, for it belongs to a person and not to a visit.",
        ),
        (_, Some(4717)) => error(
            ErrorId::AppDisabled,
            "the Zoom app is disabled".into(),
            "Activate the app on its page in the Zoom App Marketplace. Connections are kept.",
        ),
        (403, _) => error(
            ErrorId::NotPermitted,
            format!("Zoom does not permit this: {words}"),
            "An administrator of the Zoom account must permit it to this user or app.",
        ),
        _ => error(
            ErrorId::Refused,
            format!("Zoom refused with HTTP {status}: {words}"),
            "Look the message up in Zoom's documentation, or ask Zoom's support with the tracking id.",
        ),
    }
}

/// The error of a request that got no whole answer.
#[must_use]
pub(crate) fn from_send(error: &SendError, method: Method) -> Error {
    let (id, message, advice) = match error.fault {
        SendFault::Closed => (
            ErrorId::ConnectionBroke,
            "the connection to Zoom broke before the whole answer came",
            "Try again in a minute.",
        ),
        SendFault::Connect => (
            ErrorId::ConnectionFailed,
            "no connection to Zoom could be made",
            "Check that this server may make outgoing https connections (firewall, proxy).",
        ),
        SendFault::Engine => (
            ErrorId::HttpsUnavailable,
            "the HTTPS client could not be set up",
            "Install the package ca-certificates, or set the php.ini directive telemed.ca_file; check telemed.proxy.",
        ),
        SendFault::Name => (
            ErrorId::NameUnresolved,
            "the name of Zoom's server could not be resolved",
            "Check the DNS settings of this server and the php.ini directives telemed.oauth_url and telemed.api_url.",
        ),
        SendFault::Proxy => (
            ErrorId::ProxyFailed,
            "the proxy could not be used",
            "Check the php.ini directive telemed.proxy: address, user and password.",
        ),
        SendFault::Timeout => (
            ErrorId::TimedOut,
            "Zoom did not answer in time",
            "Try again in a minute. If it stays so, check this server's network.",
        ),
        SendFault::Tls => (
            ErrorId::TlsFailed,
            "the certificate of Zoom's server could not be verified",
            "Update the package ca-certificates, or set telemed.ca_file when a proxy inspects TLS; check this server's clock.",
        ),
    };
    let detail = if error.detail.is_empty() {
        String::new()
    } else {
        format!(" ({})", error.detail)
    };
    Error::new(id, format!("{message}{detail}"), advice)
        .with(Detail::Fault(error.fault))
        .caused_by(error.clone())
        .timed_out(error.fault == SendFault::Timeout)
        .maybe_delivered(error.maybe_delivered && method != Method::Get)
}

/// The error of a good status with a body that cannot be read.
#[must_use]
pub(crate) fn unreadable(response: &Response, method: Method, what: &str) -> Error {
    Error::new(
        ErrorId::AnswerUnreadable,
        format!("Zoom's answer cannot be read: {what}"),
        "Try again in a minute. If it stays so, look for a proxy between this server and Zoom.",
    )
    .maybe_delivered(method != Method::Get)
    .with_tracking_id(response.tracking_id())
}

fn parse(response: &Response) -> Body {
    serde_json::from_slice(&response.body).unwrap_or_default()
}

fn is_daily(response: &Response) -> bool {
    let words = parse(response)
        .message
        .unwrap_or_default()
        .to_ascii_lowercase();
    let kind = response.header("x-ratelimit-type").unwrap_or_default();
    if kind.eq_ignore_ascii_case("qps") || words.contains("per-second") {
        return false;
    }
    kind.eq_ignore_ascii_case("daily-limit") || words.contains("daily")
}

fn limit(
    response: &Response,
    now: Timestamp,
    error: &impl Fn(ErrorId, String, &str) -> Error,
) -> Error {
    if is_daily(response) {
        let limit = error(
            ErrorId::DailyLimit,
            "Zoom's daily limit is reached".into(),
            "Zoom allows 100 creations and changes of meetings per host and UTC day, and a daily number of requests per account. It begins anew at 00:00 UTC.",
        );
        return match limit_end::of_day(response, now) {
            Some(at) => limit.with(Detail::RetryAt(at)),
            None => limit,
        };
    }
    error(
        ErrorId::PerSecondLimit,
        "Zoom's limit of requests per second is reached".into(),
        "Try again in a few seconds; other apps of the same Zoom account count too.",
    )
    .with(Detail::RetryAt(
        now + limit_end::wait(response, now).unwrap_or(SECOND),
    ))
}

fn validation(body: &Body, words: &str, error: &impl Fn(ErrorId, String, &str) -> Error) -> Error {
    let fields: Vec<_> = body
        .errors
        .iter()
        .map(|item| {
            (
                fit_for_messages(&item.field.clone().unwrap_or_default()),
                fit_for_messages(&item.message.clone().unwrap_or_default()),
            )
        })
        .collect();
    let named = fields
        .iter()
        .map(|(field, message)| format!("{field}: {message}"))
        .collect::<Vec<_>>()
        .join("; ");
    let message = if named.is_empty() {
        format!("Zoom refused what was sent: {words}")
    } else {
        format!("Zoom refused what was sent: {named}")
    };
    error(
        ErrorId::FieldsRefused,
        message,
        "Correct the fields named and try again.",
    )
    .with(Detail::Fields(fields))
}

/// Zoom's words without what they may quote: e-mail addresses, tokens and codes.
#[must_use]
pub(crate) fn fit_for_messages(words: &str) -> String {
    let quotes_something = |word: &str| {
        word.contains('@') || (word.len() >= LONG_WORD && word.bytes().any(|b| b.is_ascii_digit()))
    };
    words
        .split(' ')
        .map(|word| if quotes_something(word) { "***" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

/// The scopes between the brackets of Zoom's message.
fn scopes_in(words: &str) -> Vec<String> {
    words
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'))
        .map(|(scopes, _)| {
            scopes
                .split(',')
                .map(|scope| scope.trim().to_owned())
                .filter(|scope| !scope.is_empty())
                .collect()
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
