//! What a check found: steps with an outcome and one sentence of advice each.

/// How a step ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Meetings cannot be held until it is mended.
    Failed,
    /// All is well.
    Passed,
    /// An earlier failure made it pointless.
    Skipped,
    /// Meetings can be held, but something is lost.
    Warned,
}

impl Outcome {
    /// The outcome as PHP sees it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Passed => "passed",
            Self::Skipped => "skipped",
            Self::Warned => "warned",
        }
    }

    /// Whether it does not stand in the way of meetings.
    #[must_use]
    pub fn is_passed(self) -> bool {
        matches!(self, Self::Passed | Self::Warned)
    }
}

/// One step.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// A stable name, such as `scopes.required`.
    pub id: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What was looked at, for people.
    pub title: String,
    /// What to do; empty when all is well.
    pub advice: String,
}

/// What a check found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Diagnosis {
    steps: Vec<Step>,
}

impl Diagnosis {
    /// Notes a step.
    pub fn note(
        &mut self,
        id: &str,
        outcome: Outcome,
        title: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.steps.push(Step {
            id: id.to_owned(),
            outcome,
            title: title.into(),
            advice: advice.into(),
        });
    }

    /// Puts the steps of another behind these.
    pub fn append(&mut self, other: Self) {
        self.steps.extend(other.steps);
    }

    /// Whether meetings can be held: no step failed.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.steps
            .iter()
            .all(|step| step.outcome != Outcome::Failed)
    }

    /// The steps in order.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The first failure, or the warnings, or that all is well.
    #[must_use]
    pub fn message(&self) -> String {
        if let Some(step) = self
            .steps
            .iter()
            .find(|step| step.outcome == Outcome::Failed)
        {
            return format!("{}: {}", step.title, step.advice);
        }
        let warned: Vec<_> = self
            .steps
            .iter()
            .filter(|step| step.outcome == Outcome::Warned)
            .map(|step| step.title.as_str())
            .collect();
        if warned.is_empty() {
            "Everything that was looked at is in order.".to_owned()
        } else {
            format!("Meetings can be held. Look at: {}.", warned.join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_do_not_count_as_failures_and_the_first_failure_is_the_message() {
        let mut diagnosis = Diagnosis::default();
        diagnosis.note("a", Outcome::Warned, "Passcode", "");
        assert!(diagnosis.passed());
        assert!(diagnosis.message().contains("Passcode"));
        diagnosis.note("b", Outcome::Failed, "Token", "Do this.");
        diagnosis.note("c", Outcome::Skipped, "Host", "");
        assert!(!diagnosis.passed());
        assert_eq!(diagnosis.message(), "Token: Do this.");
    }
}
