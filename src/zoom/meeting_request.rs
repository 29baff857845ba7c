//! What a meeting shall be: checked when it is made, so that a request that exists can be sent.

use std::borrow::Cow;

use jiff::SignedDuration;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Map;
use serde_json::Value;

use super::error::Error;
use super::error::Result;
use super::error_id::ErrorId;
use super::host::Host;
use super::meeting_settings;
use super::secret::digest;
use super::secret::hex;

const MAX_TOPIC: usize = 200;
const MAX_REFERENCE: usize = 200;
/// One day: Zoom ends meetings of paid users after 30 hours, and no visit is longer.
const MAX_MINUTES: i64 = 1_440;
/// A scheduled meeting.
const SCHEDULED: i64 = 2;
/// Bytes of the JSON of a usual meeting, with some to spare.
const USUAL_BODY: usize = 1_024;
const MARKER_PREFIX: &str = "[telemed:1:";

/// What a meeting shall be.
#[derive(Clone, Debug)]
pub struct MeetingRequest {
    topic: String,
    start: Timestamp,
    minutes: i64,
    timezone: String,
    host: Option<Host>,
    /// The marker of the reference.
    marker: Option<String>,
    /// Those that were named.
    settings: Map<String, Value>,
    /// The private defaults, changed by those that were named.
    all_settings: Cow<'static, Map<String, Value>>,
}

impl MeetingRequest {
    /// Checks everything but whether the zone is in the tz database and whether the start lies ahead (that is known when it
    /// is sent). Fractions of a second are cut off: Zoom knows none.
    ///
    /// # Errors
    /// [`Kind::Configuration`](super::Kind::Configuration), naming what is wrong.
    pub fn new(
        topic: &str,
        start: Timestamp,
        minutes: i64,
        timezone: &str,
        host: Option<&str>,
        reference: Option<&str>,
        settings: Map<String, Value>,
    ) -> Result<Self> {
        let topic = topic.trim();
        if topic.is_empty()
            || topic.chars().count() > MAX_TOPIC
            || topic.chars().any(char::is_control)
        {
            return Err(Error::new(
                ErrorId::TopicInvalid,
                format!(
                    "the topic must have 1 to {MAX_TOPIC} characters and no control characters"
                ),
                "Use a short neutral topic such as 'Video visit'.",
            ));
        }
        if !(1..=MAX_MINUTES).contains(&minutes) {
            return Err(Error::new(
                ErrorId::DurationInvalid,
                format!("the duration must be 1 to {MAX_MINUTES} minutes, not {minutes}"),
                "Give the length of the visit in minutes.",
            ));
        }
        if !looks_like_zone(timezone) {
            return Err(Error::new(
                ErrorId::TimeZoneInvalid,
                "the time zone must be an IANA name",
                "Use a name such as Europe/Berlin or UTC, not an offset such as +05:30 or an abbreviation.",
            ));
        }
        let host = host.map(Host::new).transpose()?;
        if let Some(reference) = reference
            && (reference.trim().is_empty() || reference.chars().count() > MAX_REFERENCE)
        {
            return Err(Error::new(
                ErrorId::ReferenceInvalid,
                format!("the reference must have 1 to {MAX_REFERENCE} characters"),
                "Use the identifier of the visit on your site, or null for none.",
            ));
        }
        let settings = meeting_settings::checked(settings)?;
        let mut all_settings = Cow::Borrowed(meeting_settings::private_defaults());
        if !settings.is_empty() {
            all_settings.to_mut().extend(settings.clone());
        }
        Ok(Self {
            topic: topic.to_owned(),
            start: Timestamp::from_second(start.as_second()).unwrap_or(start),
            minutes,
            timezone: timezone.to_owned(),
            host,
            marker: reference.map(marker),
            settings,
            all_settings,
        })
    }

    /// The host that was asked for.
    #[must_use]
    pub fn host(&self) -> Option<&Host> {
        self.host.as_ref()
    }

    /// The start, in whole seconds.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// The duration in minutes.
    #[must_use]
    pub fn minutes(&self) -> i64 {
        self.minutes
    }

    /// When the visit is over.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        let length = SignedDuration::from_secs(self.minutes * 60);
        self.start.checked_add(length).unwrap_or(Timestamp::MAX)
    }

    /// The marker of the reference, when there is one.
    #[must_use]
    pub fn marker(&self) -> Option<&str> {
        self.marker.as_deref()
    }

    /// All settings of a new meeting: the private defaults, changed by those that were named.
    #[must_use]
    pub fn all_settings(&self) -> &Map<String, Value> {
        &self.all_settings
    }

    /// The settings that were named.
    #[must_use]
    pub fn named_settings(&self) -> &Map<String, Value> {
        &self.settings
    }

    /// The JSON that creates the meeting.
    #[must_use]
    pub fn create_body(&self, passcode: &str) -> Vec<u8> {
        to_json(&Creation {
            topic: &self.topic,
            r#type: SCHEDULED,
            start_time: instant(self.start),
            duration: self.minutes,
            timezone: &self.timezone,
            agenda: self.marker().unwrap_or_default(),
            password: passcode,
            default_password: false,
            settings: self.all_settings(),
        })
    }

    /// The JSON that changes the meeting: these settings, never a passcode.
    #[must_use]
    pub fn update_body(&self, settings: &Map<String, Value>) -> Vec<u8> {
        to_json(&Change {
            topic: &self.topic,
            start_time: instant(self.start),
            duration: self.minutes,
            timezone: &self.timezone,
            settings,
        })
    }
}

#[derive(Serialize)]
struct Creation<'a> {
    topic: &'a str,
    r#type: i64,
    start_time: String,
    duration: i64,
    timezone: &'a str,
    agenda: &'a str,
    password: &'a str,
    default_password: bool,
    settings: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct Change<'a> {
    topic: &'a str,
    start_time: String,
    duration: i64,
    timezone: &'a str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    settings: &'a Map<String, Value>,
}

/// Texts and numbers under names that are texts: nothing that could fail.
fn to_json(body: &impl Serialize) -> Vec<u8> {
    let mut json = Vec::with_capacity(USUAL_BODY);
    serde_json::to_writer(&mut json, body).map_or_else(|_| Vec::new(), |()| json)
}

/// The marker of a reference: a hash of the site (the reference up to its first colon) and a hash of the whole. It depends
/// on no key or secret, so a meeting is found again after both have changed.
#[must_use]
pub fn marker(reference: &str) -> String {
    let site = reference.split(':').next().unwrap_or_default();
    let whole = digest(&[b"telemed reference", reference.as_bytes()]);
    format!("{}{}]", site_prefix(site), hex(&whole, 32))
}

/// What all markers of a site begin with.
#[must_use]
pub fn site_prefix(site: &str) -> String {
    format!("{MARKER_PREFIX}{}:", site_mark(site))
}

/// The part of a marker that is the same for all references of a site.
fn site_mark(site: &str) -> String {
    hex(&digest(&[b"telemed site", site.as_bytes()]), 16)
}

/// The marker in an agenda, when there is one.
#[must_use]
pub fn find_marker(agenda: &str) -> Option<&str> {
    let start = agenda.find(MARKER_PREFIX)?;
    let found = agenda.get(start..)?;
    let end = found.find(']')?;
    found.get(..=end)
}

/// An instant as Zoom takes it: UTC, whole seconds, `Z`.
#[must_use]
pub fn instant(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second())
        .unwrap_or(at)
        .to_string()
}

/// `UTC`, or `Area/Place` as the tz database spells it. Whether it exists is for the host's tz database to say.
fn looks_like_zone(name: &str) -> bool {
    name == "UTC"
        || (name.contains('/')
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.len() <= 64
            && name.split('/').all(|part| {
                !part.is_empty()
                    && part
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+'))
            }))
}

#[cfg(test)]
mod tests;
