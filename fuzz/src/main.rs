//! A fuzzer for the stable toolchain: mutates a corpus of Zoom's own examples and feeds it to everything that parses what a
//! store or Zoom returns.
//!
//! ```text
//! cargo run --profile sim -p telemed-fuzz -- [SECONDS [TARGET [SEED]]]     all targets share the time, 20 s, unless told otherwise
//! cargo run --profile sim -p telemed-fuzz -- repeat TARGET FILE            runs one input again
//! ```
//!
//! A target fails by a panic (debug builds check every overflow), by asking Zoom without end, or by a secret in an error. The
//! input is then written to target/fuzz/ and printed with the command that repeats it. Without coverage to guide it, it leans
//! on structure: JSON stays JSON for most inputs, with values of the wrong type, size or sign in it.

mod mutate;
mod targets;
mod world;

use std::io::Write as _;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use anyhow::Context as _;
use anyhow::Result;
use anyhow::bail;

use crate::mutate::Mutator;
use crate::targets::TARGETS;
use crate::targets::Target;

const DEFAULT_SECONDS: u64 = 20;
/// So many inputs are fed between two looks at the clock.
const INPUTS_PER_LOOK_AT_THE_CLOCK: u32 = 50;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["repeat", target, file] = words.as_slice() {
        let input = std::fs::read(file).with_context(|| format!("{file} cannot be read"))?;
        return repeat(find(target)?, &input);
    }
    let number = |at: usize, default| {
        words
            .get(at)
            .map_or(Ok(default), |word| word.parse::<u64>())
    };
    let seconds = number(0, DEFAULT_SECONDS).context("SECONDS is no number")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let seed = number(2, now).context("SEED is no number")?;
    let chosen = match words.get(1) {
        None | Some(&"all") => TARGETS.iter().collect(),
        Some(name) => vec![find(name)?],
    };
    let share = Duration::from_secs(seconds) / u32::try_from(chosen.len())?;
    let mut out = std::io::stdout();
    for target in chosen {
        let count = fuzz(target, share, seed)?;
        writeln!(out, "{:>10}: {count} inputs (seed {seed})", target.name)?;
    }
    Ok(())
}

fn find(name: &str) -> Result<&'static Target> {
    TARGETS
        .iter()
        .find(|target| target.name == name)
        .with_context(|| {
            let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
            format!("there is no target {name}: {}", names.join(", "))
        })
}

/// Runs one input as it is; a panic is shown whole.
fn repeat(target: &Target, input: &[u8]) -> Result<()> {
    (target.run)(input).map_err(anyhow::Error::msg)
}

/// Feeds mutants for so long. Gives how many.
fn fuzz(target: &Target, time: Duration, seed: u64) -> Result<u64> {
    let corpus = corpus(target)?;
    for input in &corpus {
        feed(target, input)?;
    }
    let mut mutator = Mutator::new(seed, corpus);
    let begun = Instant::now();
    let mut count = 0;
    // Panics are reported with their input, below.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut outcome = Ok(());
    while outcome.is_ok() && begun.elapsed() < time {
        for _ in 0..INPUTS_PER_LOOK_AT_THE_CLOCK {
            outcome = feed(target, &mutator.next_input());
            count += 1;
            if outcome.is_err() {
                break;
            }
        }
    }
    std::panic::set_hook(hook);
    outcome.map(|()| count)
}

/// One input; its failure tells how to see it again.
fn feed(target: &Target, input: &[u8]) -> Result<()> {
    let failure = match catch_unwind(AssertUnwindSafe(|| (target.run)(input))) {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(failure)) => failure,
        Err(panic) => panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "it panicked".to_owned()),
    };
    let folder = root().join("target/fuzz");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join(format!("{}-{}", target.name, std::process::id()));
    std::fs::write(&file, input)?;
    bail!(
        "{}: {failure}\ninput: {}\nrepeat with: cargo run --profile sim -p telemed-fuzz -- repeat {} {}",
        target.name,
        String::from_utf8_lossy(input).escape_debug(),
        target.name,
        file.display()
    )
}

fn corpus(target: &Target) -> Result<Vec<Vec<u8>>> {
    let folder = root().join("fuzz/corpus").join(target.corpus);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .with_context(|| format!("{} cannot be read", folder.display()))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    let read = files.iter().map(|file| Ok(std::fs::read(file)?));
    read.collect()
}

fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}
