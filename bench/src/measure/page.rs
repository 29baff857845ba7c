//! A WordPress front-end page with and without the plugin: queries, counted at the database, and instructions, counted by
//! callgrind on php-cgi with its compiled scripts kept, as every server keeps them.

use std::process::Command;

use anyhow::Context as _;

use crate::callgrind;
use crate::figure::Figure;
use crate::figure::Goal;
use crate::php;
use crate::report::Report;
use crate::setting::Setting;
use crate::statistics::median;
use crate::statistics::ratios;

const ROUNDS: usize = 2;
/// The page is rendered once to compile the scripts, and so often to be counted.
const PAGES: u32 = 2;

#[derive(Default)]
struct Pages {
    queries: Vec<f64>,
    instructions: Vec<f64>,
}

pub fn measure(setting: &Setting, report: &mut Report) -> anyhow::Result<()> {
    let (mut with, mut without) = (Pages::default(), Pages::default());
    let outcome = rounds(setting, &mut with, &mut without);
    php::order_site(setting, "activate", "")?;
    outcome?;
    let added: Vec<f64> = with
        .queries
        .iter()
        .zip(&without.queries)
        .map(|(with, without)| with - without)
        .collect();
    report.add(Figure::new(
        "page.queries",
        "A front-end page: queries added by the plugin",
        "",
        Goal::Exactly(0.0),
        &added,
        [
            ("with".to_owned(), median(&with.queries)?),
            ("without".to_owned(), median(&without.queries)?),
        ],
    )?);
    report.add(Figure::new(
        "page.ratio",
        "A front-end page: instructions with the plugin over without",
        "",
        Goal::AtMost(1.02),
        &ratios(&with.instructions, &without.instructions)?,
        [
            ("with_instructions".to_owned(), median(&with.instructions)?),
            (
                "without_instructions".to_owned(),
                median(&without.instructions)?,
            ),
        ],
    )?);
    Ok(())
}

fn rounds(setting: &Setting, with: &mut Pages, without: &mut Pages) -> anyhow::Result<()> {
    for _ in 0..ROUNDS {
        php::order_site(setting, "deactivate", "")?;
        one(setting, without)?;
        php::order_site(setting, "activate", "")?;
        one(setting, with)?;
    }
    Ok(())
}

fn one(setting: &Setting, pages: &mut Pages) -> anyhow::Result<()> {
    // Once for whatever a change of plugins makes WordPress do.
    render(setting, 1)?;
    let before = questions(setting)?;
    render(setting, 1)?;
    let after = questions(setting)?;
    pages.queries.push(after - before);
    let first = callgrind::count(setting, &page(setting, 1)?)?;
    let more = callgrind::count(setting, &page(setting, 1 + PAGES)?)?;
    check(&first.stdout, 1)?;
    check(&more.stdout, 1 + PAGES)?;
    pages
        .instructions
        .push((more.instructions - first.instructions) / f64::from(PAGES));
    Ok(())
}

fn render(setting: &Setting, times: u32) -> anyhow::Result<()> {
    let output = page(setting, times)?.output()?;
    check(&String::from_utf8_lossy(&output.stdout), times)
}

/// php-cgi that renders the front page so many times in one process.
fn page(setting: &Setting, times: u32) -> anyhow::Result<Command> {
    let mut command = php::site_php(setting, "-cgi");
    let host = setting
        .site
        .url
        .strip_prefix("http://")
        .context("the site's address")?;
    command
        // Compiled scripts come from files that the first rendering writes; under callgrind compiling takes half a minute.
        .args([
            "-q",
            "-d",
            "max_execution_time=0",
            "-d",
            "opcache.enable=1",
            "-d",
        ])
        .arg(format!("opcache.file_cache={}", setting.work.display()))
        .arg("-d")
        .arg(format!(
            "auto_prepend_file={}",
            setting.scripts.join("front-page.php").display()
        ))
        .args(["-T", &times.to_string()])
        .arg(setting.site.wordpress.join("index.php"))
        .env("HTTP_HOST", host)
        .env("REQUEST_URI", "/");
    Ok(command)
}

fn check(html: &str, times: u32) -> anyhow::Result<()> {
    let pages = html.matches("</html>").count();
    anyhow::ensure!(
        pages == usize::try_from(times)? && html.contains("Example Clinic"),
        "php-cgi gave {pages} pages in place of {times}: {}",
        html.chars().take(500).collect::<String>()
    );
    Ok(())
}

/// Statements that the database has seen so far, of all connections. Asking costs the same each time.
fn questions(setting: &Setting) -> anyhow::Result<f64> {
    let output = Command::new("mariadb")
        .arg("--no-defaults")
        .arg(format!("--socket={}", setting.site.db.socket.display()))
        .args([
            "--user=root",
            "-N",
            "-e",
            "SHOW GLOBAL STATUS LIKE 'Questions'",
        ])
        .output()
        .context("the database's client cannot be started")?;
    let text = String::from_utf8(output.stdout)?;
    text.split_whitespace()
        .last()
        .context("the database counts no statements")?
        .parse()
        .context("the database's count")
}
