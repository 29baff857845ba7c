//! What a failed exchange means: why, and whether the request may have arrived. Never a URL, never a secret.

use std::error::Error;

use super::resolver::Unresolved;
use crate::zoom::http::SendError;
use crate::zoom::http::SendFault;

/// The innermost cause of an error in words.
pub trait CauseText {
    /// The innermost cause in words.
    fn cause_text(&self) -> String;
}

impl<E: Error> CauseText for E {
    fn cause_text(&self) -> String {
        let mut text = self.to_string();
        let mut source = self.source();
        while let Some(cause) = source {
            text = cause.to_string();
            source = cause.source();
        }
        text
    }
}

/// The client could not be built.
pub(super) fn engine(detail: &str) -> SendError {
    SendError {
        fault: SendFault::Engine,
        maybe_delivered: false,
        detail: detail.to_owned(),
    }
}

/// No answer, or not its head.
pub(super) fn classify(error: &reqwest::Error) -> SendError {
    let fault = fault_of(error);
    // A connection that was never made carried nothing; all else may have.
    let maybe_delivered = !error.is_connect() && !error.is_builder();
    SendError {
        fault,
        maybe_delivered,
        detail: detail_of(error, fault),
    }
}

/// The answer's head came, its body did not.
pub(super) fn in_body(error: &reqwest::Error) -> SendError {
    let fault = if error.is_timeout() {
        SendFault::Timeout
    } else {
        SendFault::Closed
    };
    SendError {
        fault,
        maybe_delivered: true,
        detail: detail_of(error, fault),
    }
}

fn fault_of(error: &reqwest::Error) -> SendFault {
    if any_cause(error, is_tls) {
        return SendFault::Tls;
    }
    // Before the name: through a proxy, the only name that is resolved here is the proxy's.
    let through_proxy = error.is_connect()
        && any_cause(error, |cause| {
            let text = cause.to_string();
            text.contains("tunnel") || text.contains("proxy")
        });
    if through_proxy {
        SendFault::Proxy
    } else if any_cause(error, <dyn Error>::is::<Unresolved>) {
        SendFault::Name
    } else if error.is_timeout() {
        SendFault::Timeout
    } else if error.is_connect() {
        SendFault::Connect
    } else if error.is_builder() {
        SendFault::Engine
    } else {
        SendFault::Closed
    }
}

fn any_cause(error: &reqwest::Error, is: impl Fn(&(dyn Error + 'static)) -> bool) -> bool {
    let mut cause = error.source();
    while let Some(found) = cause {
        if is(found) {
            return true;
        }
        cause = found.source();
    }
    false
}

/// rustls' errors travel inside one or two [`std::io::Error`]s, whose `source` skips what they wrap.
fn is_tls(cause: &(dyn Error + 'static)) -> bool {
    cause.is::<rustls::Error>()
        || cause
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
            .is_some_and(|inner| is_tls(inner))
}

/// A few words of the cause; texts of TLS and the system hold neither URL nor secret.
fn detail_of(error: &reqwest::Error, fault: SendFault) -> String {
    match fault {
        SendFault::Closed | SendFault::Connect | SendFault::Tls | SendFault::Proxy => error
            .source()
            .map(|source| source.cause_text())
            .unwrap_or_default(),
        SendFault::Engine | SendFault::Name | SendFault::Timeout => String::new(),
    }
}
