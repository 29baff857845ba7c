//! Zoom's token endpoint: the three grants, revoke, and what its answers mean.
//!
//! Code and refresh go through the `oauth2` crate; `account_credentials` cannot (the crate fixes the grant type), so that
//! request is ours, into the same answer. Zoom's error body has `reason`, not `error_description`.

mod refusal;

use std::cell::RefCell;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::HeaderValue;
use oauth2::AccessToken;
use oauth2::AuthUrl;
use oauth2::AuthorizationCode;
use oauth2::ClientSecret;
use oauth2::EndpointNotSet;
use oauth2::EndpointSet;
use oauth2::HttpRequest;
use oauth2::HttpResponse;
use oauth2::PkceCodeVerifier;
use oauth2::RedirectUrl;
use oauth2::RefreshToken;
use oauth2::RequestTokenError;
use oauth2::Scope;
use oauth2::StandardRevocableToken;
use oauth2::TokenResponse;
use oauth2::TokenUrl;
use oauth2::basic::BasicRevocationErrorResponse;
use oauth2::basic::BasicTokenIntrospectionResponse;
use oauth2::basic::BasicTokenType;
use serde::Deserialize;
use serde::Serialize;

use self::refusal::ErrorBody;
use self::refusal::fault;
use super::api_error;
use super::client_id::ClientId;
use super::context::Context;
use super::error::Error;
use super::error::Result;
use super::error_id::ErrorId;
use super::http::Method;
use super::http::Request;
use super::http::Response;
use super::http::SendError;
use super::path::form;
use super::secret::Secret;

/// An app's client id and secret.
#[derive(Clone)]
pub struct Credentials {
    /// Public.
    pub client_id: ClientId,
    /// Not public.
    pub client_secret: Secret,
}

/// What the token endpoint gave.
pub struct TokenAnswer {
    /// The access token.
    pub access_token: Secret,
    /// The refresh token; only for a user.
    pub refresh_token: Option<Secret>,
    /// The access token's life in seconds.
    pub expires_in: Option<i64>,
    /// What was granted.
    pub scopes: Vec<String>,
    /// The API address for this token.
    pub api_url: Option<String>,
}

/// Why the token endpoint gave nothing.
#[derive(Debug)]
pub enum TokenFault {
    /// The code or refresh token is not (any longer) good.
    InvalidGrant(Error),
    /// No readable answer came, so nothing is known: Zoom may have rotated the refresh token or not.
    Lost(Error),
    /// Anything else: wrong client credentials, a disabled app, a limit.
    Other(Error),
}

/// The operation that ends a grant.
const REVOKE: &str = "revoke_grant";

impl TokenFault {
    fn during(self, operation: &'static str) -> Self {
        match self {
            Self::InvalidGrant(error) => Self::InvalidGrant(error.during(operation)),
            Self::Lost(error) => Self::Lost(error.during(operation)),
            Self::Other(error) => Self::Other(error.during(operation)),
        }
    }

    /// The error, whichever it is.
    #[must_use]
    pub fn into_error(self) -> Error {
        match self {
            Self::InvalidGrant(error) | Self::Lost(error) | Self::Other(error) => error,
        }
    }
}

/// The token endpoint, for one app.
pub struct TokenEndpoint<'a> {
    context: &'a Context,
    credentials: &'a Credentials,
}

impl<'a> TokenEndpoint<'a> {
    /// Speaks for the app with these credentials.
    #[must_use]
    pub fn new(context: &'a Context, credentials: &'a Credentials) -> Self {
        Self {
            context,
            credentials,
        }
    }

    /// Where the browser goes to authorize, with PKCE S256. No `scope`: Zoom takes it only from apps with optional scopes.
    ///
    /// # Errors
    /// When the configured address cannot be used.
    pub fn authorize_url(
        &self,
        redirect_uri: &str,
        state: &Secret,
        verifier: &Secret,
    ) -> Result<String> {
        let verifier = PkceCodeVerifier::new(verifier.expose().to_owned());
        let challenge = oauth2::PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let state = state.expose().to_owned();
        let redirect = RedirectUrl::new(redirect_uri.to_owned()).map_err(|_| bad_redirect())?;
        let (url, _) = self
            .client()?
            .authorize_url(|| oauth2::CsrfToken::new(state))
            .set_redirect_uri(std::borrow::Cow::Owned(redirect))
            .set_pkce_challenge(challenge)
            .url();
        Ok(url.into())
    }

    /// Exchanges an authorization code.
    ///
    /// # Errors
    /// See [`TokenFault`].
    pub fn exchange(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &Secret,
    ) -> Result<TokenAnswer, TokenFault> {
        let redirect = RedirectUrl::new(redirect_uri.to_owned())
            .map_err(|_| TokenFault::Other(bad_redirect()))?;
        let last = Last::default();
        let answer = self
            .client()
            .map_err(TokenFault::Other)?
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_redirect_uri(std::borrow::Cow::Owned(redirect))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose().to_owned()))
            .request(&|request| self.carry(request, &last));
        Self::read(answer, &last).map_err(|fault| fault.during("exchange_code"))
    }

    /// Exchanges a refresh token for new tokens; the old refresh token dies with it.
    ///
    /// # Errors
    /// See [`TokenFault`].
    pub fn refresh(&self, refresh_token: &Secret) -> Result<TokenAnswer, TokenFault> {
        let last = Last::default();
        let answer = self
            .client()
            .map_err(TokenFault::Other)?
            .exchange_refresh_token(&RefreshToken::new(refresh_token.expose().to_owned()))
            .request(&|request| self.carry(request, &last));
        Self::read(answer, &last).map_err(|fault| fault.during("refresh_token"))
    }

    /// Whether Zoom takes the credentials of an app for users: asks with a refresh token that nobody has, for Zoom looks at
    /// the credentials first. Changes nothing at Zoom.
    ///
    /// # Errors
    /// When Zoom does not take them, or could not be asked.
    pub fn probe(&self) -> Result<()> {
        match self.refresh(&Secret::new("no-such-token".to_owned())) {
            Ok(_) | Err(TokenFault::InvalidGrant(_)) => Ok(()),
            Err(fault) => Err(fault.into_error()),
        }
    }

    /// Fetches a Server-to-Server token of the account.
    ///
    /// # Errors
    /// See [`TokenFault`].
    pub fn account(&self, account_id: &str) -> Result<TokenAnswer, TokenFault> {
        let body = form(&[
            ("grant_type", "account_credentials"),
            ("account_id", account_id),
        ]);
        let response = self
            .post("/oauth/token", body)
            .map_err(|error| TokenFault::Lost(api_error::from_send(&error, Method::Post)));
        let answer = response.and_then(|response| match response.status {
            200 => read_given(&response),
            _ => Err(fault(&response)),
        });
        answer.map_err(|fault| fault.during("fetch_token"))
    }

    /// Ends the grant behind an access token. `false`: it had ended already.
    ///
    /// # Errors
    /// When Zoom could not be reached or refused the app.
    pub fn revoke(&self, access_token: &Secret) -> Result<bool> {
        let body = form(&[("token", access_token.expose())]);
        let response = self
            .post("/oauth/revoke", body)
            .map_err(|error| api_error::from_send(&error, Method::Post).during(REVOKE))?;
        if response.status == 200 {
            return Ok(true);
        }
        match fault(&response).during(REVOKE) {
            TokenFault::InvalidGrant(_) => Ok(false),
            TokenFault::Lost(error) | TokenFault::Other(error) => Err(error),
        }
    }

    fn client(&self) -> Result<OAuth2Client> {
        let bad = |_| {
            Error::new(
                ErrorId::DirectiveInvalid,
                "telemed.oauth_url cannot be used",
                "Set the php.ini directive telemed.oauth_url to https://zoom.us.",
            )
        };
        let endpoints = &self.context.endpoints;
        let authorize = AuthUrl::new(endpoints.oauth("/oauth/authorize").into()).map_err(bad)?;
        let token = TokenUrl::new(endpoints.oauth("/oauth/token").into()).map_err(bad)?;
        Ok(oauth2::Client::new(oauth2::ClientId::new(
            self.credentials.client_id.as_str().to_owned(),
        ))
        .set_client_secret(ClientSecret::new(
            self.credentials.client_secret.expose().to_owned(),
        ))
        .set_auth_uri(authorize)
        .set_token_uri(token))
    }

    /// Carries a request of the `oauth2` crate, noting what came back.
    fn carry(&self, request: HttpRequest, last: &Last) -> Result<HttpResponse, Unsent> {
        let (parts, body) = request.into_parts();
        let url = url::Url::parse(&parts.uri.to_string()).map_err(|_| Unsent)?;
        let sent = self.context.http.send(Request {
            method: Method::Post,
            url,
            headers: parts.headers,
            body,
            timeout: None,
        });
        match sent {
            Ok(response) => {
                let mut answer = http::Response::new(response.body.clone());
                *answer.status_mut() =
                    http::StatusCode::from_u16(response.status).map_err(|_| Unsent)?;
                *answer.headers_mut() = response.headers.clone();
                *last.0.borrow_mut() = Some(Ok(response));
                Ok(answer)
            }
            Err(error) => {
                *last.0.borrow_mut() = Some(Err(error));
                Err(Unsent)
            }
        }
    }

    /// Reads the crate's answer; everything but success is read from the response itself, which knows more.
    fn read(answer: Result<Answer, Refusal>, last: &Last) -> Result<TokenAnswer, TokenFault> {
        if let Ok(answer) = answer
            && answer.is_usable()
        {
            return Ok(answer.into());
        }
        Err(match last.0.take() {
            // The crate wants a JSON content type; an answer thrown away for that would be a refresh token lost.
            Some(Ok(response)) if response.status == 200 => return read_given(&response),
            Some(Ok(response)) => fault(&response),
            Some(Err(error)) => TokenFault::Lost(api_error::from_send(&error, Method::Post)),
            None => TokenFault::Other(Error::new(
                ErrorId::TokenRequestImpossible,
                "the token request could not be built",
                "Check the php.ini directive telemed.oauth_url and the app's credentials.",
            )),
        })
    }

    fn post(&self, path: &str, body: String) -> Result<Response, SendError> {
        let pair = zeroize::Zeroizing::new(format!(
            "{}:{}",
            self.credentials.client_id.as_str(),
            self.credentials.client_secret.expose()
        ));
        let mut headers = HeaderMap::new();
        headers.insert(
            http::header::ACCEPT,
            HeaderValue::from_static("application/json"),
        );
        headers.insert(
            http::header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        // Base64 text is always a valid header value.
        if let Ok(mut value) =
            HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair.as_bytes())))
        {
            value.set_sensitive(true);
            headers.insert(http::header::AUTHORIZATION, value);
        }
        self.context.http.send(Request {
            method: Method::Post,
            url: self.context.endpoints.oauth(path),
            headers,
            body: body.into_bytes(),
            timeout: None,
        })
    }
}

/// What the last exchange brought.
#[derive(Default)]
struct Last(RefCell<Option<Result<Response, SendError>>>);

/// The `oauth2` crate's client with the endpoints that Zoom needs.
type OAuth2Client = oauth2::Client<
    ErrorBody,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

type Refusal = RequestTokenError<Unsent, ErrorBody>;

#[derive(Debug, thiserror::Error)]
#[error("not sent")]
struct Unsent;

/// The answer as it stands in the JSON. More lenient than the crate's own: an answer that cannot be read is a refresh token
/// that is lost.
#[derive(Debug, Deserialize, Serialize)]
struct Answer {
    access_token: AccessToken,
    #[serde(default = "bearer")]
    token_type: BasicTokenType,
    #[serde(default, deserialize_with = "lenient_seconds")]
    expires_in: Option<i64>,
    #[serde(default)]
    refresh_token: Option<RefreshToken>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    api_url: Option<String>,
    #[serde(skip)]
    no_scopes: Option<Vec<Scope>>,
}

impl TokenResponse for Answer {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<std::time::Duration> {
        self.expires_in
            .and_then(|seconds| u64::try_from(seconds).ok())
            .map(std::time::Duration::from_secs)
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        self.no_scopes.as_ref()
    }
}

impl From<Answer> for TokenAnswer {
    fn from(answer: Answer) -> Self {
        Self {
            access_token: Secret::new(answer.access_token.into_secret()),
            refresh_token: answer
                .refresh_token
                .map(|token| Secret::new(token.into_secret()))
                .filter(|token| !token.is_empty()),
            expires_in: answer.expires_in.filter(|seconds| *seconds > 0),
            scopes: split_scopes(&answer.scope.unwrap_or_default()),
            api_url: answer.api_url.filter(|url| !url.is_empty()),
        }
    }
}

impl Answer {
    /// Whether its tokens can be sent.
    fn is_usable(&self) -> bool {
        let refresh_token = self.refresh_token.as_ref().map(RefreshToken::secret);
        is_token(self.access_token.secret())
            && refresh_token.is_none_or(|token| token.is_empty() || is_token(token))
    }
}

/// Whether a text can be a token: visible characters of ASCII. Anything else could not be sent as a header, or would change it.
#[must_use]
pub fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Reads an answer with status 200, whatever its content type.
fn read_given(response: &Response) -> Result<TokenAnswer, TokenFault> {
    serde_json::from_slice::<Answer>(&response.body)
        .ok()
        .filter(Answer::is_usable)
        .map(TokenAnswer::from)
        .ok_or_else(|| TokenFault::Lost(unreadable(response)))
}

/// The scopes of Zoom's space-separated list.
#[must_use]
pub fn split_scopes(scope: &str) -> Vec<String> {
    scope.split_whitespace().map(str::to_owned).collect()
}

fn bearer() -> BasicTokenType {
    BasicTokenType::Bearer
}

fn lenient_seconds<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Number(number) => number.as_i64(),
        serde_json::Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

fn bad_redirect() -> Error {
    Error::new(
        ErrorId::RedirectUrlInvalid,
        "the redirect URL is not a URL",
        "Use the redirect URL that the settings page shows, unchanged.",
    )
}

fn unreadable(response: &Response) -> Error {
    Error::new(
        ErrorId::TokenAnswerUnreadable,
        "Zoom's token endpoint gave an answer that cannot be read",
        "Try again in a minute. If it stays so, look for a proxy between this server and Zoom.",
    )
    .maybe_delivered(true)
    .with_tracking_id(response.tracking_id())
}

#[cfg(test)]
mod tests;
