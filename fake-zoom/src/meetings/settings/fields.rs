//! What a meeting's `settings` may hold.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use crate::meetings::{INVALID, MISSING};

/// What a value must look like.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Bool,
    Text,
    /// At most so many characters.
    Short(usize),
    OneOf(&'static [&'static str]),
    Number(&'static [i64]),
    List,
    Object(&'static [(&'static str, Kind)]),
}

use Kind::{Bool, List, Number, Object, OneOf, Short, Text};

/// Every field of section 3.5 of the reference.
const FIELDS: &[(&str, Kind)] = &[
    ("waiting_room", Bool),
    (
        "waiting_room_options",
        Object(&[
            ("mode", OneOf(&["follow_setting", "custom"])),
            (
                "who_goes_to_waiting_room",
                OneOf(&[
                    "everyone",
                    "users_not_in_account",
                    "users_not_in_account_or_whitelisted_domains",
                    "users_not_on_invite",
                ]),
            ),
        ]),
    ),
    ("join_before_host", Bool),
    ("jbh_time", Number(&[0, 5, 10, 15])),
    ("host_video", Bool),
    ("participant_video", Bool),
    ("mute_upon_entry", Bool),
    ("auto_recording", OneOf(&["local", "cloud", "none"])),
    ("approval_type", Number(&[0, 1, 2])),
    ("registration_type", Number(&[1, 2, 3])),
    ("alternative_hosts", Text),
    ("alternative_hosts_email_notification", Bool),
    ("alternative_host_update_polls", Bool),
    ("alternative_host_manage_meeting_summary", Bool),
    ("alternative_host_manage_cloud_recording", Bool),
    ("meeting_invitees", List),
    ("encryption_type", OneOf(&["enhanced_encryption", "e2ee"])),
    ("private_meeting", Bool),
    ("calendar_type", Number(&[1, 2])),
    ("meeting_authentication", Bool),
    ("authentication_option", Text),
    ("authentication_domains", Text),
    ("authentication_name", Text),
    ("authentication_exception", List),
    ("audio", OneOf(&["both", "telephony", "voip", "thirdParty"])),
    ("audio_conference_info", Short(2048)),
    ("use_pmi", Bool),
    ("email_notification", Bool),
    ("registrants_confirmation_email", Bool),
    ("registrants_email_notification", Bool),
    ("close_registration", Bool),
    ("show_share_button", Bool),
    ("allow_multiple_devices", Bool),
    ("contact_name", Text),
    ("contact_email", Text),
    (
        "breakout_room",
        Object(&[("enable", Bool), ("rooms", List)]),
    ),
    (
        "continuous_meeting_chat",
        Object(&[
            ("enable", Bool),
            (
                "who_is_added",
                OneOf(&["all_users", "org_invitees_and_participants", "org_invitees"]),
            ),
            ("auto_add_invited_external_users", Bool),
            ("auto_add_meeting_participants", Bool),
        ]),
    ),
    (
        "approved_or_denied_countries_or_regions",
        Object(&[
            ("enable", Bool),
            ("method", OneOf(&["approve", "deny"])),
            ("approved_list", List),
            ("denied_list", List),
        ]),
    ),
    ("additional_data_center_regions", List),
    ("global_dial_in_countries", List),
    ("global_dial_in_numbers", List),
    ("custom_keys", List),
    ("focus_mode", Bool),
    ("watermark", Bool),
    ("host_save_video_order", Bool),
    ("internal_meeting", Bool),
    ("participant_focused_meeting", Bool),
    ("push_change_to_calendar", Bool),
    ("device_testing", Bool),
    ("disable_participant_video", Bool),
    ("allow_host_control_participant_mute_state", Bool),
    ("request_permission_to_unmute_participants", Bool),
    ("email_in_attendee_report", Bool),
    ("auto_start_meeting_summary", Bool),
    ("who_will_receive_summary", Number(&[1, 2, 3, 4])),
    ("auto_start_ai_companion_questions", Bool),
    ("who_can_ask_questions", Number(&[1, 2, 3, 4, 5])),
    ("summary_template_id", Text),
    ("support_participants_receive_summary", Bool),
    (
        "allow_participants_to_transcribe_meetings_with_my_notes",
        Bool,
    ),
    (
        "question_and_answer",
        Object(&[
            ("enable", Bool),
            ("allow_submit_questions", Bool),
            ("allow_anonymous_questions", Bool),
            ("question_visibility", OneOf(&["answered", "all"])),
            ("attendees_can_comment", Bool),
            ("attendees_can_upvote", Bool),
        ]),
    ),
    (
        "language_interpretation",
        Object(&[("enable", Bool), ("interpreters", List)]),
    ),
    (
        "sign_language_interpretation",
        Object(&[("enable", Bool), ("interpreters", List)]),
    ),
    ("resources", List),
    (
        "auto_add_recording_to_video_management",
        Object(&[("enable", Bool), ("channels", List)]),
    ),
    ("cn_meeting", Bool),
    ("in_meeting", Bool),
    ("enforce_login", Bool),
    ("enforce_login_domains", Text),
];

/// What is wrong with the given settings, by dotted path.
pub fn errors(given: &Map<String, Value>) -> Vec<(String, &'static str)> {
    let mut errors = Vec::new();
    let mut places: Vec<usize> = given.keys().filter_map(|name| place(name)).collect();
    places.sort_unstable();
    let fields = places.into_iter().filter_map(|place| FIELDS.get(place));
    check(given, fields, "settings", &mut errors);
    if let Some(Value::Object(options)) = given.get("waiting_room_options")
        && !options.contains_key("mode")
    {
        errors.push(("settings.waiting_room_options.mode".to_owned(), MISSING));
    }
    errors
}

/// Where a known setting stands among the fields.
fn place(name: &str) -> Option<usize> {
    static PLACES: LazyLock<HashMap<&str, usize>> = LazyLock::new(|| {
        let names = FIELDS.iter().map(|(name, _)| *name);
        names.zip(0..).collect()
    });
    PLACES.get(name).copied()
}

/// The name of a known setting, for ever.
pub fn known(name: &str) -> Option<&'static str> {
    let (name, _) = FIELDS.get(place(name)?)?;
    Some(name)
}

fn check<'a>(
    given: &Map<String, Value>,
    fields: impl IntoIterator<Item = &'a (&'a str, Kind)>,
    path: &str,
    errors: &mut Vec<(String, &'static str)>,
) {
    for (name, kind) in fields {
        let Some(value) = given.get(*name).filter(|value| !value.is_null()) else {
            continue;
        };
        let path = format!("{path}.{name}");
        if let (Object(inner), Value::Object(map)) = (kind, value) {
            check(map, *inner, &path, errors);
        } else if !fits(*kind, value) {
            errors.push((path, INVALID));
        }
    }
}

fn fits(kind: Kind, value: &Value) -> bool {
    match kind {
        Bool => value.is_boolean(),
        Text => value.is_string(),
        Short(longest) => value
            .as_str()
            .is_some_and(|text| text.chars().count() <= longest),
        OneOf(choices) => value.as_str().is_some_and(|text| choices.contains(&text)),
        Number(choices) => value
            .as_i64()
            .is_some_and(|number| choices.contains(&number)),
        List => value.is_array(),
        Object(_) => value.is_object(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn errors_come_in_the_order_of_the_fields() {
        let given = json!({
            "audio": "loud", "question_and_answer": {"enable": 1}, "unheard_of": 5, "waiting_room": "yes",
            "host_video": null, "jbh_time": 7,
        });
        let errors = errors(given.as_object().unwrap());
        let fields: Vec<&str> = errors.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "settings.waiting_room",
                "settings.jbh_time",
                "settings.audio",
                "settings.question_and_answer.enable"
            ]
        );
        assert_eq!(known("audio"), Some("audio"));
        assert_eq!(known("unheard_of"), None);
    }
}
