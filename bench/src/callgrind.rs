//! Instructions of a process, counted by callgrind: the same whatever else the machine does, and whatever the shell has in its
//! environment, from which the heap's place would follow.

use std::process::Command;
use std::process::Stdio;

use anyhow::Context as _;

use crate::setting::Setting;

pub struct Counted {
    pub instructions: f64,
    pub stdout: String,
}

/// glibc consolidates its fast bins when a freed block coalesces to more than 64 KiB. Whether that happens, and at the end of
/// PHP it costs half a million instructions, hangs on where the heap's top lies. Without fast bins it never does.
const WITHOUT_FAST_BINS: (&str, &str) = ("GLIBC_TUNABLES", "glibc.malloc.mxfast=0");

/// Runs `command` under callgrind. Of the environment it sees what `command` sets itself, and `PATH`.
pub fn count(setting: &Setting, command: &Command) -> anyhow::Result<Counted> {
    let file = setting.work.join("callgrind.out");
    let mut valgrind = in_bare_environment("valgrind", command);
    valgrind
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null());
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

/// `program`, which sees `PATH`, [`WITHOUT_FAST_BINS`] and what `command` sets, and nothing else of the environment.
fn in_bare_environment(program: &str, command: &Command) -> Command {
    let set = command
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    let mut bare = Command::new(program);
    bare.env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env(WITHOUT_FAST_BINS.0, WITHOUT_FAST_BINS.1)
        .envs(set);
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    /// cargo, which runs this, sets dozens of variables.
    #[test]
    fn what_is_counted_sees_nothing_of_the_environment() -> anyhow::Result<()> {
        let mut command = Command::new("any");
        command.env("PHP_INI_SCAN_DIR", "/conf").env_remove("LANG");
        let output = in_bare_environment("env", &command).output()?;
        let text = String::from_utf8(output.stdout)?;
        let mut lines: Vec<&str> = text.lines().collect();
        lines.retain(|line| !line.starts_with("PATH="));
        lines.sort_unstable();
        assert_eq!(
            lines,
            [
                "GLIBC_TUNABLES=glibc.malloc.mxfast=0",
                "PHP_INI_SCAN_DIR=/conf"
            ]
        );
        Ok(())
    }
}
