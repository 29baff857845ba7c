//! Where sealed records live. The host implements it; `FileTokenStore` in `store` is the
//! embedded default.

use std::time::Duration;

use super::error::Result;

/// A store of sealed records under text keys. Every failure is a [`Kind::Store`](super::Kind::Store) error.
pub trait TokenStore {
    /// The record under `key`.
    ///
    /// # Errors
    /// When the store cannot be read.
    fn load(&self, key: &str) -> Result<Option<String>>;

    /// Stores `sealed`, durable before it returns, but only while the record is still `replaces` (`None`: no record yet).
    /// `false`: it is another by now, and nothing was stored.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn save(&self, key: &str, sealed: &str, replaces: Option<&str>) -> Result<bool>;

    /// Removes the record; no record is no error.
    ///
    /// # Errors
    /// When the store cannot be written.
    fn delete(&self, key: &str) -> Result<()>;

    /// Takes the lock of `key` across all processes and hosts that share the store, waiting at most `wait`.
    ///
    /// # Errors
    /// When the store cannot lock.
    fn lock(&self, key: &str, wait: Duration) -> Result<bool>;

    /// Gives the lock of `key` back.
    ///
    /// # Errors
    /// When the store cannot unlock.
    fn unlock(&self, key: &str) -> Result<()>;
}
