//! On what the figures were taken.

use std::process::Command;

use jiff::Timestamp;
use serde_json::Value;
use serde_json::json;

use crate::setting::Setting;

pub fn describe(setting: &Setting) -> anyhow::Result<Value> {
    let cpu = std::fs::read_to_string("/proc/cpuinfo")?
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map(|rest| rest.trim_start_matches([' ', '\t', ':']).to_owned());
    let first_line = |command: &mut Command| -> anyhow::Result<String> {
        let text = String::from_utf8(command.output()?.stdout)?;
        Ok(text.lines().next().unwrap_or_default().to_owned())
    };
    let wordpress =
        std::fs::read_to_string(setting.site.wordpress.join("wp-includes/version.php"))?;
    let wordpress = wordpress
        .lines()
        .find_map(|line| line.strip_prefix("$wp_version = '"))
        .map(|rest| rest.trim_end_matches("';").to_owned());
    Ok(json!({
        "at": Timestamp::now().to_string(),
        "cpu": cpu,
        "cores": std::thread::available_parallelism()?.get(),
        "kernel": first_line(Command::new("uname").arg("-sr"))?,
        "php": first_line(Command::new(setting.php("")).arg("-v"))?,
        "wordpress": wordpress,
    }))
}
