//! The second core: the life of a visit. It says what comes next and is told what came of it; it touches nothing.
//!
//! A [`Visit`] is made from rows. Everything that happens to it is an input, a pure function from visit to visit: a [`Wish`], what
//! the appointment system says ([`Visit::confirm`]), the beginning and the end of a step ([`Visit::begun`], [`Visit::after`]), what
//! was seen at Zoom ([`Visit::observed`]), what became of a notice ([`Visit::delivered`]). [`Visit::changes`] says what has to be
//! written, in one transaction. [`Visit::next`] says what to do at Zoom.
//!
//! No PHP, no I/O, no clock, no chance of its own: they come as arguments.

#![forbid(unsafe_code)]

pub mod calendar;
mod carry;
pub mod changes;
pub mod columns;
pub mod comparison;
mod confirm;
mod door;
pub mod entry;
mod fit;
pub mod handover;
pub mod intended;
mod life;
pub mod limit;
pub mod maker;
pub mod meeting;
mod next;
pub mod notice;
mod observe;
pub mod problem;
pub mod reference;
pub mod schedule;
pub mod schema5;
mod seconds;
mod slot;
mod standing;
pub mod step;
mod tell;
#[cfg(test)]
mod testing;
mod wish;
mod zoom_user;

pub use changes::Changes;
pub use door::Door;
pub use fit::Fit;
pub use life::Pending;
pub use life::State;
pub use life::Visit;
pub use life::VisitRow;
pub use life::WishKind;
pub use observe::Seen;
pub use schedule::Moment;
pub use seconds::Seconds;
pub use slot::Slot;
pub use standing::SourceMail;
pub use standing::Standing;
pub use tell::Sending;
pub use wish::Wish;
pub use zoom_user::ZoomUserChange;
