//! Zoom's webhooks: who sent it is known from an HMAC over the raw bytes, before anything is parsed.

use jiff::Timestamp;
use ring::hmac;
use serde::Deserialize;
use serde_json::json;

use super::error::Error;
use super::error::Result;
use super::error_id::ErrorId;
use super::secret::Secret;
use super::secret::constant_time_eq;
use super::secret::hex;

const TIMESTAMP_HEADER: &str = "x-zm-request-timestamp";
const SIGNATURE_HEADER: &str = "x-zm-signature";
/// Zoom's demand that the endpoint proves to know the secret.
const URL_VALIDATION: &str = "endpoint.url_validation";
/// Zoom's are 22 characters long.
const MAX_PLAIN_TOKEN: usize = 128;
/// Zoom's events are a few kilobytes.
const MAX_BODY_BYTES: usize = 1 << 20;

/// Verifies what arrives at a webhook address.
pub struct Webhook {
    secret_token: Secret,
    tolerance_seconds: i64,
}

/// A verified event.
#[derive(Clone, Debug)]
pub struct WebhookEvent {
    name: String,
    sent_at: Timestamp,
    answer: Option<String>,
    payload: Payload,
}

#[derive(Deserialize)]
struct Body {
    event: String,
    #[serde(default)]
    payload: Payload,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Payload {
    plain_token: Option<String>,
    #[serde(rename = "account_id")]
    account_id: Option<String>,
    #[serde(rename = "user_id")]
    user_id: Option<String>,
    #[serde(rename = "client_id")]
    client_id: Option<String>,
}

impl Webhook {
    /// Takes the app's secret token and how old (or how far ahead) an event may be.
    ///
    /// # Errors
    /// When the token is empty or the tolerance is not positive.
    pub fn new(secret_token: &str, tolerance_seconds: i64) -> Result<Self> {
        if secret_token.is_empty() || tolerance_seconds <= 0 {
            return Err(Error::new(
                ErrorId::WebhookSecretInvalid,
                "the webhook's secret token is empty, or its tolerance is not positive",
                "Copy the secret token from the app's page in the Zoom App Marketplace, under Features.",
            ));
        }
        Ok(Self {
            secret_token: Secret::new(secret_token),
            tolerance_seconds,
        })
    }

    /// Verifies and reads what arrived. `header` gives a header by its lower-case name.
    ///
    /// # Errors
    /// [`Kind::Webhook`] when it is not from Zoom, too old, or no event.
    pub fn receive<'h>(
        &self,
        raw_body: &[u8],
        header: impl Fn(&str) -> Option<&'h str>,
        now: Timestamp,
    ) -> Result<WebhookEvent> {
        let timestamp = header(TIMESTAMP_HEADER).ok_or_else(|| refused("it bears no timestamp"))?;
        let signature = header(SIGNATURE_HEADER).ok_or_else(|| refused("it bears no signature"))?;
        if raw_body.len() > MAX_BODY_BYTES {
            return Err(refused("it is too large"));
        }
        let signed = [b"v0:", timestamp.as_bytes(), b":", raw_body].concat();
        let expected = format!("v0={}", self.mac(&signed));
        if !constant_time_eq(expected.as_bytes(), signature.as_bytes()) {
            return Err(refused("its signature is not that of this secret token"));
        }
        let seconds: i64 = timestamp
            .parse()
            .map_err(|_| refused("its timestamp is no number"))?;
        if now.as_second().abs_diff(seconds) > self.tolerance_seconds.unsigned_abs() {
            return Err(refused("it is too old, or this server's clock is wrong"));
        }
        let sent_at =
            Timestamp::from_second(seconds).map_err(|_| refused("its timestamp is no time"))?;
        let body: Body = serde_json::from_slice(raw_body).map_err(|_| refused("it is no event"))?;
        let answer = if body.event == URL_VALIDATION {
            let plain = body
                .payload
                .plain_token
                .as_deref()
                .filter(|plain| is_plain_token(plain))
                .ok_or_else(|| refused("it bears no plainToken as Zoom makes them"))?;
            Some(
                json!({"plainToken": plain, "encryptedToken": self.mac(plain.as_bytes())})
                    .to_string(),
            )
        } else {
            None
        };
        Ok(WebhookEvent {
            name: body.event,
            sent_at,
            answer,
            payload: body.payload,
        })
    }

    fn mac(&self, bytes: &[u8]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret_token.expose().as_bytes());
        hex(hmac::sign(&key, bytes).as_ref(), 64)
    }
}

impl WebhookEvent {
    /// The event's name, such as `app_deauthorized`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When Zoom sent it.
    #[must_use]
    pub fn sent_at(&self) -> Timestamp {
        self.sent_at
    }

    /// The JSON body to answer with, where Zoom wants one.
    #[must_use]
    pub fn answer(&self) -> Option<&str> {
        self.answer.as_deref()
    }

    /// The Zoom account it concerns.
    #[must_use]
    pub fn account_id(&self) -> Option<&str> {
        self.payload.account_id.as_deref()
    }

    /// The Zoom user it concerns (`app_deauthorized`).
    #[must_use]
    pub fn zoom_user_id(&self) -> Option<&str> {
        self.payload.user_id.as_deref()
    }

    /// The app it concerns (`app_deauthorized`).
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.payload.client_id.as_deref()
    }
}

/// The answer is a signature made with the secret token: whatever else it were made for could be passed off as an event.
fn is_plain_token(text: &str) -> bool {
    (1..=MAX_PLAIN_TOKEN).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn refused(why: &str) -> Error {
    Error::new(
        ErrorId::WebhookRefused,
        format!("this is no event from Zoom: {why}"),
        "If Zoom sent it, check the secret token of the app and this server's clock.",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;
    use crate::zoom::error::Kind;

    fn receive(body: &str, timestamp: &str, signature: &str, age: i64) -> Result<WebhookEvent> {
        let now = Timestamp::from_second(timestamp.parse::<i64>().unwrap_or(0) + age).unwrap();
        Webhook::new("test-secret-token", 300).unwrap().receive(
            body.as_bytes(),
            |name| match name {
                TIMESTAMP_HEADER => Some(timestamp),
                SIGNATURE_HEADER => Some(signature),
                _ => None,
            },
            now,
        )
    }

    const DEAUTHORIZED: &str = r#"{"event":"app_deauthorized","payload":{"account_id":"Ab12cDefGhIjKlMnOpQrSt","user_id":"dR0hOsTiD1exAmple_Zo-m","signature":"0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0","deauthorization_time":"2026-11-30T14:46:40.123Z","client_id":"cLiEnTiDeXaMpLe0123456","event_ts":1796050000123}}"#;
    const DEAUTHORIZED_SIGNATURE: &str =
        "v0=cbbff95816f80dcdd1f306ef2c7823d57908911c620cdf426796ae21100f5001";
    const VALIDATION: &str = r#"{"event":"endpoint.url_validation","event_ts":1796060000680,"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"}}"#;
    const VALIDATION_SIGNATURE: &str =
        "v0=70b2de52022a06055267307692c10439477ae09715b41439081ceb51f67695b5";

    #[test]
    fn a_deauthorization_names_user_and_app() {
        let event = receive(DEAUTHORIZED, "1796050000", DEAUTHORIZED_SIGNATURE, 5).unwrap();
        assert_eq!(event.name(), "app_deauthorized");
        assert_eq!(event.zoom_user_id(), Some("dR0hOsTiD1exAmple_Zo-m"));
        assert_eq!(event.client_id(), Some("cLiEnTiDeXaMpLe0123456"));
        assert_eq!(event.answer(), None);
    }

    #[test]
    fn the_url_validation_is_answered() {
        let event = receive(VALIDATION, "1796060000", VALIDATION_SIGNATURE, 0).unwrap();
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(event.answer().unwrap()).unwrap(),
            json!({
                "plainToken": "qgg8vlvZRS6UYooatFL8Aw",
                "encryptedToken": "9c8ad56737c19db2904b301c0781e86857e999f39f07727668cf62a5e7e298c8",
            })
        );
    }

    #[test]
    fn the_signature_depends_on_the_bytes_and_their_order() {
        let other_order = r#"{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1654503849680}"#;
        let signature = "v0=b7ca7b4701973ed508c1b9416d6b48508805f163c751260ec72d9dca49e32a9c";
        receive(other_order, "1654503849", signature, 0).unwrap();
        assert_eq!(
            receive(VALIDATION, "1654503849", signature, 0)
                .unwrap_err()
                .kind(),
            Kind::Webhook
        );
    }

    #[test]
    fn what_is_forged_old_or_no_event_is_refused() {
        for (body, timestamp, signature, age) in [
            (DEAUTHORIZED, "1796050000", "v0=00", 0),
            (DEAUTHORIZED, "1796050000", "", 0),
            (DEAUTHORIZED, "1796050001", DEAUTHORIZED_SIGNATURE, 0),
            (DEAUTHORIZED, "1796050000", DEAUTHORIZED_SIGNATURE, 301),
            (DEAUTHORIZED, "1796050000", DEAUTHORIZED_SIGNATURE, -301),
            (" ", "1796050000", DEAUTHORIZED_SIGNATURE, 0),
            (DEAUTHORIZED, "soon", DEAUTHORIZED_SIGNATURE, 0),
        ] {
            let error = receive(body, timestamp, signature, age).unwrap_err();
            assert_eq!(error.kind(), Kind::Webhook);
        }
        assert!(Webhook::new("", 300).is_err());
        assert!(Webhook::new("x", 0).is_err());
    }

    #[test]
    fn only_a_token_as_zoom_makes_them_is_signed() {
        let answer = |plain: &str| {
            let body =
                json!({"event": URL_VALIDATION, "payload": {"plainToken": plain}}).to_string();
            let webhook = Webhook::new("test-secret-token", 300).unwrap();
            let signature = format!(
                "v0={}",
                webhook.mac(format!("v0:1796060000:{body}").as_bytes())
            );
            receive(&body, "1796060000", &signature, 0)
        };
        for plain in ["qgg8vlvZRS6UYooatFL8Aw", "a", "_-", &"x".repeat(128)] {
            assert!(answer(plain).unwrap().answer().is_some(), "{plain}");
        }
        for plain in [
            "",
            "v0:1796060000:{\"event\":\"app_deauthorized\"}",
            "a b",
            "a\n",
            "a\0",
            "\u{e4}",
            "a=",
            &"x".repeat(129),
        ] {
            assert_eq!(answer(plain).unwrap_err().kind(), Kind::Webhook, "{plain}");
        }
    }
}
