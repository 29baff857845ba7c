//! Which part answers which path.

use serde_json::json;

use crate::message::{Reply, Request};
use crate::state::State;
use crate::{api, authorize, control, oauth, pages};

/// Whether a request belongs to the control API: not logged, never hit by faults.
pub fn is_control(request: &Request) -> bool {
    request.path.starts_with("/_control/")
}

/// Does the work of one request. Every answer of Zoom bears a tracking id.
pub fn respond(state: &mut State, request: &Request) -> Reply {
    let mut reply = route(state, request);
    if !is_control(request) {
        let tracking = format!(
            "v=2.0;clid=us02;rid=WEB_{}",
            state.random.text("0123456789abcdef", 32)
        );
        reply.headers.push(("x-zm-trackingid".into(), tracking));
    }
    reply
}

fn route(state: &mut State, request: &Request) -> Reply {
    let segments = request.segments();
    let path: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
    match (request.method.as_str(), path.as_slice()) {
        (_, ["_control", ..]) => control::respond(state, request),
        (_, ["v2", ..]) => api::respond(state, request),
        ("POST", ["oauth", "token"]) => oauth::token(state, request),
        ("POST", ["oauth", "revoke"]) => oauth::revoke(state, request),
        ("GET", ["oauth", "authorize"]) => authorize::show(state, request),
        ("POST", ["oauth", "authorize"]) => authorize::decide(state, request),
        (_, ["oauth", "token" | "revoke" | "authorize"]) => Reply::json(
            405,
            &json!({"reason": "Method not allowed", "error": "invalid_request"}),
        ),
        ("GET", [""]) => pages::front(),
        ("GET", ["j", id]) => pages::join(state, request, id),
        ("GET", ["s", id]) => pages::start(state, request, id),
        _ => pages::not_found(),
    }
}
