//! Who calls: the bearer token of a REST request, and whether its scopes allow the operation.

use crate::message::{Reply, Request};
use crate::operations::Operation;
use crate::scopes::Scopes;
use crate::state::State;
use crate::tokens::{AccessToken, Holder};

/// A caller whose token and scopes were found good.
#[derive(Clone, Debug)]
pub struct Caller {
    pub account_id: String,
    /// The user who gave the grant, or the owner of a Server-to-Server app's account.
    pub user_id: String,
    /// Holds the `:admin` form of the operation's scope, so it may reach every user of the account.
    pub is_admin: bool,
    pub is_server_to_server: bool,
    pub app_name: String,
}

/// The living token of a request.
pub fn token(state: &State, request: &Request) -> Result<AccessToken, Reply> {
    let invalid = || Reply::error(401, 124, "Invalid access token.");
    if request.query_value("access_token").is_some() {
        return Err(Reply::error(
            401,
            124,
            "Invalid access token, this access token is not supported as query parameter string.",
        ));
    }
    let header = request
        .header("authorization")
        .ok_or_else(|| Reply::error(401, 124, "Requires an access token."))?;
    let text = header
        .split_once(' ')
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, text)| text.trim())
        .ok_or_else(invalid)?;
    let token = state
        .tokens
        .access
        .get(text)
        .filter(|token| !token.revoked)
        .ok_or_else(invalid)?;
    if !state
        .apps
        .get(&token.client_id)
        .is_some_and(|app| app.enabled)
    {
        return Err(invalid());
    }
    if token.expires_at <= state.now() {
        return Err(Reply::error(401, 124, "Access token is expired."));
    }
    Ok(token.clone())
}

/// Whose token it is, before scopes are looked at.
pub fn caller(state: &State, token: &AccessToken) -> Result<Caller, Reply> {
    let invalid = || Reply::error(401, 124, "Invalid access token.");
    let app = state.apps.get(&token.client_id).ok_or_else(invalid)?;
    let (account_id, user_id) = match token.holder {
        Holder::Chatbot => return Err(Reply::error(400, 200, "Invalid api key or secret.")),
        Holder::ServerToServer => {
            let owner = state
                .users
                .values()
                .find(|user| user.account_id == app.account_id && user.role_id == "0");
            (
                app.account_id.clone(),
                owner.map(|user| user.id.clone()).unwrap_or_default(),
            )
        }
        Holder::Grant(id) => {
            let grant = state.tokens.grant(id).ok_or_else(invalid)?;
            let user = state
                .users
                .get(&grant.user_id)
                .filter(|user| user.is_active())
                .ok_or_else(invalid)?;
            (user.account_id.clone(), user.id.clone())
        }
    };
    if state.users.get(&user_id).is_some_and(|user| !user.rest_api) {
        return Err(Reply::error(
            400,
            200,
            "Access to the Zoom REST API has been denied for this user. Contact Zoom Support for details.",
        ));
    }
    if state
        .accounts
        .get(&account_id)
        .is_some_and(|account| !account.rest_api)
    {
        return Err(Reply::error(400, 200, "Account does not enabled REST API."));
    }
    Ok(Caller {
        account_id,
        user_id,
        is_admin: false,
        is_server_to_server: token.holder == Holder::ServerToServer,
        app_name: app.name.clone(),
    })
}

/// Whether `scopes` allow `operation`: `Ok(true)` with the `:admin` form, else only for the caller's own user.
pub fn allows(scopes: &Scopes, operation: Operation) -> Result<bool, Reply> {
    let (classic, granular) = operation.scopes();
    if scopes.contains_admin_form(classic) || scopes.contains_admin_form(granular) {
        return Ok(true);
    }
    if !operation.is_for_administrators() && (scopes.contains(classic) || scopes.contains(granular))
    {
        return Ok(false);
    }
    Err(missing(
        scopes,
        operation,
        operation.is_for_administrators(),
    ))
}

/// HTTP 400, code 4711, with every scope that would do, in the naming that the app uses.
pub fn missing(scopes: &Scopes, operation: Operation, admin_only: bool) -> Reply {
    let (classic, granular) = operation.scopes();
    let name = if is_classic(scopes) {
        classic
    } else {
        granular
    };
    let list = if admin_only {
        format!("{name}:admin")
    } else {
        format!("{name}:admin, {name}")
    };
    Reply::error(
        400,
        4711,
        format!("Invalid access token, does not contain scopes:[{list}]."),
    )
}

/// Granular scopes have three parts before any `:admin`, classic ones two.
fn is_classic(scopes: &Scopes) -> bool {
    !scopes.is_empty()
        && scopes.iter().all(|scope| {
            let name = scope
                .strip_suffix(":admin")
                .or_else(|| scope.strip_suffix(":master"))
                .unwrap_or(scope);
            name.matches(':').count() < 2
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(reply: &Reply) -> String {
        String::from_utf8_lossy(&reply.body).into_owned()
    }

    #[test]
    fn either_naming_will_do() {
        for (scopes, admin) in [
            ("meeting:write:meeting", false),
            ("meeting:write:meeting:admin", true),
            ("meeting:write", false),
            ("meeting:write:admin", true),
            ("meeting:write meeting:write:admin", true),
        ] {
            assert_eq!(
                allows(&Scopes::from(scopes), Operation::CreateMeeting).unwrap(),
                admin,
                "{scopes}"
            );
        }
    }

    #[test]
    fn a_refusal_names_what_would_do() {
        let refused =
            allows(&Scopes::from("user:read:user"), Operation::CreateMeeting).unwrap_err();
        assert_eq!(refused.status, 400);
        assert_eq!(
            message(&refused),
            r#"{"code":4711,"message":"Invalid access token, does not contain scopes:[meeting:write:meeting:admin, meeting:write:meeting]."}"#
        );
        let refused =
            allows(&Scopes::from("user:read:list_users"), Operation::ListUsers).unwrap_err();
        assert!(message(&refused).contains("scopes:[user:read:list_users:admin]."));
        let refused = allows(
            &Scopes::from("user:read:admin meeting:read:admin"),
            Operation::DeleteMeeting,
        )
        .unwrap_err();
        assert!(message(&refused).contains("scopes:[meeting:write:admin, meeting:write]."));
    }
}
