//! The settings in force for a user, in layers: Zoom's defaults, the account's, the user's, and above them what is locked
//! for the user and for the account.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::model::{Account, DEFAULT_SETTINGS, User, at, default_settings, merge};

/// Looks settings up where they lie, by dotted path.
#[derive(Clone, Copy, Debug)]
pub struct InForce<'a> {
    account: Option<&'a Account>,
    user: &'a User,
}

impl<'a> InForce<'a> {
    pub fn of(accounts: &'a BTreeMap<String, Account>, user: &'a User) -> Self {
        Self {
            account: accounts.get(&user.account_id),
            user,
        }
    }

    /// One setting that has a value of its own, as groups of settings have not.
    pub fn get(&self, path: &str) -> Option<&'a Value> {
        self.locked(path)
            .or_else(|| at(&self.user.settings, path))
            .or_else(|| at(&self.account?.settings, path))
            .or_else(|| at(&DEFAULT_SETTINGS, path))
    }

    /// Whether a setting is `true`.
    pub fn is_on(&self, path: &str) -> bool {
        self.get(path) == Some(&Value::Bool(true))
    }

    /// Such a setting, if it is locked.
    pub fn locked(&self, path: &str) -> Option<&'a Value> {
        self.account
            .and_then(|account| at(&account.locked, path))
            .or_else(|| at(&self.user.locked, path))
    }

    /// All of them, as `GET /users/{id}/settings` shows them.
    pub fn all(&self) -> Map<String, Value> {
        let mut settings = default_settings();
        let layers = [
            self.account.map(|account| &account.settings),
            Some(&self.user.settings),
            Some(&self.user.locked),
            self.account.map(|account| &account.locked),
        ];
        for layer in layers.into_iter().flatten() {
            merge(&mut settings, layer);
        }
        settings
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::BUILT_IN_SEED;

    #[test]
    fn one_setting_is_what_all_of_them_say() {
        let layer = |value: Value| value.as_object().unwrap().clone();
        let mut user = BUILT_IN_SEED.users[1].clone();
        user.settings = layer(
            json!({"in_meeting": {"chat": false, "watermark": true}, "recording": {"auto_recording": "local"}}),
        );
        user.locked = layer(
            json!({"in_meeting": {"watermark": false}, "recording": {"auto_recording": "none"}}),
        );
        let mut account = BUILT_IN_SEED.accounts[0].clone();
        account.settings = layer(json!({"in_meeting": {"chat": true, "private_chat": false}}));
        account.locked = layer(json!({"recording": {"auto_recording": "cloud"}}));
        let accounts = BTreeMap::from([(account.id.clone(), account)]);
        let in_force = InForce::of(&accounts, &user);
        let all = in_force.all();
        for path in [
            "in_meeting.chat",
            "in_meeting.watermark",
            "in_meeting.private_chat",
            "in_meeting.waiting_room",
            "recording.auto_recording",
            "schedule_meeting.hide_meeting_description.enable",
            "no.such.path",
        ] {
            assert_eq!(in_force.get(path), at(&all, path), "{path}");
        }
        let cloud = Some(&json!("cloud"));
        assert_eq!(in_force.get("recording.auto_recording"), cloud);
        assert_eq!(in_force.locked("recording.auto_recording"), cloud);
        assert_eq!(in_force.locked("in_meeting.chat"), None);
        assert!(in_force.is_on("in_meeting.waiting_room") && !in_force.is_on("in_meeting.chat"));
    }
}
