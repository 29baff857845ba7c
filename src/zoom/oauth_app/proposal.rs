//! Grants that an authorization gives: of the Zoom user in force, or proposed, for it is of another one.
//!
//! The connection in force is not touched by a question that nobody has answered.

use std::time::Duration;

use super::OAuthApp;
use super::identity::another_doctors_login;
use super::places::is_user;
use super::places::living;
use super::readable;
use crate::zoom::client::Client;
use crate::zoom::connection::Connection;
use crate::zoom::error::Error;
use crate::zoom::error::Kind;
use crate::zoom::error::Result;
use crate::zoom::error_id::ErrorId;
use crate::zoom::grant::Life;
use crate::zoom::grant::Place;
use crate::zoom::record::Record;
use crate::zoom::record::Stored;
use crate::zoom::record::ZoomUser;
use crate::zoom::subject::Subject;
use crate::zoom::tokens;
use crate::zoom::tokens::LOCK_WAIT;
use crate::zoom::tokens::Tokens;

/// Asking who somebody is must not keep others waiting for the connection.
const IDENTIFY_BUDGET: Duration = Duration::from_secs(15);

/// What an accepted grant has pushed out of its place.
struct Displaced {
    /// What was active.
    active: Option<Record>,
    /// Of a third Zoom user, what was previous.
    previous: Option<Record>,
}

impl OAuthApp {
    /// Puts the proposed grant in force. The grant before stays usable through [`previous_client`](Self::previous_client), so that
    /// what it made can be moved, until [`end_previous`](Self::end_previous); 7 days at most.
    ///
    /// # Errors
    /// [`Kind::Authentication`] when none is proposed, or its Zoom user has become another doctor's; network errors when Zoom has
    /// yet to say who it is.
    pub fn accept(&self, subject: &Subject) -> Result<Connection> {
        let proposed = self.tokens_at(subject, Place::Proposed);
        let user = self.proposed_user(subject, &proposed)?;
        if self.another_holder(subject, &user)?.is_some() {
            let _locked = proposed.lock(LOCK_WAIT)?;
            proposed.delete()?;
            return Err(another_doctors_login());
        }
        let displaced = self.put_in_force(subject, &proposed, &user)?;
        if let Some(active) = &displaced.active {
            self.release(active, subject)?;
            if active.life == Life::Leaving {
                Self::revoke_other(&proposed, active, &user);
            }
        }
        if let Some(previous) = &displaced.previous {
            Self::revoke_other(&proposed, previous, &user);
        }
        self.settle(subject, Some(user), None)
    }

    /// Ends the proposed grant at Zoom and here; the connection in force stays. Also ends what was not answered in time.
    ///
    /// # Errors
    /// [`Kind::Transport`] when Zoom could not be reached: the revoke is owed, call again.
    pub fn decline(&self, subject: &Subject) -> Result<()> {
        self.end_at(subject, Place::Proposed)
    }

    /// Takes in what an authorization gave. Only what is known to be of the same Zoom user takes a living connection's place;
    /// else it is proposed.
    pub(super) fn receive(&self, subject: &Subject, fresh: &Record) -> Result<Connection> {
        let active = self.tokens(subject);
        let locked = active.lock(LOCK_WAIT)?;
        let Some(in_force) = living(readable(&active)?) else {
            drop(locked);
            let former = self.store_fresh(subject, fresh)?;
            return self.identify(subject, former);
        };
        let proposed = self.tokens_at(subject, Place::Proposed);
        let replaced = {
            let _locked = proposed.lock(LOCK_WAIT)?;
            proposed.forget();
            self.replace(&proposed, fresh)?
        };
        let user = self.who(&proposed);
        if let (Some(replaced), Some(user)) = (&replaced, &user) {
            Self::revoke_other(&proposed, replaced, user);
        }
        if Self::is_same(&active, &in_force, user.as_ref()) {
            self.renew_with(&active, &proposed, &in_force.value)?;
            drop(locked);
            return self.settle(subject, user, None);
        }
        drop(locked);
        if let Some(user) = &user
            && let Some(holder) = self.another_holder(subject, user)?
        {
            let _locked = proposed.lock(LOCK_WAIT)?;
            let Some(fresh) = readable(&proposed)? else {
                return Err(tokens::not_connected());
            };
            self.give_to(&holder, user, &fresh.value)?;
            proposed.delete()?;
            return Err(another_doctors_login());
        }
        proposed
            .amend(|record| record.zoom_user = user)?
            .map(|record| Connection::of(subject, Place::Proposed, &record))
            .ok_or_else(nothing_proposed)
    }

    /// The proposed grant becomes the active one, and the active one the previous one, if it lives.
    fn put_in_force(
        &self,
        subject: &Subject,
        proposed: &Tokens,
        user: &ZoomUser,
    ) -> Result<Displaced> {
        let active = self.tokens(subject);
        let _locked = active.lock(LOCK_WAIT)?;
        let _locked_proposed = proposed.lock(LOCK_WAIT)?;
        let Some(fresh) = living(readable(proposed)?) else {
            return Err(nothing_proposed());
        };
        let before = readable(&active)?.map(|stored| stored.value);
        // Written before it is overwritten: no moment without it.
        let previous = match &before {
            Some(before) if before.is_alive() => self.keep_as_previous(subject, before, user)?,
            _ => None,
        };
        let record = Record {
            zoom_user: Some(user.clone()),
            // In force from now on: what Zoom has ended before was another connection.
            since: self.context.clock.now().as_second(),
            ..fresh.value
        };
        active.forget();
        self.replace(&active, &record)?;
        proposed.delete()?;
        Ok(Displaced {
            active: before,
            previous,
        })
    }

    /// Keeps what was active under a key of its own; gives back what lay there, if it is of a third Zoom user.
    fn keep_as_previous(
        &self,
        subject: &Subject,
        before: &Record,
        user: &ZoomUser,
    ) -> Result<Option<Record>> {
        if is_user(before, &user.id) {
            return Ok(None);
        }
        let previous = self.tokens_at(subject, Place::Previous);
        let _locked = previous.lock(LOCK_WAIT)?;
        previous.forget();
        let kept = Record {
            since: self.context.clock.now().as_second(),
            ..before.clone()
        };
        let replaced = self.replace(&previous, &kept)?;
        // A process may have died here before, or the doctor went to and fro.
        Ok(replaced.filter(|replaced| {
            before
                .zoom_user
                .as_ref()
                .is_some_and(|before| !is_user(replaced, &before.id))
        }))
    }

    /// A fresh grant of the same Zoom user takes the connection's place; what is known of the account stays. The caller holds the
    /// connection's lock.
    fn renew_with(&self, active: &Tokens, proposed: &Tokens, before: &Record) -> Result<()> {
        let _locked = proposed.lock(LOCK_WAIT)?;
        let Some(fresh) = readable(proposed)? else {
            return Err(tokens::not_connected());
        };
        let record = Record {
            zoom_user: before.zoom_user.clone(),
            passcode_policy: before.passcode_policy.clone(),
            hides_descriptions: before.hides_descriptions,
            ..fresh.value
        };
        active.forget();
        self.replace(active, &record)?;
        proposed.delete()
    }

    /// Whether the proposed grant is of the Zoom user in force. Where Zoom has not said so, the connection's own life does: Zoom
    /// ends a user's grant when the same user authorizes again. In doubt, it is another. The caller holds the connection's lock.
    fn is_same(active: &Tokens, in_force: &Stored<Record>, user: Option<&ZoomUser>) -> bool {
        if let (Some(user), Some(before)) = (user, &in_force.value.zoom_user) {
            return user.id == before.id;
        }
        matches!(active.refresh(Some(in_force), None), Err(error) if error.kind() == Kind::Authentication)
    }

    /// Another subject whose connection is this Zoom user's.
    fn another_holder(&self, subject: &Subject, user: &ZoomUser) -> Result<Option<Subject>> {
        let holder = self.subject_of(&user.id)?;
        Ok(holder.filter(|holder| holder != subject))
    }

    /// Who the proposed grant is at Zoom, asked only if it is not known.
    fn proposed_user(&self, subject: &Subject, proposed: &Tokens) -> Result<ZoomUser> {
        if self.proposed(subject)?.is_none() {
            return Err(nothing_proposed());
        }
        if let Some(user) = living(readable(proposed)?).and_then(|stored| stored.value.zoom_user) {
            return Ok(user);
        }
        let client = Client::new(self.context.clone(), proposed.clone());
        Ok(ZoomUser::from(&client.user(None)?))
    }

    fn who(&self, proposed: &Tokens) -> Option<ZoomUser> {
        let client = Client::new(self.context.clone(), proposed.clone()).within(IDENTIFY_BUDGET);
        client.user(None).ok().map(|user| ZoomUser::from(&user))
    }
}

fn nothing_proposed() -> Error {
    Error::new(
        ErrorId::NoLoginWaits,
        "no other Zoom login waits for an answer: it was answered already, or is older than 24 hours",
        "Click Authorize again and log in with the Zoom account that shall be connected.",
    )
}

#[cfg(test)]
mod tests;
