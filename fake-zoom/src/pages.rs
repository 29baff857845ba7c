//! The few pages for people: the front page, join and start.

use crate::meetings;
use crate::message::{Reply, Request};
use crate::model::Meeting;
use crate::state::State;

pub fn page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"></head>\n<body>\n{body}\n</body></html>\n"
    )
}

pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

pub fn front() -> Reply {
    let body = "<h1>fake-zoom</h1>\n<p>A stand-in for Zoom. OAuth under <code>/oauth</code>, the REST API under \
                <code>/v2</code>, the control API under <code>/_control</code>.</p>";
    Reply::html(200, page("fake-zoom", body))
}

pub fn not_found() -> Reply {
    Reply::html(404, page("Not found", "<h1>Not found</h1>"))
}

/// `/j/{id}`: a participant joins, with the passcode in the link or typed later.
pub fn join(state: &State, request: &Request, id: &str) -> Reply {
    let Some(meeting) = find(state, id) else {
        return invalid_meeting();
    };
    let pwd = request.query_value("pwd");
    let knows_passcode =
        meeting.password.is_none() || pwd.as_ref() == Some(&meeting.encrypted_password);
    let text = if knows_passcode {
        format!("You joined meeting {} as participant.", meeting.id)
    } else {
        format!("Enter the passcode of meeting {}.", meeting.id)
    };
    Reply::html(200, page("Join", &format!("<h1>{text}</h1>")))
}

/// `/s/{id}?zak=…`: the host starts the meeting.
pub fn start(state: &mut State, request: &Request, id: &str) -> Reply {
    let now = state.now();
    let Some((id, host_id)) = find(state, id).map(|meeting| (meeting.id, meeting.host_id.clone()))
    else {
        return invalid_meeting();
    };
    let zak = request.query_value("zak").unwrap_or_default();
    let user = state
        .zaks
        .get(&zak)
        .filter(|zak| zak.expires_at > now && zak.user_id == host_id)
        .and_then(|zak| state.users.get(&zak.user_id));
    let Some(user) = user else {
        let body = "<h1>Sign in to start the meeting</h1><p>The link to start it has expired or is not valid.</p>";
        return Reply::html(401, page("Sign in", body));
    };
    let name = escape(&format!("{} <{}>", user.display_name(), user.email));
    meetings::start(state, id);
    Reply::html(
        200,
        page(
            "Start",
            &format!("<h1>You joined meeting {id} as host: {name}.</h1>"),
        ),
    )
}

/// By meeting id, or by a personal number whose owner has a meeting on it.
fn find<'a>(state: &'a State, id: &str) -> Option<&'a Meeting> {
    let now = state.now();
    let id: u64 = id.parse().ok()?;
    let by_pmi = || {
        let host = state.users.values().find(|user| user.pmi == id)?;
        state.meetings.values().find(|meeting| {
            meeting.host_id == host.id
                && meeting.settings.get("use_pmi") == Some(&serde_json::Value::Bool(true))
        })
    };
    state
        .meetings
        .get(&id)
        .or_else(by_pmi)
        .filter(|meeting| !meeting.has_expired(now))
}

fn invalid_meeting() -> Reply {
    let body = "<h1>This meeting link is invalid (3,001)</h1>";
    Reply::html(404, page("Invalid meeting", body))
}
