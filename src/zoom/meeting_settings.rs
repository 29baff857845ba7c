//! Zoom's meeting settings: names and types, checked before anything is sent, and our private defaults.

use once_cell::sync::Lazy;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::error::Error;
use super::error::Result;
use super::error_id::ErrorId;

/// The JSON type that Zoom takes for a setting.
#[derive(Clone, Copy, Debug)]
enum Type {
    /// true or false.
    Bool,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// One of these numbers.
    Number(&'static [i64]),
    /// Any object.
    Object,
    /// A list of objects.
    Objects,
    /// A text of at most so many characters.
    Text(usize),
    /// A list of texts.
    Texts,
}

/// Every setting that may be named, in the order of the names. What Zoom calls deprecated is left out.
const SETTINGS: [(&str, Type); 64] = [
    ("additional_data_center_regions", Type::Texts),
    ("allow_host_control_participant_mute_state", Type::Bool),
    ("allow_multiple_devices", Type::Bool),
    (
        "allow_participants_to_transcribe_meetings_with_my_notes",
        Type::Bool,
    ),
    ("alternative_host_manage_cloud_recording", Type::Bool),
    ("alternative_host_manage_meeting_summary", Type::Bool),
    ("alternative_host_update_polls", Type::Bool),
    ("alternative_hosts", Type::Text(1_000)),
    ("alternative_hosts_email_notification", Type::Bool),
    ("approval_type", Type::Number(&[0, 1, 2])),
    ("approved_or_denied_countries_or_regions", Type::Object),
    (
        "audio",
        Type::OneOf(&["both", "telephony", "voip", "thirdParty"]),
    ),
    ("audio_conference_info", Type::Text(2_048)),
    ("authentication_domains", Type::Text(1_000)),
    ("authentication_exception", Type::Objects),
    ("authentication_option", Type::Text(200)),
    ("auto_add_recording_to_video_management", Type::Object),
    ("auto_recording", Type::OneOf(&["local", "cloud", "none"])),
    ("auto_start_ai_companion_questions", Type::Bool),
    ("auto_start_meeting_summary", Type::Bool),
    ("breakout_room", Type::Object),
    ("calendar_type", Type::Number(&[1, 2])),
    ("close_registration", Type::Bool),
    ("contact_email", Type::Text(200)),
    ("contact_name", Type::Text(200)),
    ("continuous_meeting_chat", Type::Object),
    ("custom_keys", Type::Objects),
    ("device_testing", Type::Bool),
    ("disable_participant_video", Type::Bool),
    ("email_in_attendee_report", Type::Bool),
    ("email_notification", Type::Bool),
    (
        "encryption_type",
        Type::OneOf(&["enhanced_encryption", "e2ee"]),
    ),
    ("focus_mode", Type::Bool),
    ("global_dial_in_countries", Type::Texts),
    ("host_save_video_order", Type::Bool),
    ("host_video", Type::Bool),
    ("internal_meeting", Type::Bool),
    ("jbh_time", Type::Number(&[0, 5, 10, 15])),
    ("join_before_host", Type::Bool),
    ("language_interpretation", Type::Object),
    ("meeting_authentication", Type::Bool),
    ("meeting_invitees", Type::Objects),
    ("mute_upon_entry", Type::Bool),
    ("participant_focused_meeting", Type::Bool),
    ("participant_video", Type::Bool),
    ("private_meeting", Type::Bool),
    ("push_change_to_calendar", Type::Bool),
    ("question_and_answer", Type::Object),
    ("registrants_confirmation_email", Type::Bool),
    ("registrants_email_notification", Type::Bool),
    ("registration_type", Type::Number(&[1, 2, 3])),
    ("request_permission_to_unmute_participants", Type::Bool),
    ("resources", Type::Objects),
    ("show_join_info", Type::Bool),
    ("show_share_button", Type::Bool),
    ("sign_language_interpretation", Type::Object),
    ("summary_template_id", Type::Text(200)),
    ("support_participants_receive_summary", Type::Bool),
    ("use_pmi", Type::Bool),
    ("waiting_room", Type::Bool),
    ("waiting_room_options", Type::Object),
    ("watermark", Type::Bool),
    ("who_can_ask_questions", Type::Number(&[1, 2, 3, 4, 5])),
    ("who_will_receive_summary", Type::Number(&[1, 2, 3, 4])),
];

/// The name under which a caller puts on/off settings of Zoom that are newer than [`SETTINGS`].
const UNLISTED: &str = "unlisted";
const LONGEST_NAME: usize = 100;

/// Settings whose echo is compared with what was asked: they decide who gets in and what is kept.
pub(crate) const COMPARED: [&str; 10] = [
    "allow_participants_to_transcribe_meetings_with_my_notes",
    "auto_recording",
    "auto_start_ai_companion_questions",
    "auto_start_meeting_summary",
    "encryption_type",
    "join_before_host",
    "meeting_authentication",
    "support_participants_receive_summary",
    "use_pmi",
    "waiting_room",
];

/// What is always sent, so that no account default makes a visit less private: what is left out, Zoom takes from the user's
/// settings. Patients have no Zoom account, so authentication is off.
#[must_use]
pub(crate) fn private_defaults() -> &'static Map<String, Value> {
    #[allow(clippy::non_std_lazy_statics, reason = "once_cell is the project's")]
    static DEFAULTS: Lazy<Map<String, Value>> = Lazy::new(|| {
        let Value::Object(defaults) = json!({
            "allow_participants_to_transcribe_meetings_with_my_notes": false,
            "alternative_hosts_email_notification": false,
            "approval_type": 2,
            "auto_recording": "none",
            "auto_start_ai_companion_questions": false,
            "auto_start_meeting_summary": false,
            "continuous_meeting_chat": {"enable": false},
            "email_notification": false,
            "join_before_host": false,
            "meeting_authentication": false,
            "registrants_confirmation_email": false,
            "registrants_email_notification": false,
            "support_participants_receive_summary": false,
            "use_pmi": false,
            "waiting_room": true,
        }) else {
            return Map::new();
        };
        defaults
    });
    &DEFAULTS
}

/// Checks names and types, and gives the settings as Zoom takes them: what stood under `unlisted` beside the others.
///
/// # Errors
/// Names the first setting that is not known here or that Zoom takes in another type.
pub(crate) fn checked(mut settings: Map<String, Value>) -> Result<Map<String, Value>> {
    let unlisted = settings.remove(UNLISTED);
    for (name, value) in &settings {
        let Some(kind) = kind_of(name) else {
            return Err(Error::new(
                ErrorId::SettingUnknown,
                format!("Zoom knows no meeting setting '{name}'"),
                "Use the names of Zoom's API, such as waiting_room; topic, time and passcode are no settings. One that is newer than this version goes under 'unlisted', as true or false.",
            ));
        };
        if !kind.takes(value) {
            return Err(Error::new(
                ErrorId::SettingInvalid,
                format!("the meeting setting '{name}' must be {}", kind.words()),
                "Correct the value of the setting.",
            ));
        }
    }
    match unlisted {
        None => {}
        Some(Value::Object(unlisted)) => {
            for (name, value) in &unlisted {
                check_unlisted(name, value)?;
            }
            settings.extend(unlisted);
        }
        // An empty array of PHP.
        Some(Value::Array(none)) if none.is_empty() => {}
        Some(_) => return Err(bad_unlisted(UNLISTED)),
    }
    Ok(settings)
}

/// Whether a setting of this name is known here.
#[must_use]
pub(crate) fn is_listed(name: &str) -> bool {
    kind_of(name).is_some()
}

fn kind_of(name: &str) -> Option<Type> {
    SETTINGS
        .binary_search_by_key(&name, |(known, _)| known)
        .ok()
        .and_then(|found| SETTINGS.get(found))
        .map(|(_, kind)| *kind)
}

/// A setting that is known is not passed unchecked, so that nobody gets used to this way.
fn check_unlisted(name: &str, value: &Value) -> Result<()> {
    if is_listed(name) {
        return Err(Error::new(
            ErrorId::SettingInvalid,
            format!("the meeting setting '{name}' is known and does not belong under '{UNLISTED}'"),
            "Name it among the other settings.",
        ));
    }
    let is_name = name.len() <= LONGEST_NAME
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if is_name && value.is_boolean() {
        return Ok(());
    }
    Err(bad_unlisted(name))
}

fn bad_unlisted(name: &str) -> Error {
    Error::new(
        ErrorId::SettingInvalid,
        format!("the meeting setting '{name}' cannot be passed unlisted"),
        "Give 'unlisted' as names of Zoom's API with true or false, such as ['unlisted' => ['some_new_setting' => false]].",
    )
}

impl Type {
    fn takes(self, value: &Value) -> bool {
        match self {
            Self::Bool => value.is_boolean(),
            Self::Number(allowed) => value
                .as_i64()
                .is_some_and(|number| allowed.contains(&number)),
            Self::Object => value.is_object(),
            Self::Objects => value
                .as_array()
                .is_some_and(|items| items.iter().all(Value::is_object)),
            Self::OneOf(allowed) => value.as_str().is_some_and(|text| allowed.contains(&text)),
            Self::Text(limit) => value
                .as_str()
                .is_some_and(|text| text.chars().count() <= limit),
            Self::Texts => value
                .as_array()
                .is_some_and(|items| items.iter().all(Value::is_string)),
        }
    }

    fn words(self) -> String {
        match self {
            Self::Bool => "true or false".into(),
            Self::Number(allowed) => format!("one of {allowed:?}"),
            Self::Object => "an array with names (an object)".into(),
            Self::Objects => "a list of arrays with names (objects)".into(),
            Self::OneOf(allowed) => format!("one of {}", allowed.join(", ")),
            Self::Text(limit) => format!("a text of at most {limit} characters"),
            Self::Texts => "a list of texts".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    fn check_one(name: &str, value: Value) -> Result<Map<String, Value>> {
        checked(Map::from_iter([(name.to_owned(), value)]))
    }

    #[test]
    fn the_private_defaults_are_valid_settings() {
        assert!(!private_defaults().is_empty());
        checked(private_defaults().clone()).unwrap();
    }

    #[test]
    fn names_are_in_order_so_that_they_are_found() {
        assert!(SETTINGS.is_sorted_by_key(|(name, _)| *name));
        for (name, _) in SETTINGS {
            assert!(is_listed(name), "{name}");
        }
    }

    #[test]
    fn names_and_types_are_checked() {
        check_one("waiting_room", json!(false)).unwrap();
        check_one("jbh_time", json!(10)).unwrap();
        check_one("meeting_invitees", json!([{"email": "a@b.example"}])).unwrap();
        for (name, value) in [
            ("waiting_rooms", json!(true)),
            ("waiting_room", json!("true")),
            ("waiting_room", json!(1)),
            ("jbh_time", json!(7)),
            ("auto_recording", json!("disk")),
            ("alternative_hosts", json!(["a"])),
            ("resources", json!(["a"])),
            ("breakout_room", json!(true)),
            ("cn_meeting", json!(true)),
        ] {
            let error = check_one(name, value).unwrap_err();
            assert!(error.message().contains(name));
        }
    }

    #[test]
    fn compared_settings_exist() {
        for name in COMPARED {
            assert!(is_listed(name), "{name}");
        }
    }

    #[test]
    fn what_listens_and_keeps_is_off_and_compared() {
        for name in [
            "allow_participants_to_transcribe_meetings_with_my_notes",
            "auto_start_ai_companion_questions",
            "auto_start_meeting_summary",
            "support_participants_receive_summary",
        ] {
            assert_eq!(private_defaults().get(name), Some(&json!(false)), "{name}");
            assert!(COMPARED.contains(&name), "{name}");
        }
    }

    #[test]
    fn what_is_newer_goes_beside_the_others_only_when_it_is_said_so() {
        let settings = json!({"waiting_room": false, "unlisted": {"listen_2": false}});
        assert_eq!(
            Value::Object(checked(settings.as_object().unwrap().clone()).unwrap()),
            json!({"waiting_room": false, "listen_2": false})
        );
        assert!(check_one("unlisted", json!([])).unwrap().is_empty());
        for (unlisted, named) in [
            (json!({"waiting_room": false}), "waiting_room"),
            (json!({"listen": "no"}), "listen"),
            (json!({"Listen": false}), "Listen"),
            (json!({"li sten": false}), "li sten"),
            (json!({"": false}), "''"),
            (json!({"unlisted": {"a": true}}), "unlisted"),
            (json!(["listen"]), "unlisted"),
            (json!(false), "unlisted"),
        ] {
            let error = check_one("unlisted", unlisted).unwrap_err();
            assert!(error.message().contains(named), "{error}");
        }
    }
}
