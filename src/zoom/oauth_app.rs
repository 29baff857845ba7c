//! OAuth 2.0, "bring your own account": each doctor (the subject) connects a Zoom account of their own.

mod ending;
mod identity;
mod places;
mod proposal;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::SignedDuration;
use jiff::Timestamp;
use url::Url;

use super::client::Client;
use super::client_id::ClientId;
use super::connection::Connection;
use super::context::Context;
use super::credential;
use super::endpoints::is_loopback;
use super::error::Error;
use super::error::Kind;
use super::error::Result;
use super::error_id::ErrorId;
use super::grant::Place;
use super::record;
use super::record::Pending;
use super::record::Record;
use super::record::Stored;
use super::scopes;
use super::secret::Secret;
use super::secret::digest;
use super::subject::Subject;
use super::token_endpoint::Credentials;
use super::token_endpoint::TokenAnswer;
use super::token_endpoint::TokenEndpoint;
use super::token_endpoint::TokenFault;
use super::token_endpoint::is_token;
use super::token_endpoint::split_scopes;
use super::tokens;
use super::tokens::LOCK_WAIT;
use super::tokens::Locked;
use super::tokens::Tokens;

/// How long an authorization may take: the doctor may have to log in to Zoom first.
const PENDING_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// A doctor may begin in several tabs; the oldest gives way.
const MAX_PENDING: usize = 3;
const STATE_BYTES: usize = 16;
const VERIFIER_BYTES: usize = 32;

/// A user-managed app.
pub struct OAuthApp {
    context: Context,
    credentials: Credentials,
    redirect_uri: String,
}

/// Where to send the browser to authorize.
#[derive(Clone)]
pub struct AuthorizationRequest {
    url: String,
    state: String,
    expires_at: Timestamp,
}

/// Tokens that another program obtained for the same app.
pub struct ImportedTokens {
    /// The access token.
    pub access_token: String,
    /// The refresh token.
    pub refresh_token: String,
    /// When the access token ends; unknown counts as ended.
    pub expires_at: Option<Timestamp>,
    /// What was granted, separated by spaces.
    pub scope: String,
    /// The API address that Zoom named.
    pub api_url: Option<String>,
}

impl OAuthApp {
    /// Takes what the app's page in the Zoom App Marketplace shows. Makes no request.
    ///
    /// # Errors
    /// When one is empty or cannot be what it should be.
    pub fn new(
        client_id: &str,
        client_secret: &str,
        redirect_uri: &str,
        context: Context,
    ) -> Result<Self> {
        Ok(Self {
            context,
            credentials: Credentials {
                client_id: ClientId::new(client_id)?,
                client_secret: Secret::new(credential::word("client secret", client_secret)?),
            },
            redirect_uri: check_redirect(redirect_uri)?,
        })
    }

    /// The scopes to give the app.
    #[must_use]
    pub fn scopes() -> Vec<String> {
        scopes::wanted(false)
    }

    /// Begins an authorization for the subject.
    ///
    /// # Errors
    /// When the store fails.
    pub fn authorization_request(&self, subject: &Subject) -> Result<AuthorizationRequest> {
        let state = self.random_text::<STATE_BYTES>();
        let verifier = self.random_text::<VERIFIER_BYTES>();
        let now = self.context.clock.now();
        let expires_at = now + PENDING_LIFE;
        let url = self
            .endpoint()
            .authorize_url(&self.redirect_uri, &state, &verifier)?;

        let place = self.pending(subject)?;
        let mut all = place.unexpired(now);
        if all.len() >= MAX_PENDING {
            all.drain(..=all.len() - MAX_PENDING);
        }
        all.push(Pending {
            state: state.clone(),
            verifier,
            redirect_uri: self.redirect_uri.clone(),
            expires_at: expires_at.as_second(),
        });
        place.save(&all)?;
        Ok(AuthorizationRequest {
            url,
            state: state.expose().to_owned(),
            expires_at,
        })
    }

    /// Ends an authorization: consumes the state, exchanges the code, stores the connection. If the subject is connected as
    /// another Zoom user, that connection stays in force and the new one is given back as proposed: see
    /// [`accept`](Self::accept) and [`decline`](Self::decline).
    ///
    /// # Errors
    /// [`Kind::Authentication`] before any request when the subject did not begin this authorization, or it lapsed or was used.
    pub fn connect(&self, code: &str, state: &str, subject: &Subject) -> Result<Connection> {
        let pending = self.consume(state, subject)?;
        if code.is_empty() {
            return Err(Error::new(
                ErrorId::AuthorizationCodeMissing,
                "Zoom sent no authorization code",
                "Click Authorize again and allow the app in Zoom.",
            ));
        }
        let answer = self
            .endpoint()
            .exchange(code, &pending.redirect_uri, &pending.verifier)
            .map_err(|fault| match fault {
                TokenFault::InvalidGrant(error) => Error::new(
                    ErrorId::AuthorizationCodeRefused,
                    "Zoom does not take the authorization code: it was used already, or is older than five minutes",
                    "Click Authorize again.",
                )
                .with_tracking_id(error.tracking_id().map(str::to_owned))
                .caused_by(error),
                // The state is used up, so the same call cannot succeed later.
                fault => fault.into_error().maybe_delivered(false).retryable(false),
            })?;
        self.context.endpoints.api_base(answer.api_url.as_deref())?;
        if answer.refresh_token.is_none() {
            return Err(Error::new(
                ErrorId::RefreshTokenMissing,
                "Zoom gave no refresh token",
                "Make the app a General app that is user-managed.",
            ));
        }
        self.receive(
            subject,
            &Record::connected(answer, self.context.clock.now()),
        )
    }

    /// Takes over tokens that another program obtained for this app. Makes no request.
    ///
    /// # Errors
    /// When a token is missing, the API address is not Zoom's, or the store fails.
    pub fn import(&self, subject: &Subject, tokens: ImportedTokens) -> Result<Connection> {
        if tokens.refresh_token.is_empty() {
            return Err(Error::new(
                ErrorId::ImportIncomplete,
                "there is no refresh token to take over",
                "The doctor must authorize anew.",
            ));
        }
        let is_text = |token: &str| token.is_empty() || is_token(token);
        if !is_text(&tokens.access_token) || !is_text(&tokens.refresh_token) {
            return Err(Error::new(
                ErrorId::ImportInvalid,
                "a token to take over holds characters that no token of Zoom has",
                "Give the tokens as Zoom gave them, without blanks or line breaks; or let the doctor authorize anew.",
            ));
        }
        self.context.endpoints.api_base(tokens.api_url.as_deref())?;
        let now = self.context.clock.now();
        let expires_at = tokens.expires_at.unwrap_or(now).as_second();
        let record = Record {
            expires_at,
            renew_at: expires_at.saturating_sub(60),
            ..Record::connected(
                TokenAnswer {
                    access_token: Secret::new(tokens.access_token),
                    refresh_token: Some(Secret::new(tokens.refresh_token)),
                    expires_in: None,
                    scopes: split_scopes(&tokens.scope),
                    api_url: tokens.api_url,
                },
                now,
            )
        };
        self.store_fresh(subject, &record)?;
        Ok(Connection::of(subject, Place::Active, &record))
    }

    /// What is stored for the subject, without network.
    ///
    /// # Errors
    /// When the store fails.
    pub fn connection(&self, subject: &Subject) -> Result<Option<Connection>> {
        match self.tokens(subject).load() {
            Ok(stored) => Ok(stored.map(|stored| {
                self.tokens(subject).forget_unless(&stored.value);
                Connection::of(subject, Place::Active, &stored.value)
            })),
            Err(error) if error.kind() == Kind::Vault => {
                Ok(Some(Connection::unreadable(subject, error.message())))
            }
            Err(error) => Err(error),
        }
    }

    /// Refreshes the tokens now, so that the connection does not lapse from disuse; learns who it is at Zoom if that is not
    /// known yet.
    ///
    /// # Errors
    /// [`Kind::Authentication`] when the connection is dead.
    pub fn renew(&self, subject: &Subject) -> Result<Connection> {
        let record = self.tokens(subject).renew()?;
        if record.zoom_user.is_some() {
            return Ok(Connection::of(subject, Place::Active, &record));
        }
        self.identify(subject, None)
    }

    /// The client that acts as the subject's Zoom user. Makes no request.
    #[must_use]
    pub fn client(&self, subject: &Subject) -> Client {
        Client::new(self.context.clone(), self.tokens(subject))
    }

    /// Stores a fresh record in the place of what was there, which it gives back.
    fn store_fresh(&self, subject: &Subject, fresh: &Record) -> Result<Option<Record>> {
        let tokens = self.tokens(subject);
        let _locked = tokens.lock(LOCK_WAIT)?;
        tokens.forget();
        self.replace(&tokens, fresh)
    }

    /// Puts a record in the place of what is stored, which it gives back if it can be read. The caller holds the lock.
    fn replace(&self, tokens: &Tokens, fresh: &Record) -> Result<Option<Record>> {
        let former = readable(tokens)?.map(|stored| stored.value);
        let replaces = self.context.store.load(tokens.key())?;
        if !tokens.save(fresh, replaces.as_deref())? {
            return Err(tokens::changed_while_locked());
        }
        Ok(former)
    }

    /// Takes the pending authorization with this state out of the store, so that it can be used once.
    fn consume(&self, state: &str, subject: &Subject) -> Result<Pending> {
        let place = self.pending(subject)?;
        let wanted = Secret::new(state);
        let (mut found, rest): (Vec<_>, Vec<_>) = place
            .unexpired(self.context.clock.now())
            .into_iter()
            .partition(|pending| !state.is_empty() && pending.state == wanted);
        let Some(pending) = found.pop() else {
            return Err(Error::new(
                ErrorId::AuthorizationUnknown,
                "this authorization was not begun by this user, or it was used already, or is older than ten minutes",
                "Log in to this site as the doctor who shall be connected, and click Authorize again.",
            ));
        };
        place.save(&rest)?;
        Ok(pending)
    }

    fn pending(&self, subject: &Subject) -> Result<PendingPlace<'_>> {
        let key = format!(
            "pending:{}:{subject}",
            self.credentials.client_id.short_name()
        );
        let locked = tokens::lock(&self.context, &key, digest(&[key.as_bytes()]), LOCK_WAIT)?;
        let sealed = self.context.store.load(&key)?;
        Ok(PendingPlace {
            context: &self.context,
            key,
            sealed,
            _locked: locked,
        })
    }

    fn tokens(&self, subject: &Subject) -> Tokens {
        self.tokens_at(subject, Place::Active)
    }

    fn endpoint(&self) -> TokenEndpoint<'_> {
        TokenEndpoint::new(&self.context, &self.credentials)
    }

    fn random_text<const N: usize>(&self) -> Secret {
        let mut bytes = zeroize::Zeroizing::new([0; N]);
        self.context.clock.random(&mut *bytes);
        Secret::new(URL_SAFE_NO_PAD.encode(*bytes))
    }
}

impl AuthorizationRequest {
    /// Where to send the browser.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The one-time state in the URL.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.state
    }

    /// When the authorization lapses.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

/// The pending authorizations of one subject, locked.
struct PendingPlace<'a> {
    context: &'a Context,
    key: String,
    sealed: Option<String>,
    _locked: Locked,
}

impl PendingPlace<'_> {
    /// Those that have not lapsed. What no key opens is as good as lapsed.
    fn unexpired(&self, now: Timestamp) -> Vec<Pending> {
        let mut all = record::load::<Vec<Pending>>(self.context, &self.key)
            .ok()
            .flatten()
            .map(|stored| stored.value)
            .unwrap_or_default();
        all.retain(|pending| pending.expires_at > now.as_second());
        all
    }

    fn save(&self, all: &[Pending]) -> Result<()> {
        if all.is_empty() {
            return self.context.store.delete(&self.key);
        }
        let sealed = record::seal(self.context, &self.key, &all)?;
        if self
            .context
            .store
            .save(&self.key, &sealed, self.sealed.as_deref())?
        {
            return Ok(());
        }
        Err(tokens::changed_while_locked())
    }
}

/// What is stored; what no key opens is as good as nothing.
fn readable(tokens: &Tokens) -> Result<Option<Stored<Record>>> {
    match tokens.load() {
        Err(error) if error.kind() == Kind::Vault => Ok(None),
        stored => stored,
    }
}

fn check_redirect(text: &str) -> Result<String> {
    let bad = || {
        Error::new(
            ErrorId::RedirectUrlInvalid,
            "the redirect URL must be an https address without a fragment (http is for loopback addresses only)",
            "Use the redirect URL that the settings page shows, and serve the site over https.",
        )
    };
    let url = Url::parse(text).map_err(|_| bad())?;
    let secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
    if secure && url.fragment().is_none() && url.username().is_empty() && url.password().is_none() {
        return Ok(text.to_owned());
    }
    Err(bad())
}

#[cfg(test)]
mod tests;
