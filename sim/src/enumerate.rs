//! All lives of a kind: every plan of a few wishes, with every set of a few deviations from the plain way.

use std::rc::Rc;

use anyhow::Result;

use crate::choices::Choices;
use crate::choices::List;
use crate::choices::Made;
use crate::choices::Weather;
use crate::life::Report;
use crate::life::live;
use crate::planted::Fault;
use crate::template::Template;

/// The plans with so many wishes at most after the first: the choices that begin each life.
///
/// # Errors
/// When the clinic cannot be set up.
pub fn plans(wishes: usize) -> Result<Vec<List>> {
    let template = Rc::new(Template::new()?);
    let mut found = Vec::new();
    let mut open = vec![Vec::new()];
    while let Some(choices) = open.pop() {
        let list = List {
            weather: Weather::Narrow,
            choices,
        };
        let made = live(&template, Choices::listed(&list), None, false).made;
        let from = list.choices.len();
        for (at, one) in made.iter().enumerate().skip(from) {
            if !one.point.is_planned() {
                continue;
            }
            let before = made.iter().take(at);
            let acts = before.filter(|one| one.point.is_act() && one.value != 0);
            if one.point.is_act() && acts.count() >= wishes {
                continue;
            }
            for value in 1..one.point.ways(Weather::Narrow) {
                let mut other = values(made.iter().take(at));
                other.push(value);
                open.push(other);
            }
        }
        found.push(list);
    }
    Ok(found)
}

/// Lives a plan with every set of so many deviations. `each` is told of every life, and says whether to go on.
pub fn all(
    template: &Rc<Template>,
    plan: &List,
    deviations: usize,
    fault: Option<Fault>,
    each: &mut impl FnMut(&Report) -> bool,
) {
    let mut open = vec![(plan.clone(), deviations)];
    while let Some((list, left)) = open.pop() {
        let report = live(template, Choices::listed(&list), fault, false);
        if !each(&report) {
            return;
        }
        if left == 0 {
            continue;
        }
        for (at, one) in report.made.iter().enumerate().skip(list.choices.len()) {
            if one.point.is_planned() {
                continue;
            }
            for value in 1..one.point.ways(Weather::Narrow) {
                let mut choices = values(report.made.iter().take(at));
                choices.push(value);
                let list = List {
                    weather: Weather::Narrow,
                    choices,
                };
                open.push((list, left - 1));
            }
        }
    }
}

fn values<'a>(made: impl Iterator<Item = &'a Made>) -> Vec<u8> {
    made.map(|one| one.value).collect()
}
