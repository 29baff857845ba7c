//! The end of grants: a subject's disconnection, and no live token left behind, here or at Zoom.

use super::OAuthApp;
use super::readable;
use crate::zoom::error::Error;
use crate::zoom::error::Kind;
use crate::zoom::error::Result;
use crate::zoom::error_id::ErrorId;
use crate::zoom::grant::Life;
use crate::zoom::record;
use crate::zoom::record::Record;
use crate::zoom::subject::Subject;
use crate::zoom::token_endpoint::TokenFault;
use crate::zoom::tokens;
use crate::zoom::tokens::LOCK_WAIT;
use crate::zoom::tokens::Tokens;

impl OAuthApp {
    /// Revokes the grant at Zoom and deletes the record; what lies beside the connection ends with it. The record is unusable
    /// from the first moment.
    ///
    /// # Errors
    /// [`Kind::Transport`] when Zoom could not be reached: the revoke is owed, call again.
    pub fn disconnect(&self, subject: &Subject) -> Result<()> {
        let tokens = self.tokens(subject);
        let own = {
            let _locked = tokens.lock(LOCK_WAIT)?;
            if let Some(stored) = readable(&tokens)? {
                self.release(&stored.value, subject)?;
            }
            self.end(&tokens)
        };
        let proposed = self.decline(subject);
        let previous = self.end_previous(subject);
        own.and(proposed).and(previous)
    }

    /// Ends the grant under the key, wherever it lies. The caller holds the lock.
    pub(super) fn end(&self, tokens: &Tokens) -> Result<()> {
        tokens.forget();
        let stored = match tokens.load() {
            // What cannot be read cannot be revoked; the doctor wants it gone.
            Err(error) if error.kind() == Kind::Vault => return tokens.delete(),
            stored => stored?,
        };
        let Some(stored) = stored else {
            return tokens.delete();
        };
        if stored.value.life == Life::Dead {
            return tokens.delete();
        }
        let now = self.context.clock.now();
        let leaving = stored.value.turned(
            Life::Leaving,
            "it was disconnected; Zoom has yet to be told",
            now,
        );
        let sealed = record::seal(&self.context, tokens.key(), &leaving)?;
        if !self
            .context
            .store
            .save(tokens.key(), &sealed, Some(&stored.sealed))?
        {
            return Err(tokens::changed_while_locked());
        }
        self.revoke(tokens, &leaving, &sealed)
            .map_err(|error| owed(&error))?;
        tokens.delete()
    }

    /// Revokes with a token that lives: one near its end is refreshed first, for Zoom revokes by access token.
    fn revoke(&self, tokens: &Tokens, leaving: &Record, sealed: &str) -> Result<()> {
        let near_end = leaving.renew_at <= self.context.clock.now().as_second();
        if !near_end && tokens.endpoint().revoke(&leaving.access_token)? {
            return Ok(());
        }
        let Some(refresh_token) = &leaving.refresh_token else {
            return Ok(());
        };
        match tokens.send_refresh(refresh_token) {
            Ok(answer) => {
                let fresh = Record {
                    life: Life::Leaving,
                    reason: leaving.reason.clone(),
                    ..leaving.refreshed(answer, self.context.clock.now())
                };
                tokens.save(&fresh, Some(sealed))?;
                tokens.endpoint().revoke(&fresh.access_token).map(|_| ())
            }
            // Zoom knows the grant no longer: nothing is left to revoke.
            Err(TokenFault::InvalidGrant(_)) => Ok(()),
            Err(fault) => Err(fault.into_error()),
        }
    }
}

/// The error when the record is unusable already but Zoom has not been told.
fn owed(error: &Error) -> Error {
    let unreachable =
        error.kind() == Kind::Transport || error.status().is_some_and(|status| status >= 500);
    let message = format!(
        "the connection is closed here, but Zoom could not be told: {}",
        error.message()
    );
    let advice = "The revoke is owed: disconnect again in a few minutes, or remove the app in Zoom under Added Apps.";
    let id = if unreachable {
        ErrorId::RevokeOwed
    } else {
        error.id()
    };
    Error::new(id, message, advice)
        .retryable(unreachable)
        .with_tracking_id(error.tracking_id().map(str::to_owned))
        .caused_by(error.clone())
}
