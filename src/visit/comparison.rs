//! One host's meetings at Zoom held against what the visits want: what the list shows, what each visit has lost, whose the strays
//! are, what was changed. It says what was found; what comes of a finding is decided at a second look, at that meeting alone.
//!
//! Fed in this order: every page of the list with the rows that know its numbers; if there are strays, the host's rows that may have
//! lost them; the rows without a number; then the host's rows once more, in portions, each with the settings that were looked at.

use std::collections::HashMap;
use std::collections::HashSet;

use jiff::Timestamp;

use super::intended::Intended;
use super::intended::Look;
use super::life::State;
use super::life::Visit;
use super::maker::Maker;
use super::meeting::Known;
use super::observe::Seen;
use super::schedule::Moment;
use super::step::Policies;
use crate::zoom::ErrorId;
use crate::zoom::Meeting;
use crate::zoom::reconciler::Action;
use crate::zoom::reconciler::Found;
use crate::zoom::reconciler::Reconciler;
use crate::zoom::reconciler::Wanted;

/// So often a list is begun again whose place Zoom no longer knows.
const MOST_RESTARTS: u32 = 2;
/// After so many hosts in a row that could not be reached the others are not tried.
pub const MOST_UNREACHED: u32 = 2;

/// A meeting as a list, or a look at it alone, shows it. Its link is confidential.
pub struct Listed {
    /// The meeting.
    pub found: Found,
    /// The patient's link.
    pub join_url: Option<String>,
}

impl From<&Meeting> for Listed {
    fn from(meeting: &Meeting) -> Self {
        Self {
            found: Found::from(meeting),
            join_url: meeting.join_url().map(str::to_owned),
        }
    }
}

/// What is otherwise than wanted.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum What {
    /// A meeting with the visit's marker is there that the visit does not know.
    Adopt,
    /// A meeting of this site's is no visit's.
    Delete,
    /// It is at another time or of another length.
    Move,
    /// It is gone, or another's.
    Recreate,
    /// Its link or passcode is another.
    Relink,
    /// Settings were changed.
    Restore,
}

impl What {
    const ALL: [Self; 6] = [
        Self::Adopt,
        Self::Delete,
        Self::Move,
        Self::Recreate,
        Self::Relink,
        Self::Restore,
    ];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Adopt => "adopt",
            Self::Delete => "delete",
            Self::Move => "move",
            Self::Recreate => "recreate",
            Self::Relink => "relink",
            Self::Restore => "restore",
        }
    }

    /// What is called so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.name() == name)
    }
}

/// One thing that was found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// What.
    pub what: What,
    /// The visit and which of its meetings; `None` for what is no visit's.
    pub of: Option<(i64, u32)>,
    /// The meeting at Zoom.
    pub number: i64,
    /// Which settings.
    pub settings: Vec<String>,
}

/// The comparison of one host, through one maker.
pub struct Comparison {
    site: String,
    maker: Maker,
    now: Timestamp,
    reconciler: Reconciler,
    restarts: u32,
    seen: HashSet<i64>,
    strays: Vec<Found>,
    bereft: Vec<Intended>,
    findings: Vec<Finding>,
}

impl Comparison {
    /// Begins at `now`. `site` is what this site's references begin with.
    #[must_use]
    pub fn new(site: &str, maker: Maker, now: Timestamp) -> Self {
        Self {
            site: site.to_owned(),
            maker,
            now,
            reconciler: Reconciler::new(site, now),
            restarts: 0,
            seen: HashSet::new(),
            strays: Vec::new(),
            bereft: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// A page could not be read. Whether the list is begun again: Zoom may forget a place in a list, and what was read is of no use
    /// then.
    pub fn begins_again(&mut self, problem: &str) -> bool {
        if problem != ErrorId::ListPlaceLapsed.as_str() || self.restarts >= MOST_RESTARTS {
            return false;
        }
        let restarts = self.restarts + 1;
        *self = Self::new(&self.site, self.maker.clone(), self.now);
        self.restarts = restarts;
        true
    }

    /// A page of the list, with the rows that know one of its numbers.
    pub fn page(&mut self, known: &[Intended], listed: &[Listed]) {
        let numbers: HashSet<i64> = known.iter().filter_map(|one| one.number).collect();
        let is_known = |one: &&Listed| numbers.contains(&one.found.meeting_id);
        let found: Vec<Found> = listed
            .iter()
            .filter(is_known)
            .map(|one| one.found.clone())
            .collect();
        let actions = self.reconciler.page(&self.wanted(known), &found);
        self.note(actions, known);
        self.links(known, listed);
        self.seen.extend(&numbers);
        // Whose they are is told by markers, once it is known which visits have lost their meeting.
        let strays = listed
            .iter()
            .filter(|one| !is_known(one) && one.found.marker.is_some());
        self.strays.extend(strays.map(|one| one.found.clone()));
    }

    /// Whether there are meetings with markers that no row knows by their number.
    #[must_use]
    pub fn has_strays(&self) -> bool {
        !self.strays.is_empty()
    }

    /// The host's rows, whose meetings may be among the strays. After the list: what was begun meanwhile is known by then.
    pub fn bereft(&mut self, portion: &[Intended]) {
        let has_lost = |one: &&Intended| one.number.is_none_or(|it| !self.seen.contains(&it));
        let lost: Vec<Intended> = portion.iter().filter(has_lost).cloned().collect();
        self.bereft.extend(lost);
    }

    /// The rows, of any host, whose number nobody knows.
    pub fn without_number(&mut self, rows: &[Intended]) {
        let mut all = rows.to_vec();
        all.append(&mut self.bereft);
        let strays = std::mem::take(&mut self.strays);
        let mut actions = self.reconciler.page(&self.wanted(&all), &strays);
        actions.extend(self.reconciler.rest(&self.wanted(rows)));
        self.note(actions, &all);
    }

    /// A portion of the host's rows. Says for which of them, by place in the portion, the settings are to be looked at.
    pub fn rest(&mut self, portion: &[Intended], look: Look) -> Vec<usize> {
        let actions = self.reconciler.rest(&self.wanted(portion));
        self.note(actions, portion);
        let treated: HashSet<(i64, u32)> = self
            .findings
            .iter()
            .filter(|finding| finding.what != What::Relink)
            .filter_map(|finding| finding.of)
            .collect();
        let is_looked_at = |one: &Intended| {
            !one.is_busy(&self.maker, self.now)
                && !treated.contains(&(one.visit, one.generation))
                && one.is_looked_at(look, self.now)
        };
        let places = portion.iter().enumerate();
        places
            .filter_map(|(place, one)| is_looked_at(one).then_some(place))
            .collect()
    }

    /// A meeting with its settings.
    pub fn settings(&mut self, of: &Intended, found: &Found) {
        let mut actions = self.alone(of, Some(found), self.now);
        actions.retain(|action| matches!(action, Action::Restore { .. }));
        self.note(actions, std::slice::from_ref(of));
    }

    /// Whether the row is only protected.
    #[must_use]
    pub fn is_busy(&self, one: &Intended) -> bool {
        one.is_busy(&self.maker, self.now)
    }

    /// What was found, in the order in which it is treated.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether a meeting is no visit's, at a second look at it alone. `rows` are those that know its number, and those without one.
    #[must_use]
    pub fn is_orphan(&self, rows: &[Intended], found: &Found, now: Timestamp) -> bool {
        let wanted: Vec<Wanted> = rows
            .iter()
            .map(|one| one.wanted(&self.maker, now))
            .collect();
        let actions = Reconciler::new(&self.site, now).page(&wanted, std::slice::from_ref(found));
        actions
            .iter()
            .any(|action| matches!(action, Action::Delete { .. }))
    }

    /// The numbers to look up for a second look: the first one that is there is what counts.
    #[must_use]
    pub fn looks_up(finding: &Finding, of: &Intended) -> Vec<i64> {
        let mut numbers: Vec<i64> = of.number.into_iter().collect();
        // One that is known and there is the visit's, whatever else bears its marker.
        if finding.what == What::Adopt && of.number != Some(finding.number) {
            numbers.push(finding.number);
        }
        numbers
    }

    /// What a finding still comes to at a second look at the meeting alone; `None` where nothing is to be done any more. `of` is the
    /// row as it is by now.
    fn second_look(
        &self,
        finding: &Finding,
        of: &Intended,
        found: Option<&Found>,
        now: Timestamp,
    ) -> Option<Second> {
        if of.is_busy(&self.maker, now) {
            return None;
        }
        let actions = self.alone(of, found, now);
        let is_known = found.is_some_and(|found| of.number == Some(found.meeting_id));
        actions
            .into_iter()
            .find_map(|action| match (finding.what, action) {
                (What::Adopt, Action::Adopt { .. }) if found.is_some() && !is_known => {
                    Some(if of.number.is_some() {
                        Second::InItsPlace
                    } else {
                        Second::There
                    })
                }
                (What::Move, Action::Move { .. }) => Some(Second::There),
                (What::Recreate, Action::Recreate { .. }) if of.number.is_some() => {
                    Some(Second::Gone)
                }
                (What::Restore, Action::Restore { settings, .. }) => {
                    Some(Second::Restore(settings))
                }
                _ => None,
            })
            .or((finding.what == What::Relink && is_known).then_some(Second::There))
    }

    /// A host who changes the passcode in Zoom changes the join link.
    fn links(&mut self, known: &[Intended], listed: &[Listed]) {
        let by_number: HashMap<i64, &str> = listed
            .iter()
            .filter_map(|one| Some((one.found.meeting_id, one.join_url.as_deref()?)))
            .collect();
        for one in known {
            let Some(number) = one.number else { continue };
            let is_other = by_number.get(&number).is_some_and(|link| {
                // Some lists leave the passcode out.
                link.contains("pwd=") && one.join_url.as_deref() != Some(*link)
            });
            if is_other && !self.is_busy(one) && !one.is_over(self.now) {
                self.findings.push(Finding {
                    what: What::Relink,
                    of: Some((one.visit, one.generation)),
                    number,
                    settings: Vec::new(),
                });
            }
        }
    }

    fn wanted(&self, rows: &[Intended]) -> Vec<Wanted> {
        rows.iter()
            .map(|one| one.wanted(&self.maker, self.now))
            .collect()
    }

    fn alone(&self, of: &Intended, found: Option<&Found>, now: Timestamp) -> Vec<Action> {
        let wanted = [of.wanted(&self.maker, now)];
        let mut reconciler = Reconciler::new(&self.site, now);
        let mut actions = reconciler.page(&wanted, found.map_or(&[], std::slice::from_ref));
        actions.extend(reconciler.rest(&wanted));
        actions
    }

    /// What has no meeting yet is the visit's own to bring on.
    fn note(&mut self, actions: Vec<Action>, rows: &[Intended]) {
        let of: HashMap<&str, (i64, u32)> = rows
            .iter()
            .map(|one| (one.reference.as_str(), (one.visit, one.generation)))
            .collect();
        for action in actions {
            let (what, reference, number, settings) = match action {
                Action::Create { .. } => continue,
                Action::Delete { meeting_id } => (What::Delete, None, meeting_id, Vec::new()),
                Action::Adopt {
                    reference,
                    meeting_id,
                } => (What::Adopt, Some(reference), meeting_id, Vec::new()),
                Action::Move {
                    reference,
                    meeting_id,
                } => (What::Move, Some(reference), meeting_id, Vec::new()),
                Action::Recreate {
                    reference,
                    meeting_id,
                } => (What::Recreate, Some(reference), meeting_id, Vec::new()),
                Action::Restore {
                    reference,
                    meeting_id,
                    settings,
                } => (What::Restore, Some(reference), meeting_id, settings),
            };
            self.findings.push(Finding {
                what,
                of: reference.and_then(|name| of.get(name.as_str()).copied()),
                number,
                settings,
            });
        }
    }
}

/// What a meeting turns out to be.
enum Second {
    There,
    Gone,
    InItsPlace,
    Restore(Vec<String>),
}

impl Visit {
    /// A comparison has found something, and this is what a second look at it alone has shown. `of` is the row as it was read right
    /// before that look, `seen` the meeting that is there. `None` where nothing comes of it: the visit is another by now, or all is
    /// well.
    #[must_use]
    pub fn compared(
        self,
        (comparison, finding): (&Comparison, &Finding),
        of: &Intended,
        seen: Option<(&Found, Known)>,
        policies: &Policies,
        at: Moment,
    ) -> Option<Self> {
        if self.row.version != of.version {
            return None;
        }
        let found = seen.as_ref().map(|(found, _)| *found);
        let second = comparison.second_look(finding, of, found, at.now)?;
        let known = seen.map(|(_, known)| Box::new(known));
        let seen = match (second, known) {
            (Second::Gone, _) => Seen::Gone,
            (Second::There, Some(known)) => Seen::There(known),
            (Second::InItsPlace, Some(known)) => Seen::InItsPlace(known),
            (Second::Restore(settings), Some(mut known)) => {
                known.overridden = settings;
                Seen::There(known)
            }
            (_, None) => return None,
        };
        let mut visit = self.observed(of.generation, seen, policies, at);
        if finding.what == What::Move && !visit.has_changes() && visit.state() == State::Updating {
            // It is known already that Zoom has it otherwise than wanted.
            visit.try_serving_now();
        }
        visit.has_changes().then_some(visit)
    }
}

#[cfg(test)]
mod tests;
