//! What has to be written, as an array.

use ext_php_rs::boxed::ZBox;
use ext_php_rs::convert::IntoZval;
use ext_php_rs::error::Result as BindingResult;
use ext_php_rs::exception::PhpResult;
use ext_php_rs::types::ZendHashTable;
use jiff::Timestamp;

use super::rows;
use crate::visit::Visit;
use crate::visit::changes::Claim;
use crate::visit::changes::Counter;
use crate::visit::changes::Signal;
use crate::visit::columns::Columns;
use crate::visit::columns::moment_text;
use crate::visit::columns::name_of;
use crate::visit::meeting::Meeting;
use crate::visit::notice::Notice;
use crate::visit::schedule;

/// The changes of a visit.
///
/// # Errors
/// When PHP cannot make an array.
pub fn array(visit: &Visit, now: Timestamp) -> PhpResult<ZBox<ZendHashTable>> {
    let changes = visit.changes();
    let mut array = ZendHashTable::new();
    array.insert("forgets", changes.forgets)?;
    let row = visit.written_columns(now);
    array.insert("visit", row.as_ref().map(rows::array).transpose()?)?;
    array.insert("meetings", list(&changes.meetings, Meeting::columns)?)?;
    array.insert("notices", list(&changes.notices, Notice::columns)?)?;
    let log: Vec<String> = changes.log.iter().filter_map(name_of).collect();
    array.insert("log", log)?;
    array.insert("claims", claims(&changes.claims)?)?;
    array.insert("turn", changes.turn.map(moment_text))?;
    array.insert("releases", claims(&changes.releases)?)?;
    let mut signals = ZendHashTable::new();
    for signal in &changes.signals {
        signals.push(self::signal(signal)?)?;
    }
    array.insert("signals", signals)?;
    Ok(array)
}

/// A visit with all that hangs on it.
///
/// # Errors
/// When PHP cannot make an array.
pub fn all(visit: &Visit, now: Timestamp) -> PhpResult<ZBox<ZendHashTable>> {
    let mut array = ZendHashTable::new();
    array.insert("visit", rows::array(&visit.columns(now))?)?;
    array.insert("meetings", list(visit.meetings(), Meeting::columns)?)?;
    array.insert("notices", list(visit.notices(), Notice::columns)?)?;
    Ok(array)
}

fn list<T>(of: &[T], columns: fn(&T) -> Columns) -> PhpResult<ZBox<ZendHashTable>> {
    let mut list = ZendHashTable::new();
    for one in of {
        list.push(rows::array(&columns(one))?)?;
    }
    Ok(list)
}

fn claims(of: &[Claim]) -> BindingResult<ZBox<ZendHashTable>> {
    let mut list = ZendHashTable::new();
    for claim in of {
        let mut array = ZendHashTable::new();
        array.insert("key", claim.counter.key())?;
        array.insert("day", schedule::day_text(claim.day))?;
        array.insert("below", i64::from(claim.below))?;
        list.push(array)?;
    }
    Ok(list)
}

fn signal(signal: &Signal) -> BindingResult<ZBox<ZendHashTable>> {
    let mut array = ZendHashTable::new();
    match signal {
        Signal::Answered => array.insert("signal", "answered")?,
        Signal::Lost => array.insert("signal", "lost")?,
        Signal::Blocked { host, until } => {
            array.insert("signal", "blocked")?;
            array.insert("key", Counter::Host(host.clone()).key())?;
            array.insert("until", moment_text(*until).into_zval(false)?)?;
        }
    }
    Ok(array)
}
