//! What exists at Zoom: accounts, users, apps, meetings. Plain data, as the seed gives it and the control API shows it.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::scopes::Scopes;

/// The plan of an account decides its rate limits.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub enum Plan {
    /// Without a fee.
    Free,
    /// Pro.
    Pro,
    /// Business, Education, Enterprise.
    Business,
}

/// An account at Zoom: a company's, or one person's.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// Its id.
    pub id: String,
    /// The company's name.
    #[serde(default)]
    pub name: String,
    /// Zoom's number for it.
    #[serde(default)]
    pub number: u64,
    /// Its plan.
    #[serde(default = "pro")]
    pub plan: Plan,
    /// `false`: every API call answers "Account does not enabled REST API."
    #[serde(default = "yes")]
    pub rest_api: bool,
    /// Settings in the shape of `GET /users/{id}/settings`, beneath those of the user.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// The same shape: locked for everybody, above the user's settings and above what a meeting asks for.
    #[serde(default)]
    pub locked: Map<String, Value>,
}

/// A user of an account.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Its id, 22 characters.
    pub id: String,
    /// The account it belongs to.
    pub account_id: String,
    /// The e-mail address, which names it too.
    pub email: String,
    /// First name.
    #[serde(default)]
    pub first_name: String,
    /// Last name.
    #[serde(default)]
    pub last_name: String,
    /// 1 Basic, 2 Licensed, 4 Unassigned, 99 None.
    #[serde(rename = "type", default = "licensed")]
    pub kind: u8,
    /// "0" owner, "1" administrator, "2" member.
    #[serde(default = "member")]
    pub role_id: String,
    /// pending, active, inactive.
    #[serde(default = "active")]
    pub status: String,
    /// IANA name of the zone in which times without one are read.
    #[serde(default = "utc_zone")]
    pub timezone: String,
    /// The number of the personal meeting; 0 for none.
    #[serde(default)]
    pub pmi: u64,
    /// `false`: code 3161 on everything that hosts or schedules.
    #[serde(default = "yes")]
    pub can_host: bool,
    /// `false`: "Access to the Zoom REST API has been denied for this user."
    #[serde(default = "yes")]
    pub rest_api: bool,
    /// `true`: code 1120 on reading the user.
    #[serde(default)]
    pub invitation_expired: bool,
    /// Ids of users for whom this user may schedule.
    #[serde(default)]
    pub may_schedule_for: Vec<String>,
    /// Settings in the shape of `GET /users/{id}/settings`.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// Locked by a group of the account: above the user's settings and above what a meeting asks for.
    #[serde(default)]
    pub locked: Map<String, Value>,
}

impl User {
    /// Both names, as one.
    #[must_use]
    pub fn display_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
            .trim()
            .to_owned()
    }

    /// Whether this user can hold meetings.
    #[must_use]
    pub fn may_host(&self) -> bool {
        self.can_host && matches!(self.kind, 1 | 2)
    }

    /// Whether the status is `active`.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == "active"
    }
}

/// What an app is.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum AppKind {
    /// A General app: authorization code. User-managed, or account-managed if its scopes end in `:admin`.
    User,
    /// A Server-to-Server OAuth app.
    S2s,
}

/// An app that asks for access.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches of an app at Zoom"
)]
pub struct App {
    /// Its id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// What it is.
    pub kind: AppKind,
    /// The account that owns the app.
    pub account_id: String,
    /// `false`: its tokens are refused, and it gets none.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Published or shared: users of other accounts may authorize it.
    #[serde(default = "yes")]
    pub shared: bool,
    /// The allow list: prefixes, or whole addresses with `strict_redirect`.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Zoom's "Strict Mode URL".
    #[serde(default)]
    pub strict_redirect: bool,
    /// Whether the authorize request may name scopes.
    #[serde(default)]
    pub optional_scopes: bool,
    /// What it may ask for; in JSON a list or a space-separated text.
    pub scopes: Scopes,
}

fn yes() -> bool {
    true
}
fn pro() -> Plan {
    Plan::Pro
}
fn licensed() -> u8 {
    2
}
fn member() -> String {
    "2".to_owned()
}
fn active() -> String {
    "active".to_owned()
}
fn utc_zone() -> String {
    "UTC".to_owned()
}

/// What the seed and `POST /_control/seed` hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seed {
    pub accounts: Vec<Account>,
    pub users: Vec<User>,
    pub apps: Vec<App>,
}

/// The seed that every start and every reset begins with. It is part of the program; a test reads it too, so that it
/// is never empty here.
pub static BUILT_IN_SEED: LazyLock<Seed> = LazyLock::new(|| built_in_seed().unwrap_or_default());

fn built_in_seed() -> serde_json::Result<Seed> {
    serde_json::from_str(include_str!("seed.json"))
}

/// The settings of a meeting, by their names in the API: all of them are known.
pub type Settings = BTreeMap<&'static str, Value>;

/// A meeting, as Zoom holds it.
#[derive(Clone, Debug)]
pub struct Meeting {
    /// Eleven digits.
    pub id: u64,
    /// The UUID of its present instance: another one after each that ended.
    pub uuid: String,
    /// The id of the user who hosts it.
    pub host_id: String,
    /// The host's account.
    pub account_id: String,
    /// Who scheduled it, if that was not the host.
    pub assistant_id: Option<String>,
    /// The topic, whatever the account hides.
    pub topic: String,
    /// 1 instant, 2 scheduled, 3 recurring without a time, 8 recurring, 10 screen sharing only.
    pub kind: i64,
    /// Set while the meeting runs.
    pub started_at: Option<Timestamp>,
    /// When it begins.
    pub start: Timestamp,
    /// How long it takes.
    pub minutes: i64,
    /// IANA name of its zone.
    pub timezone: String,
    /// The agenda, whatever the account hides. The reference of a visit stands in it.
    pub agenda: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// The passcode.
    pub password: Option<String>,
    pub(crate) encrypted_password: String,
    pub(crate) pre_schedule: bool,
    pub(crate) recurrence: Option<Value>,
    pub(crate) occurrences: Vec<Value>,
    pub(crate) tracking_fields: Vec<Value>,
    pub(crate) settings: Settings,
    /// Name of the app that made it: `source` of a past meeting.
    pub source: String,
}

impl Meeting {
    pub(crate) const INSTANT: i64 = 1;
    pub(crate) const SCHEDULED: i64 = 2;
    pub(crate) const RECURRING_NO_TIME: i64 = 3;
    pub(crate) const RECURRING: i64 = 8;

    pub(crate) fn status(&self) -> &'static str {
        if self.started_at.is_some() {
            "started"
        } else {
            "waiting"
        }
    }

    /// One of its settings, by its name in the API.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&Value> {
        self.settings.get(name)
    }

    /// Zoom forgets a scheduled or instant meeting 30 days after its time, a recurring one after 365.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        let days = if matches!(self.kind, Self::RECURRING_NO_TIME | Self::RECURRING) {
            365
        } else {
            30
        };
        self.started_at.is_none() && crate::clock::after(self.start, days * 86_400) < now
    }

    pub(crate) fn has_no_time(&self) -> bool {
        matches!(self.kind, Self::INSTANT | Self::RECURRING_NO_TIME)
    }
}

/// One run of a meeting that has ended.
#[derive(Clone, Debug)]
pub struct PastInstance {
    pub meeting: Meeting,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
}

/// Merges `over` into `base`, object by object; anything but an object replaces what was there.
pub fn merge(base: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (key, value) in over {
        match (base.get_mut(key), value) {
            (Some(Value::Object(inner)), Value::Object(change)) => merge(inner, change),
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

/// The value at a dotted path.
pub fn at<'a>(tree: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if tree.is_empty() {
        return None;
    }
    let mut parts = path.split('.');
    let mut value = tree.get(parts.next()?)?;
    for part in parts {
        value = value.get(part)?;
    }
    Some(value)
}

/// Settings of a user to whom nobody has changed anything.
pub static DEFAULT_SETTINGS: LazyLock<Map<String, Value>> = LazyLock::new(|| {
    let tree = json!({
        "schedule_meeting": {
            "host_video": true, "participants_video": true, "audio_type": "both", "join_before_host": false,
            "personal_meeting": true, "use_pmi_for_scheduled_meetings": false, "use_pmi_for_instant_meetings": false,
            "require_password_for_scheduling_new_meetings": true, "require_password_for_scheduled_meetings": true,
            "require_password_for_instant_meetings": true, "require_password_for_pmi_meetings": "all",
            "pstn_password_protected": true, "embed_password_in_join_link": true, "mute_upon_entry": false,
            "meeting_authentication": false,
            "always_display_zoom_meeting_as_topic": {"enable": false, "display_topic_for_scheduled_meetings": false},
            "hide_meeting_description": {"enable": false, "hide_description_for_scheduled_meetings": false},
            "meeting_password_requirement": {
                "length": 6, "consecutive_characters_length": 0, "have_letter": false, "have_number": true,
                "have_special_character": false, "have_upper_and_lower_characters": false,
                "only_allow_numeric": false, "weak_enhance_detection": false
            },
            "continuous_meeting_chat": {
                "enable": true, "can_add_external_users": true, "auto_add_invited_external_users": true,
                "support_instant_meetings": true, "support_scheduled_meetings": true
            }
        },
        "in_meeting": {
            "waiting_room": true, "e2e_encryption": false, "chat": true, "private_chat": true, "breakout_room": false,
            "watermark": false, "allow_participants_to_transcribe_meetings_with_my_notes": true,
            "meeting_summary_with_ai_companion": {
                "enable": false, "auto_enable": false, "who_will_receive_summary": 1, "support_participants_receive_summary": true
            },
            "ai_companion_questions": {"enable": false, "auto_enable": false, "who_can_ask_questions": 1}
        },
        "email_notification": {
            "jbh_reminder": true, "cancel_meeting_reminder": true, "alternative_host_reminder": true,
            "schedule_for_reminder": true, "cloud_recording_available_reminder": true
        },
        "recording": {"local_recording": false, "cloud_recording": false, "auto_recording": "none"},
        "feature": {
            "meeting_capacity": 100, "large_meeting": false, "webinar": false, "cn_meeting": false, "in_meeting": false,
            "concurrent_meeting": "Basic", "zoom_phone": false
        }
    });
    match tree {
        Value::Object(map) => map,
        _ => Map::new(),
    }
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_is_whole() {
        let seed = built_in_seed().unwrap();
        assert_eq!(
            (seed.accounts.len(), seed.users.len(), seed.apps.len()),
            (2, 7, 4)
        );
        for user in &seed.users {
            assert_eq!(user.id.len(), 22, "{}", user.id);
            assert!(
                seed.accounts
                    .iter()
                    .any(|account| account.id == user.account_id)
            );
        }
        assert!(seed.apps.iter().all(|app| !app.scopes.is_empty()));
    }

    #[test]
    fn merge_keeps_what_is_not_named() {
        let mut settings = DEFAULT_SETTINGS.clone();
        let Value::Object(change) = json!({"in_meeting": {"waiting_room": false}}) else {
            unreachable!()
        };
        merge(&mut settings, &change);
        assert_eq!(
            at(&settings, "in_meeting.waiting_room"),
            Some(&json!(false))
        );
        assert_eq!(at(&settings, "in_meeting.chat"), Some(&json!(true)));
        assert_eq!(at(&settings, "in_meeting.nothing.there"), None);
    }
}
