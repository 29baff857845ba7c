//! Operations on users.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::call::{Call, target_user, validation_failed};
use crate::message::Reply;
use crate::model::{User, at};
use crate::paging::{self, Page};
use crate::state::State;

/// A zak lives two hours unless another time is asked for, a year at most.
const ZAK_SECONDS: i64 = 7200;
const MAX_ZAK_SECONDS: i64 = 31_536_000;

/// The answer of the list.
#[derive(Serialize)]
struct List {
    #[serde(flatten)]
    page: Page,
    users: Vec<Value>,
}

pub fn list(state: &mut State, call: &Call) -> Result<Reply, Reply> {
    let status = call
        .request
        .query_value("status")
        .unwrap_or_else(|| "active".to_owned());
    if !["active", "inactive", "pending"].contains(&status.as_str()) {
        return Err(validation_failed(&[(
            "status".to_owned(),
            "Invalid field.",
        )]));
    }
    let role = call.request.query_value("role_id");
    let users = state
        .users
        .values()
        .filter(|user| user.account_id == call.caller.account_id && user.status == status)
        .filter(|user| role.as_ref().is_none_or(|role| *role == user.role_id))
        .map(|user| user.id.clone())
        .collect::<Vec<_>>();
    let name = format!("users {} {status} {role:?}", call.caller.account_id);
    let (page, users) = paging::page(state, call.request, &name, users)?;
    let users = users.iter().filter_map(|id| state.users.get(id));
    let users = users.map(summary).collect();
    Ok(Reply::api(200, &List { page, users }))
}

pub fn get(state: &mut State, call: &Call) -> Result<Reply, Reply> {
    let user = reachable(state, call)?;
    let account = state.accounts.get(&user.account_id);
    let mut whole = summary(&user);
    let more = json!({
        "role_name": match user.role_id.as_str() { "0" => "Owner", "1" => "Admin", _ => "Member" },
        "use_pmi": false,
        "personal_meeting_url": format!("{}/j/{}", call.request.base_url, user.pmi),
        "pic_url": "", "cms_user_id": "",
        "jid": format!("{}@xmpp.zoom.us", user.id.to_lowercase()),
        "im_group_ids": [],
        "account_id": user.account_id,
        "account_number": account.map_or(0, |account| account.number),
        "language": "en-US", "phone_country": "", "phone_number": "", "phone_numbers": [],
        "job_title": "", "company": "", "cost_center": "", "location": "", "manager": "",
        "login_types": [100], "pronouns": "", "pronouns_option": 3, "cluster": "us02", "vanity_url": "",
        "zoom_one_type": 0,
    });
    if let (Value::Object(whole), Value::Object(more)) = (&mut whole, more) {
        whole.extend(more);
    }
    Ok(Reply::api(200, &whole))
}

pub fn settings(state: &mut State, call: &Call) -> Result<Reply, Reply> {
    let user = reachable(state, call)?;
    let settings = state.in_force(&user).all();
    let answer = match call.request.query_value("option").as_deref() {
        None | Some("") => match call.request.query_value("custom_query_fields") {
            Some(fields) if !fields.is_empty() => {
                Value::Object(only(&settings, &fields.split(',').collect::<Vec<_>>()))
            }
            _ => return Ok(Reply::api(200, &settings)),
        },
        Some("meeting_security") => meeting_security(&settings),
        Some("meeting_authentication" | "recording_authentication") => json!({
            "meeting_authentication": value(&settings, "schedule_meeting.meeting_authentication"),
            "allow_authentication_exception": false,
            "authentication_options": [{
                "id": "signIn_D8cJuqWVQ623CI4Q8yQK0Q", "name": "Sign in to Zoom", "type": "enforce_login",
                "default_option": true, "visible": true, "domains": ""
            }],
        }),
        Some(_) => {
            return Err(validation_failed(&[(
                "option".to_owned(),
                "Invalid field.",
            )]));
        }
    };
    Ok(Reply::api(200, &answer))
}

/// `GET /users/{id}/token` and `GET /users/me/zak`.
pub fn token(state: &mut State, call: &Call) -> Result<Reply, Reply> {
    let user = reachable(state, call)?;
    let seconds = match call
        .request
        .query_value("ttl")
        .filter(|text| !text.is_empty())
    {
        None => ZAK_SECONDS,
        Some(text) => text
            .parse()
            .ok()
            .filter(|seconds| (1..=MAX_ZAK_SECONDS).contains(seconds))
            .ok_or_else(|| validation_failed(&[("ttl".to_owned(), "Invalid field.")]))?,
    };
    let kind = call.request.query_value("type");
    if !matches!(kind.as_deref(), None | Some("token" | "zak" | "onbehalf")) {
        return Err(validation_failed(&[("type".to_owned(), "Invalid field.")]));
    }
    Ok(Reply::api(
        200,
        &json!({"token": state.new_zak(&user.id, seconds)}),
    ))
}

fn reachable(state: &State, call: &Call) -> Result<User, Reply> {
    let user = target_user(state, call)?;
    if user.invitation_expired {
        return Err(Reply::error(
            400,
            1120,
            "A valid invitation to join the Zoom account was not found for this user.",
        ));
    }
    Ok(user)
}

/// A user as lists show it.
fn summary(user: &User) -> Value {
    let mut summary = json!({
        "id": user.id, "first_name": user.first_name, "last_name": user.last_name,
        "display_name": user.display_name(), "email": user.email, "type": user.kind, "pmi": user.pmi,
        "timezone": user.timezone, "verified": 1, "dept": "",
        "created_at": "2024-03-05T08:12:37Z", "user_created_at": "2024-03-05T08:12:37Z",
        "last_login_time": "2026-11-20T06:40:30Z", "last_client_version": "6.2.0.4993(mac)",
        "group_ids": [], "im_group_ids": [], "division_ids": [], "custom_attributes": [], "employee_unique_id": "",
        "role_id": user.role_id, "status": user.status,
    });
    if user.kind == 2
        && let Value::Object(map) = &mut summary
    {
        map.insert("plan_united_type".into(), "1".into());
        map.insert(
            "license_info_list".into(),
            json!([{"license_type": "MEETING", "license_option": 2, "subscription_id": ""}]),
        );
    }
    summary
}

fn value(settings: &Map<String, Value>, path: &str) -> Value {
    at(settings, path).cloned().unwrap_or_default()
}

/// Only the named fields, each in its group.
fn only(settings: &Map<String, Value>, fields: &[&str]) -> Map<String, Value> {
    settings
        .iter()
        .filter_map(|(group, values)| {
            if fields.contains(&group.as_str()) {
                return Some((group.clone(), values.clone()));
            }
            let kept: Map<_, _> = values
                .as_object()?
                .iter()
                .filter(|(name, _)| fields.contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            (!kept.is_empty()).then(|| (group.clone(), Value::Object(kept)))
        })
        .collect()
}

fn meeting_security(settings: &Map<String, Value>) -> Value {
    let e2ee = value(settings, "in_meeting.e2e_encryption");
    json!({"meeting_security": {
        "auto_security": true,
        "waiting_room": value(settings, "in_meeting.waiting_room"),
        "waiting_room_settings": {
            "participants_to_place_in_waiting_room": 0,
            "users_who_can_admit_participants_from_waiting_room": 0,
            "whitelisted_domains_for_waiting_room": ""
        },
        "meeting_password": value(settings, "schedule_meeting.require_password_for_scheduling_new_meetings"),
        "meeting_password_requirement": value(settings, "schedule_meeting.meeting_password_requirement"),
        "pmi_password": value(settings, "schedule_meeting.require_password_for_pmi_meetings") == "all",
        "phone_password": value(settings, "schedule_meeting.pstn_password_protected"),
        "require_password_for_scheduled_meeting": value(settings, "schedule_meeting.require_password_for_scheduled_meetings"),
        "embed_password_in_join_link": value(settings, "schedule_meeting.embed_password_in_join_link"),
        "encryption_type": if e2ee == true { "e2ee" } else { "enhanced_encryption" },
        "end_to_end_encrypted_meetings": e2ee,
        "only_authenticated_can_join_from_webclient": false,
        "block_user_domain": false, "block_user_domain_list": []
    }})
}
