//! A refresh, and what becomes of the token in use when it fails.
//!
//! Zoom replaces a refresh token as it answers. Where the answer is lost, the new one is lost with it, but the access token that was given
//! before works until its end: it goes on, so that visits do, and the connection says until when.

use super::Owner;
use super::Tokens;
use super::dead_record;
use super::not_connected;
use crate::zoom::error::Error;
use crate::zoom::error::Result;
use crate::zoom::grant::Life;
use crate::zoom::record;
use crate::zoom::record::Record;
use crate::zoom::record::Stored;
use crate::zoom::secret::Secret;
use crate::zoom::token_endpoint::TokenAnswer;
use crate::zoom::token_endpoint::TokenFault;

/// So long after a refresh that failed the token in use serves before the next one is tried.
const AGAIN_SECONDS: i64 = 60;
const NO_REFRESH_TOKEN: &str = "no refresh token is stored";
const REFUSED: &str =
    "Zoom no longer takes the authorization (it was revoked, replaced by a newer one, or lapsed)";
const LOST: &str = "Zoom's answer to a renewal was lost, and the renewed authorization with it";

/// The record to use after a refresh.
pub struct Refreshed {
    /// The record.
    pub record: Record,
    /// Why it is the one from before, which still works.
    pub failure: Option<Error>,
}

impl Refreshed {
    fn well(record: Record) -> Self {
        Self {
            record,
            failure: None,
        }
    }
}

impl Tokens {
    /// Refreshes with what is stored, saves, and gives the record to use: the one from before while it lives, where Zoom could not be
    /// asked, or its answer was lost. `refused` is an access token that Zoom has just refused. The caller holds the lock.
    ///
    /// # Errors
    /// As [`access`](Self::access).
    pub fn refresh(
        &self,
        stored: Option<&Stored<Record>>,
        refused: Option<&Secret>,
    ) -> Result<Refreshed> {
        let now = self.context.clock.now();
        let in_use = stored.filter(|stored| {
            !stored.value.has_ended(now) && Some(&stored.value.access_token) != refused
        });
        match &self.owner {
            Owner::Account { account_id } => {
                let answer = match self.endpoint().account(account_id) {
                    Ok(answer) => answer,
                    Err(fault) => return self.go_on(in_use, fault, false),
                };
                // A token that must not be sent anywhere is not worth storing.
                self.context.endpoints.api_base(answer.api_url.as_deref())?;
                let mut record = Record::connected(answer, now);
                if let Some(old) = stored {
                    record
                        .passcode_policy
                        .clone_from(&old.value.passcode_policy);
                    record.hides_descriptions = old.value.hides_descriptions;
                }
                self.save_or_adopt(record, stored.map(|old| old.sealed.as_str()))
                    .map(Refreshed::well)
            }
            Owner::User => {
                let Some(stored) = stored else {
                    // Disconnected meanwhile: what this thread remembers was revoked with it.
                    self.forget();
                    return Err(not_connected());
                };
                if stored.value.life == Life::Ending {
                    return match in_use {
                        Some(stored) => Ok(Refreshed::well(stored.value.clone())),
                        None => Err(self.die(stored, LOST)?),
                    };
                }
                let Some(refresh_token) = &stored.value.refresh_token else {
                    return Err(self.die(stored, NO_REFRESH_TOKEN)?);
                };
                let mut was_lost = stored.value.is_doubtful;
                match self.send_noting_loss(refresh_token, &mut was_lost) {
                    Ok(answer) => self
                        .save_or_adopt(stored.value.refreshed(answer, now), Some(&stored.sealed))
                        .map(Refreshed::well),
                    Err(TokenFault::InvalidGrant(_)) => {
                        // Believed only while this very token is still what is stored.
                        match self.load()? {
                            Some(current)
                                if current.value.refresh_token.as_ref() != Some(refresh_token) =>
                            {
                                self.check_alive(&current.value)?;
                                Ok(Refreshed::well(current.value))
                            }
                            _ => match in_use.filter(|_| was_lost) {
                                Some(stored) => self.let_end(stored),
                                None if was_lost => Err(self.die(stored, LOST)?),
                                None => Err(self.die(stored, REFUSED)?),
                            },
                        }
                    }
                    Err(fault) => self.go_on(in_use, fault, was_lost),
                }
            }
        }
    }

    /// Sends the refresh; once more when its answer was lost, for Zoom may not have seen it.
    ///
    /// # Errors
    /// See [`TokenFault`].
    pub fn send_refresh(&self, refresh_token: &Secret) -> Result<TokenAnswer, TokenFault> {
        self.send_noting_loss(refresh_token, &mut false)
    }

    fn send_noting_loss(
        &self,
        refresh_token: &Secret,
        was_lost: &mut bool,
    ) -> Result<TokenAnswer, TokenFault> {
        match self.endpoint().refresh(refresh_token) {
            Err(TokenFault::Lost(error)) if error.is_maybe_delivered() => {
                *was_lost = true;
                self.endpoint().refresh(refresh_token)
            }
            answer => answer,
        }
    }

    /// The token in use serves on for a while, if it is still good and the fault may pass; else the fault is the answer.
    fn go_on(
        &self,
        in_use: Option<&Stored<Record>>,
        fault: TokenFault,
        was_lost: bool,
    ) -> Result<Refreshed> {
        let error = fault.into_error().maybe_delivered(false);
        let Some(stored) = in_use.filter(|_| error.is_retryable()) else {
            return Err(error);
        };
        let again = self.context.clock.now().as_second() + AGAIN_SECONDS;
        let record = Record {
            renew_at: again.min(stored.value.expires_at),
            is_doubtful: was_lost,
            ..stored.value.clone()
        };
        // So that the others of a crowd use it too. Whether or not this can be written, the token is good.
        if let Ok(sealed) = record::seal(&self.context, &self.key, &record) {
            let _ = self
                .context
                .store
                .save(&self.key, &sealed, Some(&stored.sealed));
        }
        Ok(Refreshed {
            record,
            failure: Some(error),
        })
    }

    /// The refresh token is lost: the access token serves to its end, and the connection with it.
    fn let_end(&self, stored: &Stored<Record>) -> Result<Refreshed> {
        let record = Record {
            life: Life::Ending,
            reason: Some(LOST.to_owned()),
            renew_at: stored.value.expires_at,
            ..stored.value.clone()
        };
        self.save_or_adopt(record, Some(&stored.sealed))
            .map(Refreshed::well)
    }

    /// Writes the connection down as dead and gives the error that says so.
    fn die(&self, stored: &Stored<Record>, reason: &str) -> Result<Error> {
        self.forget();
        let now = self.context.clock.now();
        let dead = stored.value.turned(Life::Dead, reason, now);
        self.save(&dead, Some(&stored.sealed))?;
        Ok(dead_record(&dead))
    }
}
