//! The life of a token: known, loaded, refreshed once for all processes, dead.
//!
//! A user's refresh token is replaced by Zoom at each refresh and the old one dies at once, so the order of the steps is
//! the whole point: look without the lock, lock, look again, refresh, save, and only then use.

mod lock;
mod outage;
mod refreshing;
mod replacements;
mod saving;

use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;

pub use self::lock::Locked;
pub use self::lock::lock;
pub use self::replacements::Replacements;
use super::context::Context;
use super::error::Error;
use super::error::Kind;
use super::error::Result;
use super::error_id::ErrorId;
use super::grant::Life;
use super::grant::Place;
use super::known_tokens::Access;
use super::known_tokens::Id;
use super::record;
use super::record::Record;
use super::record::Stored;
use super::secret::Secret;
use super::secret::digest;
use super::secret::hex;
use super::subject::Subject;
use super::token_endpoint::Credentials;
use super::token_endpoint::TokenEndpoint;

/// A refresh holds the lock for two token requests at most; whoever waits longer waits for a process that hangs.
pub const LOCK_WAIT: Duration = Duration::from_secs(50);

/// Whose tokens a record holds, and so how they are obtained.
#[derive(Clone)]
pub enum Owner {
    /// Server-to-Server: fetched anew with the account's credentials.
    Account {
        /// The Zoom account.
        account_id: String,
    },
    /// OAuth: refreshed with the refresh token of one subject.
    User,
}

/// The tokens under one record key.
#[derive(Clone)]
pub struct Tokens {
    context: Context,
    credentials: Credentials,
    owner: Owner,
    key: String,
    id: Id,
}

impl Tokens {
    /// The tokens of a subject's grant to a user-managed app.
    #[must_use]
    pub fn of_user(
        context: Context,
        credentials: Credentials,
        subject: &Subject,
        place: Place,
    ) -> Self {
        let app = credentials.client_id.short_name();
        let key = format!("{}:{app}:{subject}", place.key_word());
        Self::new(context, credentials, Owner::User, key)
    }

    /// The tokens of a Server-to-Server app. New credentials never meet an old token: the key depends on all of them.
    #[must_use]
    pub fn of_account(context: Context, credentials: Credentials, account_id: &str) -> Self {
        let hash = digest(&[
            account_id.as_bytes(),
            credentials.client_id.as_str().as_bytes(),
            credentials.client_secret.expose().as_bytes(),
        ]);
        let key = format!("account:{}", hex(&hash, 40));
        let owner = Owner::Account {
            account_id: account_id.to_owned(),
        };
        Self::new(context, credentials, owner, key)
    }

    fn new(context: Context, credentials: Credentials, owner: Owner, key: String) -> Self {
        let id = digest(&[
            key.as_bytes(),
            credentials.client_id.as_str().as_bytes(),
            credentials.client_secret.expose().as_bytes(),
            context.endpoints.oauth_url().as_str().as_bytes(),
            context.endpoints.api_url().as_str().as_bytes(),
            &context.vault.fingerprint(),
        ]);
        Self {
            context,
            credentials,
            owner,
            key,
            id,
        }
    }

    /// The key in the store.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whose tokens they are.
    #[must_use]
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// A usable token. `refused` is one that Zoom has just refused; `wait` bounds the wait for another process.
    ///
    /// # Errors
    /// [`Kind::Authentication`] when there is no living connection; store, vault and network errors.
    pub fn access(&self, refused: Option<&Secret>, wait: Duration) -> Result<Rc<Access>> {
        self.obtain(refused, wait).map(|(access, _)| access)
    }

    /// As [`access`](Self::access), and whether the token was refreshed for it.
    fn obtain(&self, refused: Option<&Secret>, wait: Duration) -> Result<(Rc<Access>, bool)> {
        let now = self.context.clock.now();
        let is_good =
            |token: &Secret, renew_at: i64| Some(token) != refused && renew_at > now.as_second();
        let mut held: Vec<Secret> = refused.cloned().into_iter().collect();
        let unsaved = self.is_unsaved();

        if let Some(known) = self.context.known.get(&self.id) {
            if is_good(&known.token, known.renew_at) && !unsaved {
                return Ok((known, false));
            }
            held.push(known.token.clone());
        }
        if !unsaved && let Some(stored) = self.load()? {
            self.check_alive(&stored.value)?;
            if is_good(&stored.value.access_token, stored.value.renew_at) {
                return Ok((self.use_record(&stored.value)?, false));
            }
            held.push(stored.value.access_token.clone());
        }

        let crowd = self.crowd()?;
        let _locked = self.lock(wait)?;
        let stored = self.load()?;
        if let Some(stored) = &stored {
            let record = &stored.value;
            self.check_alive(record)?;
            // Another process was faster. Expiry does not decide: a token that we have not seen refused is good.
            if !held.contains(&record.access_token)
                || is_good(&record.access_token, record.renew_at)
            {
                return Ok((self.use_record(record)?, false));
            }
        }
        let refreshed = crowd.refresh(stored.as_ref(), refused)?;
        let is_fresh = refreshed.failure.is_none();
        Ok((self.use_record(&refreshed.record)?, is_fresh))
    }

    /// Refreshes now, whatever the expiry, so that the connection does not lapse from disuse.
    ///
    /// # Errors
    /// As [`access`](Self::access); also when nothing is lost but the refresh.
    pub fn renew(&self) -> Result<Record> {
        let crowd = self.crowd()?;
        let _locked = self.lock(LOCK_WAIT)?;
        let stored = self.load()?;
        if let Some(stored) = &stored {
            self.check_alive(&stored.value)?;
        }
        let refreshed = crowd.refresh(stored.as_ref(), None)?;
        self.use_record(&refreshed.record)?;
        match refreshed.failure {
            Some(error) => Err(error),
            None => Ok(refreshed.record),
        }
    }

    /// What is stored, without network. A cached account token that no key opens is as good as none.
    ///
    /// # Errors
    /// When the store fails or the record cannot be opened.
    pub fn load(&self) -> Result<Option<Stored<Record>>> {
        match record::load(&self.context, &self.key) {
            Err(error) if error.kind() == Kind::Vault && self.is_account() => Ok(None),
            loaded => loaded,
        }
    }

    fn is_account(&self) -> bool {
        matches!(self.owner, Owner::Account { .. })
    }

    /// Changes the stored record without touching its tokens, under the lock; nothing happens when there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub fn amend(&self, change: impl FnOnce(&mut Record)) -> Result<Option<Record>> {
        let _locked = self.lock(LOCK_WAIT)?;
        let Some(stored) = self.load()? else {
            return Ok(None);
        };
        let mut record = stored.value;
        change(&mut record);
        if !self.save(&record, Some(&stored.sealed))? {
            return Err(changed_while_locked());
        }
        if record.is_alive() {
            self.use_record(&record)?;
        }
        Ok(Some(record))
    }

    /// Removes the record and forgets the token. The caller holds the lock.
    ///
    /// # Errors
    /// When the store fails.
    pub fn delete(&self) -> Result<()> {
        self.forget();
        self.context.known.drop_unsaved(&self.id);
        self.context.store.delete(&self.key)?;
        self.forget_outage();
        Ok(())
    }

    /// Forgets what this thread knows.
    pub fn forget(&self) {
        self.context.known.forget(&self.id);
    }

    /// Whether this thread holds a record that the store did not take.
    #[must_use]
    pub fn is_unsaved(&self) -> bool {
        self.context.known.unsaved(&self.id).is_some()
    }

    /// Forgets what this thread knows if something else is stored: the subject may be another Zoom user by now, whose old token
    /// still works.
    pub fn forget_unless(&self, stored: &Record) {
        let is_other = self
            .context
            .known
            .get(&self.id)
            .is_some_and(|known| known.token != stored.access_token);
        if is_other && !self.is_unsaved() {
            self.forget();
        }
    }

    /// Takes the lock of the record, across processes and against a nested call in this thread. What the store did not take
    /// earlier is saved first, so that nobody who holds the lock works with a token that is dead already.
    ///
    /// # Errors
    /// When the lock cannot be had, or the store still does not take the record.
    pub fn lock(&self, wait: Duration) -> Result<Locked> {
        let locked = lock(&self.context, &self.key, self.id, wait)?;
        self.save_unsaved()?;
        Ok(locked)
    }

    /// The token endpoint for this app.
    #[must_use]
    pub fn endpoint(&self) -> TokenEndpoint<'_> {
        TokenEndpoint::new(&self.context, &self.credentials)
    }

    /// What an API call needs, from a record that may be used; remembered by this thread.
    ///
    /// # Errors
    /// When the record names an API address that is not Zoom's.
    pub fn use_record(&self, record: &Record) -> Result<Rc<Access>> {
        let access = Rc::new(Access {
            token: record.access_token.clone(),
            api_base: self.context.endpoints.api_base(record.api_url.as_deref())?,
            renew_at: record.renew_at,
            scopes: record.scopes.clone(),
            passcode_policy: record.passcode_policy.clone(),
            hides_descriptions: record.hides_descriptions,
            user_id: record.zoom_user.as_ref().map(|user| user.id.clone()),
        });
        self.context.known.remember(self.id, Rc::clone(&access));
        Ok(access)
    }

    /// Why a token that was just given is refused, where the connection has ended meanwhile: in another process, most likely.
    #[must_use]
    pub fn ended(&self) -> Option<Error> {
        match self.load() {
            Ok(None) if !self.is_account() => {
                self.forget();
                Some(not_connected())
            }
            Ok(Some(stored)) => self.check_alive(&stored.value).err(),
            Ok(None) | Err(_) => None,
        }
    }

    fn check_alive(&self, record: &Record) -> Result<()> {
        match record.life {
            Life::Alive | Life::Ending => Ok(()),
            Life::Dead | Life::Leaving => {
                self.forget();
                Err(dead_record(record))
            }
        }
    }
}

/// The error where somebody writes without holding the lock.
#[must_use]
pub fn changed_while_locked() -> Error {
    Error::of_store(
        ErrorId::RecordChanged,
        "the record changed while it was locked",
    )
}

/// The error where there is no connection.
#[must_use]
pub fn not_connected() -> Error {
    Error::new(
        ErrorId::NotConnected,
        "there is no connection to Zoom",
        "The doctor must click Authorize and log in to Zoom.",
    )
}

fn dead_record(record: &Record) -> Error {
    let reason = record.reason.as_deref().unwrap_or("it was ended");
    dead_connection(Timestamp::from_second(record.since).ok(), reason)
}

/// The error where the connection is dead.
#[must_use]
pub fn dead_connection(since: Option<Timestamp>, reason: &str) -> Error {
    let since = since.map(|since| format!(" since {since}"));
    Error::new(
        ErrorId::ConnectionDead,
        format!(
            "the connection to Zoom is dead{}: {reason}",
            since.unwrap_or_default()
        ),
        "The doctor must reconnect: click Authorize and log in to Zoom. Nothing else is lost.",
    )
}

#[cfg(test)]
mod tests;
