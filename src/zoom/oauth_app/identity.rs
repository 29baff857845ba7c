//! Who a connection is at Zoom, and that no two doctors of a site hold one Zoom user.
//!
//! Zoom keeps one authorization per user and app: a second one kills the tokens of the first. So an index record per Zoom user
//! names the doctor who holds it.

use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

use super::OAuthApp;
use crate::zoom::client::Client;
use crate::zoom::connection::Connection;
use crate::zoom::error::Error;
use crate::zoom::error::Kind;
use crate::zoom::error::Result;
use crate::zoom::error_id::ErrorId;
use crate::zoom::grant::Life;
use crate::zoom::grant::Place;
use crate::zoom::record;
use crate::zoom::record::Record;
use crate::zoom::record::ZoomUser;
use crate::zoom::secret::digest;
use crate::zoom::subject::Subject;
use crate::zoom::tokens;
use crate::zoom::tokens::LOCK_WAIT;
use crate::zoom::tokens::Tokens;

/// The index record of a Zoom user.
#[derive(Deserialize, Serialize)]
struct Holder {
    subject: String,
}

impl OAuthApp {
    /// The subject whose connection is this Zoom user's; found without network.
    ///
    /// # Errors
    /// When the store fails.
    pub fn subject_of(&self, zoom_user_id: &str) -> Result<Option<Subject>> {
        let Some(subject) = self.holder(zoom_user_id)? else {
            return Ok(None);
        };
        Ok(self.holds(&subject, zoom_user_id)?.then_some(subject))
    }

    /// Forgets the subject's connection without telling Zoom, which has ended the grant itself (`app_deauthorized`). What lies
    /// beside it is of other Zoom users and is revoked, if Zoom can be reached. With `connected_before`, a connection that was
    /// made after that moment stays, and all that lies beside it. Gives whether nothing is left.
    ///
    /// # Errors
    /// When the store fails.
    pub fn forget(&self, subject: &Subject, connected_before: Option<Timestamp>) -> Result<bool> {
        let tokens = self.tokens(subject);
        let locked = tokens.lock(LOCK_WAIT)?;
        if let Ok(Some(stored)) = tokens.load() {
            let record = &stored.value;
            if record.is_alive()
                && connected_before.is_some_and(|moment| record.since > moment.as_second())
            {
                return Ok(false);
            }
            self.release(record, subject)?;
        }
        tokens.delete()?;
        drop(locked);
        // Other Zoom users' grants, which were there for this one's sake.
        let _ = self.decline(subject);
        let _ = self.end_previous(subject);
        Ok(true)
    }

    /// Learns who the connection is at Zoom and what the account asks of passcodes. The connection stands even when Zoom
    /// does not answer now; the next renewal asks again.
    pub(super) fn identify(&self, subject: &Subject, former: Option<Record>) -> Result<Connection> {
        let client = Client::new(self.context.clone(), self.tokens(subject));
        let user = client.user(None).ok().map(|user| ZoomUser::from(&user));
        self.settle(subject, user, former)
    }

    /// Writes down who the connection in force is at Zoom, and learns what the account asks of passcodes.
    pub(super) fn settle(
        &self,
        subject: &Subject,
        user: Option<ZoomUser>,
        former: Option<Record>,
    ) -> Result<Connection> {
        let tokens = self.tokens(subject);
        let client = Client::new(self.context.clone(), tokens.clone());
        if let Some(user) = &user {
            if let Some(holder) = self
                .subject_of(&user.id)?
                .filter(|holder| holder != subject)
            {
                return Err(self.hand_over(subject, &holder, user, former)?);
            }
            self.claim(&user.id, subject)?;
            if let Some(former) = &former
                && former
                    .zoom_user
                    .as_ref()
                    .is_some_and(|old| old.id != user.id)
            {
                self.release(former, subject)?;
                Self::revoke_other(&tokens, former, user);
            }
        }
        let record = tokens.amend(|record| {
            if user.is_some() {
                record.zoom_user = user;
            }
        })?;
        // Optional: without it, or its scope, passcodes are conservative.
        let _ = client.read_passcode_policy(None);
        record
            .map(|record| Connection::of(subject, Place::Active, &record))
            .ok_or_else(tokens::not_connected)
    }

    /// Gives up the index record of the connection's Zoom user.
    pub(super) fn release(&self, record: &Record, subject: &Subject) -> Result<()> {
        let Some(user) = &record.zoom_user else {
            return Ok(());
        };
        if self.holder(&user.id)?.as_ref() == Some(subject) {
            self.context.store.delete(&self.index_key(&user.id))?;
        }
        Ok(())
    }

    /// Another doctor of this site holds this Zoom user, and Zoom has just killed that doctor's tokens: the fresh ones go
    /// there, and what was here before comes back. Nobody is disconnected. Gives the error that says so.
    fn hand_over(
        &self,
        subject: &Subject,
        holder: &Subject,
        user: &ZoomUser,
        former: Option<Record>,
    ) -> Result<Error> {
        let mine = self.tokens(subject);
        let Some(fresh) = mine.load()? else {
            return Err(tokens::not_connected());
        };
        self.give_to(holder, user, &fresh.value)?;
        let _locked = mine.lock(LOCK_WAIT)?;
        mine.forget();
        match former {
            Some(former) => {
                mine.save(&former, Some(&fresh.sealed))?;
            }
            None => mine.delete()?,
        }
        Ok(another_doctors_login())
    }

    /// Puts fresh tokens in the place of those that Zoom has just killed.
    pub(super) fn give_to(&self, holder: &Subject, user: &ZoomUser, fresh: &Record) -> Result<()> {
        let theirs = self.tokens(holder);
        let _locked = theirs.lock(LOCK_WAIT)?;
        theirs.forget();
        let record = Record {
            zoom_user: Some(user.clone()),
            ..fresh.clone()
        };
        self.replace(&theirs, &record).map(|_| ())
    }

    /// Writes down that the Zoom user is the subject's.
    fn claim(&self, zoom_user_id: &str, subject: &Subject) -> Result<()> {
        if self.holder(zoom_user_id)?.as_ref() == Some(subject) {
            return Ok(());
        }
        let key = self.index_key(zoom_user_id);
        let _locked = tokens::lock(&self.context, &key, digest(&[key.as_bytes()]), LOCK_WAIT)?;
        let replaces = self.context.store.load(&key)?;
        let holder = Holder {
            subject: subject.to_string(),
        };
        let sealed = record::seal(&self.context, &key, &holder)?;
        if self
            .context
            .store
            .save(&key, &sealed, replaces.as_deref())?
        {
            return Ok(());
        }
        Err(Error::of_store(
            ErrorId::RecordChanged,
            "the record changed while it was locked",
        ))
    }

    /// Who the index names; what no key opens names nobody.
    fn holder(&self, zoom_user_id: &str) -> Result<Option<Subject>> {
        match record::load::<Holder>(&self.context, &self.index_key(zoom_user_id)) {
            Ok(stored) => Ok(stored.and_then(|stored| Subject::new(&stored.value.subject).ok())),
            Err(error) if error.kind() == Kind::Vault => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the subject's record is indeed that Zoom user's; the index may be older than the record.
    fn holds(&self, subject: &Subject, zoom_user_id: &str) -> Result<bool> {
        match self.tokens(subject).load() {
            Ok(stored) => Ok(stored
                .and_then(|stored| stored.value.zoom_user)
                .is_some_and(|user| user.id == zoom_user_id)),
            Err(error) if error.kind() == Kind::Vault => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Ends a grant that was stored before, unless it is of this Zoom user, whose new grant would end with it. Nothing depends
    /// on it.
    pub(super) fn revoke_other(tokens: &Tokens, other: &Record, user: &ZoomUser) {
        let is_other = other
            .zoom_user
            .as_ref()
            .is_some_and(|other| other.id != user.id);
        if !is_other || other.life == Life::Dead {
            return;
        }
        let endpoint = tokens.endpoint();
        if !matches!(endpoint.revoke(&other.access_token), Ok(true))
            && let Some(refresh_token) = &other.refresh_token
            && let Ok(answer) = endpoint.refresh(refresh_token)
        {
            let _ = endpoint.revoke(&answer.access_token);
        }
    }

    fn index_key(&self, zoom_user_id: &str) -> String {
        format!(
            "zoomuser:{}:{zoom_user_id}",
            self.credentials.client_id.short_name()
        )
    }
}

/// The error where two doctors of a site log in as one Zoom user.
pub(super) fn another_doctors_login() -> Error {
    Error::new(
        ErrorId::AnotherDoctorsLogin,
        "this Zoom login is the one of another doctor of this site, who stays connected",
        "Log out of Zoom in this browser, click Authorize again, and log in with your own Zoom account.",
    )
}

#[cfg(test)]
mod tests;
