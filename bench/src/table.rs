//! The table for the terminal, in Markdown, so that it can be copied.

use std::fmt::Write as _;

use crate::figure::Goal;
use crate::report::Report;

pub fn render(report: &Report) -> String {
    let mut text = String::from(
        "\n| what | key | measured | min to max | goal | |\n|---|---|--:|--:|--:|---|\n",
    );
    for figure in &report.figures {
        let _ = writeln!(
            text,
            "| {} | `{}` | {}{} | {} to {} | {} | {} |",
            figure.what,
            figure.key,
            number(figure.value),
            figure.unit,
            number(figure.min),
            number(figure.max),
            figure.goal.text(),
            match figure.goal {
                Goal::Explains(_) => "",
                _ if figure.reached => "reached",
                _ => "**missed**",
            },
        );
    }
    let missed = report.figures.iter().filter(|figure| !figure.reached);
    let _ = write!(
        text,
        "\n{} figures, {} missed, in {:.0} s",
        report.figures.len(),
        missed.count(),
        report.seconds
    );
    text
}

/// Three significant digits are what a shared machine can give.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if (value - value.round()).abs() < 1e-9 || size >= 100.0 {
        format!("{value:.0}")
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else if size >= 1.0 {
        format!("{value:.2}")
    } else {
        format!("{value:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_short() {
        assert_eq!(number(0.0), "0");
        assert_eq!(number(1.0), "1");
        assert_eq!(number(0.123_45), "0.123");
        assert_eq!(number(1.234), "1.23");
        assert_eq!(number(12.34), "12.3");
        assert_eq!(number(123.4), "123");
    }
}
