//! What is told from outside for a comparison, and of a visit that somebody is on the way into.

use super::BadColumn;
use super::Columns;
use super::Reader;
use super::Result;
use super::Writer;
use super::named;
use super::names::role_of;
use crate::visit::comparison::Finding;
use crate::visit::comparison::What;
use crate::visit::entry::OnTheWay;
use crate::visit::intended::Intended;

impl Intended {
    /// From `version`, `start_utc`, `minutes`, `takes_place`, `pending`, `state` and `changed_at` of the visit; `visit`, `generation`,
    /// `reference`, `role`, `ended`, the columns of its maker, `number`, `host_at_zoom`, `join_url`, `overridden` and `to_restore` of the
    /// meeting, the link opened.
    ///
    /// # Errors
    /// When a column is missing or holds what it cannot hold.
    pub fn from_columns(columns: &Columns) -> Result<Self> {
        let from = Reader(columns);
        let maker = from.maker()?;
        Ok(Self {
            visit: from.value("visit")?,
            version: from.value("version")?,
            generation: from.value("generation")?,
            reference: from.value("reference")?,
            role: role_of(from.text("role")?, from.text("ended")?)?,
            maker,
            number: from.maybe("number")?,
            host_at_zoom: from.maybe("host_at_zoom")?,
            join_url: from.maybe("join_url")?,
            overridden: from.json("overridden")?,
            to_restore: from.json("to_restore")?,
            start: from.moment("start_utc")?.ok_or(BadColumn("start_utc"))?,
            minutes: from.value("minutes")?,
            takes_place: from.flag("takes_place")?,
            is_pending: from.text("pending")?.is_some(),
            state: named(from.text("state")?).ok_or(BadColumn("state"))?,
            changed_at: from.moment("changed_at")?.ok_or(BadColumn("changed_at"))?,
        })
    }
}

impl Finding {
    /// As [`Finding::from_columns`] reads it; without the settings.
    #[must_use]
    pub fn columns(&self) -> Columns {
        let mut to = Writer::default();
        to.put("action", self.what.name());
        to.maybe("visit", self.of.map(|(visit, _)| visit));
        to.maybe("generation", self.of.map(|(_, generation)| generation));
        to.put("meeting", self.number);
        to.0
    }

    /// From `action`, `visit`, `generation` and `meeting`.
    ///
    /// # Errors
    /// When a column is missing or holds what it cannot hold.
    pub fn from_columns(columns: &Columns) -> Result<Self> {
        let from = Reader(columns);
        let what = from.text("action")?.and_then(What::named);
        let of = match from.maybe("visit")? {
            None => None,
            Some(visit) => Some((visit, from.value("generation")?)),
        };
        Ok(Self {
            what: what.ok_or(BadColumn("action"))?,
            of,
            number: from.value("meeting")?,
            settings: Vec::new(),
        })
    }
}

impl OnTheWay {
    /// From `state`, `is_ready`, `has_failed`, `changed_at`, `looked_at` and `is_outage`.
    ///
    /// # Errors
    /// When a column is missing or holds what it cannot hold.
    pub fn from_columns(columns: &Columns) -> Result<Self> {
        let from = Reader(columns);
        Ok(Self {
            state: named(from.text("state")?).ok_or(BadColumn("state"))?,
            is_ready: from.flag("is_ready")?,
            has_failed: from.flag("has_failed")?,
            changed_at: from.moment("changed_at")?.ok_or(BadColumn("changed_at"))?,
            looked_at: from.moment("looked_at")?,
            is_outage: from.flag("is_outage")?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;
    use crate::visit::Seconds as _;
    use crate::visit::State;
    use crate::visit::columns::moment_text;
    use crate::visit::testing::*;

    fn set(columns: &mut Columns, name: &str, text: Option<&str>) {
        columns.insert(name.to_owned(), text.map(str::to_owned));
    }

    #[test]
    fn an_intended_meeting_is_read_from_the_rows_of_both_tables() {
        let visit = World::default().made(confirmed(), 91);
        let mut row = visit.columns(now());
        row.extend(visit.serving().unwrap().columns());
        set(&mut row, "visit", Some("1"));
        let changed_at = moment_text(now().before(900));
        set(&mut row, "changed_at", Some(&changed_at));
        let read = Intended::from_columns(&row).unwrap();
        let expected = Intended {
            version: visit.row().version,
            reference: visit.serving().unwrap().reference.clone(),
            ..intended(1, 91)
        };
        assert!(read == expected);
        set(&mut row, "pending", Some("doubt"));
        assert!(Intended::from_columns(&row).unwrap().is_pending);
        set(&mut row, "mode", None);
        assert_eq!(Intended::from_columns(&row).unwrap().maker, None);
        set(&mut row, "state", Some("unheard_of"));
        let refused = Intended::from_columns(&row).err();
        assert_eq!(refused, Some(BadColumn("state")));
    }

    #[test]
    fn a_finding_is_read_back_as_it_was_written() {
        for of in [None, Some((1, 2))] {
            let finding = Finding {
                what: What::Move,
                of,
                number: 91,
                settings: Vec::new(),
            };
            assert_eq!(Finding::from_columns(&finding.columns()), Ok(finding));
        }
        let mut row = Columns::new();
        set(&mut row, "action", Some("create"));
        set(&mut row, "visit", None);
        set(&mut row, "meeting", Some("91"));
        assert_eq!(Finding::from_columns(&row), Err(BadColumn("action")));
    }

    #[test]
    fn who_is_on_the_way_is_read_with_what_is_known() {
        let mut row = Columns::new();
        for (name, text) in [
            ("state", Some("made")),
            ("is_ready", Some("1")),
            ("has_failed", Some("0")),
            ("changed_at", Some("2026-11-24 09:00:00")),
            ("looked_at", None),
            ("is_outage", Some("1")),
        ] {
            set(&mut row, name, text);
        }
        let known = OnTheWay::from_columns(&row).unwrap();
        assert_eq!(
            known,
            OnTheWay {
                state: State::Made,
                is_ready: true,
                has_failed: false,
                changed_at: now().before(3_600),
                looked_at: None,
                is_outage: true,
            }
        );
        row.remove("looked_at");
        assert_eq!(OnTheWay::from_columns(&row), Err(BadColumn("looked_at")));
    }
}
