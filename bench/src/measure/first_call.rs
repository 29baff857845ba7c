//! The first meeting of a new worker whose token is stored: client, certificate roots, handshake, request.

use std::time::Duration;

use crate::fake_zoom::CLINIC;
use crate::fake_zoom::DOCTOR;
use crate::figure::Figure;
use crate::figure::Goal;
use crate::php;
use crate::report::Report;
use crate::setting::Setting;
use crate::stage::Stage;
use crate::statistics::median;
use crate::statistics::ratios;

const ROUNDS: usize = 15;

pub fn measure(setting: &Setting, report: &mut Report) -> anyhow::Result<()> {
    let stage = Stage::new(setting, "first-call", Duration::ZERO, CLINIC, DOCTOR)?;
    let (mut telemed, mut curl) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let ours = first(
            setting,
            &stage,
            "telemed",
            &php::directives(setting, &stage.target),
        )?;
        let theirs = first(setting, &stage, "curl", &["extension=curl".to_owned()])?;
        // The first round fills the system's caches.
        if round > 0 {
            telemed.push(ours);
            curl.push(theirs);
        }
    }
    report.add(Figure::new(
        "first_call.vs_curl",
        "First call in a new worker: time over cURL's",
        "",
        Goal::AtMost(1.0),
        &ratios(&telemed, &curl)?,
        [
            ("telemed_seconds".to_owned(), median(&telemed)?),
            ("curl_seconds".to_owned(), median(&curl)?),
        ],
    )?);
    Ok(())
}

fn first(
    setting: &Setting,
    stage: &Stage,
    contender: &str,
    directives: &[String],
) -> anyhow::Result<f64> {
    setting.zoom.clear_log()?;
    let command = php::bare_php(setting, directives);
    let mut command = php::script(command, &setting.scripts, "first-call.php");
    command.arg(contender).arg(&stage.target.config).arg(DOCTOR);
    let answer = serde_json::from_str(&php::run(command, b"")?)?;
    setting.zoom.demand_created(contender, 1)?;
    anyhow::ensure!(
        setting.zoom.log()?.len() == 1,
        "{contender} has sent more than the one request"
    );
    median(&php::taken(&answer)?.walls)
}
