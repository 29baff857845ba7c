//! Measures `telemed` side by side with what a site would use instead and with the limit of physics. `scripts/bench` starts it,
//! with fake-zoom and a WordPress site that are up already.
//!
//! Each figure is a median of interleaved runs: in every round each contender does the same work, and a comparison is the ratio
//! within the round. After every piece of work the meetings are counted at fake-zoom; a contender that erred ends the run.

mod bare_client;
mod callgrind;
mod fake_zoom;
mod figure;
mod fpm;
mod library_client;
mod machine;
mod measure;
mod php;
mod plot;
mod relay;
mod report;
mod setting;
mod site;
mod stage;
mod statistics;
mod table;

use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use clap::Parser;

use crate::report::Report;
use crate::setting::Setting;

#[derive(Parser)]
struct Arguments {
    /// The extension.
    #[arg(long)]
    extension: PathBuf,
    /// The folder bench/php.
    #[arg(long)]
    scripts: PathBuf,
    /// state.json of the site.
    #[arg(long)]
    site: PathBuf,
    /// Where to write.
    #[arg(long)]
    out: PathBuf,
    /// Such as 8.2.
    #[arg(long)]
    php_version: String,
    /// Only these measures; all where none is named.
    measures: Vec<String>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let started = Instant::now();
    let setting = Setting::new(
        &arguments.extension,
        arguments.scripts,
        &arguments.site,
        arguments.out,
        arguments.php_version,
    )?;
    let mut report = Report::new(machine::describe(&setting)?);
    for (name, measure) in measure::all() {
        if !arguments.measures.is_empty() && !arguments.measures.iter().any(|asked| asked == name) {
            continue;
        }
        let begun = Instant::now();
        setting.zoom.reset()?;
        measure(&setting, &mut report).with_context(|| format!("the measure '{name}' failed"))?;
        note(&format!("{name}: {:.0} s", begun.elapsed().as_secs_f64()))?;
    }
    report.seconds = started.elapsed().as_secs_f64();
    write(&setting.out, "report.json", &report.json()?)?;
    write(&setting.out, "report.svg", &plot::draw(&report))?;
    note(&table::render(&report))
}

fn write(folder: &Path, name: &str, text: &str) -> anyhow::Result<()> {
    std::fs::write(folder.join(name), text).with_context(|| format!("{name} cannot be written"))
}

/// Tells the person who waits.
fn note(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}").context("stdout is closed")
}
