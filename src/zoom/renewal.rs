//! When connections are renewed: long before Zoom lets a grant lapse from disuse, and a few at a time. Moments are Unix seconds.

/// A connection is renewed so long after its access token has ended, which uses of it put off.
const UNUSED_SECONDS: i64 = 7 * 86_400;
/// Where nothing was renewed, it is looked at again after so long.
const AGAIN_SECONDS: i64 = 6 * 3_600;
/// So many are looked at in one run.
const AT_ONCE: usize = 25;

/// Whose turn it is, the longest waiting first; each with the moment from which on their connections are to be looked at.
#[must_use]
pub fn turn(looks: impl IntoIterator<Item = (i64, i64)>, now: i64) -> Vec<i64> {
    let mut waiting: Vec<_> = looks.into_iter().filter(|(_, at)| *at <= now).collect();
    waiting.sort_by_key(|(_, at)| *at);
    let doctors = waiting.into_iter().map(|(doctor, _)| doctor);
    doctors.take(AT_ONCE).collect()
}

/// Whether a connection whose access token ends, or has ended, then is to be renewed.
#[must_use]
pub fn is_due(token_ends: i64, now: i64) -> bool {
    renewed_at(token_ends) <= now
}

/// When to look again at connections of which those that were due are renewed. Without any: at what was not renewed.
#[must_use]
pub fn next_look(token_ends: impl IntoIterator<Item = i64>, now: i64) -> i64 {
    let looks = token_ends.into_iter().map(|ends| {
        let since = if is_due(ends, now) { now } else { ends };
        renewed_at(since)
    });
    looks
        .min()
        .unwrap_or_else(|| now.saturating_add(AGAIN_SECONDS))
}

fn renewed_at(token_ends: i64) -> i64 {
    token_ends.saturating_add(UNUSED_SECONDS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_800_000_000;
    const DAY: i64 = 86_400;

    #[test]
    fn a_connection_is_renewed_a_week_after_its_last_use() {
        assert!(!is_due(NOW + 3_600, NOW) && !is_due(NOW - 7 * DAY + 1, NOW));
        assert!(is_due(NOW - 7 * DAY, NOW) && is_due(0, NOW));
    }

    #[test]
    fn the_next_look_is_at_the_first_that_will_be_due() {
        assert_eq!(next_look([NOW + 60, NOW - DAY], NOW), NOW + 6 * DAY);
        // It was renewed just now.
        assert_eq!(next_look([NOW - 9 * DAY], NOW), NOW + 7 * DAY);
        assert_eq!(
            next_look([NOW - 9 * DAY, NOW - 2 * DAY], NOW),
            NOW + 5 * DAY
        );
    }

    #[test]
    fn what_was_not_renewed_is_looked_at_again_the_same_day() {
        assert_eq!(next_look([], NOW), NOW + 6 * 3_600);
    }

    #[test]
    fn who_waits_longest_comes_first_and_who_need_not_wait_does_not() {
        let looks = [(5, NOW), (6, NOW + 1), (7, 0), (8, NOW - 60)];
        assert_eq!(turn(looks, NOW), [7, 8, 5]);
        assert_eq!(turn((0..100).map(|doctor| (doctor, 0)), NOW).len(), 25);
    }

    proptest! {
        #[test]
        fn nobody_is_looked_at_again_at_once(ends in proptest::collection::vec(any::<i64>(), 0..4), now in 0..i64::MAX / 2) {
            prop_assert!(next_look(ends, now) > now);
        }
    }
}
