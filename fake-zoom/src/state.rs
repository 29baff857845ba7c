//! The one state that both listeners share, and the switches of the control API.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::{Clock, after};
use crate::faults::Faults;
use crate::in_force::InForce;
use crate::limits::Limits;
use crate::log::Log;
use crate::mixed_up::LastAnswers;
use crate::model::{self, Account, App, Meeting, PastInstance, Seed, User};
use crate::random::Random;
use crate::tokens::Tokens;

/// What `POST /_control/settings` changes: how this Zoom behaves where Zoom's accounts or versions differ.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches of the control API"
)]
pub struct Switches {
    /// Limits of every kind.
    pub rate_limits: bool,
    /// Server-to-Server has no `me`, and a user's token has nothing else.
    pub strict_me: bool,
    /// The token endpoint takes a form body and HTTP Basic only, where Zoom also takes the query and a body's credentials.
    pub strict_query: bool,
    /// `null` leaves the field out of token answers; tokens then live 3599 s.
    pub expires_in: Option<i64>,
    /// Whether token answers hold `api_url`.
    pub send_api_url: bool,
    /// What `api_url` says in place of the address that was asked.
    pub api_url: Option<String>,
    /// The form of errors of the token endpoint.
    pub token_error_style: TokenErrorStyle,
    /// What a click on Decline leads to.
    pub decline: Decline,
    /// Days of disuse that kill a refresh token.
    pub refresh_token_days: i64,
    /// Whether a refresh also kills the access tokens given out before it.
    pub refresh_kills_access: bool,
    /// How answers spell the names of headers.
    pub header_names: HeaderNames,
    /// Whether answers tell the setting of "My Notes", which accounts without it leave out.
    pub echo_my_notes: bool,
}

/// How answers on connections that are opened from now on spell the names of headers, which are the same to HTTP either way.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum HeaderNames {
    /// `x-ratelimit-type`, as all of Zoom's over HTTP/2.
    Lower,
    /// `X-Ratelimit-Type`.
    Title,
}

/// The forms that errors of the token endpoint had over the years.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub enum TokenErrorStyle {
    /// Today's.
    #[serde(rename = "2025")]
    Of2025,
    /// A refused code stands in the text.
    #[serde(rename = "2022")]
    Of2022,
    /// `invalid_grant` without a reason.
    #[serde(rename = "short")]
    Short,
    /// 401 for a dead token.
    #[serde(rename = "401")]
    Of2020,
}

/// What a click on Decline leads to.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Decline {
    /// Back to the app, with `error=access_denied`.
    Redirect,
    /// The browser stays at Zoom.
    Stay,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            rate_limits: true,
            strict_me: true,
            strict_query: false,
            expires_in: Some(3599),
            send_api_url: true,
            api_url: None,
            token_error_style: TokenErrorStyle::Of2025,
            decline: Decline::Redirect,
            refresh_token_days: 90,
            refresh_kills_access: false,
            header_names: HeaderNames::Lower,
            echo_my_notes: true,
        }
    }
}

/// A key to host meetings as one user, part of every start URL.
#[derive(Clone, Debug)]
pub struct Zak {
    pub user_id: String,
    pub expires_at: Timestamp,
}

/// A place in a list, for `next_page_token`.
#[derive(Clone, Debug)]
pub struct PageToken {
    /// The list it belongs to.
    pub list: String,
    pub offset: usize,
    pub expires_at: Timestamp,
}

/// The built-in seed by id, which all states share until they change it.
struct BuiltIn {
    accounts: Arc<BTreeMap<String, Account>>,
    users: Arc<BTreeMap<String, User>>,
    apps: Arc<BTreeMap<String, App>>,
}

static BUILT_IN: LazyLock<BuiltIn> = LazyLock::new(|| {
    let seed = model::BUILT_IN_SEED.clone();
    let mut built_in = BuiltIn {
        accounts: Arc::default(),
        users: Arc::default(),
        apps: Arc::default(),
    };
    extend(&mut built_in.accounts, seed.accounts, |account| &account.id);
    extend(&mut built_in.users, seed.users, |user| &user.id);
    extend(&mut built_in.apps, seed.apps, |app| &app.client_id);
    built_in
});

/// Adds or replaces by id.
fn extend<T: Clone>(known: &mut Arc<BTreeMap<String, T>>, new: Vec<T>, id: impl Fn(&T) -> &String) {
    let new = new.into_iter().map(|item| (id(&item).clone(), item));
    Arc::make_mut(known).extend(new);
}

#[derive(Clone, Debug)]
pub struct State {
    pub clock: Clock,
    pub random: Random,
    pub switches: Switches,
    pub accounts: Arc<BTreeMap<String, Account>>,
    pub users: Arc<BTreeMap<String, User>>,
    pub apps: Arc<BTreeMap<String, App>>,
    pub tokens: Tokens,
    pub meetings: BTreeMap<u64, Meeting>,
    pub deleted_meetings: BTreeMap<u64, Meeting>,
    pub past: Vec<PastInstance>,
    pub zaks: BTreeMap<String, Zak>,
    pub page_tokens: BTreeMap<String, PageToken>,
    pub limits: Limits,
    pub faults: Faults,
    pub last_answers: LastAnswers,
    pub log: Log,
    /// Connections accepted since the start of the process.
    pub connections: u64,
    uuids: u64,
}

impl State {
    /// The built-in seed, and nothing that happened yet.
    pub fn new(clock: Clock, random: Random) -> Self {
        Self {
            clock,
            random,
            switches: Switches::default(),
            accounts: Arc::clone(&BUILT_IN.accounts),
            users: Arc::clone(&BUILT_IN.users),
            apps: Arc::clone(&BUILT_IN.apps),
            tokens: Tokens::default(),
            meetings: BTreeMap::new(),
            deleted_meetings: BTreeMap::new(),
            past: Vec::new(),
            zaks: BTreeMap::new(),
            page_tokens: BTreeMap::new(),
            limits: Limits::default(),
            faults: Faults::default(),
            last_answers: LastAnswers::default(),
            log: Log::default(),
            connections: 0,
            uuids: 0,
        }
    }

    /// Back to the seed. Connections and requests under way go on, so their numbers do too.
    pub fn reset(&mut self) {
        let mut fresh = Self::new(self.clock.reset(), self.random.reset());
        fresh.connections = self.connections;
        fresh.log = std::mem::take(&mut self.log);
        fresh.log.clear();
        *self = fresh;
    }

    /// Adds or replaces by id.
    pub fn seed(&mut self, seed: Seed) {
        extend(&mut self.accounts, seed.accounts, |account| &account.id);
        extend(&mut self.users, seed.users, |user| &user.id);
        extend(&mut self.apps, seed.apps, |app| &app.client_id);
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// By id or e-mail; ids are case-sensitive, e-mails are not.
    pub fn user(&self, id_or_email: &str) -> Option<&User> {
        self.users.get(id_or_email).or_else(|| {
            self.users
                .values()
                .find(|user| user.email.eq_ignore_ascii_case(id_or_email))
        })
    }

    /// The user leaves Zoom.
    pub fn remove_user(&mut self, id_or_email: &str) -> Option<User> {
        let id = self.user(id_or_email)?.id.clone();
        Arc::make_mut(&mut self.users).remove(&id)
    }

    /// A user (id or e-mail) removes an app at Zoom; says how many grants that ended.
    pub fn deauthorize(&mut self, client_id: &str, user: &str) -> usize {
        let Some(user) = self.user(user).map(|user| user.id.clone()) else {
            return 0;
        };
        self.tokens.end_grants("deauthorized", |grant| {
            grant.client_id == client_id && grant.user_id == user
        })
    }

    pub fn next_uuid(&mut self) -> String {
        self.uuids += 1;
        self.random.meeting_uuid(self.uuids - 1)
    }

    pub fn new_zak(&mut self, user_id: &str, seconds: i64) -> String {
        let now = self.now();
        if self.zaks.len() >= 10_000 {
            self.zaks.retain(|_, zak| zak.expires_at > now);
        }
        let zak = self.random.token("zak", user_id);
        self.zaks.insert(
            zak.clone(),
            Zak {
                user_id: user_id.to_owned(),
                expires_at: after(now, seconds),
            },
        );
        zak
    }

    /// The settings in force for a user.
    pub fn in_force<'a>(&'a self, user: &'a User) -> InForce<'a> {
        InForce::of(&self.accounts, user)
    }
}
