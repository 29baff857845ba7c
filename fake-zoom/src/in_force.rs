//! The settings in force for a user, in layers: Zoom's defaults, the account's, the user's, and above them what is locked
//! for the user and for the account.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::model::{Account, DEFAULT_SETTINGS, User, at, merge};

/// Looks settings up where they lie, by dotted path.
#[derive(Clone, Copy, Debug)]
pub struct InForce<'a> {
    account: Option<&'a Account>,
    user: &'a User,
}

/// The defaults that have a value of their own, by dotted path.
static DEFAULTS_BY_PATH: LazyLock<HashMap<String, Value>> = LazyLock::new(|| {
    let mut found = HashMap::new();
    flatten("", &DEFAULT_SETTINGS, &mut found);
    found
});

/// Zoom's default of one setting that has a value of its own.
pub fn default(path: &str) -> Option<&'static Value> {
    DEFAULTS_BY_PATH.get(path)
}

fn flatten(prefix: &str, group: &Map<String, Value>, found: &mut HashMap<String, Value>) {
    for (name, value) in group {
        let path = format!("{prefix}{name}");
        match value {
            Value::Object(inner) => flatten(&format!("{path}."), inner, found),
            _ => {
                found.insert(path, value.clone());
            }
        }
    }
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
            .or_else(|| default(path))
    }

    /// Whether nobody has changed or locked anything, so that all is as [`default`] says.
    pub fn is_untouched(&self) -> bool {
        let is_bare = |settings: &Map<String, Value>, locked: &Map<String, Value>| {
            settings.is_empty() && locked.is_empty()
        };
        is_bare(&self.user.settings, &self.user.locked)
            && self
                .account
                .is_none_or(|account| is_bare(&account.settings, &account.locked))
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
    pub fn all(&self) -> Cow<'static, Map<String, Value>> {
        let mut settings = Cow::Borrowed(&*DEFAULT_SETTINGS);
        let layers = [
            self.account.map(|account| &account.settings),
            Some(&self.user.settings),
            Some(&self.user.locked),
            self.account.map(|account| &account.locked),
        ];
        let layers = layers.into_iter().flatten();
        for layer in layers.filter(|layer| !layer.is_empty()) {
            merge(settings.to_mut(), layer);
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
        assert!(!in_force.is_untouched());
        assert_eq!(default("in_meeting.chat"), Some(&json!(true)));
        let bare = &BUILT_IN_SEED.users[1];
        assert!(InForce::of(&BTreeMap::new(), bare).is_untouched());
        assert!(!InForce::of(&accounts, bare).is_untouched());
    }
}
