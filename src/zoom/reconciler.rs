//! What has to be done so that one host has at Zoom what the clinic wants: a pure comparison, without network.
//!
//! It reads Zoom's list page by page, so that a list of any length takes little memory, and touches only meetings that bear a
//! marker of this site or whose id the caller knows. Left alone are meetings in progress, visits that somebody is at work
//! on, and meetings so young that whoever made them may not have written them down yet.

use std::collections::HashMap;
use std::collections::HashSet;

use jiff::SignedDuration;
use jiff::Timestamp;

use super::meeting::Meeting;
use super::meeting_request::marker;
use super::meeting_request::site_prefix;

/// So long after its creation nobody may have written a meeting down yet.
const YOUNG: SignedDuration = SignedDuration::from_mins(15);

/// A visit as the clinic wants it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wanted {
    /// The caller's own name for it: what the marker is made of.
    pub reference: String,
    /// The meeting that is known to hold it.
    pub meeting_id: Option<i64>,
    /// The Zoom user id of the host; `None` where it is not known.
    pub host_id: Option<String>,
    /// The start; `None` for a visit that shall have no meeting (cancelled).
    pub start: Option<Timestamp>,
    /// The duration in minutes.
    pub minutes: i64,
    /// The settings that Zoom is known not to have taken as asked.
    pub overridden: Vec<String>,
    /// Somebody is at work on it: it is only protected.
    pub is_busy: bool,
}

/// A meeting as Zoom has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    /// Zoom's meeting number.
    pub meeting_id: i64,
    /// The marker in its agenda.
    pub marker: Option<String>,
    /// The Zoom user id of the host.
    pub host_id: Option<String>,
    /// The start.
    pub start: Option<Timestamp>,
    /// The duration in minutes.
    pub minutes: i64,
    /// When it was created; the oldest of several stays.
    pub created_at: Option<Timestamp>,
    /// Whether it is in progress.
    pub is_started: bool,
    /// The settings that are not as asked; empty where they were not looked at.
    pub overridden: Vec<String>,
}

/// One thing to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// Zoom has a meeting with the visit's marker that the clinic does not know: take its id over.
    Adopt {
        /// The visit.
        reference: String,
        /// The meeting.
        meeting_id: i64,
    },
    /// The visit has no meeting and never had one.
    Create {
        /// The visit.
        reference: String,
    },
    /// The meeting belongs to no visit, to a cancelled one, or is one too many.
    Delete {
        /// The meeting.
        meeting_id: i64,
    },
    /// The meeting is at another time or of another length.
    Move {
        /// The visit.
        reference: String,
        /// The meeting.
        meeting_id: i64,
    },
    /// The known meeting is gone at Zoom, or lies with another host.
    Recreate {
        /// The visit.
        reference: String,
        /// The meeting that is gone or lies elsewhere.
        meeting_id: i64,
    },
    /// Settings were changed since it was made: put them back.
    Restore {
        /// The visit.
        reference: String,
        /// The meeting.
        meeting_id: i64,
        /// Which ones.
        settings: Vec<String>,
    },
}

/// The comparison of one host, through one set of credentials, page by page.
pub struct Reconciler {
    site_prefix: String,
    now: Timestamp,
    /// The meetings that the pages showed.
    seen: HashSet<i64>,
    /// Meetings with the marker of a visit that knows another meeting or none; which one stays is told by all pages.
    claimants: HashMap<String, Vec<Found>>,
}

impl Reconciler {
    /// Begins a comparison at `now`. `site` is what this site's references begin with, up to the first colon.
    #[must_use]
    pub fn new(site: &str, now: Timestamp) -> Self {
        Self {
            site_prefix: site_prefix(site),
            now,
            seen: HashSet::new(),
            claimants: HashMap::new(),
        }
    }

    /// What one page of the host's meetings asks for. `wanted` holds at least the visits that know a meeting of this page, and
    /// all visits of the host that know none.
    pub fn page(&mut self, wanted: &[Wanted], found: &[Found]) -> Vec<Action> {
        let by_id: HashMap<i64, &Wanted> = wanted
            .iter()
            .filter_map(|visit| Some((visit.meeting_id?, visit)))
            .collect();
        let by_marker: HashMap<String, &Wanted> = wanted
            .iter()
            .map(|visit| (marker(&visit.reference), visit))
            .collect();
        let mut actions = Vec::new();
        for meeting in found {
            self.seen.insert(meeting.meeting_id);
            let mark = meeting.marker.as_deref();
            let is_ours = mark.is_some_and(|mark| mark.starts_with(&self.site_prefix));
            if mark.is_some() && !is_ours {
                continue;
            }
            let known = by_id.get(&meeting.meeting_id);
            let marked = mark.and_then(|mark| by_marker.get(mark));
            match (known, marked) {
                (Some(visit), _) => actions.extend(self.known(visit, meeting)),
                (None, Some(visit)) if visit.is_busy => {}
                (None, Some(visit)) if visit.start.is_some() => self
                    .claimants
                    .entry(visit.reference.clone())
                    .or_default()
                    .push(meeting.clone()),
                (None, _) if is_ours => actions.extend(self.delete(meeting)),
                _ => {}
            }
        }
        actions
    }

    /// What is left when all pages were read: visits whose meeting no page showed, and of several meetings for one visit all but
    /// one. `wanted` are visits of the host, each in one call only.
    pub fn rest(&mut self, wanted: &[Wanted]) -> Vec<Action> {
        let mut actions = Vec::new();
        for visit in wanted.iter().filter(|visit| !visit.is_busy) {
            let mut claimants = self.claimants.remove(&visit.reference).unwrap_or_default();
            let is_there = visit.meeting_id.is_some_and(|id| self.seen.contains(&id));
            if self.wants_none_any_more(visit) {
                continue;
            }
            claimants.sort_by_key(|meeting| (meeting.created_at, meeting.meeting_id));
            let mut claimants = claimants.iter();
            if !is_there {
                match (claimants.next(), visit.meeting_id) {
                    (Some(oldest), _) => {
                        actions.push(Action::Adopt {
                            reference: visit.reference.clone(),
                            meeting_id: oldest.meeting_id,
                        });
                        actions.extend(self.agree(visit, oldest));
                    }
                    (None, Some(meeting_id)) => actions.push(Action::Recreate {
                        reference: visit.reference.clone(),
                        meeting_id,
                    }),
                    (None, None) => actions.push(Action::Create {
                        reference: visit.reference.clone(),
                    }),
                }
            }
            actions.extend(claimants.filter_map(|surplus| self.delete(surplus)));
        }
        actions
    }

    /// Cancelled, or over.
    fn wants_none_any_more(&self, visit: &Wanted) -> bool {
        visit.start.is_none_or(|start| {
            let length = SignedDuration::from_secs(visit.minutes.saturating_mul(60));
            start.checked_add(length).unwrap_or(Timestamp::MAX) <= self.now
        })
    }

    fn known(&self, visit: &Wanted, meeting: &Found) -> Vec<Action> {
        if visit.is_busy {
            Vec::new()
        } else if visit.start.is_none() {
            self.delete(meeting).into_iter().collect()
        } else {
            self.agree(visit, meeting)
        }
    }

    /// What makes the visit's meeting as it is wanted.
    fn agree(&self, visit: &Wanted, meeting: &Found) -> Vec<Action> {
        if meeting.is_started || self.wants_none_any_more(visit) {
            return Vec::new();
        }
        let (reference, meeting_id) = (visit.reference.clone(), meeting.meeting_id);
        if let (Some(wanted), Some(host)) = (&visit.host_id, &meeting.host_id)
            && wanted != host
        {
            // First the new one, so that the visit is never without.
            let recreate = Action::Recreate {
                reference,
                meeting_id,
            };
            return std::iter::once(recreate)
                .chain(self.delete(meeting))
                .collect();
        }
        // Zoom does not move a meeting to a start that has passed, and takes no other change with it.
        if visit.start < Some(self.now) {
            return Vec::new();
        }
        if meeting.start != visit.start || meeting.minutes != visit.minutes {
            return vec![Action::Move {
                reference,
                meeting_id,
            }];
        }
        let settings: Vec<String> = meeting
            .overridden
            .iter()
            .filter(|name| !visit.overridden.contains(name))
            .cloned()
            .collect();
        if settings.is_empty() {
            return Vec::new();
        }
        vec![Action::Restore {
            reference,
            meeting_id,
            settings,
        }]
    }

    fn delete(&self, meeting: &Found) -> Option<Action> {
        let is_old = meeting
            .created_at
            .and_then(|created_at| created_at.checked_add(YOUNG).ok())
            .is_some_and(|grown_up| grown_up <= self.now);
        (is_old && !meeting.is_started).then_some(Action::Delete {
            meeting_id: meeting.meeting_id,
        })
    }
}

impl From<&Meeting> for Found {
    fn from(meeting: &Meeting) -> Self {
        Self {
            meeting_id: meeting.id().get(),
            marker: meeting.marker().map(str::to_owned),
            host_id: meeting.host_id().map(str::to_owned),
            start: meeting.start(),
            minutes: meeting.minutes(),
            created_at: meeting.created_at(),
            is_started: meeting.status() == Some("started"),
            overridden: meeting.overridden().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests;
