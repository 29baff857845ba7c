#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test"
)]

use std::cell::Cell;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::super::Client;
use crate::zoom::clock::Clock;
use crate::zoom::error::Kind;
use crate::zoom::http::SendFault;
use crate::zoom::meeting_request::MeetingRequest;
use crate::zoom::meeting_request::marker;
use crate::zoom::server_to_server_app::ServerToServerApp;
use crate::zoom::testing::World;
use crate::zoom::testing::number;

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
    assert_eq!(
        client
            .ensure_meeting(&request(), &[], None)
            .unwrap()
            .id()
            .get(),
        7
    );
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
    assert_eq!(
        client
            .ensure_meeting(&request(), &[], None)
            .unwrap()
            .id()
            .get(),
        9
    );
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
        client
            .ensure_meeting(&request(), &[], None)
            .unwrap()
            .start(),
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
fn a_meeting_that_is_there_at_another_time_stays_when_the_wanted_start_has_passed() {
    let world = World::new();
    let client = client(&world);
    world
        .clock
        .advance(Duration::from_secs(7 * 86_400 + 4 * 3_600 + 10 * 60));
    let mut elsewhen = meeting(9, &marker(REFERENCE), "2026-11-24T10:00:00Z");
    elsewhen["start_time"] = json!("2026-12-01T15:00:00Z");
    world
        .http
        .answer(200, &list(std::slice::from_ref(&elsewhen)))
        .answer(200, &elsewhen.to_string());
    let found = client.ensure_meeting(&request(), &[], None).unwrap();
    assert_eq!(found.id().get(), 9);
    assert_ne!(found.start(), Some(START.parse().unwrap()));
    assert_eq!(api_lines(&world), [LIST, "GET /v2/meetings/9"]);
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
    let error = later.ensure_meeting(&request(), &[], None).unwrap_err();
    assert!(error.is_maybe_delivered() && error.is_retryable());
    assert_eq!(api_lines(&world), [CREATE, LIST]);

    world.clock.advance(Duration::from_secs(2));
    world
        .http
        .answer(200, &list(&[]))
        .answer(201, &meeting(7, &marker(REFERENCE), START).to_string());
    assert_eq!(
        later
            .ensure_meeting(&request(), &[], None)
            .unwrap()
            .id()
            .get(),
        7
    );
}

#[test]
fn zoom_has_its_time_from_when_a_limit_had_let_the_request_go() {
    let world = World::new();
    let client = client(&world);
    world
        .http
        .answer_with(429, &[("x-ratelimit-type", "QPS")], r#"{"code":429}"#)
        .fail(SendFault::Timeout, true);
    client.create_meeting(&request()).unwrap_err();
    assert_eq!(world.clock.slept.borrow().len(), 1);
    world.clock.advance(Duration::from_millis(59_500));
    world.http.answer(200, &list(&[]));
    let error = client.ensure_meeting(&request(), &[], None).unwrap_err();
    assert!(error.is_maybe_delivered() && error.is_retryable());
}

#[test]
fn zoom_has_its_time_from_when_a_process_that_died_had_to_give_up() {
    let world = World::new();
    let client = client(&world).within(Duration::from_secs(25)).begun();
    let (store, left) = (world.store.clone(), Rc::new(RefCell::default()));
    let at_last = left.clone();
    *world.http.on_send.borrow_mut() = Some(Box::new(move |line| {
        if line == CREATE {
            at_last.replace(store.records.borrow().clone());
        }
    }));
    world
        .http
        .answer(200, &list(&[]))
        .answer(201, &meeting(7, &marker(REFERENCE), START).to_string());
    client.ensure_meeting(&request(), &[], None).unwrap();
    // It died before the answer came.
    world.store.records.replace(left.take());
    world.clock.advance(Duration::from_secs(84));
    world.http.answer(200, &list(&[]));
    let later = client.within(Duration::from_secs(25)).begun();
    assert!(later.ensure_meeting(&request(), &[], None).is_err());
    world.clock.advance(Duration::from_secs(2));
    world
        .http
        .answer(200, &list(&[]))
        .answer(201, &meeting(7, &marker(REFERENCE), START).to_string());
    let later = client.within(Duration::from_secs(25)).begun();
    assert_eq!(
        later
            .ensure_meeting(&request(), &[], None)
            .unwrap()
            .id()
            .get(),
        7
    );
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
    assert_eq!(
        client
            .ensure_meeting(&request(), &[], None)
            .unwrap()
            .id()
            .get(),
        7
    );
}

#[test]
fn without_the_scope_to_look_up_nothing_is_created() {
    let world = World::new();
    let client = client(&world);
    world.http.answer(
        400,
        r#"{"code":4711,"message":"Invalid access token, does not contain scopes:[meeting:read:list_meetings:admin]."}"#,
    );
    let error = client.ensure_meeting(&request(), &[], None).unwrap_err();
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
    assert_eq!(
        client
            .ensure_meeting(&request(), &[number(5)], None)
            .unwrap()
            .id()
            .get(),
        6
    );

    world
        .http
        .answer(200, &list(&[hidden(5), hidden(6)]))
        .answer(200, &hidden(5).to_string())
        .answer(200, &hidden(6).to_string());
    let error = client.ensure_meeting(&request(), &[], None).unwrap_err();
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
    assert_eq!(
        client
            .ensure_meeting(&request(), &[], None)
            .unwrap()
            .id()
            .get(),
        7
    );
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
    let error = app
        .client()
        .ensure_meeting(&request, &[], None)
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Configuration);
    assert!(world.http.lines().is_empty());
}

#[test]
fn an_attempt_that_only_the_caller_knows_of_is_waited_for_as_well() {
    let world = World::new();
    let client = client(&world);
    let sent_at = world.clock.now();
    // Whoever sent it was killed before he could note anything.
    world.clock.advance(Duration::from_secs(30));
    world.http.answer(200, &list(&[]));
    let error = client
        .ensure_meeting(&request(), &[], Some(sent_at))
        .unwrap_err();
    assert!(error.is_maybe_delivered() && error.is_retryable());
    assert_eq!(
        error.retry_at(),
        Some(sent_at + SignedDuration::from_secs(60))
    );
    assert_eq!(api_lines(&world), [LIST]);

    world.clock.advance(Duration::from_secs(31));
    world
        .http
        .answer(200, &list(&[]))
        .answer(201, &meeting(7, &marker(REFERENCE), START).to_string());
    let made = client.ensure_meeting(&request(), &[], Some(sent_at));
    assert_eq!(made.unwrap().id().get(), 7);
}

#[test]
fn a_clock_that_ran_ahead_elsewhere_makes_the_wait_no_longer() {
    let world = World::new();
    let client = client(&world);
    let ahead = world.clock.now() + SignedDuration::from_hours(3);
    world.http.answer(200, &list(&[]));
    let error = client
        .ensure_meeting(&request(), &[], Some(ahead))
        .unwrap_err();
    assert_eq!(
        error.retry_at(),
        Some(world.clock.now() + SignedDuration::from_secs(60))
    );
}

#[test]
fn who_dies_while_ensuring_has_left_word() {
    let world = World::new();
    let client = client(&world);
    let noted = |world: &World| {
        let records = world.store.records.borrow();
        records.keys().any(|key| key.starts_with("attempt:"))
    };
    world.http.answer(200, &list(&[])).answer(500, "{}");
    // What the store holds at the moment of the send is what a killed process leaves behind.
    let at_send = Rc::new(Cell::new(false));
    let (seen, store) = (Rc::clone(&at_send), Rc::clone(&world.store));
    *world.http.on_send.borrow_mut() = Some(Box::new(move |line| {
        if line == CREATE {
            let records = store.records.borrow();
            seen.set(records.keys().any(|key| key.starts_with("attempt:")));
        }
    }));
    assert!(client.ensure_meeting(&request(), &[], None).is_err());
    assert!(at_send.get());
    assert!(!noted(&world), "an answer came: nothing is under way");
}

#[test]
fn a_gateway_that_gave_up_waiting_is_a_time_out() {
    let world = World::new();
    let client = client(&world);
    world.http.answer(504, "<html>").answer(200, &list(&[]));
    assert!(client.create_meeting(&request()).is_err());
    let error = client.ensure_meeting(&request(), &[], None).unwrap_err();
    assert!(error.is_maybe_delivered() && error.is_retryable());
    assert_eq!(api_lines(&world), [CREATE, LIST]);
}

#[test]
fn a_time_out_among_many_is_remembered_as_well() {
    let world = World::new();
    let client = client(&world);
    world
        .http
        .fail(SendFault::Timeout, true)
        .answer(200, &list(&[]));
    assert!(client.create_meetings(&[request()])[0].is_err());
    let error = client.ensure_meeting(&request(), &[], None).unwrap_err();
    assert!(error.is_maybe_delivered() && error.is_retryable());
    assert_eq!(api_lines(&world), [CREATE, LIST]);
}

#[test]
fn a_visit_that_has_begun_gets_its_meeting_and_one_that_is_over_does_not() {
    let world = World::new();
    let client = client(&world);
    let seven_days = Duration::from_secs(7 * 86_400);
    world
        .clock
        .advance(seven_days + Duration::from_secs(4 * 3_600 + 29 * 60));
    world
        .http
        .answer(200, &list(&[]))
        .answer(201, &meeting(7, &marker(REFERENCE), START).to_string());
    assert_eq!(
        client
            .ensure_meeting(&request(), &[], None)
            .unwrap()
            .id()
            .get(),
        7
    );
    world.clock.advance(Duration::from_secs(60));
    world.http.answer(200, &list(&[]));
    let error = client.ensure_meeting(&request(), &[], None).unwrap_err();
    assert_eq!(error.kind(), Kind::Configuration);
}

#[test]
fn a_meeting_that_is_sought_is_found_and_neither_made_nor_changed() {
    let world = World::new();
    let client = client(&world);
    let mut moved = meeting(9, &marker(REFERENCE), "2026-11-24T10:00:00Z");
    moved["start_time"] = json!("2026-12-01T15:00:00Z");
    world.http.answer(200, &list(&[moved]));
    let found = client.find_meeting(&request(), &[], None).unwrap();
    assert_eq!(found.map(|meeting| meeting.id().get()), Some(9));
    assert_eq!(api_lines(&world), [LIST]);
    assert!(world.store.locked.borrow().is_empty());
}

#[test]
fn that_a_sought_meeting_is_not_there_is_believed_a_minute_after_the_attempt() {
    let world = World::new();
    let client = client(&world);
    let attempted_at = world.context.clock.now();
    world.http.answer(200, &list(&[]));
    let error = client
        .find_meeting(&request(), &[], Some(attempted_at))
        .unwrap_err();
    assert!(error.is_maybe_delivered() && error.is_retryable());
    world.http.answer(200, &list(&[]));
    let earlier = attempted_at - SignedDuration::from_secs(60);
    let found = client.find_meeting(&request(), &[], Some(earlier)).unwrap();
    assert!(found.is_none());
    assert_eq!(api_lines(&world), [LIST, LIST]);
}
