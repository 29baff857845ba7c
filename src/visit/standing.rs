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

impl Standing {
    /// Whether the other says something else of the visit: that it does not take place, or with whom, when and for how long. Of a
    /// visit that is off no more is asked than that.
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> bool {
        if !self.takes_place || !other.takes_place {
            return self.takes_place != other.takes_place;
        }
        self.doctor != other.doctor
            || self.start != other.start
            || self.minutes != other.minutes
            || self.timezone != other.timezone
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::visit::testing::*;

    #[test]
    fn each_part_of_what_stands_counts_while_it_takes_place() {
        use crate::visit::Seconds as _;
        let on = standing(&confirmed());
        let off = Standing {
            takes_place: false,
            ..on.clone()
        };
        let changes: [fn(&mut Standing); 4] = [
            |other| other.doctor += 1,
            |other| other.start = other.start.after(1),
            |other| other.minutes += 1,
            |other| other.timezone = "Europe/Paris".to_owned(),
        ];
        for change in changes {
            let mut other = on.clone();
            change(&mut other);
            assert!(on.differs_from(&other) && other.differs_from(&on));
            other.takes_place = false;
            assert!(!off.differs_from(&other), "both are off");
        }
        assert!(on.differs_from(&off) && off.differs_from(&on));
        assert!(!on.differs_from(&on.clone()));
    }
}
