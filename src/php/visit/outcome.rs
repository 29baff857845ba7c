//! `Telemed\Outcome`.

use ext_php_rs::prelude::*;

use super::rows::Row;
use crate::php::convert::SEALED;
use crate::php::convert::not_constructible;
use crate::visit::problem::Problem;
use crate::visit::step::Outcome as Core;

/// What came of an exchange.
#[php_class]
#[php(name = "Telemed\\Outcome")]
#[php(flags = SEALED)]
pub struct Outcome {
    outcome: Core,
    /// Zoom's own name for the exchange.
    tracking_id: Option<String>,
}

#[php_impl]
impl Outcome {
    #[php(vis = "private")]
    pub fn __construct() -> PhpResult<Self> {
        not_constructible()
    }

    pub fn hindered(id: String, passes: bool, parameters: Option<Row>) -> PhpResult<Self> {
        let parameters = parameters.map(|row| row.texts()).transpose()?;
        let problem = Problem {
            id,
            passes,
            parameters: parameters.unwrap_or_default(),
        };
        Ok(Core::Hindered(problem).into())
    }

    pub fn name(&self) -> &'static str {
        self.outcome.name()
    }

    pub fn problem(&self) -> Option<&str> {
        self.outcome.problem().map(|problem| problem.id.as_str())
    }
}

impl Outcome {
    /// The core's outcome.
    pub fn core(&self) -> Core {
        self.outcome.clone()
    }

    /// Zoom's own name for the exchange.
    pub fn tracking_id(&self) -> Option<&str> {
        self.tracking_id.as_deref()
    }

    /// The same with Zoom's own name for the exchange.
    pub fn tracked(self, tracking_id: Option<String>) -> Self {
        Self {
            tracking_id,
            ..self
        }
    }
}

impl From<Core> for Outcome {
    fn from(outcome: Core) -> Self {
        Self {
            outcome,
            tracking_id: None,
        }
    }
}
