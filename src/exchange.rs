//! Carries a visit's exchange out through a client of Zoom, and says what came of it. It never fails because of Zoom.

#![forbid(unsafe_code)]

use serde_json::Map;
use serde_json::Value;

use crate::visit::Slot;
use crate::visit::meeting::Known;
use crate::visit::problem::Failure;
use crate::visit::step::Exchange;
use crate::visit::step::Kind;
use crate::visit::step::Outcome;
use crate::zoom;
use crate::zoom::Client;
use crate::zoom::Meeting;
use crate::zoom::MeetingId;
use crate::zoom::MeetingRequest;

/// Names of Zoom's are shorter.
const NAME_OCTETS: usize = 191;
/// RFC 5321.
const EMAIL_CHARACTERS: usize = 254;

/// What comes of an exchange. `known` are other visits' meetings of the host, which are not to be taken for this one where the
/// account hides descriptions; `settings` are the clinic's, as [`MeetingRequest::new`] takes them.
#[must_use]
pub fn carry_out(
    client: &Client,
    exchange: &Exchange,
    known: &[MeetingId],
    settings: Map<String, Value>,
) -> Outcome {
    ask(client, exchange, known, settings).unwrap_or_else(|error| {
        match (error.kind(), exchange.kind) {
            (zoom::Kind::NotFound, Kind::Update | Kind::Restore) => Outcome::Gone,
            _ => Outcome::Failed(Failure::from(&error)),
        }
    })
}

/// What is known of a meeting. `slot` is what it was asked to be.
#[must_use]
pub fn known(meeting: &Meeting, slot: Option<&Slot>) -> Known {
    let is_as_asked =
        |slot: &&Slot| meeting.start() == Some(slot.start) && meeting.minutes() == slot.minutes;
    Known {
        number: meeting.id().get(),
        uuid: fitting(meeting.uuid()),
        host: fitting(meeting.host_id()),
        host_email: meeting
            .host_email()
            .filter(|email| email.chars().count() <= EMAIL_CHARACTERS)
            .map(str::to_owned),
        join_url: meeting.join_url().map(str::to_owned),
        passcode: meeting.passcode().map(str::to_owned),
        passcode_in_link: meeting.passcode_in_link(),
        slot: slot.filter(is_as_asked).cloned(),
        overridden: meeting.overridden().to_vec(),
    }
}

/// A name that fits its column; others are not those that Zoom gives, and must not keep a meeting from being written down.
fn fitting(name: Option<&str>) -> Option<String> {
    name.filter(|name| {
        name.len() <= NAME_OCTETS && name.bytes().all(|byte| byte.is_ascii_graphic())
    })
    .map(str::to_owned)
}

fn ask(
    client: &Client,
    exchange: &Exchange,
    known: &[MeetingId],
    settings: Map<String, Value>,
) -> zoom::Result<Outcome> {
    let slot = &exchange.slot;
    let number = || MeetingId::new(exchange.number.unwrap_or_default());
    let request = || request(exchange, settings);
    Ok(match exchange.kind {
        Kind::Create => there(&client.create_meeting(&request()?)?, slot),
        Kind::Ensure => there(
            &client.ensure_meeting(&request()?, known, exchange.attempted_at)?,
            slot,
        ),
        Kind::Find => match client.find_meeting(&request()?, known, exchange.attempted_at)? {
            None => Outcome::None,
            Some(found) if found.marker().is_none() => {
                Outcome::Alike(Box::new(self::known(&found, Some(slot))))
            }
            Some(found) => there(&found, slot),
        },
        Kind::Update => there(&client.update_meeting(number()?, &request()?, false)?, slot),
        Kind::Restore => there(&client.update_meeting(number()?, &request()?, true)?, slot),
        Kind::Delete => {
            if client.delete_meeting(number()?)? {
                Outcome::Deleted
            } else {
                Outcome::Gone
            }
        }
    })
}

fn request(exchange: &Exchange, settings: Map<String, Value>) -> zoom::Result<MeetingRequest> {
    let host = exchange.maker.subject.is_none();
    MeetingRequest::new(
        &exchange.slot.topic,
        exchange.slot.start,
        exchange.slot.minutes,
        &exchange.slot.timezone,
        host.then_some(exchange.maker.host.as_str()),
        Some(&exchange.reference),
        settings,
    )
}

fn there(meeting: &Meeting, slot: &Slot) -> Outcome {
    Outcome::Meeting(Box::new(known(meeting, Some(slot))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_no_column_can_hold_is_none() {
        assert_eq!(fitting(Some("dR0h==")), Some("dR0h==".to_owned()));
        assert_eq!(fitting(Some(&"x".repeat(191))), Some("x".repeat(191)));
        for name in ["x".repeat(192), "ü".to_owned(), "a b".to_owned()] {
            assert_eq!(fitting(Some(&name)), None, "{name}");
        }
        assert_eq!(fitting(None), None);
    }
}
