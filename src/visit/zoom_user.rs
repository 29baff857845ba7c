//! A doctor's change to another Zoom user of the same app. The new one waits until the doctor has answered; accepted, it is in force,
//! and the one before lets go of what it holds. Whoever carries it out asks what is next after each step, so that another process
//! goes on where one has died.

/// What was noted of the question whether the new Zoom user holds the visits to come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Question {
    /// Nobody has answered.
    Open,
    /// The doctor wants the new one; it is not carried out.
    Accepted,
}

/// How far it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct ZoomUserChange {
    /// The question, as long as it is noted.
    pub question: Option<Question>,
    /// The new Zoom user waits.
    pub is_held: bool,
    /// Others were told that the new one is in force.
    pub is_told: bool,
    /// A Zoom user is in force.
    pub is_connected: bool,
    /// A Zoom user before lets go, and that is not over.
    pub is_letting_go: bool,
    /// One of them holds a visit to come, or what has to be deleted.
    pub is_needed: bool,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// The new one is put in force, where that is not done, and others are told.
    Accept,
    /// The new one is let go of.
    Decline,
    /// The Zoom users before let go, each by a handover of its own.
    LetGo,
    /// The grant of the Zoom user before ends, and nothing is left to do.
    End,
    /// Nothing is left to do: the grant before has ended with the connection.
    Forget,
    /// Nothing can be done now.
    Rest,
}

impl Next {
    /// The step as PHP sees it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Decline => "decline",
            Self::LetGo => "let_go",
            Self::End => "end",
            Self::Forget => "forget",
            Self::Rest => "rest",
        }
    }
}

impl ZoomUserChange {
    /// What is to be done next. A question that nobody has answered before the new Zoom user's time was over is answered by that.
    #[must_use]
    pub fn next(&self) -> Next {
        match self.question {
            Some(Question::Accepted) if self.is_held || !self.is_told => Next::Accept,
            Some(Question::Accepted) if self.is_connected => Next::LetGo,
            Some(Question::Open) if !self.is_held => Next::Decline,
            Some(_) | None if !self.is_letting_go => Next::Rest,
            Some(_) | None if !self.is_connected => Next::Forget,
            Some(_) | None if self.is_needed => Next::Rest,
            Some(_) | None => Next::End,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A change that is over.
    const OVER: ZoomUserChange = ZoomUserChange {
        question: None,
        is_held: false,
        is_told: false,
        is_connected: true,
        is_letting_go: false,
        is_needed: false,
    };

    /// What each step does to the facts.
    fn done(next: Next, change: ZoomUserChange) -> ZoomUserChange {
        match next {
            Next::Accept => ZoomUserChange {
                is_held: false,
                is_told: true,
                ..change
            },
            Next::Decline => ZoomUserChange {
                question: None,
                ..change
            },
            Next::LetGo => ZoomUserChange {
                question: None,
                is_letting_go: true,
                ..change
            },
            Next::End | Next::Forget => ZoomUserChange {
                question: change.question.filter(|asked| *asked == Question::Open),
                is_letting_go: false,
                ..change
            },
            Next::Rest => change,
        }
    }

    fn steps(mut change: ZoomUserChange) -> Vec<Next> {
        let mut steps = Vec::new();
        while change.next() != Next::Rest && steps.len() < 9 {
            steps.push(change.next());
            change = done(change.next(), change);
        }
        steps
    }

    #[test]
    fn an_open_question_waits_and_lapses_with_the_new_zoom_user() {
        let open = ZoomUserChange {
            question: Some(Question::Open),
            is_held: true,
            ..OVER
        };
        assert_eq!(steps(open), []);
        assert_eq!(
            steps(ZoomUserChange {
                is_held: false,
                ..open
            }),
            [Next::Decline]
        );
        // An earlier change goes on meanwhile.
        let earlier = ZoomUserChange {
            is_letting_go: true,
            ..open
        };
        assert_eq!(steps(earlier), [Next::End]);
    }

    #[test]
    fn an_accepted_one_is_put_in_force_and_the_one_before_lets_go() {
        let accepted = ZoomUserChange {
            question: Some(Question::Accepted),
            is_held: true,
            is_letting_go: true,
            is_needed: true,
            ..OVER
        };
        assert_eq!(steps(accepted), [Next::Accept, Next::LetGo]);
        let empty = ZoomUserChange {
            is_needed: false,
            ..accepted
        };
        assert_eq!(steps(empty), [Next::Accept, Next::LetGo, Next::End]);
    }

    #[test]
    fn what_a_process_left_undone_is_done_by_the_next() {
        let put_in_force = ZoomUserChange {
            question: Some(Question::Accepted),
            is_letting_go: true,
            ..OVER
        };
        assert_eq!(
            steps(put_in_force),
            [Next::Accept, Next::LetGo, Next::End],
            "told again rather than never"
        );
        let told = ZoomUserChange {
            is_told: true,
            ..put_in_force
        };
        assert_eq!(steps(told), [Next::LetGo, Next::End]);
    }

    #[test]
    fn the_grant_before_ends_when_nothing_needs_it() {
        let letting_go = ZoomUserChange {
            is_letting_go: true,
            is_needed: true,
            ..OVER
        };
        assert_eq!(steps(letting_go), []);
        assert_eq!(
            steps(ZoomUserChange {
                is_needed: false,
                ..letting_go
            }),
            [Next::End]
        );
        // It has ended with the connection.
        let disconnected = ZoomUserChange {
            is_connected: false,
            ..letting_go
        };
        assert_eq!(steps(disconnected), [Next::Forget]);
        assert_eq!(steps(OVER), []);
    }

    #[test]
    fn whatever_the_facts_are_a_few_steps_bring_it_to_rest() {
        for bits in 0_u32..96 {
            let is = |bit: u32| bits & (1 << bit) != 0;
            let change = ZoomUserChange {
                question: [None, Some(Question::Open), Some(Question::Accepted)]
                    .get(bits as usize / 32)
                    .copied()
                    .flatten(),
                is_held: is(0),
                is_told: is(1),
                is_connected: is(2),
                is_letting_go: is(3),
                is_needed: is(4),
            };
            assert!(steps(change).len() <= 3, "{change:?}");
        }
    }

    #[test]
    fn each_step_has_a_name_of_its_own() {
        let all = [
            Next::Accept,
            Next::Decline,
            Next::LetGo,
            Next::End,
            Next::Forget,
            Next::Rest,
        ];
        let names = ["accept", "decline", "let_go", "end", "forget", "rest"];
        assert_eq!(all.map(Next::as_str), names);
    }
}
