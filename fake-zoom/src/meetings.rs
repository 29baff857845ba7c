//! Operations on meetings.

mod body;
mod lists;
mod passcode;
mod recurrence;
mod settings;
mod view;

use jiff::Timestamp;
use serde_json::{Value, json};

use self::body::Wanted;
use crate::call::{Call, json_object, target_user, validation_failed};
use crate::in_force::InForce;
use crate::message::Reply;
use crate::model::{Meeting, PastInstance, Settings, User};
use crate::random::Random;
use crate::state::State;

pub use self::lists::{list, past, past_instances, upcoming};
pub use self::view::stored;

const INVALID: &str = "Invalid field.";
const MISSING: &str = "Missing field.";
const DEFAULT_MINUTES: i64 = 60;
const ZAK_SECONDS: i64 = 7200;
const SHORT_REFUSAL: &str =
    "Your user account is not allowed meeting hosting and scheduling capabilities.";
const LONG_REFUSAL: &str =
    "Meeting hosting and scheduling capabilities are not allowed for your user account.";

pub fn create(state: &mut State, call: &Call) -> Result<Reply, Reply> {
    let user = hosting_user(state, call, SHORT_REFUSAL)?;
    count_write(state, call, &user.id)?;
    let now = state.now();
    let wanted = Wanted::read(&json_object(call.request)?, body::Purpose::Create)?;
    let (host, assistant_id) = scheduled_host(state, &user, &wanted)?;

    let mut kind = wanted.kind.unwrap_or(Meeting::SCHEDULED);
    let timezone = wanted
        .timezone
        .clone()
        .unwrap_or_else(|| host.timezone.clone());
    let start = match wanted.start {
        Some(when) if kind != Meeting::INSTANT => {
            when.resolve(wanted.timezone.as_deref().unwrap_or(&host.timezone))
        }
        _ => {
            if kind == Meeting::SCHEDULED {
                kind = Meeting::INSTANT; // No start: now, and an instant meeting.
            }
            now
        }
    };
    if kind == Meeting::RECURRING && wanted.recurrence.is_none() {
        return Err(validation_failed(&[("recurrence".to_owned(), MISSING)]));
    }

    let in_force = InForce::of(&state.accounts, &host);
    let password = choose_password(&mut state.random, &in_force, &wanted)?;
    let mut chosen = settings::defaults(&in_force, &host);
    settings::change(&mut chosen, &wanted.settings, &in_force);
    check_alternative_hosts(state, &host, &chosen)?;

    let minutes = wanted.minutes.unwrap_or(DEFAULT_MINUTES);
    let occurrences = match &wanted.recurrence {
        Some(recurrence) if kind == Meeting::RECURRING => {
            recurrence::occurrences(recurrence, start, minutes, &timezone)
        }
        _ => Vec::new(),
    };
    let mut id = state.random.meeting_id();
    while state.meetings.contains_key(&id) || state.deleted_meetings.contains_key(&id) {
        id = state.random.meeting_id();
    }
    let meeting = Meeting {
        id,
        uuid: state.next_uuid(),
        host_id: host.id.clone(),
        account_id: host.account_id.clone(),
        assistant_id,
        topic: wanted.topic.unwrap_or_else(|| "Zoom Meeting".to_owned()),
        kind,
        started_at: None,
        start,
        minutes,
        timezone,
        agenda: wanted.agenda.unwrap_or_default(),
        created_at: now,
        password,
        encrypted_password: encrypted_password(&mut state.random),
        pre_schedule: wanted.pre_schedule.unwrap_or(false),
        recurrence: wanted.recurrence.filter(|_| kind == Meeting::RECURRING),
        occurrences,
        tracking_fields: wanted.tracking_fields.unwrap_or_default(),
        settings: chosen,
        source: call.caller.app_name.clone(),
    };
    let zak = state.new_zak(&host.id, ZAK_SECONDS);
    let answer = view::created(state, &meeting, &call.request.base_url, &zak);
    let reply = Reply::api(201, &answer);
    state.meetings.insert(id, meeting);
    Ok(reply)
}

pub fn get(state: &mut State, call: &Call) -> Result<Reply, Reply> {
    let host = find(state, call)?.host_id.clone();
    let zak = state.new_zak(&host, ZAK_SECONDS);
    let meeting = find(state, call)?;
    Ok(Reply::api(
        200,
        &view::whole(state, meeting, &call.request.base_url, &zak),
    ))
}

pub fn update(state: &mut State, call: &Call) -> Result<Reply, Reply> {
    let mut meeting = find(state, call)?.clone();
    let host = host_of(state, &meeting, SHORT_REFUSAL)?;
    count_write(state, call, &host.id)?;
    let now = state.now();
    let wanted = Wanted::read(&json_object(call.request)?, body::Purpose::Update)?;
    if let Some(other) = &wanted.schedule_for {
        let (host, assistant) = scheduled_host(state, &host, &wanted)?;
        if assistant.is_some() {
            return Err(Reply::error(
                400,
                3000,
                format!("You cannot schedule a meeting for {other}"),
            ));
        }
        meeting.host_id = host.id;
    }
    let in_force = InForce::of(&state.accounts, &host);
    if let Some(password) = &wanted.password {
        if meeting.password.as_ref() != Some(password) {
            // Links with the old one ask for the new one.
            meeting.encrypted_password = encrypted_password(&mut state.random);
        }
        meeting.password = if password.is_empty() {
            meeting
                .password
                .filter(|_| passcode::is_required(&in_force))
        } else {
            check_password(&in_force, password)?;
            Some(password.clone())
        };
    }
    settings::change(&mut meeting.settings, &wanted.settings, &in_force);
    check_alternative_hosts(state, &host, &meeting.settings)?;

    // A start in the past is ignored without a word, and so is a missing one.
    if let Some(start) = wanted
        .start
        .map(|when| when.resolve(wanted.timezone.as_deref().unwrap_or(&host.timezone)))
        && start > now
    {
        meeting.start = start;
        if meeting.kind == Meeting::INSTANT {
            meeting.kind = Meeting::SCHEDULED;
        }
    }
    if let Some(kind) = wanted.kind {
        meeting.kind = kind;
    }
    let set = |field: &mut String, value: Option<String>| {
        if let Some(value) = value {
            *field = value;
        }
    };
    set(&mut meeting.topic, wanted.topic);
    set(&mut meeting.agenda, wanted.agenda);
    set(&mut meeting.timezone, wanted.timezone);
    if let Some(minutes) = wanted.minutes {
        meeting.minutes = minutes;
    }
    if let Some(pre_schedule) = wanted.pre_schedule {
        if pre_schedule
            && !matches!(
                meeting.kind,
                Meeting::SCHEDULED | Meeting::RECURRING_NO_TIME
            )
        {
            return Err(Reply::error(
                400,
                3000,
                "Prescheduling is only available for scheduled meetings (type 2) and recurring meetings with no fixed \
                 time (type 3).",
            ));
        }
        meeting.pre_schedule = pre_schedule;
    }
    if let Some(fields) = wanted.tracking_fields {
        meeting.tracking_fields = fields;
    }
    if let Some(recurrence) = wanted.recurrence
        && meeting.kind == Meeting::RECURRING
    {
        meeting.occurrences = recurrence::occurrences(
            &recurrence,
            meeting.start,
            meeting.minutes,
            &meeting.timezone,
        );
        meeting.recurrence = Some(recurrence);
    }
    state.meetings.insert(meeting.id, meeting);
    Ok(Reply::no_content())
}

pub fn delete(state: &mut State, call: &Call) -> Result<Reply, Reply> {
    if let Ok(id) = call.id.parse::<u64>()
        && state
            .users
            .values()
            .any(|user| user.pmi == id && user.account_id == call.caller.account_id)
    {
        return Err(Reply::error(400, 3018, "Not allowed to delete PMI."));
    }
    let meeting = find(state, call)?;
    host_of(state, meeting, LONG_REFUSAL)?;
    let id = meeting.id;
    let occurrence = call.request.query_value("occurrence_id");
    let Some(occurrence) = occurrence.filter(|text| !text.is_empty()) else {
        remove(state, id);
        return Ok(Reply::no_content());
    };
    let found = state.meetings.get_mut(&id).and_then(|meeting| {
        meeting.occurrences.iter_mut().find(|known| {
            known.get("occurrence_id") == Some(&json!(occurrence))
                && known.get("status") == Some(&json!("available"))
        })
    });
    let Some(Value::Object(found)) = found else {
        return Err(Reply::error(
            400,
            300,
            "Invalid parameter: `occurrence_id`.",
        ));
    };
    found.insert("status".into(), json!("deleted"));
    Ok(Reply::no_content())
}

/// Deletes a meeting, which can be recovered.
pub fn remove(state: &mut State, id: u64) -> bool {
    let Some(meeting) = state.meetings.remove(&id) else {
        return false;
    };
    state.deleted_meetings.insert(id, meeting);
    true
}

/// `PUT /meetings/{id}/status`: end or recover.
pub fn change_status(state: &mut State, call: &Call) -> Result<Reply, Reply> {
    let action = json_object(call.request)?
        .get("action")
        .cloned()
        .unwrap_or_default();
    match action.as_str() {
        Some("end") => {
            let meeting = find(state, call)?;
            host_of(state, meeting, LONG_REFUSAL)?;
            end(state, meeting.id);
        }
        Some("recover") => {
            let id = number(call)?;
            let meeting = state
                .deleted_meetings
                .get(&id)
                .filter(|meeting| reaches(call, meeting));
            let meeting = meeting.cloned().ok_or_else(|| unknown(call))?;
            state.deleted_meetings.remove(&id);
            state.meetings.insert(id, meeting);
        }
        _ => {
            let message = if action.is_null() { MISSING } else { INVALID };
            return Err(validation_failed(&[("action".to_owned(), message)]));
        }
    }
    Ok(Reply::no_content())
}

/// Begins a meeting, as opening its start URL does.
pub fn start(state: &mut State, id: u64) -> bool {
    let now = state.now();
    let Some(meeting) = state.meetings.get_mut(&id) else {
        return false;
    };
    meeting.started_at.get_or_insert(now);
    true
}

/// Ends a running meeting: the instance becomes a past one, and the meeting gets a new UUID.
pub fn end(state: &mut State, id: u64) -> bool {
    let now = state.now();
    let uuid = state.next_uuid();
    let Some(meeting) = state.meetings.get_mut(&id) else {
        return false;
    };
    let before = meeting.clone();
    if let Some(started_at) = meeting.started_at.take() {
        meeting.uuid = uuid;
        state.past.push(PastInstance {
            meeting: before,
            started_at,
            ended_at: now,
        });
    }
    true
}

pub fn invitation(state: &mut State, call: &Call) -> Result<Reply, Reply> {
    let meeting = find(state, call)?;
    let host = host_of(state, meeting, LONG_REFUSAL)?;
    Ok(Reply::api(
        200,
        &view::invitation(state, meeting, &host, &call.request.base_url),
    ))
}

fn unknown(call: &Call) -> Reply {
    Reply::error(404, 3001, format!("Meeting does not exist: {}.", call.id))
}

fn number(call: &Call) -> Result<u64, Reply> {
    call.id
        .parse()
        .map_err(|_| Reply::error(400, 300, "Invalid meeting id."))
}

/// Whether the caller may know of this meeting at all.
fn reaches(call: &Call, meeting: &Meeting) -> bool {
    let caller = &call.caller;
    meeting.account_id == caller.account_id
        && (caller.is_admin
            || meeting.host_id == caller.user_id
            || meeting.assistant_id.as_ref() == Some(&caller.user_id))
}

fn find<'a>(state: &'a State, call: &Call) -> Result<&'a Meeting, Reply> {
    let id = number(call)?;
    let now = state.now();
    state
        .meetings
        .get(&id)
        .filter(|meeting| reaches(call, meeting) && !meeting.has_expired(now))
        .ok_or_else(|| unknown(call))
}

/// The user in the path, who must be able to hold meetings.
fn hosting_user(state: &State, call: &Call, refusal: &str) -> Result<User, Reply> {
    let user = target_user(state, call)?;
    if !user.is_active() {
        let code = if call.operation == crate::operations::Operation::UpcomingMeetings {
            3001
        } else {
            1001
        };
        return Err(Reply::error(
            404,
            code,
            format!("User does not exist: {}.", call.id),
        ));
    }
    if !user.may_host() {
        return Err(Reply::error(400, 3161, refusal));
    }
    Ok(user)
}

fn host_of(state: &State, meeting: &Meeting, refusal: &str) -> Result<User, Reply> {
    state
        .users
        .get(&meeting.host_id)
        .filter(|user| user.may_host())
        .cloned()
        .ok_or_else(|| Reply::error(400, 3161, refusal))
}

fn count_write(state: &mut State, call: &Call, host: &str) -> Result<(), Reply> {
    if !state.switches.rate_limits {
        return Ok(());
    }
    let now: Timestamp = state.now();
    state.limits.take_host_write(
        host,
        &call.caller.account_id,
        call.plan,
        call.operation.label(),
        now,
    )
}

/// Who hosts when `schedule_for` is given, and then who scheduled.
fn scheduled_host(
    state: &State,
    user: &User,
    wanted: &Wanted,
) -> Result<(User, Option<String>), Reply> {
    let Some(other) = wanted
        .schedule_for
        .as_deref()
        .filter(|other| !other.is_empty())
    else {
        return Ok((user.clone(), None));
    };
    let host = state.user(other).filter(|host| host.account_id == user.account_id && host.is_active()).ok_or_else(|| {
        Reply::error(
            400,
            300,
            "The value that you entered in the `schedule_for` field is invalid. Enter a valid value and try again.",
        )
    })?;
    if host.id == user.id {
        return Ok((user.clone(), None));
    }
    if wanted.kind == Some(Meeting::INSTANT) {
        return Err(Reply::error(
            400,
            3000,
            "Instant meetings do not support the `schedule_for` parameter, and you can't schedule an instant meeting \
             for another user.",
        ));
    }
    if !user.may_schedule_for.contains(&host.id) {
        return Err(Reply::error(
            400,
            3000,
            format!("You cannot schedule a meeting for {other}"),
        ));
    }
    Ok((host.clone(), Some(user.id.clone())))
}

fn encrypted_password(random: &mut Random) -> String {
    format!("{}.1", random.alphanumeric(30))
}

fn choose_password(
    random: &mut Random,
    in_force: &InForce,
    wanted: &Wanted,
) -> Result<Option<String>, Reply> {
    if let Some(password) = wanted
        .password
        .as_deref()
        .filter(|password| !password.is_empty())
    {
        check_password(in_force, password)?;
        return Ok(Some(password.to_owned()));
    }
    let makes_one = in_force.is_on(passcode::REQUIRED)
        && (wanted.default_password.unwrap_or(true) || passcode::is_required(in_force));
    Ok(makes_one.then(|| passcode::Policy::of(in_force).generate(random)))
}

fn check_password(in_force: &InForce, password: &str) -> Result<(), Reply> {
    if passcode::Policy::of(in_force).accepts(password) {
        return Ok(());
    }
    Err(validation_failed(&[("password".to_owned(), INVALID)]))
}

/// Alternative hosts must be licensed users of the account.
fn check_alternative_hosts(state: &State, host: &User, chosen: &Settings) -> Result<(), Reply> {
    let text = chosen
        .get("alternative_hosts")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let known = text.split(';').filter(|name| !name.is_empty()).all(|name| {
        state.user(name).is_some_and(|user| {
            user.account_id == host.account_id && user.kind == 2 && user.is_active()
        })
    });
    if known {
        return Ok(());
    }
    Err(validation_failed(&[(
        "settings.alternative_hosts".to_owned(),
        INVALID,
    )]))
}
