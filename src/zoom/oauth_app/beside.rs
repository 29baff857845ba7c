//! Grants beside a subject's connection: of another Zoom user, held until the doctor says whether upcoming meetings shall change
//! hands; and of the Zoom user before, kept until what it made is moved.
//!
//! Each lies under a key of its own and is refreshed there like any connection. The connection in force is not touched by a
//! question that nobody has answered.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::Timestamp;

use super::OAuthApp;
use super::identity::another_doctors_login;
use super::readable;
use crate::zoom::client::Client;
use crate::zoom::connection::Connection;
use crate::zoom::connection::ConnectionStatus;
use crate::zoom::error::Error;
use crate::zoom::error::Kind;
use crate::zoom::error::Result;
use crate::zoom::error_id::ErrorId;
use crate::zoom::record::Record;
use crate::zoom::record::State;
use crate::zoom::record::Stored;
use crate::zoom::record::ZoomUser;
use crate::zoom::subject::Subject;
use crate::zoom::tokens;
use crate::zoom::tokens::LOCK_WAIT;
use crate::zoom::tokens::Place;
use crate::zoom::tokens::Tokens;

/// A question that was not answered by then is answered with no.
const HELD_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// What could not be moved by then stays at Zoom.
const FORMER_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Asking who somebody is must not keep others waiting for the connection.
const IDENTIFY_BUDGET: Duration = Duration::from_secs(15);

impl OAuthApp {
    /// The grant of another Zoom user that waits for the doctor's answer, without network; 24 hours at most.
    ///
    /// # Errors
    /// When the store fails.
    pub fn held_connection(&self, subject: &Subject) -> Result<Option<Connection>> {
        self.connection_beside(subject, Place::Held)
    }

    /// Puts the held grant in force. The grant before stays usable through [`former_client`](Self::former_client), so that what
    /// it made can be moved, until [`end_former`](Self::end_former); 7 days at most.
    ///
    /// # Errors
    /// [`Kind::Authentication`] when none is held, or its Zoom user has become another doctor's; network errors when Zoom has
    /// yet to say who it is.
    pub fn accept_held(&self, subject: &Subject) -> Result<Connection> {
        let tokens = self.tokens(subject);
        let held = self.beside(subject, Place::Held);
        let user = self.held_user(subject, &held)?;
        if let Some(other) = self.subject_of(&user.id)?
            && other != *subject
        {
            let _locked = held.lock(LOCK_WAIT)?;
            held.delete()?;
            return Err(another_doctors_login());
        }
        let (before, replaced) = {
            let _locked = tokens.lock(LOCK_WAIT)?;
            let _locked_held = held.lock(LOCK_WAIT)?;
            let Some(fresh) = living(readable(&held)?) else {
                return Err(nothing_held());
            };
            let before = readable(&tokens)?;
            // Written before it is overwritten: no moment without it.
            let replaced = match &before {
                Some(before) if before.value.is_alive() => {
                    self.keep_former(subject, &before.value, &user)?
                }
                _ => None,
            };
            let record = Record {
                zoom_user: Some(user.clone()),
                // In force from now on: what Zoom has ended before was another connection.
                since: self.context.clock.now().as_second(),
                ..fresh.value
            };
            tokens.forget();
            self.replace(&tokens, &record)?;
            held.delete()?;
            (before.map(|before| before.value), replaced)
        };
        if let Some(before) = &before {
            self.release(before, subject)?;
            if before.state == State::Leaving {
                Self::revoke_other(&tokens, before, &user);
            }
        }
        if let Some(replaced) = &replaced {
            Self::revoke_other(&tokens, replaced, &user);
        }
        self.settle(subject, Some(user), None)
    }

    /// Ends the held grant at Zoom and here; the connection in force stays. Also ends what was not answered in time.
    ///
    /// # Errors
    /// [`Kind::Transport`] when Zoom could not be reached: the revoke is owed, call again.
    pub fn decline_held(&self, subject: &Subject) -> Result<()> {
        self.end_beside(subject, Place::Held)
    }

    /// The grant that was in force before the one accepted, without network; 7 days at most.
    ///
    /// # Errors
    /// When the store fails.
    pub fn former_connection(&self, subject: &Subject) -> Result<Option<Connection>> {
        self.connection_beside(subject, Place::Former)
    }

    /// The client of the Zoom user before, for the meetings that it made.
    ///
    /// # Errors
    /// [`Kind::Authentication`] when there is none.
    pub fn former_client(&self, subject: &Subject) -> Result<Client> {
        if self.former_connection(subject)?.is_none() {
            return Err(tokens::not_connected());
        }
        Ok(Client::new(
            self.context.clone(),
            self.beside(subject, Place::Former),
        ))
    }

    /// Ends the grant of the Zoom user before, at Zoom and here.
    ///
    /// # Errors
    /// [`Kind::Transport`] when Zoom could not be reached: the revoke is owed, call again.
    pub fn end_former(&self, subject: &Subject) -> Result<()> {
        self.end_beside(subject, Place::Former)
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
        for place in [Place::Held, Place::Former] {
            let beside = self.beside(subject, place);
            // Most have none, and nobody's lock is waited for.
            if !readable(&beside)?.is_some_and(|stored| has_ended(&stored)) {
                continue;
            }
            let _locked = beside.lock(LOCK_WAIT)?;
            if readable(&beside)?.is_some_and(|stored| has_ended(&stored)) {
                beside.delete()?;
                any = true;
            }
        }
        Ok(any)
    }

    /// Takes in what an authorization gave. Only what is known to be of the same Zoom user takes a living connection's place;
    /// else it is held.
    pub(super) fn receive(&self, subject: &Subject, fresh: &Record) -> Result<Connection> {
        let tokens = self.tokens(subject);
        let locked = tokens.lock(LOCK_WAIT)?;
        let Some(in_force) = living(readable(&tokens)?) else {
            drop(locked);
            let former = self.store_fresh(subject, fresh)?;
            return self.identify(subject, former);
        };
        let held = self.beside(subject, Place::Held);
        let replaced = {
            let _locked = held.lock(LOCK_WAIT)?;
            held.forget();
            self.replace(&held, fresh)?
        };
        let user = self.who(&held);
        if let (Some(replaced), Some(user)) = (&replaced, &user) {
            Self::revoke_other(&held, replaced, user);
        }
        if Self::is_same(&tokens, &in_force, user.as_ref()) {
            self.take_place(&tokens, &held, &in_force.value)?;
            drop(locked);
            return self.settle(subject, user, None);
        }
        drop(locked);
        if let Some(user) = &user
            && let Some(holder) = self.subject_of(&user.id)?
            && holder != *subject
        {
            let _locked = held.lock(LOCK_WAIT)?;
            let Some(fresh) = readable(&held)? else {
                return Err(tokens::not_connected());
            };
            self.give_to(&holder, user, &fresh.value)?;
            held.delete()?;
            return Err(another_doctors_login());
        }
        held.amend(|record| record.zoom_user = user)?
            .map(|record| of_place(subject, &record, Place::Held))
            .ok_or_else(nothing_held)
    }

    /// Whether the held grant is of the Zoom user in force. Where Zoom has not said so, the connection's own life does: Zoom ends
    /// a user's grant when the same user authorizes again. In doubt, it is another. The caller holds the connection's lock.
    fn is_same(tokens: &Tokens, in_force: &Stored<Record>, user: Option<&ZoomUser>) -> bool {
        if let (Some(user), Some(before)) = (user, &in_force.value.zoom_user) {
            return user.id == before.id;
        }
        matches!(tokens.refresh(Some(in_force), None), Err(error) if error.kind() == Kind::Authentication)
    }

    /// The held grant takes the connection's place; what is known of the account stays. The caller holds the connection's lock.
    fn take_place(&self, tokens: &Tokens, held: &Tokens, before: &Record) -> Result<()> {
        let _locked = held.lock(LOCK_WAIT)?;
        let Some(fresh) = readable(held)? else {
            return Err(tokens::not_connected());
        };
        let record = Record {
            zoom_user: before.zoom_user.clone(),
            passcode_policy: before.passcode_policy.clone(),
            hides_descriptions: before.hides_descriptions,
            ..fresh.value
        };
        tokens.forget();
        self.replace(tokens, &record)?;
        held.delete()
    }

    /// Keeps what was in force under a key of its own; gives back what lay there.
    fn keep_former(
        &self,
        subject: &Subject,
        before: &Record,
        user: &ZoomUser,
    ) -> Result<Option<Record>> {
        if is_user(before, &user.id) {
            return Ok(None);
        }
        let former = self.beside(subject, Place::Former);
        let _locked = former.lock(LOCK_WAIT)?;
        former.forget();
        let kept = Record {
            since: self.context.clock.now().as_second(),
            ..before.clone()
        };
        let replaced = self.replace(&former, &kept)?;
        // A process may have died here before, or the doctor went to and fro.
        Ok(replaced.filter(|replaced| {
            before
                .zoom_user
                .as_ref()
                .is_some_and(|before| !is_user(replaced, &before.id))
        }))
    }

    /// Who the held grant is at Zoom, asked only if it is not known.
    fn held_user(&self, subject: &Subject, held: &Tokens) -> Result<ZoomUser> {
        if self.held_connection(subject)?.is_none() {
            return Err(nothing_held());
        }
        if let Some(user) = living(readable(held)?).and_then(|stored| stored.value.zoom_user) {
            return Ok(user);
        }
        let client = Client::new(self.context.clone(), held.clone());
        Ok(ZoomUser::from(&client.user(None)?))
    }

    fn who(&self, held: &Tokens) -> Option<ZoomUser> {
        let client = Client::new(self.context.clone(), held.clone()).within(IDENTIFY_BUDGET);
        client.user(None).ok().map(|user| ZoomUser::from(&user))
    }

    fn connection_beside(&self, subject: &Subject, place: Place) -> Result<Option<Connection>> {
        let Some(stored) = living(readable(&self.beside(subject, place))?) else {
            return Ok(None);
        };
        let connection = of_place(subject, &stored.value, place);
        let is_over = connection
            .until()
            .is_none_or(|until| until <= self.context.clock.now());
        // A process that died while it put one in the place of the other has left it behind.
        let in_force = readable(&self.tokens(subject))?;
        let is_in_force = in_force
            .and_then(|stored| stored.value.zoom_user)
            .is_some_and(|user| is_user(&stored.value, &user.id));
        Ok((!is_over && !is_in_force).then_some(connection))
    }

    fn end_beside(&self, subject: &Subject, place: Place) -> Result<()> {
        let beside = self.beside(subject, place);
        if !beside.is_unsaved() && self.context.store.load(beside.key())?.is_none() {
            beside.forget();
            return Ok(());
        }
        let _locked = beside.lock(LOCK_WAIT)?;
        if let Some(stored) = readable(&beside)?
            && let Some(user) = &stored.value.zoom_user
            && self.subject_of(&user.id)?.is_some()
        {
            // A doctor of this site is connected as this Zoom user by now: to revoke would end that connection.
            return beside.delete();
        }
        self.end(&beside)
    }

    fn beside(&self, subject: &Subject, place: Place) -> Tokens {
        Tokens::beside_user(
            self.context.clone(),
            self.credentials.clone(),
            place,
            subject,
        )
    }
}

fn of_place(subject: &Subject, record: &Record, place: Place) -> Connection {
    let (status, life) = match place {
        Place::Held => (ConnectionStatus::Held, HELD_LIFE),
        Place::Former => (ConnectionStatus::Former, FORMER_LIFE),
    };
    let since = Timestamp::from_second(record.since).unwrap_or_default();
    let until = since.checked_add(life).unwrap_or(Timestamp::MAX);
    Connection::beside(subject, record, status, until)
}

fn living(stored: Option<Stored<Record>>) -> Option<Stored<Record>> {
    stored.filter(|stored| stored.value.is_alive())
}

fn is_user(record: &Record, zoom_user_id: &str) -> bool {
    record
        .zoom_user
        .as_ref()
        .is_some_and(|user| user.id == zoom_user_id)
}

fn nothing_held() -> Error {
    Error::new(
        ErrorId::NoLoginWaits,
        "no other Zoom login waits for an answer: it was answered already, or is older than 24 hours",
        "Click Authorize again and log in with the Zoom account that shall be connected.",
    )
}

#[cfg(test)]
mod tests;
