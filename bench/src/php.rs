//! PHP processes under CLI.

use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::ChildStdin;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Stdio;

use anyhow::Context as _;
use serde_json::Value;

use crate::setting::Setting;

/// What a process did with an order.
#[derive(Debug, Default)]
pub struct Taken {
    /// Seconds of each of the calls.
    pub walls: Vec<f64>,
    /// Seconds of processor time of them all.
    pub cpu: f64,
}

/// Where a contender sends.
pub struct Target {
    /// The address of fake-zoom.
    pub url: String,
    /// The file that tells the scripts the rest.
    pub config: PathBuf,
}

/// A long-lived PHP process that takes orders. It ends when it is dropped.
pub struct Worker {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

/// So that the message of a contender that erred reaches the person who started the bench.
const ERRORS: &str = "display_errors=stderr";

/// The extension's directives for this target.
pub fn directives(setting: &Setting, target: &Target) -> Vec<String> {
    vec![
        format!("extension={}", setting.extension.display()),
        format!("telemed.oauth_url={}", target.url),
        format!("telemed.api_url={}", target.url),
        format!("telemed.ca_file={}", setting.ca.display()),
    ]
}

/// PHP with nothing but these directives.
pub fn bare_php(setting: &Setting, directives: &[String]) -> Command {
    let mut command = Command::new(setting.php(""));
    command.args(["-n", "-d", ERRORS]);
    for directive in directives {
        command.args(["-d", directive]);
    }
    command
}

/// PHP as the site has it.
pub fn site_php(setting: &Setting, kind: &str) -> Command {
    let mut command = Command::new(setting.php(kind));
    command
        .args(["-d", ERRORS])
        .env("PHP_INI_SCAN_DIR", &setting.site.php_ini_scan_dir);
    command
}

impl Worker {
    pub fn telemed(setting: &Setting, target: &Target) -> anyhow::Result<Self> {
        let command = bare_php(setting, &directives(setting, target));
        Self::contender(setting, target, command, "telemed")
    }

    pub fn curl_kept(setting: &Setting, target: &Target) -> anyhow::Result<Self> {
        let command = bare_php(setting, &["extension=curl".to_owned()]);
        Self::contender(setting, target, command, "curl_kept")
    }

    pub fn wp_http(setting: &Setting, target: &Target) -> anyhow::Result<Self> {
        Self::contender(setting, target, site_php(setting, ""), "wp_http")
    }

    fn contender(
        setting: &Setting,
        target: &Target,
        mut command: Command,
        name: &str,
    ) -> anyhow::Result<Self> {
        command
            .arg(setting.scripts.join("worker.php"))
            .arg(name)
            .arg(&target.config);
        Self::start(command)
    }

    /// Starts a script that reads orders, line by line.
    pub fn start(mut command: Command) -> anyhow::Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("PHP cannot be started")?;
        let stdin = child.stdin.take().context("PHP has no stdin")?;
        let stdout = child.stdout.take().context("PHP has no stdout")?;
        Ok(Self {
            child,
            stdin,
            stdout: BufReader::new(stdout),
        })
    }

    pub fn order(&mut self, order: &Value) -> anyhow::Result<Taken> {
        self.say(&order.to_string())?;
        let answer: Value = serde_json::from_str(&self.line()?).context("PHP's answer")?;
        taken(&answer)
    }

    pub fn say(&mut self, line: &str) -> anyhow::Result<()> {
        writeln!(self.stdin, "{line}").context("the PHP process has ended")?;
        self.stdin.flush().context("the PHP process has ended")
    }

    pub fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        anyhow::ensure!(
            !line.is_empty(),
            "the PHP process has ended without an answer; see its message above"
        );
        Ok(line)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Ended already: nothing to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads `wall` or `walls`, and `cpu`.
pub fn taken(answer: &Value) -> anyhow::Result<Taken> {
    let walls = match answer.get("walls").and_then(Value::as_array) {
        Some(walls) => walls.iter().filter_map(Value::as_f64).collect(),
        None => answer
            .get("wall")
            .and_then(Value::as_f64)
            .into_iter()
            .collect(),
    };
    let cpu = answer
        .get("cpu")
        .and_then(Value::as_f64)
        .with_context(|| format!("PHP answered {answer}"))?;
    Ok(Taken { walls, cpu })
}

/// Runs a script to its end and gives what it printed.
pub fn run(mut command: Command, stdin: &[u8]) -> anyhow::Result<String> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("PHP cannot be started")?;
    child
        .stdin
        .take()
        .context("PHP has no stdin")?
        .write_all(stdin)?;
    let output = child.wait_with_output()?;
    anyhow::ensure!(
        output.status.success(),
        "a PHP script has failed; see its message above. {}",
        String::from_utf8_lossy(&output.stdout)
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// The command that runs a script of the bench.
pub fn script(mut command: Command, folder: &Path, name: &str) -> Command {
    command.arg(folder.join(name));
    command
}

/// Runs site.php with an order.
pub fn order_site(setting: &Setting, what: &str, stdin: &str) -> anyhow::Result<String> {
    let mut command = script(site_php(setting, ""), &setting.scripts, "site.php");
    command.arg(&setting.site.wordpress).arg(what);
    run(command, stdin.as_bytes()).with_context(|| format!("site.php {what}"))
}
