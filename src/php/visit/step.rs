//! `Telemed\Step`.

use ext_php_rs::boxed::ZBox;
use ext_php_rs::prelude::*;
use ext_php_rs::types::ZendHashTable;

use super::outcome::Outcome;
use super::rows;
use crate::exchange;
use crate::php::client::Client;
use crate::php::client::KnownArgument;
use crate::php::convert::SEALED;
use crate::php::convert::SettingsArgument;
use crate::php::convert::not_constructible;
use crate::visit::changes::Counter;
use crate::visit::columns::moment_text;
use crate::visit::columns::name_of;
use crate::visit::schedule;
use crate::visit::step::Exchange;
use crate::visit::step::Step as Core;
use crate::zoom::Result;

/// The one thing to do next for a visit.
#[php_class]
#[php(name = "Telemed\\Step")]
#[php(flags = SEALED)]
pub struct Step {
    step: Core,
}

#[php_impl]
impl Step {
    #[php(vis = "private")]
    pub fn __construct() -> PhpResult<Self> {
        not_constructible()
    }

    pub fn kind(&self) -> String {
        match &self.step {
            Core::Ask(_) => "ask".to_owned(),
            Core::Exchange(exchange) => name_of(&exchange.kind).unwrap_or_default(),
            Core::Note(_) => "note".to_owned(),
            Core::Rest(_) => "rest".to_owned(),
            Core::Nothing => "nothing".to_owned(),
        }
    }

    pub fn is_exchange(&self) -> bool {
        matches!(self.step, Core::Exchange(_))
    }

    pub fn asks(&self) -> Vec<String> {
        match &self.step {
            Core::Ask(counters) => counters.iter().map(Counter::key).collect(),
            _ => Vec::new(),
        }
    }

    pub fn until(&self) -> Option<String> {
        match self.step {
            Core::Rest(until) => Some(moment_text(until)),
            _ => None,
        }
    }

    pub fn generation(&self) -> Option<u32> {
        self.exchange().ok().map(|exchange| exchange.generation)
    }

    pub fn maker(&self) -> PhpResult<Option<ZBox<ZendHashTable>>> {
        let exchange = self.exchange().ok();
        exchange
            .map(|exchange| rows::array(&exchange.maker.columns()))
            .transpose()
    }

    pub fn wants_known(&self) -> bool {
        self.exchange().is_ok_and(Exchange::wants_known)
    }

    pub fn most_seconds(&self) -> Option<i64> {
        self.exchange().ok().map(|_| schedule::CALL_SECONDS)
    }

    pub fn try_seconds() -> i64 {
        schedule::TRY_SECONDS
    }

    pub fn most_lost() -> u32 {
        schedule::MOST_LOST
    }

    #[php(defaults(known = KnownArgument::default(), settings = SettingsArgument::default()))]
    pub fn carry_out(
        &self,
        client: &Client,
        known: KnownArgument,
        settings: SettingsArgument,
    ) -> PhpResult<Outcome> {
        let exchange = self.exchange()?;
        let known = known.meetings()?;
        let settings = settings.json()?;
        let (outcome, tracking_id) = client.run(|client| {
            let outcome = exchange::carry_out(client, exchange, &known, settings);
            Ok((outcome, client.last_tracking_id()))
        })?;
        Ok(Outcome::from(outcome).tracked(tracking_id))
    }
}

impl Step {
    /// The core's step.
    pub fn core(&self) -> &Core {
        &self.step
    }

    /// The exchange that it is.
    ///
    /// # Errors
    /// When it is another kind of step.
    pub fn exchange(&self) -> Result<&Exchange> {
        match &self.step {
            Core::Exchange(exchange) => Ok(exchange),
            _ => Err(rows::bad("the step is no exchange with Zoom")),
        }
    }
}

impl From<Core> for Step {
    fn from(step: Core) -> Self {
        Self { step }
    }
}
