//! Meetings as answers show them.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::utc;
use crate::model::{Meeting, PastInstance, Settings, User};
use crate::state::State;

/// What accounts without "My Notes" do not tell.
const MY_NOTES: &str = "allow_participants_to_transcribe_meetings_with_my_notes";
/// Lists cut the agenda to this many characters.
const ROW_AGENDA: usize = 250;

/// What a host's settings let others see of the host's meetings.
struct Shown<'a> {
    host: Option<&'a User>,
    embeds_passwords: bool,
    hides_topics: bool,
    hides_agendas: bool,
}

impl<'a> Shown<'a> {
    fn of(state: &'a State, host_id: &str) -> Self {
        let host = state.users.get(host_id);
        let in_force = host.map(|host| state.in_force(host));
        let on = |path: &str| in_force.is_some_and(|in_force| in_force.is_on(path));
        Self {
            host,
            embeds_passwords: on("schedule_meeting.embed_password_in_join_link"),
            hides_topics: on("schedule_meeting.always_display_zoom_meeting_as_topic.enable"),
            hides_agendas: on("schedule_meeting.hide_meeting_description.enable"),
        }
    }

    fn topic<'m>(&self, meeting: &'m Meeting) -> &'m str {
        if self.hides_topics {
            "Zoom Meeting"
        } else {
            &meeting.topic
        }
    }

    fn agenda<'m>(&self, meeting: &'m Meeting) -> &'m str {
        if self.hides_agendas {
            ""
        } else {
            &meeting.agenda
        }
    }

    /// The key that stands for the passcode in the join link, if it does.
    fn embedded_password<'m>(&self, meeting: &'m Meeting) -> Option<&'m str> {
        (self.embeds_passwords && meeting.password.is_some())
            .then_some(meeting.encrypted_password.as_str())
    }

    fn join_url(&self, meeting: &Meeting, base: &str) -> String {
        let number = self.pmi(meeting).unwrap_or(meeting.id);
        match self.embedded_password(meeting) {
            Some(key) => format!("{base}/j/{number}?pwd={key}"),
            None => format!("{base}/j/{number}"),
        }
    }

    /// The host's personal number, which is the one in the join URL with `use_pmi`.
    fn pmi(&self, meeting: &Meeting) -> Option<u64> {
        (meeting.settings.get("use_pmi") == Some(&Value::Bool(true)))
            .then(|| self.host.map(|host| host.pmi))
            .flatten()
    }
}

/// A meeting in full; the fields in the order of their names, as everywhere.
#[derive(Serialize)]
pub struct Whole<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
    agenda: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    assistant_id: Option<&'a str>,
    chat_join_url: String,
    created_at: String,
    creation_source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<bool>,
    duration: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    encrypted_password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    h323_password: Option<&'a str>,
    host_email: &'a str,
    host_id: &'a str,
    id: u64,
    join_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    occurrences: Option<&'a [Value]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pmi: Option<String>,
    pre_schedule: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pstn_password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recurrence: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_url: Option<String>,
    settings: Cow<'a, Settings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_url: Option<String>,
    status: &'static str,
    timezone: &'a str,
    topic: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_fields: Option<&'a [Value]>,
    #[serde(rename = "type")]
    kind: i64,
    uuid: &'a str,
}

/// The answer to a create.
pub fn created<'a>(state: &'a State, meeting: &'a Meeting, base: &str, zak: &str) -> Whole<'a> {
    let has_start = meeting.kind != Meeting::RECURRING_NO_TIME;
    Whole {
        start_url: Some(start_url(base, meeting, zak)),
        start_time: has_start.then(|| utc(meeting.start)),
        ..object(state, meeting, base)
    }
}

/// The answer to a GET: a fresh start URL, no time for a meeting that has none.
pub fn whole<'a>(state: &'a State, meeting: &'a Meeting, base: &str, zak: &str) -> Whole<'a> {
    let mut answer = Whole {
        start_url: Some(start_url(base, meeting, zak)),
        ..object(state, meeting, base)
    };
    let invited = |value: &Value| value.as_array().is_some_and(|list| !list.is_empty());
    if answer.settings.get("meeting_invitees").is_some_and(invited)
        && let Some(Value::Array(list)) = answer.settings.to_mut().get_mut("meeting_invitees")
    {
        for invitee in list.iter_mut().filter_map(Value::as_object_mut) {
            let internal = invitee
                .get("email")
                .and_then(Value::as_str)
                .and_then(|email| state.user(email))
                .is_some_and(|user| user.account_id == meeting.account_id);
            invitee.insert("internal_user".into(), internal.into());
        }
    }
    answer
}

/// For the control API: what Zoom holds, whatever an account's settings hide, and with no start URL.
pub fn stored<'a>(state: &'a State, meeting: &'a Meeting, base: &str, deleted: bool) -> Whole<'a> {
    Whole {
        topic: &meeting.topic,
        agenda: &meeting.agenda,
        start_time: Some(utc(meeting.start)),
        account_id: Some(&meeting.account_id),
        source: Some(&meeting.source),
        settings: Cow::Borrowed(&meeting.settings),
        deleted: Some(deleted),
        ..object(state, meeting, base)
    }
}

fn start_url(base: &str, meeting: &Meeting, zak: &str) -> String {
    format!("{base}/s/{}?zak={zak}", meeting.id)
}

fn object<'a>(state: &'a State, meeting: &'a Meeting, base: &str) -> Whole<'a> {
    let shown = Shown::of(state, &meeting.host_id);
    let mut settings = Cow::Borrowed(&meeting.settings);
    if !state.switches.echo_my_notes {
        settings.to_mut().remove(MY_NOTES);
    }
    let takes_registrations = meeting
        .settings
        .get("approval_type")
        .and_then(Value::as_i64)
        .is_some_and(|kind| kind < 2);
    let password = meeting.password.as_deref();
    Whole {
        account_id: None,
        agenda: shown.agenda(meeting),
        assistant_id: meeting.assistant_id.as_deref(),
        chat_join_url: format!("{base}/launch/jc/{}", meeting.id),
        created_at: utc(meeting.created_at),
        creation_source: "open_api",
        deleted: None,
        duration: meeting.minutes,
        encrypted_password: shown.embedded_password(meeting),
        h323_password: password,
        host_email: shown.host.map_or("", |host| &host.email),
        host_id: &meeting.host_id,
        id: meeting.id,
        join_url: shown.join_url(meeting, base),
        occurrences: meeting
            .recurrence
            .is_some()
            .then_some(meeting.occurrences.as_slice()),
        password,
        pmi: shown.pmi(meeting).map(|pmi| pmi.to_string()),
        pre_schedule: meeting.pre_schedule,
        pstn_password: password,
        recurrence: meeting.recurrence.as_ref(),
        registration_url: takes_registrations
            .then(|| format!("{base}/meeting/register/{}", meeting.id)),
        settings,
        source: None,
        start_time: (!meeting.has_no_time()).then(|| utc(meeting.start)),
        start_url: None,
        status: meeting.status(),
        timezone: &meeting.timezone,
        topic: shown.topic(meeting),
        tracking_fields: Some(meeting.tracking_fields.as_slice()).filter(|list| !list.is_empty()),
        kind: meeting.kind,
        uuid: &meeting.uuid,
    }
}

/// A row of the list; the fields in the order of their names, as everywhere.
#[derive(Serialize)]
pub struct Row<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    agenda: Option<&'a str>,
    created_at: String,
    duration: i64,
    host_id: &'a str,
    id: u64,
    join_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pmi: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<String>,
    timezone: &'a str,
    topic: &'a str,
    #[serde(rename = "type")]
    kind: i64,
    uuid: &'a str,
}

/// Writes the rows of one host's meetings.
pub struct Rows<'a> {
    shown: Shown<'a>,
    base: &'a str,
}

impl<'a> Rows<'a> {
    pub fn of(state: &'a State, host_id: &str, base: &'a str) -> Self {
        Self {
            shown: Shown::of(state, host_id),
            base,
        }
    }

    pub fn row<'m>(&self, meeting: &'m Meeting) -> Row<'m> {
        let agenda = self.shown.agenda(meeting);
        let end = agenda
            .char_indices()
            .nth(ROW_AGENDA)
            .map_or(agenda.len(), |(at, _)| at);
        Row {
            agenda: agenda.get(..end).filter(|agenda| !agenda.is_empty()),
            created_at: utc(meeting.created_at),
            duration: meeting.minutes,
            host_id: &meeting.host_id,
            id: meeting.id,
            join_url: self.shown.join_url(meeting, self.base),
            pmi: self.shown.pmi(meeting).map(|pmi| pmi.to_string()),
            start_time: (!meeting.has_no_time()).then(|| utc(meeting.start)),
            timezone: &meeting.timezone,
            topic: self.shown.topic(meeting),
            kind: meeting.kind,
            uuid: &meeting.uuid,
        }
    }
}

/// A row of the next 24 hours.
pub fn upcoming_row(state: &State, meeting: &Meeting, base: &str) -> Value {
    let shown = Shown::of(state, &meeting.host_id);
    json!({
        "id": meeting.id, "topic": shown.topic(meeting), "type": meeting.kind, "start_time": utc(meeting.start),
        "duration": meeting.minutes, "timezone": meeting.timezone, "created_at": utc(meeting.created_at),
        "join_url": shown.join_url(meeting, base), "passcode": meeting.password.clone().unwrap_or_default(),
        "use_pmi": meeting.settings.get("use_pmi").cloned().unwrap_or_default(), "is_host": true, "is_all_day": false,
    })
}

pub fn invitation(state: &State, meeting: &Meeting, host: &User, base: &str) -> Value {
    let shown = Shown::of(state, &meeting.host_id);
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
            host.display_name(), shown.topic(meeting), shown.join_url(meeting, base),
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
        "topic": Shown::of(state, &meeting.host_id).topic(meeting),
        "user_name": host.map(User::display_name), "user_email": host.map(|host| host.email.clone()),
        "start_time": utc(past.started_at), "end_time": utc(past.ended_at), "duration": minutes,
        "total_minutes": minutes, "participants_count": 1, "dept": "", "source": meeting.source,
        "has_meeting_summary": false,
    })
}
