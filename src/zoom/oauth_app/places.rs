//! The grants beside a subject's connection: proposed, and previous.
//!
//! Each lies under a key of its own and is refreshed there like any connection.

use jiff::Timestamp;

use super::OAuthApp;
use super::readable;
use crate::zoom::client::Client;
use crate::zoom::connection::Connection;
use crate::zoom::connection::ConnectionStatus;
use crate::zoom::error::Error;
use crate::zoom::error::Result;
use crate::zoom::error_id::ErrorId;
use crate::zoom::grant::Place;
use crate::zoom::record::Record;
use crate::zoom::record::Stored;
use crate::zoom::subject::Subject;
use crate::zoom::tokens;
use crate::zoom::tokens::LOCK_WAIT;
use crate::zoom::tokens::Tokens;

impl OAuthApp {
    /// The grant of another Zoom user that waits for the doctor's answer, without network; 24 hours at most.
    ///
    /// # Errors
    /// When the store fails.
    pub fn proposed(&self, subject: &Subject) -> Result<Option<Connection>> {
        self.beside(subject, Place::Proposed)
    }

    /// The grant that was in force before the one accepted, without network; 7 days at most.
    ///
    /// # Errors
    /// When the store fails.
    pub fn previous(&self, subject: &Subject) -> Result<Option<Connection>> {
        self.beside(subject, Place::Previous)
    }

    /// The client of the Zoom user before, for the meetings that it made.
    ///
    /// # Errors
    /// [`Kind::Authentication`](crate::zoom::Kind::Authentication) when there is none.
    pub fn previous_client(&self, subject: &Subject) -> Result<Client> {
        if self.previous(subject)?.is_none() {
            return Err(tokens::not_connected());
        }
        Ok(Client::new(
            self.context.clone(),
            self.tokens_at(subject, Place::Previous),
        ))
    }

    /// The client that acts as this Zoom user, in force or before. `None`: as whoever is in force. Makes no request.
    ///
    /// # Errors
    /// [`Kind::Authentication`](crate::zoom::Kind::Authentication) when there is no connection, or a dead one, or when the doctor is
    /// connected as another Zoom user.
    pub fn client_of(&self, subject: &Subject, zoom_user_id: Option<&str>) -> Result<Client> {
        let active = self.connection(subject)?;
        let user = active.as_ref().and_then(Connection::zoom_user_id);
        let is_other = |known: Option<&str>| zoom_user_id.is_some() && known != zoom_user_id;
        if is_other(user) {
            let previous = self.previous(subject)?;
            if previous.is_some_and(|previous| !is_other(previous.zoom_user_id())) {
                return self.previous_client(subject);
            }
        }
        let Some(active) = &active else {
            return Err(tokens::not_connected());
        };
        if active.status() != ConnectionStatus::Connected {
            let reason = active.reason().unwrap_or("it was ended");
            return Err(tokens::dead_connection(active.since(), reason));
        }
        if user.is_some() && is_other(user) {
            return Err(Error::new(
                ErrorId::AnotherZoomUser,
                "the doctor is connected as another Zoom user than the one whose meeting it is",
                "Handle the meeting in Zoom itself, or authorize again as the Zoom user that it belongs to.",
            ));
        }
        Ok(self.client(subject))
    }

    /// Ends the grant of the Zoom user before, at Zoom and here.
    ///
    /// # Errors
    /// [`Kind::Transport`](crate::zoom::Kind::Transport) when Zoom could not be reached: the revoke is owed, call again.
    pub fn end_previous(&self, subject: &Subject) -> Result<()> {
        self.end_at(subject, Place::Previous)
    }

    /// Forgets what lies beside the subject's connection and is this Zoom user's, without telling Zoom, which has ended it itself
    /// (`app_deauthorized`). With `connected_before`, what came there after that moment stays. Gives whether there was any.
    ///
    /// # Errors
    /// When the store fails.
    pub fn forget_beside(
        &self,
        subject: &Subject,
        zoom_user_id: &str,
        connected_before: Option<Timestamp>,
    ) -> Result<bool> {
        let has_ended = |stored: &Stored<Record>| {
            is_user(&stored.value, zoom_user_id)
                && connected_before.is_none_or(|moment| stored.value.since <= moment.as_second())
        };
        let mut any = false;
        for place in [Place::Proposed, Place::Previous] {
            let tokens = self.tokens_at(subject, place);
            // Most have none, and nobody's lock is waited for.
            if !readable(&tokens)?.is_some_and(|stored| has_ended(&stored)) {
                continue;
            }
            let _locked = tokens.lock(LOCK_WAIT)?;
            if readable(&tokens)?.is_some_and(|stored| has_ended(&stored)) {
                tokens.delete()?;
                any = true;
            }
        }
        Ok(any)
    }

    /// What lies there and lives, unless its time is over.
    fn beside(&self, subject: &Subject, place: Place) -> Result<Option<Connection>> {
        let Some(stored) = living(readable(&self.tokens_at(subject, place))?) else {
            return Ok(None);
        };
        let connection = Connection::of(subject, place, &stored.value);
        let is_over = connection
            .until()
            .is_none_or(|until| until <= self.context.clock.now());
        // A process that died while it put one in the place of the other has left it behind.
        let active = readable(&self.tokens(subject))?;
        let is_active = active
            .and_then(|active| active.value.zoom_user)
            .is_some_and(|user| is_user(&stored.value, &user.id));
        Ok((!is_over && !is_active).then_some(connection))
    }

    /// Ends what lies there, at Zoom and here.
    pub(super) fn end_at(&self, subject: &Subject, place: Place) -> Result<()> {
        let tokens = self.tokens_at(subject, place);
        if !tokens.is_unsaved() && self.context.store.load(tokens.key())?.is_none() {
            tokens.forget();
            return Ok(());
        }
        let _locked = tokens.lock(LOCK_WAIT)?;
        if let Some(stored) = readable(&tokens)?
            && let Some(user) = &stored.value.zoom_user
            && self.subject_of(&user.id)?.is_some()
        {
            // A doctor of this site is connected as this Zoom user by now: to revoke would end that connection.
            return tokens.delete();
        }
        self.end(&tokens)
    }

    pub(super) fn tokens_at(&self, subject: &Subject, place: Place) -> Tokens {
        Tokens::of_user(
            self.context.clone(),
            self.credentials.clone(),
            subject,
            place,
        )
    }
}

/// What lives.
pub(super) fn living(stored: Option<Stored<Record>>) -> Option<Stored<Record>> {
    stored.filter(|stored| stored.value.is_alive())
}

/// Whether the record is known to be this Zoom user's.
pub(super) fn is_user(record: &Record, zoom_user_id: &str) -> bool {
    record
        .zoom_user
        .as_ref()
        .is_some_and(|user| user.id == zoom_user_id)
}
