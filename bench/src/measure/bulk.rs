//! Creating 200 meetings at once, 20 ms away: without limits against WordPress' HTTP API one after another, and with those of a
//! Pro account against the time that the limit itself asks for.

use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;

use crate::fake_zoom::Account;
use crate::fake_zoom::CLINIC;
use crate::fake_zoom::PRACTICE;
use crate::figure::Figure;
use crate::figure::Goal;
use crate::php::Worker;
use crate::report::Report;
use crate::setting::Setting;
use crate::stage::Stage;
use crate::statistics::Spread;
use crate::statistics::median;
use crate::statistics::ratios;

const ROUND_TRIP: Duration = Duration::from_millis(20);
const MEETINGS: usize = 200;
/// What Zoom lets one host have per day.
const PER_HOST: usize = 100;
const ROUNDS: usize = 3;

pub fn measure(setting: &Setting, report: &mut Report) -> anyhow::Result<()> {
    without_limits(setting, report)?;
    setting.zoom.reset()?;
    with_limits(setting, report)
}

fn without_limits(setting: &Setting, report: &mut Report) -> anyhow::Result<()> {
    let warm = one_host(setting, CLINIC, "Wa")?;
    let stage = Stage::new(setting, "bulk", ROUND_TRIP, CLINIC, &warm)?;
    let mut wp_http = Worker::wp_http(setting, &stage.target)?;
    wp_http.order(&json!({"create": 1, "host": warm}))?;
    let (mut telemed_times, mut wp_http_times) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let hosts = hosts(setting, CLINIC, &format!("T{round}"))?;
        // A new worker, so that no round finds the connections of the one before.
        let mut telemed = Worker::telemed(setting, &stage.target)?;
        telemed.order(&json!({"create": 1, "host": warm}))?;
        telemed_times.push(create_all(setting, "createMeetings", &mut telemed, &hosts)?);
        let hosts = self::hosts(setting, CLINIC, &format!("W{round}"))?;
        let name = "WordPress' HTTP API";
        wp_http_times.push(create_all(setting, name, &mut wp_http, &hosts)?);
    }
    report.bulk.insert(
        "createMeetings, no limits".to_owned(),
        Spread::of(&telemed_times)?,
    );
    report.bulk.insert(
        "WordPress HTTP API, one after another".to_owned(),
        Spread::of(&wp_http_times)?,
    );
    report.add(Figure::new(
        "bulk.wp_http_vs_telemed_20ms",
        "200 meetings, 20 ms away, no limits: WordPress' HTTP API over createMeetings",
        "",
        Goal::AtLeast(20.0),
        &ratios(&wp_http_times, &telemed_times)?,
        [
            ("telemed_seconds".to_owned(), median(&telemed_times)?),
            ("wp_http_seconds".to_owned(), median(&wp_http_times)?),
        ],
    )?);
    Ok(())
}

fn with_limits(setting: &Setting, report: &mut Report) -> anyhow::Result<()> {
    let warm = one_host(setting, PRACTICE, "Wa")?;
    let stage = Stage::new(setting, "bulk-limited", ROUND_TRIP, PRACTICE, &warm)?;
    setting.zoom.rate_limits(true)?;
    let per_second = limit_per_second(setting, &stage)?;
    // So many may go at once; the rest waits for the next seconds.
    let floor = f64::from(u32::try_from(MEETINGS)?) / f64::from(per_second) - 1.0;
    let (mut times, mut refused) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let hosts = hosts(setting, PRACTICE, &format!("L{round}"))?;
        let mut telemed = Worker::telemed(setting, &stage.target)?;
        telemed.order(&json!({"create": 0, "host": warm}))?;
        // What has warmed the worker does not count against the series.
        thread::sleep(Duration::from_millis(1_100));
        setting.zoom.clear_log()?;
        let taken = telemed.order(&json!({"create_all": hosts}))?;
        let log = setting.zoom.log()?;
        let made = log.iter().filter(|request| request.status == Some(201));
        anyhow::ensure!(
            made.count() == MEETINGS,
            "createMeetings under limits has not made every meeting"
        );
        let limited = log.iter().filter(|request| request.status == Some(429));
        refused.push(f64::from(u32::try_from(limited.count())?));
        times.push(median(&taken.walls)?);
    }
    report.bulk.insert(
        format!("createMeetings, {per_second} per second"),
        Spread::of(&times)?,
    );
    let over_floor: Vec<f64> = times.iter().map(|time| time / floor).collect();
    report.add(Figure::new(
        "bulk.vs_rate_floor",
        "200 meetings under a Pro account's limit: time over the limit's own floor",
        "",
        Goal::AtMost(1.1),
        &over_floor,
        [
            ("telemed_seconds".to_owned(), median(&times)?),
            ("floor_seconds".to_owned(), floor),
            ("limit_per_second".to_owned(), f64::from(per_second)),
        ],
    )?);
    let most = refused.iter().copied().fold(0.0, f64::max);
    report.add(Figure::new(
        "bulk.rate_limited",
        "The same: answers 429, of all rounds together",
        "",
        Goal::Exactly(0.0),
        &[refused.iter().sum()],
        [("most_in_a_round".to_owned(), most)],
    )?);
    Ok(())
}

/// The limit as the server tells it.
fn limit_per_second(setting: &Setting, stage: &Stage) -> anyhow::Result<u32> {
    let answer = stage.bare_client(setting)?.exchange(&stage.request)?;
    anyhow::ensure!(answer.status == 201, "the answer is {}", answer.status);
    answer
        .header("x-ratelimit-limit")
        .context("the answer tells no limit")?
        .parse()
        .context("the limit is no number")
}

fn create_all(
    setting: &Setting,
    who: &str,
    worker: &mut Worker,
    hosts: &[String],
) -> anyhow::Result<f64> {
    setting.zoom.clear_log()?;
    let taken = worker
        .order(&json!({"create_all": hosts}))
        .with_context(|| who.to_owned())?;
    setting.zoom.demand_created(who, hosts.len())?;
    median(&taken.walls)
}

/// A host for each meeting, in turns: as many new ones as their daily limit asks for.
fn hosts(setting: &Setting, account: Account, label: &str) -> anyhow::Result<Vec<String>> {
    let hosts = setting
        .zoom
        .add_hosts(account, label, MEETINGS.div_ceil(PER_HOST))?;
    Ok(hosts.into_iter().cycle().take(MEETINGS).collect())
}

fn one_host(setting: &Setting, account: Account, label: &str) -> anyhow::Result<String> {
    let hosts = setting.zoom.add_hosts(account, label, 1)?;
    hosts.into_iter().next().context("no host was made")
}
