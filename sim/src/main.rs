//! The simulation's command line.
//!
//! ```text
//! cargo run --profile sim -p telemed-sim -- --lives N [--seed S]              lives drawn by chance
//! cargo run --profile sim -p telemed-sim -- enumerate [--deviations K]        every life of a kind
//! cargo run --profile sim -p telemed-sim -- replay LIST                       one life, and all that happens in it
//! cargo run --profile sim -p telemed-sim -- --lives N [--seed S] scripts      quieter lives, for PHP's loop to live them again
//! ```
//!
//! It ends with 1 when something was damaged; then it prints the shortest list of choices that still does it.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use anyhow::Result;
use clap::Parser;
use clap::Subcommand;

use telemed_sim::choices::Choices;
use telemed_sim::choices::List;
use telemed_sim::life::live;
use telemed_sim::run;
use telemed_sim::run::Total;
use telemed_sim::script;
use telemed_sim::shrink::shrunk;
use telemed_sim::template::Template;
use telemed_sim::verdict::Damage;

/// Lives of visits in bad weather.
#[derive(Parser)]
struct Arguments {
    /// How many lives are drawn
    #[arg(long, default_value_t = 10_000)]
    lives: u64,
    /// From which seed; without it, from a new one
    #[arg(long)]
    seed: Option<u64>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Every life with a booking, a few wishes, and every set of a few deviations from the plain way
    Enumerate {
        /// How many deviations at most
        #[arg(long, default_value_t = 2)]
        deviations: usize,
        /// How many wishes after the booking at most
        #[arg(long, default_value_t = 2)]
        wishes: usize,
    },
    /// Lives for another loop to live them again: a line of JSON each
    Scripts,
    /// One life, and all that happens in it
    Replay {
        /// The choices, as they are printed
        list: List,
    },
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let mut out = std::io::stdout();
    match arguments.command {
        None => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
            let seed = arguments.seed.unwrap_or(now);
            writeln!(out, "{} lives, seed {seed}", arguments.lives)?;
            let begins = Instant::now();
            let total = run::drawn(arguments.lives, seed, None, false)?;
            tell(&total, begins.elapsed())
        }
        Some(Command::Enumerate { deviations, wishes }) => {
            let begins = Instant::now();
            let total = run::enumerated(wishes, deviations, None, false)?;
            tell(&total, begins.elapsed())
        }
        Some(Command::Scripts) => {
            let seed = arguments.seed.unwrap_or(1);
            let mut out = std::io::BufWriter::new(out);
            script::scripts(arguments.lives, seed, &mut |script| {
                Ok(writeln!(out, "{script}")?)
            })?;
            out.flush()?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Replay { list }) => {
            let template = Rc::new(Template::new()?);
            let report = live(&template, Choices::listed(&list), None, true);
            for line in report.trace {
                writeln!(out, "{line}")?;
            }
            Ok(end(&report.damages))
        }
    }
}

fn tell(total: &Total, time: Duration) -> Result<ExitCode> {
    let mut out = std::io::stdout();
    let per = |count: u64| {
        let lives = u32::try_from(total.lives.max(1)).unwrap_or(u32::MAX);
        f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / f64::from(lives)
    };
    let lives = f64::from(u32::try_from(total.lives).unwrap_or(u32::MAX));
    writeln!(
        out,
        "{} lives in {:.1} s: {:.0} lives a second; {:.1} exchanges and {:.1} e-mails each",
        total.lives,
        time.as_secs_f64(),
        lives / time.as_secs_f64(),
        per(total.exchanges),
        per(total.letters),
    )?;
    if total.excused > 0 {
        let excused = total.excused;
        writeln!(
            out,
            "{excused} of them were short of a meeting's order until the night, in weather that nobody can survive"
        )?;
    }
    let template = Rc::new(Template::new()?);
    let mut lists: BTreeMap<&Damage, List> = BTreeMap::new();
    for (damage, (count, number, list)) in &total.damages {
        let list = shrunk(&template, list.clone(), damage, None);
        writeln!(
            out,
            "{damage:?}: {count} lives, the first is {number}: {list}"
        )?;
        lists.insert(damage, list);
    }
    if let Some((_, list)) = lists.iter().min_by_key(|(_, list)| list.weight()) {
        writeln!(out, "\n{list}")?;
        for line in live(&template, Choices::listed(list), None, true).trace {
            writeln!(out, "{line}")?;
        }
    }
    let damages: Vec<Damage> = total.damages.keys().cloned().collect();
    Ok(end(&damages))
}

fn end(damages: &[Damage]) -> ExitCode {
    if damages.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
