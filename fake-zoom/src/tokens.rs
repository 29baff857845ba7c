//! Authorization codes, grants and access tokens: who holds what, and when it dies.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::random::Random;
use crate::scopes::Scopes;

/// An authorization code: single use, five minutes.
#[derive(Clone, Debug)]
pub struct Code {
    pub client_id: String,
    pub user_id: String,
    pub redirect_uri: String,
    pub challenge: Option<Challenge>,
    pub scopes: Scopes,
    pub expires_at: Timestamp,
    pub used: bool,
}

/// PKCE, RFC 7636.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    Plain(String),
    S256(String),
}

/// What a user gave to an app. There is at most one living grant per user and app.
#[derive(Clone, Debug)]
pub struct Grant {
    /// A number, in the order in which they were given.
    pub id: u64,
    /// The app.
    pub client_id: String,
    /// The user's id.
    pub user_id: String,
    /// What the app may do.
    pub scopes: Scopes,
    /// The newest access token.
    pub access_token: String,
    /// The one refresh token that is good.
    pub refresh_token: String,
    /// When it dies of disuse.
    pub refresh_expires_at: Timestamp,
    /// When the code was exchanged.
    pub created_at: Timestamp,
    /// How often it was refreshed.
    pub refreshed: u64,
    /// Why it ended; `None` while it lives.
    pub ended: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// The user of a grant.
    Grant(u64),
    /// A Server-to-Server app, acting as its account.
    ServerToServer,
    /// `client_credentials`: good for chat bots only, refused by the REST API.
    Chatbot,
}

#[derive(Clone, Debug)]
pub struct AccessToken {
    pub client_id: String,
    pub holder: Holder,
    pub scopes: Scopes,
    pub expires_at: Timestamp,
    pub revoked: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Tokens {
    pub codes: BTreeMap<String, Code>,
    pub grants: Vec<Grant>,
    pub access: BTreeMap<String, AccessToken>,
    next_grant: u64,
}

impl Tokens {
    pub fn new_code(&mut self, random: &mut Random, code: Code) -> String {
        let text = random.alphanumeric(33);
        self.codes.insert(text.clone(), code);
        text
    }

    pub fn new_access(&mut self, random: &mut Random, subject: &str, token: AccessToken) -> String {
        let text = random.token("access_token", subject);
        self.access.insert(text.clone(), token);
        text
    }

    /// Starts a grant, which ends the earlier one of this user and app.
    pub fn new_grant(
        &mut self,
        random: &mut Random,
        code: &Code,
        now: Timestamp,
        access_ends: Timestamp,
        refresh_ends: Timestamp,
    ) -> Grant {
        self.end_grants("newer authorization", |grant| {
            grant.client_id == code.client_id && grant.user_id == code.user_id
        });
        self.next_grant += 1;
        let id = self.next_grant;
        let access_token = self.new_access(
            random,
            &code.user_id,
            AccessToken {
                client_id: code.client_id.clone(),
                holder: Holder::Grant(id),
                scopes: code.scopes.clone(),
                expires_at: access_ends,
                revoked: false,
            },
        );
        let grant = Grant {
            id,
            client_id: code.client_id.clone(),
            user_id: code.user_id.clone(),
            scopes: code.scopes.clone(),
            access_token,
            refresh_token: random.token("refresh_token", &code.user_id),
            refresh_expires_at: refresh_ends,
            created_at: now,
            refreshed: 0,
            ended: None,
        };
        self.grants.push(grant.clone());
        grant
    }

    /// The living grant with this refresh token.
    pub fn refreshable(
        &self,
        refresh_token: &str,
        client_id: &str,
        now: Timestamp,
    ) -> Option<&Grant> {
        self.grants.iter().find(|grant| {
            grant.ended.is_none()
                && grant.refresh_token == refresh_token
                && grant.client_id == client_id
                && grant.refresh_expires_at > now
        })
    }

    /// Replaces both tokens of a grant; the old refresh token is dead at once.
    pub fn rotate(
        &mut self,
        random: &mut Random,
        id: u64,
        access_ends: Timestamp,
        refresh_ends: Timestamp,
        kill_access: bool,
    ) -> Option<Grant> {
        if kill_access {
            self.revoke_access(|token| token.holder == Holder::Grant(id));
        }
        let position = self.grants.iter().position(|grant| grant.id == id)?;
        let mut grant = self.grants.get(position)?.clone();
        grant.access_token = self.new_access(
            random,
            &grant.user_id,
            AccessToken {
                client_id: grant.client_id.clone(),
                holder: Holder::Grant(id),
                scopes: grant.scopes.clone(),
                expires_at: access_ends,
                revoked: false,
            },
        );
        grant.refresh_token = random.token("refresh_token", &grant.user_id);
        grant.refresh_expires_at = refresh_ends;
        grant.refreshed += 1;
        *self.grants.get_mut(position)? = grant.clone();
        Some(grant)
    }

    /// Ends the living grants that `which` picks, with all their access tokens; says how many.
    pub fn end_grants(&mut self, why: &'static str, which: impl Fn(&Grant) -> bool) -> usize {
        let mut ended = BTreeSet::new();
        for grant in self
            .grants
            .iter_mut()
            .filter(|grant| grant.ended.is_none() && which(grant))
        {
            grant.ended = Some(why);
            ended.insert(grant.id);
        }
        self.revoke_access(
            |token| matches!(token.holder, Holder::Grant(id) if ended.contains(&id)),
        );
        ended.len()
    }

    pub fn revoke_access(&mut self, which: impl Fn(&AccessToken) -> bool) {
        for token in self.access.values_mut().filter(|token| which(token)) {
            token.revoked = true;
        }
    }

    pub fn grant(&self, id: u64) -> Option<&Grant> {
        self.grants.iter().find(|grant| grant.id == id)
    }
}
