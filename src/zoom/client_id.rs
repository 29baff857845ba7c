//! The public name of an app at Zoom.

use super::credential;
use super::error::Result;
use super::secret::digest;
use super::secret::hex;

/// An app's client id.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientId(String);

impl ClientId {
    /// Takes it as the app's page shows it; blanks around it are cut off.
    ///
    /// # Errors
    /// [`Kind::Configuration`](super::Kind::Configuration) when it is empty or no single word.
    pub fn new(text: &str) -> Result<Self> {
        credential::word("client id", text).map(Self)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A short name of the app that fits a store key.
    #[must_use]
    pub fn short_name(&self) -> String {
        hex(&digest(&[self.0.as_bytes()]), 12)
    }
}
