//! `Telemed\Limit`.

use ext_php_rs::boxed::ZBox;
use ext_php_rs::convert::FromZval;
use ext_php_rs::flags::DataType;
use ext_php_rs::prelude::*;
use ext_php_rs::types::ZendHashTable;
use ext_php_rs::types::Zval;
use jiff::Timestamp;

use super::rows;
use crate::php::array;
use crate::php::convert::DateTimeArgument;
use crate::php::convert::SEALED;
use crate::php::convert::not_constructible;
use crate::visit::columns::moment_of;
use crate::visit::columns::moment_text;
use crate::visit::limit;
use crate::visit::limit::LIMITS;
use crate::visit::limit::Place;

/// So many of something within so many seconds.
#[php_class]
#[php(name = "Telemed\\Limit")]
#[php(flags = SEALED)]
pub struct Limit;

#[php_impl]
impl Limit {
    #[php(vis = "private")]
    pub fn __construct() -> PhpResult<Self> {
        not_constructible()
    }

    pub fn defaults() -> PhpResult<ZBox<ZendHashTable>> {
        let mut all = ZendHashTable::new();
        for (name, limit) in LIMITS {
            let mut one = ZendHashTable::new();
            one.insert("most", i64::from(limit.most))?;
            one.insert("seconds", limit.seconds)?;
            all.insert(name, one)?;
        }
        Ok(all)
    }

    pub fn place(
        taken: TakenArgument,
        most: i64,
        seconds: i64,
        now: DateTimeArgument,
    ) -> PhpResult<ZBox<ZendHashTable>> {
        let limit = limit::Limit {
            // A filter may say less than none.
            most: u32::try_from(most.max(0)).unwrap_or(u32::MAX),
            seconds,
        };
        let taken = taken
            .0
            .ok_or_else(|| rows::bad("a place is taken at a moment, as rows have it"))?;
        let (place, until) = match limit.place(&taken, now.instant()?) {
            Place::NoneNeeded => ("none_needed", None),
            Place::Again => ("again", None),
            Place::Another => ("another", None),
            Place::FreeAt(until) => ("none", Some(moment_text(until))),
        };
        let mut array = ZendHashTable::new();
        array.insert("place", place)?;
        array.insert("until", until)?;
        Ok(array)
    }
}

/// The argument `taken`: a list of moments as rows have them; `None` where one is none.
pub struct TakenArgument(Option<Vec<Timestamp>>);

impl FromZval<'_> for TakenArgument {
    const TYPE: DataType = DataType::Array;

    fn from_zval(zval: &Zval) -> Option<Self> {
        let moments = array::values(zval.array()?)
            .map(|moment| moment_of(&moment.string()?))
            .collect();
        Some(Self(moments))
    }
}
