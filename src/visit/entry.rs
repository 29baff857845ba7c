//! What is done for somebody who is on the way into a visit, and how often: however many click, Zoom is asked now and then.

use jiff::Timestamp;

use super::Seconds;
use super::life::State;

/// Zoom is asked for one visit so often.
pub const ASK_SECONDS: i64 = 15;

/// What is known of the visit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OnTheWay {
    /// How it looks.
    pub state: State,
    /// Whether there is a meeting to join.
    pub is_ready: bool,
    /// Whether something has stood in the way of the last try.
    pub has_failed: bool,
    /// When the visit last changed.
    pub changed_at: Timestamp,
    /// When its meeting was last looked at for somebody on the way.
    pub looked_at: Option<Timestamp>,
    /// Whether Zoom is away.
    pub is_outage: bool,
}

/// What is done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Entry {
    /// What is not there yet is tried at once, however long it was to wait.
    Try,
    /// The meeting is looked at: Zoom may have lost it, or changed its link.
    Look,
    /// They take it as it is known.
    AsKnown,
}

impl Entry {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Try => "try",
            Self::Look => "look",
            Self::AsKnown => "as_known",
        }
    }
}

impl OnTheWay {
    /// What is done for whoever comes now.
    #[must_use]
    pub fn entry(&self, now: Timestamp) -> Entry {
        let is_long_ago = |then: Timestamp| then.after(ASK_SECONDS) <= now;
        if self.is_ready {
            // In an outage an answer would be waited for in vain. A clock that was put back must not keep it from being asked.
            let was_asked = self
                .looked_at
                .is_some_and(|then| then <= now && !is_long_ago(then));
            return if self.is_outage || was_asked {
                Entry::AsKnown
            } else {
                Entry::Look
            };
        }
        let is_open = matches!(
            self.state,
            State::Due | State::Attempting | State::Updating | State::Moving
        );
        if is_open && (!self.has_failed || is_long_ago(self.changed_at)) {
            Entry::Try
        } else {
            Entry::AsKnown
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::visit::testing::now;

    fn ready() -> OnTheWay {
        OnTheWay {
            state: State::Made,
            is_ready: true,
            has_failed: false,
            changed_at: now().before(3_600),
            looked_at: None,
            is_outage: false,
        }
    }

    fn due() -> OnTheWay {
        OnTheWay {
            state: State::Due,
            is_ready: false,
            ..ready()
        }
    }

    #[test]
    fn a_meeting_is_looked_at_now_and_then_and_not_in_an_outage() {
        assert_eq!(ready().entry(now()), Entry::Look);
        let asked = |seconds| OnTheWay {
            looked_at: Some(now().before(seconds)),
            ..ready()
        };
        assert_eq!(asked(0).entry(now()), Entry::AsKnown);
        assert_eq!(asked(14).entry(now()), Entry::AsKnown);
        assert_eq!(asked(15).entry(now()), Entry::Look);
        assert_eq!(
            asked(-1).entry(now()),
            Entry::Look,
            "the clock was put back"
        );
        let away = OnTheWay {
            is_outage: true,
            ..ready()
        };
        assert_eq!(away.entry(now()), Entry::AsKnown);
    }

    #[test]
    fn what_was_never_tried_is_tried_at_once_and_what_failed_now_and_then() {
        let just_now = OnTheWay {
            changed_at: now(),
            ..due()
        };
        assert_eq!(just_now.entry(now()), Entry::Try);
        let failed = |seconds| OnTheWay {
            has_failed: true,
            changed_at: now().before(seconds),
            ..due()
        };
        assert_eq!(failed(14).entry(now()), Entry::AsKnown);
        assert_eq!(failed(15).entry(now()), Entry::Try);
    }

    #[test]
    fn what_only_a_person_can_tell_or_what_is_off_is_not_tried() {
        for state in [State::Uncertain, State::Cancelled, State::Missed] {
            let one = OnTheWay { state, ..due() };
            assert_eq!(one.entry(now()), Entry::AsKnown, "{state:?}");
        }
        let names = [Entry::Try, Entry::Look, Entry::AsKnown].map(Entry::name);
        assert_eq!(names, ["try", "look", "as_known"]);
    }

    proptest! {
        #[test]
        fn whoever_comes_again_and_again_has_zoom_asked_at_most_every_fifteen_seconds(waits in proptest::collection::vec(0_i64..40, 1..60)) {
            let (mut at, mut one, mut asked) = (now(), ready(), Vec::new());
            for wait in waits {
                at = at.after(wait);
                if one.entry(at) == Entry::Look {
                    asked.push(at);
                    one.looked_at = Some(at);
                }
            }
            prop_assert!(asked.iter().zip(asked.iter().skip(1)).all(|(one, next)| one.after(ASK_SECONDS) <= *next));
        }
    }
}
