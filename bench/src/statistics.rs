//! Medians. Every figure is one: a shared machine has outliers in one direction only, and a mean would quote them.

/// The middle of a list with its ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    /// Of an empty list there is none.
    pub fn of(values: &[f64]) -> anyhow::Result<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (Some(min), Some(max)) = (sorted.first(), sorted.last()) else {
            anyhow::bail!("nothing was measured");
        };
        let upper = sorted.get(sorted.len() / 2);
        let lower = sorted.get((sorted.len() - 1) / 2);
        let (Some(lower), Some(upper)) = (lower, upper) else {
            anyhow::bail!("nothing was measured");
        };
        Ok(Self {
            median: f64::midpoint(*lower, *upper),
            min: *min,
            max: *max,
        })
    }
}

/// The median of a list.
pub fn median(values: &[f64]) -> anyhow::Result<f64> {
    Ok(Spread::of(values)?.median)
}

/// Round by round, one list over the other.
pub fn ratios(above: &[f64], below: &[f64]) -> anyhow::Result<Vec<f64>> {
    anyhow::ensure!(above.len() == below.len(), "a contender has missed a round");
    Ok(above
        .iter()
        .zip(below)
        .map(|(above, below)| above / below)
        .collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_two() {
        let odd = Spread::of(&[3.0, 1.0, 2.0]).unwrap();
        assert_eq!(
            odd,
            Spread {
                median: 2.0,
                min: 1.0,
                max: 3.0
            }
        );
        assert!((median(&[4.0, 1.0, 2.0, 3.0]).unwrap() - 2.5).abs() < f64::EPSILON);
        assert!(median(&[]).is_err());
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        assert_eq!(ratios(&[2.0, 9.0], &[1.0, 3.0]).unwrap(), [2.0, 3.0]);
        assert!(ratios(&[1.0], &[]).is_err());
    }
}
