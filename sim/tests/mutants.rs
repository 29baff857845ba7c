//! What `scripts/mutants` tries a changed core with that the core's own tests have let pass.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::time::Duration;
use std::time::Instant;

use telemed_sim::run;

const TIME: Duration = Duration::from_secs(10);
/// So many at a time.
const LIVES: u64 = 500;

#[test]
#[ignore = "it takes ten seconds, and is for scripts/mutants"]
fn ten_seconds_of_lives_are_without_damage() {
    let begins = Instant::now();
    let mut seed = 1;
    while begins.elapsed() < TIME {
        let total = run::drawn(LIVES, seed, None, true).unwrap();
        assert!(total.damages.is_empty(), "{:?}", total.damages);
        seed += 1;
    }
}
