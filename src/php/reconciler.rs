//! `Telemed\Reconciler`.

use std::cell::RefCell;
use std::rc::Rc;

use ext_php_rs::boxed::ZBox;
use ext_php_rs::convert::FromZval;
use ext_php_rs::flags::DataType;
use ext_php_rs::prelude::*;
use ext_php_rs::types::ZendHashTable;
use ext_php_rs::types::Zval;

use super::array;
use super::convert::DateTimeArgument;
use super::convert::SEALED;
use super::meeting::Meeting;
use crate::engine;
use crate::zoom;
use crate::zoom::Error;
use crate::zoom::ErrorId;
use crate::zoom::reconciler::Action;
use crate::zoom::reconciler::Found;
use crate::zoom::reconciler::Wanted;

/// Compares what the clinic wants with what Zoom has.
#[php_class]
#[php(name = "Telemed\\Reconciler")]
#[php(flags = SEALED)]
pub struct Reconciler {
    reconciler: Rc<RefCell<zoom::reconciler::Reconciler>>,
}

#[php_impl]
impl Reconciler {
    pub fn __construct(site: String, now: Option<DateTimeArgument>) -> PhpResult<Self> {
        let now = match now {
            Some(now) => now.instant()?,
            None => engine::clock().now(),
        };
        let reconciler = zoom::reconciler::Reconciler::new(&site, now);
        Ok(Self {
            reconciler: Rc::new(RefCell::new(reconciler)),
        })
    }

    pub fn page(
        &self,
        wanted: WantedArgument,
        found: FoundArgument,
    ) -> PhpResult<Vec<ZBox<ZendHashTable>>> {
        let reconciler = Rc::clone(&self.reconciler);
        // Dates are asked for their instant before anything is borrowed: that may run PHP code.
        let wanted = wanted.visits()?;
        let actions = reconciler.borrow_mut().page(&wanted, &found.0);
        actions.into_iter().map(as_array).collect()
    }

    pub fn rest(&self, wanted: WantedArgument) -> PhpResult<Vec<ZBox<ZendHashTable>>> {
        let reconciler = Rc::clone(&self.reconciler);
        let wanted = wanted.visits()?;
        let actions = reconciler.borrow_mut().rest(&wanted);
        actions.into_iter().map(as_array).collect()
    }
}

/// The argument `found`: a list of meetings.
pub struct FoundArgument(Vec<Found>);

impl FromZval<'_> for FoundArgument {
    const TYPE: DataType = DataType::Array;

    fn from_zval(zval: &Zval) -> Option<Self> {
        array::values(zval.array()?)
            .map(|item| <&Meeting>::from_zval(item).map(|meeting| Found::from(meeting.core())))
            .collect::<Option<_>>()
            .map(Self)
    }
}

/// The argument `wanted`: a list of arrays that each name a visit.
pub struct WantedArgument(Zval);

impl FromZval<'_> for WantedArgument {
    const TYPE: DataType = DataType::Array;

    fn from_zval(zval: &Zval) -> Option<Self> {
        zval.is_array().then(|| Self(zval.shallow_clone()))
    }
}

impl WantedArgument {
    fn visits(&self) -> PhpResult<Vec<Wanted>> {
        let Some(list) = self.0.array() else {
            return Ok(Vec::new());
        };
        array::values(list)
            .map(|item| {
                // The date of a visit may be PHP code, and that code may change a visit that it has a reference to.
                let visit = item.shallow_clone();
                match visit.array() {
                    Some(visit) => wanted(visit),
                    None => Err(bad("each visit", "an array").into()),
                }
            })
            .collect()
    }
}

fn wanted(visit: &ZendHashTable) -> PhpResult<Wanted> {
    let start = match field(visit, "start") {
        None => None,
        Some(start) => Some(
            DateTimeArgument::from_zval(start)
                .ok_or_else(|| bad("start", "a DateTimeInterface or null"))?
                .instant()?,
        ),
    };
    let text = |name: &str| match field(visit, name) {
        None => Ok(None),
        Some(text) => match text.string() {
            Some(text) => Ok(Some(text)),
            None => Err(bad(name, "a string")),
        },
    };
    let number = |name: &str| match field(visit, name) {
        None => Ok(None),
        Some(number) => match number.long() {
            Some(number) => Ok(Some(number)),
            None => Err(bad(name, "an int")),
        },
    };
    let overridden = match field(visit, "overridden") {
        None => Vec::new(),
        Some(names) => names
            .array()
            .and_then(|names| array::values(names).map(Zval::string).collect())
            .ok_or_else(|| bad("overridden", "a list of strings"))?,
    };
    Ok(Wanted {
        reference: text("reference")?.ok_or_else(|| bad("reference", "a string"))?,
        meeting_id: number("meeting")?,
        host_id: text("host")?,
        start,
        minutes: number("minutes")?.ok_or_else(|| bad("minutes", "an int"))?,
        overridden,
        is_busy: field(visit, "busy").is_some_and(|busy| busy.bool() == Some(true)),
    })
}

/// A field that is there and not null.
fn field<'a>(visit: &'a ZendHashTable, name: &str) -> Option<&'a Zval> {
    visit
        .get(name)
        .map(Zval::dereference)
        .filter(|zval| !zval.is_null())
}

fn bad(name: &str, kind: &str) -> Error {
    Error::new(
        ErrorId::WantedInvalid,
        format!("in what is wanted, '{name}' must be {kind}"),
        "Give each visit as an array with reference, meeting, host, start, minutes, overridden and busy.",
    )
}

fn as_array(action: Action) -> PhpResult<ZBox<ZendHashTable>> {
    let (name, reference, meeting_id, settings) = match action {
        Action::Adopt {
            reference,
            meeting_id,
        } => ("adopt", Some(reference), Some(meeting_id), Vec::new()),
        Action::Create { reference } => ("create", Some(reference), None, Vec::new()),
        Action::Delete { meeting_id } => ("delete", None, Some(meeting_id), Vec::new()),
        Action::Move {
            reference,
            meeting_id,
        } => ("move", Some(reference), Some(meeting_id), Vec::new()),
        Action::Recreate {
            reference,
            meeting_id,
        } => ("recreate", Some(reference), Some(meeting_id), Vec::new()),
        Action::Restore {
            reference,
            meeting_id,
            settings,
        } => ("restore", Some(reference), Some(meeting_id), settings),
    };
    let mut array = ZendHashTable::new();
    array.insert("action", name)?;
    array.insert("reference", reference)?;
    array.insert("meeting", meeting_id)?;
    array.insert("settings", settings)?;
    Ok(array)
}
