//! `Telemed\Diagnosis`.

use ext_php_rs::boxed::ZBox;
use ext_php_rs::error::Result as BindingResult;
use ext_php_rs::prelude::*;
use ext_php_rs::types::ZendHashTable;

use super::convert::SEALED;
use super::convert::not_constructible;
use crate::zoom;
use crate::zoom::diagnosis::Step;

/// What a check found.
#[php_class]
#[php(name = "Telemed\\Diagnosis")]
#[php(flags = SEALED)]
pub struct Diagnosis {
    diagnosis: zoom::diagnosis::Diagnosis,
}

#[php_impl]
impl Diagnosis {
    #[php(vis = "private")]
    pub fn __construct() -> PhpResult<Self> {
        not_constructible()
    }

    pub fn passed(&self) -> bool {
        self.diagnosis.passed()
    }

    pub fn message(&self) -> String {
        self.diagnosis.message()
    }

    pub fn steps(&self) -> PhpResult<ZBox<ZendHashTable>> {
        let mut steps = ZendHashTable::new();
        for step in self.diagnosis.steps() {
            steps.push(array(step)?)?;
        }
        Ok(steps)
    }
}

impl From<zoom::diagnosis::Diagnosis> for Diagnosis {
    fn from(diagnosis: zoom::diagnosis::Diagnosis) -> Self {
        Self { diagnosis }
    }
}

fn array(step: &Step) -> BindingResult<ZBox<ZendHashTable>> {
    let mut array = ZendHashTable::new();
    array.insert("id", step.id.as_str())?;
    array.insert("passed", step.outcome.is_passed())?;
    array.insert("result", step.outcome.as_str())?;
    array.insert("title", step.title.as_str())?;
    array.insert("advice", step.advice.as_str())?;
    Ok(array)
}
