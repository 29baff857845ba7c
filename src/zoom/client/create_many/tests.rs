#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test"
)]

use serde_json::Map;
use serde_json::json;

use super::super::Client;
use crate::zoom::error::Kind;
use crate::zoom::http::SendFault;
use crate::zoom::meeting_request::MeetingRequest;
use crate::zoom::server_to_server_app::ServerToServerApp;
use crate::zoom::testing::World;

const TOKEN: &str =
    r#"{"access_token":"t","token_type":"bearer","expires_in":3599,"scope":"meeting:write:admin"}"#;
const LIMITED: &str = r#"{"code":429,"message":"You have reached the maximum per-second rate limit for this API. Try again later."}"#;

fn client(world: &World) -> Client {
    world.http.answer(200, TOKEN);
    ServerToServerApp::new("account", "client", "secret", world.context.clone())
        .unwrap()
        .client()
}

fn request(start: &str) -> MeetingRequest {
    let host = Some("doctor@clinic.example");
    MeetingRequest::new(
        "Video visit",
        start.parse().unwrap(),
        30,
        "UTC",
        host,
        None,
        Map::new(),
    )
    .unwrap()
}

fn created(id: i64, start: &str) -> String {
    json!({"id": id, "start_time": start, "duration": 30}).to_string()
}

const ONE: &str = "2026-12-01T14:00:00Z";
const TWO: &str = "2026-12-02T14:00:00Z";
const PAST: &str = "2020-12-01T14:00:00Z";

#[test]
fn results_come_in_order_and_one_failure_harms_no_other() {
    let world = World::new();
    let client = client(&world);
    world
        .http
        .answer(201, &created(1, ONE))
        .answer(404, r#"{"code":1001,"message":"User does not exist: x."}"#)
        .answer(201, &created(3, TWO));
    let results =
        client.create_meetings(&[request(ONE), request(PAST), request(ONE), request(TWO)]);
    assert_eq!(results[0].as_ref().unwrap().id().get(), 1);
    assert_eq!(results[1].as_ref().unwrap_err().kind(), Kind::Configuration);
    assert_eq!(results[2].as_ref().unwrap_err().kind(), Kind::NotFound);
    assert_eq!(results[3].as_ref().unwrap().id().get(), 3);
    assert!(world.http.is_done());
}

#[test]
fn what_the_limit_held_back_goes_again_and_what_may_have_arrived_does_not() {
    let world = World::new();
    let client = client(&world);
    world
        .http
        .answer(429, LIMITED)
        .fail(SendFault::Closed, true)
        .answer(201, &created(1, ONE));
    let results = client.create_meetings(&[request(ONE), request(TWO)]);
    assert_eq!(results[0].as_ref().unwrap().id().get(), 1);
    assert!(results[1].as_ref().unwrap_err().is_maybe_delivered());
    assert!(world.http.is_done());
}

#[test]
fn a_refused_token_is_replaced_once_for_all() {
    let world = World::new();
    let client = client(&world);
    let refused = r#"{"code":124,"message":"Access token is expired."}"#;
    world
        .http
        .answer(401, refused)
        .answer(401, refused)
        .answer(200, &TOKEN.replace("\"t\"", "\"fresh\""))
        .answer(201, &created(1, ONE))
        .answer(201, &created(2, TWO));
    let results = client.create_meetings(&[request(ONE), request(TWO)]);
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(
        world
            .http
            .lines()
            .iter()
            .filter(|line| line.contains("/oauth/token"))
            .count(),
        2
    );
}

#[test]
fn where_no_other_token_is_to_be_had_each_learns_why() {
    let world = World::new();
    let client = client(&world);
    let refused = r#"{"code":124,"message":"Access token is expired."}"#;
    world
        .http
        .answer(401, refused)
        .answer(201, &created(2, TWO))
        .answer(400, r#"{"error":"invalid_client"}"#);
    let results = client.create_meetings(&[request(ONE), request(TWO)]);
    let error = results[0].as_ref().unwrap_err();
    assert_eq!(error.kind(), Kind::Configuration);
    assert!(!error.is_maybe_delivered());
    assert_eq!(results[1].as_ref().unwrap().id().get(), 2);
}

#[test]
fn those_whose_passcode_was_refused_go_once_more_by_the_policy() {
    const REFUSED: &str = r#"{"code":300,"message":"Validation Failed.","errors":[{"field":"password","message":"Invalid field."}]}"#;
    const DIGITS_ONLY: &str = r#"{"schedule_meeting":{"meeting_password_requirement":{"length":6,"only_allow_numeric":true}}}"#;
    let world = World::new();
    let client = client(&world);
    world
        .http
        .answer(400, REFUSED)
        .answer(404, r#"{"code":1001,"message":"User does not exist: x."}"#)
        .answer(400, REFUSED)
        .answer(200, DIGITS_ONLY)
        .answer(201, &created(1, ONE))
        .answer(201, &created(3, TWO));
    let results = client.create_meetings(&[request(ONE), request(ONE), request(TWO)]);
    assert_eq!(results[0].as_ref().unwrap().id().get(), 1);
    assert_eq!(results[1].as_ref().unwrap_err().kind(), Kind::NotFound);
    assert_eq!(results[2].as_ref().unwrap().id().get(), 3);
    let last: serde_json::Value =
        serde_json::from_str(world.http.bodies().last().unwrap()).unwrap();
    let passcode = last["password"].as_str().unwrap();
    assert!(passcode.bytes().all(|byte| byte.is_ascii_digit()));
}

#[test]
fn nothing_is_asked_for_nothing() {
    let world = World::new();
    let app = ServerToServerApp::new("account", "client", "secret", world.context.clone()).unwrap();
    assert!(
        app.client()
            .create_meetings::<MeetingRequest>(&[])
            .is_empty()
    );
    assert!(world.http.lines().is_empty());
}
