//! `POST /oauth/token` and `POST /oauth/revoke`.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::json;

use crate::clock::after;
use crate::message::{Reply, Request, form_pairs, pair};
use crate::model::{App, AppKind};
use crate::scopes::Scopes;
use crate::state::{State, TokenErrorStyle};
use crate::tokens::{AccessToken, Challenge, Grant, Holder};

/// How long access tokens live when `expires_in` is left out of the answer.
const ACCESS_SECONDS: i64 = 3599;

/// Why a token request is refused; each has one body in appendix A.1 of the reference.
#[derive(Debug)]
enum Refusal {
    MissingCredentials,
    WrongCredentials,
    AppDisabled,
    MissingGrantType,
    UnsupportedGrantType,
    WrongAccount,
    BadCode(String),
    RedirectMismatch,
    BadVerifier,
    DeadToken,
    /// Parameters in the query, or a body that is no form.
    Malformed,
}

impl Refusal {
    fn reply(&self, style: TokenErrorStyle) -> Reply {
        let invalid_code;
        let (reason, error) = match self {
            Self::MissingCredentials => {
                ("Client ID or client secret is missing.", "invalid_request")
            }
            Self::WrongCredentials => ("Invalid client_id or client_secret", "invalid_client"),
            Self::AppDisabled => ("The app has been disabled", "invalid_request"),
            Self::MissingGrantType => ("Missing grant type.", "invalid_request"),
            Self::UnsupportedGrantType => ("unsupported grant type", "unsupported_grant_type"),
            Self::WrongAccount | Self::Malformed => ("Bad Request", "invalid_request"),
            Self::RedirectMismatch => ("Redirect URI mismatch.", "invalid_grant"),
            Self::BadVerifier => ("Invalid code verifier", "invalid_grant"),
            Self::BadCode(code) => {
                invalid_code = format!("Invalid authorization code {code}");
                match style {
                    TokenErrorStyle::Of2022 => (invalid_code.as_str(), "invalid_grant"),
                    TokenErrorStyle::Of2020 => (invalid_code.as_str(), "invalid_request"),
                    _ => ("Invalid authorization code", "invalid_grant"),
                }
            }
            Self::DeadToken if style == TokenErrorStyle::Of2020 => {
                return Reply::json(
                    401,
                    &json!({"reason": "Invalid Token!", "error": "invalid_request"}),
                );
            }
            Self::DeadToken => ("Invalid Token!", "invalid_grant"),
        };
        if style == TokenErrorStyle::Short && error == "invalid_grant" {
            return Reply::json(400, &json!({"error": error}));
        }
        Reply::json(400, &json!({"reason": reason, "error": error}))
    }
}

/// `POST /oauth/token`.
pub fn token(state: &mut State, request: &Request) -> Reply {
    let style = state.switches.token_error_style;
    issue(state, request).map_or_else(
        |refusal| refusal.reply(style),
        |mut reply| {
            reply
                .headers
                .push(("Cache-Control".into(), "no-store".into()));
            reply
        },
    )
}

/// `POST /oauth/revoke`: ends the grant, or the one token of a Server-to-Server app.
pub fn revoke(state: &mut State, request: &Request) -> Reply {
    let style = state.switches.token_error_style;
    let revoked = parameters(state, request).and_then(|parameters| {
        let app = authenticate(state, request)?;
        let text = pair(&parameters, "token").ok_or(Refusal::Malformed)?;
        let now = state.now();
        let token = state
            .tokens
            .access
            .get(text)
            .filter(|token| {
                token.client_id == app.client_id && !token.revoked && token.expires_at > now
            })
            .cloned()
            .ok_or(Refusal::DeadToken)?;
        if let Holder::Grant(id) = token.holder {
            state.tokens.end_grants("revoked", |grant| grant.id == id);
        } else if let Some(token) = state.tokens.access.get_mut(text) {
            token.revoked = true;
        }
        Ok(())
    });
    revoked.map_or_else(
        |refusal| refusal.reply(style),
        |()| Reply::json(200, &json!({"status": "success"})),
    )
}

fn issue(state: &mut State, request: &Request) -> Result<Reply, Refusal> {
    let parameters = parameters(state, request)?;
    let app = authenticate(state, request)?;
    match pair(&parameters, "grant_type").ok_or(Refusal::MissingGrantType)? {
        "authorization_code" if app.kind == AppKind::User => {
            exchange(state, request, &app, &parameters)
        }
        "refresh_token" if app.kind == AppKind::User => refresh(state, request, &app, &parameters),
        "account_credentials" if app.kind == AppKind::S2s => {
            if pair(&parameters, "account_id") != Some(app.account_id.as_str()) {
                return Err(Refusal::WrongAccount);
            }
            Ok(without_grant(state, request, &app, Holder::ServerToServer))
        }
        "client_credentials" => Ok(without_grant(state, request, &app, Holder::Chatbot)),
        _ => Err(Refusal::UnsupportedGrantType),
    }
}

/// The form of the body, then what stands in the query; with `strict_query` nothing may stand there.
fn parameters(state: &State, request: &Request) -> Result<Vec<(String, String)>, Refusal> {
    let query = request.query_pairs();
    if state.switches.strict_query && !query.is_empty() {
        return Err(Refusal::Malformed);
    }
    if !request.body.is_empty() && !request.has_content_type("application/x-www-form-urlencoded") {
        return Err(Refusal::Malformed);
    }
    let mut pairs = form_pairs(&request.body);
    pairs.extend(query);
    Ok(pairs)
}

/// The app whose id and secret come by HTTP Basic or, without such a header, in the body; with `strict_query` by
/// HTTP Basic alone.
fn authenticate(state: &State, request: &Request) -> Result<App, Refusal> {
    let (id, secret) =
        if request.header("authorization").is_some() || state.switches.strict_query {
            basic(request)
        } else {
            let form = form_pairs(&request.body);
            let part = |name| pair(&form, name).map(str::to_owned);
            part("client_id").zip(part("client_secret"))
        }
        .filter(|(id, secret)| !id.is_empty() && !secret.is_empty())
        .ok_or(Refusal::MissingCredentials)?;
    let app = state
        .apps
        .get(&id)
        .filter(|app| app.client_secret == secret)
        .ok_or(Refusal::WrongCredentials)?;
    if !app.enabled {
        return Err(Refusal::AppDisabled);
    }
    Ok(app.clone())
}

/// Id and secret of an HTTP Basic header.
fn basic(request: &Request) -> Option<(String, String)> {
    let decoded = request
        .header("authorization")
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
        .and_then(|(_, text)| STANDARD.decode(text.trim()).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

fn exchange(
    state: &mut State,
    request: &Request,
    app: &App,
    parameters: &[(String, String)],
) -> Result<Reply, Refusal> {
    let text = pair(parameters, "code").unwrap_or_default();
    let bad = || Refusal::BadCode(text.to_owned());
    let now = state.now();
    let code = state
        .tokens
        .codes
        .get_mut(text)
        .filter(|code| code.client_id == app.client_id && !code.used && code.expires_at > now)
        .ok_or_else(bad)?;
    // One try only: a code whose exchange failed is as dead as one that was used.
    code.used = true;
    let code = code.clone();
    if pair(parameters, "redirect_uri") != Some(code.redirect_uri.as_str()) {
        return Err(Refusal::RedirectMismatch);
    }
    if let Some(challenge) = &code.challenge
        && !verifies(
            challenge,
            pair(parameters, "code_verifier").unwrap_or_default(),
        )
    {
        return Err(Refusal::BadVerifier);
    }
    if !state
        .users
        .get(&code.user_id)
        .is_some_and(crate::model::User::is_active)
    {
        return Err(bad());
    }
    let (access, refresh) = (access_ends(state), refresh_ends(state));
    let grant = state
        .tokens
        .new_grant(&mut state.random, &code, now, access, refresh);
    Ok(granted(state, request, &grant))
}

/// The answer that hands out a grant's tokens of this moment.
fn granted(state: &State, request: &Request, grant: &Grant) -> Reply {
    answer(
        state,
        request,
        &grant.access_token,
        Some(&grant.refresh_token),
        &grant.scopes,
    )
}

fn refresh(
    state: &mut State,
    request: &Request,
    app: &App,
    parameters: &[(String, String)],
) -> Result<Reply, Refusal> {
    let text = pair(parameters, "refresh_token").unwrap_or_default();
    let id = state
        .tokens
        .refreshable(text, &app.client_id, state.now())
        .filter(|grant| {
            state
                .users
                .get(&grant.user_id)
                .is_some_and(crate::model::User::is_active)
        })
        .map(|grant| grant.id)
        .ok_or(Refusal::DeadToken)?;
    let (access, refresh) = (access_ends(state), refresh_ends(state));
    let kill_access = state.switches.refresh_kills_access;
    let grant = state
        .tokens
        .rotate(&mut state.random, id, access, refresh, kill_access)
        .ok_or(Refusal::DeadToken)?;
    Ok(granted(state, request, &grant))
}

/// Tokens that no user granted: several may be valid at once, and none has a refresh token.
fn without_grant(state: &mut State, request: &Request, app: &App, holder: Holder) -> Reply {
    let expires_at = access_ends(state);
    let access = state.tokens.new_access(
        &mut state.random,
        &app.client_id,
        AccessToken {
            client_id: app.client_id.clone(),
            holder,
            scopes: app.scopes.clone(),
            expires_at,
            revoked: false,
        },
    );
    answer(state, request, &access, None, &app.scopes)
}

fn access_ends(state: &State) -> jiff::Timestamp {
    after(
        state.now(),
        state.switches.expires_in.unwrap_or(ACCESS_SECONDS),
    )
}

fn refresh_ends(state: &State) -> jiff::Timestamp {
    after(
        state.now(),
        state.switches.refresh_token_days.saturating_mul(86_400),
    )
}

/// What the token endpoint answers; its fields in the order of their names, as everywhere.
#[derive(Serialize)]
struct Answer<'a> {
    access_token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<&'a str>,
    scope: String,
    token_type: &'static str,
}

fn answer(
    state: &State,
    request: &Request,
    access: &str,
    refresh: Option<&str>,
    scopes: &Scopes,
) -> Reply {
    let switches = &state.switches;
    let api_url = switches.api_url.as_deref().unwrap_or(&request.base_url);
    let answer = Answer {
        access_token: access,
        api_url: switches.send_api_url.then_some(api_url),
        expires_in: switches.expires_in,
        refresh_token: refresh,
        scope: scopes.to_string(),
        token_type: "bearer",
    };
    Reply::json(200, &answer)
}

/// RFC 7636, section 4.6, with the verifier's own form checked first.
fn verifies(challenge: &Challenge, verifier: &str) -> bool {
    let well_formed = (43..=128).contains(&verifier.len())
        && verifier
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    well_formed
        && match challenge {
            Challenge::Plain(expected) => verifier == expected,
            Challenge::S256(expected) => {
                let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
                URL_SAFE_NO_PAD.encode(digest) == *expected
            }
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pkce_vector_of_rfc_7636() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = Challenge::S256("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".into());
        assert!(verifies(&challenge, verifier));
        assert!(!verifies(&challenge, ""));
        assert!(!verifies(&challenge, &verifier.replace('d', "e")));
        assert!(verifies(&Challenge::Plain(verifier.into()), verifier));
        assert!(!verifies(&Challenge::Plain("short".into()), "short"));
    }
}
