//! `GET /users/{userId}` and `GET /users`, and the walk through pages.

use std::collections::HashSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Client;
use super::about_another;
use crate::zoom::api::Operation;
use crate::zoom::error::Error;
use crate::zoom::error::Result;
use crate::zoom::error_id::ErrorId;
use crate::zoom::host::Host;
use crate::zoom::user::User;

/// Zoom's largest page.
const PAGE_SIZE: &str = "300";
/// Pages after which a list is taken for endless: 300,000 items.
const MAX_PAGES: usize = 1_000;
/// A place in a list lapses after 15 minutes; so often the list is begun again.
const MAX_RESTARTS: usize = 2;
/// What Zoom says to a `next_page_token` that it does not know (any longer).
const LAPSED: i64 = 300;

#[derive(Deserialize)]
struct UserPage {
    #[serde(default)]
    next_page_token: Option<String>,
    #[serde(default)]
    users: Vec<User>,
}

impl Client {
    /// One user: the connected doctor, or the named user of the account.
    ///
    /// # Errors
    /// When Zoom does not know the user, or answers about another one than the id names.
    pub fn user(&self, host: Option<&Host>) -> Result<User> {
        let reply = self.api.call(&Operation::get(self.user_path(host)?))?;
        let user: User = reply.json()?;
        match host.and_then(Host::user_id) {
            Some(id) if id != user.id() => {
                Err(about_another("user").with_tracking_id(reply.response.tracking_id()))
            }
            _ => Ok(user),
        }
    }

    /// All active users of the account.
    ///
    /// # Errors
    /// In OAuth mode, where there is no account to list; else whatever stands in its way.
    pub fn users(&self) -> Result<Vec<User>> {
        if !self.is_account() {
            return Err(Error::new(
                ErrorId::UsersNotListable,
                "only a Server-to-Server app can list the account's users",
                "With OAuth 2.0 ask for the connected user with user().",
            ));
        }
        self.pages("/users", &[("status", "active")], |page: UserPage| {
            (page.users, page.next_page_token.unwrap_or_default())
        })
    }

    /// One page of a list; the first one with an empty token.
    pub(super) fn page<P: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&'static str, &str)],
        token: &str,
    ) -> Result<P> {
        let mut operation = Operation::get(path.to_owned()).with("page_size", PAGE_SIZE);
        for (name, value) in query {
            operation = operation.with(name, *value);
        }
        if !token.is_empty() {
            operation = operation.with("next_page_token", token);
        }
        self.api
            .call(&operation)
            .map_err(|error| match error.zoom_code() {
                Some(LAPSED) if !token.is_empty() => lapsed(&error),
                _ => error,
            })?
            .json()
    }

    /// Follows `next_page_token` to the end; begins again where Zoom no longer knows the place.
    pub(super) fn pages<P: DeserializeOwned, T>(
        &self,
        path: &str,
        query: &[(&'static str, &str)],
        split: impl Fn(P) -> (Vec<T>, String),
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        let mut token = String::new();
        let mut seen = HashSet::new();
        let mut restarts = 0;
        for _ in 0..MAX_PAGES {
            let page = match self.page(path, query, &token) {
                Err(error) if error.id() == ErrorId::ListPlaceLapsed && restarts < MAX_RESTARTS => {
                    restarts += 1;
                    all.clear();
                    seen.clear();
                    token.clear();
                    continue;
                }
                page => page?,
            };
            let (items, next) = split(page);
            all.extend(items);
            if next.is_empty() {
                return Ok(all);
            }
            if !seen.insert(next.clone()) {
                break;
            }
            token = next;
        }
        Err(Error::new(
            ErrorId::ListEndless,
            "Zoom's list does not end",
            "Try again in a minute.",
        ))
    }
}

fn lapsed(error: &Error) -> Error {
    let lapsed = Error::new(
        ErrorId::ListPlaceLapsed,
        "Zoom no longer knows the place in its list",
        "Begin the list again.",
    );
    lapsed
        .with_status(error.status().unwrap_or_default(), error.zoom_code())
        .with_tracking_id(error.tracking_id().map(str::to_owned))
}

#[cfg(test)]
mod tests;
