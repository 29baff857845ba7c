//! An appointment system as awkward as KiviCare: it calls us inside an open transaction and may roll it back, cancels and deletes
//! without a word, and sends e-mails of its own, which it notes in the same transaction.

use jiff::Timestamp;

use telemed::visit::SourceMail;
use telemed::visit::Standing;

/// Its name in our tables.
pub const SOURCE: &str = "kivicare";
/// Where the clinic is.
pub const ZONE: &str = "Europe/Berlin";

/// The second appointment's numbers begin here.
const SECOND_BEGINS: u32 = 1_000;

/// An appointment with its visit, over all that becomes of them.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Case {
    /// The one that every life has.
    First,
    /// The one that some lives have besides.
    Second,
}

impl Case {
    /// Both.
    pub const ALL: [Self; 2] = [Self::First, Self::Second];

    /// The one that an appointment of this number belongs to.
    #[must_use]
    pub fn of_number(number: &str) -> Self {
        let number: u32 = number.parse().unwrap_or(0);
        if number < SECOND_BEGINS {
            Self::First
        } else {
            Self::Second
        }
    }

    /// What is the case's of two things.
    fn of<T>(self, [first, second]: &[T; 2]) -> &T {
        match self {
            Self::First => first,
            Self::Second => second,
        }
    }

    fn of_mut<T>(self, [first, second]: &mut [T; 2]) -> &mut T {
        match self {
            Self::First => first,
            Self::Second => second,
        }
    }
}

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

/// What it holds of a case.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Rows {
    /// The appointment, if there is one.
    pub appointment: Option<Appointment>,
    /// The e-mails.
    pub mails: Vec<OwnMail>,
}

/// Its tables: the rows of each case.
type Tables = [Rows; 2];

/// The system.
#[derive(Clone, Debug)]
pub struct Appointments {
    committed: Tables,
    open: Option<Tables>,
    /// Which process has opened the transaction.
    opened_by: usize,
    /// The last number that an appointment of each case got. None is given twice, not even after a transaction that was rolled back.
    numbers: [u32; 2],
    /// Every state that was ever committed of each case, the oldest first.
    histories: [Vec<Option<Appointment>>; 2],
}

impl Default for Appointments {
    fn default() -> Self {
        Self {
            committed: Tables::default(),
            open: None,
            opened_by: 0,
            numbers: [0, SECOND_BEGINS],
            histories: Default::default(),
        }
    }
}

impl Appointments {
    /// Whether a transaction is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// The number of a case's appointment.
    #[must_use]
    pub fn number(&self, case: Case) -> String {
        case.of(&self.numbers).to_string()
    }

    /// A new appointment gets a new number.
    pub fn count(&mut self, case: Case) {
        *case.of_mut(&mut self.numbers) += 1;
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

    /// The rows of a case as the transaction sees them; what is committed where none is open.
    #[must_use]
    pub fn rows(&self, case: Case) -> &Rows {
        case.of(self.open.as_ref().unwrap_or(&self.committed))
    }

    /// Changes them: within the transaction, or at once where none is open.
    pub fn change(&mut self, case: Case, change: impl FnOnce(&mut Rows)) {
        let tables = self.open.as_mut().unwrap_or(&mut self.committed);
        change(case.of_mut(tables));
        if self.open.is_none() {
            self.remember(case);
        }
    }

    /// Commits. The e-mails that go out with it are given back.
    pub fn commit(&mut self) -> Vec<(Case, OwnMail)> {
        let Some(open) = self.open.take() else {
            return Vec::new();
        };
        let before = std::mem::replace(&mut self.committed, open);
        self.remember_all();
        let new = |case: Case| {
            let known = case.of(&before).mails.len();
            let mails = case.of(&self.committed).mails.iter().skip(known);
            mails.map(move |mail| (case, mail.clone()))
        };
        Case::ALL.into_iter().flat_map(new).collect()
    }

    /// The database is another, older one; what was ever committed stays known.
    pub fn go_back_to(&mut self, older: Self) {
        let histories = std::mem::take(&mut self.histories);
        *self = Self { histories, ..older };
        self.remember_all();
    }

    /// Rolls back.
    pub fn roll_back(&mut self) {
        self.open = None;
    }

    /// The appointment as it stands committed.
    #[must_use]
    pub fn committed(&self, case: Case) -> Option<&Appointment> {
        case.of(&self.committed).appointment.as_ref()
    }

    /// What was ever committed of a case.
    #[must_use]
    pub fn history(&self, case: Case) -> &[Option<Appointment>] {
        let history: &Vec<_> = case.of(&self.histories);
        history
    }

    /// What it says of a case's appointment. The notes of its e-mails outlive it: of what people were mailed it says that it is off.
    #[must_use]
    pub fn standing(&self, case: Case) -> Option<Standing> {
        let Rows { appointment, mails } = case.of(&self.committed);
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

    /// What has never been is no state.
    fn remember_all(&mut self) {
        for case in Case::ALL {
            if self.committed(case).is_some() || !self.history(case).is_empty() {
                self.remember(case);
            }
        }
    }

    fn remember(&mut self, case: Case) {
        let now = &case.of(&self.committed).appointment;
        let history = case.of_mut(&mut self.histories);
        if history.last() != Some(now) {
            history.push(now.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    fn appointment() -> Appointment {
        Appointment {
            doctor: 1,
            start: Timestamp::UNIX_EPOCH,
            minutes: 30,
            is_on: true,
        }
    }

    #[test]
    fn a_case_has_rows_numbers_and_a_past_of_its_own() {
        let mut system = Appointments::default();
        system.count(Case::Second);
        system.begin(1);
        system.change(Case::Second, |rows| rows.appointment = Some(appointment()));
        assert_eq!(system.committed(Case::Second), None, "it is not committed");
        assert_eq!(system.commit(), []);
        assert_eq!(system.committed(Case::Second), Some(&appointment()));
        assert_eq!(system.history(Case::Second), [Some(appointment())]);
        assert_eq!(
            (
                system.standing(Case::First),
                system.history(Case::First).len()
            ),
            (None, 0)
        );
        for case in Case::ALL {
            assert_eq!(Case::of_number(&system.number(case)), case);
        }
    }

    #[test]
    fn mails_go_out_with_the_end_of_their_transaction() {
        let mail = || OwnMail {
            noted: SourceMail {
                is_off: false,
                doctor: 1,
                sequence: 7,
            },
            of: appointment(),
        };
        let mut system = Appointments::default();
        system.begin(1);
        system.change(Case::First, |rows| rows.mails.push(mail()));
        system.roll_back();
        system.begin(1);
        system.change(Case::Second, |rows| rows.mails.push(mail()));
        assert_eq!(system.commit(), [(Case::Second, mail())]);
        let standing = system.standing(Case::Second).unwrap();
        assert!(
            !standing.takes_place && standing.mails.len() == 1,
            "of what is gone it says that it is off"
        );
    }
}
