//! `GET /meetings/{meetingId}` and `GET /users/{userId}/meetings`

use serde::Deserialize;
use zeroize::Zeroizing;

use super::Client;
use super::about_another;
use super::meeting_path;
use crate::zoom::api::Operation;
use crate::zoom::error::Error;
use crate::zoom::error::Kind;
use crate::zoom::error::Result;
use crate::zoom::meeting::Meeting;
use crate::zoom::meeting::MeetingAnswer;
use crate::zoom::meeting::StartUrlAnswer;

/// The meetings that wait to be held and have not expired.
const SCHEDULED: [(&str, &str); 1] = [("type", "scheduled")];

#[derive(Deserialize)]
struct PageAnswer {
    #[serde(default)]
    next_page_token: Option<String>,
    #[serde(default)]
    meetings: Vec<MeetingAnswer>,
}

/// One page of a host's meetings.
pub struct MeetingPage {
    /// The meetings, 300 at most.
    pub meetings: Vec<Meeting>,
    /// What asks for the next page, within 15 minutes; `None` at the end.
    pub next: Option<String>,
}

impl Client {
    /// One meeting.
    ///
    /// # Errors
    /// When Zoom does not know it, or answers about another one.
    pub fn meeting(&self, meeting_id: i64) -> Result<Meeting> {
        let reply = self.api.call(&Operation::get(meeting_path(meeting_id)?))?;
        let answer: MeetingAnswer = reply.json()?;
        let meeting = Meeting::new(answer, &self.api.context().endpoints);
        if meeting.id() == meeting_id {
            return Ok(meeting);
        }
        Err(about_another("meeting").with_tracking_id(reply.response.tracking_id()))
    }

    /// The host's scheduled meetings that have not expired.
    ///
    /// # Errors
    /// Whatever stands in its way.
    pub fn meetings(&self, host: Option<&str>) -> Result<Vec<Meeting>> {
        let path = format!("{}/meetings", self.user_path(host)?);
        let answers = self.pages(&path, &SCHEDULED, |page: PageAnswer| {
            (page.meetings, page.next_page_token.unwrap_or_default())
        })?;
        Ok(self.read_all(answers))
    }

    /// One page of what [`Client::meetings`] gives; the first one without a token. For lists of any length in little memory.
    ///
    /// # Errors
    /// Whatever stands in its way.
    pub fn meeting_page(&self, host: Option<&str>, token: Option<&str>) -> Result<MeetingPage> {
        let path = format!("{}/meetings", self.user_path(host)?);
        let page: PageAnswer = self.page(&path, &SCHEDULED, token.unwrap_or_default())?;
        Ok(MeetingPage {
            meetings: self.read_all(page.meetings),
            next: page.next_page_token.filter(|next| !next.is_empty()),
        })
    }

    fn read_all(&self, answers: Vec<MeetingAnswer>) -> Vec<Meeting> {
        let endpoints = &self.api.context().endpoints;
        answers
            .into_iter()
            .map(|answer| Meeting::new(answer, endpoints))
            .collect()
    }

    /// A fresh start URL. Secret: it logs in as the host.
    ///
    /// # Errors
    /// When Zoom does not know the meeting, answers about another one, or gives no link that leads to Zoom.
    pub fn start_url(&self, meeting_id: i64) -> Result<Zeroizing<String>> {
        let reply = self.api.call(&Operation::get(meeting_path(meeting_id)?))?;
        let answer: StartUrlAnswer = reply.json()?;
        let tracking_id = reply.response.tracking_id();
        if answer.id != meeting_id {
            return Err(about_another("meeting").with_tracking_id(tracking_id));
        }
        answer
            .start_url
            .filter(|link| self.api.context().endpoints.trusts_link(link))
            .ok_or_else(|| {
                Error::new(
                    Kind::Api,
                    "Zoom gave no start link that leads to Zoom",
                    "Open Zoom, sign in as the host and start the meeting there.",
                )
                .with_tracking_id(tracking_id)
            })
    }
}
