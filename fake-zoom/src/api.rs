//! The REST API under `/v2`: token, account limits, scopes, then the operation.

use crate::bearer;
use crate::call::Call;
use crate::message::{Reply, Request};
use crate::model::Plan;
use crate::operations::Operation;
use crate::state::State;
use crate::{meetings, users};

pub fn respond(state: &mut State, request: &Request) -> Reply {
    run(state, request).unwrap_or_else(|refusal| refusal)
}

fn run(state: &mut State, request: &Request) -> Result<Reply, Reply> {
    let token = bearer::token(state, request)?;
    let mut caller = bearer::caller(state, &token)?;
    let segments = request.segments();
    let after_version: Vec<&str> = segments.iter().skip(1).map(AsRef::as_ref).collect();
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
    let headers = if state.switches.rate_limits {
        Some(
            state
                .limits
                .take(&caller.account_id, plan, operation.label(), &state.clock)?,
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
