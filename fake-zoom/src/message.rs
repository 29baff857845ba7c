//! Requests as the server read them, and replies as it will write them.

use std::borrow::Cow;

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::json;

/// One HTTP request, read whole.
#[derive(Clone, Debug)]
pub struct Request {
    /// The number of the connection it came on, for the log.
    pub connection: u64,
    /// `GET`, in capitals.
    pub method: String,
    /// As sent: still percent-encoded.
    pub path: String,
    /// As sent, without the question mark; empty for none.
    pub query: String,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Bytes,
    /// Scheme and authority of the listener that was asked, without a final slash. Addresses in answers begin with it.
    pub base_url: String,
}

impl Request {
    /// A request to a whole URL, without headers and body.
    #[must_use]
    pub fn new(method: &str, url: &str) -> Self {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let authority = address.find("://").map_or(0, |at| at + 3);
        let slash = address
            .get(authority..)
            .and_then(|rest| rest.find('/'))
            .map_or(address.len(), |at| authority + at);
        let (base_url, path) = address.split_at(slash);
        Self {
            connection: 0,
            method: method.to_owned(),
            path: if path.is_empty() { "/" } else { path }.to_owned(),
            query: query.to_owned(),
            headers: Vec::new(),
            body: Bytes::new(),
            base_url: base_url.to_owned(),
        }
    }

    /// Adds a header; its name in lower case.
    pub fn put(&mut self, name: &str, value: &str) {
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// The value of the header of this lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The path's segments, each decoded once, as any server does before it looks at them.
    pub(crate) fn segments(&self) -> Vec<Cow<'_, str>> {
        self.path
            .trim_start_matches('/')
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy())
            .collect()
    }

    pub(crate) fn query_pairs(&self) -> Vec<(String, String)> {
        form_pairs(self.query.as_bytes())
    }

    pub(crate) fn query_value(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    pub(crate) fn body_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// Whether the `Content-Type` is `essence`, whatever its parameters.
    pub(crate) fn has_content_type(&self, essence: &str) -> bool {
        self.header("content-type")
            .and_then(|value| value.split(';').next())
            .is_some_and(|value| value.trim().eq_ignore_ascii_case(essence))
    }

    pub(crate) fn wants_html(&self) -> bool {
        self.header("accept")
            .is_some_and(|accept| accept.contains("text/html"))
    }
}

/// The pairs of an `application/x-www-form-urlencoded` text.
pub fn form_pairs(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

/// The value of `name` among `pairs`, unless it is empty.
pub fn pair<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, value)| key == name && !value.is_empty())
        .map(|(_, value)| value.as_str())
}

/// One HTTP reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// `Content-Type`; it is not among the headers.
    pub content_type: Option<String>,
    /// The headers but `Content-Type` and `Content-Length`, named as Zoom's documentation writes them.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The value of the header of this name, in whatever case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// JSON of the REST API, whose `Content-Type` names the charset without a space.
    pub(crate) fn api(status: u16, body: &impl Serialize) -> Self {
        Self::with_body(status, "application/json;charset=UTF-8", json_bytes(body))
    }

    /// JSON of the OAuth endpoints and of the control API.
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        Self::with_body(status, "application/json", json_bytes(body))
    }

    /// `{"code":…,"message":…}`, the shape of every API error.
    pub(crate) fn error(status: u16, code: i64, message: impl AsRef<str>) -> Self {
        Self::api(status, &json!({"code": code, "message": message.as_ref()}))
    }

    pub(crate) fn html(status: u16, body: String) -> Self {
        let mut reply = Self::with_body(status, "text/html;charset=UTF-8", body.into_bytes());
        reply
            .headers
            .push(("Cache-Control".into(), "no-store".into()));
        reply
    }

    /// 204: no body and no `Content-Type`.
    pub(crate) fn no_content() -> Self {
        Self {
            status: 204,
            ..Self::default()
        }
    }

    pub(crate) fn redirect(location: String) -> Self {
        Self {
            status: 302,
            headers: vec![("Location".into(), location)],
            ..Self::default()
        }
    }

    fn with_body(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self {
            status,
            content_type: Some(content_type.to_owned()),
            headers: Vec::new(),
            body,
        }
    }
}

/// Compact JSON. What answers hold can always be written: names are texts, numbers are whole.
fn json_bytes(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        for (url, base_url, path, query) in [
            (
                "https://zoom.us/oauth/token",
                "https://zoom.us",
                "/oauth/token",
                "",
            ),
            (
                "http://127.0.0.1:80/v2/users?a=b/c&d=?",
                "http://127.0.0.1:80",
                "/v2/users",
                "a=b/c&d=?",
            ),
            ("https://zoom.us", "https://zoom.us", "/", ""),
            ("https://zoom.us?x=1", "https://zoom.us", "/", "x=1"),
            ("/v2/users", "", "/v2/users", ""),
        ] {
            let request = Request::new("GET", url);
            assert_eq!(
                (
                    request.base_url.as_str(),
                    request.path.as_str(),
                    request.query.as_str()
                ),
                (base_url, path, query),
                "{url}"
            );
        }
    }
}
