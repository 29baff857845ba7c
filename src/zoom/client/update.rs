//! `PATCH /meetings/{meetingId}`

use super::Client;
use super::create::compare_time;
use super::create::refuse_past;
use super::meeting_path;
use crate::zoom::api::Operation;
use crate::zoom::error::Result;
use crate::zoom::meeting::Meeting;
use crate::zoom::meeting_id::MeetingId;
use crate::zoom::meeting_request::MeetingRequest;

impl Client {
    /// Changes topic, time, duration, zone and the settings that were named (with `all_settings` the private defaults, too), reads
    /// the meeting back and compares. The host stays.
    ///
    /// # Errors
    /// When the start has passed, Zoom does not know the meeting, or it does not end up as asked.
    pub fn update_meeting(
        &self,
        meeting_id: MeetingId,
        request: &MeetingRequest,
        all_settings: bool,
    ) -> Result<Meeting> {
        let path = meeting_path(meeting_id);
        if request.host().is_some() {
            self.user_path(request.host())?;
        }
        refuse_past(request.start(), self.api.context().clock.now())?;
        let settings = if all_settings {
            request.all_settings()
        } else {
            request.named_settings()
        };
        let body = request.update_body(settings);
        self.api.call(&Operation::patch(path, body))?;
        let meeting = self.meeting(meeting_id)?;
        compare_time(&meeting, request)
            .map_err(|error| error.with_tracking_id(self.last_tracking_id()))?;
        Ok(meeting.compared_with(settings, None))
    }
}
