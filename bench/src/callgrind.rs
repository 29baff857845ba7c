//! Instructions of a process, counted by callgrind: the same on every machine, whatever else it does.

use std::process::Command;
use std::process::Stdio;

use anyhow::Context as _;

use crate::setting::Setting;

pub struct Counted {
    pub instructions: f64,
    pub stdout: String,
}

/// Runs `command` under callgrind.
pub fn count(setting: &Setting, command: &Command) -> anyhow::Result<Counted> {
    let file = setting.work.join("callgrind.out");
    let mut valgrind = Command::new("valgrind");
    valgrind
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            valgrind.env(name, value);
        }
    }
    let output = valgrind.output().context("valgrind cannot be started")?;
    anyhow::ensure!(
        output.status.success(),
        "under callgrind: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let profile = std::fs::read_to_string(&file).context("callgrind wrote nothing")?;
    let instructions = profile
        .lines()
        .find_map(|line| line.strip_prefix("totals: "))
        .context("callgrind counted nothing")?;
    Ok(Counted {
        instructions: instructions.trim().parse().context("callgrind's count")?,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
    })
}
