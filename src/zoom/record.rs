//! What is stored for a connection or an account, before sealing; and the pending authorizations of a subject.
//!
//! A record is sealed with its store key as context, so rows cannot be swapped. Times are Unix seconds, UTC.

use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::context::Context;
use super::error::Error;
use super::error::Result;
use super::error_id::ErrorId;
use super::grant::Life;
use super::passcode::PasscodePolicy;
use super::secret::Secret;
use super::token_endpoint::TokenAnswer;

/// A token is renewed this long before its end: if Zoom's answer to that is lost, the doctor is told while the old one still serves.
const RENEW_MARGIN_SECONDS: i64 = 600;
/// Zoom's documents and answers say one hour; used only when an answer leaves `expires_in` out.
const FALLBACK_LIFETIME_SECONDS: i64 = 3_599;

/// The tokens of one connection or account and what is known about it.
#[derive(Clone, Deserialize, Serialize)]
pub struct Record {
    /// Whether the tokens may be used.
    #[serde(rename = "state")]
    pub life: Life,
    /// The access token.
    pub access_token: Secret,
    /// The refresh token; only a user's connection has one.
    #[serde(default)]
    pub refresh_token: Option<Secret>,
    /// When the access token ends.
    pub expires_at: i64,
    /// From when on it is renewed before use.
    pub renew_at: i64,
    /// Whether the answer to a refresh was lost, so that the refresh token may have been replaced.
    #[serde(default)]
    pub is_doubtful: bool,
    /// What was granted.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// The API address that Zoom named, as it named it.
    #[serde(default)]
    pub api_url: Option<String>,
    /// Whose connection it is at Zoom, once known.
    #[serde(default)]
    pub zoom_user: Option<ZoomUser>,
    /// The account's demands on passcodes, once known.
    #[serde(default)]
    pub passcode_policy: Option<PasscodePolicy>,
    /// Whether the account hides meeting descriptions, and our marker with them, once known.
    #[serde(default)]
    pub hides_descriptions: Option<bool>,
    /// Since when it lives so.
    pub since: i64,
    /// Why it is not alive, for people.
    #[serde(default)]
    pub reason: Option<String>,
}

/// The Zoom user behind a connection.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ZoomUser {
    /// Zoom's user id.
    pub id: String,
    /// The e-mail.
    #[serde(default)]
    pub email: Option<String>,
    /// The name shown.
    #[serde(default)]
    pub name: Option<String>,
    /// The account the user belongs to.
    #[serde(default)]
    pub account_id: Option<String>,
    /// Whether the user has a paid licence.
    #[serde(default)]
    pub licensed: bool,
}

impl Record {
    /// The record of a fresh token answer.
    #[must_use]
    pub fn connected(answer: TokenAnswer, now: Timestamp) -> Self {
        let lifetime = answer.expires_in.unwrap_or(FALLBACK_LIFETIME_SECONDS);
        let expires_at = now.as_second().saturating_add(lifetime);
        Self {
            life: Life::Alive,
            access_token: answer.access_token,
            refresh_token: answer.refresh_token,
            expires_at,
            renew_at: expires_at - RENEW_MARGIN_SECONDS.min(lifetime / 2),
            is_doubtful: false,
            scopes: answer.scopes,
            api_url: answer.api_url,
            zoom_user: None,
            passcode_policy: None,
            hides_descriptions: None,
            since: now.as_second(),
            reason: None,
        }
    }

    /// The record after a refresh: new tokens, the rest stays. A refresh answer without a refresh token keeps the old one.
    #[must_use]
    pub fn refreshed(&self, answer: TokenAnswer, now: Timestamp) -> Self {
        let fresh = Self::connected(answer, now);
        Self {
            refresh_token: fresh
                .refresh_token
                .clone()
                .or_else(|| self.refresh_token.clone()),
            api_url: fresh.api_url.clone().or_else(|| self.api_url.clone()),
            scopes: if fresh.scopes.is_empty() {
                self.scopes.clone()
            } else {
                fresh.scopes.clone()
            },
            zoom_user: self.zoom_user.clone(),
            passcode_policy: self.passcode_policy.clone(),
            hides_descriptions: self.hides_descriptions,
            since: self.since,
            ..fresh
        }
    }

    /// Whether its tokens may be used.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.life.is_alive()
    }

    /// Whether the access token is past its end.
    #[must_use]
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.expires_at <= now.as_second()
    }

    /// The record with another life, since now.
    #[must_use]
    pub fn turned(&self, life: Life, reason: &str, now: Timestamp) -> Self {
        Self {
            life,
            reason: Some(reason.to_owned()),
            since: now.as_second(),
            ..self.clone()
        }
    }
}

/// An authorization that was begun and not yet ended.
#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Pending {
    /// The one-time state in the URL.
    pub state: Secret,
    /// The PKCE verifier.
    pub verifier: Secret,
    /// The redirect URL that the authorization was begun with.
    pub redirect_uri: String,
    /// When it lapses.
    pub expires_at: i64,
}

/// A record as loaded, with the sealed text that a save has to replace.
pub struct Stored<T> {
    /// The sealed text in the store.
    pub sealed: String,
    /// What it holds.
    pub value: T,
}

/// Loads and opens what lies under `key`.
///
/// # Errors
/// When the store fails or the text cannot be opened.
pub(crate) fn load<T: DeserializeOwned>(context: &Context, key: &str) -> Result<Option<Stored<T>>> {
    let Some(sealed) = context.store.load(key)? else {
        return Ok(None);
    };
    let value = open(context, key, &sealed)?;
    Ok(Some(Stored { sealed, value }))
}

/// Opens what was sealed for its place under `key`.
///
/// # Errors
/// When the text cannot be opened.
pub(crate) fn open<T: DeserializeOwned>(context: &Context, key: &str, sealed: &str) -> Result<T> {
    let plaintext = context.vault.open(sealed, key.as_bytes())?;
    serde_json::from_slice(&plaintext).map_err(|_| {
        Error::new(
            ErrorId::RecordUnreadable,
            "a stored record does not have the form that this version of telemed writes",
            "A newer version of telemed may have written it: update the extension, or connect again.",
        )
    })
}

/// Seals `value` for its place under `key`.
///
/// # Errors
/// When it cannot be sealed.
pub(crate) fn seal<T: Serialize>(context: &Context, key: &str, value: &T) -> Result<String> {
    let plaintext = Zeroizing::new(serde_json::to_vec(value).map_err(|_| {
        Error::new(
            ErrorId::RecordUnwritable,
            "a record could not be written as JSON",
            "Report this as a bug of telemed.",
        )
    })?);
    context
        .vault
        .seal(&plaintext, key.as_bytes(), &*context.clock)
}

#[cfg(test)]
mod tests;
