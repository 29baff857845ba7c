//! The argument `facts` of [`Visit::next`](super::Visit::next): what is known of the world, as an array.

use std::collections::BTreeMap;

use ext_php_rs::convert::FromZval;
use ext_php_rs::flags::DataType;
use ext_php_rs::types::Zval;
use jiff::Timestamp;

use super::moment::Moment;
use super::rows;
use super::step::Step;
use crate::php::array;
use crate::visit;
use crate::visit::changes::Counter;
use crate::visit::columns::Columns;
use crate::visit::columns::moment_of;
use crate::visit::handover::Can;
use crate::visit::handover::Handover;
use crate::visit::maker::Maker;
use crate::visit::problem::Problem;
use crate::visit::step::Facts;
use crate::visit::step::Step as Core;
use crate::visit::step::Used;
use crate::zoom::Result;

/// The argument.
pub struct FactsArgument(Zval);

impl FromZval<'_> for FactsArgument {
    const TYPE: DataType = DataType::Array;

    fn from_zval(zval: &Zval) -> Option<Self> {
        zval.is_array().then(|| Self(zval.shallow_clone()))
    }
}

/// What is known of the world.
pub struct Known {
    maker: std::result::Result<Maker, Problem>,
    outage: Option<Timestamp>,
    is_awaited: bool,
    handovers: Vec<Handover>,
    can: Can,
    used: BTreeMap<String, Used>,
    patient: Option<String>,
}

impl FactsArgument {
    /// What the array says.
    ///
    /// # Errors
    /// When it does not have the right form.
    pub fn read(&self) -> Result<Known> {
        let facts = rows::columns(&self.0)?;
        let maker = match (
            rows::field(&self.0, "maker"),
            rows::field(&self.0, "problem"),
        ) {
            (Some(maker), None) => Ok(rows::read(maker, Maker::from_columns)?),
            (None, Some(problem)) => Err(self::problem(problem)?),
            _ => return Err(rows::bad("facts have either a maker or a problem")),
        };
        let handovers = match rows::field(&self.0, "handovers") {
            None => Vec::new(),
            Some(list) => rows::list(list, Handover::from_columns)?,
        };
        Ok(Known {
            maker,
            outage: moment(&facts, "outage")?,
            is_awaited: text(&facts, "is_awaited").is_some_and(|is| is == "1"),
            handovers,
            can: can(&self.0)?,
            used: used(&self.0)?,
            patient: text(&facts, "patient"),
        })
    }
}

impl Known {
    /// The next step. What it asks for is looked up in what is known; what is not there is asked of PHP.
    pub fn next(self, visit: &visit::Visit, at: &Moment) -> Step {
        let mut facts = Facts {
            now: at.at().now,
            policies: at.policies(),
            maker: self.maker,
            outage: self.outage,
            is_awaited: self.is_awaited,
            handovers: &self.handovers,
            can: self.can,
            used: BTreeMap::new(),
            patient: self.patient,
            naming: at.naming(),
        };
        loop {
            let step = visit.next(&facts);
            let Core::Ask(counters) = &step else {
                return step.into();
            };
            let answers: Vec<(Counter, Used)> = counters
                .iter()
                .filter_map(|counter| {
                    let used = self.used.get(&counter.key())?;
                    Some((counter.clone(), *used))
                })
                .collect();
            if answers.is_empty() {
                return step.into();
            }
            facts.used.extend(answers);
        }
    }
}

fn problem(zval: &Zval) -> Result<Problem> {
    let parameters = match rows::field(zval, "parameters") {
        None => Columns::new(),
        Some(parameters) => rows::columns(parameters)?,
    };
    Problem::from_columns(&rows::columns(zval)?, &parameters)
        .map_err(|error| rows::bad(&error.to_string()))
}

/// A list of answers.
fn can(facts: &Zval) -> Result<Can> {
    let mut can = Can::default();
    let names = rows::field(facts, "can").and_then(Zval::array);
    for name in names.into_iter().flat_map(array::values) {
        match name.string().as_deref() {
            Some("doctor") => can.reassign = true,
            Some("cancel") => can.cancel = true,
            _ => return Err(rows::bad("what can be done is 'doctor' and 'cancel'")),
        }
    }
    Ok(can)
}

/// By the keys of counters, each with `writes` and `blocked_until`.
fn used(facts: &Zval) -> Result<BTreeMap<String, Used>> {
    let Some(list) = rows::field(facts, "used").and_then(Zval::array) else {
        return Ok(BTreeMap::new());
    };
    array::entries(list)
        .map(|(key, row)| {
            let key = key
                .string()
                .ok_or_else(|| rows::bad("a counter's key is no text"))?;
            let row = rows::columns(row.dereference())?;
            let writes = text(&row, "writes")
                .and_then(|writes| writes.parse().ok())
                .ok_or_else(|| rows::bad("a counter's writes are no number"))?;
            Ok((
                key,
                Used {
                    writes,
                    blocked_until: moment(&row, "blocked_until")?,
                },
            ))
        })
        .collect()
}

fn text(columns: &Columns, name: &str) -> Option<String> {
    columns.get(name).cloned().flatten()
}

fn moment(columns: &Columns, name: &str) -> Result<Option<Timestamp>> {
    text(columns, name)
        .map(|text| moment_of(&text).ok_or_else(|| rows::bad(&format!("{name} is no moment"))))
        .transpose()
}
