//! Meetings that come and meetings that are over: the lists, and the past ones.

use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::{Value, json};

use super::view::{self, Row, Rows};
use super::{INVALID, LONG_REFUSAL, find, hosting_user, number, reaches, unknown};
use crate::call::{Call, validation_failed};
use crate::clock::{after, day};
use crate::message::Reply;
use crate::model::{Meeting, Plan};
use crate::paging::{self, Page};
use crate::state::State;

/// The answer of the list.
#[derive(Serialize)]
struct List<'a> {
    meetings: Vec<Row<'a>>,
    #[serde(flatten)]
    page: Page,
}

pub fn list(state: &mut State, call: &Call) -> Result<Reply, Reply> {
    let user = hosting_user(state, call, LONG_REFUSAL)?;
    let which = call
        .request
        .query_value("type")
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| "scheduled".to_owned());
    let now = state.now();
    let date = |name: &str| match call
        .request
        .query_value(name)
        .filter(|text| !text.is_empty())
    {
        None => Ok(None),
        Some(text) => text
            .parse::<jiff::civil::Date>()
            .map(Some)
            .map_err(|_| validation_failed(&[(name.to_owned(), INVALID)])),
    };
    let (from, to) = (date("from")?, date("to")?);
    let half_a_year = 183 * 86_400;
    let picks = |meeting: &Meeting| match which.as_str() {
        "scheduled" => true,
        "live" => meeting.started_at.is_some(),
        "upcoming" => meeting.started_at.is_some() || meeting.start >= now || meeting.has_no_time(),
        "upcoming_meetings" => {
            (meeting.started_at.is_some() || meeting.start >= now)
                && meeting.start <= after(now, half_a_year)
        }
        _ => {
            meeting.started_at.is_none()
                && meeting.start < now
                && meeting.start >= after(now, -half_a_year)
        }
    };
    if ![
        "scheduled",
        "live",
        "upcoming",
        "upcoming_meetings",
        "previous_meetings",
    ]
    .contains(&which.as_str())
    {
        return Err(validation_failed(&[("type".to_owned(), INVALID)]));
    }
    let mut meetings: Vec<&Meeting> = state
        .meetings
        .values()
        .filter(|meeting| {
            meeting.host_id == user.id
                && meeting.kind != Meeting::INSTANT
                && !meeting.has_expired(now)
        })
        .filter(|meeting| picks(meeting))
        .filter(|meeting| {
            from.is_none_or(|from| day(meeting.start) >= from)
                && to.is_none_or(|to| day(meeting.start) <= to)
        })
        .collect();
    meetings.sort_by_key(|meeting| (meeting.start, meeting.id));
    let ids: Vec<u64> = meetings.into_iter().map(|meeting| meeting.id).collect();
    let name = format!("meetings {} {which} {from:?} {to:?}", user.id);
    let (page, ids) = paging::page(state, call.request, &name, ids)?;
    let rows = Rows::of(state, &user.id, &call.request.base_url);
    let meetings = ids.iter().filter_map(|id| state.meetings.get(id));
    let meetings = meetings.map(|meeting| rows.row(meeting)).collect();
    Ok(Reply::api(200, &List { meetings, page }))
}

/// The next 24 hours.
pub fn upcoming(state: &mut State, call: &Call) -> Result<Reply, Reply> {
    let user = hosting_user(state, call, LONG_REFUSAL)?;
    let now = state.now();
    let tomorrow = after(now, 86_400);
    let mut meetings: Vec<&Meeting> = state
        .meetings
        .values()
        .filter(|meeting| meeting.host_id == user.id && !meeting.has_no_time())
        .filter(|meeting| meeting.start >= now && meeting.start <= tomorrow)
        .collect();
    meetings.sort_by_key(|meeting| (meeting.start, meeting.id));
    let rows: Vec<Value> = meetings
        .into_iter()
        .map(|meeting| view::upcoming_row(state, meeting, &call.request.base_url))
        .collect();
    Ok(Reply::api(
        200,
        &json!({"total_records": rows.len(), "meetings": rows}),
    ))
}

/// `GET /past_meetings/{id or uuid}`: a meeting id means its latest instance.
pub fn past(state: &mut State, call: &Call) -> Result<Reply, Reply> {
    if call.plan == Plan::Free {
        let account = &call.caller.account_id;
        return Err(Reply::error(
            400,
            200,
            format!("Only available for paid account: {account}"),
        ));
    }
    let uuid = past_uuid(&call.id);
    let instance = state.past.iter().rev().find(|past| {
        reaches(call, &past.meeting)
            && (uuid.as_ref() == Some(&past.meeting.uuid) || call.id == past.meeting.id.to_string())
    });
    let instance = instance.ok_or_else(|| unknown(call))?;
    if after(instance.ended_at, 365 * 86_400) < state.now() {
        return Err(Reply::error(
            400,
            12702,
            "Can not access a meeting a year ago.",
        ));
    }
    Ok(Reply::api(200, &view::past(state, instance)))
}

pub fn past_instances(state: &mut State, call: &Call) -> Result<Reply, Reply> {
    let id = number(call)?;
    let instances: Vec<Value> = state
        .past
        .iter()
        .filter(|past| past.meeting.id == id && reaches(call, &past.meeting))
        .map(|past| json!({"uuid": past.meeting.uuid, "start_time": crate::clock::utc(past.started_at)}))
        .collect();
    if instances.is_empty() {
        find(state, call)?;
    }
    Ok(Reply::api(200, &json!({"meetings": instances})))
}

/// A UUID as the path carries it, after one decoding. One that begins with `/` or holds `//` must have been encoded
/// twice: a server that decodes `%2F` takes it for a separator of the path.
fn past_uuid(id: &str) -> Option<String> {
    if id.starts_with('/') || id.contains("//") {
        return None;
    }
    percent_decode_str(id)
        .decode_utf8()
        .ok()
        .map(std::borrow::Cow::into_owned)
}
