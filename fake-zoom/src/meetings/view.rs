//! Meetings as answers show them.

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::clock::utc;
use crate::model::{Meeting, PastInstance, User};
use crate::state::State;

/// What accounts without "My Notes" do not tell.
const MY_NOTES: &str = "allow_participants_to_transcribe_meetings_with_my_notes";
/// Lists cut the agenda to this many characters.
const ROW_AGENDA: usize = 250;

/// What the settings of the host's account let others see of a meeting.
struct Shown {
    topic: String,
    agenda: String,
    join_url: String,
    embeds_password: bool,
}

fn shown(state: &State, meeting: &Meeting, base: &str) -> Shown {
    let host = state.users.get(&meeting.host_id);
    let on =
        |path: &str| host.and_then(|host| state.setting(host, path)) == Some(&Value::Bool(true));
    let embeds_password =
        on("schedule_meeting.embed_password_in_join_link") && meeting.password.is_some();
    let query = if embeds_password {
        format!("?pwd={}", meeting.encrypted_password)
    } else {
        String::new()
    };
    Shown {
        topic: if on("schedule_meeting.always_display_zoom_meeting_as_topic.enable") {
            "Zoom Meeting".to_owned()
        } else {
            meeting.topic.clone()
        },
        agenda: if on("schedule_meeting.hide_meeting_description.enable") {
            String::new()
        } else {
            meeting.agenda.clone()
        },
        join_url: format!("{base}/j/{}{query}", dialled(state, meeting)),
        embeds_password,
    }
}

/// The number in the join URL: the host's personal one with `use_pmi`.
fn dialled(state: &State, meeting: &Meeting) -> u64 {
    pmi(state, meeting).unwrap_or(meeting.id)
}

fn pmi(state: &State, meeting: &Meeting) -> Option<u64> {
    (meeting.settings.get("use_pmi") == Some(&Value::Bool(true)))
        .then(|| state.users.get(&meeting.host_id).map(|host| host.pmi))
        .flatten()
}

/// The answer to a create.
pub fn created(state: &State, meeting: &Meeting, base: &str, zak: &str) -> Value {
    let mut answer = object(state, meeting, base);
    answer.insert("start_url".into(), start_url(base, meeting, zak).into());
    if meeting.kind != Meeting::RECURRING_NO_TIME {
        answer.insert("start_time".into(), utc(meeting.start).into());
    }
    Value::Object(answer)
}

/// The answer to a GET: a fresh start URL, no time for a meeting that has none.
pub fn whole(state: &State, meeting: &Meeting, base: &str, zak: &str) -> Value {
    let mut answer = object(state, meeting, base);
    answer.insert("start_url".into(), start_url(base, meeting, zak).into());
    if let Some(Value::Array(invitees)) = answer
        .get_mut("settings")
        .and_then(|settings| settings.get_mut("meeting_invitees"))
    {
        for invitee in invitees.iter_mut().filter_map(Value::as_object_mut) {
            let internal = invitee
                .get("email")
                .and_then(Value::as_str)
                .and_then(|email| state.user(email))
                .is_some_and(|user| user.account_id == meeting.account_id);
            invitee.insert("internal_user".into(), internal.into());
        }
    }
    Value::Object(answer)
}

/// For the control API: what Zoom holds, whatever an account's settings hide, and with no start URL.
pub fn stored(state: &State, meeting: &Meeting, base: &str, deleted: bool) -> Value {
    let mut answer = object(state, meeting, base);
    answer.insert("topic".into(), meeting.topic.clone().into());
    answer.insert("agenda".into(), meeting.agenda.clone().into());
    answer.insert("start_time".into(), utc(meeting.start).into());
    answer.insert("account_id".into(), meeting.account_id.clone().into());
    answer.insert("source".into(), meeting.source.clone().into());
    answer.insert("settings".into(), meeting.settings.clone().into());
    answer.insert("deleted".into(), deleted.into());
    Value::Object(answer)
}

fn start_url(base: &str, meeting: &Meeting, zak: &str) -> String {
    format!("{base}/s/{}?zak={zak}", meeting.id)
}

fn object(state: &State, meeting: &Meeting, base: &str) -> Map<String, Value> {
    let shown = shown(state, meeting, base);
    let host_email = state
        .users
        .get(&meeting.host_id)
        .map(|host| host.email.clone())
        .unwrap_or_default();
    let mut answer = Map::new();
    let mut set = |name: &str, value: Value| {
        answer.insert(name.to_owned(), value);
    };
    set("uuid", meeting.uuid.clone().into());
    set("id", meeting.id.into());
    set("host_id", meeting.host_id.clone().into());
    set("host_email", host_email.into());
    set("topic", shown.topic.into());
    set("type", meeting.kind.into());
    set("status", meeting.status().into());
    if !meeting.has_no_time() {
        set("start_time", utc(meeting.start).into());
    }
    set("duration", meeting.minutes.into());
    set("timezone", meeting.timezone.clone().into());
    set("agenda", shown.agenda.into());
    set("created_at", utc(meeting.created_at).into());
    set("join_url", shown.join_url.into());
    set(
        "chat_join_url",
        format!("{base}/launch/jc/{}", meeting.id).into(),
    );
    if let Some(password) = &meeting.password {
        for name in ["password", "h323_password", "pstn_password"] {
            set(name, password.clone().into());
        }
        if shown.embeds_password {
            set(
                "encrypted_password",
                meeting.encrypted_password.clone().into(),
            );
        }
    }
    let mut settings = meeting.settings.clone();
    if !state.switches.echo_my_notes {
        settings.remove(MY_NOTES);
    }
    set("settings", Value::Object(settings));
    set("creation_source", "open_api".into());
    set("pre_schedule", meeting.pre_schedule.into());
    if let Some(assistant) = &meeting.assistant_id {
        set("assistant_id", assistant.clone().into());
    }
    if let Some(pmi) = pmi(state, meeting) {
        set("pmi", pmi.to_string().into());
    }
    if meeting
        .settings
        .get("approval_type")
        .and_then(Value::as_i64)
        .is_some_and(|kind| kind < 2)
    {
        set(
            "registration_url",
            format!("{base}/meeting/register/{}", meeting.id).into(),
        );
    }
    if !meeting.tracking_fields.is_empty() {
        set("tracking_fields", meeting.tracking_fields.clone().into());
    }
    if let Some(recurrence) = &meeting.recurrence {
        set("recurrence", recurrence.clone());
        set("occurrences", meeting.occurrences.clone().into());
    }
    answer
}

/// A row of the list.
pub fn row(state: &State, meeting: &Meeting, base: &str) -> Value {
    let shown = shown(state, meeting, base);
    let mut row = json!({
        "uuid": meeting.uuid, "id": meeting.id, "host_id": meeting.host_id, "topic": shown.topic, "type": meeting.kind,
        "duration": meeting.minutes, "timezone": meeting.timezone,
        "created_at": utc(meeting.created_at), "join_url": shown.join_url,
    });
    if let Value::Object(map) = &mut row {
        if !meeting.has_no_time() {
            map.insert("start_time".into(), utc(meeting.start).into());
        }
        if !shown.agenda.is_empty() {
            map.insert(
                "agenda".into(),
                shown
                    .agenda
                    .chars()
                    .take(ROW_AGENDA)
                    .collect::<String>()
                    .into(),
            );
        }
        if let Some(pmi) = pmi(state, meeting) {
            map.insert("pmi".into(), pmi.to_string().into());
        }
    }
    row
}

/// A row of the next 24 hours.
pub fn upcoming_row(state: &State, meeting: &Meeting, base: &str) -> Value {
    let shown = shown(state, meeting, base);
    json!({
        "id": meeting.id, "topic": shown.topic, "type": meeting.kind, "start_time": utc(meeting.start),
        "duration": meeting.minutes, "timezone": meeting.timezone, "created_at": utc(meeting.created_at),
        "join_url": shown.join_url, "passcode": meeting.password.clone().unwrap_or_default(),
        "use_pmi": meeting.settings.get("use_pmi").cloned().unwrap_or_default(), "is_host": true, "is_all_day": false,
    })
}

pub fn invitation(state: &State, meeting: &Meeting, host: &User, base: &str) -> Value {
    let shown = shown(state, meeting, base);
    let zone = TimeZone::get(&meeting.timezone).unwrap_or(TimeZone::UTC);
    let place = meeting
        .timezone
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .replace('_', " ");
    let time = if meeting.has_no_time() {
        String::new()
    } else {
        format!(
            "Time: {} {place}\r\n",
            meeting
                .start
                .to_zoned_datetime(zone)
                .strftime("%b %-d, %Y %I:%M %p")
        )
    };
    let id = grouped(meeting.id);
    let passcode = meeting
        .password
        .as_ref()
        .map(|password| format!("Passcode: {password}\r\n"))
        .unwrap_or_default();
    json!({
        "invitation": format!(
            "{} is inviting you to a scheduled Zoom meeting.\r\n\r\nTopic: {}\r\n{time}\r\nJoin Zoom Meeting\r\n{}\r\n\r\n\
             Meeting ID: {id}\r\n{passcode}\r\n",
            host.display_name(), shown.topic, shown.join_url,
        ),
        "sip_links": [format!("{}@zoomcrc.com", meeting.id)],
    })
}

/// `934 1234 5678`.
fn grouped(id: u64) -> String {
    let digits = id.to_string();
    let cut = |from: usize, to: usize| digits.get(from..to).unwrap_or_default().to_owned();
    format!("{} {} {}", cut(0, 3), cut(3, 7), cut(7, digits.len()))
}

pub fn past(state: &State, past: &PastInstance) -> Value {
    let meeting = &past.meeting;
    let host = state.users.get(&meeting.host_id);
    let minutes = (past.ended_at.as_second() - past.started_at.as_second() + 59) / 60;
    json!({
        "uuid": meeting.uuid, "id": meeting.id, "host_id": meeting.host_id, "type": meeting.kind,
        "topic": shown(state, meeting, "").topic,
        "user_name": host.map(User::display_name), "user_email": host.map(|host| host.email.clone()),
        "start_time": utc(past.started_at), "end_time": utc(past.ended_at), "duration": minutes,
        "total_minutes": minutes, "participants_count": 1, "dept": "", "source": meeting.source,
        "has_meeting_summary": false,
    })
}
