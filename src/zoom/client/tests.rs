#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed unwrap is a failed test"
)]

mod mixed_up;

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::*;
use crate::zoom::error::Kind;
use crate::zoom::http::SendFault;
use crate::zoom::meeting_request::MeetingRequest;
use crate::zoom::meeting_request::marker;
use crate::zoom::testing::World;
use crate::zoom::testing::account_tokens;
use crate::zoom::testing::host;
use crate::zoom::testing::number;
use crate::zoom::testing::record;
use crate::zoom::testing::user_tokens;

const START: &str = "2026-12-01T14:00:00Z";
const HOST: &str = "doctor+x@clinic.example";
const GONE: &str = r#"{"code":3001,"message":"Meeting does not exist: 7."}"#;

/// The client of a doctor whose connection is good for an hour.
fn doctor(world: &World) -> Client {
    let tokens = user_tokens(&world.context);
    world.put(&tokens, &record("0", world.context.clock.now()));
    Client::new(world.context.clone(), tokens)
}

/// The client of an account whose token is good for an hour.
pub(super) fn account(world: &World) -> Client {
    let tokens = account_tokens(&world.context);
    world.put(&tokens, &record("0", world.context.clock.now()));
    Client::new(world.context.clone(), tokens)
}

fn request_of(host: Option<&str>, reference: Option<&str>, settings: Value) -> MeetingRequest {
    let Value::Object(settings) = settings else {
        panic!("settings are an object");
    };
    MeetingRequest::new(
        "Video visit",
        START.parse().unwrap(),
        30,
        "Europe/Berlin",
        host,
        reference,
        settings,
    )
    .unwrap()
}

fn request(host: Option<&str>) -> MeetingRequest {
    request_of(host, None, json!({}))
}

fn past() -> MeetingRequest {
    MeetingRequest::new(
        "Video visit",
        "2026-11-24T09:30:00Z".parse().unwrap(),
        30,
        "UTC",
        None,
        None,
        Map::new(),
    )
    .unwrap()
}

/// Zoom's answer: what was asked, with an id.
fn echo(change: Value) -> String {
    let mut answer = json!({"id": 93_412_345_678_i64, "uuid": "aDaaKvgLHSxOX3CBkqO0xQ==", "host_id": "h", "topic": "Video visit",
        "start_time": START, "duration": 30, "timezone": "Europe/Berlin", "join_url": "https://us02web.zoom.us/j/7?pwd=x",
        "start_url": "https://us02web.zoom.us/s/7?zak=secret-zak", "settings": {"waiting_room": true}});
    let Value::Object(change) = change else {
        panic!("a change is an object");
    };
    for (name, value) in change {
        answer[name] = value;
    }
    answer.to_string()
}

fn body(world: &World, number: usize) -> Value {
    serde_json::from_str(&world.http.bodies()[number]).unwrap()
}

#[test]
fn a_meeting_is_created_with_one_request_and_private_settings() {
    let world = World::new();
    let client = doctor(&world);
    let request = request_of(
        None,
        Some("site:visit:1"),
        json!({"mute_upon_entry": true, "waiting_room": false}),
    );
    // The account is known to echo descriptions, so that nothing needs to be noted.
    world
        .http
        .answer(201, &echo(json!({"agenda": marker("site:visit:1")})));
    let meeting = client.create_meeting(&request).unwrap();

    assert_eq!(world.http.lines(), ["POST /v2/users/me/meetings"]);
    let mut sent = body(&world, 0);
    let passcode = sent["password"].take();
    assert_eq!(passcode.as_str().unwrap().len(), 10);
    assert_eq!(
        sent,
        json!({
            "topic": "Video visit", "type": 2, "start_time": START, "duration": 30, "timezone": "Europe/Berlin",
            "agenda": marker("site:visit:1"), "password": null, "default_password": false,
            "settings": {
                "allow_participants_to_transcribe_meetings_with_my_notes": false,
                "alternative_hosts_email_notification": false, "approval_type": 2, "auto_recording": "none",
                "auto_start_ai_companion_questions": false, "auto_start_meeting_summary": false,
                "continuous_meeting_chat": {"enable": false}, "email_notification": false, "join_before_host": false,
                "meeting_authentication": false, "registrants_confirmation_email": false,
                "registrants_email_notification": false, "support_participants_receive_summary": false, "use_pmi": false,
                "mute_upon_entry": true, "waiting_room": false,
            },
        })
    );
    assert_eq!(meeting.id().get(), 93_412_345_678);
    assert_eq!(meeting.start(), Some(START.parse().unwrap()));
    assert_eq!(
        meeting.join_url(),
        Some("https://us02web.zoom.us/j/7?pwd=x")
    );
    assert!(meeting.overridden().contains(&"waiting_room".to_owned()));
}

#[test]
fn an_account_hosts_for_the_named_user() {
    let world = World::new();
    world.http.answer(201, &echo(json!({})));
    account(&world)
        .create_meeting(&request(Some(HOST)))
        .unwrap();
    assert_eq!(
        world.http.lines(),
        ["POST /v2/users/doctor%2Bx%40clinic.example/meetings"]
    );
}

#[test]
fn a_host_that_does_not_fit_the_mode_is_refused_before_any_request() {
    let world = World::new();
    let doctor = doctor(&world);
    let account = account(&world);
    for (client, host) in [
        (&doctor, Some(HOST)),
        (&account, None),
        (&account, Some("me")),
        (&account, Some("ME")),
    ] {
        let parsed = host.map(self::host);
        for error in [
            client.create_meeting(&request(host)).err(),
            client.meetings(parsed.as_ref()).err(),
            client.user(parsed.as_ref()).err(),
        ] {
            assert_eq!(error.unwrap().kind(), Kind::Configuration, "{host:?}");
        }
    }
    let list = doctor.users().err().unwrap();
    assert_eq!(list.kind(), Kind::Configuration);
    assert!(world.http.lines().is_empty());
    world.http.answer(200, r#"{"id":"one"}"#);
    doctor.user(Some(&host("me"))).unwrap();
}

#[test]
fn a_start_that_has_passed_is_refused_before_any_request() {
    let world = World::new();
    let client = doctor(&world);
    for error in [
        client.create_meeting(&past()).err(),
        client.update_meeting(number(7), &past(), false).err(),
    ] {
        assert_eq!(error.unwrap().kind(), Kind::Configuration);
    }
    assert!(world.http.lines().is_empty());
}

const BAD_PASSCODE: &str = r#"{"code":300,"message":"Validation Failed.","errors":[{"field":"password","message":"Invalid field."}]}"#;
const DIGITS_ONLY: &str = r#"{"schedule_meeting":{"meeting_password_requirement":{"length":6,"only_allow_numeric":true}}}"#;

#[test]
fn after_a_refused_passcode_the_policy_is_read_kept_and_obeyed() {
    let world = World::new();
    let client = account(&world);
    world
        .http
        .answer(400, BAD_PASSCODE)
        .answer(200, DIGITS_ONLY)
        .answer(201, &echo(json!({})));
    client.create_meeting(&request(Some("h"))).unwrap();
    assert_eq!(
        world.http.lines(),
        [
            "POST /v2/users/h/meetings",
            "GET /v2/users/h/settings",
            "POST /v2/users/h/meetings"
        ]
    );
    let digits_only = |number| {
        let passcode = body(&world, number)["password"]
            .as_str()
            .unwrap()
            .to_owned();
        passcode.bytes().all(|byte| byte.is_ascii_digit())
    };
    assert!(!digits_only(0) && digits_only(2));

    // From then on every process knows.
    world.http.answer(201, &echo(json!({})));
    let other = Client::new(
        world.other_process(),
        account_tokens(&world.other_process()),
    );
    other.create_meeting(&request(Some("h"))).unwrap();
    assert!(digits_only(3));
}

#[test]
fn a_passcode_refused_twice_is_an_error() {
    let world = World::new();
    let client = doctor(&world);
    world
        .http
        .answer(400, BAD_PASSCODE)
        .answer(200, DIGITS_ONLY)
        .answer(400, BAD_PASSCODE);
    let error = client.create_meeting(&request(None)).err().unwrap();
    assert_eq!(error.fields()[0].0, "password");
    assert!(!error.is_maybe_delivered());
}

#[test]
fn another_refused_field_is_not_tried_again() {
    let world = World::new();
    let client = doctor(&world);
    world
        .http
        .answer(400, &BAD_PASSCODE.replace("password", "topic"));
    assert_eq!(
        client.create_meeting(&request(None)).err().unwrap().kind(),
        Kind::Api
    );
}

#[test]
fn an_echo_of_another_instant_or_length_is_an_error_that_says_a_meeting_exists() {
    for change in [
        json!({"start_time": "2026-12-01T13:00:00Z"}),
        json!({"start_time": null}),
        json!({"duration": 60}),
    ] {
        let world = World::new();
        let client = doctor(&world);
        world
            .http
            .answer_with(201, &[("x-zm-trackingid", "one")], &echo(change));
        let error = client.create_meeting(&request(None)).err().unwrap();
        assert_eq!(error.kind(), Kind::Api);
        assert!(error.is_maybe_delivered() && !error.is_retryable());
        assert!(error.message().contains("93412345678"));
        assert_eq!(error.tracking_id(), Some("one"));
    }
}

#[test]
fn an_echo_of_the_same_instant_in_another_form_is_the_same() {
    let world = World::new();
    let client = doctor(&world);
    let other_form = json!({"start_time": "2026-12-01T15:00:00+01:00"});
    world.http.answer(201, &echo(other_form));
    client.create_meeting(&request(None)).unwrap();
}

#[test]
fn a_created_meeting_whose_answer_cannot_be_read_may_exist() {
    for answer in ["<html>", r#"{"id": 9341"#, "{}", r#"{"id": null}"#] {
        let world = World::new();
        let client = doctor(&world);
        world.http.answer(201, answer);
        let error = client.create_meeting(&request(None)).err().unwrap();
        assert_eq!(error.kind(), Kind::Transport);
        assert!(error.is_maybe_delivered(), "{answer}");
        assert!(world.http.is_done());
    }
}

#[test]
fn an_update_patches_what_was_asked_reads_back_and_compares() {
    let world = World::new();
    let client = doctor(&world);
    world.http.answer(204, "").answer(
        200,
        &echo(json!({"id": 7, "settings": {"waiting_room": false}})),
    );
    let request = request_of(None, Some("site:visit:1"), json!({"waiting_room": true}));
    let meeting = client.update_meeting(number(7), &request, false).unwrap();
    assert_eq!(
        world.http.lines(),
        ["PATCH /v2/meetings/7", "GET /v2/meetings/7"]
    );
    assert_eq!(
        body(&world, 0),
        json!({"topic": "Video visit", "start_time": START, "duration": 30, "timezone": "Europe/Berlin",
               "settings": {"waiting_room": true}})
    );
    assert_eq!(meeting.overridden(), ["waiting_room"]);
}

#[test]
fn an_update_names_no_settings_that_were_not_named() {
    let world = World::new();
    let client = doctor(&world);
    world
        .http
        .answer(204, "")
        .answer(200, &echo(json!({"id": 7})));
    client
        .update_meeting(number(7), &request(None), false)
        .unwrap();
    assert!(body(&world, 0).get("settings").is_none());
}

#[test]
fn an_update_that_zoom_silently_ignored_is_an_error() {
    let world = World::new();
    let client = doctor(&world);
    world
        .http
        .answer(204, "")
        .answer(200, &echo(json!({"start_time": "2026-12-02T14:00:00Z"})));
    let error = client
        .update_meeting(number(7), &request(None), false)
        .err()
        .unwrap();
    assert_eq!(error.kind(), Kind::Api);
}

#[test]
fn an_update_of_a_meeting_that_is_gone_says_so() {
    let world = World::new();
    let client = doctor(&world);
    world.http.answer(404, GONE);
    let error = client
        .update_meeting(number(7), &request(None), false)
        .err()
        .unwrap();
    assert_eq!(error.kind(), Kind::NotFound);
}

#[test]
fn a_deletion_tells_whether_there_was_a_meeting() {
    let world = World::new();
    let client = doctor(&world);
    world.http.answer(204, "");
    assert!(client.delete_meeting(number(7)).unwrap());
    assert_eq!(
        world.http.lines(),
        ["DELETE /v2/meetings/7?schedule_for_reminder=false&cancel_meeting_reminder=false"]
    );
    world.http.answer(404, GONE);
    assert!(!client.delete_meeting(number(7)).unwrap());
    // Gone at the second try: the first, whose answer was lost, has done it.
    world.http.fail(SendFault::Closed, true).answer(404, GONE);
    assert!(client.delete_meeting(number(7)).unwrap());
    world.http.fail(SendFault::Connect, false).answer(404, GONE);
    assert!(!client.delete_meeting(number(7)).unwrap());
}

#[test]
fn a_404_that_does_not_speak_of_the_meeting_is_no_deletion() {
    for answer in [
        "<html>not found</html>",
        r#"{"code":1001,"message":"User does not exist: x."}"#,
        r#"{"message":"no Route matched"}"#,
    ] {
        let world = World::new();
        let client = doctor(&world);
        world.http.answer(404, answer);
        assert!(client.delete_meeting(number(7)).is_err(), "{answer}");
    }
}

#[test]
fn the_hosts_scheduled_meetings_are_listed() {
    let world = World::new();
    let client = doctor(&world);
    world.http.answer(
        200,
        &format!(
            r#"{{"next_page_token":"","meetings":[{}]}}"#,
            echo(json!({}))
        ),
    );
    let meetings = client.meetings(None).unwrap();
    assert_eq!(meetings[0].id().get(), 93_412_345_678);
    assert_eq!(
        world.http.lines(),
        ["GET /v2/users/me/meetings?page_size=300&type=scheduled"]
    );
}
