#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test"
)]

use std::time::Duration;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::super::Client;
use crate::zoom::error::Kind;
use crate::zoom::http::SendFault;
use crate::zoom::meeting_request::MeetingRequest;
use crate::zoom::meeting_request::marker;
use crate::zoom::server_to_server_app::ServerToServerApp;
use crate::zoom::testing::World;

const REFERENCE: &str = "site:visit:1";
const START: &str = "2026-12-01T14:00:00Z";
const HOST: &str = "doctor@clinic.example";
const LIST: &str = "GET /v2/users/doctor%40clinic.example/meetings?page_size=300&type=scheduled";
const CREATE: &str = "POST /v2/users/doctor%40clinic.example/meetings";

fn client(world: &World) -> Client {
    world.http.answer(
        200,
        r#"{"access_token":"t","token_type":"bearer","expires_in":3599,"scope":"meeting:write:admin meeting:read:admin"}"#,
    );
    ServerToServerApp::new("account", "client", "secret", world.context.clone())
        .unwrap()
        .client()
}

fn request() -> MeetingRequest {
    MeetingRequest::new(
        "Video visit",
        START.parse().unwrap(),
        30,
        "UTC",
        Some(HOST),
        Some(REFERENCE),
        Map::new(),
    )
    .unwrap()
}

fn meeting(id: i64, agenda: &str, created_at: &str) -> Value {
    json!({"id": id, "start_time": START, "duration": 30, "agenda": agenda, "created_at": created_at,
           "creation_source": "open_api"})
}

fn list(meetings: &[Value]) -> String {
    json!({"meetings": meetings, "next_page_token": ""}).to_string()
}

/// What was asked of the API, without token requests.
fn api_lines(world: &World) -> Vec<String> {
    let mut lines = world.http.lines();
    lines.retain(|line| !line.contains("/oauth/"));
    lines
}

#[test]
fn a_reference_without_a_meeting_gets_one_with_its_marker() {
    let world = World::new();
    let client = client(&world);
    world.http.answer(200, &list(&[])).answer(
        201,
        &meeting(7, &marker(REFERENCE), "2026-11-24T10:00:00Z").to_string(),
    );
    assert_eq!(client.ensure_meeting(&request(), &[]).unwrap().id(), 7);
    assert_eq!(api_lines(&world), [LIST, CREATE]);
    assert!(
        world
            .http
            .bodies()
            .last()
            .unwrap()
            .contains(&marker(REFERENCE))
    );
    assert!(world.store.locked.borrow().is_empty());
}

#[test]
fn a_meeting_that_is_there_is_found_and_none_is_created() {
    let world = World::new();
    let client = client(&world);
    let mine = marker(REFERENCE);
    let (younger, oldest) = (
        meeting(8, &mine, "2026-11-24T10:00:05Z"),
        meeting(9, &mine, "2026-11-24T10:00:00Z"),
    );
    let other = meeting(3, &marker("site:visit:2"), "2026-11-01T00:00:00Z");
    world
        .http
        .answer(200, &list(&[other, younger, oldest.clone()]))
        .answer(200, &oldest.to_string());
    assert_eq!(client.ensure_meeting(&request(), &[]).unwrap().id(), 9);
    assert_eq!(api_lines(&world), [LIST, "GET /v2/meetings/9"]);
}

#[test]
fn a_meeting_that_is_there_at_another_time_is_moved() {
    let world = World::new();
    let client = client(&world);
    let mut moved = meeting(9, &marker(REFERENCE), "2026-11-24T10:00:00Z");
    moved["start_time"] = json!("2026-12-01T15:00:00Z");
    let back = meeting(9, &marker(REFERENCE), "2026-11-24T10:00:00Z");
    world
        .http
        .answer(200, &list(std::slice::from_ref(&moved)))
        .answer(200, &moved.to_string())
        .answer(204, "")
        .answer(200, &back.to_string());
    assert_eq!(
        client.ensure_meeting(&request(), &[]).unwrap().start(),
        Some(START.parse().unwrap())
    );
    assert!(
        world
            .http
            .lines()
            .contains(&"PATCH /v2/meetings/9".to_owned())
    );
}

#[test]
fn after_a_time_out_not_found_is_believed_only_when_zoom_has_settled() {
    let world = World::new();
    let client = client(&world);
    world.http.fail(SendFault::Timeout, true);
    let error = client.create_meeting(&request()).unwrap_err();
    assert!(error.is_maybe_delivered());

    // A later process, which remembers nothing but finds the token and the attempt in the store.
    let later = ServerToServerApp::new("account", "client", "secret", world.other_process())
        .unwrap()
        .client();
    world.clock.advance(Duration::from_secs(59));
    world.http.answer(200, &list(&[]));
    let error = later.ensure_meeting(&request(), &[]).unwrap_err();
    assert!(error.is_maybe_delivered() && error.is_retryable());
    assert_eq!(api_lines(&world), [CREATE, LIST]);

    world.clock.advance(Duration::from_secs(2));
    world
        .http
        .answer(200, &list(&[]))
        .answer(201, &meeting(7, &marker(REFERENCE), START).to_string());
    assert_eq!(later.ensure_meeting(&request(), &[]).unwrap().id(), 7);
}

#[test]
fn after_a_closed_connection_not_found_is_believed_at_once() {
    let world = World::new();
    let client = client(&world);
    world
        .http
        .fail(SendFault::Closed, true)
        .answer(200, &list(&[]))
        .answer(201, &meeting(7, &marker(REFERENCE), START).to_string());
    assert!(
        client
            .create_meeting(&request())
            .unwrap_err()
            .is_maybe_delivered()
    );
    assert_eq!(client.ensure_meeting(&request(), &[]).unwrap().id(), 7);
}

#[test]
fn without_the_scope_to_look_up_nothing_is_created() {
    let world = World::new();
    let client = client(&world);
    world.http.answer(
        400,
        r#"{"code":4711,"message":"Invalid access token, does not contain scopes:[meeting:read:list_meetings:admin]."}"#,
    );
    let error = client.ensure_meeting(&request(), &[]).unwrap_err();
    assert_eq!(error.kind(), Kind::Scope);
    assert!(error.is_maybe_delivered());
    assert_eq!(api_lines(&world), [LIST]);
}

#[test]
fn where_descriptions_are_hidden_the_meeting_is_found_by_its_time() {
    let world = World::new();
    let client = client(&world);
    let hidden = |id| meeting(id, "", "2026-11-24T10:00:00Z");
    // The first creation shows that the account hides descriptions.
    world.http.answer(201, &hidden(5).to_string());
    client.create_meeting(&request()).unwrap();

    world
        .http
        .answer(200, &list(&[hidden(5), hidden(6)]))
        .answer(200, &hidden(6).to_string())
        .answer(200, &hidden(6).to_string());
    assert_eq!(client.ensure_meeting(&request(), &[5]).unwrap().id(), 6);

    world
        .http
        .answer(200, &list(&[hidden(5), hidden(6)]))
        .answer(200, &hidden(5).to_string())
        .answer(200, &hidden(6).to_string());
    let error = client.ensure_meeting(&request(), &[]).unwrap_err();
    assert!(error.is_maybe_delivered() && !error.is_retryable());
}

#[test]
fn a_meeting_made_by_hand_at_the_same_time_is_not_taken_for_ours() {
    let world = World::new();
    let client = client(&world);
    let mut by_hand = meeting(5, "", "2026-11-24T10:00:00Z");
    by_hand["creation_source"] = json!("web_portal");
    world
        .http
        .answer(200, &list(std::slice::from_ref(&by_hand)))
        .answer(200, &by_hand.to_string())
        .answer(201, &meeting(7, &marker(REFERENCE), START).to_string());
    assert_eq!(client.ensure_meeting(&request(), &[]).unwrap().id(), 7);
}

#[test]
fn a_request_without_a_reference_is_refused_before_any_request() {
    let world = World::new();
    let app = ServerToServerApp::new("account", "client", "secret", world.context.clone()).unwrap();
    let request = MeetingRequest::new(
        "V",
        START.parse().unwrap(),
        5,
        "UTC",
        Some(HOST),
        None,
        Map::new(),
    )
    .unwrap();
    let error = app.client().ensure_meeting(&request, &[]).unwrap_err();
    assert_eq!(error.kind(), Kind::Configuration);
    assert!(world.http.lines().is_empty());
}
