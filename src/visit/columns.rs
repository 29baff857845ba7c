//! Visits, meetings and notices as the columns of their tables, and back.
//!
//! Moments are texts in UTC, `2026-12-01 09:00:00`. What no query asks for by itself is JSON. Columns that queries need and that say
//! nothing of their own (`end_utc`, `is_off`, `state`, `host`, `due_at` of a visit) are written and never read back.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Slot;
use super::life::Visit;
use super::life::VisitRow;
use super::maker::Maker;
use super::meeting::Attempt;
use super::meeting::Known;
use super::meeting::Meeting;
use super::notice::About;
use super::notice::Notice;
use super::notice::Recipient;
use super::notice::Told;

/// As `MySQL` writes a `DATETIME`.
const MOMENT: &str = "%Y-%m-%d %H:%M:%S";
const MOMENT_OCTETS: usize = 19;

/// As the columns write a moment, in UTC.
#[must_use]
pub fn moment_text(at: Timestamp) -> String {
    at.strftime(MOMENT).to_string()
}

/// The moment that the columns write so.
#[must_use]
pub fn moment_of(text: &str) -> Option<Timestamp> {
    (text.len() == MOMENT_OCTETS)
        .then(|| format!("{text}Z").parse().ok())
        .flatten()
}

/// A row: the text of each column, `None` for NULL.
pub type Columns = BTreeMap<String, Option<String>>;

/// A row that nobody of us has written.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the column {0} is missing or holds what it cannot hold")]
pub struct BadColumn(pub &'static str);

mod names;
mod parts;
mod read;

use names::mode_name;
pub(super) use names::mode_of;
pub(crate) use names::name_of;
use names::named;
use names::pending_name;
use names::pending_of;
use names::place_name;
use names::place_of;
use names::role_names;
use names::role_of;

type Result<T> = std::result::Result<T, BadColumn>;

impl Visit {
    /// The visit's row, with what its queries need.
    #[must_use]
    pub fn columns(&self, now: Timestamp) -> Columns {
        let row = self.row();
        let mut to = Writer::default();
        to.put("id", row.id);
        to.put("version", row.version);
        to.put("source", &row.source);
        to.put("appointment", &row.appointment);
        to.put("doctor", row.doctor);
        to.slot("", Some(&row.slot));
        to.moment("end_utc", Some(row.slot.end()));
        to.put("takes_place", u8::from(row.takes_place));
        to.put("is_off", u8::from(!row.takes_place));
        to.maybe("state", name_of(&self.state()));
        to.maybe("host", self.serving().and_then(Meeting::host));
        to.maybe("pending", row.pending.map(|(why, _)| pending_name(why)));
        to.moment("pending_since", row.pending.map(|(_, since)| since));
        to.moment("wished_at", Some(row.wished_at));
        to.put("was_seen", u8::from(row.was_seen));
        to.json("told", &row.told.iter().collect::<Vec<_>>());
        to.put("mails_heard", row.mails_heard);
        to.json("alarms", &row.alarms.iter().collect::<Vec<_>>());
        to.json("unmailed", &row.unmailed.iter().collect::<Vec<_>>());
        to.put("sequence", row.sequence);
        to.put("generation", row.generation);
        to.put("is_missed", u8::from(row.is_missed));
        to.moment("due_at", self.due_at(now));
        to.0
    }
}

impl Visit {
    /// What of the row is written; `None` where nothing is. It may have been put off until a moment that only whoever asked for the
    /// next step knows, so when it is looked at stays, unless what comes next may be another.
    #[must_use]
    pub fn written_columns(&self, now: Timestamp) -> Option<Columns> {
        let changes = self.changes();
        let mut columns = changes.visit.then(|| self.columns(now))?;
        if !changes.next {
            columns.remove("due_at");
        }
        Some(columns)
    }
}

impl VisitRow {
    /// The row as it was read.
    ///
    /// # Errors
    /// When a column is missing or holds what it cannot hold.
    pub fn from_columns(columns: &Columns) -> Result<Self> {
        let from = Reader(columns);
        let since = from.moment("pending_since")?;
        let pending = match (from.text("pending")?, since) {
            (Some(name), Some(since)) => Some((pending_of(name)?, since)),
            (None, _) => None,
            (Some(_), None) => return Err(BadColumn("pending_since")),
        };
        Ok(Self {
            id: from.value("id")?,
            version: from.value("version")?,
            source: from.value("source")?,
            appointment: from.value("appointment")?,
            doctor: from.value("doctor")?,
            slot: from
                .slot("start_utc", "minutes", "timezone", "topic")?
                .ok_or(BadColumn("start_utc"))?,
            takes_place: from.flag("takes_place")?,
            pending,
            wished_at: from.moment("wished_at")?.ok_or(BadColumn("wished_at"))?,
            was_seen: from.flag("was_seen")?,
            told: from
                .json::<Vec<(Recipient, Told)>>("told")?
                .into_iter()
                .collect(),
            mails_heard: from.value("mails_heard")?,
            alarms: from
                .json::<Vec<(About, u32)>>("alarms")?
                .into_iter()
                .collect(),
            unmailed: from
                .json::<Vec<(Recipient, u32)>>("unmailed")?
                .into_iter()
                .collect(),
            sequence: from.value("sequence")?,
            generation: from.value("generation")?,
            is_missed: from.flag("is_missed")?,
        })
    }
}

impl Meeting {
    /// The meeting's row. Link and passcode are in clear here: who stores the row seals them.
    #[must_use]
    pub fn columns(&self) -> Columns {
        let mut to = Writer::default();
        to.put("id", self.id);
        to.put("generation", self.generation);
        to.put("reference", &self.reference);
        let (role, end) = role_names(self.role);
        to.put("role", role);
        to.maybe("ended", end);
        to.put("doctor", self.doctor);
        let maker = self.maker.as_ref();
        to.maybe("mode", maker.map(|maker| mode_name(maker.mode)));
        to.maybe("app", maker.map(|maker| &maker.app));
        to.maybe("account", maker.and_then(|maker| maker.account.as_ref()));
        to.maybe("subject", maker.and_then(|maker| maker.subject.as_ref()));
        to.maybe("host", maker.map(|maker| &maker.host));
        let known = self.known.as_ref();
        to.maybe("number", known.map(|known| known.number));
        to.maybe("uuid", known.and_then(|known| known.uuid.as_ref()));
        to.maybe("host_at_zoom", known.and_then(|known| known.host.as_ref()));
        to.maybe(
            "host_email",
            known.and_then(|known| known.host_email.as_ref()),
        );
        to.maybe("join_url", known.and_then(|known| known.join_url.as_ref()));
        to.maybe("passcode", known.and_then(|known| known.passcode.as_ref()));
        to.put(
            "passcode_in_link",
            u8::from(known.is_some_and(|known| known.passcode_in_link)),
        );
        to.slot("has_", known.and_then(|known| known.slot.as_ref()));
        to.json(
            "overridden",
            &known
                .map(|known| &known.overridden)
                .into_iter()
                .flatten()
                .collect::<Vec<_>>(),
        );
        let attempt = self.attempt.as_ref();
        to.moment("sent_at", attempt.map(|attempt| attempt.sent_at));
        to.slot("sent_", attempt.map(|attempt| &attempt.slot));
        to.put(
            "has_ended",
            u8::from(attempt.is_some_and(|attempt| attempt.has_ended)),
        );
        to.put("is_going", u8::from(self.is_going));
        to.put("is_uncertain", u8::from(self.is_uncertain));
        to.json("to_restore", &self.to_restore);
        to.put("tries", self.tries);
        to.moment("due_at", self.due_at);
        to.maybe(
            "problem",
            self.problem
                .as_ref()
                .and_then(|problem| serde_json::to_string(problem).ok()),
        );
        to.maybe("tracking_id", self.tracking_id.as_ref());
        to.0
    }

    /// The meeting as it was read, link and passcode opened.
    ///
    /// # Errors
    /// When a column is missing or holds what it cannot hold.
    pub fn from_columns(columns: &Columns) -> Result<Self> {
        let from = Reader(columns);
        let maker = from.maker()?;
        let known = match from.maybe("number")? {
            None => None,
            Some(number) => Some(Known {
                number,
                uuid: from.maybe("uuid")?,
                host: from.maybe("host_at_zoom")?,
                host_email: from.maybe("host_email")?,
                join_url: from.maybe("join_url")?,
                passcode: from.maybe("passcode")?,
                passcode_in_link: from.flag("passcode_in_link")?,
                slot: from.slot("has_start_utc", "has_minutes", "has_timezone", "has_topic")?,
                overridden: from.json("overridden")?,
            }),
        };
        let attempt = match from.moment("sent_at")? {
            None => None,
            Some(sent_at) => Some(Attempt {
                sent_at,
                slot: from
                    .slot(
                        "sent_start_utc",
                        "sent_minutes",
                        "sent_timezone",
                        "sent_topic",
                    )?
                    .ok_or(BadColumn("sent_start_utc"))?,
                has_ended: from.flag("has_ended")?,
            }),
        };
        let problem = match from.text("problem")? {
            None => None,
            Some(json) => Some(serde_json::from_str(json).map_err(|_| BadColumn("problem"))?),
        };
        Ok(Self {
            id: from.value("id")?,
            generation: from.value("generation")?,
            reference: from.value("reference")?,
            role: role_of(from.text("role")?, from.text("ended")?)?,
            doctor: from.value("doctor")?,
            maker,
            known,
            attempt,
            is_going: from.flag("is_going")?,
            is_uncertain: from.flag("is_uncertain")?,
            to_restore: from.json("to_restore")?,
            tries: from.value("tries")?,
            due_at: from.moment("due_at")?,
            problem,
            tracking_id: from.maybe("tracking_id")?,
        })
    }
}

/// A meeting that another plugin has made: its maker, and what is known of it.
///
/// # Errors
/// When a column is missing or holds what it cannot hold.
pub fn made_elsewhere(columns: &Columns) -> Result<(Maker, Known)> {
    let from = Reader(columns);
    let known = Known {
        number: from.value("number")?,
        uuid: from.maybe("uuid")?,
        host: None,
        host_email: None,
        join_url: from.maybe("join_url")?,
        passcode: from.maybe("passcode")?,
        passcode_in_link: false,
        slot: None,
        overridden: Vec::new(),
    };
    Ok((Maker::from_columns(columns)?, known))
}

impl Notice {
    /// The notice's row of the outbox.
    #[must_use]
    pub fn columns(&self) -> Columns {
        let mut to = Writer::default();
        let (recipient, doctor) = match self.to {
            Recipient::Patient => ("patient", None),
            Recipient::Doctor(doctor) => ("doctor", Some(doctor)),
            Recipient::Staff => ("staff", None),
        };
        to.put("id", self.id);
        to.maybe("about", name_of(&self.about));
        to.put("recipient", recipient);
        to.maybe("doctor", doctor);
        to.put("sequence", self.sequence);
        to.put("place", place_name(self.place));
        to.maybe(
            "says",
            self.says
                .as_ref()
                .and_then(|says| serde_json::to_string(says).ok()),
        );
        to.put("tries", self.tries);
        to.moment("due_at", Some(self.due_at));
        to.0
    }

    /// The notice as it was read.
    ///
    /// # Errors
    /// When a column is missing or holds what it cannot hold.
    pub fn from_columns(columns: &Columns) -> Result<Self> {
        let from = Reader(columns);
        let says = match from.text("says")? {
            None => None,
            Some(json) => Some(serde_json::from_str(json).map_err(|_| BadColumn("says"))?),
        };
        Ok(Self {
            id: from.value("id")?,
            about: named(from.text("about")?).ok_or(BadColumn("about"))?,
            to: match from.text("recipient")? {
                Some("patient") => Recipient::Patient,
                Some("staff") => Recipient::Staff,
                Some("doctor") => Recipient::Doctor(from.value("doctor")?),
                _ => return Err(BadColumn("recipient")),
            },
            sequence: from.value("sequence")?,
            place: place_of(from.text("place")?)?,
            says,
            tries: from.value("tries")?,
            due_at: from.moment("due_at")?.ok_or(BadColumn("due_at"))?,
        })
    }
}

/// Fills a row.
#[derive(Default)]
struct Writer(Columns);

impl Writer {
    fn put(&mut self, column: &str, value: impl Display) {
        self.maybe(column, Some(value));
    }

    fn maybe(&mut self, column: &str, value: Option<impl Display>) {
        self.0
            .insert(column.to_owned(), value.map(|value| value.to_string()));
    }

    fn moment(&mut self, column: &str, value: Option<Timestamp>) {
        self.maybe(column, value.map(moment_text));
    }

    /// Names and numbers under names that are texts: nothing that could fail.
    fn json(&mut self, column: &str, value: &impl Serialize) {
        self.maybe(column, serde_json::to_string(value).ok());
    }

    fn slot(&mut self, prefix: &str, slot: Option<&Slot>) {
        self.moment(&format!("{prefix}start_utc"), slot.map(|slot| slot.start));
        self.maybe(&format!("{prefix}minutes"), slot.map(|slot| slot.minutes));
        self.maybe(
            &format!("{prefix}timezone"),
            slot.map(|slot| &slot.timezone),
        );
        self.maybe(&format!("{prefix}topic"), slot.map(|slot| &slot.topic));
    }
}

/// Reads a row.
pub(super) struct Reader<'a>(pub(super) &'a Columns);

impl<'a> Reader<'a> {
    /// Through what it was, or is to be, made; `None` where nobody could host yet.
    pub(super) fn maker(&self) -> Result<Option<Maker>> {
        match self.text("mode")? {
            None => Ok(None),
            Some(_) => Maker::from_columns(self.0).map(Some),
        }
    }

    pub(super) fn text(&self, column: &'static str) -> Result<Option<&'a str>> {
        self.0
            .get(column)
            .map(Option::as_deref)
            .ok_or(BadColumn(column))
    }

    pub(super) fn maybe<T: FromStr>(&self, column: &'static str) -> Result<Option<T>> {
        match self.text(column)? {
            None => Ok(None),
            Some(text) => text.parse().map(Some).map_err(|_| BadColumn(column)),
        }
    }

    pub(super) fn value<T: FromStr>(&self, column: &'static str) -> Result<T> {
        self.maybe(column)?.ok_or(BadColumn(column))
    }

    fn flag(&self, column: &'static str) -> Result<bool> {
        match self.text(column)? {
            Some("0") => Ok(false),
            Some("1") => Ok(true),
            _ => Err(BadColumn(column)),
        }
    }

    pub(super) fn moment(&self, column: &'static str) -> Result<Option<Timestamp>> {
        self.text(column)?
            .map(|text| moment_of(text).ok_or(BadColumn(column)))
            .transpose()
    }

    fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        let text = self.text(column)?.ok_or(BadColumn(column))?;
        serde_json::from_str(text).map_err(|_| BadColumn(column))
    }

    pub(super) fn slot(
        &self,
        start: &'static str,
        minutes: &'static str,
        timezone: &'static str,
        topic: &'static str,
    ) -> Result<Option<Slot>> {
        let Some(begins) = self.moment(start)? else {
            return Ok(None);
        };
        Ok(Some(Slot {
            start: begins,
            minutes: self.value(minutes)?,
            timezone: self.value(timezone)?,
            topic: self.value(topic)?,
        }))
    }
}

#[cfg(test)]
mod tests;
