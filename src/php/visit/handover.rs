//! `Telemed\Handover`.

use ext_php_rs::prelude::*;

use super::moment::Moment;
use super::rows;
use super::rows::Row;
use crate::php::convert::SEALED;
use crate::php::convert::not_constructible;
use crate::visit::ZoomUserChange;
use crate::visit::handover;
use crate::visit::handover::Answer;
use crate::visit::handover::Grant;
use crate::visit::handover::User;

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

    pub fn takes(handover: Row, answer: String) -> PhpResult<bool> {
        let handover = handover.read(handover::Handover::from_columns)?;
        // Who holds the visits from then on is another question.
        let answer = Answer::named(&answer, Some(0)).map_err(|bad| rows::bad(&bad.to_string()))?;
        Ok(handover.takes(answer))
    }

    pub fn grant(
        handover: Row,
        isNeeded: bool,
        isHere: bool,
        isDoctor: bool,
        at: &Moment,
    ) -> PhpResult<String> {
        let handover = handover.read(handover::Handover::from_columns)?;
        let user = User {
            is_here: isHere,
            is_doctor: isDoctor,
        };
        let grant = match handover.grant(isNeeded, user, at.at().now) {
            Grant::Stays => "stays",
            Grant::Kept => "kept",
            Grant::Ends => "ends",
            Grant::EndsAnyway => "ends_anyway",
        };
        Ok(grant.to_owned())
    }

    pub fn is_over(handover: Row, hasVisits: bool) -> PhpResult<bool> {
        let handover = handover.read(handover::Handover::from_columns)?;
        Ok(handover.is_over(hasVisits))
    }

    pub fn of_zoom_user(facts: Row) -> PhpResult<&'static str> {
        let change = facts.read(ZoomUserChange::from_columns)?;
        Ok(change.next().as_str())
    }
}
