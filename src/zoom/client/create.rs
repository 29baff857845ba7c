//! `POST /users/{userId}/meetings`

use jiff::Timestamp;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::Client;
use super::about_another;
use crate::zoom::api::Operation;
use crate::zoom::error::Error;
use crate::zoom::error::Result;
use crate::zoom::error_id::ErrorId;
use crate::zoom::host::Host;
use crate::zoom::meeting::Meeting;
use crate::zoom::meeting_request::MeetingRequest;
use crate::zoom::passcode;
use crate::zoom::passcode::PasscodePolicy;

/// Zoom's name of the field that holds the passcode.
const PASSCODE_FIELD: &str = "password";

impl Client {
    /// Creates one meeting, with one request. A refused passcode is the one thing that is mended and tried once more.
    ///
    /// # Errors
    /// When the visit is over, the host does not fit the mode, or Zoom does not create it as asked.
    pub fn create_meeting(&self, request: &MeetingRequest) -> Result<Meeting> {
        let path = format!("{}/meetings", self.user_path(request.host())?);
        refuse_over(request, self.api.context().clock.now())?;
        let policy = self.api.access()?.passcode_policy.clone();
        match self.create(&path, request, policy.as_ref()) {
            Err(error) if refuses_passcode(&error) => {
                let policy = self.read_passcode_policy(request.host())?;
                self.create(&path, request, Some(&policy))
            }
            outcome => outcome,
        }
    }

    fn create(
        &self,
        path: &str,
        request: &MeetingRequest,
        policy: Option<&PasscodePolicy>,
    ) -> Result<Meeting> {
        let passcode = Zeroizing::new(passcode::generate(policy, &*self.api.context().clock)?);
        let operation = Operation::post(path.to_owned(), request.create_body(&passcode));
        let reply = self
            .api
            .call(&operation)
            .inspect_err(|error| self.note_if_timed_out(request, error))?;
        let meeting = self.read_created(&reply, request, &passcode)?;
        // A convenience for later look-ups; the meeting exists whether it can be noted or not.
        let _ = self.note_descriptions(request, &meeting);
        Ok(meeting)
    }

    /// The demands of the host's account on passcodes; kept in the record, so that it is asked for once.
    ///
    /// # Errors
    /// As any call; a missing scope among them.
    pub fn read_passcode_policy(&self, host: Option<&Host>) -> Result<PasscodePolicy> {
        #[derive(Deserialize)]
        struct Settings {
            #[serde(default)]
            schedule_meeting: ScheduleMeeting,
        }
        #[derive(Default, Deserialize)]
        struct ScheduleMeeting {
            #[serde(default)]
            meeting_password_requirement: PasscodePolicy,
        }
        let path = format!("{}/settings", self.user_path(host)?);
        let settings: Settings = self.api.call(&Operation::get(path))?.json()?;
        let policy = settings.schedule_meeting.meeting_password_requirement;
        self.api
            .tokens()
            .amend(|record| record.passcode_policy = Some(policy.clone()))?;
        Ok(policy)
    }
}

/// Whether Zoom took offence at the passcode. Nothing was created then: it validates first.
pub(super) fn refuses_passcode(error: &Error) -> bool {
    let mut fields = error.fields().iter();
    fields.any(|(field, _)| field == PASSCODE_FIELD)
}

/// A visit that has begun can still get its meeting, for doctor and patient are waiting for it; one that is over cannot.
pub(super) fn refuse_over(request: &MeetingRequest, now: Timestamp) -> Result<()> {
    if now < request.end() {
        return Ok(());
    }
    Err(Error::new(
        ErrorId::VisitOver,
        format!("the visit at {} is over", request.start()),
        "Give a start in the future; check the time zone and this server's clock.",
    ))
}

/// Zoom's PATCH silently ignores a start that has passed, so it is refused before sending.
pub(super) fn refuse_past(start: Timestamp, now: Timestamp) -> Result<()> {
    if start >= now {
        return Ok(());
    }
    Err(Error::new(
        ErrorId::StartPassed,
        format!("the start {start} has passed"),
        "Give a start in the future; check the time zone and this server's clock.",
    ))
}

/// Where the answer says whose visit it is and who hosts it, it must be this one's: two visits may begin at the same time.
pub(super) fn compare_visit(meeting: &Meeting, request: &MeetingRequest) -> Result<()> {
    let is_of_another_visit = meeting.marker().is_some() && meeting.marker() != request.marker();
    let host_id = request.host().and_then(Host::user_id);
    let is_of_another_host = host_id.is_some_and(|id| meeting.host_id().is_some_and(|it| it != id));
    if is_of_another_visit || is_of_another_host {
        return Err(about_another("meeting"));
    }
    Ok(())
}

/// The instant that Zoom echoes must be the one that was asked for.
pub(super) fn compare_time(meeting: &Meeting, request: &MeetingRequest) -> Result<()> {
    if meeting.start() == Some(request.start()) && meeting.minutes() == request.minutes() {
        return Ok(());
    }
    let echoed = meeting
        .start()
        .map_or_else(|| "no start".to_owned(), |start| start.to_string());
    Err(Error::new(
        ErrorId::TimeDiffers,
        format!(
            "Zoom has meeting {} at {echoed} for {} minutes, not at {} for {} minutes as asked",
            meeting.id(),
            meeting.minutes(),
            request.start(),
            request.minutes()
        ),
        "Look at the meeting in Zoom; delete it there if it is not wanted, then try again.",
    ))
}
