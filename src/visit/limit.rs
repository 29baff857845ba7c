//! How much of a site one doctor can turn against one person within some time. Who counts says when each place was taken.

use jiff::Timestamp;

use super::Seconds;

const HOUR_SECONDS: i64 = 3_600;

/// So many within so many seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limit {
    /// Places; 0 for no limit.
    pub most: u32,
    /// Until a place is free again.
    pub seconds: i64,
}

/// What is limited: its name, and how much of it a clinic allows that chooses nothing.
pub const LIMITS: [(&str, Limit); 4] = [
    ("mails_of_doctor", per_hour(60)),
    ("mails_to_address", per_hour(10)),
    ("visits_of_patient", per_hour(5)),
    // A meeting that is made anew by a click.
    (
        "recreations",
        Limit {
            most: 1,
            seconds: 60,
        },
    ),
];

/// Whether there is a place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// There is no limit: none has to be taken.
    NoneNeeded,
    /// The one that was taken first is free again.
    Again,
    /// One more than there were is taken.
    Another,
    /// None is free until then.
    FreeAt(Timestamp),
}

const fn per_hour(most: u32) -> Limit {
    Limit {
        most,
        seconds: HOUR_SECONDS,
    }
}

impl Limit {
    /// Whether there is a place at `now`. `taken` are the moments when places were taken, in any order.
    #[must_use]
    pub fn place(&self, taken: &[Timestamp], now: Timestamp) -> Place {
        let most = usize::try_from(self.most).unwrap_or(usize::MAX);
        if most == 0 || self.seconds <= 0 {
            return Place::NoneNeeded;
        }
        let mut still: Vec<Timestamp> = taken
            .iter()
            .map(|at| at.after(self.seconds))
            .filter(|free_at| *free_at > now)
            .collect();
        still.sort_unstable();
        // Where the limit was lowered meanwhile more are taken than there are.
        let too_many = still.len().checked_sub(most);
        match too_many.and_then(|index| still.get(index)) {
            Some(free_at) => Place::FreeAt(*free_at),
            None if still.len() < taken.len() => Place::Again,
            None => Place::Another,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::visit::testing::now;

    fn limit(most: u32) -> Limit {
        Limit { most, seconds: 60 }
    }

    #[test]
    fn places_are_taken_one_after_the_other_and_free_again_in_that_order() {
        let ago = |seconds| now().before(seconds);
        assert_eq!(limit(2).place(&[], now()), Place::Another);
        assert_eq!(limit(2).place(&[ago(20)], now()), Place::Another);
        let full = [ago(20), ago(50)];
        assert_eq!(limit(2).place(&full, now()), Place::FreeAt(now().after(10)));
        assert_eq!(
            limit(2).place(&full, now().after(9)),
            Place::FreeAt(now().after(10))
        );
        assert_eq!(limit(2).place(&full, now().after(10)), Place::Again);
    }

    #[test]
    fn a_limit_that_was_lowered_waits_until_fewer_are_taken() {
        let taken = [50, 40, 30].map(|seconds| now().before(seconds));
        assert_eq!(
            limit(1).place(&taken, now()),
            Place::FreeAt(now().after(30))
        );
    }

    #[test]
    fn without_a_limit_no_place_is_needed() {
        let taken = [now(); 3];
        assert_eq!(limit(0).place(&taken, now()), Place::NoneNeeded);
        let no_time = Limit {
            most: 1,
            seconds: 0,
        };
        assert_eq!(no_time.place(&taken, now()), Place::NoneNeeded);
    }

    #[test]
    fn each_limit_has_a_name_of_its_own() {
        let mut names = LIMITS.map(|(name, _)| name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), LIMITS.len());
        assert!(
            LIMITS
                .iter()
                .all(|(_, limit)| limit.most > 0 && limit.seconds > 0)
        );
    }

    proptest! {
        #[test]
        fn never_more_than_so_many_within_the_time(most in 1_u32..6, waits in proptest::collection::vec(0_i64..50, 1..80)) {
            let (mut at, mut taken, mut granted) = (now(), Vec::<Timestamp>::new(), Vec::<Timestamp>::new());
            for wait in waits {
                at = at.after(wait);
                match limit(most).place(&taken, at) {
                    Place::Again => {
                        taken.sort_unstable();
                        taken.remove(0);
                    }
                    Place::Another => {}
                    Place::FreeAt(free_at) => {
                        prop_assert!(free_at > at && !matches!(limit(most).place(&taken, free_at), Place::FreeAt(_)));
                        continue;
                    }
                    Place::NoneNeeded => unreachable!("there is a limit"),
                }
                taken.push(at);
                granted.push(at);
                let within = granted.iter().filter(|then| then.after(60) > at).count();
                prop_assert!(within <= most as usize && taken.len() <= most as usize);
            }
        }
    }
}
