//! Many exchanges at once, on one thread: tasks of the same runtime, started no faster than the pace allows.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio::time::timeout;

use super::Engine;
use super::POOL_SIZE;
use super::YIELDS;
use crate::zoom::http::Request;
use crate::zoom::http::Response;
use crate::zoom::http::SendError;
use crate::zoom::http::SendFault;
use crate::zoom::pace::Pace;

type Answer = Result<Response, SendError>;

impl Engine {
    /// Sends each request once; the answers in their order.
    pub(super) fn send_all(
        &self,
        requests: Vec<Request>,
        pace: &mut Pace,
        now: impl Fn() -> Duration,
    ) -> Vec<Answer> {
        self.runtime.block_on(async {
            for _ in 0..YIELDS {
                tokio::task::yield_now().await;
            }
            let mut answers: Vec<Option<Answer>> = requests.iter().map(|_| None).collect();
            let mut waiting = requests.into_iter().enumerate().peekable();
            let mut running = JoinSet::new();
            // Connections that these requests have opened and that are free again.
            let mut open = 0_usize;
            loop {
                if running.is_empty() {
                    // Of a task that panicked no answer comes.
                    pace.note_all_answered(now());
                }
                let hold = if waiting.peek().is_none() || running.len() >= POOL_SIZE {
                    None
                } else {
                    pace.wait(now())
                };
                match hold {
                    Some(Duration::ZERO) => {
                        if let Some((index, mut request)) = waiting.next() {
                            let moment = now();
                            pace.note(index, moment, open > 0);
                            open = open.saturating_sub(1);
                            if let Some(deadline) = pace.deadline {
                                let left = deadline.saturating_sub(moment);
                                request.timeout =
                                    Some(request.timeout.map_or(left, |time| time.min(left)));
                            }
                            running.spawn(self.exchange(index, request));
                        }
                    }
                    Some(hold)
                        if pace
                            .deadline
                            .is_some_and(|deadline| now() + hold >= deadline) =>
                    {
                        // What cannot go out in time is not begun.
                        for (index, _) in waiting.by_ref() {
                            if let Some(place) = answers.get_mut(index) {
                                *place = Some(Err(not_begun()));
                            }
                        }
                    }
                    // Nothing may start yet: an answer may teach another pace meanwhile.
                    Some(hold) if running.is_empty() => sleep(hold).await,
                    Some(hold) => {
                        if let Ok(Some(joined)) = timeout(hold, running.join_next()).await {
                            open += keep(joined, &mut answers, pace, now());
                        }
                    }
                    None => match running.join_next().await {
                        Some(joined) => open += keep(joined, &mut answers, pace, now()),
                        None => break,
                    },
                }
            }
            answers
                .into_iter()
                .map(|answer| answer.unwrap_or_else(|| Err(lost())))
                .collect()
        })
    }

    /// One exchange as a task of its own.
    fn exchange(
        &self,
        index: usize,
        request: Request,
    ) -> impl Future<Output = (usize, Answer)> + Send + use<> {
        let exchange = super::exchange(self.prepare(request));
        async move { (index, exchange.await) }
    }
}

/// Keeps an answer; gives how many connections it leaves open.
fn keep(
    joined: Result<(usize, Answer), tokio::task::JoinError>,
    answers: &mut [Option<Answer>],
    pace: &mut Pace,
    now: Duration,
) -> usize {
    // A task that panicked leaves its place empty, which counts as an answer that was lost.
    let Ok((index, answer)) = joined else {
        return 0;
    };
    pace.note_answer(index, now);
    let left_open = usize::from(answer.is_ok());
    if let Ok(response) = &answer {
        pace.learn(response.status, &response.headers);
    }
    if let Some(place) = answers.get_mut(index) {
        *place = Some(answer);
    }
    left_open
}

fn not_begun() -> SendError {
    SendError {
        fault: SendFault::Timeout,
        maybe_delivered: false,
        detail: String::new(),
    }
}

fn lost() -> SendError {
    SendError {
        fault: SendFault::Closed,
        maybe_delivered: true,
        detail: String::new(),
    }
}
