//! An appointment system as awkward as KiviCare: it calls us inside an open transaction and may roll it back, cancels and deletes
//! without a word, and sends e-mails of its own, which it notes in the same transaction.

use jiff::Timestamp;

use telemed::visit::SourceMail;
use telemed::visit::Standing;

/// Its name in our tables.
pub const SOURCE: &str = "kivicare";
/// Where the clinic is.
pub const ZONE: &str = "Europe/Berlin";

/// A row of its table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Appointment {
    /// Who holds it.
    pub doctor: u64,
    /// The start.
    pub start: Timestamp,
    /// The length in minutes.
    pub minutes: i64,
    /// Whether it is booked, not cancelled.
    pub is_on: bool,
}

/// An e-mail of its own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OwnMail {
    /// What is noted of it.
    pub noted: SourceMail,
    /// Of what it tells.
    pub of: Appointment,
}

/// Its tables.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tables {
    /// The appointment, if there is one.
    pub appointment: Option<Appointment>,
    /// The e-mails.
    pub mails: Vec<OwnMail>,
}

/// The system.
#[derive(Clone, Debug, Default)]
pub struct Appointments {
    committed: Tables,
    open: Option<Tables>,
    /// Which process has opened the transaction.
    opened_by: usize,
    /// The last number that an appointment got. None is given twice, not even after a transaction that was rolled back.
    number: u32,
    /// Every state that was ever committed, the oldest first.
    history: Vec<Option<Appointment>>,
}

impl Appointments {
    /// Whether a transaction is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// The number of the appointment.
    #[must_use]
    pub fn number(&self) -> String {
        self.number.to_string()
    }

    /// A new appointment gets a new number.
    pub fn count(&mut self) {
        self.number += 1;
    }

    /// Opens a transaction, in a process.
    pub fn begin(&mut self, process: usize) {
        self.open = Some(self.committed.clone());
        self.opened_by = process;
    }

    /// The process is dead; a transaction of its is rolled back.
    pub fn bury(&mut self, process: usize) {
        if self.opened_by == process {
            self.open = None;
        }
    }

    /// The tables as the transaction sees them; what is committed where none is open.
    #[must_use]
    pub fn tables(&self) -> &Tables {
        self.open.as_ref().unwrap_or(&self.committed)
    }

    /// Changes them: within the transaction, or at once where none is open.
    pub fn change(&mut self, change: impl FnOnce(&mut Tables)) {
        if let Some(open) = &mut self.open {
            change(open);
        } else {
            change(&mut self.committed);
            self.remember();
        }
    }

    /// Commits. The e-mails that go out with it are given back.
    pub fn commit(&mut self) -> Vec<OwnMail> {
        let Some(open) = self.open.take() else {
            return Vec::new();
        };
        let before = self.committed.mails.len();
        self.committed = open;
        self.remember();
        self.committed.mails.iter().skip(before).cloned().collect()
    }

    /// The database is another, older one; what was ever committed stays known.
    pub fn go_back_to(&mut self, older: Self) {
        let history = std::mem::take(&mut self.history);
        *self = Self { history, ..older };
        self.remember();
    }

    /// Rolls back.
    pub fn roll_back(&mut self) {
        self.open = None;
    }

    /// The appointment as it stands committed.
    #[must_use]
    pub fn committed(&self) -> Option<&Appointment> {
        self.committed.appointment.as_ref()
    }

    /// What was ever committed.
    #[must_use]
    pub fn history(&self) -> &[Option<Appointment>] {
        &self.history
    }

    /// What it says of the appointment. The notes of its e-mails outlive it: of what people were mailed it says that it is off.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        let Tables { appointment, mails } = &self.committed;
        let of_mail = || mails.last().map(|mail| &mail.of);
        let told = appointment.as_ref().or_else(of_mail)?;
        Some(Standing {
            takes_place: appointment.as_ref().is_some_and(|one| one.is_on),
            doctor: told.doctor,
            start: told.start,
            minutes: told.minutes,
            timezone: ZONE.to_owned(),
            mails: mails.iter().map(|mail| mail.noted).collect(),
        })
    }

    fn remember(&mut self) {
        if self.history.last() != Some(&self.committed.appointment) {
            self.history.push(self.committed.appointment.clone());
        }
    }
}
