//! The plot for people: bars of time on a logarithmic scale, and how far each figure is from the border of its goal.

use std::fmt::Write as _;

use crate::figure::Figure;
use crate::report::Report;
use crate::report::Times;
use crate::statistics::Spread;
use crate::table::number;

const WIDTH: f64 = 980.0;
/// Where bars begin; names stand left of it.
const LEFT: f64 = 270.0;
/// Room right of the bars for their numbers.
const RIGHT: f64 = 150.0;
const ROW: f64 = 22.0;
const BAR: f64 = 14.0;
const OURS: &str = "#1b6ac9";
const LIMIT: &str = "#3a3a3a";
const OTHERS: &str = "#b9bec6";
const REACHED: &str = "#2e8540";
const MISSED: &str = "#c9302c";

/// An SVG that grows downwards.
struct Canvas {
    y: f64,
    body: String,
}

pub fn draw(report: &Report) -> String {
    let mut canvas = Canvas {
        y: 34.0,
        body: String::new(),
    };
    canvas.text(20.0, 20.0, "bold", "telemed, measured side by side");
    for (round_trip, times) in &report.create {
        canvas.heading(&format!(
            "Create one meeting, {round_trip} ms round trip (milliseconds, logarithmic; line: min to max)"
        ));
        canvas.bars(times, 1_000.0, " ms");
    }
    if !report.bulk.is_empty() {
        canvas.heading(
            "Create 200 meetings, 20 ms round trip (seconds, logarithmic; line: min to max)",
        );
        canvas.bars(&report.bulk, 1.0, " s");
    }
    if !report.figures.is_empty() {
        canvas.heading("Each figure against its goal (left of the line: reached; logarithmic)");
        canvas.goals(&report.figures);
    }
    let height = canvas.y + 16.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{}</svg>\n",
        canvas.body
    )
}

/// Maps values to places between the ends of a logarithmic scale.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn place(&self, value: f64) -> f64 {
        let share = (value.max(self.low) / self.low).ln() / (self.high / self.low).ln();
        LEFT + share.clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }
}

impl Canvas {
    fn heading(&mut self, text: &str) {
        self.y += 18.0;
        self.text(20.0, self.y, "bold", text);
        self.y += 10.0;
    }

    fn bars(&mut self, times: &Times, factor: f64, unit: &str) {
        let scale = Scale {
            low: smallest(times) * factor / 2.0,
            high: largest(times) * factor,
        };
        let mut rows: Vec<(&String, &Spread)> = times.iter().collect();
        rows.sort_by(|(_, a), (_, b)| a.median.total_cmp(&b.median));
        for (name, spread) in rows {
            let color = if name.starts_with("the limit") {
                LIMIT
            } else if name.starts_with("telemed") || name.starts_with("createMeetings") {
                OURS
            } else {
                OTHERS
            };
            self.label(name);
            let end = scale.place(spread.median * factor);
            self.bar(LEFT, end, color);
            let (min, max) = (
                scale.place(spread.min * factor),
                scale.place(spread.max * factor),
            );
            let middle = self.y + ROW / 2.0;
            let _ = writeln!(
                self.body,
                "<line x1=\"{min:.1}\" x2=\"{max:.1}\" y1=\"{middle:.1}\" y2=\"{middle:.1}\" stroke=\"#f0a030\" stroke-width=\"2\"/>"
            );
            let text = format!("{}{unit}", number(spread.median * factor));
            self.text(end.max(max) + 6.0, self.y + 15.0, "normal", &text);
            self.y += ROW;
        }
    }

    fn goals(&mut self, figures: &[Figure]) {
        let scale = Scale {
            low: 0.02,
            high: 4.0,
        };
        let top = self.y;
        for figure in figures {
            let Some(used) = figure.goal.used(figure.value) else {
                continue;
            };
            self.label(figure.key);
            let end = scale.place(used);
            self.bar(LEFT, end, if figure.reached { REACHED } else { MISSED });
            let text = format!(
                "{}{} (goal: {})",
                number(figure.value),
                figure.unit,
                figure.goal.text()
            );
            self.text(
                end.max(scale.place(1.0)) + 6.0,
                self.y + 15.0,
                "normal",
                &text,
            );
            self.y += ROW;
        }
        let goal = scale.place(1.0);
        let bottom = self.y;
        let _ = writeln!(
            self.body,
            "<line x1=\"{goal:.1}\" x2=\"{goal:.1}\" y1=\"{top:.1}\" y2=\"{bottom:.1}\" stroke=\"black\" stroke-dasharray=\"4 3\"/>"
        );
    }

    fn bar(&mut self, from: f64, to: f64, color: &str) {
        let (y, width) = (self.y + (ROW - BAR) / 2.0, (to - from).max(1.0));
        let _ = writeln!(
            self.body,
            "<rect x=\"{from:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BAR}\" fill=\"{color}\"/>"
        );
    }

    /// A name, right-aligned before its bar.
    fn label(&mut self, text: &str) {
        let (x, y) = (LEFT - 8.0, self.y + 15.0);
        let _ = writeln!(
            self.body,
            "<text x=\"{x}\" y=\"{y:.1}\" text-anchor=\"end\">{}</text>",
            escape(text)
        );
    }

    fn text(&mut self, x: f64, y: f64, weight: &str, text: &str) {
        let _ = writeln!(
            self.body,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-weight=\"{weight}\">{}</text>",
            escape(text)
        );
    }
}

fn smallest(times: &Times) -> f64 {
    times.values().map(|one| one.min).fold(f64::MAX, f64::min)
}

fn largest(times: &Times) -> f64 {
    times.values().map(|one| one.max).fold(0.0, f64::max)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
