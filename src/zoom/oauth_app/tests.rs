#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test"
)]

use std::time::Duration;

use super::*;
use crate::zoom::connection::ConnectionStatus;
use crate::zoom::grant::Life;
use crate::zoom::http::SendFault;
use crate::zoom::testing::SCOPES;
use crate::zoom::testing::World;
use crate::zoom::testing::credentials;
use crate::zoom::testing::doctor;
use crate::zoom::testing::record;
use crate::zoom::testing::token_answer;
use crate::zoom::testing::user_tokens;

mod disconnecting;

const CALLBACK: &str = "https://clinic.example/callback";
const DEAD: &str = r#"{"reason":"Invalid Token!","error":"invalid_grant"}"#;

fn app(context: &Context) -> OAuthApp {
    let credentials = credentials();
    OAuthApp::new(
        credentials.client_id.as_str(),
        credentials.client_secret.expose(),
        CALLBACK,
        context.clone(),
    )
    .unwrap()
}

/// What Zoom answers to an exchange and to the questions that follow.
fn zoom_answers(world: &World, name: &str, user: &str) {
    world
        .http
        .answer(200, &token_answer(name))
        .answer(200, &format!(r#"{{"id":"{user}","email":"d@clinic.example","display_name":"Dora","type":2,"account_id":"A"}}"#));
}

const SETTINGS: &str = r#"{"schedule_meeting":{"meeting_password_requirement":{"length":8,"only_allow_numeric":true}}}"#;

fn connect(world: &World, name: &str, user: &str) -> Result<Connection> {
    let app = app(&world.context);
    let request = app.authorization_request(&doctor("12")).unwrap();
    zoom_answers(world, name, user);
    world.http.answer(200, SETTINGS);
    app.connect("code", request.state(), &doctor("12"))
}

fn query(url: &str, name: &str) -> String {
    let url = Url::parse(url).unwrap();
    url.query_pairs()
        .find(|(found, _)| found == name)
        .unwrap()
        .1
        .into_owned()
}

#[test]
fn credentials_and_redirect_url_are_checked_without_a_request() {
    let world = World::new();
    for (client_id, secret, redirect) in [
        ("", "secret", CALLBACK),
        ("id", "", CALLBACK),
        ("id", "two words", CALLBACK),
        ("id", "secret", ""),
        ("id", "secret", "http://clinic.example/callback"),
        ("id", "secret", "https://u:p@clinic.example/callback"),
        ("id", "secret", "https://clinic.example/callback#x"),
        ("id", "secret", "/callback"),
    ] {
        let error = OAuthApp::new(client_id, secret, redirect, world.context.clone())
            .err()
            .unwrap();
        assert_eq!(error.kind(), Kind::Configuration);
        assert!(!error.message().contains("two words"));
    }
    let blanks = OAuthApp::new(
        " id\n",
        "\tsecret ",
        "http://127.0.0.1:8/cb",
        world.context.clone(),
    );
    assert!(blanks.is_ok());
}

#[test]
fn an_authorization_leads_to_zoom_with_a_random_state_and_lapses_after_ten_minutes() {
    let world = World::new();
    let app = app(&world.context);
    let one = app.authorization_request(&doctor("12")).unwrap();
    let two = app.authorization_request(&doctor("12")).unwrap();
    assert_eq!(query(one.url(), "state"), one.state());
    assert_ne!(one.state(), two.state());
    assert_ne!(
        query(one.url(), "code_challenge"),
        query(two.url(), "code_challenge")
    );
    assert_eq!(
        one.expires_at(),
        world.context.clock.now() + SignedDuration::from_mins(10)
    );
    let records = world.store.records.borrow();
    assert_eq!(records.len(), 1);
    assert!(records.values().all(|sealed| !sealed.contains(one.state())));
}

#[test]
fn a_connection_is_made_with_the_verifier_and_the_redirect_url_of_its_authorization() {
    let world = World::new();
    let app = app(&world.context);
    let request = app.authorization_request(&doctor("12")).unwrap();
    zoom_answers(&world, "1", "zoomUserOne");
    world.http.answer(200, SETTINGS);
    let connection = app
        .connect("the code", request.state(), &doctor("12"))
        .unwrap();

    assert_eq!(connection.status(), ConnectionStatus::Connected);
    assert_eq!(connection.zoom_user_id(), Some("zoomUserOne"));
    assert_eq!(connection.zoom_email(), Some("d@clinic.example"));
    assert_eq!(connection.zoom_name(), Some("Dora"));
    assert_eq!(connection.is_licensed(), Some(true));
    assert_eq!(connection.scopes().join(" "), SCOPES);
    assert_eq!(
        world.http.lines(),
        [
            "POST /oauth/token",
            "GET /v2/users/me",
            "GET /v2/users/me/settings"
        ]
    );
    let body = &world.http.bodies()[0];
    let sent = |name: &str| query(&format!("http://x/?{body}"), name);
    assert_eq!(
        (sent("code"), sent("redirect_uri")),
        ("the code".to_owned(), CALLBACK.to_owned())
    );
    let verifier = oauth2::PkceCodeVerifier::new(sent("code_verifier"));
    let challenge = oauth2::PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    assert_eq!(challenge.as_str(), query(request.url(), "code_challenge"));

    let stored = world.stored(&user_tokens(&world.context)).unwrap();
    assert_eq!(stored.refresh_token.as_ref().unwrap().expose(), "refresh-1");
    assert_eq!(stored.passcode_policy.as_ref().unwrap().length, 8);
}

#[test]
fn a_state_works_once() {
    let world = World::new();
    let app = app(&world.context);
    let request = app.authorization_request(&doctor("12")).unwrap();
    world.http.answer(400, r#"{"error":"invalid_grant"}"#);
    let refused = app
        .connect("code", request.state(), &doctor("12"))
        .err()
        .unwrap();
    assert_eq!(refused.kind(), Kind::Authentication);
    let replayed = app
        .connect("code", request.state(), &doctor("12"))
        .err()
        .unwrap();
    assert_eq!(replayed.kind(), Kind::Authentication);
    assert_eq!(world.http.lines().len(), 1);
    assert!(
        world.store.records.borrow().is_empty(),
        "nothing half-stored"
    );
}

#[test]
fn a_state_of_nobody_of_another_subject_or_too_old_is_refused_before_any_request() {
    let world = World::new();
    let app = app(&world.context);
    let request = app.authorization_request(&doctor("12")).unwrap();
    for (state, subject) in [("forged", "12"), ("", "12"), (request.state(), "13")] {
        let error = app.connect("code", state, &doctor(subject)).err().unwrap();
        assert_eq!(error.kind(), Kind::Authentication);
    }
    world.clock.advance(Duration::from_secs(600));
    let error = app
        .connect("code", request.state(), &doctor("12"))
        .err()
        .unwrap();
    assert_eq!(error.kind(), Kind::Authentication);
    assert!(world.http.lines().is_empty());
}

#[test]
fn a_refused_attempt_of_another_does_not_use_up_the_state() {
    let world = World::new();
    let app = app(&world.context);
    let request = app.authorization_request(&doctor("12")).unwrap();
    app.connect("code", request.state(), &doctor("13"))
        .err()
        .unwrap();
    zoom_answers(&world, "1", "one");
    world.http.answer(200, SETTINGS);
    app.connect("code", request.state(), &doctor("12")).unwrap();
}

#[test]
fn three_authorizations_may_be_open_and_the_oldest_gives_way() {
    let world = World::new();
    let app = app(&world.context);
    let requests: Vec<_> = (0..4)
        .map(|_| app.authorization_request(&doctor("12")).unwrap())
        .collect();
    for (number, request) in requests.iter().enumerate() {
        let known = number > 0;
        if known {
            world.http.answer(400, r#"{"error":"invalid_grant"}"#);
        }
        app.connect("code", request.state(), &doctor("12"))
            .err()
            .unwrap();
    }
    assert_eq!(world.http.lines().len(), 3);
}

#[test]
fn a_pending_record_that_no_key_opens_is_no_obstacle() {
    let world = World::new();
    let app = app(&world.context);
    app.authorization_request(&doctor("12")).unwrap();
    for sealed in world.store.records.borrow_mut().values_mut() {
        "garbage".clone_into(sealed);
    }
    let request = app.authorization_request(&doctor("12")).unwrap();
    zoom_answers(&world, "1", "one");
    world.http.answer(200, SETTINGS);
    app.connect("code", request.state(), &doctor("12")).unwrap();
}

#[test]
fn a_callback_without_a_code_makes_no_request() {
    let world = World::new();
    let app = app(&world.context);
    let request = app.authorization_request(&doctor("12")).unwrap();
    let error = app
        .connect("", request.state(), &doctor("12"))
        .err()
        .unwrap();
    assert_eq!(error.kind(), Kind::Authentication);
    assert!(world.http.lines().is_empty());
}

#[test]
fn an_exchange_that_gives_nothing_usable_stores_nothing() {
    for (status, body, kind) in [
        (
            200,
            r#"{"access_token":"a","refresh_token":"r","api_url":"https://evil.example"}"#,
            Kind::Configuration,
        ),
        (200, r#"{"access_token":"a"}"#, Kind::Configuration),
        (200, "<html>", Kind::Transport),
        (502, "<html>", Kind::Api),
        (400, r#"{"error":"invalid_client"}"#, Kind::Configuration),
        (
            400,
            r#"{"reason":"Redirect URI mismatch.","error":"invalid_grant"}"#,
            Kind::Configuration,
        ),
    ] {
        let world = World::new();
        let app = app(&world.context);
        let request = app.authorization_request(&doctor("12")).unwrap();
        world.http.answer(status, body);
        let error = app
            .connect("code", request.state(), &doctor("12"))
            .err()
            .unwrap();
        assert_eq!(error.kind(), kind, "{body}");
        assert!(!error.is_retryable(), "the state is used up: {body}");
        assert!(world.store.records.borrow().is_empty(), "{body}");
        assert!(world.http.is_done(), "a code is sent once: {body}");
    }
}

#[test]
fn a_connection_stands_when_zoom_does_not_say_who_it_is_and_the_renewal_asks_again() {
    let world = World::new();
    let app = app(&world.context);
    let request = app.authorization_request(&doctor("12")).unwrap();
    world.http.answer(200, &token_answer("1"));
    for _ in 0..6 {
        world.http.answer(503, "");
    }
    let connection = app.connect("code", request.state(), &doctor("12")).unwrap();
    assert_eq!(connection.status(), ConnectionStatus::Connected);
    assert_eq!(connection.zoom_user_id(), None);

    zoom_answers(&world, "2", "one");
    world.http.answer(200, SETTINGS);
    let renewed = app.renew(&doctor("12")).unwrap();
    assert_eq!(renewed.zoom_user_id(), Some("one"));
}

#[test]
fn a_renewal_of_a_known_user_is_one_request() {
    let world = World::new();
    connect(&world, "1", "one").unwrap();
    let before = world.http.lines().len();
    world.http.answer(200, &token_answer("2"));
    let renewed = app(&world.context).renew(&doctor("12")).unwrap();
    assert_eq!(renewed.zoom_user_id(), Some("one"));
    assert_eq!(world.http.lines().len(), before + 1);
}

#[test]
fn connecting_the_same_zoom_user_again_revokes_nothing() {
    let world = World::new();
    connect(&world, "1", "one").unwrap();
    connect(&world, "2", "one").unwrap();
    assert!(
        !world
            .http
            .lines()
            .contains(&"POST /oauth/revoke".to_owned())
    );
}

#[test]
fn a_reconnection_brings_a_dead_or_unreadable_connection_back() {
    let world = World::new();
    let tokens = user_tokens(&world.context);
    let now = world.context.clock.now();
    world.put(&tokens, &record("0", now).turned(Life::Dead, "why", now));
    let status = |world: &World| {
        app(&world.context)
            .connection(&doctor("12"))
            .unwrap()
            .unwrap()
    };
    assert_eq!(status(&world).status(), ConnectionStatus::Dead);
    assert_eq!(status(&world).reason(), Some("why"));
    assert_eq!(status(&world).since(), Some(now));
    connect(&world, "1", "one").unwrap();
    assert_eq!(status(&world).status(), ConnectionStatus::Connected);

    let mut records = world.store.records.borrow_mut();
    records.insert(tokens.key().to_owned(), "garbage".into());
    drop(records);
    assert_eq!(status(&world).status(), ConnectionStatus::Unreadable);
    connect(&world, "2", "one").unwrap();
    assert_eq!(status(&world).status(), ConnectionStatus::Connected);
}

#[test]
fn nothing_stored_is_no_connection() {
    let world = World::new();
    assert!(
        app(&world.context)
            .connection(&doctor("12"))
            .unwrap()
            .is_none()
    );
}

#[test]
fn tokens_of_another_program_are_taken_over_without_a_request() {
    let imported = |expires_at| ImportedTokens {
        access_token: "access-0".into(),
        refresh_token: "refresh-0".into(),
        expires_at,
        scope: SCOPES.into(),
        api_url: None,
    };
    let world = World::new();
    let app = app(&world.context);
    let end = world.context.clock.now() + SignedDuration::from_hours(1);
    let connection = app.import(&doctor("12"), imported(Some(end))).unwrap();
    assert_eq!(connection.expires_at(), Some(end));
    world.http.answer(200, r#"{"id":"one"}"#);
    app.client(&doctor("12")).user(None).unwrap();
    assert_eq!(world.http.lines(), ["GET /v2/users/me"]);

    // An unknown end counts as ended.
    app.import(&doctor("13"), imported(None)).unwrap();
    world
        .http
        .answer(200, &token_answer("1"))
        .answer(200, r#"{"id":"one"}"#);
    app.client(&doctor("13")).user(None).unwrap();
    assert!(world.http.is_done());

    for (refresh_token, api_url) in [("", None), ("r", Some("https://evil.example".to_owned()))] {
        let tokens = ImportedTokens {
            refresh_token: refresh_token.into(),
            api_url,
            ..imported(None)
        };
        let error = app.import(&doctor("14"), tokens).err().unwrap();
        assert_eq!(error.kind(), Kind::Configuration);
        assert!(app.connection(&doctor("14")).unwrap().is_none());
    }
}

#[test]
fn tokens_that_could_not_be_sent_are_not_taken_over() {
    for (access_token, refresh_token) in [
        ("access-0\n", "refresh-0"),
        ("access\r\nX-More: yes", "refresh-0"),
        ("access 0", "refresh-0"),
        ("access-\u{0}", "refresh-0"),
        ("aceß", "refresh-0"),
        ("access-0", "refresh-0\t"),
        ("access-0", " refresh-0"),
    ] {
        let world = World::new();
        let app = app(&world.context);
        let tokens = ImportedTokens {
            access_token: access_token.into(),
            refresh_token: refresh_token.into(),
            expires_at: None,
            scope: SCOPES.into(),
            api_url: None,
        };
        let error = app.import(&doctor("12"), tokens).err().unwrap();
        assert_eq!(error.kind(), Kind::Configuration, "{access_token:?}");
        assert!(!error.message().contains("refresh-0"));
        assert!(app.connection(&doctor("12")).unwrap().is_none());
    }
}
