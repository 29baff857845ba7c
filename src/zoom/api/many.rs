//! Many operations at once: each its own answer or error, in order; one failure harms no other.

use std::time::Duration;

use super::Api;
use super::Operation;
use super::Reply;
use super::request;
use crate::zoom::api_error;
use crate::zoom::error::Result;
use crate::zoom::http::Response;
use crate::zoom::http::SendError;
use crate::zoom::pace::Pace;
use crate::zoom::retry;
use crate::zoom::retry::Outcome;
use crate::zoom::tokens::LOCK_WAIT;
use crate::zoom::tokens::Replacements;

/// What to do with one answer.
enum Verdict {
    /// It is the result.
    Final(Result<Reply>),
    /// The token was refused before any work was done.
    NewToken(Result<Reply>),
    /// It may go again after a while; if it may not, this is the result.
    Again(Duration, Result<Reply>),
}

impl Api {
    /// The pace of a series of calls. Without a budget of the caller it has no end, for a long list takes as long as Zoom's limit
    /// makes it.
    #[must_use]
    pub fn pace(&self) -> Pace {
        Pace::until(self.budget.map(|_| self.deadline()))
    }

    /// Carries the operations out, concurrently and within the pace.
    pub fn call_all(&self, operations: &[Operation], pace: &mut Pace) -> Vec<Result<Reply>> {
        let clock = &self.context.clock;
        let mut results: Vec<Option<Result<Reply>>> = operations.iter().map(|_| None).collect();
        let mut open: Vec<usize> = (0..operations.len()).collect();
        let mut access = match self.tokens.access(None, self.budget().min(LOCK_WAIT)) {
            Ok(access) => access,
            Err(error) => return operations.iter().map(|_| Err(error.clone())).collect(),
        };
        let mut replacements = Replacements::default();
        let mut attempt = 0;
        while !open.is_empty() {
            attempt += 1;
            let requests = open
                .iter()
                .filter_map(|index| operations.get(*index))
                .map(|operation| request(operation, &access, None))
                .collect();
            let answers = self.context.http.send_all(requests, pace);
            let mut again = Vec::new();
            let mut wait = Duration::ZERO;
            let mut refused = Vec::new();
            for (index, answer) in open.drain(..).zip(answers) {
                let (Some(operation), Some(slot)) = (operations.get(index), results.get_mut(index))
                else {
                    continue;
                };
                match self.judge(operation, answer, attempt) {
                    Verdict::NewToken(result) if replacements.are_left() => {
                        refused.push(index);
                        again.push(index);
                        *slot = Some(result);
                    }
                    Verdict::Again(pause, result) => {
                        let in_time = pace
                            .deadline
                            .is_none_or(|deadline| clock.monotonic() + pause < deadline);
                        if in_time {
                            again.push(index);
                            wait = wait.max(pause);
                        }
                        *slot = Some(result);
                    }
                    Verdict::Final(result) | Verdict::NewToken(result) => *slot = Some(result),
                }
            }
            if !refused.is_empty() {
                match replacements.next(&self.tokens, &access.token, self.budget().min(LOCK_WAIT)) {
                    Ok(fresh) => access = fresh,
                    // None of these was carried out, and this is why.
                    Err(error) => {
                        again.clear();
                        for index in refused {
                            if let Some(slot) = results.get_mut(index) {
                                *slot = Some(Err(error.clone()));
                            }
                        }
                    }
                }
            }
            if !again.is_empty() && !wait.is_zero() {
                clock.sleep(wait);
            }
            open = again;
        }
        results
            .into_iter()
            .map(|result| result.unwrap_or_else(|| Err(super::out_of_time())))
            .collect()
    }

    fn judge(
        &self,
        operation: &Operation,
        answer: Result<Response, SendError>,
        attempt: u32,
    ) -> Verdict {
        let now = self.context.clock.now();
        let (outcome, result) = match answer {
            Ok(response) if operation.is_done(&response) => {
                *self.tracking_id.borrow_mut() = response.tracking_id();
                return Verdict::Final(Ok(Reply {
                    response,
                    method: operation.method,
                }));
            }
            Ok(response) => {
                let error = api_error::from_response(&response, operation.method, now);
                if api_error::refuses_token(&response) {
                    return Verdict::NewToken(Err(error));
                }
                (api_error::outcome(&response, now), Err(error))
            }
            Err(error) => (
                Some(Outcome::from(&error)),
                Err(api_error::from_send(&error, operation.method)),
            ),
        };
        let wait = outcome.and_then(|outcome| {
            retry::wait_before_next(operation.method, outcome, attempt, self.jitter())
        });
        match wait {
            Some(wait) => Verdict::Again(wait, result),
            None => Verdict::Final(result),
        }
    }
}
