//! Carries an exchange out, through the real core of Zoom: what PHP's `Zoom::perform` does. It never fails because of Zoom.

use std::time::Duration;

use telemed::visit::Slot;
use telemed::visit::meeting::Known;
use telemed::visit::problem::Failure;
use telemed::visit::problem::Problem;
use telemed::visit::schedule::CALL_SECONDS;
use telemed::visit::step::Exchange;
use telemed::visit::step::Kind;
use telemed::visit::step::Outcome;
use telemed::zoom;
use telemed::zoom::Client;
use telemed::zoom::Error;
use telemed::zoom::MeetingId;
use telemed::zoom::meeting::Meeting;
use telemed::zoom::meeting_request::MeetingRequest;

use crate::world::World;

/// A whole call may take so long.
const BUDGET: Duration = Duration::from_secs(CALL_SECONDS.unsigned_abs());

impl World {
    /// What comes of an exchange. `known` are numbers of other meetings of the host.
    #[must_use]
    pub fn perform(&self, exchange: &Exchange, known: &[i64]) -> Outcome {
        let client = self
            .context()
            .ok_or_else(|| Error::store("too deep"))
            .and_then(|context| self.template.client(&exchange.maker, context))
            .map(|client| client.within(BUDGET).begun());
        let client = match client {
            Ok(client) => client,
            Err(error) => return Outcome::Hindered(Problem::passing(error.message())),
        };
        ask(&client, exchange, known).unwrap_or_else(|error| match (error.kind(), exchange.kind) {
            (zoom::Kind::NotFound, Kind::Update | Kind::Restore) => Outcome::Gone,
            _ => Outcome::Failed(Failure::from(&error)),
        })
    }
}

fn ask(client: &Client, exchange: &Exchange, known: &[i64]) -> zoom::Result<Outcome> {
    let slot = &exchange.slot;
    let number = || MeetingId::new(exchange.number.unwrap_or_default());
    let known = &known
        .iter()
        .filter_map(|number| MeetingId::new(*number).ok())
        .collect::<Vec<_>>();
    let request = request(exchange)?;
    Ok(match exchange.kind {
        Kind::Create => there(&client.create_meeting(&request)?, slot),
        Kind::Ensure => there(
            &client.ensure_meeting(&request, known, exchange.attempted_at)?,
            slot,
        ),
        Kind::Find => match client.find_meeting(&request, known, exchange.attempted_at)? {
            None => Outcome::None,
            Some(found) if found.marker().is_none() => {
                Outcome::Alike(Box::new(self::known(&found, Some(slot))))
            }
            Some(found) => there(&found, slot),
        },
        Kind::Update => there(&client.update_meeting(number()?, &request, false)?, slot),
        Kind::Restore => there(&client.update_meeting(number()?, &request, true)?, slot),
        Kind::Delete => {
            if client.delete_meeting(number()?)? {
                Outcome::Deleted
            } else {
                Outcome::Gone
            }
        }
    })
}

fn request(exchange: &Exchange) -> zoom::Result<MeetingRequest> {
    let host = exchange.maker.subject.is_none();
    MeetingRequest::new(
        &exchange.slot.topic,
        exchange.slot.start,
        exchange.slot.minutes,
        &exchange.slot.timezone,
        host.then_some(exchange.maker.host.as_str()),
        Some(&exchange.reference),
        serde_json::Map::new(),
    )
}

fn there(meeting: &Meeting, slot: &Slot) -> Outcome {
    Outcome::Meeting(Box::new(known(meeting, Some(slot))))
}

/// What is known of a meeting. `slot` is what it was asked to be.
#[must_use]
pub fn known(meeting: &Meeting, slot: Option<&Slot>) -> Known {
    let is_as_asked =
        |slot: &&Slot| meeting.start() == Some(slot.start) && meeting.minutes() == slot.minutes;
    Known {
        number: meeting.id().get(),
        uuid: meeting.uuid().map(str::to_owned),
        host: meeting.host_id().map(str::to_owned),
        host_email: meeting.host_email().map(str::to_owned),
        join_url: meeting.join_url().map(str::to_owned),
        passcode: meeting.passcode().map(str::to_owned),
        passcode_in_link: meeting.passcode_in_link(),
        slot: slot.filter(is_as_asked).cloned(),
        overridden: meeting.overridden().to_vec(),
    }
}
