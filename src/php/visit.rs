//! `Telemed\Visit`, and the classes that it takes and gives.
//!
//! Rows come in as the database gives them and go out as it takes them: an array of texts by column, `null` for NULL. Nothing
//! here decides anything: it converts, calls the second core, and converts back.

#![allow(non_snake_case, reason = "parameter names are public API in PHP")]

mod changes;
mod comparison;
mod facts;
mod handover;
mod limit;
mod maker;
mod moment;
mod outcome;
mod rows;
mod step;

use ext_php_rs::boxed::ZBox;
use ext_php_rs::convert::FromZval;
use ext_php_rs::flags::DataType;
use ext_php_rs::prelude::*;
use ext_php_rs::types::ZendHashTable;
use ext_php_rs::types::Zval;

pub use comparison::Comparison;
pub use handover::Handover;
pub use limit::Limit;
pub use maker::Maker;
pub use moment::Moment;
pub use outcome::Outcome;
pub use step::Step;

use self::facts::FactsArgument;
use self::rows::Row;
use self::rows::Rows;
use super::array;
use super::convert::DateTimeArgument;
use super::convert::SEALED;
use super::convert::not_constructible;
use super::meeting::Meeting as ZoomMeeting;
use crate::exchange::known;
use crate::visit;
use crate::visit::Door;
use crate::visit::Seen;
use crate::visit::Sending;
use crate::visit::Slot;
use crate::visit::Standing;
use crate::visit::VisitRow;
use crate::visit::Wish;
use crate::visit::columns::moment_text;
use crate::visit::columns::name_of;
use crate::visit::comparison::Finding;
use crate::visit::entry::OnTheWay;
use crate::visit::intended::Intended;
use crate::visit::meeting::Meeting;
use crate::visit::notice::Fate;
use crate::visit::notice::Notice;
use crate::visit::schema5::Old;
use crate::zoom::reconciler::Found;

/// The life of a visit: rows in, changes and steps out.
#[php_class]
#[php(name = "Telemed\\Visit")]
#[php(flags = SEALED)]
pub struct Visit {
    visit: visit::Visit,
    /// The notice that was taken on to get here, and whether a try that fails is one too many.
    taken: Option<(i64, bool)>,
}

#[php_impl]
impl Visit {
    #[php(vis = "private")]
    pub fn __construct() -> PhpResult<Self> {
        not_constructible()
    }

    pub fn booked(
        source: String,
        appointment: String,
        doctor: i64,
        slot: Row,
        at: &Moment,
    ) -> PhpResult<Self> {
        let doctor = rows::id("doctor", doctor)?;
        let slot = slot.read(Slot::from_columns)?;
        let visit = visit::Visit::booked(&source, &appointment, doctor, slot, at.at().now)
            .map_err(|error| rows::bad(&error.to_string()))?;
        Ok(visit.into())
    }

    pub fn from_rows(visit: Row, meetings: Rows, notices: Rows) -> PhpResult<Self> {
        let row = visit.read(VisitRow::from_columns)?;
        let meetings = meetings.read(Meeting::from_columns)?;
        let notices = notices.read(Notice::from_columns)?;
        Ok(visit::Visit::from_rows(row, meetings, notices).into())
    }

    pub fn from_schema5(
        row: Row,
        leftovers: Rows,
        log: Rows,
        mailsNoted: i64,
        at: &Moment,
    ) -> PhpResult<Self> {
        let [leftovers, log] = [leftovers.columns()?, log.columns()?];
        let old = Old {
            site: &at.naming().site,
            row: &row.columns()?,
            leftovers: &leftovers,
            log: &log,
            mails_zooms_link: at.policies().mails_zooms_link,
            mails_noted: rows::id("mailsNoted", mailsNoted)?,
        };
        let visit = old
            .visit(at.at().now)
            .map_err(|error| rows::bad(&error.to_string()))?;
        Ok(visit.into())
    }

    pub fn book(&self, doctor: i64, slot: Row, at: &Moment) -> PhpResult<Self> {
        let doctor = rows::id("doctor", doctor)?;
        let slot = slot.read(Slot::from_columns)?;
        Ok(self.wish(Wish::Book { doctor, slot }, at))
    }

    pub fn reschedule(&self, slot: Row, at: &Moment) -> PhpResult<Self> {
        Ok(self.wish(Wish::Reschedule(slot.read(Slot::from_columns)?), at))
    }

    pub fn reassign(&self, doctor: i64, at: &Moment) -> PhpResult<Self> {
        Ok(self.wish(Wish::Reassign(rows::id("doctor", doctor)?), at))
    }

    pub fn cancel(&self, at: &Moment) -> Self {
        self.wish(Wish::Cancel, at)
    }

    pub fn recreate(&self, at: &Moment) -> Self {
        self.wish(Wish::Recreate, at)
    }

    pub fn confirm(&self, standing: Option<Row>, isFinal: bool, at: &Moment) -> PhpResult<Self> {
        let standing = standing.map(|row| row.standing()).transpose()?;
        let visit = self.visit.clone();
        Ok(visit
            .confirm(standing.as_ref(), isFinal, at.policies(), at.at())
            .into())
    }

    pub fn settled(&self, at: &Moment) -> Self {
        self.visit.clone().settled(at.policies(), at.at()).into()
    }

    pub fn next(&self, facts: FactsArgument, at: &Moment) -> PhpResult<Step> {
        Ok(facts.read()?.next(&self.visit, at))
    }

    pub fn begun(&self, step: &Step, at: &Moment) -> Option<Self> {
        let visit = self.visit.clone();
        visit
            .begun(step.core(), at.naming(), at.policies(), at.at())
            .map(Self::from)
    }

    pub fn after(&self, step: &Step, outcome: &Outcome, at: &Moment) -> PhpResult<Self> {
        let exchange = step.exchange()?;
        let visit = self.visit.clone();
        Ok(visit
            .tracked(exchange, outcome.tracking_id())
            .after(exchange, outcome.core(), at.policies(), at.at())
            .into())
    }

    #[php(defaults(isInItsPlace = false))]
    #[php(optional = isInItsPlace)]
    pub fn observed(
        &self,
        generation: i64,
        seen: Option<&ZoomMeeting>,
        at: &Moment,
        isInItsPlace: bool,
        overridden: Option<NamesArgument>,
    ) -> PhpResult<Self> {
        let generation = rows::id("generation", generation)?;
        let seen = match seen {
            None => Seen::Gone,
            Some(meeting) => {
                let asked = self.visit.slot_at_zoom(generation);
                let mut known = known(meeting.core(), Some(asked));
                if let Some(names) = overridden {
                    known.overridden = names.0;
                }
                if isInItsPlace {
                    Seen::InItsPlace(Box::new(known))
                } else {
                    Seen::There(Box::new(known))
                }
            }
        };
        let visit = self.visit.clone();
        Ok(visit
            .observed(generation, seen, at.policies(), at.at())
            .into())
    }

    pub fn gone(&self, number: i64, at: &Moment) -> Self {
        let visit = self.visit.clone();
        visit.gone(number, at.policies(), at.at()).into()
    }

    pub fn compared(
        &self,
        comparison: &Comparison,
        finding: Row,
        of: Row,
        seen: Option<&ZoomMeeting>,
        at: &Moment,
    ) -> PhpResult<Option<Self>> {
        let finding = finding.read(Finding::from_columns)?;
        let of = of.read(Intended::from_columns)?;
        let asked = self.visit.slot_at_zoom(of.generation);
        let found = seen.map(|meeting| Found::from(meeting.core()));
        let seen = seen.map(|meeting| known(meeting.core(), Some(asked)));
        let comparison = comparison.core().borrow();
        let visit = self.visit.clone().compared(
            (&comparison, &finding),
            &of,
            found.as_ref().zip(seen),
            at.policies(),
            at.at(),
        );
        Ok(visit.map(Self::from))
    }

    pub fn fit(&self, found: &ZoomMeeting, isTaken: bool) -> String {
        let fit = self.visit.fit(&Found::from(found.core()), isTaken);
        fit.name().to_owned()
    }

    pub fn entry(onTheWay: Row, at: &Moment) -> PhpResult<String> {
        let known = onTheWay.read(OnTheWay::from_columns)?;
        Ok(known.entry(at.at().now).name().to_owned())
    }

    pub fn is_contradicted(own: Row, stands: Row) -> PhpResult<bool> {
        let own = own.read(Standing::from_columns)?;
        Ok(own.differs_from(&stands.read(Standing::from_columns)?))
    }

    pub fn resolved(&self, found: Option<&ZoomMeeting>, at: &Moment) -> Self {
        let slot = &self.visit.row().slot;
        let found = found.map(|meeting| known(meeting.core(), Some(slot)));
        let visit = self.visit.clone();
        visit.resolved(found, at.policies(), at.at()).into()
    }

    pub fn with_meeting(&self, meeting: Row, at: &Moment) -> PhpResult<Self> {
        let (maker, known) = meeting.read(visit::columns::made_elsewhere)?;
        let visit = self.visit.clone();
        Ok(visit
            .with_meeting(maker, known, at.naming(), at.at())
            .into())
    }

    pub fn abandoned(&self, subject: &str) -> Self {
        self.visit.clone().abandoned(subject).into()
    }

    pub fn overlaps(&self, overlaps: bool, at: &Moment) -> Self {
        self.visit.clone().overlaps(overlaps, at.at()).into()
    }

    pub fn woken(&self) -> Self {
        self.visit.clone().woken().into()
    }

    pub fn copied(&self, at: &Moment) -> Self {
        self.visit.clone().copied(at.at()).into()
    }

    pub fn back_from_backup(&self, at: &Moment) -> Self {
        self.visit.clone().back_from_backup(at.at()).into()
    }

    pub fn send(&self, notice: i64, at: &Moment) -> Self {
        let visit = self.visit.clone();
        let (visit, sending) = visit.send(notice, at.policies(), at.at());
        let taken = match sending {
            Sending::Now(taken) => Some((notice, visit.is_urgent(&taken, at.at().now))),
            Sending::Never | Sending::Later | Sending::NotDue => None,
        };
        Self { visit, taken }
    }

    pub fn says(&self, notice: i64) -> PhpResult<Option<ZBox<ZendHashTable>>> {
        let Some((_, is_urgent)) = self.taken.filter(|(taken, _)| *taken == notice) else {
            return Ok(None);
        };
        let sending = self.visit.notices().iter().find(|one| one.id == notice);
        sending
            .map(|one| {
                let mut columns = one.columns();
                let is_urgent = u8::from(is_urgent).to_string();
                columns.insert("is_urgent".to_owned(), Some(is_urgent));
                rows::array(&columns)
            })
            .transpose()
    }

    pub fn delivered(
        &self,
        notice: i64,
        fate: String,
        until: Option<DateTimeArgument>,
        at: &Moment,
    ) -> PhpResult<Self> {
        let until = until.map(|until| until.instant()).transpose()?;
        let fate = match (fate.as_str(), until) {
            ("sent", _) => Fate::Sent,
            ("refused", _) => Fate::Refused,
            ("no_recipient", _) => Fate::NoRecipient,
            ("held_back", Some(until)) => Fate::HeldBack(until),
            _ => {
                return Err(rows::bad(
                    "a notice is 'sent', 'refused', 'no_recipient', or 'held_back' until a moment",
                )
                .into());
            }
        };
        let visit = self.visit.clone();
        Ok(visit.delivered(notice, fate, at.policies(), at.at()).into())
    }

    pub fn due_notices(&self, at: &Moment) -> Vec<i64> {
        self.visit.due_notices(at.at().now)
    }

    pub fn written(&self) -> Option<Self> {
        let taken = self.taken;
        self.visit.written().map(|visit| Self { visit, taken })
    }

    pub fn state(&self) -> String {
        name_of(&self.visit.state()).unwrap_or_default()
    }

    pub fn version(&self) -> u32 {
        self.visit.row().version
    }

    pub fn source(&self) -> &str {
        &self.visit.row().source
    }

    pub fn appointment(&self) -> &str {
        &self.visit.row().appointment
    }

    pub fn doctor(&self) -> PhpResult<i64> {
        i64::try_from(self.visit.row().doctor).map_err(|_| rows::bad("doctor").into())
    }

    pub fn may_be_handed_over(&self, canHost: bool) -> bool {
        self.visit.may_be_handed_over(canHost)
    }

    pub fn own_standing(&self) -> PhpResult<ZBox<ZendHashTable>> {
        rows::array(&self.visit.own_standing().columns())
    }

    pub fn link(&self, standing: Option<Row>, at: &Moment) -> PhpResult<ZBox<ZendHashTable>> {
        let standing = standing.map(|row| row.standing()).transpose()?;
        let door = self
            .visit
            .link(standing.as_ref(), at.policies(), at.at().now);
        let mut array = ZendHashTable::new();
        array.insert("door", door.name())?;
        if let Door::Early(opens) = &door {
            array.insert("opens", moment_text(*opens))?;
        }
        if let Door::Open { join_url, passcode } = door {
            array.insert("join_url", join_url)?;
            array.insert("passcode", passcode)?;
        }
        Ok(array)
    }

    pub fn rows(&self, at: &Moment) -> PhpResult<ZBox<ZendHashTable>> {
        changes::all(&self.visit, at.at().now)
    }

    pub fn changes(&self, at: &Moment) -> PhpResult<ZBox<ZendHashTable>> {
        changes::array(&self.visit, at.at().now)
    }
}

impl Visit {
    fn wish(&self, wish: Wish, at: &Moment) -> Self {
        self.visit.clone().wish(wish, at.at()).into()
    }
}

impl From<visit::Visit> for Visit {
    fn from(visit: visit::Visit) -> Self {
        Self { visit, taken: None }
    }
}

/// The argument `overridden`: a list of names.
pub struct NamesArgument(Vec<String>);

impl FromZval<'_> for NamesArgument {
    const TYPE: DataType = DataType::Array;

    fn from_zval(zval: &Zval) -> Option<Self> {
        array::values(zval.array()?)
            .map(Zval::string)
            .collect::<Option<_>>()
            .map(Self)
    }
}

impl Row {
    fn standing(&self) -> PhpResult<Standing> {
        let mut standing = self.read(Standing::from_columns)?;
        standing.mails = self.mails()?;
        Ok(standing)
    }
}
