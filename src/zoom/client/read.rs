//! `GET /meetings/{meetingId}` and `GET /users/{userId}/meetings`

use serde::Deserialize;
use zeroize::Zeroizing;

use super::Client;
use super::about_another;
use super::meeting_path;
use crate::zoom::api::Operation;
use crate::zoom::error::Error;
use crate::zoom::error::Result;
use crate::zoom::error_id::ErrorId;
use crate::zoom::host::Host;
use crate::zoom::meeting::Meeting;
use crate::zoom::meeting::MeetingAnswer;
use crate::zoom::meeting::StartUrlAnswer;
use crate::zoom::meeting_id::MeetingId;

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
    pub fn meeting(&self, meeting_id: MeetingId) -> Result<Meeting> {
        let reply = self.api.call(&Operation::get(meeting_path(meeting_id)))?;
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
    /// When Zoom answers with another host's, and whatever else stands in its way.
    pub fn meetings(&self, host: Option<&Host>) -> Result<Vec<Meeting>> {
        let path = format!("{}/meetings", self.user_path(host)?);
        let answers = self.pages(&path, &SCHEDULED, |page: PageAnswer| {
            (page.meetings, page.next_page_token.unwrap_or_default())
        })?;
        self.read_all(host, answers)
    }

    /// One page of what [`Client::meetings`] gives; the first one without a token. For lists of any length in little memory.
    ///
    /// # Errors
    /// When Zoom answers with another host's, and whatever else stands in its way.
    pub fn meeting_page(&self, host: Option<&Host>, token: Option<&str>) -> Result<MeetingPage> {
        let path = format!("{}/meetings", self.user_path(host)?);
        let page: PageAnswer = self.page(&path, &SCHEDULED, token.unwrap_or_default())?;
        Ok(MeetingPage {
            meetings: self.read_all(host, page.meetings)?,
            next: page.next_page_token.filter(|next| !next.is_empty()),
        })
    }

    /// A list that holds meetings, and none of the host asked for, is another's: whoever went by it would make meetings twice.
    fn read_all(&self, host: Option<&Host>, answers: Vec<MeetingAnswer>) -> Result<Vec<Meeting>> {
        let endpoints = &self.api.context().endpoints;
        let meetings: Vec<Meeting> = answers
            .into_iter()
            .map(|answer| Meeting::new(answer, endpoints))
            .collect();
        let asked = match host.and_then(Host::user_id) {
            Some(id) => Some(id.to_owned()),
            None if self.is_account() => None,
            None => self.api.access()?.user_id.clone(),
        };
        let is_others = |id: &str| {
            let of_another = |meeting: &Meeting| meeting.host_id().is_some_and(|it| it != id);
            !meetings.is_empty() && meetings.iter().all(of_another)
        };
        if asked.is_some_and(|id| is_others(&id)) {
            return Err(about_another("host"));
        }
        Ok(meetings)
    }

    /// A fresh start URL. Secret: it logs in as the host.
    ///
    /// # Errors
    /// When Zoom does not know the meeting, answers about another one, or gives no link that leads to Zoom.
    pub fn start_url(&self, meeting_id: MeetingId) -> Result<Zeroizing<String>> {
        let reply = self.api.call(&Operation::get(meeting_path(meeting_id)))?;
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
                    ErrorId::StartLinkMissing,
                    "Zoom gave no start link that leads to Zoom",
                    "Open Zoom, sign in as the host and start the meeting there.",
                )
                .with_tracking_id(tracking_id)
            })
    }
}
