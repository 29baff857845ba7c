#![allow(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "a failed unwrap is a failed test; a table is long"
)]

use http::HeaderMap;
use http::HeaderName;

use super::*;
use crate::zoom::error::Kind;

fn now() -> Timestamp {
    "2026-11-24T10:00:00Z".parse().unwrap()
}

fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            value.parse().unwrap(),
        );
    }
    Response {
        status,
        headers: map,
        body: body.as_bytes().to_vec(),
    }
}

fn error(method: Method, status: u16, body: &str) -> Error {
    from_response(&response(status, &[], body), method, now())
}

/// Appendix A.4 of the reference: every refusal of the API.
#[test]
fn every_refusal_of_the_api_has_its_kind_status_and_code() {
    for (status, body, kind, code) in [
        (
            401,
            r#"{"code":124,"message":"Access token is expired."}"#,
            Kind::Api,
            Some(124),
        ),
        (
            401,
            r#"{"code":124,"message":"Invalid access token."}"#,
            Kind::Api,
            Some(124),
        ),
        (
            401,
            r#"{"code":124,"message":"Invalid access token, this access token is not supported as query parameter string."}"#,
            Kind::Api,
            Some(124),
        ),
        (
            401,
            r#"{"code":124,"message":"Requires an access token."}"#,
            Kind::Api,
            Some(124),
        ),
        (
            400,
            r#"{"code":124,"message":"Invalid access token."}"#,
            Kind::Api,
            Some(124),
        ),
        (
            400,
            r#"{"code":4741,"message":"The token has been revoked."}"#,
            Kind::Api,
            Some(4741),
        ),
        (401, "", Kind::Api, None),
        (
            400,
            r#"{"code":4711,"message":"Invalid access token, does not contain scopes:[user:read:list_users:admin]."}"#,
            Kind::Scope,
            Some(4711),
        ),
        (
            400,
            r#"{"code":4700,"message":"Invalid access token, does not contain scopes:[meeting:write]."}"#,
            Kind::Scope,
            Some(4700),
        ),
        (
            400,
            r#"{"code":104,"message":"Invalid access token, does not contain scopes:[phone:read]."}"#,
            Kind::Scope,
            Some(104),
        ),
        (
            401,
            r#"{"code":4711,"message":"Invalid access token, does not contain scopes:[user:read]."}"#,
            Kind::Scope,
            Some(4711),
        ),
        (
            400,
            r#"{"code":200,"message":"Invalid api key or secret."}"#,
            Kind::Api,
            Some(200),
        ),
        (
            400,
            r#"{"code":200,"message":"Account does not enabled REST API."}"#,
            Kind::Api,
            Some(200),
        ),
        (
            400,
            r#"{"code":200,"message":"Access to the Zoom REST API has been denied for this user. Contact Zoom Support for details."}"#,
            Kind::Api,
            Some(200),
        ),
        (
            400,
            r#"{"code":300,"message":"Request Body should be a valid JSON object."}"#,
            Kind::Api,
            Some(300),
        ),
        (
            400,
            r#"{"code":300,"message":"Invalid meeting id."}"#,
            Kind::Api,
            Some(300),
        ),
        (
            400,
            r#"{"code":300,"message":"The next page token is either invalid or has expired."}"#,
            Kind::Api,
            Some(300),
        ),
        (
            400,
            r#"{"code":3000,"message":"You cannot schedule a meeting for colleague@example.com"}"#,
            Kind::Api,
            Some(3000),
        ),
        (
            400,
            r#"{"code":3000,"message":"Cannot access webinar info."}"#,
            Kind::Api,
            Some(3000),
        ),
        (
            400,
            r#"{"code":3161,"message":"Your user account is not allowed meeting hosting and scheduling capabilities."}"#,
            Kind::Api,
            Some(3161),
        ),
        (
            400,
            r#"{"code":3018,"message":"Not allowed to delete PMI."}"#,
            Kind::Api,
            Some(3018),
        ),
        (
            400,
            r#"{"code":1120,"message":"A valid invitation to join the Zoom account was not found for this user."}"#,
            Kind::NotFound,
            Some(1120),
        ),
        (
            404,
            r#"{"code":1001,"message":"User does not exist: nobody@example.com."}"#,
            Kind::NotFound,
            Some(1001),
        ),
        (
            404,
            r#"{"code":1010,"message":"User not belong to this account"}"#,
            Kind::NotFound,
            Some(1010),
        ),
        (
            400,
            r#"{"code":1010,"message":"User not belong to this account"}"#,
            Kind::NotFound,
            Some(1010),
        ),
        (
            404,
            r#"{"code":3001,"message":"Meeting does not exist: 93412345678."}"#,
            Kind::NotFound,
            Some(3001),
        ),
        (
            404,
            r#"{"code":3301,"message":"There is no recording for this meeting."}"#,
            Kind::NotFound,
            Some(3301),
        ),
        (
            403,
            "Authenticated user has not permitted access to the targeted resource.",
            Kind::Api,
            None,
        ),
        (
            409,
            r#"{"code":1005,"message":"User already in the account: foo@example.com"}"#,
            Kind::Api,
            Some(1005),
        ),
        (
            400,
            r#"{"code":4717,"message":"The app has been disabled"}"#,
            Kind::Configuration,
            Some(4717),
        ),
        (302, "", Kind::Api, None),
        (
            500,
            r#"{"code":500,"message":"trouble"}"#,
            Kind::Api,
            Some(500),
        ),
        (502, "<html>", Kind::Api, None),
        (503, "", Kind::Api, None),
        (504, "", Kind::Api, None),
    ] {
        let error = error(Method::Get, status, body);
        assert_eq!(
            (error.kind(), error.status(), error.zoom_code()),
            (kind, Some(status), code),
            "{status} {body}"
        );
        assert!(!error.advice().is_empty());
        assert!(!error.message().contains('@'), "{}", error.message());
    }
}

/// Code 3000 stands for many things, and an administrator does another thing about each.
#[test]
fn what_shares_a_code_has_advice_of_its_own() {
    for (code, message, advice) in [
        (
            3000,
            "Users in 'clinic.example' have been blocked from joining meetings and webinars. To unblock them, go to the **Settings** page in the Zoom web portal.",
            "Block users in specific domains",
        ),
        (
            3000,
            "You cannot schedule a meeting for somebody",
            "same Zoom account",
        ),
        (3000, "Cannot access webinar info.", "not a meeting"),
        (3018, "Not allowed to delete PMI.", "Nothing is to be done"),
        (
            1120,
            "A valid invitation to join the Zoom account was not found for this user.",
            "invitation again",
        ),
        (1010, "User not belong to this account", "active user"),
    ] {
        let body = format!(r#"{{"code":{code},"message":"{message}"}}"#);
        let error = error(Method::Post, 400, &body);
        assert!(
            error.advice().contains(advice),
            "{message}: {}",
            error.advice()
        );
    }
}

#[test]
fn the_scopes_that_would_do_are_named() {
    for (body, scopes) in [
        (
            r#"{"code":4711,"message":"Invalid access token, does not contain scopes:[meeting:write:meeting:admin, meeting:write:meeting]."}"#,
            vec!["meeting:write:meeting:admin", "meeting:write:meeting"],
        ),
        (
            r#"{"code":4711,"message":"Invalid access token, does not contain scopes:[]."}"#,
            vec![],
        ),
        (r#"{"code":4711,"message":"cut [of"}"#, vec![]),
    ] {
        assert_eq!(error(Method::Get, 400, body).missing_scopes(), scopes);
    }
}

#[test]
fn a_missing_scope_is_no_reason_to_ask_for_another_token() {
    let body = r#"{"code":124,"message":"Invalid access token, does not contain scopes:[a:b:c]."}"#;
    assert!(!refuses_token(&response(401, &[], body)));
    assert!(refuses_token(&response(401, &[], "no JSON")));
    assert!(refuses_token(&response(400, &[], r#"{"code":124}"#)));
    assert!(!refuses_token(&response(400, &[], r#"{"code":300}"#)));
}

#[test]
fn the_fields_that_zoom_names_are_kept_with_its_words() {
    let body = r#"{"code":300,"message":"Validation Failed.","errors":[{"field":"settings.jbh_time","message":"Invalid field."},{"field":"type","message":"Invalid field."}]}"#;
    let error = error(Method::Post, 400, body);
    let named = |field: &str| (field.to_owned(), "Invalid field.".to_owned());
    assert_eq!(error.fields(), [named("settings.jbh_time"), named("type")]);
    assert!(error.message().contains("settings.jbh_time"));
    assert!(!error.is_retryable() && !error.is_maybe_delivered());
}

#[test]
fn a_body_of_an_unexpected_form_is_no_obstacle() {
    for body in [
        "",
        "null",
        "[]",
        "17",
        r#"{"code":"124"}"#,
        r#"{"errors":null}"#,
        r#"{"errors":[{}]}"#,
        r#"{"code":300,"errors":"x"}"#,
        "\u{0}",
    ] {
        assert_eq!(error(Method::Get, 400, body).status(), Some(400), "{body}");
    }
}

#[test]
fn a_field_of_an_unexpected_form_hides_no_other() {
    for rest in [
        r#""errors":null"#,
        r#""errors":[1]"#,
        r#""message":7"#,
        r#""message":null"#,
    ] {
        let body = format!(r#"{{"code":3001,{rest}}}"#);
        assert_eq!(
            error(Method::Get, 404, &body).zoom_code(),
            Some(3001),
            "{body}"
        );
    }
}

#[test]
fn server_trouble_and_unexpected_success_may_have_done_the_work_except_for_a_get() {
    for status in [200, 202, 204, 500, 502, 503, 504] {
        assert!(
            error(Method::Post, status, "").is_maybe_delivered(),
            "{status}"
        );
        assert!(
            error(Method::Delete, status, "").is_maybe_delivered(),
            "{status}"
        );
        assert!(
            !error(Method::Get, status, "").is_maybe_delivered(),
            "{status}"
        );
        assert!(error(Method::Post, status, "").is_retryable(), "{status}");
    }
    assert!(!error(Method::Post, 400, "").is_maybe_delivered());
}

#[test]
fn a_404_without_zooms_code_says_nothing_about_the_meeting() {
    assert_eq!(error(Method::Delete, 404, "<html>").kind(), Kind::Api);
}

/// Appendix A.5 of the reference: which limit it is, and when to ask again.
#[test]
fn every_limit_says_when_to_ask_again() {
    let per_second = r#"{"code":429,"message":"You have reached the maximum per-second rate limit for this API. Try again later."}"#;
    let daily = r#"{"code":429,"message":"You have reached the maximum daily rate limit for this API. Refer to the response header for details on when you can make another request."}"#;
    let per_host = r#"{"code":429,"message":"You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this particular user. You may resume these requests at GMT 00:00:00."}"#;
    let concurrent = r#"{"code":429,"message":"Too many concurrent requests. A request to disassociate this user has already been made."}"#;
    for (headers, body, waits, at) in [
        (
            vec![("x-ratelimit-type", "QPS")],
            per_second,
            true,
            "2026-11-24T10:00:01Z",
        ),
        (vec![], per_second, true, "2026-11-24T10:00:01Z"),
        (
            vec![
                ("x-ratelimit-type", "Daily-limit"),
                ("retry-after", "2026-11-24T23:50:00Z"),
            ],
            daily,
            false,
            "2026-11-24T23:50:00Z",
        ),
        (
            vec![("x-ratelimit-type", "Daily-limit")],
            daily,
            false,
            "2026-11-25T00:00:10Z",
        ),
        (
            vec![("x-ratelimit-category", "Light")],
            per_host,
            false,
            "2026-11-25T00:00:10Z",
        ),
        (vec![], concurrent, true, "2026-11-24T10:00:01Z"),
        (vec![("retry-after", "7")], "", true, "2026-11-24T10:00:07Z"),
    ] {
        let response = response(429, &headers, body);
        let error = from_response(&response, Method::Post, now());
        assert_eq!(error.kind(), Kind::RateLimit, "{body}");
        assert_eq!(error.retry_at(), Some(at.parse().unwrap()), "{body}");
        assert!(error.is_retryable() && !error.is_maybe_delivered());
        assert_eq!(
            outcome(&response, now()).is_some(),
            waits,
            "{headers:?} {body}"
        );
    }
}

#[test]
fn a_retry_after_in_the_past_is_no_wait() {
    let past = response(429, &[("retry-after", "2020-05-31T00:00:00Z")], "");
    assert_eq!(outcome(&past, now()), Some(Outcome::Limited(None)));
    let error = from_response(&past, Method::Get, now());
    assert_eq!(error.retry_at(), Some(now() + SECOND));
}

#[test]
fn every_way_to_get_no_answer_has_its_own_words_and_kind() {
    let faults = [
        SendFault::Closed,
        SendFault::Connect,
        SendFault::Engine,
        SendFault::Name,
        SendFault::Proxy,
        SendFault::Timeout,
        SendFault::Tls,
    ];
    let mut messages = Vec::new();
    for fault in faults {
        let lost = SendError {
            fault,
            maybe_delivered: true,
            detail: "why".into(),
        };
        let error = from_send(&lost, Method::Post);
        let expected = if fault == SendFault::Engine {
            Kind::Configuration
        } else {
            Kind::Transport
        };
        assert_eq!(error.kind(), expected);
        assert!(error.message().ends_with("(why)") && !error.advice().is_empty());
        assert!(error.is_maybe_delivered());
        assert!(!from_send(&lost, Method::Get).is_maybe_delivered());
        assert_eq!(error.is_timed_out(), fault == SendFault::Timeout);
        messages.push(error.message().to_owned());
    }
    messages.sort();
    messages.dedup();
    assert_eq!(messages.len(), faults.len());
}

#[test]
fn zooms_words_carry_no_address_token_or_link_into_a_message() {
    for (words, shown) in [
        (
            "User does not exist: a@b.example.",
            "User does not exist: ***",
        ),
        (
            "Invalid code aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3",
            "Invalid code ***",
        ),
        (
            "see https://zoom.us/s/1?zak=eyJhbGciOiJIUzUxMiJ9.x.y now",
            "see *** now",
        ),
        (
            "Meeting does not exist: 93412345678.",
            "Meeting does not exist: 93412345678.",
        ),
        (
            "only_authenticated_can_join_from_webclient",
            "only_authenticated_can_join_from_webclient",
        ),
    ] {
        assert_eq!(fit_for_messages(words), shown);
    }
}
