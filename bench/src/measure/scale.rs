//! Cost per item, 3,000 against 300: sealing and opening records, and reading Zoom's largest answer (300 meetings on a page).
//! Processor time of the PHP process, so that fake-zoom's own work does not count.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;

use super::contender::limit;
use crate::fake_zoom::CLINIC;
use crate::figure::Figure;
use crate::figure::Goal;
use crate::php;
use crate::php::Worker;
use crate::report::Report;
use crate::setting::Setting;
use crate::stage::Stage;
use crate::statistics::median;
use crate::statistics::ratios;

const FEW: u32 = 300;
const MANY: u32 = 3_000;
/// Items of one measurement in all.
const ITEMS: u32 = 4 * MANY;
const ROUNDS: usize = 9;
const WORKS: [&str; 3] = ["seal", "open", "list"];

pub fn measure(setting: &Setting, report: &mut Report) -> anyhow::Result<()> {
    let hosts = [
        host_with(setting, "Few", FEW)?,
        host_with(setting, "Many", MANY)?,
    ];
    let [few, many] = &hosts;
    let stage = Stage::new(
        setting,
        "scale",
        Duration::ZERO,
        CLINIC,
        &extra_host(setting)?,
    )?;
    let command = php::bare_php(setting, &php::directives(setting, &stage.target));
    let mut command = php::script(command, &setting.scripts, "scale.php");
    command.arg(&stage.target.config);
    let mut worker = Worker::start(command)?;

    let mut cost = |work: &str, items: u32, host: &str| -> anyhow::Result<f64> {
        // As many items in all, so that both are measured equally well.
        let repeats = ITEMS / items;
        let mut cpu = 0.0;
        for _ in 0..repeats {
            let order = json!({"work": work, "items": items, "host": host});
            cpu += worker.order(&order)?.cpu;
        }
        Ok(cpu / f64::from(items * repeats))
    };
    let mut slopes: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut costs: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for round in 0..=ROUNDS {
        for work in WORKS {
            let for_few = cost(work, FEW, few)?;
            let for_many = cost(work, MANY, many)?;
            // The first round warms up.
            if round > 0 {
                slopes
                    .entry(work)
                    .or_default()
                    .extend(ratios(&[for_many], &[for_few])?);
                costs.entry(work).or_default().push(for_many);
            }
        }
    }
    let mut raw = Vec::new();
    let mut worst: Option<(f64, &Vec<f64>)> = None;
    for (work, list) in &slopes {
        let slope = median(list)?;
        raw.push((format!("slope: {work}"), slope));
        let per_item = median(costs.get(work).context("no cost")?)?;
        raw.push((format!("items per second: {work}"), 1.0 / per_item));
        if worst.is_none_or(|(worst, _)| slope > worst) {
            worst = Some((slope, list));
        }
    }
    let (_, worst) = worst.context("nothing was measured")?;
    report.add(Figure::new(
        "scale.slope",
        "Seal, open, parse: cost per item at 3,000 items over that at 300, the worst of them",
        "",
        Goal::AtMost(1.1),
        worst,
        raw,
    )?);
    Ok(())
}

/// A new host who has so many meetings.
fn host_with(setting: &Setting, label: &str, meetings: u32) -> anyhow::Result<String> {
    let hosts = setting.zoom.add_hosts(CLINIC, label, 1)?;
    let host = hosts.into_iter().next().context("no host was made")?;
    let stage = Stage::new(
        setting,
        &format!("scale-{label}"),
        Duration::ZERO,
        CLINIC,
        &host,
    )?;
    // Learning the request has made one, and the exchange that is not counted makes one.
    let rest = usize::try_from(meetings)? - 2;
    limit(&mut stage.bare_client(setting)?, &stage.request, rest)?;
    Ok(host)
}

fn extra_host(setting: &Setting) -> anyhow::Result<String> {
    let hosts = setting.zoom.add_hosts(CLINIC, "Extra", 1)?;
    hosts.into_iter().next().context("no host was made")
}
