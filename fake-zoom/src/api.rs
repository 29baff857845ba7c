//! The REST API under `/v2`: token, account limits, scopes, then the operation.

use crate::bearer::{self, Caller};
use crate::message::{Reply, Request};
use crate::model::{Plan, User};
use crate::operations::Operation;
use crate::state::State;
use crate::{meetings, users};

/// Everything that an operation may need to know about its call.
#[derive(Debug)]
pub struct Call<'a> {
    pub request: &'a Request,
    pub operation: Operation,
    pub caller: Caller,
    pub plan: Plan,
    /// The id in the path, decoded once.
    pub id: String,
}

pub fn respond(state: &mut State, request: &Request) -> Reply {
    run(state, request).unwrap_or_else(|refusal| refusal)
}

fn run(state: &mut State, request: &Request) -> Result<Reply, Reply> {
    let token = bearer::token(state, request)?;
    let mut caller = bearer::caller(state, &token)?;
    let segments = request.segments();
    let after_version: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
    let Some((mut operation, id)) = Operation::find(&request.method, &after_version) else {
        return Err(Reply::error(
            501,
            501,
            format!(
                "fake-zoom does not know {} {}.",
                request.method, request.path
            ),
        ));
    };
    if operation == Operation::UserToken && request.query_value("type").as_deref() == Some("zak") {
        operation = Operation::UserZak;
    }
    let plan = state
        .accounts
        .get(&caller.account_id)
        .map_or(Plan::Pro, |account| account.plan);
    let now = state.now();
    let headers = if state.switches.rate_limits {
        Some(
            state
                .limits
                .take(&caller.account_id, plan, operation.label(), now)?,
        )
    } else {
        None
    };
    let outcome = bearer::allows(&token.scopes, operation).and_then(|is_admin| {
        caller.is_admin = is_admin;
        // A token for one user speaks of `me` only; anything else needs the `:admin` scope.
        if operation.is_about_a_user() && !is_admin && id != "me" {
            let own = state
                .user(&id)
                .is_some_and(|user| user.id == caller.user_id);
            if state.switches.strict_me || !own {
                return Err(bearer::missing(&token.scopes, operation, true));
            }
        }
        let call = Call {
            request,
            operation,
            caller,
            plan,
            id,
        };
        dispatch(state, &call)
    });
    let mut reply = outcome.unwrap_or_else(|refusal| refusal);
    if let Some(headers) = headers
        && !reply
            .headers
            .iter()
            .any(|(name, _)| name == "X-RateLimit-Category")
    {
        headers.put_on(&mut reply);
    }
    Ok(reply)
}

fn dispatch(state: &mut State, call: &Call) -> Result<Reply, Reply> {
    match call.operation {
        Operation::ListUsers => users::list(state, call),
        Operation::GetUser => users::get(state, call),
        Operation::UserSettings => users::settings(state, call),
        Operation::UserToken | Operation::UserZak => users::token(state, call),
        Operation::CreateMeeting => meetings::create(state, call),
        Operation::ListMeetings => meetings::list(state, call),
        Operation::UpcomingMeetings => meetings::upcoming(state, call),
        Operation::GetMeeting => meetings::get(state, call),
        Operation::UpdateMeeting => meetings::update(state, call),
        Operation::DeleteMeeting => meetings::delete(state, call),
        Operation::MeetingStatus => meetings::change_status(state, call),
        Operation::Invitation => meetings::invitation(state, call),
        Operation::PastMeeting => meetings::past(state, call),
        Operation::PastInstances => meetings::past_instances(state, call),
    }
}

/// The user whom the path names.
pub fn target_user(state: &State, call: &Call) -> Result<User, Reply> {
    let unknown = || {
        // Sic: this one operation answers with the code of a missing meeting.
        let code = if call.operation == Operation::UpcomingMeetings {
            3001
        } else {
            1001
        };
        Reply::error(404, code, format!("User does not exist: {}.", call.id))
    };
    if call.id == "me" {
        if call.caller.is_server_to_server && state.switches.strict_me {
            return Err(unknown());
        }
        return state
            .users
            .get(&call.caller.user_id)
            .cloned()
            .ok_or_else(unknown);
    }
    let user = state.user(&call.id).ok_or_else(unknown)?;
    if user.account_id != call.caller.account_id {
        return Err(Reply::error(404, 1010, "User not belong to this account"));
    }
    Ok(user.clone())
}

/// Code 300 with the dotted paths of the fields at fault.
pub fn validation_failed(errors: &[(String, &'static str)]) -> Reply {
    let errors: Vec<_> = errors
        .iter()
        .map(|(field, message)| serde_json::json!({"field": field, "message": message}))
        .collect();
    Reply::api(
        400,
        &serde_json::json!({"code": 300, "message": "Validation Failed.", "errors": errors}),
    )
}

/// The body as a JSON object.
pub fn json_object(request: &Request) -> Result<serde_json::Map<String, serde_json::Value>, Reply> {
    let parsed = if request.has_content_type("application/json") {
        serde_json::from_slice(&request.body).ok()
    } else {
        None
    };
    match parsed {
        Some(serde_json::Value::Object(map)) => Ok(map),
        _ => Err(Reply::error(
            400,
            300,
            "Request Body should be a valid JSON object.",
        )),
    }
}
