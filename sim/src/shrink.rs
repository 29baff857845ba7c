//! The shortest list of choices that still fails: choices are taken out and made plain as long as the damage stays.

use std::rc::Rc;

use crate::choices::Choices;
use crate::choices::List;
use crate::life::live;
use crate::planted::Fault;
use crate::template::Template;
use crate::verdict::Damage;

/// So many lives are tried at most.
const MOST_LIVES: usize = 20_000;

/// Makes a failing list as short as it gets.
#[must_use]
pub fn shrunk(template: &Rc<Template>, list: List, damage: &Damage, fault: Option<Fault>) -> List {
    let mut lives = 0;
    let mut fails = |list: &List| {
        lives += 1;
        lives <= MOST_LIVES
            && live(template, Choices::listed(list), fault, false)
                .damages
                .contains(damage)
    };
    let mut best = list.trimmed();
    loop {
        let before = (best.choices.len(), best.weight(), sum(&best));
        for way in [plain, cut, lower] {
            let mut size = best.choices.len().next_power_of_two();
            while size > 0 {
                let mut at = best.choices.len();
                while at > 0 {
                    at = at.saturating_sub(size);
                    let Some(other) = way(&best, at, size) else {
                        continue;
                    };
                    if fails(&other) {
                        best = other;
                    }
                }
                size /= 2;
            }
        }
        if (best.choices.len(), best.weight(), sum(&best)) == before {
            return best;
        }
    }
}

fn sum(list: &List) -> u32 {
    list.choices.iter().map(|value| u32::from(*value)).sum()
}

/// Makes a part plain.
fn plain(list: &List, at: usize, size: usize) -> Option<List> {
    let mut other = list.clone();
    let part = other.choices.iter_mut().skip(at).take(size);
    let mut changes = false;
    for value in part {
        changes |= *value != 0;
        *value = 0;
    }
    changes.then(|| other.trimmed())
}

/// Takes a part out.
fn cut(list: &List, at: usize, size: usize) -> Option<List> {
    let mut other = list.clone();
    let end = (at + size).min(other.choices.len());
    if at >= end || size > 16 {
        return None;
    }
    other.choices.drain(at..end);
    Some(other.trimmed())
}

/// Takes a lower number.
fn lower(list: &List, at: usize, size: usize) -> Option<List> {
    let mut other = list.clone();
    let value = other
        .choices
        .get_mut(at)
        .filter(|value| size == 1 && **value > 1)?;
    *value -= 1;
    Some(other)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    #[test]
    fn parts_are_made_plain_taken_out_and_lowered() {
        let list: List = "wide:1=3,4=2,5=1".parse().unwrap();
        let shown = |list: Option<List>| list.map(|list| list.to_string());
        assert_eq!(shown(plain(&list, 4, 2)).unwrap(), "wide:1=3");
        assert_eq!(shown(plain(&list, 2, 2)), None, "nothing would change");
        assert_eq!(shown(cut(&list, 0, 2)).unwrap(), "wide:2=2,3=1");
        assert_eq!(shown(lower(&list, 1, 1)).unwrap(), "wide:1=2,4=2,5=1");
        assert_eq!(shown(lower(&list, 5, 1)), None);
    }
}
