//! Many lives at once: drawn from a seed, or all of a kind.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use anyhow::Result;

use crate::chance::Chance;
use crate::choices::Choices;
use crate::choices::List;
use crate::choices::Weather;
use crate::enumerate;
use crate::life::Report;
use crate::life::live;
use crate::planted::Fault;
use crate::template::Template;
use crate::verdict::Damage;

/// What came of many lives.
#[derive(Clone, Debug, Default)]
pub struct Total {
    /// How many there were.
    pub lives: u64,
    /// How many requests went to Zoom.
    pub exchanges: u64,
    /// How many e-mails arrived.
    pub letters: u64,
    /// How many of them had weather that nobody can survive until the night, and did not.
    pub excused: u64,
    /// How often each kind of damage came, and the first list of choices that has it.
    pub damages: BTreeMap<Damage, (u64, u64, List)>,
}

impl Total {
    /// Counts a life; `number` is which one it was.
    pub fn count(&mut self, number: u64, report: &Report) {
        self.lives += 1;
        self.exchanges += u64::from(report.exchanges);
        self.letters += u64::try_from(report.letters).unwrap_or(0);
        self.excused += u64::from(report.is_excused);
        for damage in &report.damages {
            let list = || List {
                weather: report.weather,
                choices: report.made.iter().map(|made| made.value).collect(),
            };
            let (count, ..) = self
                .damages
                .entry(damage.clone())
                .or_insert_with(|| (0, number, list()));
            *count += 1;
        }
    }

    fn add(&mut self, other: Self) {
        self.lives += other.lives;
        self.exchanges += other.exchanges;
        self.letters += other.letters;
        self.excused += other.excused;
        for (damage, (count, number, list)) in other.damages {
            let known = self
                .damages
                .entry(damage)
                .or_insert_with(|| (0, number, list.clone()));
            known.0 += count;
            if number < known.1 {
                known.1 = number;
                known.2 = list;
            }
        }
    }
}

/// Draws so many lives from a seed.
///
/// # Errors
/// When the clinic cannot be set up.
pub fn drawn(lives: u64, seed: u64, fault: Option<Fault>, stops: bool) -> Result<Total> {
    let next = AtomicU64::new(0);
    shared(|template| {
        let mut total = Total::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= lives || (stops && !total.damages.is_empty()) {
                if stops {
                    next.store(lives, Ordering::Relaxed);
                }
                return total;
            }
            let choices = Choices::drawn(Weather::Wide, Chance::of_life(seed, number));
            total.count(number, &live(template, choices, fault, false));
        }
    })
}

/// Lives all lives with so many wishes after the first and so many deviations at most.
///
/// # Errors
/// When the clinic cannot be set up.
pub fn enumerated(
    wishes: usize,
    deviations: usize,
    fault: Option<Fault>,
    stops: bool,
) -> Result<Total> {
    let plans = enumerate::plans(wishes)?;
    let next = AtomicU64::new(0);
    shared(|template| {
        let mut total = Total::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let plan = usize::try_from(number).ok().and_then(|at| plans.get(at));
            let (Some(plan), false) = (plan, stops && !total.damages.is_empty()) else {
                next.store(u64::MAX / 2, Ordering::Relaxed);
                return total;
            };
            enumerate::all(template, plan, deviations, fault, &mut |report| {
                total.count(number, report);
                !stops || total.damages.is_empty()
            });
        }
    })
}

/// On as many threads as there are processors.
fn shared(work: impl Fn(&Rc<Template>) -> Total + Sync) -> Result<Total> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let totals: Vec<Result<Total>> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let template = Rc::new(Template::new()?);
                    Ok(work(&template))
                })
            })
            .collect();
        running
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| anyhow::bail!("a thread has died"))
            })
            .collect()
    });
    let mut total = Total::default();
    for one in totals {
        total.add(one?);
    }
    Ok(total)
}
