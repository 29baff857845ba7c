//! What was measured, and as what it is written.

use std::collections::BTreeMap;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::figure::Figure;
use crate::statistics::Spread;

/// Medians by contender, in seconds.
pub type Times = BTreeMap<String, Spread>;

pub struct Report {
    pub machine: Value,
    pub seconds: f64,
    pub figures: Vec<Figure>,
    /// Creating one meeting, by round trip in milliseconds.
    pub create: BTreeMap<u32, Times>,
    /// Creating many.
    pub bulk: Times,
}

impl Report {
    pub fn new(machine: Value) -> Self {
        Self {
            machine,
            seconds: 0.0,
            figures: Vec::new(),
            create: BTreeMap::new(),
            bulk: Times::new(),
        }
    }

    pub fn add(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    /// What report.json holds.
    pub fn json(&self) -> anyhow::Result<String> {
        let figures: Map<String, Value> = self
            .figures
            .iter()
            .map(|figure| Ok((figure.key.to_owned(), serde_json::to_value(figure)?)))
            .collect::<anyhow::Result<_>>()?;
        let create: Map<String, Value> = self
            .create
            .iter()
            .map(|(round_trip, times)| (round_trip.to_string(), seconds(times)))
            .collect();
        let json = json!({
            "machine": self.machine,
            "seconds": self.seconds,
            "figures": figures,
            "create_seconds_by_round_trip_ms": create,
            "bulk_seconds": seconds(&self.bulk),
        });
        Ok(serde_json::to_string_pretty(&json)? + "\n")
    }
}

fn seconds(times: &Times) -> Value {
    times
        .iter()
        .map(|(name, spread)| {
            let value = json!({"median": spread.median, "min": spread.min, "max": spread.max});
            (name.clone(), value)
        })
        .collect::<Map<String, Value>>()
        .into()
}
