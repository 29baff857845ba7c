//! Disconnecting: no live token is left behind, here or at Zoom.

use super::*;

/// A connection that is stored as `access-0`, with an hour to go.
fn connected(world: &World) -> OAuthApp {
    world.put(
        &user_tokens(&world.context),
        &record("0", world.context.clock.now()),
    );
    app(&world.context)
}

const REVOKED: &str = r#"{"status":"success"}"#;

#[test]
fn the_grant_is_revoked_and_the_record_deleted() {
    let world = World::new();
    let app = connected(&world);
    world.http.answer(200, REVOKED);
    app.disconnect(&doctor("12")).unwrap();
    assert_eq!(world.http.lines(), ["POST /oauth/revoke"]);
    assert_eq!(world.http.bodies(), ["token=access-0"]);
    assert!(world.store.records.borrow().is_empty());
    assert!(world.store.locked.borrow().is_empty());
}

#[test]
fn a_known_token_is_forgotten() {
    let world = World::new();
    let app = connected(&world);
    let client = app.client(&doctor("12"));
    world.http.answer(200, r#"{"id":"one"}"#);
    client.user(None).unwrap();
    world.http.answer(200, REVOKED);
    app.disconnect(&doctor("12")).unwrap();
    assert_eq!(
        client.user(None).err().unwrap().kind(),
        Kind::Authentication
    );
}

#[test]
fn while_zoom_cannot_be_told_the_record_is_unusable_and_the_revoke_is_owed() {
    for trouble in [None, Some(502)] {
        let world = World::new();
        let app = connected(&world);
        match trouble {
            None => world.http.fail(SendFault::Connect, false),
            Some(status) => world.http.answer(status, "<html>"),
        };
        let error = app.disconnect(&doctor("12")).err().unwrap();
        assert_eq!(error.kind(), Kind::Transport);
        assert!(error.is_retryable() && error.advice().contains("owed"));
        let connection = app.connection(&doctor("12")).unwrap().unwrap();
        assert_eq!(connection.status(), ConnectionStatus::Dead);
        for context in [world.context.clone(), world.other_process()] {
            let refused = super::app(&context).client(&doctor("12")).user(None);
            assert_eq!(refused.err().unwrap().kind(), Kind::Authentication);
        }
        world.http.answer(200, REVOKED);
        app.disconnect(&doctor("12")).unwrap();
        assert!(world.store.records.borrow().is_empty());
        assert!(world.http.is_done());
    }
}

#[test]
fn a_token_near_its_end_is_refreshed_first_for_zoom_revokes_by_access_token() {
    let world = World::new();
    let app = connected(&world);
    world.two_hours_later();
    world
        .http
        .answer(200, &token_answer("1"))
        .answer(200, REVOKED);
    app.disconnect(&doctor("12")).unwrap();
    assert_eq!(world.http.bodies()[1], "token=access-1");
    assert!(world.store.records.borrow().is_empty());
}

#[test]
fn the_refreshed_token_is_not_lost_when_the_revoke_then_fails() {
    let world = World::new();
    let app = connected(&world);
    world.two_hours_later();
    world
        .http
        .answer(200, &token_answer("1"))
        .fail(SendFault::Timeout, true);
    assert_eq!(
        app.disconnect(&doctor("12")).err().unwrap().kind(),
        Kind::Transport
    );
    let stored = world.stored(&user_tokens(&world.context)).unwrap();
    assert_eq!(stored.life, Life::Leaving);
    assert_eq!(stored.refresh_token.as_ref().unwrap().expose(), "refresh-1");
    world.http.answer(200, REVOKED);
    app.disconnect(&doctor("12")).unwrap();
    assert_eq!(world.http.bodies()[2], "token=access-1");
}

#[test]
fn a_lost_refresh_answer_is_asked_for_once_more() {
    let world = World::new();
    let app = connected(&world);
    world.two_hours_later();
    world
        .http
        .fail(SendFault::Closed, true)
        .answer(200, &token_answer("1"))
        .answer(200, REVOKED);
    app.disconnect(&doctor("12")).unwrap();
    assert!(world.http.is_done());
}

#[test]
fn an_access_token_that_zoom_no_longer_takes_leads_to_a_fresh_one_to_revoke() {
    let world = World::new();
    let app = connected(&world);
    world
        .http
        .answer(400, DEAD)
        .answer(200, &token_answer("1"))
        .answer(200, REVOKED);
    app.disconnect(&doctor("12")).unwrap();
    assert_eq!(world.http.bodies()[2], "token=access-1");
}

#[test]
fn a_grant_that_is_already_gone_is_no_error() {
    let world = World::new();
    let app = connected(&world);
    world.http.answer(400, DEAD).answer(400, DEAD);
    app.disconnect(&doctor("12")).unwrap();
    assert!(world.store.records.borrow().is_empty());
}

#[test]
fn nothing_a_dead_connection_and_an_unreadable_one_are_deleted_without_a_request() {
    let world = World::new();
    let tokens = user_tokens(&world.context);
    let now = world.context.clock.now();
    let app = app(&world.context);
    app.disconnect(&doctor("12")).unwrap();
    world.put(&tokens, &record("0", now).turned(Life::Dead, "why", now));
    app.disconnect(&doctor("12")).unwrap();
    let mut records = world.store.records.borrow_mut();
    records.insert(tokens.key().to_owned(), "garbage".into());
    drop(records);
    app.disconnect(&doctor("12")).unwrap();
    assert!(world.store.records.borrow().is_empty());
    assert!(world.http.lines().is_empty());
}

#[test]
fn a_token_that_could_not_be_saved_is_the_one_that_is_revoked() {
    let world = World::new();
    let app = connected(&world);
    world.two_hours_later();
    world.http.answer(200, &token_answer("1"));
    world.store.fail_saves.set(3);
    let error = app.client(&doctor("12")).user(None).err().unwrap();
    assert_eq!(error.kind(), Kind::Store);
    world.http.answer(200, REVOKED);
    app.disconnect(&doctor("12")).unwrap();
    assert_eq!(world.http.bodies()[1], "token=access-1");
    assert!(world.store.records.borrow().is_empty());
}

#[test]
fn wrong_client_credentials_keep_the_record_and_say_so() {
    let world = World::new();
    let app = connected(&world);
    world.http.answer(400, r#"{"error":"invalid_client"}"#);
    let error = app.disconnect(&doctor("12")).err().unwrap();
    assert_eq!(error.kind(), Kind::Configuration);
    assert_eq!(
        world.stored(&user_tokens(&world.context)).unwrap().life,
        Life::Leaving
    );
}
