//! fake-zoom: a faithful Zoom to develop, test, simulate, demonstrate and measure against.
//!
//! One state in memory, and one function from request to reply: [`FakeZoom::respond`]. The library runs it without
//! sockets, on a clock that stands until it is told and with chance from a seed, so that the same seed and the same
//! requests give the same answers byte for byte. The program (`main.rs`, [`server`]) runs it on loopback addresses, in
//! real time. What it is faithful to, and what it is not, says its README.
//!
//! ```
//! use fake_zoom::{FakeZoom, Request};
//!
//! let mut zoom = FakeZoom::new(7, "2026-11-30T09:00:00Z".parse()?);
//! let mut request = Request::new("POST", "https://zoom.us/oauth/token");
//! let (id, secret) = ("s2sCliEnTiDeXaMpLe0123", "s2sSeCrEtExAmPlE0123456789abcdef");
//! request.put("content-type", "application/x-www-form-urlencoded");
//! request.body = format!(
//!     "grant_type=account_credentials&account_id=Ab12cDefGhIjKlMnOpQrSt&client_id={id}&client_secret={secret}"
//! )
//! .into();
//! assert_eq!(zoom.respond(&request).status, 200);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Arrows between the modules run one way: what answers (`router`; `api`, `oauth`, `authorize`, `pages`, `control`; the
//! operations in `users` and `meetings`) knows what is asked (`call`, `bearer`, `paging`), which knows the `state` and
//! its parts, which know `clock`, `random` and `message`.

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "in tests these are what fails them"
    )
)]
#![recursion_limit = "512"] // the answers are long JSON literals

mod api;
mod authorize;
mod bearer;
mod call;
mod clock;
mod control;
mod faults;
mod in_force;
mod limits;
mod log;
mod meetings;
mod message;
mod mixed_up;
mod model;
mod oauth;
mod operations;
mod pages;
mod paging;
mod random;
mod router;
mod scopes;
pub mod server;
mod state;
mod tokens;
mod users;

use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

pub use crate::authorize::{Authorized, Refusal};
use crate::clock::Clock;
pub use crate::limits::Writes;
pub use crate::message::{Reply, Request};
pub use crate::mixed_up::LastAnswers;
pub use crate::model::{Account, App, AppKind, Meeting, Plan, User};
use crate::random::Random;
pub use crate::scopes::Scopes;
use crate::state::State;
pub use crate::state::{Decline, HeaderNames, Switches, TokenErrorStyle};
pub use crate::tokens::Grant;

/// One Zoom: its accounts, users, apps, meetings and tokens, its clock and its chance.
///
/// It begins with the built-in seed (`src/seed.json`, described in the README). A clone goes its own way from the
/// moment at which it was made.
#[derive(Clone, Debug)]
pub struct FakeZoom {
    state: State,
}

impl FakeZoom {
    /// A Zoom for simulations: its clock stands at `now` until it is told, its chance comes from `seed`.
    #[must_use]
    pub fn new(seed: u64, now: Timestamp) -> Self {
        Self {
            state: State::new(Clock::standing_at(now), Random::seeded(seed)),
        }
    }

    /// The Zoom of the program: real time and an offset, the system's randomness.
    #[must_use]
    pub fn live() -> Self {
        Self {
            state: State::new(Clock::real(), Random::system()),
        }
    }

    /// Does the work of one request, whatever part of Zoom it is for, and gives the answer.
    ///
    /// All of Zoom's rules are in force, limits too. The faults and the log of the control API are the program's
    /// alone: here nothing is logged, and whoever simulates spoils exchanges around this call.
    pub fn respond(&mut self, request: &Request) -> Reply {
        let mut reply = router::respond(&mut self.state, request);
        let date = clock::http_date(self.state.now());
        reply.headers.push(("Date".to_owned(), date));
        reply
    }

    /// Back to the seed, and to the time and the chance that it began with.
    pub fn reset(&mut self) {
        self.state.reset();
    }
}

/// Time.
impl FakeZoom {
    /// What time it is at this Zoom.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.state.now()
    }

    /// Sets the clock, forwards or back.
    pub fn set_clock(&mut self, to: Timestamp) {
        self.state.clock.set(to);
    }

    /// Moves the clock, back too; `false`, and it stays, where that would be no time any more.
    pub fn advance(&mut self, by: SignedDuration) -> bool {
        self.state.clock.advance(by)
    }
}

/// Accounts, people, apps and switches.
impl FakeZoom {
    /// How this Zoom behaves where Zoom's accounts or versions differ.
    #[must_use]
    pub fn switches(&self) -> &Switches {
        &self.state.switches
    }

    /// The same, to be changed.
    pub fn switches_mut(&mut self) -> &mut Switches {
        &mut self.state.switches
    }

    /// All accounts, by id.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.state.accounts.values()
    }

    /// All users, by id.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.state.users.values()
    }

    /// All apps, by client id.
    pub fn apps(&self) -> impl Iterator<Item = &App> {
        self.state.apps.values()
    }

    /// The user of this id or e-mail address.
    #[must_use]
    pub fn user(&self, id_or_email: &str) -> Option<&User> {
        self.state.user(id_or_email)
    }

    /// The app of this client id.
    #[must_use]
    pub fn app(&self, client_id: &str) -> Option<&App> {
        self.state.apps.get(client_id)
    }

    /// Adds an account, or replaces the one of the same id.
    pub fn put_account(&mut self, account: Account) {
        Arc::make_mut(&mut self.state.accounts).insert(account.id.clone(), account);
    }

    /// Adds a user, or replaces the one of the same id.
    pub fn put_user(&mut self, user: User) {
        Arc::make_mut(&mut self.state.users).insert(user.id.clone(), user);
    }

    /// Adds an app, or replaces the one of the same client id: another secret, other scopes, switched off.
    pub fn put_app(&mut self, app: App) {
        Arc::make_mut(&mut self.state.apps).insert(app.client_id.clone(), app);
    }

    /// The user leaves Zoom; `None` if there was none of this id or e-mail address.
    pub fn remove_user(&mut self, id_or_email: &str) -> Option<User> {
        self.state.remove_user(id_or_email)
    }
}

/// Meetings.
impl FakeZoom {
    /// The meeting of this id, unless it was deleted. One that has expired is still here, though Zoom shows it to nobody:
    /// [`Meeting::has_expired`].
    #[must_use]
    pub fn meeting(&self, id: u64) -> Option<&Meeting> {
        self.state.meetings.get(&id)
    }

    /// All meetings that were not deleted, by id.
    pub fn meetings(&self) -> impl Iterator<Item = &Meeting> {
        self.state.meetings.values()
    }

    /// Those of one host, by id; `host` is the user's id.
    pub fn meetings_of(&self, host: &str) -> impl Iterator<Item = &Meeting> {
        self.meetings()
            .filter(move |meeting| meeting.host_id == host)
    }

    /// The meetings that were deleted, by id.
    pub fn deleted_meetings(&self) -> impl Iterator<Item = &Meeting> {
        self.state.deleted_meetings.values()
    }

    /// The host begins the meeting; `false` if there is none.
    pub fn start_meeting(&mut self, id: u64) -> bool {
        meetings::start(&mut self.state, id)
    }

    /// The host ends the meeting, which then is one that waits; `false` if there is none.
    pub fn end_meeting(&mut self, id: u64) -> bool {
        meetings::end(&mut self.state, id)
    }

    /// The host changes the meeting on Zoom's own pages; `false` if there is none. Its id stays, whatever `change` does.
    pub fn change_meeting(&mut self, id: u64, change: impl FnOnce(&mut Meeting)) -> bool {
        let Some(meeting) = self.state.meetings.get_mut(&id) else {
            return false;
        };
        change(meeting);
        meeting.id = id;
        true
    }

    /// The host deletes the meeting on Zoom's own pages; `false` if there is none.
    pub fn delete_meeting(&mut self, id: u64) -> bool {
        meetings::remove(&mut self.state, id)
    }

    /// The creates and updates for one host on one UTC day; `host` is the user's id. Zoom does no more than a hundred.
    #[must_use]
    pub fn writes(&self, host: &str, day: Date) -> Writes {
        self.state.limits.writes(host, day)
    }
}

/// Grants and tokens.
impl FakeZoom {
    /// What users gave to apps, in the order in which they did: what lives and what has ended.
    pub fn grants(&self) -> impl Iterator<Item = &Grant> {
        self.state.tokens.grants.iter()
    }

    /// The living grant of a user (id or e-mail address) to an app.
    #[must_use]
    pub fn grant(&self, client_id: &str, user: &str) -> Option<&Grant> {
        let user = &self.state.user(user)?.id;
        self.grants().find(|grant| {
            grant.ended.is_none() && grant.client_id == client_id && grant.user_id == *user
        })
    }

    /// The user (id or e-mail address) removes the app at Zoom: the grant and its tokens end. `false` if there was none.
    pub fn revoke_grant(&mut self, client_id: &str, user: &str) -> bool {
        self.state.deauthorize(client_id, user) > 0
    }

    /// Every access token becomes unknown, in both modes; refresh tokens stay.
    pub fn forget_access_tokens(&mut self) {
        self.state.tokens.revoke_access(|_| true);
    }

    /// A user (id or e-mail address) opens `url`, an address of `/oauth/authorize`, and clicks Authorize.
    ///
    /// # Errors
    /// In Zoom's words: why it would show an error, or why that user cannot authorize this app.
    pub fn authorize(&mut self, url: &str, user: &str) -> Result<Authorized, Refusal> {
        let query = url.split_once('?').map_or("", |(_, query)| query);
        let parameters = message::form_pairs(query.as_bytes());
        authorize::authorize_as(&mut self.state, &parameters, user)
    }

    /// A user (id or e-mail address) allows an app what it asks for; what comes back is the code to exchange.
    ///
    /// # Errors
    /// As with [`FakeZoom::authorize`].
    pub fn allow(
        &mut self,
        client_id: &str,
        redirect_uri: &str,
        user: &str,
    ) -> Result<String, Refusal> {
        let parameters = [
            ("response_type", "code"),
            ("client_id", client_id),
            ("redirect_uri", redirect_uri),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        authorize::authorize_as(&mut self.state, &parameters, user).map(|done| done.code)
    }
}
