//! `/oauth/authorize`: the consent page that a browser shows, and what a click on it does.

use serde_json::json;

use crate::clock::after;
use crate::message::{Reply, Request, form_pairs, pair};
use crate::model::{App, AppKind, User};
use crate::pages::{escape, page};
use crate::scopes::Scopes;
use crate::state::{Decline, State};
use crate::tokens::{Challenge, Code};

/// Authorization codes live five minutes.
const CODE_SECONDS: i64 = 300;

/// An authorize request that was found good.
#[derive(Debug)]
struct Asked {
    app: App,
    redirect_uri: String,
    state: Option<String>,
    challenge: Option<Challenge>,
    scopes: Scopes,
}

/// What a click on Authorize leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorized {
    /// The address to which the browser is sent.
    pub location: String,
    /// The code in it: five minutes, for one use.
    pub code: String,
    /// The state in it, as the app sent it.
    pub state: Option<String>,
}

/// Why no redirect happens, in Zoom's words: an error page, or its machine form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(String);

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    fn reply(&self, request: &Request) -> Reply {
        if request.wants_html() {
            let text = escape(&self.0);
            return Reply::html(
                400,
                page("Zoom", &format!("<h1>{text}</h1><p>{text} (4,700)</p>")),
            );
        }
        Reply::json(400, &self.machine_form())
    }

    pub(crate) fn machine_form(&self) -> serde_json::Value {
        json!({"status": false, "errorCode": 4700, "errorMessage": self.0, "result": null})
    }
}

/// `GET`: the consent page.
pub fn show(state: &State, request: &Request) -> Reply {
    let parameters = request.query_pairs();
    match read(state, &parameters) {
        Ok(asked) => consent_page(state, &asked, &parameters),
        Err(refusal) => refusal.reply(request),
    }
}

/// `POST`: the click on Authorize or Decline.
pub fn decide(state: &mut State, request: &Request) -> Reply {
    let parameters = form_pairs(&request.body);
    let decided = read(state, &parameters).and_then(|asked| {
        if pair(&parameters, "decision") != Some("authorize") {
            return Ok(declined(state, &asked));
        }
        let user = pair(&parameters, "user").unwrap_or_default();
        grant(state, asked, user).map(|authorized| Reply::redirect(authorized.location))
    });
    decided.unwrap_or_else(|refusal| refusal.reply(request))
}

/// What a click on Authorize would lead to, for tests without a browser.
pub fn authorize_as(
    state: &mut State,
    parameters: &[(String, String)],
    user: &str,
) -> Result<Authorized, Refusal> {
    let asked = read(state, parameters)?;
    grant(state, asked, user)
}

fn read(state: &State, parameters: &[(String, String)]) -> Result<Asked, Refusal> {
    let refuse = |text: &str| Err(Refusal(text.to_owned()));
    let Some(app) = pair(parameters, "client_id").and_then(|id| state.apps.get(id)) else {
        return refuse("Invalid client_id");
    };
    if app.kind != AppKind::User {
        return refuse("Invalid client_id");
    }
    if !app.enabled {
        return refuse("The app has been disabled");
    }
    let Some(redirect_uri) =
        pair(parameters, "redirect_uri").filter(|uri| allows_redirect(app, uri))
    else {
        return refuse("Invalid redirect url");
    };
    if pair(parameters, "response_type") != Some("code") {
        return refuse("Invalid response_type");
    }
    let scopes = match pair(parameters, "scope") {
        None => app.scopes.clone(),
        Some(text) => {
            let asked = Scopes::from(text);
            if !app.optional_scopes || !asked.is_subset(&app.scopes) {
                return refuse("Invalid scope");
            }
            asked
        }
    };
    let challenge = match (
        pair(parameters, "code_challenge"),
        pair(parameters, "code_challenge_method"),
    ) {
        (None, _) => None,
        (Some(text), None | Some("plain")) => Some(Challenge::Plain(text.to_owned())),
        (Some(text), Some("S256")) => Some(Challenge::S256(text.to_owned())),
        _ => return refuse("Invalid code_challenge_method"),
    };
    Ok(Asked {
        app: app.clone(),
        redirect_uri: redirect_uri.to_owned(),
        state: pair(parameters, "state").map(str::to_owned),
        challenge,
        scopes,
    })
}

/// The allow list holds prefixes, or whole addresses in strict mode; case matters. A prefix without a path stands
/// for that host on any port, but for no longer host name.
fn allows_redirect(app: &App, uri: &str) -> bool {
    let is_address = url::Url::parse(uri)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.fragment().is_none());
    is_address
        && app.redirect_uris.iter().any(|allowed| {
            if app.strict_redirect {
                return allowed == uri;
            }
            uri.strip_prefix(allowed.as_str()).is_some_and(|rest| {
                let has_path = allowed
                    .split_once("://")
                    .is_some_and(|(_, rest)| rest.contains('/'));
                has_path || rest.is_empty() || rest.starts_with(['/', ':', '?'])
            })
        })
}

fn grant(state: &mut State, asked: Asked, user: &str) -> Result<Authorized, Refusal> {
    let user: &User = state
        .user(user)
        .filter(|user| user.is_active())
        .ok_or_else(|| Refusal("Sign in to Zoom: no active user of that name".to_owned()))?;
    if !asked.app.shared && user.account_id != asked.app.account_id {
        return Err(Refusal(format!(
            "You cannot authorize the app: {} is not published and belongs to another account",
            asked.app.name
        )));
    }
    let code = Code {
        client_id: asked.app.client_id,
        user_id: user.id.clone(),
        redirect_uri: asked.redirect_uri.clone(),
        challenge: asked.challenge,
        scopes: asked.scopes,
        expires_at: after(state.now(), CODE_SECONDS),
        used: false,
    };
    let code = state.tokens.new_code(&mut state.random, code);
    let query = [("code", Some(&code)), ("state", asked.state.as_ref())];
    Ok(Authorized {
        location: with_query(&asked.redirect_uri, &query),
        code,
        state: asked.state,
    })
}

fn declined(state: &State, asked: &Asked) -> Reply {
    match state.switches.decline {
        Decline::Redirect => {
            let error = "access_denied".to_owned();
            let query = [("error", Some(&error)), ("state", asked.state.as_ref())];
            Reply::redirect(with_query(&asked.redirect_uri, &query))
        }
        Decline::Stay => Reply::html(
            200,
            page(
                "Zoom App Marketplace",
                "<h1>Zoom App Marketplace</h1><p>You declined. Browse other apps.</p>",
            ),
        ),
    }
}

fn with_query(uri: &str, query: &[(&str, Option<&String>)]) -> String {
    let mut added = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in query {
        if let Some(value) = value {
            added.append_pair(name, value);
        }
    }
    let separator = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{separator}{}", added.finish())
}

fn consent_page(state: &State, asked: &Asked, parameters: &[(String, String)]) -> Reply {
    let hidden: Vec<String> = [
        "response_type",
        "client_id",
        "redirect_uri",
        "state",
        "scope",
        "code_challenge",
        "code_challenge_method",
    ]
    .iter()
    .filter_map(|name| pair(parameters, name).map(|value| (name, value)))
    .map(|(name, value)| {
        format!(
            r#"<input type="hidden" name="{name}" value="{}">"#,
            escape(value)
        )
    })
    .collect();
    let prefilled = pair(parameters, "_user")
        .and_then(|user| state.user(user))
        .map(|user| user.id.clone());
    let users: Vec<String> = state
        .users
        .values()
        .filter(|user| user.is_active())
        .map(|user| {
            let selected = if prefilled.as_ref() == Some(&user.id) {
                " selected"
            } else {
                ""
            };
            let name = escape(&format!("{} <{}>", user.display_name(), user.email));
            format!(
                r#"<option value="{}"{selected}>{name}</option>"#,
                escape(&user.id)
            )
        })
        .collect();
    let scopes: Vec<String> = asked
        .scopes
        .iter()
        .map(|scope| format!("<li><code>{}</code></li>", escape(scope)))
        .collect();
    let (hidden, users, scopes) = (hidden.concat(), users.concat(), scopes.concat());
    let app = escape(&asked.app.name);
    let body = format!(
        r#"<h1>{app} wants access to your Zoom account</h1>
<p>This is fake-zoom, a stand-in for Zoom.</p>
<p>{app} will be able to:</p><ul id="scopes">{scopes}</ul>
<form method="post" action="/oauth/authorize">{hidden}
<p><label>Signed in as <select name="user" id="user">{users}</select></label></p>
<p><button type="submit" name="decision" value="authorize" id="authorize">Authorize</button>
<button type="submit" name="decision" value="decline" id="decline">Decline</button></p></form>"#
    );
    Reply::html(200, page("Zoom App Marketplace", &body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(uris: &[&str], strict: bool) -> App {
        let mut app = crate::model::BUILT_IN_SEED.clone().apps.remove(0);
        app.redirect_uris = uris.iter().map(|uri| (*uri).to_owned()).collect();
        app.strict_redirect = strict;
        app
    }

    #[test]
    fn redirects_match_a_prefix_or_exactly() {
        let list = ["http://localhost", "https://clinic.example/"];
        for (uri, lax, strict) in [
            ("http://localhost", true, true),
            ("http://localhost:8080/callback?x=1", true, false),
            ("http://localhost.evil.example/", false, false),
            ("http://localhost@evil.example/", false, false),
            ("https://clinic.example/callback", true, false),
            ("https://clinic.example/", true, true),
            ("https://CLINIC.example/", false, false),
            ("https://clinic.example", false, false),
            ("https://clinic.example/#fragment", false, false),
            ("javascript:alert(1)", false, false),
            ("", false, false),
        ] {
            assert_eq!(allows_redirect(&app(&list, false), uri), lax, "{uri}");
            assert_eq!(
                allows_redirect(&app(&list, true), uri),
                strict,
                "{uri} strict"
            );
        }
    }

    #[test]
    fn the_query_is_added_to_what_is_there() {
        let state = "a b&c".to_owned();
        assert_eq!(
            with_query("http://x/y?z=1", &[("state", Some(&state)), ("code", None)]),
            "http://x/y?z=1&state=a+b%26c"
        );
    }
}
