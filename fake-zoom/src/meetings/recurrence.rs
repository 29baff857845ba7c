//! Recurring meetings with a fixed time (type 8): the rule, and the occurrences that follow from it.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use serde_json::{Value, json};

use super::{INVALID, MISSING};
use crate::clock::utc;

/// The documentation speaks of at most 50 occurrences.
const MOST: usize = 50;

const DAILY: i64 = 1;
const WEEKLY: i64 = 2;
const MONTHLY: i64 = 3;

/// What is wrong with a rule, by dotted path.
pub fn errors(rule: &Value) -> Vec<(String, &'static str)> {
    let mut errors = Vec::new();
    let mut wrong = |name: &str, message| errors.push((format!("recurrence.{name}"), message));
    let kind = integer(rule, "type");
    match kind {
        Some(DAILY | WEEKLY | MONTHLY) => {}
        None if rule.get("type").is_none() => wrong("type", MISSING),
        _ => wrong("type", INVALID),
    }
    let most = match kind {
        Some(WEEKLY) => 50,
        Some(MONTHLY) => 10,
        _ => 99,
    };
    for (name, range) in [
        ("repeat_interval", 1..=most),
        ("end_times", 0..=60),
        ("monthly_day", 1..=31),
        ("monthly_week", -1..=4),
        ("monthly_week_day", 1..=7),
    ] {
        if rule.get(name).is_some()
            && !integer(rule, name).is_some_and(|value| range.contains(&value))
        {
            wrong(name, INVALID);
        }
    }
    let end = rule.get("end_date_time");
    if end.is_some() && (rule.get("end_times").is_some() || end_of(rule).is_none()) {
        wrong("end_date_time", INVALID);
    }
    if rule.get("weekly_days").is_some() && weekly_days(rule).is_empty() {
        wrong("weekly_days", INVALID);
    }
    errors
}

/// The occurrences, at the same wall time each, in the meeting's zone.
pub fn occurrences(rule: &Value, start: Timestamp, minutes: i64, timezone: &str) -> Vec<Value> {
    let zone = TimeZone::get(timezone).unwrap_or(TimeZone::UTC);
    let first = start.to_zoned_datetime(zone.clone());
    let (time, begin) = (first.time(), first.date());
    let interval = integer(rule, "repeat_interval").unwrap_or(1).max(1);
    let end = end_of(rule);
    let wanted = match (end, integer(rule, "end_times")) {
        (Some(_), _) | (None, Some(0)) => MOST,
        (None, times) => usize::try_from(times.unwrap_or(1)).unwrap_or(1).min(MOST),
    };
    let mut found = Vec::new();
    for round in 0..1000_i64 {
        for date in dates_of_round(rule, begin, round * interval) {
            let Ok(zoned) = date.to_datetime(time).to_zoned_datetime(zone.clone()) else {
                continue;
            };
            let at = zoned.timestamp();
            if at < start || found.len() >= wanted || end.is_some_and(|end| at > end) {
                continue;
            }
            found.push(json!({
                "occurrence_id": at.as_millisecond().to_string(),
                "start_time": utc(at), "duration": minutes, "status": "available",
            }));
        }
        if found.len() >= wanted
            || end.is_some_and(|end| crate::clock::after(start, round * interval * 86_400) > end)
        {
            break;
        }
    }
    found
}

/// The dates of one day, week or month, `steps` of them after the first.
fn dates_of_round(rule: &Value, begin: Date, steps: i64) -> Vec<Date> {
    let shift = |span: Result<Span, jiff::Error>| span.and_then(|span| begin.checked_add(span));
    match integer(rule, "type") {
        Some(WEEKLY) => {
            let sunday = begin
                .checked_sub(i64::from(begin.weekday().to_sunday_zero_offset()).days())
                .and_then(|sunday| sunday.checked_add(Span::new().try_weeks(steps)?));
            let Ok(sunday) = sunday else {
                return Vec::new();
            };
            let mut days = weekly_days(rule);
            if days.is_empty() {
                days.push(i64::from(begin.weekday().to_sunday_zero_offset()) + 1);
            }
            days.into_iter()
                .filter_map(|day| sunday.checked_add((day - 1).days()).ok())
                .collect()
        }
        Some(MONTHLY) => {
            let Ok(month) = Span::new()
                .try_months(steps)
                .and_then(|span| begin.first_of_month().checked_add(span))
            else {
                return Vec::new();
            };
            let date = if let (Some(week), Some(day)) = (
                integer(rule, "monthly_week"),
                integer(rule, "monthly_week_day"),
            ) {
                let weekday = i8::try_from(day - 1)
                    .ok()
                    .and_then(|day| Weekday::from_sunday_zero_offset(day).ok());
                weekday
                    .zip(i8::try_from(week).ok())
                    .and_then(|(weekday, week)| month.nth_weekday_of_month(week, weekday).ok())
            } else {
                let day = integer(rule, "monthly_day").unwrap_or_else(|| i64::from(begin.day()));
                i8::try_from(day)
                    .ok()
                    .and_then(|day| Date::new(month.year(), month.month(), day).ok())
            };
            date.into_iter().collect()
        }
        _ => shift(Span::new().try_days(steps)).into_iter().collect(),
    }
}

fn integer(rule: &Value, name: &str) -> Option<i64> {
    rule.get(name).and_then(Value::as_i64)
}

fn end_of(rule: &Value) -> Option<Timestamp> {
    let text = rule.get("end_date_time")?.as_str()?;
    text.ends_with('Z').then(|| text.parse().ok()).flatten()
}

/// "1,3" as numbers, 1 = Sunday; empty when anything in it is wrong.
fn weekly_days(rule: &Value) -> Vec<i64> {
    let text = rule
        .get("weekly_days")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let days: Option<Vec<i64>> = text
        .split(',')
        .map(|day| day.trim().parse().ok().filter(|day| (1..=7).contains(day)))
        .collect();
    let mut days = days.unwrap_or_default();
    days.sort_unstable();
    days.dedup();
    days
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(rule: &Value, start: &str, zone: &str) -> Vec<String> {
        occurrences(rule, start.parse().unwrap(), 30, zone)
            .iter()
            .map(|occurrence| occurrence["start_time"].as_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn the_example_of_the_reference() {
        let rule = json!({"type": 2, "repeat_interval": 1, "weekly_days": "2", "end_times": 2});
        let found = occurrences(
            &rule,
            "2026-12-07T14:00:00Z".parse().unwrap(),
            30,
            "Europe/Berlin",
        );
        assert_eq!(found[0]["occurrence_id"], "1796652000000");
        assert_eq!(found[1]["occurrence_id"], "1797256800000");
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn rules() {
        for (rule, start, zone, expected) in [
            // The wall time stays through the change of the clocks.
            (
                json!({"type": 1, "end_times": 2}),
                "2026-10-24T08:00:00Z",
                "Europe/Berlin",
                vec!["2026-10-24T08:00:00Z", "2026-10-25T09:00:00Z"],
            ),
            (
                json!({"type": 1, "repeat_interval": 2, "end_date_time": "2026-12-05T23:00:00Z"}),
                "2026-12-01T10:00:00Z",
                "UTC",
                vec![
                    "2026-12-01T10:00:00Z",
                    "2026-12-03T10:00:00Z",
                    "2026-12-05T10:00:00Z",
                ],
            ),
            (
                json!({"type": 2, "weekly_days": "1,4", "end_times": 3}),
                "2026-12-02T10:00:00Z",
                "UTC",
                vec![
                    "2026-12-02T10:00:00Z",
                    "2026-12-06T10:00:00Z",
                    "2026-12-09T10:00:00Z",
                ],
            ),
            (
                json!({"type": 3, "monthly_day": 31, "end_times": 2}),
                "2026-12-31T10:00:00Z",
                "UTC",
                vec!["2026-12-31T10:00:00Z", "2027-01-31T10:00:00Z"],
            ),
            (
                json!({"type": 3, "monthly_week": -1, "monthly_week_day": 6, "end_times": 2}),
                "2026-12-01T10:00:00Z",
                "UTC",
                vec!["2026-12-25T10:00:00Z", "2027-01-29T10:00:00Z"],
            ),
        ] {
            assert_eq!(starts(&rule, start, zone), expected, "{rule}");
        }
    }

    #[test]
    fn wrong_rules_name_the_field() {
        for (rule, field) in [
            (json!({}), "recurrence.type"),
            (
                json!({"type": 2, "repeat_interval": 51}),
                "recurrence.repeat_interval",
            ),
            (json!({"type": 1, "end_times": 61}), "recurrence.end_times"),
            (
                json!({"type": 1, "end_times": 1, "end_date_time": "2026-12-05T23:00:00Z"}),
                "recurrence.end_date_time",
            ),
            (
                json!({"type": 2, "weekly_days": "0"}),
                "recurrence.weekly_days",
            ),
        ] {
            assert_eq!(
                errors(&rule).first().map(|(field, _)| field.as_str()),
                Some(field),
                "{rule}"
            );
        }
    }
}
