//! Who hosts a meeting, as a caller names them.

use super::error::Error;
use super::error::Result;
use super::error_id::ErrorId;

const MAX_HOST: usize = 320;

/// A Zoom user id, an e-mail, or `me`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Host(String);

impl Host {
    /// Takes a text that can be one of them.
    ///
    /// # Errors
    /// [`Kind::Configuration`](super::Kind::Configuration) when it cannot.
    pub fn new(text: &str) -> Result<Self> {
        let plausible = !text.is_empty()
            && text.len() <= MAX_HOST
            && text.chars().all(|c| {
                !c.is_whitespace() && !c.is_control() && !matches!(c, '/' | '?' | '#' | '\\')
            })
            && text.chars().any(char::is_alphanumeric);
        if plausible {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::new(
            ErrorId::HostInvalid,
            "the host is neither a Zoom user id nor an e-mail",
            "Give the Zoom user id or the e-mail under which the host logs in to Zoom.",
        ))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the connected user, whoever that is.
    #[must_use]
    pub fn is_me(&self) -> bool {
        self.0.eq_ignore_ascii_case("me")
    }

    /// Zoom's id of the user, where that is what was named: not an e-mail, which Zoom may know in another spelling.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        (!self.0.contains('@') && !self.is_me()).then_some(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;
    use crate::zoom::Kind;

    #[test]
    fn a_host_is_a_user_id_an_e_mail_or_oneself() {
        let long = "x".repeat(321);
        for text in ["a/b", "a b", "..", "a?b", "a#b", "a\\b", "a\0", "", &long] {
            let error = Host::new(text).err().unwrap();
            assert_eq!(error.kind(), Kind::Configuration, "{text:?}");
        }
        for (text, is_me, user_id) in [
            (
                "dR0hOsTiD1exAmple_Zo-m",
                false,
                Some("dR0hOsTiD1exAmple_Zo-m"),
            ),
            ("doctor+x@clinic.example", false, None),
            ("me", true, None),
            ("ME", true, None),
        ] {
            let host = Host::new(text).unwrap();
            assert_eq!(
                (host.as_str(), host.is_me(), host.user_id()),
                (text, is_me, user_id)
            );
        }
    }
}
