//! Saving a rotated token: the old one is dead, so this one must not be lost, whatever the store says.

use std::time::Duration;

use super::Tokens;
use super::changed_while_locked;
use super::not_connected;
use crate::zoom::error::Error;
use crate::zoom::error::Result;
use crate::zoom::error_id::ErrorId;
use crate::zoom::grant::Life;
use crate::zoom::known_tokens::Unsaved;
use crate::zoom::record;
use crate::zoom::record::Record;

/// Tries before it is kept in memory.
pub(super) const SAVE_ATTEMPTS: u32 = 3;
const SAVE_PAUSE: Duration = Duration::from_millis(100);

impl Tokens {
    /// Puts a fresh record in the place of what is stored. `false`: another lies there by now. The caller holds the lock.
    ///
    /// # Errors
    /// When the store fails; then the record is kept in memory and saved at the next opportunity.
    pub fn save(&self, record: &Record, replaces: Option<&str>) -> Result<bool> {
        let sealed = record::seal(&self.context, &self.key, record)?;
        // Kept before the store is asked: a script may end inside a store written in PHP, and with it what stands here.
        self.context.known.keep_unsaved(
            self.id,
            Unsaved {
                sealed: sealed.clone(),
                replaces: replaces.map(str::to_owned),
            },
        );
        let mut attempt = 1;
        loop {
            match self.try_save(&sealed, replaces) {
                Ok(true) => {
                    self.context.known.drop_unsaved(&self.id);
                    return Ok(true);
                }
                Ok(false) => {
                    // Somebody wrote without the lock. It gives way if its refresh token is the one just exchanged.
                    self.save_unsaved()?;
                    return Ok(false);
                }
                Err(_) if attempt < SAVE_ATTEMPTS => {
                    self.context.clock.sleep(SAVE_PAUSE * attempt);
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// One try to save. A store's `false` is believed only when another record lies there.
    fn try_save(&self, sealed: &str, replaces: Option<&str>) -> Result<bool> {
        let store = &self.context.store;
        if store.save(&self.key, sealed, replaces)? {
            return Ok(true);
        }
        let found = store.load(&self.key)?;
        if found.as_deref() == replaces {
            return Err(Error::of_store(
                ErrorId::StoreNotReplacing,
                "the token store did not replace the record that it holds",
            ));
        }
        // The save before this one may have done its work and failed to say so.
        Ok(found.as_deref() == Some(sealed))
    }

    /// Saves a fresh record; when the stored one has changed meanwhile, that one is used.
    pub(super) fn save_or_adopt(&self, record: Record, replaces: Option<&str>) -> Result<Record> {
        if self.save(&record, replaces)? {
            return Ok(record);
        }
        match self.load()? {
            Some(current) => {
                self.check_alive(&current.value)?;
                Ok(current.value)
            }
            // What lies there is sealed under a lost key, and it is only a cache.
            None if self.is_account() => {
                self.context.store.delete(&self.key)?;
                self.save(&record, None)?;
                Ok(record)
            }
            None => Err(not_connected()),
        }
    }

    /// Saves what the store did not take earlier. The caller holds the lock.
    pub(super) fn save_unsaved(&self) -> Result<()> {
        let Some(unsaved) = self.context.known.unsaved(&self.id) else {
            return Ok(());
        };
        let found = self.context.store.load(&self.key)?;
        let sealed = if found == unsaved.replaces {
            Some(unsaved.sealed)
        } else {
            self.newer_than(found.as_deref(), &unsaved)?
        };
        if let Some(sealed) = sealed
            && !self.try_save(&sealed, found.as_deref())?
        {
            return Err(changed_while_locked());
        }
        self.context.known.drop_unsaved(&self.id);
        Ok(())
    }

    /// What to put in the place of `found`, which another process wrote since: the unsaved record, if `found` still bears the
    /// refresh token that Zoom exchanged for the unsaved one. That process may even have found it dead.
    fn newer_than(&self, found: Option<&str>, unsaved: &Unsaved) -> Result<Option<String>> {
        let open = |sealed: &str| record::open::<Record>(&self.context, &self.key, sealed).ok();
        let (Some(found), Some(exchanged), Some(fresh)) = (
            found.and_then(open),
            unsaved.replaces.as_deref().and_then(open),
            open(&unsaved.sealed),
        ) else {
            return Ok(None);
        };
        if found.refresh_token.is_none()
            || found.refresh_token != exchanged.refresh_token
            || found.refresh_token == fresh.refresh_token
        {
            return Ok(None);
        }
        let newer = if found.life == Life::Leaving {
            Record {
                life: found.life,
                reason: found.reason,
                since: found.since,
                ..fresh
            }
        } else {
            fresh
        };
        record::seal(&self.context, &self.key, &newer).map(Some)
    }
}
