//! The one thing to do next for a visit, what has to be known to say so, and what came of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::changes::Claim;
use super::changes::Counter;
use super::handover::Answer;
use super::handover::Can;
use super::handover::Handover;
use super::maker::Maker;
use super::meeting::Known;
use super::meeting::Role;
use super::problem::Failure;
use super::problem::Problem;
use super::reference::Naming;
use super::slot::Slot;

/// What a clinic might want changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policies {
    /// So many minutes before its start a visit can be joined.
    pub join_minutes_before: i64,
    /// Whether Zoom's own link is mailed in place of the visit link.
    pub mails_zooms_link: bool,
    /// Of a host's writes of a day the visits of one patient may use so many; 0 for no limit.
    pub writes_of_patient: u32,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            join_minutes_before: 15,
            mails_zooms_link: false,
            writes_of_patient: 25,
        }
    }
}

/// What is known of the world when a step is chosen. Deciding from stale facts is harmless: what counts is claimed when the
/// step is begun.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// Now.
    pub now: Timestamp,
    /// The clinic's choices.
    pub policies: &'a Policies,
    /// Who would host now, through which app; or why nobody can.
    pub maker: Result<Maker, Problem>,
    /// When Zoom was last tried in the outage that there is; `None` where there is none.
    pub outage: Option<Timestamp>,
    /// Whether somebody waits for the meeting, so that Zoom is tried sooner in an outage.
    pub is_awaited: bool,
    /// Who or what lets go of meetings.
    pub handovers: &'a [Handover],
    /// What can be done with the visit for them.
    pub can: Can,
    /// The counters that were asked for.
    pub used: BTreeMap<Counter, Used>,
    /// A key of the patient for [`Counter::Share`]; `None` where nobody is known.
    pub patient: Option<String>,
    /// For the marker of a meeting that is tried for the first time.
    pub naming: &'a Naming,
}

/// What is used up of a counter on the running day.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Used {
    /// So many writes.
    pub writes: u32,
    /// Zoom refuses them all until then.
    pub blocked_until: Option<Timestamp>,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Nothing can be said before these are known.
    Ask(Vec<Counter>),
    /// Something is asked of Zoom.
    Exchange(Box<Exchange>),
    /// Something is written down, and the next step can be asked for.
    Note(Note),
    /// Nothing is to be done before then.
    Rest(Timestamp),
    /// Nothing is to be done until something happens.
    Nothing,
}

/// What is asked of Zoom.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A meeting that certainly does not exist is made.
    Create,
    /// One that may exist is looked for, and made if it does not.
    Ensure,
    /// One that may exist is looked for.
    Find,
    /// It is brought to what is wanted.
    Update,
    /// Its private settings are put back.
    Restore,
    /// It is deleted; already gone is done.
    Delete,
}

/// An exchange with Zoom about one meeting.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// What is asked.
    pub kind: Kind,
    /// About which of the visit's meetings.
    pub generation: u32,
    /// What that meeting is to the visit.
    pub role: Role,
    /// What its marker is made of.
    pub reference: String,
    /// Through what.
    pub maker: Maker,
    /// What the meeting shall be.
    pub slot: Slot,
    /// Zoom's meeting number, where it has one.
    pub number: Option<i64>,
    /// When a creation of which nobody has noted an end was sent at the latest.
    pub attempted_at: Option<Timestamp>,
    /// What is counted with it.
    pub claims: Vec<Claim>,
    /// The turn that is taken to try Zoom in an outage: only if nobody has tried since then.
    pub turn: Option<Timestamp>,
    /// The version of the visit that it was chosen for.
    pub version: u32,
}

impl Exchange {
    /// Whether the numbers of other visits' meetings of this host help: the account may hide descriptions.
    #[must_use]
    pub fn wants_known(&self) -> bool {
        matches!(self.kind, Kind::Ensure | Kind::Find)
    }
}

/// What is written down without asking Zoom.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// The meeting cannot be tried before then.
    PutOff {
        /// The meeting's generation; `None` for one that has no row yet.
        generation: Option<u32>,
        /// Until when; `None` as long as the back-off says.
        until: Option<Timestamp>,
        /// Why.
        problem: Problem,
    },
    /// An unwanted meeting of the maker in force serves again.
    TakeBack(u32),
    /// One that is to take another's place is not wanted any more.
    GiveUpNext(u32),
    /// Whoever held the visit lets go of it, and this becomes of it.
    HandOver(Answer),
    /// It is over: there will be no meeting any more, or none is looked for.
    End,
    /// It begins soon and has no meeting.
    Late,
}

/// What came of an exchange.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The meeting as it is now.
    Meeting(Box<Known>),
    /// A meeting that may be the visit's, or only alike, for the account hides descriptions.
    Alike(Box<Known>),
    /// There is no meeting.
    None,
    /// It is deleted.
    Deleted,
    /// It was gone.
    Gone,
    /// Zoom was not asked: the credentials are not there.
    Hindered(Problem),
    /// It failed.
    Failed(Failure),
}

impl Outcome {
    /// What stood in the way, if anything did.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Hindered(problem) => Some(problem),
            Self::Failed(failure) => Some(&failure.problem),
            _ => None,
        }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Meeting(_) => "meeting",
            Self::Alike(_) => "alike",
            Self::None => "none",
            Self::Deleted => "deleted",
            Self::Gone => "gone",
            Self::Hindered(_) => "hindered",
            Self::Failed(_) => "failed",
        }
    }
}
