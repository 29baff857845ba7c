//! The extension loaded and unused: what it adds to PHP's start, and to a php-fpm worker after the fork.

use std::path::Path;

use anyhow::Context as _;

use crate::callgrind;
use crate::figure::Figure;
use crate::figure::Goal;
use crate::fpm::Fpm;
use crate::php;
use crate::report::Report;
use crate::setting::Setting;
use crate::statistics::Spread;
use crate::statistics::median;

const ROUNDS: usize = 3;
const WORKERS: usize = 4;

/// Reads one of the figures of a worker.
type Part = fn(&Holdings) -> f64;

/// What one php-fpm worker holds.
#[derive(Clone, Copy, Debug, Default)]
struct Holdings {
    private_kib: f64,
    threads: f64,
    files: f64,
}

pub fn measure(setting: &Setting, report: &mut Report) -> anyhow::Result<()> {
    start_up(setting, report)?;
    workers(setting, report)
}

fn start_up(setting: &Setting, report: &mut Report) -> anyhow::Result<()> {
    let ours = [format!("extension={}", setting.extension.display())];
    let curls = ["extension=curl".to_owned()];
    let (mut telemed, mut curl) = (Vec::new(), Vec::new());
    let mut shares = Vec::new();
    for _ in 0..ROUNDS {
        let plain = instructions(setting, &[])?;
        let with_ours = instructions(setting, &ours)? - plain;
        let with_curl = instructions(setting, &curls)? - plain;
        telemed.push(with_ours);
        curl.push(with_curl);
        shares.push(with_ours / with_curl);
    }
    report.add(Figure::new(
        "idle.load_vs_curl",
        "Loaded and unused: instructions added to PHP's start, over those of ext-curl",
        "",
        Goal::AtMost(0.14),
        &shares,
        [
            ("telemed_instructions".to_owned(), median(&telemed)?),
            ("curl_instructions".to_owned(), median(&curl)?),
        ],
    )?);
    Ok(())
}

fn instructions(setting: &Setting, directives: &[String]) -> anyhow::Result<f64> {
    let mut command = php::bare_php(setting, directives);
    command.args(["-r", "echo 1;"]);
    let counted = callgrind::count(setting, &command)?;
    anyhow::ensure!(
        counted.stdout == "1",
        "PHP did not start cleanly: {}",
        counted.stdout
    );
    Ok(counted.instructions)
}

fn workers(setting: &Setting, report: &mut Report) -> anyhow::Result<()> {
    let ours = [format!("extension={}", setting.extension.display())];
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        without.push(holdings(setting, &format!("idle-without-{round}"), &[])?);
        with.push(holdings(setting, &format!("idle-with-{round}"), &ours)?);
    }
    let added = |part: Part| -> Vec<f64> {
        with.iter()
            .zip(&without)
            .map(|(with, without)| part(with) - part(without))
            .collect()
    };
    let of = |list: &[Holdings], part: Part| -> anyhow::Result<f64> {
        median(&list.iter().map(part).collect::<Vec<_>>())
    };
    let figures: [(_, _, _, _, Part); 3] = [
        (
            "idle.rss_kib",
            "Loaded and unused: private memory added per php-fpm worker",
            " KiB",
            Goal::AtMost(256.0),
            |one| one.private_kib,
        ),
        (
            "idle.threads",
            "Loaded and unused: threads added per worker",
            "",
            Goal::Exactly(0.0),
            |one| one.threads,
        ),
        (
            "idle.fds",
            "Loaded and unused: sockets and files opened per worker",
            "",
            Goal::Exactly(0.0),
            |one| one.files,
        ),
    ];
    for (key, what, unit, goal, part) in figures {
        report.add(Figure::new(
            key,
            what,
            unit,
            goal,
            &added(part),
            [
                ("with".to_owned(), of(&with, part)?),
                ("without".to_owned(), of(&without, part)?),
            ],
        )?);
    }
    Ok(())
}

/// The medians over the workers of a pool, each of which has served a request.
fn holdings(setting: &Setting, name: &str, directives: &[String]) -> anyhow::Result<Holdings> {
    let fpm = Fpm::start(setting, name, directives, &["idle"], WORKERS)?;
    // Idle workers take turns.
    for _ in 0..WORKERS * 4 {
        fpm.request(setting, "idle", "idle.php", &[])?;
    }
    let all = fpm
        .workers()?
        .into_iter()
        .map(holdings_of)
        .collect::<anyhow::Result<Vec<_>>>()?;
    anyhow::ensure!(all.len() == WORKERS, "php-fpm has lost a worker");
    let middle = |part: Part| -> anyhow::Result<f64> {
        Ok(Spread::of(&all.iter().map(part).collect::<Vec<_>>())?.median)
    };
    Ok(Holdings {
        private_kib: middle(|one| one.private_kib)?,
        threads: middle(|one| one.threads)?,
        files: middle(|one| one.files)?,
    })
}

fn holdings_of(pid: u32) -> anyhow::Result<Holdings> {
    let process = format!("/proc/{pid}");
    let memory = std::fs::read_to_string(format!("{process}/smaps_rollup"))?;
    Ok(Holdings {
        private_kib: field(&memory, "Private_Clean:")? + field(&memory, "Private_Dirty:")?,
        threads: entries(&format!("{process}/task"))?,
        files: entries(&format!("{process}/fd"))?,
    })
}

fn field(text: &str, name: &str) -> anyhow::Result<f64> {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .and_then(|rest| rest.split_whitespace().next())
        .with_context(|| format!("{name} is missing"))?
        .parse()
        .with_context(|| format!("{name} is no number"))
}

fn entries(folder: &str) -> anyhow::Result<f64> {
    let count = std::fs::read_dir(Path::new(folder))?.count();
    Ok(f64::from(u32::try_from(count)?))
}
