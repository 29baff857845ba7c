//! A visit as an iCalendar message (RFC 5545, RFC 5546): one event that calendars add, move and remove by its UID and sequence.

use std::fmt::Write as _;

use jiff::Timestamp;

/// In octets, without the line break (RFC 5545, 3.1).
const LINE_OCTETS: usize = 75;

/// What a message says.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Whether the visit is off, or another's.
    pub is_off: bool,
    /// What names the visit through all changes: see [`uid`].
    pub uid: &'a str,
    /// Calendars keep what has the higher one.
    pub sequence: u32,
    /// When the message was written.
    pub written_at: Timestamp,
    /// When the visit begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// Neutral: calendars are shared.
    pub summary: &'a str,
    /// The e-mail that the message comes from.
    pub organizer: &'a str,
    /// The clinic's name.
    pub clinic: &'a str,
    /// The e-mail of the one recipient: nobody learns of another's.
    pub attendee: &'a str,
    /// Where it is held; `None` where that is not told.
    pub link: Option<&'a str>,
    /// Name and version of the program.
    pub program: &'a str,
}

/// The UID of a visit: the site's id and the visit's number, the same through every change.
#[must_use]
pub fn uid(site: &str, visit: i64) -> String {
    format!("telemed-{site}-{visit}")
}

impl Message<'_> {
    /// The message as it is sent, with CRLF at the end of each line.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = vec![
            "BEGIN:VCALENDAR".to_owned(),
            "VERSION:2.0".to_owned(),
            format!("PRODID:-//{}//EN", text(self.program)),
            "CALSCALE:GREGORIAN".to_owned(),
            format!("METHOD:{}", if self.is_off { "CANCEL" } else { "REQUEST" }),
            "BEGIN:VEVENT".to_owned(),
            format!("UID:{}", text(self.uid)),
            format!("SEQUENCE:{}", self.sequence),
            format!("DTSTAMP:{}", instant(self.written_at)),
            format!("DTSTART:{}", instant(self.start)),
            format!("DTEND:{}", instant(self.end)),
            format!("SUMMARY:{}", text(self.summary)),
            format!(
                "ORGANIZER;CN={}:mailto:{}",
                parameter(self.clinic),
                address(self.organizer)
            ),
            format!(
                "ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=FALSE:mailto:{}",
                address(self.attendee)
            ),
            format!(
                "STATUS:{}",
                if self.is_off {
                    "CANCELLED"
                } else {
                    "CONFIRMED"
                }
            ),
            "CLASS:PRIVATE".to_owned(),
        ];
        if let (false, Some(link)) = (self.is_off, self.link) {
            lines.push(format!("LOCATION:{}", text(link)));
            lines.push(format!("URL:{}", line(link)));
        }
        lines.extend(["END:VEVENT".to_owned(), "END:VCALENDAR".to_owned()]);
        let mut message = String::new();
        for unfolded in &lines {
            fold(unfolded, &mut message);
        }
        message
    }
}

/// `20301231T235900Z`.
fn instant(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A value of the type TEXT.
fn text(value: &str) -> String {
    let mut escaped = String::with_capacity(value.len());
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' | ';' | ',' => {
                let _ = write!(escaped, "\\{character}");
            }
            '\r' | '\n' => {
                if character == '\r' && characters.peek() == Some(&'\n') {
                    characters.next();
                }
                escaped.push_str("\\n");
            }
            other => escaped.push(other),
        }
    }
    line(&escaped)
}

/// A quoted parameter can hold neither quotes nor control characters.
fn parameter(value: &str) -> String {
    format!("\"{}\"", line(value).replace('"', "'"))
}

fn address(email: &str) -> String {
    line(email).replace(' ', "")
}

/// What would begin another line is left out.
fn line(value: &str) -> String {
    value
        .chars()
        .filter(|character| !character.is_ascii_control())
        .collect()
}

/// Never within a character: some calendars show both halves as rubbish.
fn fold(unfolded: &str, message: &mut String) {
    let mut room = LINE_OCTETS;
    for character in unfolded.chars() {
        if character.len_utf8() > room {
            message.push_str("\r\n ");
            room = LINE_OCTETS - 1;
        }
        message.push(character);
        room -= character.len_utf8();
    }
    message.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use icalendar::parser::Component;
    use icalendar::parser::read_calendar;
    use icalendar::parser::unfold;
    use proptest::prelude::*;

    use super::*;

    fn message() -> Message<'static> {
        Message {
            is_off: false,
            uid: "telemed-5a6b7c8d-12",
            sequence: 1_005_000,
            written_at: "2026-11-24T10:00:00Z".parse().unwrap(),
            start: "2026-12-01T09:00:00Z".parse().unwrap(),
            end: "2026-12-01T09:30:00Z".parse().unwrap(),
            summary: "Video visit",
            organizer: "clinic@example.org",
            clinic: "The \"Clinic\"",
            attendee: "patient@example.com",
            link: Some("https://clinic.example/?telemed_visit=0123456789abcdef0123456789abcdef"),
            program: "Telemed for Zoom//1.0",
        }
    }

    fn value<'a>(event: &'a Component<'_>, name: &str) -> Option<&'a str> {
        event
            .properties
            .iter()
            .find(|property| property.name.as_str() == name)
            .map(|property| property.val.as_str())
    }

    #[test]
    fn a_parser_from_elsewhere_reads_what_was_written() {
        let text = unfold(&message().text());
        let calendar = read_calendar(&text).unwrap();
        let event = calendar.components.first().unwrap();
        for (name, expected) in [
            ("UID", "telemed-5a6b7c8d-12"),
            ("SEQUENCE", "1005000"),
            ("DTSTART", "20261201T090000Z"),
            ("DTEND", "20261201T093000Z"),
            ("DTSTAMP", "20261124T100000Z"),
            ("STATUS", "CONFIRMED"),
            ("ATTENDEE", "mailto:patient@example.com"),
            ("URL", message().link.unwrap()),
        ] {
            assert_eq!(value(event, name), Some(expected), "{name}");
        }
        assert!(text.contains("METHOD:REQUEST"));
    }

    #[test]
    fn what_is_off_leads_nowhere() {
        let off = Message {
            is_off: true,
            ..message()
        }
        .text();
        assert!(off.contains("METHOD:CANCEL\r\n") && off.contains("STATUS:CANCELLED\r\n"));
        assert!(!off.contains("telemed_visit") && !off.contains("LOCATION"));
    }

    #[test]
    fn a_visit_has_a_uid_of_its_own() {
        assert_eq!(uid("5a6b7c8d", 12), "telemed-5a6b7c8d-12");
    }

    #[test]
    fn the_clinic_is_named_without_what_ends_its_name() {
        let text = unfold(&message().text());
        let organizer = "ORGANIZER;CN=\"The 'Clinic'\":mailto:clinic@example.org";
        assert!(text.contains(organizer), "{text}");
    }

    #[test]
    fn each_way_to_end_a_line_is_one_line_break() {
        assert_eq!(text("a\r\nb\rc\nd\r\re"), "a\\nb\\nc\\nd\\n\\ne");
        assert_eq!(text("a;b,c\\d"), "a\\;b\\,c\\\\d");
    }

    #[test]
    fn a_line_that_fits_is_not_folded() {
        let mut folded = String::new();
        fold(&"x".repeat(LINE_OCTETS), &mut folded);
        assert_eq!(folded, format!("{}\r\n", "x".repeat(LINE_OCTETS)));
        folded.clear();
        fold(&"x".repeat(LINE_OCTETS * 2), &mut folded);
        let lines: Vec<usize> = folded.lines().map(str::len).collect();
        assert_eq!(lines, [LINE_OCTETS, LINE_OCTETS, 2]);
    }

    proptest! {
        #[test]
        fn no_line_is_too_long_and_none_is_smuggled_in(summary in "\\PC{0,200}|[\\x00-\\x7f]{0,200}", clinic in ".{0,80}", attendee in ".{0,60}", link in ".{0,300}") {
            let plain = message().text().matches("\r\n").count();
            let strange = Message { summary: &summary, clinic: &clinic, attendee: &attendee, link: Some(&link), ..message() }.text();
            prop_assert!(strange.split("\r\n").all(|line| line.len() <= LINE_OCTETS));
            let unfolded = strange.replace("\r\n ", "");
            prop_assert_eq!(unfolded.matches("\r\n").count(), plain - message().text().matches("\r\n ").count());
            prop_assert!(unfolded.replace("\r\n", "").chars().all(|character| !character.is_ascii_control()));
        }

        #[test]
        fn a_text_folds_and_parses_back(summary in "[a-zA-Z0-9 äöü€𝄞:]{1,300}") {
            let text = Message { summary: &summary, ..message() }.text();
            let unfolded = text.replace("\r\n ", "");
            let found = unfolded.split("\r\n").find_map(|line| line.strip_prefix("SUMMARY:")).unwrap();
            prop_assert_eq!(found, &summary);
            let elsewhere = unfold(&text);
            let calendar = read_calendar(&elsewhere).unwrap();
            prop_assert_eq!(value(calendar.components.first().unwrap(), "SUMMARY"), Some(summary.as_str()));
        }
    }
}
