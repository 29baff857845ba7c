//! 64 processes that find one expired token together.

use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::Value;
use serde_json::json;

use crate::fake_zoom::CLINIC;
use crate::fake_zoom::DOCTOR;
use crate::fake_zoom::OAUTH_CLIENT_ID;
use crate::figure::Figure;
use crate::figure::Goal;
use crate::php;
use crate::php::Worker;
use crate::report::Report;
use crate::setting::Setting;
use crate::stage::REDIRECT_URI;
use crate::stage::Stage;

const WORKERS: usize = 64;
const LIFETIME: u32 = 3_599;
/// The token that the workers find.
const SHORT_LIFETIME: u32 = 1;
const ROUNDS: usize = 3;

pub fn measure(setting: &Setting, report: &mut Report) -> anyhow::Result<()> {
    let stage = Stage::new(setting, "refresh", Duration::ZERO, CLINIC, DOCTOR)?;
    let mut refreshes = Vec::new();
    for _ in 0..ROUNDS {
        connect(setting, &stage)?;
        let mut workers = (0..WORKERS)
            .map(|_| start(setting, &stage))
            .collect::<anyhow::Result<Vec<_>>>()?;
        for worker in &mut workers {
            worker.line()?;
        }
        // However fast they started, the token is over by now.
        thread::sleep(Duration::from_secs(u64::from(SHORT_LIFETIME) + 1));
        setting.zoom.clear_log()?;
        for worker in &mut workers {
            worker.say("go")?;
        }
        for worker in &mut workers {
            let answer: Value = serde_json::from_str(&worker.line()?)?;
            anyhow::ensure!(
                answer.get("user").and_then(Value::as_str) == Some(DOCTOR),
                "a worker got {answer}"
            );
        }
        let log = setting.zoom.log()?;
        let tokens = log.iter().filter(|one| one.path == "/oauth/token").count();
        refreshes.push(f64::from(u32::try_from(tokens)?));
    }
    report.add(Figure::new(
        "refresh.requests",
        "64 workers, one expired token: refreshes",
        "",
        Goal::Exactly(1.0),
        &refreshes,
        [("workers".to_owned(), f64::from(u32::try_from(WORKERS)?))],
    )?);
    Ok(())
}

/// Connects the doctor with a token that is over at once; the next one lives.
fn connect(setting: &Setting, stage: &Stage) -> anyhow::Result<()> {
    setting.zoom.tokens_live(SHORT_LIFETIME)?;
    let begun: Value = serde_json::from_str(&run(setting, stage, "begin", "")?)?;
    let text = |name: &str| begun.get(name).and_then(Value::as_str).context("no state");
    let challenge = text("url")?
        .split(['?', '&'])
        .find_map(|pair| pair.strip_prefix("code_challenge="))
        .context("the authorization has no challenge")?;
    let location = setting.zoom.authorize(&json!({
        "client_id": OAUTH_CLIENT_ID,
        "redirect_uri": REDIRECT_URI,
        "state": text("state")?,
        "code_challenge": challenge,
        "user": DOCTOR,
    }))?;
    let code = location
        .split(['?', '&'])
        .find_map(|pair| pair.strip_prefix("code="))
        .context("fake-zoom gave no code")?;
    let stdin = json!({"code": code, "state": text("state")?}).to_string();
    let connected: Value = serde_json::from_str(&run(setting, stage, "connect", &stdin)?)?;
    anyhow::ensure!(
        connected.get("status").and_then(Value::as_str) == Some("connected"),
        "the doctor is not connected: {connected}"
    );
    setting.zoom.tokens_live(LIFETIME)
}

fn start(setting: &Setting, stage: &Stage) -> anyhow::Result<Worker> {
    let command = php::bare_php(setting, &php::directives(setting, &stage.target));
    let mut command = php::script(command, &setting.scripts, "refresh.php");
    command.arg(&stage.target.config).arg("use");
    Worker::start(command)
}

fn run(setting: &Setting, stage: &Stage, what: &str, stdin: &str) -> anyhow::Result<String> {
    let command = php::bare_php(setting, &php::directives(setting, &stage.target));
    let mut command = php::script(command, &setting.scripts, "refresh.php");
    command.arg(&stage.target.config).arg(what);
    php::run(command, stdin.as_bytes())
}
