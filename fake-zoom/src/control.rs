//! The control API under `/_control`: reset, clock, log, state, faults, switches, seed, and clicks without a browser.

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::authorize;
use crate::clock::utc;
use crate::faults::Order;
use crate::meetings;
use crate::message::{Reply, Request};
use crate::model::Seed;
use crate::state::{State, Switches};
use crate::tokens::{Grant, Holder};

/// Answers a control request; what is wrong with it is said as `{"error": …}`.
pub fn respond(state: &mut State, request: &Request) -> Reply {
    let segments = request.segments();
    let path: Vec<&str> = segments.iter().skip(1).map(AsRef::as_ref).collect();
    let answer = match (request.method.as_str(), path.as_slice()) {
        ("POST", ["reset"]) => {
            state.reset();
            Ok(json!({}))
        }
        ("GET", ["clock"]) => Ok(clock(state)),
        ("POST", ["clock"]) => body(request).and_then(|change| set_clock(state, &change)),
        ("GET", ["requests"]) => Ok(state.log.to_json()),
        ("DELETE", ["requests"]) => {
            state.log.clear();
            Ok(json!({}))
        }
        ("GET", ["state"]) => Ok(everything(state, &request.base_url)),
        ("POST", ["faults"]) => {
            body::<Order>(request).map(|order| json!({"id": state.faults.add(order)}))
        }
        ("DELETE", ["faults"]) => {
            state.faults.clear();
            Ok(json!({}))
        }
        ("GET", ["settings"]) => Ok(json!(state.switches)),
        ("POST", ["settings"]) => body(request).and_then(|change| set_switches(state, change)),
        ("POST", ["seed"]) => body::<Seed>(request).map(|seed| {
            state.seed(seed);
            json!({})
        }),
        ("POST", ["authorize"]) => body(request).and_then(|asked| click_authorize(state, &asked)),
        ("POST", ["deauthorize"]) => body(request).map(
            |Which { client_id, user }| json!({"ended": state.deauthorize(&client_id, &user)}),
        ),
        ("POST", ["invalidate_access_tokens"]) => {
            state.tokens.revoke_access(|_| true);
            Ok(json!({}))
        }
        ("DELETE", ["users", id]) => match state.remove_user(id) {
            Some(user) => Ok(json!({"removed": user.id})),
            None => Err("no such user".to_owned()),
        },
        ("POST", ["meetings", id, action @ ("start" | "end")]) => {
            let id = id.parse().unwrap_or_default();
            let done = if *action == "start" {
                meetings::start(state, id)
            } else {
                meetings::end(state, id)
            };
            if done {
                Ok(json!({}))
            } else {
                Err("no such meeting".to_owned())
            }
        }
        _ => {
            return Reply::json(
                404,
                &json!({"error": "fake-zoom's control API has no such operation"}),
            );
        }
    };
    answer.map_or_else(
        |error| Reply::json(400, &json!({"error": error})),
        |answer| Reply::json(200, &answer),
    )
}

fn body<T: serde::de::DeserializeOwned>(request: &Request) -> Result<T, String> {
    serde_json::from_slice(&request.body).map_err(|error| error.to_string())
}

fn clock(state: &State) -> Value {
    json!({"now": utc(state.now()), "offset": state.clock.offset_seconds()})
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum ClockChange {
    Advance(i64),
    Set(String),
}

fn set_clock(state: &mut State, change: &ClockChange) -> Result<Value, String> {
    match change {
        ClockChange::Advance(seconds)
            if !state.clock.advance(SignedDuration::from_secs(*seconds)) =>
        {
            return Err("that is beyond the end of time".to_owned());
        }
        ClockChange::Advance(_) => {}
        ClockChange::Set(text) => {
            state.clock.set(
                text.parse()
                    .map_err(|error: jiff::Error| error.to_string())?,
            );
        }
    }
    Ok(clock(state))
}

fn set_switches(state: &mut State, change: Map<String, Value>) -> Result<Value, String> {
    let mut switches = match json!(state.switches) {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    switches.extend(change);
    let switches: Switches =
        serde_json::from_value(Value::Object(switches)).map_err(|error| error.to_string())?;
    state.switches = switches;
    Ok(json!(state.switches))
}

/// The parameters of an authorize request, and the user who clicks. A challenge without a method means S256 here.
fn click_authorize(state: &mut State, asked: &Map<String, Value>) -> Result<Value, String> {
    let mut parameters: Vec<(String, String)> = Vec::new();
    for (name, value) in asked.iter().filter(|(_, value)| !value.is_null()) {
        let text = value
            .as_str()
            .ok_or_else(|| format!("{name} must be a text"))?;
        parameters.push((name.clone(), text.to_owned()));
    }
    let mut default = |name: &str, value: &str| {
        if !asked.contains_key(name) {
            parameters.push((name.to_owned(), value.to_owned()));
        }
    };
    default("response_type", "code");
    default("code_challenge_method", "S256");
    let user = asked
        .get("user")
        .and_then(Value::as_str)
        .ok_or("user is missing")?;
    authorize::authorize_as(state, &parameters, user)
        .map(|authorized| json!({"location": authorized.location}))
        .map_err(|refusal| refusal.machine_form().to_string())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    client_id: String,
    /// Id or e-mail.
    user: String,
}

fn everything(state: &State, base: &str) -> Value {
    let grant = |grant: &Grant| {
        json!({
            "user_id": grant.user_id, "client_id": grant.client_id, "scope": grant.scopes.to_string(),
            "access_token": grant.access_token, "refresh_token": grant.refresh_token,
            "created_at": utc(grant.created_at), "refresh_expires_at": utc(grant.refresh_expires_at),
            "refreshed": grant.refreshed, "ended": grant.ended,
        })
    };
    let grants = |living: bool| -> Vec<Value> {
        state
            .tokens
            .grants
            .iter()
            .filter(|one| one.ended.is_none() == living)
            .map(grant)
            .collect()
    };
    let now = state.now();
    let s2s_tokens: Vec<Value> = state
        .tokens
        .access
        .iter()
        .filter(|(_, token)| token.holder == Holder::ServerToServer)
        .map(|(text, token)| {
            json!({
                "client_id": token.client_id, "access_token": text, "scope": token.scopes.to_string(),
                "expires_at": utc(token.expires_at), "live": !token.revoked && token.expires_at > now,
            })
        })
        .collect();
    let meetings =
        |from: &std::collections::BTreeMap<u64, crate::model::Meeting>, deleted| -> Vec<Value> {
            from.values()
                .map(|meeting| json!(meetings::stored(state, meeting, base, deleted)))
                .collect()
        };
    json!({
        "accounts": state.accounts.values().collect::<Vec<_>>(),
        "users": state.users.values().collect::<Vec<_>>(),
        "apps": state.apps.values().collect::<Vec<_>>(),
        "meetings": meetings(&state.meetings, false),
        "deleted_meetings": meetings(&state.deleted_meetings, true),
        "grants": grants(true),
        "ended_grants": grants(false),
        "s2s_tokens": s2s_tokens,
        "settings": state.switches,
        "connections": {"accepted": state.connections},
    })
}
