//! Time and chance, supplied from outside.

use std::time::Duration;

use jiff::Timestamp;

/// The core's only source of time and randomness.
pub trait Clock {
    /// The wall clock.
    fn now(&self) -> Timestamp;

    /// A clock that only runs forward, from an arbitrary start; budgets are measured with it.
    fn monotonic(&self) -> Duration;

    /// Waits.
    fn sleep(&self, duration: Duration);

    /// Fills `bytes` from the system's cryptographic source.
    fn random(&self, bytes: &mut [u8]);
}
