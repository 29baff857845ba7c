//! At most one meeting for one reference, whatever fails.
//!
//! The reference's marker is looked up among the host's meetings before anything is created. Where an account hides
//! descriptions, the look-up goes by start and duration among meetings that the caller does not know. What cannot be told
//! apart is uncertain and said so; it is never created a second time.

use jiff::SignedDuration;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;

use super::Client;
use super::create::refuse_past;
use crate::zoom::error::Detail;
use crate::zoom::error::Error;
use crate::zoom::error::Kind;
use crate::zoom::error::Result;
use crate::zoom::error_id::ErrorId;
use crate::zoom::meeting::Meeting;
use crate::zoom::meeting_id::MeetingId;
use crate::zoom::meeting_request::MeetingRequest;
use crate::zoom::record;
use crate::zoom::secret::digest;
use crate::zoom::secret::hex;
use crate::zoom::tokens;
use crate::zoom::tokens::LOCK_WAIT;

/// So long after a POST that got no answer in time, 'not found' is not believed: Zoom may still be at work.
const SETTLE: SignedDuration = SignedDuration::from_secs(60);

/// A creation whose answer did not come in time; kept in the store, for a later process.
#[derive(Deserialize, Serialize)]
struct Attempt {
    /// When it was sent at the latest (Unix seconds).
    sent_at: i64,
}

impl Client {
    /// The one meeting of the request's reference: found and brought to the wanted time (if that is not past), or created.
    /// `known` are meetings that the caller knows to belong to other references. `attempted_at` is when an attempt began of which the caller does not
    /// know how it ended, because its process died: only the caller can know of it.
    ///
    /// # Errors
    /// With [`Error::is_maybe_delivered`] where it is uncertain whether a meeting exists; retryable where waiting helps.
    pub fn ensure_meeting(
        &self,
        request: &MeetingRequest,
        known: &[MeetingId],
        attempted_at: Option<Timestamp>,
    ) -> Result<Meeting> {
        let marker = demand_marker(request)?;
        self.user_path(request.host())?;
        let key = self.attempt_key(marker);
        let context = self.api.context();
        let _locked = tokens::lock(context, &key, digest(&[key.as_bytes()]), LOCK_WAIT)?;
        if let Some(found) = self.look_up(request, marker, &key, known, attempted_at)? {
            return self.bring_to(found.id(), request);
        }
        let now = context.clock.now();
        // Before it is sent: whoever dies in between has left word, of when it may have been sent at the latest.
        let latest = SignedDuration::try_from(self.api.budget())
            .ok()
            .and_then(|left| now.checked_add(left).ok());
        self.save_attempt(&key, latest.unwrap_or(now))?;
        let outcome = self.create_meeting(request);
        if !outcome.as_ref().is_err_and(may_still_come) {
            let _ = context.store.delete(&key);
        }
        outcome
    }

    /// The meeting of the request's reference as it stands, where there is one; nothing is created or changed. For what
    /// `known` and `attempted_at` mean see [`Client::ensure_meeting`].
    ///
    /// # Errors
    /// With [`Error::is_maybe_delivered`] where it is uncertain whether a meeting exists; retryable where waiting helps.
    pub fn find_meeting(
        &self,
        request: &MeetingRequest,
        known: &[MeetingId],
        attempted_at: Option<Timestamp>,
    ) -> Result<Option<Meeting>> {
        let marker = demand_marker(request)?;
        self.user_path(request.host())?;
        let key = self.attempt_key(marker);
        let context = self.api.context();
        let _locked = tokens::lock(context, &key, digest(&[key.as_bytes()]), LOCK_WAIT)?;
        let found = self.look_up(request, marker, &key, known, attempted_at)?;
        let _ = context.store.delete(&key);
        Ok(found)
    }

    /// What is found, or nothing once 'not found' can be believed. The caller holds the lock on `key`.
    fn look_up(
        &self,
        request: &MeetingRequest,
        marker: &str,
        key: &str,
        known: &[MeetingId],
        attempted_at: Option<Timestamp>,
    ) -> Result<Option<Meeting>> {
        let context = self.api.context();
        if let Some(found) = self.find(request, marker, known)? {
            // A note that stays only costs a later look-up its patience.
            let _ = context.store.delete(key);
            return Ok(Some(found));
        }
        let now = context.clock.now();
        // A clock that ran ahead elsewhere must not make the wait longer.
        let told = attempted_at.map(|at| at.min(now) + SETTLE);
        match self.settles_at(key).max(told) {
            Some(settles_at) if now < settles_at => Err(unsettled(settles_at)),
            _ => Ok(None),
        }
    }

    /// Notes a creation whose answer did not come in time. Best effort: the error that follows says the same.
    pub(super) fn note_if_timed_out(&self, request: &MeetingRequest, error: &Error) {
        if let (true, Some(marker)) = (may_still_come(error), request.marker()) {
            // Not when the call began: a limit may have held the request back.
            let latest = self.api.context().clock.now();
            let _ = self.save_attempt(&self.attempt_key(marker), latest);
        }
    }

    fn save_attempt(&self, key: &str, sent_at: Timestamp) -> Result<()> {
        let context = self.api.context();
        // Rounded up: half a second too late is believed no sooner.
        let begun = i64::from(sent_at.subsec_nanosecond() > 0);
        let attempt = Attempt {
            sent_at: sent_at.as_second().saturating_add(begun),
        };
        let sealed = record::seal(context, key, &attempt)?;
        let replaces = context.store.load(key)?;
        if context.store.save(key, &sealed, replaces.as_deref())? {
            return Ok(());
        }
        Err(Error::of_store(
            ErrorId::AttemptNoted,
            "another process has just noted an attempt to make this very meeting",
        ))
    }

    /// Notes whether the account echoes descriptions, when that is news.
    pub(super) fn note_descriptions(
        &self,
        request: &MeetingRequest,
        meeting: &Meeting,
    ) -> Result<()> {
        let Some(marker) = request.marker() else {
            return Ok(());
        };
        let hides = Some(meeting.marker() != Some(marker));
        if self.api.access()?.hides_descriptions != hides {
            self.api
                .tokens()
                .amend(|record| record.hides_descriptions = hides)?;
        }
        Ok(())
    }

    /// The meeting of the marker; the oldest of several.
    fn find(
        &self,
        request: &MeetingRequest,
        marker: &str,
        known: &[MeetingId],
    ) -> Result<Option<Meeting>> {
        let listed = self
            .meetings(request.host())
            .map_err(|error| match error.kind() {
                // Without the scope nothing can be looked up, so nothing may be created either.
                Kind::Scope => error.maybe_delivered(true),
                _ => error,
            })?;
        let oldest = listed
            .iter()
            .filter(|meeting| meeting.marker() == Some(marker))
            .min_by_key(|meeting| (meeting.created_at(), meeting.id()));
        if let Some(meeting) = oldest {
            return Ok(Some(meeting.clone()));
        }
        let hides = self.api.access()?.hides_descriptions;
        if hides == Some(false) {
            return Ok(None);
        }
        let mut alike = Vec::new();
        for meeting in listed {
            if meeting.start() == Some(request.start())
                && meeting.minutes() == request.minutes()
                && !meeting.has_description()
                && !known.contains(&meeting.id())
            {
                // Lists do not say how a meeting came to be.
                let meeting = self.meeting(meeting.id())?;
                if meeting.is_from_api() != Some(false) {
                    alike.push(meeting);
                }
            }
        }
        match (alike.pop(), alike.is_empty(), hides) {
            (None, ..) => Ok(None),
            (Some(meeting), true, Some(true)) => Ok(Some(meeting)),
            _ => Err(ambiguous()),
        }
    }

    /// The meeting as it stands, moved first when it is at another time and can be moved: once the wanted start has passed, Zoom
    /// moves nothing there, and people are waiting for the link.
    fn bring_to(&self, meeting_id: MeetingId, request: &MeetingRequest) -> Result<Meeting> {
        let meeting = self.meeting(meeting_id)?;
        let is_there =
            meeting.start() == Some(request.start()) && meeting.minutes() == request.minutes();
        let now = self.api.context().clock.now();
        if is_there || refuse_past(request.start(), now).is_err() {
            return Ok(meeting.compared_with(request.all_settings(), None));
        }
        self.update_meeting(meeting_id, request, false)
    }

    fn settles_at(&self, key: &str) -> Option<Timestamp> {
        let context = self.api.context();
        let sent_at = match record::load::<Attempt>(context, key) {
            Ok(None) => return None,
            Ok(Some(stored)) => Timestamp::from_second(stored.value.sent_at).ok()?,
            // Something was sent, and nobody can tell when.
            Err(_) => context.clock.now(),
        };
        Some(sent_at + SETTLE)
    }

    fn attempt_key(&self, marker: &str) -> String {
        let hash = digest(&[self.api.tokens().key().as_bytes(), marker.as_bytes()]);
        format!("attempt:{}", hex(&hash, 40))
    }
}

fn demand_marker(request: &MeetingRequest) -> Result<&str> {
    request.marker().ok_or_else(|| {
        Error::new(
            ErrorId::ReferenceMissing,
            "to look a meeting up, a reference is needed",
            "Give the visit's identifier on your site as the reference.",
        )
    })
}

/// Whether the work may still be done after this.
fn may_still_come(error: &Error) -> bool {
    error.is_maybe_delivered() && error.is_timed_out()
}

fn unsettled(settles_at: Timestamp) -> Error {
    Error::new(
        ErrorId::CreationUnsettled,
        "Zoom did not answer in time when this meeting was created, and may still be at work",
        "Try again in a minute; nothing is created a second time meanwhile.",
    )
    .maybe_delivered(true)
    .with(Detail::RetryAt(settles_at))
}

fn ambiguous() -> Error {
    Error::new(
        ErrorId::MeetingAmbiguous,
        "a meeting at this very time exists whose visit cannot be told, for the Zoom account hides descriptions",
        "Look in Zoom whether it belongs to this visit. Allow descriptions in the Zoom account so that telemed can tell meetings apart.",
    )
    .maybe_delivered(true)
}

#[cfg(test)]
mod tests;
