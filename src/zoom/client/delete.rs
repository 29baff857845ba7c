//! `DELETE /meetings/{meetingId}`

use super::Client;
use super::meeting_path;
use crate::zoom::api::Operation;
use crate::zoom::error::Result;
use crate::zoom::meeting_id::MeetingId;

/// Zoom's code for a meeting that does not exist.
const NO_SUCH_MEETING: i64 = 3001;

impl Client {
    /// Deletes the meeting, without mail from Zoom. `false`: it was already gone.
    ///
    /// # Errors
    /// Whatever stands in its way.
    pub fn delete_meeting(&self, meeting_id: MeetingId) -> Result<bool> {
        let operation = Operation::delete(meeting_path(meeting_id))
            .with("schedule_for_reminder", "false")
            .with("cancel_meeting_reminder", "false");
        match self.api.call(&operation) {
            Ok(_) => Ok(true),
            // Gone, but an earlier send of this very call may have done it. Another 404 says nothing about the meeting.
            Err(error) if error.zoom_code() == Some(NO_SUCH_MEETING) => {
                Ok(error.is_maybe_delivered())
            }
            Err(error) => Err(error),
        }
    }
}
