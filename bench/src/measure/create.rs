//! Creating one meeting on a warm worker, 0, 20 and 80 ms away.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;

use super::contender::CURL_FPM;
use super::contender::CURL_KEPT;
use super::contender::Contenders;
use super::contender::LIBRARY;
use super::contender::LIMIT;
use super::contender::LIMIT_FPM;
use super::contender::TELEMED;
use super::contender::TELEMED_FPM;
use super::contender::WP_HTTP;
use crate::fake_zoom::CLINIC;
use crate::fake_zoom::DOCTOR;
use crate::figure::Figure;
use crate::figure::Goal;
use crate::report::Report;
use crate::report::Times;
use crate::setting::Setting;
use crate::stage::Stage;
use crate::statistics::Spread;
use crate::statistics::median;
use crate::statistics::ratios;

/// Round trip in milliseconds, rounds, meetings in each; the most rounds where the machine is most of the time.
const PLAN: [(u32, usize, usize); 3] = [(0, 32, 40), (20, 9, 12), (80, 3, 8)];

/// Everything at one distance, by contender, round by round.
#[derive(Default)]
struct Distance {
    /// The median time of one meeting.
    walls: BTreeMap<&'static str, Vec<f64>>,
    /// Processor time per meeting.
    cpus: BTreeMap<&'static str, Vec<f64>>,
    /// Round trips of telemed per meeting, counted at the relay.
    round_trips: Vec<f64>,
}

pub fn measure(setting: &Setting, report: &mut Report) -> anyhow::Result<()> {
    let mut distances = BTreeMap::new();
    for (round_trip, rounds, creates) in PLAN {
        setting.zoom.reset()?;
        let distance = run(setting, round_trip, rounds, creates)
            .with_context(|| format!("{round_trip} ms away"))?;
        let times: Times = distance
            .walls
            .iter()
            .map(|(name, walls)| Ok(((*name).to_owned(), Spread::of(walls)?)))
            .collect::<anyhow::Result<_>>()?;
        report.create.insert(round_trip, times);
        distances.insert(round_trip, distance);
    }
    let at = |round_trip: u32| distances.get(&round_trip).context("a distance is missing");
    report.add(Figure::new(
        "create.round_trips",
        "Create one meeting, warm: network round trips",
        "",
        Goal::Exactly(1.0),
        &at(20)?.round_trips,
        [],
    )?);
    report.add(against_limit(
        "create.vs_limit_20ms",
        "Create, 20 ms away: time over the bare client's",
        1.05,
        at(20)?,
    )?);
    report.add(against_limit(
        "create.vs_limit_0ms",
        "Create, 0 ms away: time over the bare client's",
        1.25,
        at(0)?,
    )?);
    report.add(explains_limit(
        "create.reqwest_vs_limit_0ms",
        "reqwest alone, 0 ms away: time over the bare client's",
        LIBRARY,
        at(0)?,
    )?);
    report.add(explains_limit(
        "create.fpm_pace_vs_limit_0ms",
        "The bare client at php-fpm's pace, 0 ms away: time over its own without rest",
        LIMIT_FPM,
        at(0)?,
    )?);
    report.add(against_wp_http(
        "create.wp_http_vs_telemed_20ms",
        "Create, 20 ms away: WordPress' HTTP API over telemed",
        3.0,
        at(20)?,
    )?);
    report.add(against_wp_http(
        "create.wp_http_vs_telemed_0ms",
        "Create, 0 ms away: WordPress' HTTP API over telemed",
        10.0,
        at(0)?,
    )?);
    let cpus = &at(0)?.cpus;
    let (telemed, curl) = (rounds_of(cpus, TELEMED)?, rounds_of(cpus, CURL_KEPT)?);
    report.add(Figure::new(
        "create.cpu_vs_curl_kept",
        "Create, 0 ms away: processor time over cURL's with a kept handle",
        "",
        Goal::AtMost(1.0),
        &ratios(telemed, curl)?,
        [
            ("telemed_cpu_seconds".to_owned(), median(telemed)?),
            ("curl_kept_cpu_seconds".to_owned(), median(curl)?),
        ],
    )?);
    Ok(())
}

fn run(
    setting: &Setting,
    round_trip: u32,
    rounds: usize,
    creates: usize,
) -> anyhow::Result<Distance> {
    let name = format!("create-{round_trip}ms");
    let delay = Duration::from_millis(u64::from(round_trip));
    let stage = Stage::new(setting, &name, delay, CLINIC, DOCTOR)?;
    let mut contenders = Contenders::new(setting, &stage, &name)?;
    // A round that is not counted: caches, first connections, php-fpm's compiled scripts.
    contenders.round(0, 1, |_, _| Ok(()))?;
    let mut distance = Distance::default();
    let round_trips = || stage.relay.as_ref().map(crate::relay::Relay::round_trips);
    for round in 0..rounds {
        let mut before = round_trips();
        contenders.round(round, creates, |name, taken| {
            let after = round_trips();
            let count = f64::from(u32::try_from(taken.walls.len())?);
            distance
                .walls
                .entry(name)
                .or_default()
                .push(median(&taken.walls)?);
            distance
                .cpus
                .entry(name)
                .or_default()
                .push(taken.cpu / count);
            if let (TELEMED | TELEMED_FPM, Some(before), Some(after)) = (name, before, after) {
                // The untimed one travels too.
                distance
                    .round_trips
                    .push(f64::from(after - before) / (count + 1.0));
            }
            before = after;
            Ok(())
        })?;
    }
    anyhow::ensure!(
        distance.walls.len() == contenders.names().len(),
        "a contender was not measured"
    );
    Ok(distance)
}

/// The worse of CLI and php-fpm, each over the bare client at its own pace.
fn against_limit(
    key: &'static str,
    what: &'static str,
    goal: f64,
    distance: &Distance,
) -> anyhow::Result<Figure> {
    let limit = rounds_of(&distance.walls, LIMIT)?;
    let under_cli = ratios(rounds_of(&distance.walls, TELEMED)?, limit)?;
    let fpm = rounds_of(&distance.walls, TELEMED_FPM)?;
    let under_fpm = ratios(fpm, rounds_of(&distance.walls, LIMIT_FPM)?)?;
    let worse = if median(&under_cli)? > median(&under_fpm)? {
        &under_cli
    } else {
        &under_fpm
    };
    let mut raw = medians(distance)?;
    raw.push((format!("ratio: {TELEMED}"), median(&under_cli)?));
    raw.push((format!("ratio: {TELEMED_FPM}"), median(&under_fpm)?));
    // Without regard to the pace.
    for name in [TELEMED_FPM, LIMIT_FPM, CURL_KEPT, LIBRARY] {
        let times = rounds_of(&distance.walls, name)?;
        let over_limit = median(&ratios(times, limit)?)?;
        raw.push((format!("ratio to the bare client: {name}"), over_limit));
    }
    Figure::new(key, what, "", Goal::AtMost(goal), worse, raw)
}

/// What takes longer than the bare client although none of our work is in it.
fn explains_limit(
    key: &'static str,
    what: &'static str,
    name: &str,
    distance: &Distance,
) -> anyhow::Result<Figure> {
    let times = rounds_of(&distance.walls, name)?;
    let limit = rounds_of(&distance.walls, LIMIT)?;
    let goal = Goal::Explains("create.vs_limit_0ms");
    Figure::new(key, what, "", goal, &ratios(times, limit)?, [])
}

/// Against the worse of CLI and php-fpm.
fn against_wp_http(
    key: &'static str,
    what: &'static str,
    goal: f64,
    distance: &Distance,
) -> anyhow::Result<Figure> {
    let wp_http = rounds_of(&distance.walls, WP_HTTP)?;
    let over_cli = ratios(wp_http, rounds_of(&distance.walls, TELEMED)?)?;
    let over_fpm = ratios(wp_http, rounds_of(&distance.walls, TELEMED_FPM)?)?;
    let worse = if median(&over_cli)? < median(&over_fpm)? {
        &over_cli
    } else {
        &over_fpm
    };
    Figure::new(
        key,
        what,
        "",
        Goal::AtLeast(goal),
        worse,
        medians(distance)?,
    )
}

fn medians(distance: &Distance) -> anyhow::Result<Vec<(String, f64)>> {
    [
        LIMIT,
        LIMIT_FPM,
        LIBRARY,
        TELEMED,
        TELEMED_FPM,
        CURL_KEPT,
        CURL_FPM,
        WP_HTTP,
    ]
    .into_iter()
    .map(|name| {
        let seconds = median(rounds_of(&distance.walls, name)?)?;
        Ok((format!("seconds: {name}"), seconds))
    })
    .collect()
}

fn rounds_of<'a>(
    by_name: &'a BTreeMap<&'static str, Vec<f64>>,
    name: &str,
) -> anyhow::Result<&'a [f64]> {
    by_name
        .get(name)
        .map(Vec::as_slice)
        .with_context(|| format!("{name} was not measured"))
}
