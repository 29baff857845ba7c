#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test"
)]

use std::cell::Cell;

use super::*;
use crate::zoom::error::Kind;
use crate::zoom::grant::Life;
use crate::zoom::http::SendFault;
use crate::zoom::testing::World;
use crate::zoom::testing::record;
use crate::zoom::testing::token_answer;
use crate::zoom::testing::user_tokens;

const REFUSED: &str = r#"{"code":124,"message":"Access token is expired."}"#;
const LIMITED: &str = r#"{"code":429,"message":"You have reached the maximum per-second rate limit for this API. Try again later."}"#;
const DAILY: &str =
    r#"{"code":429,"message":"You have reached the maximum daily rate limit for this API."}"#;

/// The API of a doctor whose connection is good for an hour.
fn api(world: &World) -> Api {
    let tokens = user_tokens(&world.context);
    world.put(&tokens, &record("0", world.context.clock.now()));
    Api::new(world.context.clone(), tokens)
}

fn operation(method: Method) -> Operation {
    let path = "/meetings/7".to_owned();
    match method {
        Method::Delete => Operation::delete(path),
        Method::Get => Operation::get(path),
        Method::Patch => Operation::patch(path, br#"{"topic":"x"}"#.to_vec()),
        Method::Post => Operation::post(path, br#"{"topic":"x"}"#.to_vec()),
    }
}

const METHODS: [Method; 4] = [Method::Delete, Method::Get, Method::Patch, Method::Post];

#[test]
fn an_operation_goes_out_once_with_token_path_query_and_body() {
    let world = World::new();
    world.http.answer(200, "{}");
    let operation = Operation::get("/users/a%2Fb/meetings".to_owned())
        .with("page_size", "300")
        .with("next_page_token", "a&b=c d");
    api(&world).call(&operation).unwrap();
    let sent = world.http.sent.borrow()[0].clone();
    assert_eq!(
        sent.line,
        "GET /v2/users/a%2Fb/meetings?page_size=300&next_page_token=a%26b%3Dc+d"
    );
    assert_eq!(sent.authorization, "Bearer access-0");
    assert_eq!(sent.body, "");
    assert!(!sent.line.contains("access-0"));
}

#[test]
fn a_body_is_json() {
    let world = World::new();
    world.http.answer(201, "{}");
    api(&world).call(&operation(Method::Post)).unwrap();
    assert_eq!(world.http.bodies(), [r#"{"topic":"x"}"#]);
}

#[test]
fn a_refused_token_is_replaced_and_the_call_repeated_once_by_every_method() {
    for method in METHODS {
        let world = World::new();
        let operation = operation(method);
        world
            .http
            .answer(401, REFUSED)
            .answer(200, &token_answer("1"))
            .answer(operation.expected, "{}");
        api(&world).call(&operation).unwrap();
        let line = format!("{} /v2/meetings/7", method.as_str());
        assert_eq!(
            world.http.lines(),
            [line.as_str(), "POST /oauth/token", line.as_str()]
        );
        let bearer = world.http.sent.borrow()[2].authorization.clone();
        assert_eq!(bearer, "Bearer access-1");
    }
}

#[test]
fn a_second_refusal_is_an_error_and_no_storm() {
    for method in METHODS {
        let world = World::new();
        world
            .http
            .answer(401, REFUSED)
            .answer(200, &token_answer("1"))
            .answer(401, REFUSED);
        let error = api(&world).call(&operation(method)).err().unwrap();
        assert_eq!(error.kind(), Kind::Api);
        assert!(error.is_retryable() && !error.is_maybe_delivered());
        let words = format!("{} {}", error.message(), error.advice());
        assert!(words.contains("the connection stands") && !words.contains("onnect to Zoom again"));
        assert!(world.http.is_done());
    }
}

#[test]
fn a_token_that_ended_with_its_connection_says_so_and_not_that_zoom_has_trouble() {
    for life in [None, Some(Life::Leaving), Some(Life::Dead)] {
        let world = World::new();
        let here = api(&world);
        let elsewhere = user_tokens(&world.other_process());
        let (context, calls) = (world.other_process(), Rc::new(Cell::new(0)));
        *world.http.on_send.borrow_mut() = Some(Box::new(move |line| {
            calls.set(calls.get() + u32::from(line.starts_with("GET")));
            if calls.get() < 2 || line.starts_with("POST") {
                return;
            }
            match life {
                None => elsewhere.delete().unwrap(),
                Some(life) => {
                    let stored = elsewhere.load().unwrap().unwrap();
                    let turned = stored.value.turned(life, "gone", context.clock.now());
                    assert!(elsewhere.save(&turned, Some(&stored.sealed)).unwrap());
                }
            }
        }));
        world
            .http
            .answer(401, REFUSED)
            .answer(200, &token_answer("1"))
            .answer(401, REFUSED);
        let error = here.call(&operation(Method::Get)).err().unwrap();
        assert_eq!(error.kind(), Kind::Authentication, "{life:?}");
        assert!(!error.is_retryable());
        assert!(world.http.is_done());
    }
}

#[test]
fn where_zoom_ended_all_tokens_the_one_that_another_process_stored_is_replaced_too() {
    for method in METHODS {
        let world = World::new();
        let here = api(&world);
        world.http.answer(200, "{}");
        here.call(&operation(Method::Get)).unwrap();
        let elsewhere = world.other_process();
        let other = Api::new(elsewhere.clone(), user_tokens(&elsewhere));
        world
            .http
            .answer(401, REFUSED)
            .answer(200, &token_answer("1"))
            .answer(200, "{}");
        other.call(&operation(Method::Get)).unwrap();

        // This process still has the first token, and the other's has ended meanwhile.
        let operation = operation(method);
        world
            .http
            .answer(401, REFUSED)
            .answer(401, REFUSED)
            .answer(200, &token_answer("2"))
            .answer(operation.expected, "{}");
        here.call(&operation).unwrap();
        let bearer = world
            .http
            .sent
            .borrow()
            .last()
            .unwrap()
            .authorization
            .clone();
        assert_eq!(bearer, "Bearer access-2");
        assert!(world.http.is_done());
    }
}

#[test]
fn code_124_counts_whatever_the_status() {
    let world = World::new();
    world
        .http
        .answer(400, REFUSED)
        .answer(200, &token_answer("1"))
        .answer(200, "{}");
    api(&world).call(&operation(Method::Get)).unwrap();
}

#[test]
fn a_missing_scope_is_an_error_without_another_token() {
    let world = World::new();
    world.http.answer(
        400,
        r#"{"code":4711,"message":"Invalid access token, does not contain scopes:[a:b:c]."}"#,
    );
    let error = api(&world).call(&operation(Method::Get)).err().unwrap();
    assert_eq!(error.kind(), Kind::Scope);
}

#[test]
fn server_trouble_is_waited_out_except_by_a_post() {
    for method in METHODS {
        let world = World::new();
        let operation = operation(method);
        world.http.answer(502, "<html>");
        if method == Method::Post {
            let error = api(&world).call(&operation).err().unwrap();
            assert!(error.is_maybe_delivered());
            assert_eq!(error.status(), Some(502));
        } else {
            world.http.answer(503, "").answer(operation.expected, "{}");
            api(&world).call(&operation).unwrap();
            assert_eq!(world.clock.slept.borrow().len(), 2);
        }
        assert!(world.http.is_done());
    }
}

#[test]
fn a_post_whose_answer_is_lost_is_never_sent_again() {
    for fault in [
        SendFault::Closed,
        SendFault::Timeout,
        SendFault::Connect,
        SendFault::Tls,
    ] {
        let world = World::new();
        world.http.fail(fault, true);
        let error = api(&world).call(&operation(Method::Post)).err().unwrap();
        assert_eq!(error.kind(), Kind::Transport);
        assert!(error.is_maybe_delivered());
        assert_eq!(error.is_timed_out(), fault == SendFault::Timeout);
    }
}

#[test]
fn a_post_that_surely_did_not_arrive_is_sent_again() {
    let world = World::new();
    world.http.fail(SendFault::Connect, false).answer(201, "{}");
    api(&world).call(&operation(Method::Post)).unwrap();
    assert_eq!(world.http.lines().len(), 2);
}

#[test]
fn a_post_that_did_not_arrive_says_so() {
    let world = World::new();
    for _ in 0..3 {
        world.http.fail(SendFault::Connect, false);
    }
    let error = api(&world).call(&operation(Method::Post)).err().unwrap();
    assert!(!error.is_maybe_delivered());
    assert!(world.http.is_done());
}

#[test]
fn an_earlier_send_that_may_have_done_the_work_is_not_forgotten() {
    let world = World::new();
    world
        .http
        .fail(SendFault::Timeout, true)
        .answer(404, r#"{"code":3001,"message":"gone"}"#);
    let error = api(&world).call(&operation(Method::Delete)).err().unwrap();
    assert_eq!(error.kind(), Kind::NotFound);
    assert!(error.is_maybe_delivered());

    let world = World::new();
    world
        .http
        .answer(503, "")
        .answer(401, REFUSED)
        .answer(400, r#"{"error":"invalid_grant"}"#);
    let error = api(&world).call(&operation(Method::Patch)).err().unwrap();
    assert_eq!(error.kind(), Kind::Authentication);
    assert!(error.is_maybe_delivered());
}

#[test]
fn an_unexpected_success_of_a_post_may_have_done_the_work_and_is_not_repeated() {
    for (status, body) in [
        (202, "{}"),
        (200, ""),
        (200, "<html>log in</html>"),
        (200, "[]"),
    ] {
        let world = World::new();
        world.http.answer(status, body);
        let error = api(&world).call(&operation(Method::Post)).err().unwrap();
        assert!(error.is_maybe_delivered(), "{status} {body}");
        assert!(world.http.is_done());
    }
}

#[test]
fn a_200_with_a_whole_answer_means_done_whatever_status_was_due() {
    for (method, body) in [
        (Method::Post, r#"{"id":7}"#),
        (Method::Patch, ""),
        (Method::Patch, "{}"),
        (Method::Delete, " "),
        (Method::Delete, r#"{"id":7}"#),
    ] {
        let world = World::new();
        world.http.answer(200, body);
        api(&world).call(&operation(method)).unwrap();
        assert!(world.http.is_done());
    }
    for (method, body, kind) in [
        (Method::Delete, "<html>log in</html>", Kind::Transport),
        (Method::Patch, r#"{"code":"#, Kind::Transport),
        (
            Method::Delete,
            r#"{"code":3001,"message":"gone"}"#,
            Kind::NotFound,
        ),
    ] {
        let world = World::new();
        world.http.answer(200, body);
        let error = api(&world).call(&operation(method)).err().unwrap();
        assert_eq!(error.kind(), kind, "{body}");
    }
}

#[test]
fn a_per_second_limit_is_waited_for_even_by_a_post() {
    let world = World::new();
    world
        .http
        .answer(429, LIMITED)
        .answer(429, LIMITED)
        .answer(201, "{}");
    api(&world).call(&operation(Method::Post)).unwrap();
    assert_eq!(world.clock.slept.borrow().len(), 2);
}

#[test]
fn a_daily_limit_is_an_answer_and_not_a_wait() {
    let world = World::new();
    world.http.answer(429, DAILY);
    let error = api(&world).call(&operation(Method::Post)).err().unwrap();
    assert_eq!(
        error.retry_at(),
        Some("2026-11-25T00:00:10Z".parse().unwrap())
    );
    assert!(world.clock.slept.borrow().is_empty());
}

#[test]
fn a_budget_ends_the_repeats_and_bounds_each_send() {
    let world = World::new();
    let api = api(&world).within(Duration::from_millis(100));
    world.http.answer(503, "");
    let error = api.call(&operation(Method::Get)).err().unwrap();
    assert_eq!(error.status(), Some(503));
    assert!(world.clock.slept.borrow().is_empty());
    let timeout = world.http.sent.borrow()[0].timeout;
    assert_eq!(timeout, Some(Duration::from_millis(100)));
}

#[test]
fn a_budget_larger_than_time_is_no_obstacle() {
    let world = World::new();
    world.http.answer(200, "{}");
    let api = api(&world).within(Duration::MAX);
    api.call(&operation(Method::Get)).unwrap();
}

#[test]
fn a_refresh_is_not_cut_by_the_budget_and_its_token_is_kept() {
    let world = World::new();
    let api = api(&world).within(Duration::from_secs(1));
    world.two_hours_later();
    world.http.answer(200, &token_answer("1")).answer(200, "{}");
    api.call(&operation(Method::Get)).unwrap();
    let timeouts: Vec<_> = world
        .http
        .sent
        .borrow()
        .iter()
        .map(|sent| sent.timeout)
        .collect();
    assert_eq!(timeouts, [None, Some(Duration::from_secs(1))]);
}

#[test]
fn the_tracking_id_of_the_last_answer_is_kept() {
    let world = World::new();
    let api = api(&world);
    assert_eq!(api.last_tracking_id(), None);
    world
        .http
        .answer_with(200, &[("x-zm-trackingid", "one")], "{}")
        .answer_with(404, &[("x-zm-trackingid", "two")], r#"{"code":3001}"#);
    api.call(&operation(Method::Get)).unwrap();
    assert_eq!(api.last_tracking_id().as_deref(), Some("one"));
    let error = api.call(&operation(Method::Get)).err().unwrap();
    assert_eq!(error.tracking_id(), Some("two"));
    assert_eq!(api.last_tracking_id().as_deref(), Some("two"));
}

#[test]
fn a_reply_that_cannot_be_read_names_the_field_and_not_its_value() {
    #[derive(Debug, serde::Deserialize)]
    struct Answer {
        #[expect(dead_code, reason = "only its form matters")]
        settings: std::collections::HashMap<String, bool>,
    }
    for (body, named) in [
        (
            r#"{"settings":{"waiting_room":"secret-value"}}"#,
            "settings.waiting_room",
        ),
        (r#"{"settings":{"wai"#, "no whole JSON"),
        ("<html>secret-value</html>", "no whole JSON"),
    ] {
        let world = World::new();
        world.http.answer(201, body);
        let reply = api(&world).call(&operation(Method::Post)).unwrap();
        let error = reply.json::<Answer>().unwrap_err();
        assert!(error.message().contains(named), "{}", error.message());
        assert!(!error.message().contains("secret-value"));
        assert!(error.is_maybe_delivered());
    }
}

#[test]
fn the_region_that_zoom_named_is_spoken_to() {
    let world = World::new();
    let tokens = user_tokens(&world.context);
    let mut record = record("0", world.context.clock.now());
    record.api_url = Some("https://api-eu.zoom.us".into());
    world.put(&tokens, &record);
    world.http.answer(200, "{}");
    let access = tokens.access(None, LOCK_WAIT).unwrap();
    let request = request(&operation(Method::Get), &access, None);
    assert_eq!(request.url.as_str(), "https://api-eu.zoom.us/v2/meetings/7");
}

#[test]
fn an_error_says_what_was_asked_of_zoom_and_what_caused_it() {
    let world = World::new();
    let api = api(&world);
    let create = Operation::post("/users/me/meetings".to_owned(), b"{}".to_vec());
    world.http.fail(SendFault::Closed, true);
    let error = api.call(&create).err().unwrap();
    assert_eq!(error.operation(), Some("create_meeting"));
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    assert_eq!(cause.as_deref(), Some("scripted"));

    world.http.answer(201, "<html>");
    let unread = api.call(&create).unwrap().json::<serde_json::Value>();
    assert_eq!(unread.err().unwrap().operation(), Some("create_meeting"));

    // The call did not come that far: what failed is the refresh before it.
    world.two_hours_later();
    world.http.answer(400, r#"{"error":"invalid_client"}"#);
    let error = api.call(&create).err().unwrap();
    assert_eq!(error.operation(), Some("refresh_token"));
}

#[test]
fn every_operation_of_ours_has_a_name() {
    for (operation, name) in [
        (Operation::get("/users".to_owned()), "list_users"),
        (Operation::get("/users/me".to_owned()), "read_user"),
        (
            Operation::get("/users/a%2Fb/settings".to_owned()),
            "read_settings",
        ),
        (
            Operation::get("/users/me/meetings".to_owned()),
            "list_meetings",
        ),
        (Operation::get("/meetings/7".to_owned()), "read_meeting"),
        (
            Operation::patch("/meetings/7".to_owned(), Vec::new()),
            "update_meeting",
        ),
        (
            Operation::delete("/meetings/7".to_owned()),
            "delete_meeting",
        ),
    ] {
        assert_eq!(operation.name(), name);
    }
}
