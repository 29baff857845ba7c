//! A meeting as Zoom tells it. Every field but the id may be missing in an answer.

mod compared_settings;

use jiff::Timestamp;
use serde::Deserialize;
use serde::Deserializer;
use serde_json::Map;
use serde_json::Value;
use url::Url;
use zeroize::Zeroizing;

use self::compared_settings::Compared;
use super::endpoints::Endpoints;
use super::lenient;
use super::meeting_id::MeetingId;
use super::meeting_request::find_marker;
use super::meeting_settings::COMPARED;
use super::meeting_settings::is_listed;

/// A meeting.
#[derive(Clone)]
pub struct Meeting {
    answer: MeetingAnswer,
    join_url: Option<String>,
    overridden: Vec<String>,
}

/// The answer as it stands in the JSON, without the start URL, which is read only where it is asked for.
#[derive(Clone, Deserialize)]
pub struct MeetingAnswer {
    #[serde(deserialize_with = "number_or_text")]
    id: MeetingId,
    #[serde(default, deserialize_with = "lenient::or_default")]
    uuid: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    host_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    host_email: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    topic: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    start_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    duration: Option<i64>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    timezone: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    agenda: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    creation_source: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    join_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::or_default")]
    password: Option<String>,
    /// Those that may be compared with what was asked.
    #[serde(default, deserialize_with = "compared_settings::read")]
    settings: Compared,
}

/// The one field of an answer that logs in as the host, and of which meeting.
#[derive(Deserialize)]
pub struct StartUrlAnswer {
    /// Zoom's meeting number.
    #[serde(deserialize_with = "number_or_text")]
    pub id: MeetingId,
    /// Secret.
    #[serde(default)]
    pub start_url: Option<Zeroizing<String>>,
}

impl Meeting {
    /// Takes an answer; a join link that does not lead to Zoom is left out.
    #[must_use]
    pub fn new(mut answer: MeetingAnswer, endpoints: &Endpoints) -> Self {
        let join_url = answer
            .join_url
            .take()
            .filter(|link| endpoints.trusts_link(link));
        Self {
            answer,
            join_url,
            overridden: Vec::new(),
        }
    }

    /// Compares the echo with what was asked and keeps the names of what the account overrides, not the echo, which would be
    /// half of all that a meeting holds. A setting that the answer leaves out says nothing.
    #[must_use]
    pub fn compared_with(mut self, asked: &Map<String, Value>, passcode: Option<&str>) -> Self {
        let echoed = std::mem::take(&mut self.answer.settings);
        let unlisted = asked
            .keys()
            .map(String::as_str)
            .filter(|name| !is_listed(name));
        self.overridden = COMPARED
            .into_iter()
            .chain(unlisted)
            .filter(|name| {
                // Of a name that is there twice the last counts, as everywhere in JSON.
                let echoed = echoed.iter().rev().find(|(echoed, _)| echoed == name);
                match (asked.get(*name), echoed) {
                    (Some(asked), Some((_, echoed))) => asked != echoed,
                    _ => false,
                }
            })
            .map(str::to_owned)
            .collect();
        if passcode.is_some() && self.passcode() != passcode {
            self.overridden.push("password".to_owned());
        }
        self
    }

    /// Zoom's meeting number.
    #[must_use]
    pub fn id(&self) -> MeetingId {
        self.answer.id
    }

    /// Zoom's id of this instance.
    #[must_use]
    pub fn uuid(&self) -> Option<&str> {
        self.answer.uuid.as_deref()
    }

    /// The topic.
    #[must_use]
    pub fn topic(&self) -> &str {
        self.answer.topic.as_deref().unwrap_or_default()
    }

    /// The start; `None` for an instant meeting.
    #[must_use]
    pub fn start(&self) -> Option<Timestamp> {
        self.answer.start_time
    }

    /// The duration in minutes.
    #[must_use]
    pub fn minutes(&self) -> i64 {
        self.answer.duration.unwrap_or_default()
    }

    /// The zone it is shown in.
    #[must_use]
    pub fn timezone(&self) -> Option<&str> {
        self.answer.timezone.as_deref()
    }

    /// The host's Zoom user id.
    #[must_use]
    pub fn host_id(&self) -> Option<&str> {
        self.answer.host_id.as_deref()
    }

    /// The host's e-mail.
    #[must_use]
    pub fn host_email(&self) -> Option<&str> {
        self.answer.host_email.as_deref()
    }

    /// The patient's link. Confidential.
    #[must_use]
    pub fn join_url(&self) -> Option<&str> {
        self.join_url.as_deref()
    }

    /// The passcode. Confidential.
    #[must_use]
    pub fn passcode(&self) -> Option<&str> {
        self.answer
            .password
            .as_deref()
            .filter(|passcode| !passcode.is_empty())
    }

    /// Whether the join link carries the passcode, so that nobody has to type it.
    #[must_use]
    pub fn passcode_in_link(&self) -> bool {
        self.join_url()
            .and_then(|link| Url::parse(link).ok())
            .is_some_and(|link| {
                link.query_pairs()
                    .any(|(name, value)| name == "pwd" && !value.is_empty())
            })
    }

    /// `waiting` or `started`.
    #[must_use]
    pub fn status(&self) -> Option<&str> {
        self.answer.status.as_deref()
    }

    /// The marker that telemed wrote.
    #[must_use]
    pub fn marker(&self) -> Option<&str> {
        find_marker(self.answer.agenda.as_deref()?)
    }

    /// When it was created.
    #[must_use]
    pub fn created_at(&self) -> Option<Timestamp> {
        self.answer.created_at
    }

    /// Whether it was created through the API; `None` where the answer does not say.
    #[must_use]
    pub fn is_from_api(&self) -> Option<bool> {
        self.answer
            .creation_source
            .as_deref()
            .map(|source| source == "open_api")
    }

    /// Whether it has a description of any kind.
    #[must_use]
    pub fn has_description(&self) -> bool {
        self.answer
            .agenda
            .as_deref()
            .is_some_and(|agenda| !agenda.is_empty())
    }

    /// What Zoom did not take as asked.
    #[must_use]
    pub fn overridden(&self) -> &[String] {
        &self.overridden
    }
}

impl std::fmt::Debug for Meeting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meeting")
            .field("id", &self.answer.id)
            .finish_non_exhaustive()
    }
}

fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MeetingId, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Number(i64),
        Text(String),
    }
    let id = match Id::deserialize(deserializer)? {
        Id::Number(id) => id,
        Id::Text(text) => text.parse().map_err(serde::de::Error::custom)?,
    };
    MeetingId::new(id).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use serde_json::json;

    use super::*;

    fn meeting(answer: Value) -> Meeting {
        let endpoints = Endpoints::new("https://zoom.us", "https://api.zoom.us").unwrap();
        Meeting::new(serde_json::from_value(answer).unwrap(), &endpoints)
    }

    #[test]
    fn an_answer_with_nothing_but_the_id_is_read() {
        let meeting = meeting(json!({"id": 93_412_345_678_i64}));
        assert_eq!(meeting.id().get(), 93_412_345_678);
        assert_eq!(
            (meeting.start(), meeting.join_url(), meeting.passcode()),
            (None, None, None)
        );
        assert_eq!(
            super::super::path::segment(&meeting.id().to_string()),
            "93412345678"
        );
    }

    #[test]
    fn a_field_of_an_unexpected_form_counts_as_missing() {
        let meeting = meeting(json!({
            "id": 7, "topic": null, "start_time": "", "duration": "x", "settings": null, "password": 1,
            "join_url": "https://zoom.us/j/7", "created_at": "yesterday",
        }));
        assert_eq!(
            (meeting.id().get(), meeting.start(), meeting.minutes()),
            (7, None, 0)
        );
        assert_eq!(meeting.join_url(), Some("https://zoom.us/j/7"));
    }

    #[test]
    fn an_id_may_be_text_and_is_positive() {
        assert_eq!(
            meeting(json!({"id": "93412345678"})).id().get(),
            93_412_345_678
        );
        for id in [json!(0), json!(-7), json!("0"), json!("-1")] {
            assert!(serde_json::from_value::<MeetingAnswer>(json!({"id": id})).is_err());
        }
    }

    #[test]
    fn a_join_link_elsewhere_is_left_out() {
        assert!(
            meeting(json!({"id": 1, "join_url": "https://us02web.zoom.us/j/1?pwd=x"}))
                .join_url()
                .is_some()
        );
        for link in [
            "http://us02web.zoom.us/j/1",
            "https://zoom.us.evil.example/j/1",
            "javascript:alert(1)",
        ] {
            assert_eq!(meeting(json!({"id": 1, "join_url": link})).join_url(), None);
        }
    }

    #[test]
    fn a_link_carries_the_passcode_or_does_not() {
        let carries = |link: &str| {
            meeting(json!({"id": 1, "password": "p", "join_url": link})).passcode_in_link()
        };
        assert!(carries("https://us02web.zoom.us/j/1?pwd=x.1"));
        assert!(!carries("https://us02web.zoom.us/j/1"));
        assert!(!carries("https://us02web.zoom.us/j/1?pwd="));
        assert!(!meeting(json!({"id": 1, "password": "p"})).passcode_in_link());
    }

    #[test]
    fn what_the_account_overrides_is_named() {
        let echoed = json!({"id": 1, "password": "other", "settings": {"waiting_room": false, "auto_recording": "none"}});
        let asked =
            json!({"waiting_room": true, "auto_recording": "none", "join_before_host": false});
        let meeting = meeting(echoed).compared_with(asked.as_object().unwrap(), Some("mine"));
        assert_eq!(meeting.overridden(), ["waiting_room", "password"]);
    }

    #[test]
    fn what_is_asked_unlisted_is_compared_and_a_missing_echo_says_nothing() {
        let echoed = json!({"id": 1, "settings": {"brand_new": true, "another": true}});
        let asked = json!({
            "brand_new": false, "not_echoed": false,
            "allow_participants_to_transcribe_meetings_with_my_notes": false,
            "support_participants_receive_summary": false,
        });
        let meeting = meeting(echoed).compared_with(asked.as_object().unwrap(), None);
        assert_eq!(meeting.overridden(), ["brand_new"]);
    }

    #[test]
    fn debug_shows_neither_link_nor_passcode() {
        let shown = format!(
            "{:?}",
            meeting(json!({"id": 7, "password": "pass", "join_url": "https://zoom.us/j/7?pwd=s"}))
        );
        assert!(!shown.contains("pass") && !shown.contains("pwd"));
    }
}
