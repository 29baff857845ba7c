//! Faults that are planted, to see that the simulation finds them. Each is one that a loop, a sender or a table might really have.

use telemed::visit::step::Exchange;
use telemed::visit::step::Kind;

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
    /// A notice is sent as it was written, whatever stands by now.
    SendsUnchecked,
    /// A process that dies while it writes leaves half of it.
    WritesHalf,
    /// The e-mails of the appointment system are not heard of.
    HearsNoMails,
    /// The night does not compare.
    NeverCompares,
}

/// All of them.
pub const ALL: [Fault; 12] = [
    Fault::BeginsUnchecked,
    Fault::BelievesAtOnce,
    Fault::ActsOnPending,
    Fault::CreatesInPlaceOfEnsure,
    Fault::ForgetsAttempts,
    Fault::SwallowsFailedDeletions,
    Fault::TakesFailureForNone,
    Fault::TakesRefusedForSent,
    Fault::SendsUnchecked,
    Fault::WritesHalf,
    Fault::HearsNoMails,
    Fault::NeverCompares,
];

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
