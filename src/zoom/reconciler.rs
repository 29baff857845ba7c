//! What has to be done so that Zoom has what is wanted: a pure comparison, without network.
//!
//! It touches only meetings that bear a marker of this site or whose id the caller already knows.

use std::collections::HashMap;
use std::collections::HashSet;

use jiff::Timestamp;

/// A visit as the clinic wants it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wanted {
    /// The marker of its reference.
    pub marker: String,
    /// The meeting that is known to hold it.
    pub meeting_id: Option<i64>,
    /// The start; `None` for a visit that shall have no meeting (cancelled).
    pub start: Option<Timestamp>,
    /// The duration in minutes.
    pub minutes: i64,
    /// The Zoom user id of the host.
    pub host_id: String,
}

/// A meeting as Zoom lists it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    /// Zoom's meeting number.
    pub meeting_id: i64,
    /// The marker in its agenda.
    pub marker: Option<String>,
    /// The start.
    pub start: Option<Timestamp>,
    /// The duration in minutes.
    pub minutes: i64,
    /// The Zoom user id of the host.
    pub host_id: String,
    /// When it was created; the oldest of several stays.
    pub created_at: Option<Timestamp>,
}

/// One thing to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Action {
    /// Zoom has a meeting with the visit's marker that the clinic does not know: take its id over.
    Adopt {
        /// The visit.
        marker: String,
        /// The meeting.
        meeting_id: i64,
    },
    /// The visit has no meeting and never had one.
    Create {
        /// The visit.
        marker: String,
    },
    /// The meeting belongs to no visit, to a cancelled one, or is one too many.
    Delete {
        /// The meeting.
        meeting_id: i64,
    },
    /// The meeting is at another time or of another length.
    Move {
        /// The visit.
        marker: String,
        /// The meeting.
        meeting_id: i64,
    },
    /// The known meeting is gone at Zoom, or lies with another host.
    Recreate {
        /// The visit.
        marker: String,
        /// The meeting that is gone or lies elsewhere.
        meeting_id: i64,
    },
}

/// The actions that lead from what is found to what is wanted. `site_prefix` is the beginning of this site's markers.
#[must_use]
pub fn reconcile(wanted: &[Wanted], found: &[Found], site_prefix: &str) -> Vec<Action> {
    let mut by_marker: HashMap<&str, Vec<&Found>> = HashMap::new();
    for meeting in found {
        if let Some(marker) = meeting
            .marker
            .as_deref()
            .filter(|marker| marker.starts_with(site_prefix))
        {
            by_marker.entry(marker).or_default().push(meeting);
        }
    }
    let by_id: HashMap<i64, &Found> = found
        .iter()
        .map(|meeting| (meeting.meeting_id, meeting))
        .collect();
    let mut actions = Vec::new();
    let mut kept = HashSet::new();

    for visit in wanted {
        let marked = by_marker
            .get(visit.marker.as_str())
            .map(Vec::as_slice)
            .unwrap_or_default();
        let known = visit.meeting_id.and_then(|id| by_id.get(&id).copied());
        let Some(start) = visit.start else { continue };
        // Of those with the wanted host: the known one, else the oldest.
        let keep = known
            .filter(|meeting| meeting.host_id == visit.host_id)
            .or_else(|| {
                marked
                    .iter()
                    .copied()
                    .filter(|meeting| meeting.host_id == visit.host_id)
                    .min_by_key(|meeting| (meeting.created_at, meeting.meeting_id))
            });
        match keep {
            Some(meeting) => {
                kept.insert(meeting.meeting_id);
                if visit.meeting_id != Some(meeting.meeting_id) {
                    actions.push(Action::Adopt {
                        marker: visit.marker.clone(),
                        meeting_id: meeting.meeting_id,
                    });
                }
                if meeting.start != Some(start) || meeting.minutes != visit.minutes {
                    actions.push(Action::Move {
                        marker: visit.marker.clone(),
                        meeting_id: meeting.meeting_id,
                    });
                }
            }
            None => actions.push(match visit.meeting_id {
                Some(meeting_id) => Action::Recreate {
                    marker: visit.marker.clone(),
                    meeting_id,
                },
                None => Action::Create {
                    marker: visit.marker.clone(),
                },
            }),
        }
    }
    // What bears our marker or was known as ours, and is not kept, goes: after the creations, so that no visit is without.
    let known: HashSet<i64> = wanted.iter().filter_map(|visit| visit.meeting_id).collect();
    actions.extend(
        found
            .iter()
            .filter(|meeting| !kept.contains(&meeting.meeting_id))
            .filter(|meeting| {
                known.contains(&meeting.meeting_id)
                    || meeting
                        .marker
                        .as_deref()
                        .is_some_and(|marker| marker.starts_with(site_prefix))
            })
            .map(|meeting| Action::Delete {
                meeting_id: meeting.meeting_id,
            }),
    );
    actions
}

#[cfg(test)]
mod tests;
