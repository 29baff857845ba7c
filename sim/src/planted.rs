//! Faults that are planted, to see that the simulation finds them. Each is one that a loop, a sender or a table might really have.

use std::borrow::Cow;

use telemed::visit::Visit;
use telemed::visit::step::Exchange;
use telemed::visit::step::Kind;
use telemed::visit::step::Outcome;
use telemed::visit::step::Step;

/// A planted fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// A step is begun although the visit has become another since it was chosen.
    BeginsUnchecked,
    /// What the appointment system says is believed at once, as if no transaction could be open.
    BelievesAtOnce,
    /// What is pending is acted upon.
    ActsOnPending,
    /// A meeting that may exist is made without looking for it.
    CreatesInPlaceOfEnsure,
    /// Nobody remembers when a creation was sent whose process died.
    ForgetsAttempts,
    /// A deletion that failed counts as done.
    SwallowsFailedDeletions,
    /// A look-up that failed counts as one that found nothing.
    TakesFailureForNone,
    /// A refused e-mail counts as sent.
    TakesRefusedForSent,
    /// A notice is sent although what it says is pending.
    SendsWhatIsPending,
    /// A process that dies while it writes leaves half of it.
    WritesHalf,
    /// The e-mails of the appointment system are not heard of.
    HearsNoMails,
    /// The night does not compare.
    NeverCompares,
    /// Meetings of other visits are not told apart from the one that is sought.
    KnowsNoOthers,
}

/// All of them.
pub const ALL: [Fault; 13] = [
    Fault::BeginsUnchecked,
    Fault::BelievesAtOnce,
    Fault::ActsOnPending,
    Fault::CreatesInPlaceOfEnsure,
    Fault::ForgetsAttempts,
    Fault::SwallowsFailedDeletions,
    Fault::TakesFailureForNone,
    Fault::TakesRefusedForSent,
    Fault::SendsWhatIsPending,
    Fault::WritesHalf,
    Fault::HearsNoMails,
    Fault::NeverCompares,
    Fault::KnowsNoOthers,
];

/// What is taken for the outcome with the fault.
#[must_use]
pub fn taken(fault: Option<Fault>, kind: Kind, outcome: Outcome) -> Outcome {
    match (fault, kind, outcome) {
        (Some(Fault::SwallowsFailedDeletions), Kind::Delete, Outcome::Failed(_)) => {
            Outcome::Deleted
        }
        (Some(Fault::TakesFailureForNone), Kind::Find, Outcome::Failed(_)) => Outcome::None,
        (_, _, outcome) => outcome,
    }
}

/// The step as if it had been chosen for this version of the visit.
#[must_use]
pub fn of_version(fault: Option<Fault>, step: &Step, version: u32) -> Cow<'_, Step> {
    match step {
        Step::Exchange(exchange) if fault == Some(Fault::BeginsUnchecked) => {
            let mut exchange = exchange.clone();
            exchange.version = version;
            Cow::Owned(Step::Exchange(exchange))
        }
        step => Cow::Borrowed(step),
    }
}

/// The visit as if nothing were pending.
#[must_use]
pub fn as_if_settled(visit: &Visit) -> Visit {
    let mut row = visit.row().clone();
    row.pending = None;
    Visit::from_rows(row, visit.meetings().to_vec(), visit.notices().to_vec())
}

/// The exchange as it is carried out with the fault.
#[must_use]
pub fn changed(fault: Option<Fault>, mut exchange: Exchange) -> Exchange {
    match fault {
        Some(Fault::CreatesInPlaceOfEnsure) if exchange.kind == Kind::Ensure => {
            exchange.kind = Kind::Create;
        }
        Some(Fault::ForgetsAttempts) => exchange.attempted_at = None,
        _ => {}
    }
    exchange
}
