#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::time::Duration;

use super::*;
use crate::zoom::testing::World;
use crate::zoom::testing::account_tokens;
use crate::zoom::testing::record;
use crate::zoom::testing::user_tokens;

const NO_SUCH_TOKEN: &str = r#"{"reason":"Invalid Token!","error":"invalid_grant"}"#;
pub(super) const USER: &str = r#"{"id":"one","type":2,"status":"active"}"#;
const ACCOUNT_TOKEN: &str =
    r#"{"access_token":"t","scope":"meeting:write:admin meeting:read:admin user:read:admin"}"#;
const ON_TIME: &[(&str, &str)] = &[("date", "Tue, 24 Nov 2026 10:00:10 GMT")];
pub(super) const GRANULAR: &str = "meeting:write:meeting meeting:update:meeting meeting:delete:meeting meeting:read:meeting user:read:user meeting:read:list_meetings user:read:settings";

/// A doctor's client whose connection has these scopes; Zoom is reached and is on time.
pub(super) fn doctor(world: &World, scopes: &str) -> Client {
    let tokens = user_tokens(&world.context);
    let mut record = record("0", world.context.clock.now());
    record.scopes = scopes.split_whitespace().map(str::to_owned).collect();
    world.put(&tokens, &record);
    reached(world, ON_TIME);
    world.http.answer(400, NO_SUCH_TOKEN);
    Client::new(world.context.clone(), tokens)
}

/// The OAuth server answers those who bring nothing.
fn reached(world: &World, headers: &[(&'static str, &str)]) {
    world.http.answer_with(405, headers, "{}");
}

/// The answers of a host and account without fault.
fn healthy_host(world: &World) {
    world
        .http
        .answer(200, USER)
        .answer(200, r#"{"meetings":[]}"#);
    healthy_settings(world);
}

fn healthy_settings(world: &World) {
    for _ in 0..4 {
        world.http.answer(200, "{}");
    }
}

pub(super) fn outcome(diagnosis: &Diagnosis, id: &str) -> Outcome {
    let found: Vec<_> = diagnosis
        .steps()
        .iter()
        .filter(|step| step.id == id)
        .collect();
    assert_eq!(found.len(), 1, "{id} stands once in {diagnosis:?}");
    found.first().unwrap().outcome
}

pub(super) fn advice(diagnosis: &Diagnosis, id: &str) -> String {
    let step = diagnosis.steps().iter().find(|step| step.id == id);
    step.unwrap().advice.clone()
}

/// Every step but those of optional scopes stands once, whatever happened.
pub(super) fn is_whole(diagnosis: &Diagnosis) {
    for (id, _) in TITLES {
        outcome(diagnosis, id);
    }
    for step in diagnosis.steps() {
        let silent = step.outcome == Outcome::Passed;
        assert_eq!(step.advice.is_empty(), silent, "{step:?}");
    }
}

#[test]
fn a_healthy_connection_passes_in_either_naming_and_nothing_is_written() {
    for scopes in [GRANULAR, "meeting:write meeting:read user:read"] {
        let world = World::new();
        let client = doctor(&world, scopes);
        healthy_host(&world);
        let diagnosis = client.check(None);
        is_whole(&diagnosis);
        assert!(diagnosis.passed(), "{diagnosis:?}");
        assert!(
            diagnosis
                .steps()
                .iter()
                .all(|step| step.outcome == Outcome::Passed),
            "{diagnosis:?}"
        );
        let written: Vec<_> = world
            .http
            .lines()
            .into_iter()
            .filter(|line| !line.starts_with("GET "))
            .collect();
        assert_eq!(written, ["POST /oauth/token"]);
        assert!(world.http.is_done());
    }
}

#[test]
fn the_way_to_zoom_is_told_apart() {
    for (fault, failed) in [
        (SendFault::Name, "name"),
        (SendFault::Proxy, "proxy"),
        (SendFault::Connect, "connection"),
        (SendFault::Timeout, "connection"),
        (SendFault::Closed, "connection"),
        (SendFault::Tls, "tls"),
        (SendFault::Engine, "tls"),
    ] {
        let world = World::new();
        let tokens = user_tokens(&world.context);
        world.put(&tokens, &record("0", world.context.clock.now()));
        world.http.fail(fault, false);
        let diagnosis = Client::new(world.context.clone(), tokens).check(None);
        is_whole(&diagnosis);
        assert!(!diagnosis.passed());
        assert_eq!(outcome(&diagnosis, failed), Outcome::Failed, "{fault:?}");
        assert_eq!(outcome(&diagnosis, "token"), Outcome::Skipped);
        assert!(
            diagnosis
                .message()
                .contains(advice(&diagnosis, failed).as_str())
        );
    }
}

#[test]
fn an_oauth_server_that_is_out_of_reach_is_named_before_anything_else_is_asked() {
    let world = World::new();
    world.http.fail(SendFault::Name, false);
    let diagnosis = Client::new(world.context.clone(), account_tokens(&world.context)).check(None);
    is_whole(&diagnosis);
    assert_eq!(outcome(&diagnosis, "name"), Outcome::Failed);
    assert!(advice(&diagnosis, "name").starts_with("zoom.us: "));
    assert!(world.http.is_done());
}

#[test]
fn an_api_server_that_is_out_of_reach_is_named_although_the_oauth_server_is_reached() {
    let world = World::new();
    let client = doctor(&world, GRANULAR);
    world.http.fail(SendFault::Tls, false);
    let diagnosis = client.check(None);
    is_whole(&diagnosis);
    assert_eq!(outcome(&diagnosis, "connection"), Outcome::Passed);
    assert_eq!(outcome(&diagnosis, "tls"), Outcome::Failed);
    assert!(advice(&diagnosis, "tls").starts_with("api.zoom.us: "));
    assert_eq!(outcome(&diagnosis, "token"), Outcome::Passed);
    for skipped in ["clock", "api", "scopes.required", "host.found"] {
        assert_eq!(outcome(&diagnosis, skipped), Outcome::Skipped, "{skipped}");
    }
}

#[test]
fn an_api_that_fails_is_not_green_in_either_mode_with_a_host_or_without() {
    for (status, body) in [
        (
            400,
            r#"{"code":200,"message":"Account does not enabled REST API."}"#,
        ),
        (404, "<html>Not here</html>"),
        (302, ""),
        (
            429,
            r#"{"code":429,"message":"You have reached the maximum daily rate limit for this API."}"#,
        ),
    ] {
        let world = World::new();
        let client = doctor(&world, GRANULAR);
        world.http.answer(status, body);
        is_red(&world, &client.check(None));
        for host in [None, Some("h")] {
            let world = World::new();
            let client = account(&world);
            world.http.answer(200, ACCOUNT_TOKEN).answer(status, body);
            is_red(&world, &client.check(host));
        }
    }
}

fn is_red(world: &World, diagnosis: &Diagnosis) {
    is_whole(diagnosis);
    assert_eq!(outcome(diagnosis, "api"), Outcome::Failed);
    assert_eq!(outcome(diagnosis, "host.found"), Outcome::Skipped);
    assert!(!diagnosis.passed() && world.http.is_done());
}

#[test]
fn nobody_knocks_at_the_api_without_a_token() {
    let world = World::new();
    reached(&world, ON_TIME);
    world.http.answer(400, NO_SUCH_TOKEN);
    let nobody = Client::new(world.context.clone(), user_tokens(&world.context)).check(None);
    assert_eq!(outcome(&nobody, "token"), Outcome::Failed);
    assert_eq!(
        world.http.lines(),
        ["GET /oauth/token", "POST /oauth/token"]
    );

    let world = World::new();
    let client = doctor(&world, GRANULAR);
    healthy_host(&world);
    assert!(client.check(None).passed());
    for sent in world.http.sent.borrow().iter() {
        let is_api = sent.line.contains("/v2/");
        assert_eq!(is_api, sent.authorization == "Bearer access-0", "{sent:?}");
    }
}

#[test]
fn an_account_app_that_may_list_nobody_is_asked_for_its_host() {
    let token =
        r#"{"access_token":"t","scope":"meeting:write:meeting:admin user:read:user:admin"}"#;
    let world = World::new();
    let client = account(&world);
    world.http.answer(200, token).answer(200, USER);
    assert_eq!(outcome(&client.check(Some("one")), "api"), Outcome::Passed);
    assert_eq!(world.http.lines().last().unwrap(), "GET /v2/users/one");
    let world = World::new();
    let client = account(&world);
    world.http.answer(200, token);
    let diagnosis = client.check(None);
    is_whole(&diagnosis);
    assert_eq!(outcome(&diagnosis, "api"), Outcome::Warned);
    assert!(advice(&diagnosis, "api").contains("user:read:list_users:admin"));
    assert!(world.http.is_done());
}

#[test]
fn wrong_credentials_of_an_app_for_users_fail_there_although_a_good_token_is_known() {
    for body in [
        r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#,
        r#"{"reason":"The app has been disabled","error":"invalid_request"}"#,
        r#"{"reason":"unsupported grant type","error":"unsupported_grant_type"}"#,
    ] {
        let world = World::new();
        let tokens = user_tokens(&world.context);
        world.put(&tokens, &record("0", world.context.clock.now()));
        reached(&world, ON_TIME);
        world.http.answer(400, body);
        let diagnosis = Client::new(world.context.clone(), tokens).check(None);
        is_whole(&diagnosis);
        assert_eq!(outcome(&diagnosis, "credentials"), Outcome::Failed);
        assert_eq!(outcome(&diagnosis, "token"), Outcome::Skipped);
        assert!(world.http.is_done());
    }
}

#[test]
fn a_clock_that_is_wrong_is_a_warning_with_direction_and_size() {
    for (date, found, words) in [
        ("Tue, 24 Nov 2026 10:00:30 GMT", Outcome::Passed, ""),
        (
            "Tue, 24 Nov 2026 09:55:00 GMT",
            Outcome::Warned,
            "300 seconds ahead of",
        ),
        (
            "Tue, 24 Nov 2026 10:05:00 GMT",
            Outcome::Warned,
            "300 seconds behind",
        ),
        ("yesterday", Outcome::Warned, "no date"),
    ] {
        let world = World::new();
        let tokens = user_tokens(&world.context);
        world.put(&tokens, &record("0", world.context.clock.now()));
        reached(&world, &[("date", date)]);
        world.http.answer(400, NO_SUCH_TOKEN);
        healthy_host(&world);
        let diagnosis = Client::new(world.context.clone(), tokens).check(None);
        assert_eq!(outcome(&diagnosis, "clock"), found, "{date}");
        assert!(advice(&diagnosis, "clock").contains(words), "{date}");
        assert!(diagnosis.passed());
    }
}

#[test]
fn a_doctor_who_is_not_connected_fails_at_the_token() {
    let world = World::new();
    reached(&world, ON_TIME);
    world.http.answer(400, NO_SUCH_TOKEN);
    let client = Client::new(world.context.clone(), user_tokens(&world.context));
    let diagnosis = client.check(None);
    is_whole(&diagnosis);
    assert_eq!(outcome(&diagnosis, "credentials"), Outcome::Passed);
    assert_eq!(outcome(&diagnosis, "token"), Outcome::Failed);
}

fn account(world: &World) -> Client {
    reached(world, ON_TIME);
    Client::new(world.context.clone(), account_tokens(&world.context))
}

#[test]
fn credentials_of_an_account_that_are_wrong_fail_there() {
    for body in [
        r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#,
        r#"{"reason":"Bad Request","error":"invalid_request"}"#,
        r#"{"reason":"unsupported grant type","error":"unsupported_grant_type"}"#,
        r#"{"reason":"The app has been disabled","error":"invalid_request"}"#,
    ] {
        let world = World::new();
        let client = account(&world);
        world.http.answer(400, body);
        let diagnosis = client.check(Some("h"));
        is_whole(&diagnosis);
        assert_eq!(
            outcome(&diagnosis, "credentials"),
            Outcome::Failed,
            "{body}"
        );
        assert_eq!(outcome(&diagnosis, "host.found"), Outcome::Skipped);
    }
}

#[test]
fn an_account_is_checked_with_a_fresh_token_although_one_is_stored() {
    let world = World::new();
    let client = account(&world);
    let tokens = account_tokens(&world.context);
    world.put(&tokens, &record("0", world.context.clock.now()));
    world.http.answer(400, r#"{"error":"invalid_client"}"#);
    let diagnosis = client.check(Some("h"));
    assert_eq!(outcome(&diagnosis, "credentials"), Outcome::Failed);
}

#[test]
fn an_account_without_a_named_host_is_checked_as_far_as_that_goes() {
    let world = World::new();
    let client = account(&world);
    world
        .http
        .answer(200, ACCOUNT_TOKEN)
        .answer(200, r#"{"users":[]}"#);
    let diagnosis = client.check(None);
    assert_eq!(
        world.http.lines().last().unwrap(),
        "GET /v2/users?page_size=1"
    );
    is_whole(&diagnosis);
    assert!(diagnosis.passed());
    assert_eq!(outcome(&diagnosis, "host.found"), Outcome::Skipped);
    assert!(world.http.is_done());
}

#[test]
fn missing_required_scopes_fail_by_name_and_optional_ones_warn_with_what_is_lost() {
    let world = World::new();
    let client = doctor(
        &world,
        "meeting:write:meeting meeting:read:meeting user:read:user",
    );
    world.http.answer(200, USER);
    let diagnosis = client.check(None);
    is_whole(&diagnosis);
    assert_eq!(outcome(&diagnosis, "scopes.required"), Outcome::Failed);
    let named = advice(&diagnosis, "scopes.required");
    assert!(named.contains("meeting:update:meeting, meeting:delete:meeting"));
    for optional in ["meeting:read:list_meetings", "user:read:settings"] {
        let id = format!("scopes.optional.{optional}");
        assert_eq!(outcome(&diagnosis, &id), Outcome::Warned);
        assert!(advice(&diagnosis, &id).contains(optional));
    }
    assert_eq!(outcome(&diagnosis, "host.meetings"), Outcome::Warned);
    assert_eq!(outcome(&diagnosis, "account.patients"), Outcome::Warned);
    assert_eq!(outcome(&diagnosis, "account.privacy"), Outcome::Warned);
    assert!(world.http.is_done(), "nothing is asked that is not allowed");
}

#[test]
fn hosts_that_cannot_host_fail_and_basic_ones_are_warned_of() {
    for (user, failed, warned) in [
        (
            r#"{"id":"one","type":2,"status":"inactive"}"#,
            Some("host.found"),
            None,
        ),
        (
            r#"{"id":"one","type":2,"status":"pending"}"#,
            Some("host.found"),
            None,
        ),
        (
            r#"{"id":"one","type":99,"status":"active"}"#,
            Some("host.meetings"),
            Some("host.licensed"),
        ),
        (
            r#"{"id":"one","type":4,"status":"active"}"#,
            Some("host.meetings"),
            Some("host.licensed"),
        ),
        (
            r#"{"id":"one","type":1,"status":"active"}"#,
            None,
            Some("host.licensed"),
        ),
    ] {
        let world = World::new();
        let client = doctor(&world, GRANULAR);
        world.http.answer(200, user);
        if failed.is_none() {
            world.http.answer(200, r#"{"meetings":[]}"#);
            healthy_settings(&world);
        }
        let diagnosis = client.check(None);
        is_whole(&diagnosis);
        assert_eq!(diagnosis.passed(), failed.is_none(), "{user}");
        if let Some(failed) = failed {
            assert_eq!(outcome(&diagnosis, failed), Outcome::Failed, "{user}");
        }
        if let Some(warned) = warned {
            assert_eq!(outcome(&diagnosis, warned), Outcome::Warned, "{user}");
        }
    }
}

#[test]
fn an_unknown_host_fails() {
    let world = World::new();
    let client = account(&world);
    world
        .http
        .answer(200, ACCOUNT_TOKEN)
        .answer(200, r#"{"users":[]}"#)
        .answer(
            404,
            r#"{"code":1001,"message":"User does not exist: nobody@x.example."}"#,
        );
    let diagnosis = client.check(Some("nobody@x.example"));
    is_whole(&diagnosis);
    assert_eq!(outcome(&diagnosis, "host.found"), Outcome::Failed);
}

#[test]
fn a_text_that_can_be_no_host_fails_and_goes_nowhere() {
    let world = World::new();
    let client = account(&world);
    world
        .http
        .answer(200, ACCOUNT_TOKEN)
        .answer(200, r#"{"users":[]}"#);
    let diagnosis = client.check(Some("a/b"));
    is_whole(&diagnosis);
    assert_eq!(outcome(&diagnosis, "host.found"), Outcome::Failed);
    assert!(advice(&diagnosis, "host.found").contains("e-mail"));
    assert!(world.http.is_done());
}

#[test]
fn a_host_who_may_not_schedule_fails() {
    let world = World::new();
    let client = doctor(&world, GRANULAR);
    world.http.answer(200, USER).answer(
        400,
        r#"{"code":3161,"message":"Meeting hosting and scheduling capabilities are not allowed for your user account."}"#,
    );
    healthy_settings(&world);
    let diagnosis = client.check(None);
    assert_eq!(outcome(&diagnosis, "host.meetings"), Outcome::Failed);
}

#[test]
fn a_dead_connection_fails_at_the_token_and_says_what_to_do() {
    let world = World::new();
    let client = doctor(&world, GRANULAR);
    world.clock.advance(Duration::from_secs(7_200));
    world.http.answer(400, r#"{"error":"invalid_grant"}"#);
    let diagnosis = client.check(None);
    is_whole(&diagnosis);
    assert_eq!(outcome(&diagnosis, "token"), Outcome::Failed);
    assert!(advice(&diagnosis, "token").contains("reconnect"));
}
