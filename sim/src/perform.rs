//! Opens the client of a maker and carries an exchange out: what PHP does when a step is one.

use std::time::Duration;

use jiff::SignedDuration;
use telemed::exchange;
use telemed::visit::problem::Problem;
use telemed::visit::schedule::CALL_SECONDS;
use telemed::visit::step::Exchange;
use telemed::visit::step::Outcome;
use telemed::zoom::Error;
use telemed::zoom::MeetingId;

use crate::world::World;

/// A whole call may take so long.
const BUDGET: Duration = Duration::from_secs(CALL_SECONDS.unsigned_abs());

impl World {
    /// What comes of an exchange, for which so much time is left. `known` are numbers of other meetings of the host.
    #[must_use]
    pub fn perform(&self, exchange: &Exchange, known: &[i64], left: SignedDuration) -> Outcome {
        let left = Duration::try_from(left).unwrap_or_default();
        let client = self
            .context()
            .ok_or_else(|| Error::store("too deep"))
            .and_then(|context| self.template.client(&exchange.maker, context))
            .map(|client| client.within(left.min(BUDGET)).begun());
        let client = match client {
            Ok(client) => client,
            Err(error) => return Outcome::Hindered(Problem::passing(error.id().as_str())),
        };
        let known: Vec<MeetingId> = known
            .iter()
            .filter_map(|number| MeetingId::new(*number).ok())
            .collect();
        exchange::carry_out(&client, exchange, &known, serde_json::Map::new())
    }
}
