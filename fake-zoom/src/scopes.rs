//! Sets of scopes, which apps, codes, grants and tokens share.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set of scopes, sorted. A copy costs nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Arc<BTreeSet<String>>);

impl Scopes {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether `scope` is one of them.
    #[must_use]
    pub fn contains(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// Whether the `:admin` form of `scope` is one of them.
    pub(crate) fn contains_admin_form(&self, scope: &str) -> bool {
        self.iter()
            .any(|known| known.strip_suffix(":admin") == Some(scope))
    }

    pub(crate) fn is_subset(&self, others: &Self) -> bool {
        self.0.is_subset(&others.0)
    }
}

/// From a text with spaces between them.
impl From<&str> for Scopes {
    fn from(text: &str) -> Self {
        Self(Arc::new(
            text.split_whitespace().map(str::to_owned).collect(),
        ))
    }
}

/// As token answers show them: one text with spaces.
impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, scope) in self.iter().enumerate() {
            if number > 0 {
                formatter.write_str(" ")?;
            }
            formatter.write_str(scope)?;
        }
        Ok(())
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_ref().serialize(serializer)
    }
}

/// From a list, or from a text with spaces.
impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(String),
            List(BTreeSet<String>),
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Text(text) => Self::from(text.as_str()),
            Form::List(list) => Self(Arc::new(list)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_one_is_written() {
        let set = Scopes::from("user:read:user meeting:read:meeting:admin");
        for text in [
            r#""user:read:user  meeting:read:meeting:admin""#,
            r#"["meeting:read:meeting:admin","user:read:user"]"#,
        ] {
            assert_eq!(serde_json::from_str::<Scopes>(text).unwrap(), set);
        }
        assert_eq!(
            serde_json::to_string(&set).unwrap(),
            r#"["meeting:read:meeting:admin","user:read:user"]"#
        );
        assert_eq!(set.to_string(), "meeting:read:meeting:admin user:read:user");
    }

    #[test]
    fn the_form_for_administrators_is_told_apart() {
        let set = Scopes::from("user:read:user meeting:read:meeting:admin");
        assert!(set.contains_admin_form("meeting:read:meeting"));
        assert!(!set.contains_admin_form("user:read:user"));
        assert!(!set.contains("meeting:read:meeting"));
        assert!(set.contains("user:read:user"));
        assert!(Scopes::from("user:read:user").is_subset(&set));
        assert!(!Scopes::from("user:read:zak").is_subset(&set));
    }
}
