//! Whose connection it is.

use std::fmt;

use super::error::Error;
use super::error::Result;
use super::error_id::ErrorId;

const MAX_SUBJECT: usize = 200;

/// The name by which a site knows a doctor: a part of store keys.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subject(String);

impl Subject {
    /// Takes a text of 1 to 200 bytes without control characters.
    ///
    /// # Errors
    /// [`Kind::Configuration`](super::Kind::Configuration) when it is none.
    pub fn new(text: &str) -> Result<Self> {
        if !text.is_empty() && text.len() <= MAX_SUBJECT && !text.chars().any(char::is_control) {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::new(
            ErrorId::SubjectInvalid,
            format!("the subject must be a text of 1 to {MAX_SUBJECT} bytes"),
            "Use the doctor's user id on your site.",
        ))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;
    use crate::zoom::Kind;

    #[test]
    fn a_subject_is_a_text_that_can_be_a_key() {
        let long = "x".repeat(201);
        for text in ["", "a\0b", "a\nb", &long] {
            assert_eq!(
                Subject::new(text).err().unwrap().kind(),
                Kind::Configuration
            );
        }
        for text in ["7", "Dr. Müller", &long[..200]] {
            assert_eq!(Subject::new(text).unwrap().as_str(), text);
        }
    }
}
