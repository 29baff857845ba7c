//! The name of one intended meeting: its marker at Zoom is a hash of it.
//!
//! `site:source:appointment[:generation[:nonce]]`. The first generation of a row of an older version has no number and no version
//! before had a nonce; those stay byte for byte as they are. The nonce tells a meeting from one of the same generation that a
//! database from a backup has forgotten.

use std::fmt;
use std::str::FromStr;

const SEPARATOR: char = ':';

/// Whether a text can be a part of a reference.
pub(super) fn is_part(text: &str) -> bool {
    !text.is_empty() && !text.contains(SEPARATOR)
}

/// A reference.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reference {
    /// What all references of the site begin with.
    pub site: String,
    /// The appointment system.
    pub source: String,
    /// The appointment's name there.
    pub appointment: String,
    /// Which of the visit's intended meetings.
    pub generation: u32,
    /// Letters and digits; `None` in those of older versions.
    pub nonce: Option<String>,
}

/// What the references of meetings that are intended now are made with.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Naming {
    /// What all references of the site begin with.
    pub site: String,
    /// A random text of letters and digits.
    pub nonce: String,
}

impl Naming {
    /// The reference of a visit's meeting of this generation.
    ///
    /// # Errors
    /// When a part is empty or holds a colon, or the nonce holds anything but letters and digits.
    pub fn reference(
        &self,
        source: &str,
        appointment: &str,
        generation: u32,
    ) -> Result<Reference, NoReference> {
        Reference::new(
            &self.site,
            source,
            appointment,
            generation,
            Some(&self.nonce),
        )
    }
}

/// A text that is no reference.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a reference is site:source:appointment, and where it has them a generation and a nonce")]
pub struct NoReference;

impl Reference {
    /// The reference of an intended meeting, if no part can be taken for another.
    ///
    /// # Errors
    /// When a part is empty or holds a colon.
    pub fn new(
        site: &str,
        source: &str,
        appointment: &str,
        generation: u32,
        nonce: Option<&str>,
    ) -> Result<Self, NoReference> {
        let parts = [site, source, appointment];
        let is_nonce = |nonce: &str| {
            !nonce.is_empty() && nonce.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        if generation == 0 || !parts.into_iter().all(is_part) || !nonce.is_none_or(is_nonce) {
            return Err(NoReference);
        }
        Ok(Self {
            site: site.to_owned(),
            source: source.to_owned(),
            appointment: appointment.to_owned(),
            generation,
            nonce: nonce.map(str::to_owned),
        })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.site, self.source, self.appointment)?;
        match &self.nonce {
            Some(nonce) => write!(f, ":{}:{nonce}", self.generation),
            None if self.generation == 1 => Ok(()),
            None => write!(f, ":{}", self.generation),
        }
    }
}

impl FromStr for Reference {
    type Err = NoReference;

    fn from_str(text: &str) -> Result<Self, NoReference> {
        let parts: Vec<&str> = text.split(SEPARATOR).collect();
        match parts.as_slice() {
            [site, source, appointment] => Self::new(site, source, appointment, 1, None),
            [site, source, appointment, generation] => {
                let generation = number(generation)?;
                // The first one is written without its number.
                if generation == 1 {
                    Err(NoReference)
                } else {
                    Self::new(site, source, appointment, generation, None)
                }
            }
            [site, source, appointment, generation, nonce] => {
                Self::new(site, source, appointment, number(generation)?, Some(nonce))
            }
            _ => Err(NoReference),
        }
    }
}

/// As it is printed, and in no other way.
fn number(text: &str) -> Result<u32, NoReference> {
    let number: u32 = text.parse().map_err(|_| NoReference)?;
    if number.to_string() == text {
        Ok(number)
    } else {
        Err(NoReference)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn those_of_older_versions_stay_as_they_are() {
        for text in [
            "s1:kivicare:12",
            "s1:kivicare:12:2",
            "s1:manual:ab12:65535",
            "s1:manual:9:1:x9Q",
        ] {
            assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_could_be_taken_for_another_is_refused() {
        for text in [
            "",
            "s1",
            "s1:a",
            "s1::7",
            ":a:7",
            "s1:a:7:1",
            "s1:a:7:0",
            "s1:a:7:02",
            "s1:a:7:-2",
            "s1:a:7:2:",
            "s1:a:7:2:x:y",
            "s1:a:7:2:x y",
        ] {
            assert_eq!(text.parse::<Reference>(), Err(NoReference), "{text}");
        }
        assert_eq!(Reference::new("s:1", "a", "7", 1, None), Err(NoReference));
        assert_eq!(
            Reference::new("s1", "a", "7", 1, Some("x:y")),
            Err(NoReference)
        );
    }

    proptest! {
        #[test]
        fn a_reference_is_read_back_as_it_was_printed(
            site in "[^:]{1,12}", source in "[^:]{1,12}", appointment in "[^:]{1,12}",
            generation in 1..u32::MAX, nonce in proptest::option::of("[a-zA-Z0-9]{1,12}"),
        ) {
            let reference = Reference::new(&site, &source, &appointment, generation, nonce.as_deref()).unwrap();
            prop_assert_eq!(reference.to_string().parse::<Reference>(), Ok(reference));
        }

        #[test]
        fn what_is_read_is_printed_as_it_was(text in "[a-z0-9:]{0,20}") {
            if let Ok(reference) = text.parse::<Reference>() {
                prop_assert_eq!(reference.to_string(), text);
            }
        }
    }
}
