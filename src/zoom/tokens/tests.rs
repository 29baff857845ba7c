#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test"
)]

use super::*;
use crate::zoom::connection::Connection;
use crate::zoom::http::SendFault;
use crate::zoom::testing::World;
use crate::zoom::testing::account_tokens;
use crate::zoom::testing::record;
use crate::zoom::testing::token_answer;
use crate::zoom::testing::user_tokens;
use crate::zoom::vault::Vault;

mod losing;
mod outage;
mod saving;

const DEAD: &str = r#"{"reason":"Invalid Token!","error":"invalid_grant"}"#;
const ACCOUNT_ANSWER: &str = r#"{"access_token":"access-1","token_type":"bearer","expires_in":3599,"scope":"meeting:write:admin","api_url":"https://api.zoom.us"}"#;

/// A doctor's connection, stored as `access-0` and good for an hour.
fn connected(world: &World) -> Tokens {
    let tokens = user_tokens(&world.context);
    world.put(&tokens, &record("0", world.context.clock.now()));
    tokens
}

/// A doctor's connection whose access token has ended.
fn expired(world: &World) -> Tokens {
    let tokens = connected(world);
    world.two_hours_later();
    tokens
}

fn token(access: &Result<Rc<Access>>) -> &str {
    access.as_ref().unwrap().token.expose()
}

fn get(tokens: &Tokens) -> Result<Rc<Access>> {
    tokens.access(None, LOCK_WAIT)
}

fn kind(result: Result<Rc<Access>>) -> Kind {
    result.err().unwrap().kind()
}

#[test]
fn a_stored_token_is_used_without_lock_or_network_and_known_from_then_on() {
    let world = World::new();
    let tokens = connected(&world);
    world.store.refuse_lock.set(true);
    assert_eq!(token(&get(&tokens)), "access-0");
    world.store.records.borrow_mut().clear();
    assert_eq!(token(&get(&tokens)), "access-0");
}

#[test]
fn nothing_stored_is_no_connection_and_makes_no_request() {
    let world = World::new();
    assert_eq!(
        kind(get(&user_tokens(&world.context))),
        Kind::Authentication
    );
}

#[test]
fn an_ended_token_is_refreshed_saved_and_then_used() {
    let world = World::new();
    let tokens = expired(&world);
    world.http.answer(200, &token_answer("1"));
    assert_eq!(token(&get(&tokens)), "access-1");
    let stored = world.stored(&tokens).unwrap();
    assert_eq!(stored.refresh_token.unwrap().expose(), "refresh-1");
    assert!(world.http.bodies()[0].contains("refresh_token=refresh-0"));
    assert!(
        world.store.locked.borrow().is_empty(),
        "the lock is given back"
    );
    assert_eq!(
        token(&get(&user_tokens(&world.other_process()))),
        "access-1"
    );
}

#[test]
fn a_token_is_renewed_ten_minutes_before_its_end() {
    let world = World::new();
    let tokens = connected(&world);
    world.clock.advance(Duration::from_secs(3_599 - 601));
    assert_eq!(token(&get(&tokens)), "access-0");
    world.clock.advance(Duration::from_secs(1));
    world.http.answer(200, &token_answer("1"));
    assert_eq!(token(&get(&tokens)), "access-1");
}

#[test]
fn what_another_process_refreshed_meanwhile_is_used() {
    let world = World::new();
    let tokens = expired(&world);
    let other = expired_record_of("1", &world);
    // Even if it has ended by the clock: a token that was not seen refused is good.
    let key = tokens.key().to_owned();
    *world.store.on_lock.borrow_mut() = Some(Box::new(move |store| {
        store.records.borrow_mut().insert(key, other);
    }));
    assert_eq!(token(&get(&tokens)), "access-1");
}

fn expired_record_of(name: &str, world: &World) -> String {
    let record = record(name, "2026-11-24T08:00:00Z".parse().unwrap());
    record::seal(&world.context, user_tokens(&world.context).key(), &record).unwrap()
}

#[test]
fn a_refused_token_is_replaced_by_the_stored_one_or_else_refreshed() {
    let world = World::new();
    let tokens = connected(&world);
    let refused = get(&tokens).unwrap().token.clone();
    world.put(&tokens, &record("1", world.context.clock.now()));
    let access = tokens.access(Some(&refused), LOCK_WAIT);
    assert_eq!(token(&access), "access-1");

    world.http.answer(200, &token_answer("2"));
    let access = tokens.access(Some(&Secret::new("access-1")), LOCK_WAIT);
    assert_eq!(token(&access), "access-2");
}

#[test]
fn a_second_refusal_of_the_same_old_token_uses_the_fresh_one_without_network() {
    let world = World::new();
    let tokens = connected(&world);
    world.http.answer(200, &token_answer("1"));
    let refused = get(&tokens).unwrap().token.clone();
    for _ in 0..2 {
        assert_eq!(token(&tokens.access(Some(&refused), LOCK_WAIT)), "access-1");
    }
}

#[test]
fn a_confirmed_invalid_grant_is_written_down_and_answered_without_network_from_then_on() {
    let world = World::new();
    let tokens = expired(&world);
    world.http.answer(400, DEAD);
    assert_eq!(kind(get(&tokens)), Kind::Authentication);
    let stored = world.stored(&tokens).unwrap();
    assert_eq!(stored.life, Life::Dead);
    assert_eq!(stored.since, world.context.clock.now().as_second());
    assert!(stored.reason.unwrap().contains("revoked"));
    for context in [world.context.clone(), world.other_process()] {
        let error = get(&user_tokens(&context)).err().unwrap();
        assert_eq!(error.kind(), Kind::Authentication);
        assert!(error.message().contains("2026-11-24T12:00:00Z"));
        assert!(!error.is_retryable());
    }
    assert_eq!(
        user_tokens(&world.context).renew().err().unwrap().kind(),
        Kind::Authentication
    );
}

#[test]
fn invalid_grant_is_not_believed_when_another_token_is_stored_by_then() {
    let world = World::new();
    let tokens = expired(&world);
    let stored = tokens.load().unwrap();
    world.put(&tokens, &record("1", world.context.clock.now()));
    world.http.answer(400, DEAD);
    let record = tokens.refresh(stored.as_ref(), None).unwrap().record;
    assert_eq!(record.access_token.expose(), "access-1");
    assert_eq!(world.stored(&tokens).unwrap().life, Life::Alive);
}

#[test]
fn invalid_grant_is_believed_when_the_same_token_was_only_sealed_anew() {
    let world = World::new();
    let tokens = expired(&world);
    let stored = tokens.load().unwrap();
    // As after a change of the vault key: another text, the same tokens.
    world.put(&tokens, &stored.as_ref().unwrap().value.clone());
    world.http.answer(400, DEAD);
    let error = tokens.refresh(stored.as_ref(), None).err().unwrap();
    assert_eq!(error.kind(), Kind::Authentication);
}

#[test]
fn faults_of_zoom_or_of_the_set_up_mark_nobody_dead() {
    for (status, body, kind_of_error) in [
        (400, r#"{"error":"invalid_client"}"#, Kind::Configuration),
        (401, r#"{"error":"invalid_client"}"#, Kind::Configuration),
        (
            400,
            r#"{"reason":"The app has been disabled","error":"invalid_request"}"#,
            Kind::Configuration,
        ),
        (429, "{}", Kind::RateLimit),
        (403, "<html>", Kind::Api),
    ] {
        let world = World::new();
        let tokens = expired(&world);
        world.http.answer(status, body);
        let error = get(&tokens).err().unwrap();
        assert_eq!(error.kind(), kind_of_error, "{body}");
        assert!(!error.is_maybe_delivered());
        assert_eq!(world.stored(&tokens).unwrap().life, Life::Alive);
        world.http.answer(200, &token_answer("1"));
        assert_eq!(token(&get(&tokens)), "access-1");
    }
}

#[test]
fn a_502_is_never_a_dead_connection() {
    let world = World::new();
    let tokens = expired(&world);
    world.http.answer(502, "<html>").answer(502, "<html>");
    let error = get(&tokens).err().unwrap();
    assert!(error.is_retryable());
    assert_ne!(error.kind(), Kind::Authentication);
    assert_eq!(world.stored(&tokens).unwrap().life, Life::Alive);
}

#[test]
fn a_lost_refresh_answer_is_asked_for_once_more_under_the_same_lock() {
    let world = World::new();
    let tokens = expired(&world);
    world
        .http
        .fail(SendFault::Closed, true)
        .answer(200, &token_answer("1"));
    assert_eq!(token(&get(&tokens)), "access-1");
    let bodies = world.http.bodies();
    assert_eq!(bodies[0], bodies[1]);
}

#[test]
fn a_refresh_answer_that_is_lost_for_good_ends_as_a_dead_connection_and_no_storm() {
    let world = World::new();
    let tokens = expired(&world);
    // Zoom rotated at the first send; the old token is dead at the second.
    world.http.fail(SendFault::Timeout, true).answer(400, DEAD);
    assert_eq!(kind(get(&tokens)), Kind::Authentication);
    assert_eq!(
        kind(get(&user_tokens(&world.other_process()))),
        Kind::Authentication
    );
    assert_eq!(world.http.lines().len(), 2);
}

#[test]
fn a_refresh_that_surely_did_not_arrive_is_not_repeated_here() {
    let world = World::new();
    let tokens = expired(&world);
    world.http.fail(SendFault::Name, false);
    let error = get(&tokens).err().unwrap();
    assert_eq!(error.kind(), Kind::Transport);
    assert_eq!(world.stored(&tokens).unwrap().life, Life::Alive);
}

#[test]
fn a_lock_that_cannot_be_had_is_a_store_error_and_no_request() {
    let world = World::new();
    let tokens = expired(&world);
    world.store.refuse_lock.set(true);
    let error = get(&tokens).err().unwrap();
    assert_eq!(error.kind(), Kind::Store);
    assert!(error.is_retryable());
    world.store.refuse_lock.set(false);
    world.http.answer(200, &token_answer("1"));
    assert_eq!(token(&get(&tokens)), "access-1");
}

#[test]
fn a_nested_call_for_the_same_record_is_refused_and_one_for_another_is_not() {
    let world = World::new();
    let tokens = expired(&world);
    let held = tokens.lock(LOCK_WAIT).unwrap();
    assert_eq!(kind(get(&tokens)), Kind::Store);
    assert!(account_tokens(&world.context).lock(LOCK_WAIT).is_ok());
    drop(held);
    world.http.answer(200, &token_answer("1"));
    assert_eq!(token(&get(&tokens)), "access-1");
}

#[test]
fn the_marks_of_a_request_that_died_do_not_outlive_it() {
    let world = World::new();
    let tokens = expired(&world);
    // A fatal error in PHP skips destructors.
    std::mem::forget(tokens.lock(LOCK_WAIT).unwrap());
    world.store.locked.borrow_mut().clear();
    world.context.known.end_request();
    world.http.answer(200, &token_answer("1"));
    assert_eq!(token(&get(&tokens)), "access-1");
}

#[test]
fn two_sites_with_the_same_doctor_in_one_worker_never_meet() {
    let world = World::new();
    let tokens = connected(&world);
    get(&tokens).unwrap();
    let key = Vault::generate_key(&*world.clock);
    let other_site = Context {
        vault: Rc::new(Vault::new(&[key]).unwrap()),
        store: Rc::new(crate::zoom::testing::MemoryStore::default()),
        ..world.context.clone()
    };
    assert_eq!(kind(get(&user_tokens(&other_site))), Kind::Authentication);
    assert_eq!(token(&get(&tokens)), "access-0");
}

#[test]
fn a_users_record_that_no_key_opens_is_said_so_and_not_overwritten() {
    let world = World::new();
    let tokens = user_tokens(&world.context);
    for garbage in ["", "garbage", "telemed1.AAAA"] {
        let mut records = world.store.records.borrow_mut();
        records.insert(tokens.key().to_owned(), garbage.to_owned());
        drop(records);
        assert_eq!(kind(get(&tokens)), Kind::Vault, "{garbage}");
        assert_eq!(world.store.records.borrow()[tokens.key()], garbage);
    }
}

#[test]
fn a_record_moved_to_another_key_is_refused() {
    let world = World::new();
    let mine = connected(&world);
    let theirs = Tokens::of_user(
        world.context.clone(),
        crate::zoom::testing::credentials(),
        &crate::zoom::testing::doctor("13"),
        Place::Active,
    );
    let sealed = world.store.records.borrow()[mine.key()].clone();
    let mut records = world.store.records.borrow_mut();
    records.insert(theirs.key().to_owned(), sealed);
    drop(records);
    assert_eq!(kind(get(&theirs)), Kind::Vault);
}

#[test]
fn a_connection_that_is_leaving_is_answered_without_network() {
    let world = World::new();
    let tokens = user_tokens(&world.context);
    let now = world.context.clock.now();
    let leaving = record("0", now).turned(Life::Leaving, "it was disconnected", now);
    world.put(&tokens, &leaving);
    assert_eq!(kind(get(&tokens)), Kind::Authentication);
    assert_eq!(tokens.renew().err().unwrap().kind(), Kind::Authentication);
}

#[test]
fn a_token_for_a_foreign_api_address_is_not_used() {
    let world = World::new();
    let tokens = user_tokens(&world.context);
    let mut foreign = record("0", world.context.clock.now());
    foreign.api_url = Some("https://zoom.us.evil.example".into());
    world.put(&tokens, &foreign);
    assert_eq!(kind(get(&tokens)), Kind::Configuration);
}

#[test]
fn renew_refreshes_whatever_the_expiry_and_keeps_what_is_known() {
    let world = World::new();
    let tokens = user_tokens(&world.context);
    let mut known = record("0", world.context.clock.now());
    known.passcode_policy = Some(crate::zoom::passcode::PasscodePolicy::default());
    known.api_url = Some("https://api-eu.zoom.us".into());
    world.put(&tokens, &known);
    world
        .http
        .answer(200, r#"{"access_token":"access-1","expires_in":3599}"#);
    let renewed = tokens.renew().unwrap();
    assert_eq!(renewed.access_token.expose(), "access-1");
    let stored = world.stored(&tokens).unwrap();
    assert_eq!(stored.refresh_token.unwrap().expose(), "refresh-0");
    assert_eq!(stored.api_url, known.api_url);
    assert_eq!(stored.scopes, known.scopes);
    assert!(stored.passcode_policy.is_some());
}

#[test]
fn an_accounts_token_is_fetched_once_for_all_processes() {
    let world = World::new();
    world.http.answer(200, ACCOUNT_ANSWER);
    for _ in 0..2 {
        assert_eq!(token(&get(&account_tokens(&world.context))), "access-1");
        assert_eq!(
            token(&get(&account_tokens(&world.other_process()))),
            "access-1"
        );
    }
    assert_eq!(world.http.lines().len(), 1);
}

#[test]
fn new_credentials_of_an_account_never_meet_an_old_token() {
    let world = World::new();
    let of = |secret: &str, account: &str| {
        let credentials = Credentials {
            client_secret: Secret::new(secret),
            ..crate::zoom::testing::credentials()
        };
        Tokens::of_account(world.context.clone(), credentials, account)
    };
    let keys =
        [of("one", "a"), of("two", "a"), of("one", "b")].map(|tokens| tokens.key().to_owned());
    assert_ne!(keys[0], keys[1]);
    assert_ne!(keys[0], keys[2]);
    assert!(keys.iter().all(|key| !key.contains("one")));
}

#[test]
fn an_accounts_record_that_cannot_be_read_heals() {
    for garbage in ["", "garbage", "telemed1.AAAA"] {
        let world = World::new();
        let tokens = account_tokens(&world.context);
        world
            .store
            .records
            .borrow_mut()
            .insert(tokens.key().to_owned(), garbage.to_owned());
        world.http.answer(200, ACCOUNT_ANSWER);
        assert_eq!(token(&get(&tokens)), "access-1");
        let other = account_tokens(&world.other_process());
        assert_eq!(token(&get(&other)), "access-1", "{garbage}");
    }
}

#[test]
fn a_failed_token_call_of_an_account_stores_no_token() {
    for (status, body) in [
        (400, r#"{"error":"invalid_client"}"#),
        (400, r#"{"reason":"Bad Request","error":"invalid_request"}"#),
        (502, "<html>"),
        (200, "<html>"),
        (
            200,
            r#"{"access_token":"t","api_url":"https://evil.example"}"#,
        ),
    ] {
        let world = World::new();
        world.http.answer(status, body);
        let tokens = account_tokens(&world.context);
        assert!(get(&tokens).is_err());
        assert!(world.stored(&tokens).is_none(), "{body}");
        assert!(world.store.locked.borrow().is_empty());
    }
}

#[test]
fn a_refused_token_of_an_account_is_fetched_anew_once_for_all_processes() {
    let world = World::new();
    world.http.answer(200, ACCOUNT_ANSWER);
    let tokens = account_tokens(&world.context);
    let other = account_tokens(&world.other_process());
    let refused = get(&tokens).unwrap().token.clone();
    get(&other).unwrap();
    world
        .http
        .answer(200, &ACCOUNT_ANSWER.replace("access-1", "access-2"));
    for tokens in [&tokens, &other] {
        assert_eq!(token(&tokens.access(Some(&refused), LOCK_WAIT)), "access-2");
    }
}
