//! One figure of the report: what was measured, what it should be, whether it is.

use serde::Serialize;
use serde_json::Map;
use serde_json::Value;

use crate::statistics::Spread;

/// What a figure should be.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(tag = "is", content = "than", rename_all = "snake_case")]
pub enum Goal {
    AtMost(f64),
    AtLeast(f64),
    Exactly(f64),
    /// None of its own: it is there to explain the figure of this key.
    Explains(&'static str),
}

#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    #[serde(skip)]
    pub key: &'static str,
    /// In words.
    pub what: &'static str,
    pub unit: &'static str,
    /// The median.
    pub value: f64,
    pub min: f64,
    pub max: f64,
    pub goal: Goal,
    pub reached: bool,
    /// The medians that the figure is made of.
    pub raw: Map<String, Value>,
}

/// Seconds, counts and ratios are exact far beyond this.
const TOLERANCE: f64 = 1e-9;

impl Goal {
    fn is_reached(self, value: f64) -> bool {
        match self {
            Self::AtMost(goal) => value <= goal + TOLERANCE,
            Self::AtLeast(goal) => value >= goal - TOLERANCE,
            Self::Exactly(goal) => (value - goal).abs() <= TOLERANCE,
            Self::Explains(_) => true,
        }
    }

    /// The goal as people write it.
    pub fn text(self) -> String {
        match self {
            Self::AtMost(goal) => format!("at most {goal}"),
            Self::AtLeast(goal) => format!("at least {goal}"),
            Self::Exactly(goal) => format!("{goal}"),
            Self::Explains(key) => format!("none; explains `{key}`"),
        }
    }

    /// How far the value is on its way to the goal's border, where there is one: 1 is the border, more is beyond it.
    pub fn used(self, value: f64) -> Option<f64> {
        match self {
            Self::AtMost(goal) | Self::Exactly(goal) if goal > 0.0 => Some(value / goal),
            Self::AtLeast(goal) => Some(goal / value),
            Self::AtMost(_) | Self::Exactly(_) => Some(1.0 + value),
            Self::Explains(_) => None,
        }
    }
}

impl Figure {
    pub fn new(
        key: &'static str,
        what: &'static str,
        unit: &'static str,
        goal: Goal,
        values: &[f64],
        raw: impl IntoIterator<Item = (String, f64)>,
    ) -> anyhow::Result<Self> {
        let spread = Spread::of(values)?;
        anyhow::ensure!(spread.median.is_finite(), "{key} is no number");
        Ok(Self {
            key,
            what,
            unit,
            value: spread.median,
            min: spread.min,
            max: spread.max,
            goal,
            reached: goal.is_reached(spread.median),
            raw: raw
                .into_iter()
                .map(|(name, value)| (name, Value::from(value)))
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    #[test]
    fn a_goal_is_judged_by_the_median() {
        let figure = |goal| Figure::new("k", "w", "", goal, &[1.0, 2.0, 9.0], []).unwrap();
        assert!(figure(Goal::AtMost(2.0)).reached);
        assert!(!figure(Goal::AtMost(1.9)).reached);
        assert!(figure(Goal::AtLeast(2.0)).reached);
        assert!(!figure(Goal::AtLeast(2.1)).reached);
        assert!(figure(Goal::Exactly(2.0)).reached);
        assert!(!figure(Goal::Exactly(1.0)).reached);
        assert!(figure(Goal::Explains("k")).reached);
        assert_eq!(Goal::Explains("k").used(2.0), None);
        assert!(Figure::new("k", "w", "", Goal::AtMost(1.0), &[f64::NAN], []).is_err());
    }
}
