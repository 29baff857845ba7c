//! The body of create and update: types, lengths and enumerations of every field, before anything is done.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::{INVALID, MISSING, recurrence, settings};
use crate::call::validation_failed;
use crate::message::Reply;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Create,
    Update,
}

/// `start_time`: an instant, or a wall time in some zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Utc(Timestamp),
    Local(DateTime),
}

impl When {
    /// `yyyy-MM-ddTHH:mm:ss`, with or without `Z`; no offsets, no fractions.
    fn read(text: &str) -> Option<Self> {
        let (wall, is_utc) = text
            .strip_suffix('Z')
            .map_or((text, false), |wall| (wall, true));
        let shape = "dddd-dd-ddTdd:dd:dd";
        let fits = wall.len() == shape.len()
            && wall
                .bytes()
                .zip(shape.bytes())
                .all(|(byte, wanted)| match wanted {
                    b'd' => byte.is_ascii_digit(),
                    _ => byte == wanted,
                });
        let wall: DateTime = if fits {
            wall.parse().ok()?
        } else {
            return None;
        };
        Some(if is_utc {
            Self::Utc(wall.to_zoned_datetime(TimeZone::UTC).ok()?.timestamp())
        } else {
            Self::Local(wall)
        })
    }

    pub fn resolve(self, timezone: &str) -> Timestamp {
        match self {
            Self::Utc(at) => at,
            Self::Local(wall) => {
                let zone = TimeZone::get(timezone).unwrap_or(TimeZone::UTC);
                wall.to_zoned_datetime(zone)
                    .map_or(Timestamp::MIN, |zoned| zoned.timestamp())
            }
        }
    }
}

/// Whether `name` is an id of the tz database, spelled as there.
pub fn is_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok_and(|zone| zone.iana_name() == Some(name))
}

/// What the body asks for; what it leaves out, or gives as `null`, is `None`.
#[derive(Debug, Default)]
pub struct Wanted {
    pub topic: Option<String>,
    pub kind: Option<i64>,
    pub start: Option<When>,
    pub minutes: Option<i64>,
    pub timezone: Option<String>,
    pub password: Option<String>,
    pub default_password: Option<bool>,
    pub agenda: Option<String>,
    pub schedule_for: Option<String>,
    pub pre_schedule: Option<bool>,
    pub recurrence: Option<Value>,
    pub tracking_fields: Option<Vec<Value>>,
    pub settings: Map<String, Value>,
}

impl Wanted {
    /// Reads the known fields and collects everything that is wrong with them; unknown fields are ignored.
    pub fn read(body: &Map<String, Value>, purpose: Purpose) -> Result<Self, Reply> {
        let mut fields = Fields {
            body,
            errors: Vec::new(),
        };
        let mut wanted = Self {
            topic: fields.text("topic", |text| length(text) <= 200),
            kind: fields.integer("type", |kind| [1, 2, 3, 8, 10].contains(&kind)),
            start: None,
            minutes: fields.integer("duration", |minutes| {
                (0..=i64::from(i32::MAX)).contains(&minutes)
            }),
            timezone: fields
                .text("timezone", |text| text.is_empty() || is_zone(text))
                .filter(|text| !text.is_empty()),
            password: fields.text("password", |text| {
                length(text) <= 10
                    && text
                        .chars()
                        .all(|character| may_stand_in_passcode(character, purpose))
            }),
            default_password: fields.boolean("default_password"),
            agenda: fields.text("agenda", |text| length(text) <= 2000),
            schedule_for: fields.text("schedule_for", |_| true),
            pre_schedule: fields.boolean("pre_schedule"),
            recurrence: fields.get("recurrence").cloned(),
            tracking_fields: None,
            settings: Map::new(),
        };
        if let Some(text) = fields.text("start_time", |text| {
            text.is_empty() || When::read(text).is_some()
        }) {
            wanted.start = When::read(&text);
        }
        if let Some(recurrence) = &wanted.recurrence
            && wanted.kind == Some(crate::model::Meeting::RECURRING)
        {
            fields.errors.extend(recurrence::errors(recurrence));
        }
        match fields.get("tracking_fields") {
            None => {}
            Some(Value::Array(list)) => {
                for (index, item) in list.iter().enumerate() {
                    if item.get("field").and_then(Value::as_str).is_none() {
                        fields
                            .errors
                            .push((format!("tracking_fields[{index}].field"), MISSING));
                    }
                }
                wanted.tracking_fields = Some(list.clone());
            }
            Some(_) => fields.wrong("tracking_fields"),
        }
        match fields.get("settings") {
            None => {}
            Some(Value::Object(map)) => {
                fields.errors.extend(settings::errors(map));
                wanted.settings.clone_from(map);
            }
            Some(_) => fields.wrong("settings"),
        }
        if fields.errors.is_empty() {
            Ok(wanted)
        } else {
            Err(validation_failed(&fields.errors))
        }
    }
}

/// On update the documentation allows fewer special characters than on create.
fn may_stand_in_passcode(character: char, purpose: Purpose) -> bool {
    character.is_ascii_alphanumeric()
        || match purpose {
            Purpose::Create => character.is_ascii_punctuation(),
            Purpose::Update => "@-_*".contains(character),
        }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

struct Fields<'a> {
    body: &'a Map<String, Value>,
    errors: Vec<(String, &'static str)>,
}

impl<'a> Fields<'a> {
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.body.get(name).filter(|value| !value.is_null())
    }

    fn wrong(&mut self, name: &str) {
        self.errors.push((name.to_owned(), INVALID));
    }

    fn read<T>(&mut self, name: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let value = self.get(name)?;
        let read = read(value);
        if read.is_none() {
            self.wrong(name);
        }
        read
    }

    fn text(&mut self, name: &str, fits: impl Fn(&str) -> bool) -> Option<String> {
        self.read(name, |value| {
            value.as_str().filter(|text| fits(text)).map(str::to_owned)
        })
    }

    fn integer(&mut self, name: &str, fits: impl Fn(i64) -> bool) -> Option<i64> {
        self.read(name, |value| value.as_i64().filter(|number| fits(*number)))
    }

    fn boolean(&mut self, name: &str) -> Option<bool> {
        self.read(name, Value::as_bool)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn errors_of(body: &Value, purpose: Purpose) -> Vec<String> {
        let Err(reply) = Wanted::read(body.as_object().unwrap(), purpose) else {
            return Vec::new();
        };
        assert_eq!(reply.status, 400);
        let answer: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(answer["code"], 300);
        answer["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["field"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn every_rule_names_its_field() {
        let long = |length| "x".repeat(length);
        for (body, field) in [
            (json!({"topic": long(201)}), "topic"),
            (json!({"topic": 5}), "topic"),
            (json!({"agenda": long(2001)}), "agenda"),
            (json!({"type": 4}), "type"),
            (json!({"type": "2"}), "type"),
            (json!({"duration": "30"}), "duration"),
            (json!({"duration": -1}), "duration"),
            (json!({"duration": 1.5}), "duration"),
            (json!({"timezone": "+05:30"}), "timezone"),
            (json!({"timezone": "Europe/Nowhere"}), "timezone"),
            (json!({"timezone": "europe/berlin"}), "timezone"),
            (
                json!({"start_time": "2026-12-01T14:00:00+02:00"}),
                "start_time",
            ),
            (
                json!({"start_time": "2026-12-01T14:00:00.000Z"}),
                "start_time",
            ),
            (json!({"start_time": "2026-12-01 14:00:00"}), "start_time"),
            (json!({"start_time": "2026-13-01T14:00:00Z"}), "start_time"),
            (json!({"start_time": 1_796_133_600}), "start_time"),
            (json!({"password": "12345678901"}), "password"),
            (json!({"password": "with space"}), "password"),
            (json!({"default_password": 1}), "default_password"),
            (json!({"settings": []}), "settings"),
            (
                json!({"settings": {"waiting_room": "yes"}}),
                "settings.waiting_room",
            ),
            (json!({"settings": {"jbh_time": 7}}), "settings.jbh_time"),
            (
                json!({"settings": {"auto_recording": "always"}}),
                "settings.auto_recording",
            ),
            (
                json!({"settings": {"continuous_meeting_chat": {"enable": 1}}}),
                "settings.continuous_meeting_chat.enable",
            ),
            (
                json!({"tracking_fields": [{"value": "x"}]}),
                "tracking_fields[0].field",
            ),
            (
                json!({"type": 8, "recurrence": {"type": 9}}),
                "recurrence.type",
            ),
        ] {
            assert_eq!(errors_of(&body, Purpose::Create), [field], "{body}");
        }
        assert_eq!(
            errors_of(&json!({"type": 4, "duration": "x"}), Purpose::Create),
            ["type", "duration"]
        );
    }

    #[test]
    fn limits_themselves_are_allowed() {
        for body in [
            json!({}),
            json!({"topic": "ü".repeat(200), "agenda": "x".repeat(2000), "password": "a1@-_*!#$%"}),
            json!({"timezone": "UTC", "start_time": "2026-12-01T14:00:00"}),
            json!({"topic": null, "settings": {"waiting_room": null, "unheard_of": 1}, "unknown": true}),
        ] {
            assert_eq!(errors_of(&body, Purpose::Create), [""; 0], "{body}");
        }
    }

    #[test]
    fn update_allows_fewer_characters_in_a_passcode() {
        assert_eq!(
            errors_of(&json!({"password": "abc#12"}), Purpose::Update),
            ["password"]
        );
        assert!(errors_of(&json!({"password": "abc@-_*12"}), Purpose::Update).is_empty());
    }

    #[test]
    fn wall_times_are_of_their_zone() {
        for (text, zone, utc) in [
            (
                "2026-12-01T14:00:00Z",
                "Europe/Berlin",
                "2026-12-01T14:00:00Z",
            ),
            (
                "2026-12-01T14:00:00",
                "Europe/Berlin",
                "2026-12-01T13:00:00Z",
            ),
            (
                "2026-07-01T14:00:00",
                "Europe/Berlin",
                "2026-07-01T12:00:00Z",
            ),
            (
                "2026-07-01T14:00:00",
                "America/New_York",
                "2026-07-01T18:00:00Z",
            ),
            (
                "2026-07-01T14:00:00",
                "Asia/Kolkata",
                "2026-07-01T08:30:00Z",
            ),
            (
                "2026-03-29T02:30:00",
                "Europe/Berlin",
                "2026-03-29T01:30:00Z",
            ),
        ] {
            let when = When::read(text).unwrap();
            assert_eq!(when.resolve(zone), utc.parse().unwrap(), "{text} {zone}");
        }
    }
}
