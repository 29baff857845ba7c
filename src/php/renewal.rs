//! `Telemed\Renewal`.

#![allow(non_snake_case, reason = "parameter names are public API in PHP")]

use ext_php_rs::convert::FromZval;
use ext_php_rs::flags::DataType;
use ext_php_rs::prelude::*;
use ext_php_rs::types::Zval;

use super::array;
use super::convert::SEALED;
use super::convert::not_constructible;
use crate::zoom::renewal;

/// When connections are renewed.
#[php_class]
#[php(name = "Telemed\\Renewal")]
#[php(flags = SEALED)]
pub struct Renewal;

#[php_impl]
impl Renewal {
    #[php(vis = "private")]
    pub fn __construct() -> PhpResult<Self> {
        not_constructible()
    }

    pub fn turn(looks: NumbersArgument, now: i64) -> Vec<i64> {
        renewal::turn(looks.0, now)
    }

    pub fn is_due(tokenEnds: i64, now: i64) -> bool {
        renewal::is_due(tokenEnds, now)
    }

    pub fn next_look(tokenEnds: NumbersArgument, now: i64) -> i64 {
        renewal::next_look(tokenEnds.0.into_iter().map(|(_, ends)| ends), now)
    }
}

/// An argument of numbers by number.
pub struct NumbersArgument(Vec<(i64, i64)>);

impl FromZval<'_> for NumbersArgument {
    const TYPE: DataType = DataType::Array;

    fn from_zval(zval: &Zval) -> Option<Self> {
        array::entries(zval.array()?)
            .map(|(key, value)| Some((key.long()?, value.dereference().long()?)))
            .collect::<Option<_>>()
            .map(Self)
    }
}
