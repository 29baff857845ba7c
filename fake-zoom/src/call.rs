//! One call of the REST API: who calls what, whom the path names, what the body holds.

use crate::bearer::Caller;
use crate::message::{Reply, Request};
use crate::model::{Plan, User};
use crate::operations::Operation;
use crate::state::State;

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
