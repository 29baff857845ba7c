#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::time::Duration;

use crate::zoom::connection::Connection;
use crate::zoom::connection::ConnectionStatus;
use crate::zoom::context::Context;
use crate::zoom::error::Kind;
use crate::zoom::error::Result;
use crate::zoom::error_id::ErrorId;
use crate::zoom::http::SendFault;
use crate::zoom::oauth_app::OAuthApp;
use crate::zoom::testing::World;
use crate::zoom::testing::doctor;

const ONE: &str = "zoomUserOne";
const TWO: &str = "zoomUserTwo";
const THREE: &str = "zoomUserThree";
const DOCTOR: &str = "doctor-1";
const REVOKED: &str = r#"{"status":"success"}"#;
const DEAD: &str = r#"{"reason":"Invalid Token!","error":"invalid_grant"}"#;

fn app_of(context: Context) -> OAuthApp {
    OAuthApp::new(
        "client",
        "secret",
        "https://clinic.example/callback",
        context,
    )
    .unwrap()
}

fn tokens(name: &str) -> String {
    format!(
        r#"{{"access_token":"access-{name}","refresh_token":"refresh-{name}","token_type":"bearer","expires_in":3599,"scope":"meeting:write meeting:read user:read"}}"#
    )
}

fn user(id: &str) -> String {
    format!(r#"{{"id":"{id}","email":"{id}@x.example","type":2}}"#)
}

fn authorize(app: &OAuthApp, subject: &str) -> Result<Connection> {
    let request = app.authorization_request(&doctor(subject))?;
    app.connect("code", request.state(), &doctor(subject))
}

/// Connects as the first Zoom user of the subject.
fn connected(world: &World, subject: &str, name: &str, id: &str) -> OAuthApp {
    let app = app_of(world.context.clone());
    world
        .http
        .answer(200, &tokens(name))
        .answer(200, &user(id))
        .answer(200, "{}");
    authorize(&app, subject).unwrap();
    app
}

/// Authorizes as another Zoom user than the one in force.
fn held(world: &World, app: &OAuthApp, name: &str, id: &str) -> Connection {
    world.http.answer(200, &tokens(name)).answer(200, &user(id));
    authorize(app, DOCTOR).unwrap()
}

fn accept(world: &World, app: &OAuthApp) -> Connection {
    world.http.answer(200, "{}");
    app.accept(&doctor(DOCTOR)).unwrap()
}

/// The access token with which the subject's client speaks, seen by another process.
fn bearer(world: &World, subject: &str) -> String {
    let client = app_of(world.other_process()).client(&doctor(subject));
    world.http.answer(200, &user("x"));
    client.user(None).unwrap();
    last_bearer(world)
}

fn last_bearer(world: &World) -> String {
    let sent = world.http.sent.borrow();
    sent.last().unwrap().authorization.clone()
}

fn revoked(world: &World) -> Vec<String> {
    let sent = world.http.sent.borrow();
    sent.iter()
        .filter(|sent| sent.line == "POST /oauth/revoke")
        .map(|sent| sent.body.clone())
        .collect()
}

fn keys(world: &World) -> Vec<String> {
    let mut keys: Vec<_> = world
        .store
        .records
        .borrow()
        .keys()
        .filter_map(|key| key.split(':').next().map(str::to_owned))
        .collect();
    keys.sort();
    keys
}

#[test]
fn another_zoom_user_than_before_is_held_and_the_former_stays_in_force() {
    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    let answer = held(&world, &app, "b", TWO);
    assert_eq!(answer.status(), ConnectionStatus::Held);
    assert_eq!(answer.zoom_user_id(), Some(TWO));
    let until = world.context.clock.now() + jiff::SignedDuration::from_hours(24);
    assert_eq!(answer.until(), Some(until));

    let in_force = app.connection(&doctor(DOCTOR)).unwrap().unwrap();
    assert_eq!(in_force.status(), ConnectionStatus::Connected);
    assert_eq!(in_force.zoom_user_id(), Some(ONE));
    assert_eq!(bearer(&world, DOCTOR), "Bearer access-a");
    let waiting = app.proposed(&doctor(DOCTOR)).unwrap().unwrap();
    assert_eq!(waiting.zoom_email(), Some("zoomUserTwo@x.example"));
    assert_eq!(app.subject_of(ONE).unwrap(), Some(doctor(DOCTOR)));
    assert_eq!(app.subject_of(TWO).unwrap(), None);
    assert!(revoked(&world).is_empty());
    assert!(world.store.locked.borrow().is_empty());

    world.clock.advance(Duration::from_secs(7_200));
    world
        .http
        .answer(200, &tokens("a2"))
        .answer(200, &user(ONE));
    app.client(&doctor(DOCTOR)).user(None).unwrap();
    assert_eq!(last_bearer(&world), "Bearer access-a2", "it refreshes");
}

#[test]
fn accepted_it_is_in_force_and_the_former_grant_reaches_what_it_made() {
    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    held(&world, &app, "b", TWO);
    let answer = accept(&world, &app);
    assert_eq!(answer.status(), ConnectionStatus::Connected);
    assert_eq!(answer.zoom_user_id(), Some(TWO));
    assert_eq!(bearer(&world, DOCTOR), "Bearer access-b");
    assert!(app.proposed(&doctor(DOCTOR)).unwrap().is_none());
    assert_eq!(app.subject_of(TWO).unwrap(), Some(doctor(DOCTOR)));
    assert_eq!(app.subject_of(ONE).unwrap(), None);

    let former = app.previous(&doctor(DOCTOR)).unwrap().unwrap();
    assert_eq!(former.status(), ConnectionStatus::Former);
    assert_eq!(former.zoom_user_id(), Some(ONE));
    // Its tokens have a life of their own.
    world.clock.advance(Duration::from_secs(7_200));
    world
        .http
        .answer(200, &tokens("a2"))
        .answer(200, &user(ONE));
    app.previous_client(&doctor(DOCTOR))
        .unwrap()
        .user(None)
        .unwrap();
    assert_eq!(last_bearer(&world), "Bearer access-a2");

    world.http.answer(200, REVOKED);
    app.end_previous(&doctor(DOCTOR)).unwrap();
    assert_eq!(revoked(&world), ["token=access-a2"]);
    assert!(app.previous(&doctor(DOCTOR)).unwrap().is_none());
    let gone = app.previous_client(&doctor(DOCTOR)).err().unwrap();
    assert_eq!(gone.kind(), Kind::Authentication);
    assert_eq!(keys(&world), ["connection", "zoomuser"]);
    assert!(world.store.locked.borrow().is_empty());
}

#[test]
fn declined_it_is_revoked_and_nothing_else_changes() {
    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    held(&world, &app, "b", TWO);
    world.http.answer(200, REVOKED);
    app.decline(&doctor(DOCTOR)).unwrap();
    assert_eq!(revoked(&world), ["token=access-b"]);
    assert!(app.proposed(&doctor(DOCTOR)).unwrap().is_none());
    assert_eq!(bearer(&world, DOCTOR), "Bearer access-a");
    assert_eq!(keys(&world), ["connection", "zoomuser"]);
    app.decline(&doctor(DOCTOR)).unwrap();
    let error = app.accept(&doctor(DOCTOR)).unwrap_err();
    assert_eq!(error.kind(), Kind::Authentication);
}

#[test]
fn a_decline_that_zoom_did_not_hear_is_owed_and_the_grant_is_unusable_already() {
    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    held(&world, &app, "b", TWO);
    world.http.fail(SendFault::Connect, false);
    let error = app.decline(&doctor(DOCTOR)).unwrap_err();
    assert_eq!(error.kind(), Kind::Transport);
    assert!(app.proposed(&doctor(DOCTOR)).unwrap().is_none());
    assert!(app.accept(&doctor(DOCTOR)).is_err());
    world.http.answer(200, REVOKED);
    app.decline(&doctor(DOCTOR)).unwrap();
    assert_eq!(keys(&world), ["connection", "zoomuser"]);
}

#[test]
fn a_question_left_unanswered_is_over_after_a_day_and_a_former_grant_after_seven() {
    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    held(&world, &app, "b", TWO);
    world.clock.advance(Duration::from_secs(86_400));
    assert!(app.proposed(&doctor(DOCTOR)).unwrap().is_none());
    assert!(app.accept(&doctor(DOCTOR)).is_err());
    // Zoom revokes by access token, and that one has ended.
    world.http.answer(200, &tokens("b2")).answer(200, REVOKED);
    app.decline(&doctor(DOCTOR)).unwrap();
    assert_eq!(revoked(&world), ["token=access-b2"]);

    held(&world, &app, "c", THREE);
    accept(&world, &app);
    world.clock.advance(Duration::from_secs(7 * 86_400 - 1));
    assert!(app.previous(&doctor(DOCTOR)).unwrap().is_some());
    world.clock.advance(Duration::from_secs(1));
    assert!(app.previous(&doctor(DOCTOR)).unwrap().is_none());
}

#[test]
fn the_next_authorization_ends_what_was_held() {
    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    held(&world, &app, "b", TWO);
    // As the Zoom user in force again: that connection has the fresh tokens, and the question is over.
    world
        .http
        .answer(200, &tokens("a2"))
        .answer(200, &user(ONE))
        .answer(200, REVOKED)
        .answer(200, "{}");
    let answer = authorize(&app, DOCTOR).unwrap();
    assert_eq!(answer.status(), ConnectionStatus::Connected);
    assert_eq!(bearer(&world, DOCTOR), "Bearer access-a2");
    assert!(app.proposed(&doctor(DOCTOR)).unwrap().is_none());
    assert_eq!(revoked(&world), ["token=access-b"]);

    // As the same other user twice: a revoke would end the new grant.
    held(&world, &app, "b3", TWO);
    held(&world, &app, "b4", TWO);
    accept(&world, &app);
    assert_eq!(bearer(&world, DOCTOR), "Bearer access-b4");
    assert_eq!(revoked(&world).len(), 1);
}

#[test]
fn a_dead_connection_gives_way_to_another_zoom_user_at_once() {
    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    world.http.answer(400, DEAD);
    app.renew(&doctor(DOCTOR)).unwrap_err();
    world
        .http
        .answer(200, &tokens("b"))
        .answer(200, &user(TWO))
        .answer(200, "{}");
    let answer = authorize(&app, DOCTOR).unwrap();
    assert_eq!(answer.status(), ConnectionStatus::Connected);
    assert_eq!(bearer(&world, DOCTOR), "Bearer access-b");
    assert_eq!(keys(&world), ["connection", "zoomuser"]);
    assert_eq!(app.subject_of(ONE).unwrap(), None);
}

#[test]
fn where_zoom_does_not_say_who_it_is_the_former_connections_life_tells() {
    // It lives: another Zoom user, who is asked for again when accepted.
    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    world
        .http
        .answer(200, &tokens("b"))
        .answer(404, "{}")
        .answer(200, &tokens("a2"));
    let answer = authorize(&app, DOCTOR).unwrap();
    assert_eq!(answer.status(), ConnectionStatus::Held);
    assert_eq!(answer.zoom_user_id(), None);
    assert_eq!(bearer(&world, DOCTOR), "Bearer access-a2");
    world.http.answer(200, &user(TWO));
    assert_eq!(accept(&world, &app).zoom_user_id(), Some(TWO));
    assert_eq!(bearer(&world, DOCTOR), "Bearer access-b");

    // Zoom has ended it: the same user, and nobody is asked anything.
    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    world
        .http
        .answer(200, &tokens("a2"))
        .answer(404, "{}")
        .answer(400, DEAD)
        .answer(200, "{}");
    let answer = authorize(&app, DOCTOR).unwrap();
    assert_eq!(answer.status(), ConnectionStatus::Connected);
    assert_eq!(answer.zoom_user_id(), Some(ONE));
    assert_eq!(bearer(&world, DOCTOR), "Bearer access-a2");
    assert!(world.http.is_done());
}

#[test]
fn another_doctors_login_is_never_held() {
    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    connected(&world, "doctor-2", "b", TWO);
    world
        .http
        .answer(200, &tokens("b2"))
        .answer(200, &user(TWO));
    let error = authorize(&app, DOCTOR).unwrap_err();
    assert!(error.advice().contains("your own Zoom account"));
    assert_eq!(bearer(&world, "doctor-2"), "Bearer access-b2");
    assert_eq!(bearer(&world, DOCTOR), "Bearer access-a");
    assert!(app.proposed(&doctor(DOCTOR)).unwrap().is_none());
    assert_eq!(app.subject_of(ONE).unwrap(), Some(doctor(DOCTOR)));
    assert_eq!(app.subject_of(TWO).unwrap(), Some(doctor("doctor-2")));
    assert!(revoked(&world).is_empty());
    assert!(world.store.locked.borrow().is_empty());
}

#[test]
fn who_connects_wins_over_who_has_not_answered() {
    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    held(&world, &app, "b", TWO);
    connected(&world, "doctor-2", "b2", TWO);
    let error = app.accept(&doctor(DOCTOR)).unwrap_err();
    assert!(error.advice().contains("your own Zoom account"));
    assert_eq!(bearer(&world, DOCTOR), "Bearer access-a");
    assert_eq!(bearer(&world, "doctor-2"), "Bearer access-b2");
    assert!(app.proposed(&doctor(DOCTOR)).unwrap().is_none());

    // Nor does a decline end the other doctor's grant.
    held(&world, &app, "c", THREE);
    connected(&world, "doctor-3", "c2", THREE);
    app.decline(&doctor(DOCTOR)).unwrap();
    assert!(revoked(&world).is_empty());
}

#[test]
fn a_process_that_still_knows_the_former_token_notices_when_it_looks() {
    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    let elsewhere = app_of(world.other_process());
    world.http.answer(200, &user(ONE));
    elsewhere.client(&doctor(DOCTOR)).user(None).unwrap();
    held(&world, &app, "b", TWO);
    accept(&world, &app);
    let seen = elsewhere.connection(&doctor(DOCTOR)).unwrap().unwrap();
    assert_eq!(seen.zoom_user_id(), Some(TWO));
    world.http.answer(200, &user(TWO));
    elsewhere.client(&doctor(DOCTOR)).user(None).unwrap();
    assert_eq!(last_bearer(&world), "Bearer access-b");
}

#[test]
fn a_process_that_died_while_accepting_leaves_nothing_lost() {
    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    held(&world, &app, "b", TWO);
    let before = world.store.records.borrow().clone();
    accept(&world, &app);
    let after = world.store.records.borrow().clone();
    // After its first write: the former one is kept twice.
    *world.store.records.borrow_mut() = before.clone();
    for (key, sealed) in after.iter().filter(|(key, _)| key.starts_with("former:")) {
        world
            .store
            .records
            .borrow_mut()
            .insert(key.clone(), sealed.clone());
    }
    let again = app_of(world.other_process());
    assert!(again.previous(&doctor(DOCTOR)).unwrap().is_none());
    world.http.answer(200, "{}");
    again.accept(&doctor(DOCTOR)).unwrap();
    assert_eq!(bearer(&world, DOCTOR), "Bearer access-b");
    assert!(revoked(&world).is_empty());
    // After its second: the held one is there twice, and is no question any more.
    for (key, sealed) in before.iter().filter(|(key, _)| key.starts_with("held:")) {
        world
            .store
            .records
            .borrow_mut()
            .insert(key.clone(), sealed.clone());
    }
    let again = app_of(world.other_process());
    assert!(again.proposed(&doctor(DOCTOR)).unwrap().is_none());
    again.decline(&doctor(DOCTOR)).unwrap();
    assert!(revoked(&world).is_empty());
    assert_eq!(bearer(&world, DOCTOR), "Bearer access-b");
}

#[test]
fn to_and_fro_ends_no_grant_that_is_in_force() {
    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    held(&world, &app, "b", TWO);
    accept(&world, &app);
    // Back to the first before its former grant was ended: Zoom has killed that one's tokens.
    held(&world, &app, "a2", ONE);
    accept(&world, &app);
    assert_eq!(bearer(&world, DOCTOR), "Bearer access-a2");
    let former = app.previous(&doctor(DOCTOR)).unwrap().unwrap();
    assert_eq!(former.zoom_user_id(), Some(TWO));
    assert!(revoked(&world).is_empty());
    // To a third: the grant that is former no longer ends.
    held(&world, &app, "c", THREE);
    world.http.answer(200, REVOKED);
    accept(&world, &app);
    assert_eq!(revoked(&world), ["token=access-b"]);
    let former = app.previous(&doctor(DOCTOR)).unwrap().unwrap();
    assert_eq!(former.zoom_user_id(), Some(ONE));
}

#[test]
fn disconnect_and_forget_end_what_lies_beside() {
    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    held(&world, &app, "b", TWO);
    accept(&world, &app);
    held(&world, &app, "c", THREE);
    for _ in 0..3 {
        world.http.answer(200, REVOKED);
    }
    app.disconnect(&doctor(DOCTOR)).unwrap();
    assert_eq!(
        revoked(&world),
        ["token=access-b", "token=access-c", "token=access-a"]
    );
    assert!(world.store.records.borrow().is_empty());

    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    held(&world, &app, "b", TWO);
    world.http.answer(200, REVOKED);
    assert!(app.forget(&doctor(DOCTOR), None).unwrap());
    assert_eq!(revoked(&world), ["token=access-b"]);
    assert!(world.store.records.borrow().is_empty());
}

#[test]
fn what_zoom_ended_itself_is_forgotten_beside_the_connection_too() {
    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    held(&world, &app, "b", TWO);
    accept(&world, &app);
    held(&world, &app, "c", THREE);
    let requests = world.http.lines().len();
    let ended = Some(world.context.clock.now());
    let earlier = ended.map(|at| at - Duration::from_secs(1));
    assert!(!app.forget_beside(&doctor(DOCTOR), ONE, earlier).unwrap());
    assert!(!app.forget_beside(&doctor(DOCTOR), TWO, ended).unwrap());
    assert!(app.forget_beside(&doctor(DOCTOR), ONE, ended).unwrap());
    assert!(app.previous(&doctor(DOCTOR)).unwrap().is_none());
    assert!(app.proposed(&doctor(DOCTOR)).unwrap().is_some());
    assert!(app.forget_beside(&doctor(DOCTOR), THREE, None).unwrap());
    assert!(app.proposed(&doctor(DOCTOR)).unwrap().is_none());
    assert!(
        !app.forget_beside(&doctor(DOCTOR), THREE, None).unwrap(),
        "once"
    );
    let is_beside = |key: &String| key.starts_with("held") || key.starts_with("former");
    assert!(!world.store.records.borrow().keys().any(is_beside));
    assert_eq!(world.http.lines().len(), requests, "Zoom is not asked");
    assert_eq!(bearer(&world, DOCTOR), "Bearer access-b");
}

#[test]
fn what_is_accepted_after_zoom_ended_the_connection_before_stays() {
    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    held(&world, &app, "b", TWO);
    world.clock.advance(Duration::from_secs(10));
    let ended = Some(world.context.clock.now());
    world.clock.advance(Duration::from_secs(10));
    accept(&world, &app);
    assert!(!app.forget(&doctor(DOCTOR), ended).unwrap());
    assert_eq!(bearer(&world, DOCTOR), "Bearer access-b");
}

#[test]
fn a_held_token_that_the_store_did_not_take_is_saved_at_the_next_answer() {
    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    let request = app.authorization_request(&doctor(DOCTOR)).unwrap();
    world.http.answer(200, &tokens("b"));
    let store = world.store.clone();
    *world.http.on_send.borrow_mut() = Some(Box::new(move |line| {
        if line == "POST /oauth/token" {
            store.fail_saves.set(3);
        }
    }));
    let error = app
        .connect("code", request.state(), &doctor(DOCTOR))
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Store);
    *world.http.on_send.borrow_mut() = None;
    assert_eq!(bearer(&world, DOCTOR), "Bearer access-a");
    world.http.answer(200, REVOKED);
    app.decline(&doctor(DOCTOR)).unwrap();
    assert_eq!(revoked(&world), ["token=access-b"], "none is left at Zoom");
}

#[test]
fn who_made_a_meeting_is_reached_in_force_or_before_and_nobody_else_in_their_place() {
    let world = World::new();
    let app = connected(&world, DOCTOR, "a", ONE);
    let reached = |user: Option<&str>| {
        let client = app.client_of(&doctor(DOCTOR), user)?;
        world.http.answer(200, &self::user("x"));
        client.user(None).map(|_| last_bearer(&world))
    };
    let refused = |user: &str| reached(Some(user)).unwrap_err().id();
    assert_eq!(reached(None).unwrap(), "Bearer access-a");
    assert_eq!(reached(Some(ONE)).unwrap(), "Bearer access-a");
    assert_eq!(refused(TWO), ErrorId::AnotherZoomUser);

    held(&world, &app, "b", TWO);
    assert_eq!(refused(TWO), ErrorId::AnotherZoomUser, "not accepted yet");
    accept(&world, &app);
    assert_eq!(reached(None).unwrap(), "Bearer access-b");
    assert_eq!(reached(Some(TWO)).unwrap(), "Bearer access-b");
    assert_eq!(reached(Some(ONE)).unwrap(), "Bearer access-a");
    assert_eq!(refused(THREE), ErrorId::AnotherZoomUser);

    world.http.answer(400, DEAD);
    app.renew(&doctor(DOCTOR)).unwrap_err();
    assert_eq!(refused(TWO), ErrorId::ConnectionDead);
    assert_eq!(
        refused(THREE),
        ErrorId::ConnectionDead,
        "to connect again is what helps"
    );
    assert_eq!(reached(Some(ONE)).unwrap(), "Bearer access-a");
    let nobody = app.client_of(&doctor("doctor-2"), None).err();
    assert_eq!(nobody.map(|error| error.id()), Some(ErrorId::NotConnected));
}
