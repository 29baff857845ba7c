//! Of the sixty settings that an answer echoes, those that are compared, and those that are on or off and not known here, for they
//! may have been asked for; the rest is skipped, for it is half of the answer.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::DeserializeSeed;
use serde::de::Error;
use serde::de::IgnoredAny;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::Value;

use crate::zoom::meeting_settings::COMPARED;
use crate::zoom::meeting_settings::is_listed;

/// Settings in another form than an object count as missing.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Compared, D::Error> {
    deserializer.deserialize_any(Settings)
}

/// The compared settings that an answer has, in its order.
pub(super) type Compared = Vec<(Cow<'static, str>, Value)>;

struct Settings;

/// A setting's name, if it may be compared; the many others cost no copy.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<Cow<'static, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<Cow<'static, str>>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a setting")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        let compared = COMPARED.into_iter().find(|compared| *compared == name);
        Ok(match compared {
            Some(name) => Some(Cow::Borrowed(name)),
            None if is_listed(name) => None,
            None => Some(Cow::Owned(name.to_owned())),
        })
    }
}

impl<'de> Visitor<'de> for Settings {
    type Value = Compared;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("settings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut settings = Vec::with_capacity(COMPARED.len());
        while let Some(name) = map.next_key_seed(Name)? {
            let Some(name) = name else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value: Value = map.next_value()?;
            if matches!(name, Cow::Borrowed(_)) || value.is_boolean() {
                settings.push((name, value));
            }
        }
        Ok(settings)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Vec::new())
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    #[test]
    fn what_is_compared_is_kept() {
        let text = r#"{"alternative_hosts": "", "waiting_room": true, "approved": {"a": [1]}, "auto_recording": "none",
            "host_video": true, "brand_new": false}"#;
        let settings = read(&mut serde_json::Deserializer::from_str(text)).unwrap();
        assert_eq!(
            settings,
            [
                ("waiting_room".into(), Value::Bool(true)),
                ("auto_recording".into(), Value::from("none")),
                ("brand_new".into(), Value::Bool(false)),
            ]
        );
    }

    #[test]
    fn any_other_form_counts_as_missing() {
        for text in [
            "null",
            "true",
            "1",
            "-1",
            "1.5",
            "\"x\"",
            "[{\"waiting_room\": true}]",
        ] {
            let settings = read(&mut serde_json::Deserializer::from_str(text)).unwrap();
            assert!(settings.is_empty(), "{text}");
        }
        assert!(read(&mut serde_json::Deserializer::from_str("{")).is_err());
    }
}
