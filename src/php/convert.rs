//! Values that PHP and the core spell differently: instants, zones, settings, secret text.

use std::cell::RefCell;
use std::collections::HashMap;

use ext_php_rs::convert::FromZval;
use ext_php_rs::convert::IntoZval;
use ext_php_rs::convert::IntoZvalDyn;
use ext_php_rs::convert::StubLiteral;
use ext_php_rs::error::Error as BindingError;
use ext_php_rs::error::Result as BindingResult;
use ext_php_rs::exception::PhpException;
use ext_php_rs::exception::PhpResult;
use ext_php_rs::flags::ClassFlags;
use ext_php_rs::flags::DataType;
use ext_php_rs::types::ZendHashTable;
use ext_php_rs::types::ZendObject;
use ext_php_rs::types::Zval;
use ext_php_rs::zend::ClassEntry;
use ext_php_rs::zend::ce;
use jiff::Timestamp;
use serde_json::Map;
use serde_json::Number;
use serde_json::Value;
use zeroize::Zeroizing;

use super::array;
use super::call::CallError;
use super::call::call;
use super::call::call_back;
use super::call::call_static;
use super::call::resume_fatal;
use crate::zoom::Error;
use crate::zoom::ErrorId;
use crate::zoom::Result;

/// Every class of the extension: nobody extends it, nobody adds a property.
pub const SEALED: ClassFlags = ClassFlags::Final.union(ClassFlags::NoDynamicProperties);

/// Zoom's settings are two levels deep; an array that refers to itself has no bottom.
const SETTINGS_DEPTH: usize = 8;

/// PHP's `DateTimeZone::ALL_WITH_BC`.
const ALL_ZONES_WITH_ALIASES: i64 = 4_095;
/// A clinic has a handful; spellings beyond this begin anew.
const MAX_KNOWN_ZONES: usize = 64;

thread_local! {
    /// Names that were looked up, with PHP's spelling: listing all of them takes as long as the rest of a meeting.
    static KNOWN_ZONES: RefCell<HashMap<String, String>> = RefCell::default();
}

/// A `private __construct`: the class is made by the extension only.
pub fn not_constructible<T>() -> PhpResult<T> {
    Err(PhpException::new(
        "this object is made by telemed only".to_owned(),
        0,
        ce::error(),
    ))
}

/// An argument of type `DateTimeInterface`.
pub struct DateTimeArgument(Zval);

impl FromZval<'_> for DateTimeArgument {
    const TYPE: DataType = DataType::object("DateTimeInterface");

    fn from_zval(zval: &Zval) -> Option<Self> {
        let interface = ClassEntry::try_find("DateTimeInterface")?;
        zval.object()?
            .instance_of(interface)
            .then(|| Self(zval.shallow_clone()))
    }
}

impl DateTimeArgument {
    /// The instant, to the second. What a subclass throws goes on to the caller as it is.
    pub fn instant(&self) -> PhpResult<Timestamp> {
        let unusable = || {
            Error::new(
                ErrorId::DateInvalid,
                "the date and time cannot be read",
                "Give a DateTimeImmutable.",
            )
        };
        let object = self.0.object().ok_or_else(unusable)?;
        match call_back(object, "getTimestamp", vec![], Zval::long) {
            Ok(seconds) => Ok(seconds
                .and_then(|seconds| Timestamp::from_second(seconds).ok())
                .ok_or_else(unusable)?),
            Err(CallError::Threw(object)) => {
                Err(PhpException::from_message(String::new()).with_object(object))
            }
            Err(CallError::Fatal) => resume_fatal(),
            Err(CallError::Ending | CallError::TooDeep | CallError::Impossible) => {
                Err(unusable().into())
            }
        }
    }
}

/// A result of type `DateTimeImmutable` in UTC.
pub struct DateTime(pub Timestamp);

impl IntoZval for DateTime {
    const TYPE: DataType = DataType::object("DateTimeImmutable");
    const NULLABLE: bool = false;

    fn set_zval(self, zval: &mut Zval, persistent: bool) -> BindingResult<()> {
        let utc = new_object("DateTimeZone", vec![&"UTC"])?;
        let text = self.0.strftime("%Y-%m-%d %H:%M:%S%.6f").to_string();
        new_object("DateTimeImmutable", vec![&text, &utc])?.set_zval(zval, persistent)
    }
}

/// A result of type string that is wiped on this side of the border.
pub struct SecretText(pub Zeroizing<String>);

impl IntoZval for SecretText {
    const TYPE: DataType = DataType::String;
    const NULLABLE: bool = false;

    fn set_zval(self, zval: &mut Zval, persistent: bool) -> BindingResult<()> {
        zval.set_string(&self.0, persistent)
    }
}

/// The zone's name as PHP's tz database spells it.
///
/// # Errors
/// When PHP does not know it. Offsets and abbreviations do not say when clocks change; the core refuses those that PHP lists.
pub fn timezone(name: &str) -> Result<String> {
    canonical_zone(name).ok_or_else(|| {
        Error::new(
            ErrorId::TimeZoneInvalid,
            "the time zone is not a name of the tz database",
            "Use a name such as Europe/Berlin, America/New_York or UTC, not an offset such as +05:30 or an abbreviation such as EST.",
        )
    })
}

/// `new DateTimeZone()` takes any case and, where PHP uses the system's database, keeps it; Zoom does not take it.
fn canonical_zone(name: &str) -> Option<String> {
    if let Some(canonical) = KNOWN_ZONES.with_borrow(|zones| zones.get(name).cloned()) {
        return Some(canonical);
    }
    let identifiers = call_static(
        "DateTimeZone::listIdentifiers",
        vec![&ALL_ZONES_WITH_ALIASES],
    )
    .ok()?;
    let canonical = array::values(identifiers.array()?)
        .filter_map(Zval::str)
        .find(|identifier| identifier.eq_ignore_ascii_case(name))?
        .to_owned();
    KNOWN_ZONES.with_borrow_mut(|zones| {
        if zones.len() >= MAX_KNOWN_ZONES {
            zones.clear();
        }
        zones.insert(name.to_owned(), canonical.clone());
    });
    Some(canonical)
}

fn new_object(class: &str, arguments: Vec<&dyn IntoZvalDyn>) -> BindingResult<Zval> {
    let class = ClassEntry::try_find(class).ok_or(BindingError::InvalidPointer)?;
    let object = ZendObject::new(class);
    call(&object, "__construct", arguments).map_err(|_| BindingError::Callable)?;
    object.into_zval(false)
}

/// The argument `settings` of a meeting request: an array that is to become a JSON object.
#[derive(Default)]
pub struct SettingsArgument(Option<Zval>);

impl FromZval<'_> for SettingsArgument {
    const TYPE: DataType = DataType::Array;

    fn from_zval(zval: &Zval) -> Option<Self> {
        zval.is_array().then(|| Self(Some(zval.shallow_clone())))
    }
}

impl StubLiteral for SettingsArgument {
    fn stub_literal(&self) -> String {
        "[]".to_owned()
    }
}

impl SettingsArgument {
    /// The settings as JSON.
    ///
    /// # Errors
    /// When a key is no string or a value cannot be JSON.
    pub fn json(&self) -> Result<Map<String, Value>> {
        match self.0.as_ref().and_then(Zval::array) {
            Some(array) => object(array, SETTINGS_DEPTH),
            None => Ok(Map::new()),
        }
    }
}

fn object(array: &ZendHashTable, depth: usize) -> Result<Map<String, Value>> {
    array::entries(array)
        .map(|(key, zval)| {
            if key.is_long() {
                return Err(bad_setting("a setting has a number for a name"));
            }
            let key = key
                .string()
                .ok_or_else(|| bad_setting("a setting's name is not UTF-8"))?;
            Ok((key, value(zval, depth)?))
        })
        .collect()
}

fn value(zval: &Zval, depth: usize) -> Result<Value> {
    let zval = zval.dereference();
    match zval.get_type() {
        DataType::Null => Ok(Value::Null),
        DataType::True => Ok(Value::Bool(true)),
        DataType::False => Ok(Value::Bool(false)),
        DataType::Long => Ok(zval.long().map_or(Value::Null, Value::from)),
        DataType::Double => zval
            .double()
            .and_then(Number::from_f64)
            .map(Value::Number)
            .ok_or_else(|| bad_setting("a number is infinite or none")),
        DataType::String => zval
            .string()
            .map(Value::String)
            .ok_or_else(|| bad_setting("a text is not UTF-8")),
        DataType::Array => {
            let depth = depth
                .checked_sub(1)
                .ok_or_else(|| bad_setting("they are nested too deep"))?;
            match zval.array() {
                Some(array) if array::is_list(array) => array::values(array)
                    .map(|zval| value(zval, depth))
                    .collect::<Result<_>>()
                    .map(Value::Array),
                Some(array) => object(array, depth).map(Value::Object),
                None => Ok(Value::Null),
            }
        }
        _ => Err(bad_setting(
            "only null, bool, int, float, string and array can be sent",
        )),
    }
}

fn bad_setting(why: &str) -> Error {
    Error::new(
        ErrorId::SettingInvalid,
        format!("the meeting settings cannot be sent to Zoom: {why}"),
        "Give settings as Zoom's API names them, such as ['mute_upon_entry' => true].",
    )
}
