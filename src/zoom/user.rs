//! A Zoom user, as an answer tells it.

use serde::Deserialize;

use super::record::ZoomUser;

/// Zoom's user type for a paid licence.
const LICENSED: i64 = 2;
/// Zoom's user types that cannot hold meetings: unassigned without Meetings Basic, none.
const WITHOUT_MEETINGS: [i64; 2] = [4, 99];

/// A Zoom user.
#[derive(Clone, Debug, Deserialize)]
pub struct User {
    id: String,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    first_name: Option<String>,
    #[serde(default)]
    last_name: Option<String>,
    #[serde(default, rename = "type")]
    kind: Option<i64>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    timezone: Option<String>,
    #[serde(default)]
    account_id: Option<String>,
}

impl User {
    /// Zoom's user id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The e-mail.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        filled(self.email.as_ref())
    }

    /// The name shown, or what else there is to name the user by.
    #[must_use]
    pub fn name(&self) -> String {
        if let Some(name) = filled(self.display_name.as_ref()) {
            return name.to_owned();
        }
        let parts: Vec<_> = [&self.first_name, &self.last_name]
            .into_iter()
            .filter_map(|part| filled(part.as_ref()))
            .collect();
        if parts.is_empty() {
            self.email().unwrap_or(&self.id).to_owned()
        } else {
            parts.join(" ")
        }
    }

    /// Whether the user has a paid licence.
    #[must_use]
    pub fn is_licensed(&self) -> bool {
        self.kind == Some(LICENSED)
    }

    /// Whether the user's plan has meetings at all.
    #[must_use]
    pub fn has_meetings(&self) -> bool {
        !self
            .kind
            .is_some_and(|kind| WITHOUT_MEETINGS.contains(&kind))
    }

    /// `active`, `inactive` or `pending`.
    #[must_use]
    pub fn status(&self) -> Option<&str> {
        filled(self.status.as_ref())
    }

    /// The user's time zone.
    #[must_use]
    pub fn timezone(&self) -> Option<&str> {
        filled(self.timezone.as_ref())
    }

    /// The account the user belongs to.
    #[must_use]
    pub fn account_id(&self) -> Option<&str> {
        filled(self.account_id.as_ref())
    }
}

impl From<&User> for ZoomUser {
    fn from(user: &User) -> Self {
        Self {
            id: user.id.clone(),
            email: user.email().map(str::to_owned),
            name: Some(user.name()),
            account_id: user.account_id().map(str::to_owned),
            licensed: user.is_licensed(),
        }
    }
}

fn filled(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    #[test]
    fn a_user_is_named_by_what_there_is() {
        let user = |json| serde_json::from_str::<User>(json).unwrap();
        assert_eq!(
            user(r#"{"id":"x","display_name":"D E","first_name":"A"}"#).name(),
            "D E"
        );
        assert_eq!(
            user(r#"{"id":"x","first_name":"A","last_name":"B"}"#).name(),
            "A B"
        );
        assert_eq!(
            user(r#"{"id":"x","email":"a@b.example","display_name":""}"#).name(),
            "a@b.example"
        );
        assert_eq!(user(r#"{"id":"x"}"#).name(), "x");
    }

    #[test]
    fn types_tell_licence_and_meetings() {
        let user = |kind: i64| {
            serde_json::from_value::<User>(serde_json::json!({"id": "x", "type": kind})).unwrap()
        };
        assert!(user(2).is_licensed() && !user(1).is_licensed());
        assert!(user(1).has_meetings() && !user(4).has_meetings() && !user(99).has_meetings());
    }
}
