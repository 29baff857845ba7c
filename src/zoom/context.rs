//! Everything that an app needs from outside, in one place; cheap to clone.

use std::rc::Rc;

use super::clock::Clock;
use super::endpoints::Endpoints;
use super::http::Http;
use super::known_tokens::KnownTokens;
use super::token_store::TokenStore;
use super::vault::Vault;

/// Network, time, storage and keys.
#[derive(Clone)]
pub struct Context {
    /// The network.
    pub http: Rc<dyn Http>,
    /// Time and randomness.
    pub clock: Rc<dyn Clock>,
    /// Where sealed records live.
    pub store: Rc<dyn TokenStore>,
    /// What seals them.
    pub vault: Rc<Vault>,
    /// What this PHP thread remembers between requests.
    pub known: Rc<KnownTokens>,
    /// Where Zoom is.
    pub endpoints: Rc<Endpoints>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}
