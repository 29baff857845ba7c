//! HTTP as plain data: what the core sends and what comes back, and how sending can fail.

use std::fmt;
use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use url::Url;

use super::pace::Pace;

/// Carries a request to Zoom and brings the answer back.
pub trait Http {
    /// Sends one request, once: nothing below may repeat it.
    ///
    /// # Errors
    /// When no whole answer came. An HTTP status of any kind is an answer.
    fn send(&self, request: Request) -> Result<Response, SendError>;

    /// Sends many requests, each once, not faster than `pace`; the answers in the order of the requests. One failure harms
    /// no other.
    fn send_all(&self, requests: Vec<Request>, pace: &mut Pace)
    -> Vec<Result<Response, SendError>>;
}

/// The methods that Zoom's API knows here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Method {
    /// Removes.
    Delete,
    /// Reads.
    Get,
    /// Changes.
    Patch,
    /// Creates; never safe to repeat.
    Post,
}

impl Method {
    /// The method's name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Patch => "PATCH",
            Self::Post => "POST",
        }
    }

    /// Whether sending it twice does no more than sending it once.
    #[must_use]
    pub fn is_idempotent(self) -> bool {
        self != Self::Post
    }
}

/// One request, ready to send. Its `Debug` shows neither headers nor body, which hold secrets.
pub struct Request {
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub url: Url,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// The time for the whole exchange, when shorter than the engine's own.
    pub timeout: Option<Duration>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.url.path())
            .finish_non_exhaustive()
    }
}

/// One whole answer. Its `Debug` does not show the body, which can hold secrets.
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Response {
    /// The header `name` (lower case) as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The server's clock when it answered.
    #[must_use]
    pub fn date(&self) -> Option<Timestamp> {
        jiff::fmt::rfc2822::parse(self.header("date")?)
            .ok()
            .map(|date| date.timestamp())
    }

    /// Zoom's tracking id.
    #[must_use]
    pub fn tracking_id(&self) -> Option<String> {
        self.header("x-zm-trackingid").map(str::to_owned)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Why no whole answer came.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SendFault {
    /// The connection was closed or reset, or the answer was cut off.
    Closed,
    /// No connection could be made: refused, unreachable.
    Connect,
    /// The HTTP client could not be built: no certificate roots, a bad proxy address.
    Engine,
    /// The server's name has no address.
    Name,
    /// The proxy could not be reached or refused.
    Proxy,
    /// No answer in time.
    Timeout,
    /// The server's certificate does not verify, or TLS failed otherwise.
    Tls,
}

/// A failure to get a whole answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{detail}")]
pub struct SendError {
    /// Why.
    pub fault: SendFault,
    /// Whether the request may have reached the server.
    pub maybe_delivered: bool,
    /// The cause in words, without URL and without secret.
    pub detail: String,
}
