//! The library as a simulation uses it: no sockets, a clock that stands, chance from a seed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use fake_zoom::{FakeZoom, Reply, Request};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const USER_APP: (&str, &str) = ("cLiEnTiDeXaMpLe0123456", "cLiEnTsEcReTeXaMpLe0123456789abc");
const S2S_APP: (&str, &str) = ("s2sCliEnTiDeXaMpLe0123", "s2sSeCrEtExAmPlE0123456789abcdef");
const CLINIC: &str = "Ab12cDefGhIjKlMnOpQrSt";
const DOCTOR: &str = "dR0hOsTiD1exAmple_Zo-m";
const REDIRECT: &str = "https://clinic.example/callback";
const MORNING: &str = "2026-11-30T09:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zoom(seed: u64) -> FakeZoom {
    FakeZoom::new(seed, at(MORNING))
}

fn token_request(app: (&str, &str), form: &[(&str, &str)]) -> Request {
    let mut request = Request::new("POST", "https://zoom.us/oauth/token");
    let basic = STANDARD.encode(format!("{}:{}", app.0, app.1));
    request.put("authorization", &format!("Basic {basic}"));
    request.put("content-type", "application/x-www-form-urlencoded");
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish();
    request.body = form.into();
    request
}

fn api_request(token: &str, method: &str, path: &str, body: Option<&Value>) -> Request {
    let mut request = Request::new(method, &format!("https://api.zoom.us/v2{path}"));
    request.put("authorization", &format!("Bearer {token}"));
    if let Some(body) = body {
        request.put("content-type", "application/json");
        request.body = body.to_string().into();
    }
    request
}

fn body(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn s2s(zoom: &mut FakeZoom) -> String {
    let form = [
        ("grant_type", "account_credentials"),
        ("account_id", CLINIC),
    ];
    let reply = zoom.respond(&token_request(S2S_APP, &form));
    assert_eq!(reply.status, 200, "{reply:?}");
    text(&body(&reply)["access_token"]).to_owned()
}

fn exchange(zoom: &mut FakeZoom, code: &str) -> Value {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
    ];
    let reply = zoom.respond(&token_request(USER_APP, &form));
    assert_eq!(reply.status, 200, "{reply:?}");
    body(&reply)
}

/// A doctor's access token.
fn connect(zoom: &mut FakeZoom) -> String {
    let code = zoom.allow(USER_APP.0, REDIRECT, DOCTOR).unwrap();
    text(&exchange(zoom, &code)["access_token"]).to_owned()
}

fn call(zoom: &mut FakeZoom, token: &str, method: &str, path: &str, body: &Value) -> Reply {
    let body = Some(body).filter(|body| !body.is_null());
    zoom.respond(&api_request(token, method, path, body))
}

fn create(zoom: &mut FakeZoom, token: &str, start: &str) -> u64 {
    let asked = json!({"topic": "Visit", "type": 2, "start_time": start, "duration": 30, "agenda": "telemed:v1:x"});
    let path = format!("/users/{DOCTOR}/meetings");
    let reply = call(zoom, token, "POST", &path, &asked);
    assert_eq!(reply.status, 201, "{reply:?}");
    body(&reply)["id"].as_u64().unwrap()
}

/// Every kind of request that draws something, and the control API's view of all that came of it.
fn life(zoom: &mut FakeZoom) -> Vec<Reply> {
    let mut replies = Vec::new();
    let token = s2s(zoom);
    for _ in 0..20 {
        s2s(zoom); // so many that no order of theirs can be the same by chance
    }
    connect(zoom);
    for hour in 10..20 {
        let id = create(zoom, &token, &format!("2026-12-01T{hour}:00:00Z"));
        replies.push(call(
            zoom,
            &token,
            "GET",
            &format!("/meetings/{id}"),
            &Value::Null,
        ));
        zoom.advance(SignedDuration::from_millis(300));
        if hour % 3 == 0 {
            let path = format!("/meetings/{id}");
            let change = json!({"duration": 45, "password": format!("pass{hour}")});
            replies.push(call(zoom, &token, "PATCH", &path, &change));
        }
        if hour % 4 == 0 {
            zoom.start_meeting(id);
            zoom.end_meeting(id);
        }
    }
    let path = format!("/users/{DOCTOR}/meetings?page_size=4");
    replies.push(call(zoom, &token, "GET", &path, &Value::Null));
    for path in ["requests", "state", "clock"] {
        replies.push(zoom.respond(&Request::new(
            "GET",
            &format!("https://zoom.us/_control/{path}"),
        )));
    }
    replies
}

#[test]
fn the_same_seed_and_requests_give_the_same_answers() {
    let (mut one, mut two, mut other) = (zoom(7), zoom(7), zoom(8));
    let answers = life(&mut one);
    assert!(answers.iter().all(|reply| reply.status < 300));
    // Without the answers in the message: they are long.
    assert!(answers == life(&mut two), "two of one seed differ");
    assert!(answers != life(&mut other), "two seeds are alike");
    one.reset();
    assert!(answers == life(&mut one), "a reset is no new beginning");
    let mut clone = two.clone();
    assert!(
        life(&mut clone) == life(&mut two),
        "a clone goes another way"
    );
}

#[test]
fn time_stands_until_it_is_told() {
    let mut zoom = zoom(1);
    let token = s2s(&mut zoom);
    let path = format!("/users/{DOCTOR}");
    let get = |zoom: &mut FakeZoom| call(zoom, &token, "GET", &path, &Value::Null);
    for remaining in (0..80).rev() {
        let reply = get(&mut zoom);
        assert_eq!(reply.header("Date"), Some("Mon, 30 Nov 2026 09:00:00 GMT"));
        assert_eq!(
            reply.header("x-ratelimit-remaining"),
            Some(remaining.to_string().as_str())
        );
    }
    assert_eq!(
        get(&mut zoom).status,
        429,
        "the second does not end by itself"
    );
    assert!(zoom.advance(SignedDuration::from_secs(1)));
    assert_eq!(get(&mut zoom).status, 200);
    zoom.advance(SignedDuration::from_secs(3597));
    assert_eq!(get(&mut zoom).status, 200);
    zoom.advance(SignedDuration::from_secs(1));
    let reply = get(&mut zoom);
    assert_eq!(
        (reply.status, body(&reply)["code"].as_i64()),
        (401, Some(124))
    );
    zoom.set_clock(at(MORNING));
    assert_eq!(get(&mut zoom).status, 200, "a clock that goes back");
    assert_eq!(zoom.now(), at(MORNING));
}

#[test]
fn a_meeting_is_read_as_zoom_holds_it() {
    let mut zoom = zoom(1);
    let token = s2s(&mut zoom);
    let id = create(&mut zoom, &token, "2026-12-01T10:00:00Z");
    let other = create(&mut zoom, &token, "2026-12-01T11:00:00Z");
    let meeting = zoom.meeting(id).unwrap();
    assert_eq!(
        (meeting.start, meeting.minutes, meeting.host_id.as_str()),
        (at("2026-12-01T10:00:00Z"), 30, DOCTOR)
    );
    assert_eq!(
        (meeting.topic.as_str(), meeting.agenda.as_str()),
        ("Visit", "telemed:v1:x")
    );
    assert_eq!(meeting.setting("waiting_room"), Some(&json!(true)));
    let mut ids: Vec<u64> = zoom.meetings_of(DOCTOR).map(|meeting| meeting.id).collect();
    ids.sort_unstable();
    let mut expected = [id, other];
    expected.sort_unstable();
    assert_eq!(ids, expected);
    assert_eq!(zoom.meetings_of("nobody").count(), 0);

    assert!(zoom.start_meeting(id));
    assert_eq!(zoom.meeting(id).unwrap().started_at, Some(at(MORNING)));
    assert!(zoom.end_meeting(id));
    assert_eq!(zoom.meeting(id).unwrap().started_at, None);

    assert!(zoom.change_meeting(id, |meeting| {
        meeting.minutes = 15;
        meeting.id = 1;
    }));
    let path = format!("/meetings/{id}");
    let reply = call(&mut zoom, &token, "GET", &path, &Value::Null);
    assert_eq!(body(&reply)["duration"], 15);
    assert!(zoom.delete_meeting(id));
    assert_eq!(
        call(&mut zoom, &token, "GET", &path, &Value::Null).status,
        404
    );
    assert!(zoom.meeting(id).is_none());
    let deleted: Vec<u64> = zoom.deleted_meetings().map(|meeting| meeting.id).collect();
    assert_eq!(deleted, [id]);
    assert!(!zoom.delete_meeting(id) && !zoom.start_meeting(id) && !zoom.end_meeting(id));
    assert!(!zoom.change_meeting(id, |_| panic!("there is none")));
}

#[test]
fn writes_are_counted_by_host_and_day() {
    let mut zoom = zoom(1);
    let token = s2s(&mut zoom);
    for _ in 0..100 {
        create(&mut zoom, &token, "2026-12-01T10:00:00Z");
        zoom.advance(SignedDuration::from_secs(1));
    }
    let path = format!("/users/{DOCTOR}/meetings");
    let refused = call(
        &mut zoom,
        &token,
        "POST",
        &path,
        &json!({"topic": "one more"}),
    );
    assert_eq!(refused.status, 429);
    let writes = |zoom: &FakeZoom, day: &str| {
        let writes = zoom.writes(DOCTOR, day.parse().unwrap());
        (writes.counted, writes.refused)
    };
    assert_eq!(writes(&zoom, "2026-11-30"), (100, 1));
    zoom.set_clock(at("2026-12-01T00:00:00Z"));
    let token = s2s(&mut zoom);
    create(&mut zoom, &token, "2026-12-01T10:00:00Z");
    assert_eq!(writes(&zoom, "2026-12-01"), (1, 0));
    assert_eq!(writes(&zoom, "2026-11-30"), (100, 1));
}

#[test]
fn a_user_allows_an_app_and_takes_it_back() {
    let mut zoom = zoom(1);
    let token = connect(&mut zoom);
    let me = |zoom: &mut FakeZoom, token: &str| {
        call(zoom, token, "GET", "/users/me", &Value::Null).status
    };
    assert_eq!(me(&mut zoom, &token), 200);
    let grant = zoom.grant(USER_APP.0, "doctor1@clinic.example").unwrap();
    assert_eq!((grant.user_id.as_str(), grant.refreshed), (DOCTOR, 0));
    assert!(zoom.revoke_grant(USER_APP.0, DOCTOR));
    assert!(!zoom.revoke_grant(USER_APP.0, DOCTOR));
    assert_eq!(me(&mut zoom, &token), 401);
    assert!(zoom.grant(USER_APP.0, DOCTOR).is_none());
    let ended: Vec<_> = zoom.grants().map(|grant| grant.ended).collect();
    assert_eq!(ended, [Some("deauthorized")]);

    let token = connect(&mut zoom);
    let clinic = s2s(&mut zoom);
    zoom.forget_access_tokens();
    assert_eq!(me(&mut zoom, &token), 401);
    let users = call(&mut zoom, &clinic, "GET", "/users", &Value::Null);
    assert_eq!(users.status, 401);
    let refresh = zoom
        .grant(USER_APP.0, DOCTOR)
        .unwrap()
        .refresh_token
        .clone();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.as_str()),
    ];
    assert_eq!(zoom.respond(&token_request(USER_APP, &form)).status, 200);
    assert_eq!(zoom.grant(USER_APP.0, DOCTOR).unwrap().refreshed, 1);
}

#[test]
fn a_click_on_authorize_follows_the_address() {
    let mut zoom = zoom(1);
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let challenge = URL_SAFE_NO_PAD.encode(ring::digest::digest(
        &ring::digest::SHA256,
        verifier.as_bytes(),
    ));
    let url = format!(
        "https://zoom.us/oauth/authorize?response_type=code&client_id={}&redirect_uri={REDIRECT}&state=s%201\
         &code_challenge={challenge}&code_challenge_method=S256",
        USER_APP.0
    );
    let authorized = zoom.authorize(&url, DOCTOR).unwrap();
    assert_eq!(authorized.state.as_deref(), Some("s 1"));
    assert_eq!(
        authorized.location,
        format!("{REDIRECT}?code={}&state=s+1", authorized.code)
    );
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", authorized.code.as_str()),
        ("redirect_uri", REDIRECT),
        ("code_verifier", verifier),
    ];
    let reply = zoom.respond(&token_request(USER_APP, &form));
    assert_eq!(reply.status, 200, "{reply:?}");
    let again = zoom.authorize(&url, DOCTOR).unwrap();
    form[1].1 = &again.code;
    form.pop();
    let reply = zoom.respond(&token_request(USER_APP, &form));
    assert_eq!(reply.status, 400, "without the verifier: {reply:?}");

    for (url, user, words) in [
        (
            url.replace(USER_APP.0, "nothing"),
            DOCTOR,
            "Invalid client_id",
        ),
        (
            url.replace("clinic", "evil"),
            DOCTOR,
            "Invalid redirect url",
        ),
        (
            url,
            "nobody",
            "Sign in to Zoom: no active user of that name",
        ),
    ] {
        assert_eq!(zoom.authorize(&url, user).unwrap_err().to_string(), words);
    }
}

#[test]
fn people_and_apps_come_and_go() {
    let mut zoom = zoom(1);
    assert_eq!(
        (
            zoom.accounts().count(),
            zoom.users().count(),
            zoom.apps().count()
        ),
        (2, 7, 4)
    );
    let token = s2s(&mut zoom);
    let list = |zoom: &mut FakeZoom| {
        let reply = call(zoom, &token, "GET", "/users", &Value::Null);
        (reply.status, body(&reply)["total_records"].as_u64())
    };
    assert_eq!(list(&mut zoom), (200, Some(4)));
    let mut user = zoom.user(DOCTOR).unwrap().clone();
    user.id = "nEwUsEr01exAmple_Zo-mA".to_owned();
    user.email = "new@clinic.example".to_owned();
    zoom.put_user(user);
    assert_eq!(list(&mut zoom), (200, Some(5)));
    assert!(zoom.remove_user("new@clinic.example").is_some());
    assert!(zoom.remove_user("new@clinic.example").is_none());
    assert_eq!(list(&mut zoom), (200, Some(4)));
    let mut app = zoom.app(S2S_APP.0).unwrap().clone();
    app.enabled = false;
    zoom.put_app(app);
    assert_eq!(list(&mut zoom).0, 401);
    let mut account = zoom.accounts().next().unwrap().clone();
    account.rest_api = false;
    zoom.put_account(account);
    let doctor = connect(&mut zoom);
    let reply = call(&mut zoom, &doctor, "GET", "/users/me", &Value::Null);
    assert_eq!(reply.status, 400, "{reply:?}");
}

#[test]
fn switches_act() {
    let mut zoom = zoom(1);
    assert!(zoom.switches().rate_limits);
    zoom.switches_mut().rate_limits = false;
    let token = s2s(&mut zoom);
    for _ in 0..101 {
        create(&mut zoom, &token, "2026-12-01T10:00:00Z");
    }
}
