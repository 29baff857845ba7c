//! What one PHP thread remembers between requests: usable tokens, tokens that could not be saved yet, and which keys are
//! being refreshed right now.
//!
//! Keyed by a hash of record key, app, endpoint and vault key: one worker may serve many sites, each with a doctor `12`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::rc::Rc;

use url::Url;

use super::passcode::PasscodePolicy;
use super::secret::Secret;

/// A worker that serves this many connections starts to remember anew.
const CAPACITY: usize = 1_000;

/// Names one connection of one app of one site.
pub type Id = [u8; 32];

/// What an API call needs.
pub struct Access {
    /// The access token.
    pub token: Secret,
    /// The API's base address for this token.
    pub api_base: Url,
    /// From when on the token is renewed before use (Unix seconds).
    pub renew_at: i64,
    /// What was granted.
    pub scopes: Vec<String>,
    /// The account's demands on passcodes, when known.
    pub passcode_policy: Option<PasscodePolicy>,
    /// Whether the account hides meeting descriptions, when known.
    pub hides_descriptions: Option<bool>,
    /// Zoom's id of the connected doctor, when known.
    pub user_id: Option<String>,
}

/// A sealed record that Zoom's answer made the only good one, and that the store did not take.
#[derive(Clone)]
pub struct Unsaved {
    /// The sealed record.
    pub sealed: String,
    /// The sealed text that it replaces.
    pub replaces: Option<String>,
}

/// The memory of one thread.
#[derive(Default)]
pub struct KnownTokens {
    tokens: RefCell<BTreeMap<Id, Rc<Access>>>,
    unsaved: RefCell<BTreeMap<Id, Unsaved>>,
    busy: RefCell<BTreeSet<Id>>,
}

impl KnownTokens {
    /// The token known for `id`.
    #[must_use]
    pub fn get(&self, id: &Id) -> Option<Rc<Access>> {
        self.tokens.borrow().get(id).cloned()
    }

    /// Remembers a token.
    pub fn remember(&self, id: Id, access: Rc<Access>) {
        let mut tokens = self.tokens.borrow_mut();
        if tokens.len() >= CAPACITY {
            tokens.clear();
        }
        tokens.insert(id, access);
    }

    /// Forgets the token of `id`.
    pub fn forget(&self, id: &Id) {
        self.tokens.borrow_mut().remove(id);
    }

    /// The record of `id` that is still to be saved.
    #[must_use]
    pub fn unsaved(&self, id: &Id) -> Option<Unsaved> {
        self.unsaved.borrow().get(id).cloned()
    }

    /// Keeps a record that the store did not take.
    pub fn keep_unsaved(&self, id: Id, unsaved: Unsaved) {
        self.unsaved.borrow_mut().insert(id, unsaved);
    }

    /// The record of `id` is saved, or another took its place.
    pub fn drop_unsaved(&self, id: &Id) {
        self.unsaved.borrow_mut().remove(id);
    }

    /// Marks `id` as being refreshed by this thread; `None` when it already is.
    pub fn begin(self: &Rc<Self>, id: Id) -> Option<Busy> {
        self.busy.borrow_mut().insert(id).then(|| Busy {
            known: Rc::clone(self),
            id,
        })
    }

    /// The PHP request is over: nothing is being refreshed any more. A fiber that a fatal error left suspended in a token store
    /// never ends, and its marks would otherwise stay for the life of the process.
    pub fn end_request(&self) {
        if let Ok(mut busy) = self.busy.try_borrow_mut() {
            busy.clear();
        }
    }
}

/// While it lives, its key is being refreshed.
pub struct Busy {
    known: Rc<KnownTokens>,
    id: Id,
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.known.busy.borrow_mut().remove(&self.id);
    }
}
