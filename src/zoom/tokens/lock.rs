//! The lock of a record: across processes through the store, and against a nested call in this thread.

use std::time::Duration;

use crate::zoom::context::Context;
use crate::zoom::error::Error;
use crate::zoom::error::Result;
use crate::zoom::error_id::ErrorId;
use crate::zoom::known_tokens::Busy;
use crate::zoom::known_tokens::Id;

/// A held lock; given back when dropped.
pub struct Locked {
    context: Context,
    key: String,
    _busy: Busy,
}

impl Drop for Locked {
    fn drop(&mut self) {
        // The work is done; a store that cannot unlock drops the lock with its connection or process.
        let _ = self.context.store.unlock(&self.key);
    }
}

/// Takes the lock of `key`; `id` guards against a nested call in this thread.
///
/// # Errors
/// When the lock cannot be had.
pub fn lock(context: &Context, key: &str, id: Id, wait: Duration) -> Result<Locked> {
    let Some(busy) = context.known.begin(id) else {
        return Err(Error::of_store(
            ErrorId::StoreReentered,
            "the token store called telemed again for the record it is asked about",
        ));
    };
    if !context.store.lock(key, wait)? {
        return Err(Error::of_store(
            ErrorId::RecordLocked,
            "another process holds the lock of this record",
        ));
    }
    Ok(Locked {
        context: context.clone(),
        key: key.to_owned(),
        _busy: busy,
    })
}
