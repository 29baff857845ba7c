//! Requests as the server read them, and replies as it will write them.

use std::borrow::Cow;

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

/// One HTTP request, read whole.
#[derive(Clone, Debug)]
pub struct Request {
    pub connection: u64,
    pub method: String,
    /// As sent: still percent-encoded.
    pub path: String,
    pub query: String,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// Scheme and authority of the listener that was asked, without a final slash.
    pub base_url: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The path's segments, each decoded once, as any server does before it looks at them.
    pub fn segments(&self) -> Vec<String> {
        self.path
            .trim_start_matches('/')
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect()
    }

    pub fn query_pairs(&self) -> Vec<(String, String)> {
        form_pairs(self.query.as_bytes())
    }

    pub fn query_value(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    pub fn body_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// Whether the `Content-Type` is `essence`, whatever its parameters.
    pub fn has_content_type(&self, essence: &str) -> bool {
        self.header("content-type")
            .and_then(|value| value.split(';').next())
            .is_some_and(|value| value.trim().eq_ignore_ascii_case(essence))
    }

    pub fn wants_html(&self) -> bool {
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
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub status: u16,
    pub content_type: Option<String>,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// JSON of the REST API, whose `Content-Type` names the charset without a space.
    pub fn api(status: u16, body: &Value) -> Self {
        Self::with_body(status, "application/json;charset=UTF-8", body.to_string())
    }

    /// JSON of the OAuth endpoints and of the control API.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::with_body(status, "application/json", body.to_string())
    }

    /// `{"code":…,"message":…}`, the shape of every API error.
    pub fn error(status: u16, code: i64, message: impl AsRef<str>) -> Self {
        Self::api(status, &json!({"code": code, "message": message.as_ref()}))
    }

    pub fn html(status: u16, body: String) -> Self {
        let mut reply = Self::with_body(status, "text/html;charset=UTF-8", body);
        reply
            .headers
            .push(("Cache-Control".into(), "no-store".into()));
        reply
    }

    /// 204: no body and no `Content-Type`.
    pub fn no_content() -> Self {
        Self {
            status: 204,
            ..Self::default()
        }
    }

    pub fn redirect(location: String) -> Self {
        Self {
            status: 302,
            headers: vec![("Location".into(), location)],
            ..Self::default()
        }
    }

    fn with_body(status: u16, content_type: &str, body: String) -> Self {
        Self {
            status,
            content_type: Some(content_type.to_owned()),
            headers: Vec::new(),
            body: body.into_bytes(),
        }
    }
}
