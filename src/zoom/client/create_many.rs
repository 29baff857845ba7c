//! Many `POST /users/{userId}/meetings` at once.

use std::borrow::Borrow;

use zeroize::Zeroizing;

use super::Client;
use super::create::compare_time;
use super::create::compare_visit;
use super::create::refuse_over;
use super::create::refuses_passcode;
use crate::zoom::api::Operation;
use crate::zoom::api::Reply;
use crate::zoom::error::Result;
use crate::zoom::meeting::Meeting;
use crate::zoom::meeting::MeetingAnswer;
use crate::zoom::meeting_request::MeetingRequest;
use crate::zoom::pace::Pace;
use crate::zoom::passcode;
use crate::zoom::passcode::PasscodePolicy;

/// Requests that are built and under way together; more would only take memory.
const BATCH: usize = 256;

/// A request that is ready to go, with the passcode that it asks for.
struct Prepared {
    operation: Operation,
    passcode: Zeroizing<String>,
}

impl Client {
    /// Creates many meetings, concurrently on this thread and within Zoom's limit per second. In the order of the requests: each
    /// its meeting or its own error; one failure harms no other. No request is sent twice that may have arrived.
    #[must_use]
    pub fn create_meetings<R: Borrow<MeetingRequest>>(
        &self,
        requests: &[R],
    ) -> Vec<Result<Meeting>> {
        if requests.is_empty() {
            return Vec::new();
        }
        let mut policy = match self.api.access() {
            Ok(access) => access.passcode_policy.clone(),
            Err(error) => return requests.iter().map(|_| Err(error.clone())).collect(),
        };
        let mut pace = self.api.pace();
        let mut results = Vec::with_capacity(requests.len());
        for batch in requests.chunks(BATCH) {
            let batch: Vec<&MeetingRequest> = batch.iter().map(Borrow::borrow).collect();
            let mut made = self.create_batch(&batch, policy.as_ref(), &mut pace);
            self.mend_passcodes(&batch, &mut made, &mut policy, &mut pace);
            results.append(&mut made);
        }
        results
    }

    /// Those whose passcode was refused, once more with one that the account's policy takes. Nothing was created for them.
    fn mend_passcodes(
        &self,
        requests: &[&MeetingRequest],
        results: &mut [Result<Meeting>],
        policy: &mut Option<PasscodePolicy>,
        pace: &mut Pace,
    ) {
        let refused: Vec<usize> = results
            .iter()
            .enumerate()
            .filter(|(_, result)| result.as_ref().is_err_and(refuses_passcode))
            .map(|(index, _)| index)
            .collect();
        let again: Vec<&MeetingRequest> = refused
            .iter()
            .filter_map(|index| requests.get(*index).copied())
            .collect();
        let Some(first) = again.first() else { return };
        let Ok(read) = self.read_passcode_policy(first.host()) else {
            return;
        };
        let made = self.create_batch(&again, Some(&read), pace);
        *policy = Some(read);
        for (index, result) in refused.into_iter().zip(made) {
            if let Some(place) = results.get_mut(index) {
                *place = result;
            }
        }
    }

    fn create_batch(
        &self,
        requests: &[&MeetingRequest],
        policy: Option<&PasscodePolicy>,
        pace: &mut Pace,
    ) -> Vec<Result<Meeting>> {
        let mut operations = Vec::new();
        let prepared: Vec<Result<Zeroizing<String>>> = requests
            .iter()
            .map(|request| {
                let prepared = self.prepare(request, policy)?;
                operations.push(prepared.operation);
                Ok(prepared.passcode)
            })
            .collect();
        let mut replies = self.api.call_all(&operations, pace).into_iter();
        requests
            .iter()
            .zip(prepared)
            .map(|(request, passcode)| {
                let passcode = passcode?;
                let reply = replies
                    .next()
                    .unwrap_or_else(|| Err(super::unanswered()))
                    .inspect_err(|error| self.note_if_timed_out(request, error))?;
                self.read_created(&reply, request, &passcode)
            })
            .collect()
    }

    fn prepare(
        &self,
        request: &MeetingRequest,
        policy: Option<&PasscodePolicy>,
    ) -> Result<Prepared> {
        let path = format!("{}/meetings", self.user_path(request.host())?);
        let clock = &self.api.context().clock;
        refuse_over(request, clock.now())?;
        let passcode = Zeroizing::new(passcode::generate(policy, &**clock)?);
        Ok(Prepared {
            operation: Operation::post(path, request.create_body(&passcode)),
            passcode,
        })
    }

    /// Reads the answer of a creation and compares it with what was asked.
    pub(super) fn read_created(
        &self,
        reply: &Reply,
        request: &MeetingRequest,
        passcode: &str,
    ) -> Result<Meeting> {
        let answer: MeetingAnswer = reply.json()?;
        let meeting = Meeting::new(answer, &self.api.context().endpoints);
        compare_visit(&meeting, request)
            .and_then(|()| compare_time(&meeting, request))
            .map_err(|error| {
                error
                    .maybe_delivered(true)
                    .with_tracking_id(reply.response.tracking_id())
            })?;
        Ok(meeting.compared_with(request.all_settings(), Some(passcode)))
    }
}

#[cfg(test)]
mod tests;
