//! Of the sixty settings that an answer echoes, those that are compared; the rest is skipped, for it is half of the answer.

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

/// Settings in another form than an object count as missing.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Compared, D::Error> {
    deserializer.deserialize_any(Settings)
}

/// The compared settings that an answer has, in its order.
type Compared = Vec<(&'static str, Value)>;

struct Settings;

/// A setting's name, if it is compared; the many others cost no copy.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<&'static str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<&'static str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a setting")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(COMPARED.into_iter().find(|compared| *compared == name))
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
            if let Some(name) = name {
                settings.push((name, map.next_value()?));
            } else {
                map.next_value::<IgnoredAny>()?;
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
        let text = r#"{"alternative_hosts": "", "waiting_room": true, "approved": {"a": [1]}, "auto_recording": "none"}"#;
        let settings = read(&mut serde_json::Deserializer::from_str(text)).unwrap();
        assert_eq!(
            settings,
            [
                ("waiting_room", Value::Bool(true)),
                ("auto_recording", Value::from("none"))
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
