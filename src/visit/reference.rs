//! The name of one intended meeting: its marker at Zoom is a hash of it.
//!
//! `site:source:appointment[:generation[:nonce]]`. The first generation of a row of an older version has no number and no version
//! before had a nonce; those stay byte for byte as they are. The nonce tells a meeting from one of the same generation that a
//! database from a backup has forgotten.

use std::fmt;
use std::str::FromStr;

const SEPARATOR: char = ':';

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
        let is_part = |part: &str| !part.is_empty() && !part.contains(SEPARATOR);
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
