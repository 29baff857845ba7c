//! `Telemed\Handover`.

use ext_php_rs::prelude::*;

use super::moment::Moment;
use super::rows::Row;
use crate::php::convert::SEALED;
use crate::php::convert::not_constructible;
use crate::visit::handover;
use crate::visit::handover::Grant;

/// Who or what lets go of meetings, as a row.
#[php_class]
#[php(name = "Telemed\\Handover")]
#[php(flags = SEALED)]
pub struct Handover;

#[php_impl]
impl Handover {
    #[php(vis = "private")]
    pub fn __construct() -> PhpResult<Self> {
        not_constructible()
    }

    pub fn decide_seconds() -> i64 {
        handover::DECIDE_SECONDS
    }

    pub fn keep_seconds() -> i64 {
        handover::KEEP_SECONDS
    }

    pub fn grant(handover: Row, isNeeded: bool, isHere: bool, at: &Moment) -> PhpResult<String> {
        let handover = handover.read(handover::Handover::from_columns)?;
        let grant = match handover.grant(isNeeded, isHere, at.at().now) {
            Grant::Kept => "kept",
            Grant::Ends => "ends",
            Grant::EndsAnyway => "ends_anyway",
        };
        Ok(grant.to_owned())
    }
}
