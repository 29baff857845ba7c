//! A meeting's `settings`: what they are when left out, and what a locked setting makes of them.

mod fields;

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

pub use self::fields::errors;
use self::fields::known;
use crate::in_force::{InForce, default};
use crate::model::{Settings, User, merge};

/// Settings of user and account that, when locked, decide over the meeting's own; some under another name.
const LOCKS: &[(&str, &str)] = &[
    ("in_meeting.waiting_room", "waiting_room"),
    ("in_meeting.watermark", "watermark"),
    (
        "in_meeting.meeting_summary_with_ai_companion.auto_enable",
        "auto_start_meeting_summary",
    ),
    (
        "in_meeting.ai_companion_questions.auto_enable",
        "auto_start_ai_companion_questions",
    ),
    (
        "in_meeting.meeting_summary_with_ai_companion.support_participants_receive_summary",
        "support_participants_receive_summary",
    ),
    (
        "in_meeting.allow_participants_to_transcribe_meetings_with_my_notes",
        "allow_participants_to_transcribe_meetings_with_my_notes",
    ),
    ("schedule_meeting.host_video", "host_video"),
    ("schedule_meeting.participants_video", "participant_video"),
    ("schedule_meeting.audio_type", "audio"),
    ("schedule_meeting.join_before_host", "join_before_host"),
    ("schedule_meeting.mute_upon_entry", "mute_upon_entry"),
    (
        "schedule_meeting.meeting_authentication",
        "meeting_authentication",
    ),
    ("recording.auto_recording", "auto_recording"),
];

/// What Zoom chooses where neither the host nor the account has a say.
static ZOOMS_OWN: LazyLock<Settings> = LazyLock::new(|| {
    let off = || json!({"enable": false});
    let falses = [
        "allow_host_control_participant_mute_state",
        "allow_multiple_devices",
        "alternative_host_update_polls",
        "close_registration",
        "cn_meeting",
        "device_testing",
        "disable_participant_video",
        "email_in_attendee_report",
        "enforce_login",
        "focus_mode",
        "host_save_video_order",
        "in_meeting",
        "internal_meeting",
        "participant_focused_meeting",
        "private_meeting",
        "push_change_to_calendar",
        "request_permission_to_unmute_participants",
        "show_join_info",
        "show_share_button",
        "use_pmi",
    ];
    let mut settings = Settings::from([
        ("alternative_hosts", json!("")),
        ("alternative_hosts_email_notification", json!(true)),
        ("approval_type", json!(2)),
        ("approved_or_denied_countries_or_regions", off()),
        ("breakout_room", off()),
        ("email_notification", json!(true)),
        ("enforce_login_domains", json!("")),
        ("global_dial_in_countries", json!(["DE"])),
        (
            "global_dial_in_numbers",
            json!([{
                "country": "DE", "country_name": "Germany", "city": "Berlin", "number": "+49 30 5550 0100", "type": "toll"
            }]),
        ),
        ("jbh_time", json!(0)),
        ("language_interpretation", off()),
        ("meeting_invitees", json!([])),
        ("question_and_answer", off()),
        ("registrants_confirmation_email", json!(true)),
        ("registrants_email_notification", json!(true)),
        ("resources", json!([])),
        ("sign_language_interpretation", off()),
    ]);
    settings.extend(falses.map(|name| (name, json!(false))));
    settings
});

/// Where the host's settings say what a meeting's are.
const HOSTS: &[(&str, &str)] = &[
    ("schedule_meeting.host_video", "host_video"),
    ("schedule_meeting.participants_video", "participant_video"),
    ("schedule_meeting.join_before_host", "join_before_host"),
    ("schedule_meeting.mute_upon_entry", "mute_upon_entry"),
    ("in_meeting.watermark", "watermark"),
    ("schedule_meeting.audio_type", "audio"),
    ("recording.auto_recording", "auto_recording"),
    ("in_meeting.waiting_room", "waiting_room"),
    (
        "schedule_meeting.meeting_authentication",
        "meeting_authentication",
    ),
    (
        "in_meeting.meeting_summary_with_ai_companion.auto_enable",
        "auto_start_meeting_summary",
    ),
    (
        "in_meeting.meeting_summary_with_ai_companion.who_will_receive_summary",
        "who_will_receive_summary",
    ),
    (
        "in_meeting.meeting_summary_with_ai_companion.support_participants_receive_summary",
        "support_participants_receive_summary",
    ),
    (
        "in_meeting.allow_participants_to_transcribe_meetings_with_my_notes",
        "allow_participants_to_transcribe_meetings_with_my_notes",
    ),
    (
        "in_meeting.ai_companion_questions.auto_enable",
        "auto_start_ai_companion_questions",
    ),
    (
        "in_meeting.ai_companion_questions.who_can_ask_questions",
        "who_can_ask_questions",
    ),
];

/// The settings of a meeting that asks for none: the user's where the user has a say, else Zoom's.
pub fn defaults(in_force: &InForce, host: &User) -> Settings {
    let mut settings = if in_force.is_untouched() {
        UNTOUCHED.clone()
    } else {
        chosen_by(|path| in_force.get(path))
    };
    settings.insert("contact_name", host.display_name().into());
    settings.insert("contact_email", host.email.clone().into());
    settings
}

/// What comes of it for a user who has changed nothing, as almost all are: it is not put together for each meeting.
static UNTOUCHED: LazyLock<Settings> = LazyLock::new(|| chosen_by(default));

fn chosen_by<'a>(setting: impl Fn(&str) -> Option<&'a Value>) -> Settings {
    let user = |path: &str| setting(path).cloned().unwrap_or_default();
    let mut settings = ZOOMS_OWN.clone();
    settings.extend(HOSTS.iter().map(|(path, name)| (*name, user(path))));
    let is_end_to_end = user("in_meeting.e2e_encryption") == true;
    settings.insert("encryption_type", encryption(is_end_to_end));
    settings.insert(
        "continuous_meeting_chat",
        json!({
            "enable": user("schedule_meeting.continuous_meeting_chat.enable"),
            "auto_add_invited_external_users": false, "auto_add_meeting_participants": false
        }),
    );
    settings
}

fn encryption(is_end_to_end: bool) -> Value {
    let kind = if is_end_to_end {
        "e2ee"
    } else {
        "enhanced_encryption"
    };
    kind.into()
}

/// Puts the given settings in, known ones only, then what is locked, then what follows from both.
pub fn change(settings: &mut Settings, given: &Map<String, Value>, in_force: &InForce) {
    for (name, value) in given.iter().filter(|(_, value)| !value.is_null()) {
        let Some(name) = known(name) else {
            continue;
        };
        if let (Some(Value::Object(inner)), Value::Object(change)) = (settings.get_mut(name), value)
        {
            merge(inner, change);
        } else {
            settings.insert(name, value.clone());
        }
    }
    for (path, name) in LOCKS {
        if let Some(value) = in_force.locked(path) {
            settings.insert(name, value.clone());
        }
    }
    if let Some(value) = in_force.locked("schedule_meeting.continuous_meeting_chat.enable")
        && let Some(Value::Object(chat)) = settings.get_mut("continuous_meeting_chat")
    {
        chat.insert("enable".into(), value.clone());
    }
    if let Some(value) = in_force.locked("in_meeting.e2e_encryption") {
        settings.insert("encryption_type", encryption(value == true));
    }
    if settings.get("waiting_room") == Some(&Value::Bool(true)) {
        settings.insert("join_before_host", false.into());
    }
    let is = |name: &str, text: &str| settings.get(name).and_then(Value::as_str) == Some(text);
    if is("encryption_type", "e2ee") && is("auto_recording", "cloud") {
        settings.insert("auto_recording", "none".into());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::BUILT_IN_SEED;

    fn object(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(map) => map,
            _ => panic!("no object"),
        }
    }

    fn meeting(given: Value, locked: Value) -> Settings {
        let mut user = BUILT_IN_SEED.users[1].clone();
        user.locked = object(locked);
        let accounts = BTreeMap::new();
        let in_force = InForce::of(&accounts, &user);
        let mut settings = defaults(&in_force, &user);
        change(&mut settings, &object(given), &in_force);
        settings
    }

    #[test]
    fn a_waiting_room_ends_joining_before_the_host() {
        let settings = meeting(
            json!({"waiting_room": true, "join_before_host": true}),
            json!({}),
        );
        assert_eq!(settings["join_before_host"], false);
        let settings = meeting(
            json!({"waiting_room": false, "join_before_host": true}),
            json!({}),
        );
        assert_eq!(settings["join_before_host"], true);
    }

    #[test]
    fn every_lock_wins_over_what_was_asked() {
        for (path, name) in LOCKS {
            let asked_and_forced = match *name {
                "audio" => ("both", json!("voip")),
                "auto_recording" => ("none", json!("cloud")),
                _ => ("", json!(true)),
            };
            let asked = if asked_and_forced.0.is_empty() {
                json!(false)
            } else {
                json!(asked_and_forced.0)
            };
            let locked = path.rsplit('.').fold(
                asked_and_forced.1.clone(),
                |inner, part| json!({part: inner}),
            );
            let mut given = json!({"waiting_room": false});
            given[*name] = asked;
            assert_eq!(meeting(given, locked)[*name], asked_and_forced.1, "{path}");
        }
    }

    #[test]
    fn what_is_left_out_lets_participants_take_notes_as_the_user_does() {
        let settings = meeting(json!({}), json!({}));
        for name in [
            "allow_participants_to_transcribe_meetings_with_my_notes",
            "support_participants_receive_summary",
        ] {
            assert_eq!(settings[name], true, "{name}");
            assert_eq!(
                meeting(json!({name: false}), json!({}))[name],
                false,
                "{name}"
            );
        }
    }

    #[test]
    fn unknown_settings_are_ignored() {
        let settings = meeting(
            json!({"unheard_of": 1, "continuous_meeting_chat": {"enable": false}}),
            json!({}),
        );
        assert!(!settings.contains_key("unheard_of"));
        assert_eq!(settings["continuous_meeting_chat"]["enable"], false);
        assert_eq!(
            settings["continuous_meeting_chat"]["auto_add_meeting_participants"],
            false
        );
    }
}
