//! What is fuzzed: each target takes bytes, plays them into the core as what a store or Zoom returned, and calls everything
//! that reads them.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::HeaderValue;
use ring::hmac;
use telemed::zoom::Client;
use telemed::zoom::ClientId;
use telemed::zoom::Endpoints;
use telemed::zoom::Host;
use telemed::zoom::MeetingId;
use telemed::zoom::Result as ZoomResult;
use telemed::zoom::Subject;
use telemed::zoom::grant::Place;
use telemed::zoom::http::Response;
use telemed::zoom::meeting_request::MeetingRequest;
use telemed::zoom::meeting_request::find_marker;
use telemed::zoom::oauth_app::OAuthApp;
use telemed::zoom::secret::Secret;
use telemed::zoom::server_to_server_app::ServerToServerApp;
use telemed::zoom::token_endpoint::Credentials;
use telemed::zoom::tokens::Tokens;
use telemed::zoom::webhook::Webhook;

use crate::world::Answer;
use crate::world::SECRETS;
use crate::world::World;

/// Something that reads what others wrote.
pub struct Target {
    pub name: &'static str,
    /// The folder of its seeds.
    pub corpus: &'static str,
    /// The first byte chooses among statuses, headers or methods; the rest is what is read.
    pub run: fn(&[u8]) -> Result<(), String>,
}

/// All targets.
pub const TARGETS: [Target; 8] = [
    Target {
        name: "sealed",
        corpus: "record",
        run: sealed,
    },
    Target {
        name: "record",
        corpus: "record",
        run: record,
    },
    Target {
        name: "pending",
        corpus: "record",
        run: pending,
    },
    Target {
        name: "token",
        corpus: "token",
        run: token,
    },
    Target {
        name: "api",
        corpus: "api",
        run: api,
    },
    Target {
        name: "headers",
        corpus: "headers",
        run: headers,
    },
    Target {
        name: "webhook",
        corpus: "webhook",
        run: webhook,
    },
    Target {
        name: "texts",
        corpus: "texts",
        run: texts,
    },
];

const REDIRECT: &str = "https://clinic.example/callback";
const CLIENT_ID: &str = "cLiEnTiDeXaMpLe0123456";
const GOOD_TOKENS: &str = r#"{"access_token":"sEcReT-access-token","token_type":"bearer","refresh_token":"sEcReT-refresh-token","expires_in":3599,"scope":"meeting:write meeting:read user:read"}"#;
const STATUSES: [u16; 16] = [
    200, 200, 200, 201, 204, 302, 400, 400, 401, 403, 404, 409, 429, 429, 500, 503,
];

/// A stored text that we did not seal, or that was spoiled since.
fn sealed(input: &[u8]) -> Result<(), String> {
    let world = World::new(good_tokens(), answer(200, b"{}"))?;
    let (choice, rest) = split(input);
    let text = match choice % 3 {
        0 => String::from_utf8_lossy(rest).into_owned(),
        1 => format!("telemed1.{}", String::from_utf8_lossy(rest)),
        _ => format!("telemed1.{}", URL_SAFE_NO_PAD.encode(rest)),
    };
    for key in [connection_key(&world)?, pending_key(&world)?] {
        world.store.0.borrow_mut().insert(key, text.clone());
    }
    let (app, doctor) = (oauth_app(&world)?, doctor()?);
    check(app.connection(&doctor))?;
    check(app.authorization_request(&doctor))?;
    check(app.connect("code", "state", &doctor))?;
    check(app.client(&doctor).user(None))?;
    check(app.renew(&doctor))?;
    check(app.disconnect(&doctor))
}

/// A record that opens and holds anything.
fn record(input: &[u8]) -> Result<(), String> {
    let (choice, rest) = split(input);
    let status = pick(&STATUSES, choice);
    let world = World::new(
        good_tokens(),
        answer(status, b"{\"id\":\"u\",\"code\":124}"),
    )?;
    let key = connection_key(&world)?;
    world.put(&key, rest)?;
    let (app, doctor) = (oauth_app(&world)?, doctor()?);
    if let Ok(Some(connection)) = app.connection(&doctor) {
        let _ = (
            connection.since(),
            connection.expires_at(),
            connection.is_licensed(),
        );
    }
    check(app.client(&doctor).user(None))?;
    check(visit().and_then(|visit| app.client(&doctor).create_meeting(&visit)))?;
    world.put(&key, rest)?;
    check(app.renew(&doctor))?;
    world.put(&key, rest)?;
    check(app.disconnect(&doctor))?;
    world.put(&key, rest)?;
    check(app.authorization_request(&doctor))
}

/// Pending authorizations that open and are anything.
fn pending(input: &[u8]) -> Result<(), String> {
    let (_, rest) = split(input);
    let world = World::new(good_tokens(), answer(200, b"{}"))?;
    world.put(&pending_key(&world)?, rest)?;
    let (app, doctor) = (oauth_app(&world)?, doctor()?);
    check(app.connect("code", "s", &doctor))?;
    world.put(&pending_key(&world)?, rest)?;
    check(app.authorization_request(&doctor))
}

/// What the token endpoint may answer: to a code, a refresh, an account, a revoke.
fn token(input: &[u8]) -> Result<(), String> {
    let (choice, rest) = split(input);
    let mut answer = answer(pick(&STATUSES, choice), rest);
    if choice & 0x40 != 0 {
        answer
            .headers
            .insert("content-type", HeaderValue::from_static("text/html"));
    }
    let world = World::new(answer, good_user())?;
    let (app, doctor) = (oauth_app(&world)?, doctor()?);
    let begun = app
        .authorization_request(&doctor)
        .map_err(|error| error.to_string())?;
    check(app.connect("code", begun.state(), &doctor))?;
    world.put(&connection_key(&world)?, stored(1).as_bytes())?;
    check(app.client(&doctor).user(None))?;
    check(app.disconnect(&doctor))?;
    let account = server_app(&world)?;
    check(account.client().user(Some(&host()?)))?;
    check(account.disconnect())
}

/// What the API may answer to any of our calls.
fn api(input: &[u8]) -> Result<(), String> {
    let (choice, rest) = split(input);
    call_everything(choice, answer(pick(&STATUSES, choice), rest))
}

/// The same with headers that are anything: Retry-After, Date, limits, the tracking id.
fn headers(input: &[u8]) -> Result<(), String> {
    let (choice, rest) = split(input);
    let mut answer = answer(
        pick(&[200, 400, 401, 429, 429, 503], choice),
        b"{\"code\":429,\"message\":\"x\"}",
    );
    // The lines of the input, in this order.
    let names = [
        "retry-after",
        "date",
        "x-ratelimit-category",
        "x-ratelimit-type",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-zm-trackingid",
        "location",
    ];
    for (part, name) in rest
        .split(|byte| *byte == b'\n')
        .zip(names.into_iter().cycle())
    {
        if let Ok(value) = HeaderValue::from_bytes(part) {
            answer.headers.insert(name, value);
        }
    }
    call_everything(choice, answer)
}

/// A webhook with a good signature and any body, and one with any headers.
fn webhook(input: &[u8]) -> Result<(), String> {
    let (choice, rest) = split(input);
    let world = World::new(Answer::default(), Answer::default())?;
    let webhook = Webhook::new(SECRETS[0], 300).map_err(|error| error.to_string())?;
    let now = world.context.clock.now();
    let timestamp = now.as_second().to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRETS[0].as_bytes());
    let mut signature = "v0=".to_owned();
    for byte in hmac::sign(&key, &[b"v0:", timestamp.as_bytes(), b":", rest].concat()).as_ref() {
        let _ = write!(signature, "{byte:02x}");
    }
    let header = |name: &str| match name {
        "x-zm-request-timestamp" => Some(timestamp.as_str()),
        "x-zm-signature" => Some(signature.as_str()),
        _ => None,
    };
    check(webhook.receive(rest, header, now).map(|event| {
        let _ = (
            event.name().len(),
            event.answer(),
            event.account_id(),
            event.zoom_user_id(),
        );
    }))?;
    let text = String::from_utf8_lossy(rest);
    if choice % 2 == 0 && webhook.receive(rest, |_| Some(&*text), now).is_ok() {
        return Err("a forged webhook was taken".to_owned());
    }
    Ok(())
}

/// Addresses, markers and dates that stand in answers.
fn texts(input: &[u8]) -> Result<(), String> {
    let (_, rest) = split(input);
    let text = String::from_utf8_lossy(rest);
    let endpoints = Endpoints::new("https://zoom.us", "https://api.zoom.us")
        .map_err(|error| error.to_string())?;
    if let Ok(url) = endpoints.api_base(Some(&text)) {
        let host = url.host_str().unwrap_or_default();
        let zoom = ["zoom.us", "zoomgov.com"]
            .iter()
            .any(|zoom| host == *zoom || host.ends_with(&format!(".{zoom}")));
        if url.scheme() != "https" || !zoom {
            return Err(format!("a token would go to {url}"));
        }
    }
    let _ = endpoints.trusts_link(&text);
    let _ = find_marker(&text);
    check(Endpoints::new(&text, "https://api.zoom.us"))?;
    let mut response = Response {
        status: 429,
        headers: HeaderMap::new(),
        body: rest.to_vec(),
    };
    if let Ok(value) = HeaderValue::from_bytes(rest) {
        response.headers.insert("retry-after", value.clone());
        response.headers.insert("date", value);
    }
    let world = World::new(Answer::default(), Answer::default())?;
    let now = world.context.clock.now();
    let _ = telemed::zoom::limit_end::of_day(&response, now);
    let _ = telemed::zoom::limit_end::wait(&response, now);
    Ok(())
}

/// Every call of a client, the choice says which, against one answer.
fn call_everything(choice: u8, answer: Answer) -> Result<(), String> {
    let world = World::new(good_tokens(), answer)?;
    world.put(&connection_key(&world)?, stored(1_796_133_599).as_bytes())?;
    let own = oauth_app(&world)?.client(&doctor()?);
    let account = server_app(&world)?.client();
    check(own.user(None))?;
    check(own.create_meeting(&visit().map_err(|error| error.to_string())?))?;
    match choice % 5 {
        0 => {
            check(account.users())?;
            check(account.meetings(Some(&host()?)))?;
        }
        1 => {
            check(own.ensure_meeting(
                &visit().map_err(|error| error.to_string())?,
                &[number()?],
                None,
            ))?;
            for result in own.create_meetings(&[visit().map_err(|error| error.to_string())?]) {
                check(result)?;
            }
        }
        2 => {
            check(own.update_meeting(
                number()?,
                &visit().map_err(|error| error.to_string())?,
                true,
            ))?;
            check(own.delete_meeting(number()?))?;
        }
        3 => {
            check(own.start_url(number()?))?;
            check(own.meeting_page(None, None))?;
            let _ = own.read_passcode_policy(None);
        }
        _ => {
            for client in [&own, &account] {
                say_nothing_secret(&diagnosis(client))?;
            }
        }
    }
    Ok(())
}

fn diagnosis(client: &Client) -> String {
    let diagnosis = client.check(Some("me"));
    let mut text = diagnosis.message();
    for step in diagnosis.steps() {
        let _ = write!(text, " {step:?}");
    }
    text
}

/// An error must be fit to be shown.
fn check<T>(result: ZoomResult<T>) -> Result<(), String> {
    result.map_or_else(
        |error| say_nothing_secret(&format!("{} {} {error:?}", error.message(), error.advice())),
        |_| Ok(()),
    )
}

fn say_nothing_secret(text: &str) -> Result<(), String> {
    match SECRETS.iter().find(|secret| text.contains(*secret)) {
        Some(secret) => Err(format!("{secret} stands in: {text}")),
        None => Ok(()),
    }
}

fn oauth_app(world: &World) -> Result<OAuthApp, String> {
    OAuthApp::new(CLIENT_ID, SECRETS[0], REDIRECT, world.context.clone())
        .map_err(|error| error.to_string())
}

fn server_app(world: &World) -> Result<ServerToServerApp, String> {
    ServerToServerApp::new("AcCoUnT", CLIENT_ID, SECRETS[0], world.context.clone())
        .map_err(|error| error.to_string())
}

fn host() -> Result<Host, String> {
    Host::new("doctor@example.com").map_err(|error| error.to_string())
}

fn number() -> Result<MeetingId, String> {
    MeetingId::new(1).map_err(|error| error.to_string())
}

fn doctor() -> Result<Subject, String> {
    Subject::new("7").map_err(|error| error.to_string())
}

fn connection_key(world: &World) -> Result<String, String> {
    let credentials = Credentials {
        client_id: ClientId::new(CLIENT_ID).map_err(|error| error.to_string())?,
        client_secret: Secret::new(SECRETS[0]),
    };
    Ok(Tokens::of_user(
        world.context.clone(),
        credentials,
        &doctor()?,
        Place::Active,
    )
    .key()
    .to_owned())
}

fn pending_key(world: &World) -> Result<String, String> {
    Ok(connection_key(world)?.replacen("connection:", "pending:", 1))
}

/// A doctor's record whose token ends then.
fn stored(end: i64) -> String {
    format!(
        r#"{{"state":"connected","access_token":"sEcReT-access-token","refresh_token":"sEcReT-refresh-token","expires_at":{end},"renew_at":{end},"scopes":["meeting:write","meeting:read","user:read"],"since":1}}"#
    )
}

fn visit() -> ZoomResult<MeetingRequest> {
    let start = jiff::Timestamp::from_second(1_796_200_000).unwrap_or_default();
    MeetingRequest::new(
        "Video visit",
        start,
        30,
        "Europe/Berlin",
        None,
        Some("s:1"),
        serde_json::Map::new(),
    )
}

fn answer(status: u16, body: &[u8]) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert(
        "content-type",
        HeaderValue::from_static("application/json;charset=UTF-8"),
    );
    Answer {
        status,
        headers,
        body: body.to_vec(),
    }
}

fn good_tokens() -> Answer {
    answer(200, GOOD_TOKENS.as_bytes())
}

fn good_user() -> Answer {
    answer(
        200,
        br#"{"id":"u","email":"doctor@example.com","type":2,"timezone":"Europe/Berlin"}"#,
    )
}

fn split(input: &[u8]) -> (u8, &[u8]) {
    input
        .split_first()
        .map_or((0, input), |(choice, rest)| (*choice, rest))
}

fn pick(all: &[u16], choice: u8) -> u16 {
    all.get(usize::from(choice) % all.len())
        .copied()
        .unwrap_or(200)
}
