//! What happens in a life besides the weather: the plan of it, chosen before it begins.

use telemed::visit::maker::Mode;

use crate::appointments::Case;
use crate::choices::Choices;
use crate::point::Point;

/// How many kinds of acts there are, with 'none'.
pub const KINDS: u8 = 28;
/// How many of them are enumerated, with 'none'.
pub const NARROW_KINDS: u8 = 9;
/// How many of them are enumerated where nothing can happen silently, with 'none'.
pub const NARROW_MANUAL_KINDS: u8 = 6;
/// How many of them another loop can live again, with 'none': no comparison at night, no jump of the clock, nothing that ends a
/// token or a grant.
pub const ALONE_KINDS: u8 = 15;
/// More does not happen in one life.
const MOST_ACTS: usize = 8;

/// Something that happens.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Act {
    /// The appointment is made, or takes place again.
    Book,
    /// It is moved to another slot.
    Reschedule,
    /// Another doctor holds it.
    Reassign,
    /// It is cancelled.
    Cancel,
    /// Another meeting is wished for it.
    Recreate,
    /// Its payment is reported by two requests at one moment.
    PayTwice,
    /// It is cancelled, and nobody tells us.
    CancelSilently,
    /// It is deleted, and nobody tells us.
    DeleteSilently,
    /// It is moved, and nobody tells us.
    RescheduleSilently,
    /// Its doctor is deleted, with all appointments; nobody tells us.
    DeleteDoctor,
    /// A person deletes the meeting at Zoom.
    DeleteAtZoom,
    /// A person moves the meeting at Zoom.
    MoveAtZoom,
    /// The clinic goes over to its other app; meetings shall move.
    SwitchApp,
    /// Zoom cannot be reached for a day.
    Outage,
    /// The site's clock jumps ahead, within ten minutes.
    ClockAhead,
    /// The site's clock jumps back, within ten minutes.
    ClockBack,
    /// The night's work is done.
    Night,
    /// Zoom knows no access token any more.
    ForgetTokens,
    /// The first doctor removes the app at Zoom.
    RevokeGrant,
    /// The app of the clinic's account is switched off, for an hour.
    DisableApp,
    /// A backup of the database is made.
    BackUp,
    /// The database comes back from the backup.
    Restore,
    /// The clinic goes over to its other app; meetings shall stay with what made them.
    LeaveApp,
    /// The first doctor disconnects, or leaves the clinic.
    Depart,
    /// The answer to that: another doctor holds the visits.
    AnswerDoctor,
    /// The answer to that: they are off.
    AnswerCancel,
    /// The answer to that: they wait for a new grant.
    AnswerWait,
    /// People look at what only a person can tell. It is in no plan: it comes by itself.
    Look,
}

/// An act, and when it comes after the one before.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Planned {
    /// What.
    pub act: Act,
    /// Seconds after the one before.
    pub delay: i64,
    /// Which slot, which doctor: steps from the present one.
    pub which: u8,
    /// To what, where it is about one appointment.
    pub case: Case,
}

/// The whole plan.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is drawn for itself, and all go together"
)]
pub struct Plan {
    /// Through which kind of app the clinic's meetings are made at first.
    pub mode: Mode,
    /// Whether visits are made on this plugin's own screens.
    pub is_manual: bool,
    /// Whether the appointment system sends e-mails of its own.
    pub mails_itself: bool,
    /// So many seconds after the life begins the visit is to start.
    pub starts_in: i64,
    /// The second visit is to start so many seconds after the first; `None` where there is no second.
    pub apart: Option<i64>,
    /// So many of each host's writes of the first day others have used up.
    pub used_up: u32,
    /// Whether Zoom's own link is mailed in place of the visit link.
    pub mails_zooms_link: bool,
    /// Whether Zoom's accounts hide what meetings are described with, and our marker with it.
    pub hides_descriptions: bool,
    /// What happens.
    pub acts: Vec<Planned>,
}

impl Plan {
    /// Chooses one.
    #[must_use]
    pub fn choose(choices: &mut Choices) -> Self {
        choices.pick(Point::Storm);
        let mode = match choices.pick(Point::Mode) {
            1 => Mode::OAuth,
            _ => Mode::S2s,
        };
        let is_manual = choices.pick(Point::Source) == 1;
        let mails_itself = !is_manual && choices.pick(Point::OwnMails) == 1;
        let starts_in = match choices.pick(Point::Start) {
            1 => 3 * 3_600,
            2 => 25 * 60,
            3 => 26 * 3_600,
            4 => 20 * 86_400,
            5 => 5 * 60,
            _ => 5 * 86_400,
        };
        let mails_zooms_link = choices.pick(Point::Link) == 1;
        let used_up = match choices.pick(Point::UsedUp) {
            1 => 99,
            2 => 97,
            3 => 88,
            _ => 0,
        };
        let hides_descriptions = choices.pick(Point::Descriptions) == 1;
        let apart = match choices.pick(Point::Second) {
            1 => Some(0),
            2 => Some(15 * 60),
            3 => Some(30 * 60),
            4 => Some(86_400),
            _ => None,
        };
        let mut acts = vec![Planned {
            act: Act::Book,
            delay: 0,
            which: 0,
            case: Case::First,
        }];
        if apart.is_some() {
            acts.push(Planned {
                act: Act::Book,
                delay: delay(choices),
                which: 0,
                case: Case::Second,
            });
        }
        let point = if is_manual {
            Point::ManualAct
        } else {
            Point::Act
        };
        while acts.len() < MOST_ACTS {
            let Some(act) = kind(choices.pick(point)) else {
                break;
            };
            let delay = delay(choices);
            let which = choices.pick(Point::Which);
            let case = if apart.is_some() && choices.pick(Point::Case) == 1 {
                Case::Second
            } else {
                Case::First
            };
            acts.push(Planned {
                act,
                delay,
                which,
                case,
            });
        }
        Self {
            mode,
            is_manual,
            mails_itself,
            starts_in,
            apart,
            used_up,
            mails_zooms_link,
            hides_descriptions,
            acts,
        }
    }
}

fn delay(choices: &mut Choices) -> i64 {
    match choices.pick(Point::Delay) {
        0 => 40,
        1 => 2 * 3_600,
        2 => 1,
        3 => 5,
        4 => 200,
        5 => 1_000,
        6 => 20_000,
        _ => 90_000,
    }
}

fn kind(number: u8) -> Option<Act> {
    Some(match number {
        1 => Act::Reschedule,
        2 => Act::Reassign,
        3 => Act::Cancel,
        4 => Act::Recreate,
        5 => Act::Book,
        6 => Act::PayTwice,
        7 => Act::CancelSilently,
        8 => Act::DeleteSilently,
        9 => Act::RescheduleSilently,
        10 => Act::DeleteDoctor,
        11 => Act::DeleteAtZoom,
        12 => Act::MoveAtZoom,
        13 => Act::SwitchApp,
        14 => Act::Outage,
        15 => Act::ClockAhead,
        16 => Act::ClockBack,
        17 => Act::Night,
        18 => Act::ForgetTokens,
        19 => Act::RevokeGrant,
        20 => Act::DisableApp,
        21 => Act::BackUp,
        22 => Act::Restore,
        23 => Act::LeaveApp,
        24 => Act::Depart,
        25 => Act::AnswerDoctor,
        26 => Act::AnswerCancel,
        27 => Act::AnswerWait,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_number_and_no_more() {
        assert!((1..KINDS).all(|number| kind(number).is_some()));
        assert!(kind(KINDS).is_none() && kind(0).is_none());
    }
}
