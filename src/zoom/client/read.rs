//! `GET /meetings/{meetingId}` and `GET /users/{userId}/meetings`

use serde::Deserialize;
use zeroize::Zeroizing;

use super::Client;
use super::meeting_path;
use crate::zoom::api::Operation;
use crate::zoom::error::Error;
use crate::zoom::error::Kind;
use crate::zoom::error::Result;
use crate::zoom::meeting::Meeting;
use crate::zoom::meeting::MeetingAnswer;
use crate::zoom::meeting::StartUrlAnswer;

#[derive(Deserialize)]
struct MeetingPage {
    #[serde(default)]
    next_page_token: Option<String>,
    #[serde(default)]
    meetings: Vec<MeetingAnswer>,
}

impl Client {
    /// One meeting.
    ///
    /// # Errors
    /// When Zoom does not know it.
    pub fn meeting(&self, meeting_id: i64) -> Result<Meeting> {
        let answer: MeetingAnswer = self
            .api
            .call(&Operation::get(meeting_path(meeting_id)?))?
            .json()?;
        Ok(Meeting::new(answer, &self.api.context().endpoints))
    }

    /// The host's scheduled meetings that have not expired.
    ///
    /// # Errors
    /// Whatever stands in its way.
    pub fn meetings(&self, host: Option<&str>) -> Result<Vec<Meeting>> {
        let path = format!("{}/meetings", self.user_path(host)?);
        let answers = self.pages(&path, &[("type", "scheduled")], |page: MeetingPage| {
            (page.meetings, page.next_page_token.unwrap_or_default())
        })?;
        let endpoints = &self.api.context().endpoints;
        Ok(answers
            .into_iter()
            .map(|answer| Meeting::new(answer, endpoints))
            .collect())
    }

    /// A fresh start URL. Secret: it logs in as the host.
    ///
    /// # Errors
    /// When Zoom does not know the meeting, or gives no link that leads to Zoom.
    pub fn start_url(&self, meeting_id: i64) -> Result<Zeroizing<String>> {
        let answer: StartUrlAnswer = self
            .api
            .call(&Operation::get(meeting_path(meeting_id)?))?
            .json()?;
        answer
            .start_url
            .filter(|link| self.api.context().endpoints.trusts_link(link))
            .ok_or_else(|| {
                Error::new(
                    Kind::Api,
                    "Zoom gave no start link that leads to Zoom",
                    "Open Zoom, sign in as the host and start the meeting there.",
                )
                .with_tracking_id(self.last_tracking_id())
            })
    }
}
