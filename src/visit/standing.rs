//! What an appointment system says of one appointment, as it stands committed.

use jiff::Timestamp;

/// What stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standing {
    /// Whether a video visit takes place: not cancelled, and confirmed.
    pub takes_place: bool,
    /// Who holds it.
    pub doctor: u64,
    /// The start.
    pub start: Timestamp,
    /// The length in minutes.
    pub minutes: i64,
    /// The IANA name of its zone, for display.
    pub timezone: String,
    /// The e-mails of its own that the system has sent about the appointment, committed with it, the oldest first.
    pub mails: Vec<SourceMail>,
}

/// An e-mail that the appointment system has sent by itself, to the patient and to the doctor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SourceMail {
    /// Whether it says that the visit is off.
    pub is_off: bool,
    /// Who held the visit then, and got it.
    pub doctor: u64,
    /// The visit's sequence when it was sent: which state of it was told.
    pub sequence: u32,
}
