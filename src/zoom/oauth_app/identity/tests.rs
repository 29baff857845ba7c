#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::time::Duration;

use crate::zoom::connection::ConnectionStatus;
use crate::zoom::error::Kind;
use crate::zoom::oauth_app::OAuthApp;
use crate::zoom::testing::World;
use crate::zoom::testing::doctor;

const ONE: &str = "zoomUserOne";
const TWO: &str = "zoomUserTwo";

fn app(world: &World) -> OAuthApp {
    OAuthApp::new(
        "client",
        "secret",
        "https://clinic.example/callback",
        world.context.clone(),
    )
    .unwrap()
}

/// Scripts an exchange that gives the tokens named `tokens`, and the answer of the Zoom user.
fn zoom_answers(world: &World, tokens: &str, user: &str) {
    world
        .http
        .answer(
            200,
            &format!(
                r#"{{"access_token":"access-{tokens}","refresh_token":"refresh-{tokens}","token_type":"bearer","expires_in":3599,"scope":"meeting:write meeting:read user:read"}}"#
            ),
        )
        .answer(200, &format!(r#"{{"id":"{user}","email":"{user}@x.example","type":2}}"#));
}

fn authorize(
    app: &OAuthApp,
    subject: &str,
) -> crate::zoom::error::Result<crate::zoom::connection::Connection> {
    let request = app.authorization_request(&doctor(subject))?;
    app.connect("code", request.state(), &doctor(subject))
}

/// Connects, with the settings that are read last.
fn connect(world: &World, app: &OAuthApp, subject: &str, tokens: &str, user: &str) {
    zoom_answers(world, tokens, user);
    world.http.answer(200, "{}");
    authorize(app, subject).unwrap();
}

/// The access token with which the subject's client speaks, seen by another process.
fn bearer(world: &World, subject: &str) -> String {
    let app = OAuthApp::new(
        "client",
        "secret",
        "https://clinic.example/callback",
        world.other_process(),
    )
    .unwrap();
    world.http.answer(200, r#"{"id":"x"}"#);
    app.client(&doctor(subject)).user(None).unwrap();
    world
        .http
        .sent
        .borrow()
        .last()
        .unwrap()
        .authorization
        .clone()
}

#[test]
fn a_connection_is_found_by_its_zoom_user() {
    let world = World::new();
    let app = app(&world);
    connect(&world, &app, "doctor-1", "a", ONE);
    assert_eq!(app.subject_of(ONE).unwrap(), Some(doctor("doctor-1")));
    assert_eq!(app.subject_of(TWO).unwrap(), None);
}

#[test]
fn a_second_doctor_with_the_same_zoom_login_disconnects_nobody() {
    let world = World::new();
    let app = app(&world);
    connect(&world, &app, "doctor-1", "a", ONE);
    zoom_answers(&world, "b", ONE);
    let error = authorize(&app, "doctor-2").unwrap_err();
    assert_eq!(error.kind(), Kind::Authentication);
    assert!(error.advice().contains("your own Zoom account"));
    // Zoom killed the first tokens, so the first doctor's record has the fresh ones.
    assert_eq!(bearer(&world, "doctor-1"), "Bearer access-b");
    assert!(app.connection(&doctor("doctor-2")).unwrap().is_none());
    assert_eq!(
        app.connection(&doctor("doctor-1"))
            .unwrap()
            .unwrap()
            .status(),
        ConnectionStatus::Connected
    );
    assert!(world.store.locked.borrow().is_empty());
}

#[test]
fn the_second_doctors_own_connection_comes_back() {
    let world = World::new();
    let app = app(&world);
    connect(&world, &app, "doctor-1", "a", ONE);
    connect(&world, &app, "doctor-2", "own", TWO);
    zoom_answers(&world, "b", ONE);
    authorize(&app, "doctor-2").unwrap_err();
    assert_eq!(bearer(&world, "doctor-2"), "Bearer access-own");
    assert_eq!(app.subject_of(TWO).unwrap(), Some(doctor("doctor-2")));
}

#[test]
fn reconnecting_the_same_zoom_user_revokes_nothing() {
    let world = World::new();
    let app = app(&world);
    connect(&world, &app, "doctor-1", "a", ONE);
    connect(&world, &app, "doctor-1", "b", ONE);
    assert!(
        !world
            .http
            .lines()
            .iter()
            .any(|line| line.contains("revoke"))
    );
    assert_eq!(bearer(&world, "doctor-1"), "Bearer access-b");
}

#[test]
fn after_a_disconnect_another_doctor_can_have_the_zoom_user() {
    let world = World::new();
    let app = app(&world);
    connect(&world, &app, "doctor-1", "a", ONE);
    world.http.answer(200, r#"{"status":"success"}"#);
    app.disconnect(&doctor("doctor-1")).unwrap();
    connect(&world, &app, "doctor-2", "b", ONE);
    assert_eq!(app.subject_of(ONE).unwrap(), Some(doctor("doctor-2")));
}

#[test]
fn what_zoom_ended_itself_is_forgotten_without_a_request() {
    let world = World::new();
    let app = app(&world);
    connect(&world, &app, "doctor-1", "a", ONE);
    let requests = world.http.lines().len();
    assert!(app.forget(&doctor("doctor-1"), None).unwrap());
    assert_eq!(world.http.lines().len(), requests);
    assert!(app.connection(&doctor("doctor-1")).unwrap().is_none());
    assert_eq!(app.subject_of(ONE).unwrap(), None);
    assert!(world.store.records.borrow().is_empty());
}

#[test]
fn a_connection_that_was_made_after_zoom_ended_another_stays() {
    let world = World::new();
    let app = app(&world);
    let before = world.context.clock.now();
    world.clock.advance(Duration::from_secs(10));
    connect(&world, &app, "doctor-1", "a", ONE);
    assert!(!app.forget(&doctor("doctor-1"), Some(before)).unwrap());
    assert_eq!(
        app.connection(&doctor("doctor-1"))
            .unwrap()
            .unwrap()
            .status(),
        ConnectionStatus::Connected
    );
    let after = world.context.clock.now();
    assert!(app.forget(&doctor("doctor-1"), Some(after)).unwrap());
    assert!(app.connection(&doctor("doctor-1")).unwrap().is_none());
}

#[test]
fn a_connection_that_was_found_dead_after_zoom_ended_it_is_forgotten() {
    let world = World::new();
    let app = app(&world);
    connect(&world, &app, "doctor-1", "a", ONE);
    let ended = world.context.clock.now();
    world.clock.advance(Duration::from_secs(10));
    world.http.answer(
        400,
        r#"{"reason":"Invalid Token!","error":"invalid_grant"}"#,
    );
    assert!(app.renew(&doctor("doctor-1")).is_err());
    assert!(app.forget(&doctor("doctor-1"), Some(ended)).unwrap());
    assert!(world.store.records.borrow().is_empty());
}
