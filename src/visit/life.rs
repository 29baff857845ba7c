//! A visit with its meetings and what waits to be told of it: rows in, changes out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

use super::Seconds;
use super::changes::Changes;
use super::changes::Event;
use super::meeting::Meeting;
use super::meeting::Role;
use super::notice::About;
use super::notice::Notice;
use super::notice::Recipient;
use super::notice::Told;
use super::reference::NoReference;
use super::reference::is_part;
use super::slot::Slot;

/// Sequences count on from the minutes since this moment, so that a database from a backup does not fall behind calendars.
const SEQUENCE_BEGINS: i64 = 1_735_689_600;
/// What was wished in a transaction that nobody has heard of since: no request holds one open for so long.
const WISH_SECONDS: i64 = 15 * 60;
/// What was changed behind our back, perhaps just now: its hook may still come. Less than a minute, for the next run believes it.
const DOUBT_SECONDS: i64 = 45;

/// What was wished last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "each says what it is called")]
pub enum WishKind {
    Book,
    Reschedule,
    Reassign,
    Cancel,
    Recreate,
}

/// Why a visit is not acted upon yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pending {
    /// Something was wished, and was not seen committed.
    Wish(WishKind),
    /// The appointment says otherwise, and nothing was wished.
    Doubt,
}

/// The visit's own row.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VisitRow {
    /// Its number.
    pub id: i64,
    /// Counts the changes.
    pub version: u32,
    /// The appointment system's name.
    pub source: String,
    /// The appointment's name there.
    pub appointment: String,
    /// Who holds it, a WordPress user.
    pub doctor: u64,
    /// When and how long.
    pub slot: Slot,
    /// Whether it takes place.
    pub takes_place: bool,
    /// Why it is not acted upon yet, and since when.
    pub pending: Option<(Pending, Timestamp)>,
    /// When something was last wished.
    pub wished_at: Timestamp,
    /// Whether its appointment was ever seen committed.
    pub was_seen: bool,
    /// What each person's newest e-mail says; who was never told is not in it.
    pub told: BTreeMap<Recipient, Told>,
    /// So many e-mails of the appointment system are reckoned with in `told`.
    pub mails_heard: usize,
    /// Of what was told once, in which sequence.
    pub alarms: BTreeMap<About, u32>,
    /// Who could not be mailed, in which sequence.
    pub unmailed: BTreeMap<Recipient, u32>,
    /// The calendar's sequence number.
    pub sequence: u32,
    /// The last of the intended meetings.
    pub generation: u32,
    /// Whether it is over without a meeting.
    pub is_missed: bool,
}

/// How a visit looks from outside.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No meeting is known, and one is wanted.
    Due,
    /// A creation is under way, or its answer was lost.
    Attempting,
    /// The meeting is there as wanted.
    Made,
    /// It is there, and to be changed.
    Updating,
    /// It is there and serves, while another is made to take its place.
    Moving,
    /// Only a person can tell whether it is there.
    Uncertain,
    /// The visit is off.
    Cancelled,
    /// It is over, and no meeting was made.
    Missed,
}

/// A visit. Every input takes it and gives it back changed; [`Visit::changes`] says what has to be written.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Visit {
    pub(super) row: VisitRow,
    pub(super) meetings: Vec<Meeting>,
    pub(super) notices: Vec<Notice>,
    pub(super) changes: Changes,
}

impl Visit {
    /// A visit that is wanted; nobody has seen its appointment committed. It is not stored yet.
    ///
    /// # Errors
    /// When the appointment system's name or the appointment's is empty or holds a colon: its meetings could have no reference.
    pub fn booked(
        source: &str,
        appointment: &str,
        doctor: u64,
        slot: Slot,
        now: Timestamp,
    ) -> Result<Self, NoReference> {
        if !is_part(source) || !is_part(appointment) {
            return Err(NoReference);
        }
        let row = VisitRow {
            id: 0,
            version: 0,
            source: source.to_owned(),
            appointment: appointment.to_owned(),
            doctor,
            slot,
            takes_place: true,
            pending: Some((Pending::Wish(WishKind::Book), now)),
            wished_at: now,
            was_seen: false,
            told: BTreeMap::new(),
            mails_heard: 0,
            alarms: BTreeMap::new(),
            unmailed: BTreeMap::new(),
            sequence: 0,
            generation: 0,
            is_missed: false,
        };
        let mut visit = Self::from_rows(row, Vec::new(), Vec::new());
        visit.log(Event::Booked);
        visit.count_sequence(now);
        Ok(visit)
    }

    /// A visit as it is stored: with all its meetings that are not done, and the notices that are open.
    #[must_use]
    pub fn from_rows(row: VisitRow, meetings: Vec<Meeting>, notices: Vec<Notice>) -> Self {
        Self {
            row,
            meetings,
            notices,
            changes: Changes::default(),
        }
    }

    /// The visit's own row.
    #[must_use]
    pub fn row(&self) -> &VisitRow {
        &self.row
    }

    /// Its meetings.
    #[must_use]
    pub fn meetings(&self) -> &[Meeting] {
        &self.meetings
    }

    /// What waits to be told.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// What has to be written.
    #[must_use]
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Whether there is anything to write.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.changes != Changes::default()
    }

    /// The visit as it is once its changes are written, as if it were read again. `None` where something of it gets its number only
    /// then.
    #[must_use]
    pub fn written(&self) -> Option<Self> {
        let is_numbered = self.notices.iter().all(|notice| notice.id != 0);
        (is_numbered && !self.changes.forgets).then(|| {
            let mut visit = self.clone();
            visit.changes = Changes::default();
            // What is not open any more is not read either.
            visit.notices.retain(Notice::is_open);
            visit
                .meetings
                .retain(|meeting| !matches!(meeting.role, Role::Done(_)));
            visit
        })
    }

    /// The numbers of its notices that are due, the oldest first.
    #[must_use]
    pub fn due_notices(&self, now: Timestamp) -> Vec<i64> {
        let mut due: Vec<_> = self
            .notices
            .iter()
            .filter(|notice| notice.is_open() && notice.due_at <= now && notice.id != 0)
            .map(|notice| (notice.due_at, notice.id))
            .collect();
        due.sort_unstable();
        due.into_iter().map(|(_, id)| id).collect()
    }

    /// How it looks from outside.
    #[must_use]
    pub fn state(&self) -> State {
        let serving = self.serving();
        match serving {
            _ if !self.row.takes_place => State::Cancelled,
            Some(meeting) if meeting.is_uncertain => State::Uncertain,
            Some(meeting) if meeting.known.is_some() => {
                if self.with_role(Role::Next).is_some() {
                    State::Moving
                } else if self.is_as_wanted(meeting) {
                    State::Made
                } else {
                    State::Updating
                }
            }
            _ if self.row.is_missed => State::Missed,
            Some(meeting) if meeting.attempt.is_some() => State::Attempting,
            _ => State::Due,
        }
    }

    /// The meeting that serves, or is to serve.
    #[must_use]
    pub fn serving(&self) -> Option<&Meeting> {
        self.with_role(Role::Serves)
    }

    /// Whether there is a meeting at Zoom to join and to start.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.row.takes_place
            && self
                .serving()
                .is_some_and(|meeting| meeting.known.is_some())
    }

    /// Whether the visit is over.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.row.slot.end() < now
    }

    /// When what is pending is believed or forgotten by itself; `None` when nothing is pending.
    #[must_use]
    pub fn believed_at(&self) -> Option<Timestamp> {
        self.row.pending.map(|(why, since)| {
            since.after(match why {
                Pending::Wish(_) => WISH_SECONDS,
                Pending::Doubt => DOUBT_SECONDS,
            })
        })
    }

    pub(super) fn with_role(&self, role: Role) -> Option<&Meeting> {
        self.meetings.iter().find(|meeting| meeting.role == role)
    }

    pub(super) fn meeting(&self, generation: u32) -> Option<&Meeting> {
        self.meetings
            .iter()
            .find(|meeting| meeting.generation == generation)
    }

    pub(super) fn is_as_wanted(&self, meeting: &Meeting) -> bool {
        meeting
            .known
            .as_ref()
            .is_some_and(|known| known.slot.as_ref() == Some(&self.row.slot))
    }

    /// The row changes, and with it what comes next.
    pub(super) fn touch(&mut self) -> &mut VisitRow {
        self.changes.next = true;
        self.touch_told()
    }

    /// The row changes in what people were told: it counts as another version, once for each input.
    pub(super) fn touch_told(&mut self) -> &mut VisitRow {
        if !self.changes.visit {
            self.changes.visit = true;
            self.row.version += 1;
        }
        &mut self.row
    }

    pub(super) fn log(&mut self, event: Event) {
        self.touch();
        self.changes.log.push(event);
    }

    /// Writes one of the meetings down as it is by then.
    pub(super) fn change_meeting(&mut self, generation: u32, change: impl FnOnce(&mut Meeting)) {
        self.touch();
        let Some(meeting) = self
            .meetings
            .iter_mut()
            .find(|meeting| meeting.generation == generation)
        else {
            return;
        };
        change(meeting);
        let meeting = meeting.clone();
        let written = &mut self.changes.meetings;
        written.retain(|other| other.generation != generation);
        written.push(meeting);
    }

    pub(super) fn add_meeting(&mut self, meeting: Meeting) {
        let generation = meeting.generation;
        self.row.generation = self.row.generation.max(generation);
        self.meetings.push(meeting);
        self.change_meeting(generation, |_| {});
    }

    pub(super) fn write_notice(&mut self, index: usize, change: impl FnOnce(&mut Notice)) {
        let Some(notice) = self.notices.get_mut(index) else {
            return;
        };
        let before = notice.clone();
        change(notice);
        if *notice == before {
            return;
        }
        let notice = notice.clone();
        let written = &mut self.changes.notices;
        written.retain(|other| {
            (other.id, other.to, other.about) != (before.id, before.to, before.about)
        });
        written.push(notice);
    }

    pub(super) fn add_notice(&mut self, notice: Notice) {
        self.changes.notices.push(notice.clone());
        self.notices.push(notice);
    }

    /// People's calendars have to take what comes now for newer than what they have.
    pub(super) fn count_sequence(&mut self, now: Timestamp) {
        let minutes = (now.as_second() - SEQUENCE_BEGINS).max(0) / 60;
        let floor = u32::try_from(minutes).unwrap_or(u32::MAX);
        let row = self.touch();
        row.sequence = row.sequence.saturating_add(1).max(floor);
    }
}
