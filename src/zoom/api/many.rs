//! Many operations at once: each its own answer or error, in order; one failure harms no other.

use std::time::Duration;

use super::Api;
use super::Operation;
use super::Reply;
use super::Verdict;
use super::request;
use crate::zoom::error::Result;
use crate::zoom::pace::Pace;
use crate::zoom::tokens::LOCK_WAIT;
use crate::zoom::tokens::Replacements;

impl Api {
    /// The pace of a series of calls. Without a budget of the caller it has no end, for a long list takes as long as Zoom's limit
    /// makes it.
    #[must_use]
    pub(crate) fn pace(&self) -> Pace {
        Pace::until(self.budget.map(|_| self.deadline()))
    }

    /// Carries the operations out, concurrently and within the pace.
    pub(crate) fn call_all(&self, operations: &[Operation], pace: &mut Pace) -> Vec<Result<Reply>> {
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
                *slot = Some(
                    match self.judge(operation, answer, attempt, replacements.are_left()) {
                        Verdict::Done(reply) => {
                            *self.tracking_id.borrow_mut() = reply.response.tracking_id();
                            Ok(reply)
                        }
                        Verdict::NewToken(error) => {
                            refused.push(index);
                            again.push(index);
                            Err(error)
                        }
                        Verdict::Failed(error, pause) => {
                            let in_time = |pause| {
                                pace.deadline
                                    .is_none_or(|deadline| clock.monotonic() + pause < deadline)
                            };
                            if let Some(pause) = pause.filter(|pause| in_time(*pause)) {
                                again.push(index);
                                wait = wait.max(pause);
                            }
                            Err(error)
                        }
                    },
                );
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
}
