//! A crowd that waits for one lock while Zoom's token endpoint is down: the first asks it, and the others take over what it was
//! told, in place of asking one after the other.
//!
//! Only who waited meanwhile takes the answer over; whoever comes later asks anew. So no call fails because of an outage that is
//! over, and no clocks of different servers are compared. Never read as 'disconnected'.

use serde::Deserialize;
use serde::Serialize;

use super::Tokens;
use super::refreshing::Refreshed;
use crate::zoom::error::Error;
use crate::zoom::error::Kind;
use crate::zoom::error::Result;
use crate::zoom::error_id::ErrorId;
use crate::zoom::record;
use crate::zoom::record::Record;
use crate::zoom::record::Stored;
use crate::zoom::secret::Secret;

/// What the one who asked was told. Lies beside the record until a refresh succeeds.
#[derive(Deserialize, Serialize)]
struct Outage {
    /// Earlier versions wrote none.
    #[serde(default)]
    id: String,
    message: String,
    advice: String,
    #[serde(default)]
    status: Option<u16>,
}

impl Outage {
    /// What is worth telling: faults that pass by themselves. Whatever else Zoom says, the connection's own record holds.
    fn of(error: &Error) -> Option<Self> {
        let passes = error.is_retryable()
            && matches!(error.kind(), Kind::Api | Kind::RateLimit | Kind::Transport);
        passes.then(|| Self {
            id: error.id().to_string(),
            message: error.message().to_owned(),
            advice: error.advice().to_owned(),
            status: error.status(),
        })
    }

    fn into_error(self) -> Error {
        let id = ErrorId::named(&self.id).unwrap_or(match self.status {
            None => ErrorId::AnswerMissing,
            Some(429) => ErrorId::TokenLimit,
            Some(_) => ErrorId::TokenServerTrouble,
        });
        let error = Error::new(id, self.message, self.advice).retryable(true);
        match self.status {
            Some(status) => error.with_status(status, None),
            None => error,
        }
    }
}

/// One of those who want the same tokens, from before it waits for the lock.
pub(super) struct Member<'a> {
    tokens: &'a Tokens,
    key: String,
    /// The outage that was known before the wait.
    before: Option<String>,
}

impl Tokens {
    /// To be called before the lock is waited for.
    pub(super) fn crowd(&self) -> Result<Member<'_>> {
        let key = outage_key(&self.key);
        let before = self.context.store.load(&key)?;
        Ok(Member {
            tokens: self,
            key,
            before,
        })
    }

    /// Removes what the record's crowd was told; nothing depends on it. The caller holds the lock.
    pub(super) fn forget_outage(&self) {
        let _ = self.context.store.delete(&outage_key(&self.key));
    }
}

impl Member<'_> {
    /// As [`Tokens::refresh`], unless another has failed during the wait. The caller holds the lock.
    pub(super) fn refresh(
        &self,
        stored: Option<&Stored<Record>>,
        refused: Option<&Secret>,
    ) -> Result<Refreshed> {
        let context = &self.tokens.context;
        let found = context.store.load(&self.key)?;
        if found != self.before
            && let Some(told) = found.as_deref().and_then(|sealed| self.open(sealed))
        {
            return Err(told.into_error());
        }
        let refreshed = self.tokens.refresh(stored, refused);
        // Whether or not this can be written, what Zoom said is the answer.
        match &refreshed {
            Ok(_) if found.is_some() => {
                let _ = context.store.delete(&self.key);
            }
            Ok(_) => {}
            Err(error) => {
                let outage = Outage::of(error);
                if let Some(sealed) =
                    outage.and_then(|it| record::seal(context, &self.key, &it).ok())
                {
                    let _ = context.store.save(&self.key, &sealed, found.as_deref());
                }
            }
        }
        refreshed
    }

    /// What no key opens says nothing.
    fn open(&self, sealed: &str) -> Option<Outage> {
        record::open(&self.tokens.context, &self.key, sealed).ok()
    }
}

/// Beside the record: its key, with another first word.
pub(super) fn outage_key(record_key: &str) -> String {
    format!("outage-{record_key}")
}
