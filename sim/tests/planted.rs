//! Faults that a loop, a sender or a table might really have: the simulation finds each within a minute.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::rc::Rc;

use telemed_sim::chance::Chance;
use telemed_sim::choices::Choices;
use telemed_sim::choices::Weather;
use telemed_sim::life::live;
use telemed_sim::planted::ALL;
use telemed_sim::run;
use telemed_sim::shrink::shrunk;
use telemed_sim::template::Template;

/// So many lives are lived in less than a minute on one processor.
const LIVES_OF_A_MINUTE: u64 = 50_000;
const SEED: u64 = 7;

#[test]
fn every_planted_fault_is_found() {
    for fault in ALL {
        let total = run::drawn(LIVES_OF_A_MINUTE, SEED, Some(fault), true).unwrap();
        assert!(!total.damages.is_empty(), "{fault:?} is not found");
    }
}

#[test]
fn what_is_found_is_found_again_from_a_list_that_is_shorter() {
    let template = Rc::new(Template::new().unwrap());
    for fault in ALL {
        let total = run::drawn(LIVES_OF_A_MINUTE, SEED, Some(fault), true).unwrap();
        let (damage, (_, number, list)) = total.damages.first_key_value().unwrap();
        let drawn = Choices::drawn(Weather::Wide, Chance::of_life(SEED, *number));
        let report = live(&template, drawn, Some(fault), false);
        assert!(report.damages.contains(damage), "{fault:?}: the same life");
        let short = shrunk(&template, list.clone(), damage, Some(fault));
        let report = live(&template, Choices::listed(&short), Some(fault), true);
        assert!(report.damages.contains(damage), "{fault:?}: {short}");
        assert!(short.weight() <= list.weight() && !report.trace.is_empty());
        let sound = live(&template, Choices::listed(&short), None, false);
        assert_eq!(sound.damages, [], "{short}, without {fault:?}");
    }
}
