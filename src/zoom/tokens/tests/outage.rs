//! A crowd that waits for one lock while the token endpoint is down.

use super::*;
use crate::zoom::tokens::outage::outage_key;
use crate::zoom::tokens::saving::SAVE_ATTEMPTS;

/// What lies beside the record.
fn note(world: &World, tokens: &Tokens) -> Option<String> {
    let key = outage_key(tokens.key());
    world.store.records.borrow().get(&key).cloned()
}

/// While the next process waits for the lock, this note is written.
fn meanwhile(world: &World, tokens: &Tokens, note: String) {
    let key = outage_key(tokens.key());
    *world.store.on_lock.borrow_mut() = Some(Box::new(move |store| {
        store.records.borrow_mut().insert(key, note);
    }));
}

/// A process asks and is told that the endpoint is down. Gives the note that it leaves and what it said.
fn down(world: &World, tokens: &Tokens) -> (String, Error) {
    world.http.answer(502, "<html>").answer(502, "<html>");
    let error = get(tokens).err().unwrap();
    (note(world, tokens).unwrap(), error)
}

#[test]
fn who_waited_while_another_was_told_takes_that_over_without_a_request() {
    let world = World::new();
    let tokens = expired(&world);
    let (first, error) = down(&world, &tokens);
    let (second, _) = down(&world, &tokens);
    assert_ne!(first, second);
    for before in [None, Some(first)] {
        world
            .store
            .records
            .borrow_mut()
            .retain(|key, _| !key.starts_with("outage-"));
        if let Some(before) = before {
            let key = outage_key(tokens.key());
            world.store.records.borrow_mut().insert(key, before);
        }
        meanwhile(&world, &tokens, second.clone());
        let told = get(&user_tokens(&world.other_process())).err().unwrap();
        assert_eq!(told.kind(), error.kind());
        assert_eq!(told.message(), error.message());
        assert_eq!(told.advice(), error.advice());
        assert_eq!(told.status(), Some(502));
        assert!(told.is_retryable());
        assert!(!told.is_maybe_delivered());
    }
    assert_eq!(
        world.http.lines().len(),
        4,
        "those that were told asked nothing"
    );
    assert_eq!(world.stored(&tokens).unwrap().life, Life::Alive);
    assert!(world.store.locked.borrow().is_empty());
}

#[test]
fn renewing_shares_it_too() {
    let world = World::new();
    let tokens = expired(&world);
    let (note, _) = down(&world, &tokens);
    world
        .store
        .records
        .borrow_mut()
        .retain(|key, _| !key.starts_with("outage-"));
    meanwhile(&world, &tokens, note);
    assert_eq!(
        user_tokens(&world.other_process())
            .renew()
            .err()
            .unwrap()
            .status(),
        Some(502)
    );
}

#[test]
fn whoever_comes_later_asks_anew_and_a_success_removes_the_note() {
    let world = World::new();
    let tokens = expired(&world);
    down(&world, &tokens);
    world.http.answer(200, &token_answer("1"));
    assert_eq!(
        token(&get(&user_tokens(&world.other_process()))),
        "access-1"
    );
    assert!(note(&world, &tokens).is_none());
}

#[test]
fn what_was_refreshed_during_the_wait_counts_more_than_an_outage() {
    let world = World::new();
    let tokens = expired(&world);
    let (note, _) = down(&world, &tokens);
    world
        .store
        .records
        .borrow_mut()
        .retain(|key, _| !key.starts_with("outage-"));
    let other = expired_record_of("1", &world);
    let key = tokens.key().to_owned();
    *world.store.on_lock.borrow_mut() = Some(Box::new(move |store| {
        store.records.borrow_mut().insert(outage_key(&key), note);
        store.records.borrow_mut().insert(key, other);
    }));
    assert_eq!(
        token(&get(&user_tokens(&world.other_process()))),
        "access-1"
    );
}

#[test]
fn an_account_shares_it_as_a_network_fault_or_a_limit() {
    for (status, kind_of_error) in [(None, Kind::Transport), (Some(429), Kind::RateLimit)] {
        let world = World::new();
        let tokens = account_tokens(&world.context);
        match status {
            Some(status) => world.http.answer(status, "{}"),
            None => world.http.fail(SendFault::Connect, false),
        };
        assert_eq!(kind(get(&tokens)), kind_of_error);
        let note = note(&world, &tokens).unwrap();
        world.store.records.borrow_mut().clear();
        meanwhile(&world, &tokens, note);
        assert_eq!(
            kind(get(&account_tokens(&world.other_process()))),
            kind_of_error
        );
        assert_eq!(world.http.lines().len(), 1);
    }
}

#[test]
fn what_does_not_pass_by_itself_and_a_failing_store_are_not_told() {
    for (status, body) in [
        (400, r#"{"error":"invalid_client"}"#),
        (400, DEAD),
        (403, "<html>"),
    ] {
        let world = World::new();
        let tokens = expired(&world);
        world.http.answer(status, body);
        assert!(get(&tokens).is_err());
        assert!(note(&world, &tokens).is_none(), "{body}");
    }
    let world = World::new();
    let tokens = expired(&world);
    world.http.answer(200, &token_answer("1"));
    world.store.fail_saves.set(SAVE_ATTEMPTS);
    assert_eq!(kind(get(&tokens)), Kind::Store);
    assert!(note(&world, &tokens).is_none());
}

#[test]
fn a_note_that_no_key_opens_says_nothing() {
    let world = World::new();
    let tokens = expired(&world);
    meanwhile(&world, &tokens, "garbage".into());
    world.http.answer(200, &token_answer("1"));
    assert_eq!(token(&get(&tokens)), "access-1");
}

#[test]
fn a_note_that_cannot_be_written_changes_nothing_about_the_answer() {
    let world = World::new();
    let tokens = expired(&world);
    world.store.fail_saves.set(1);
    world.http.answer(502, "<html>").answer(502, "<html>");
    assert_eq!(get(&tokens).err().unwrap().status(), Some(502));
    assert!(note(&world, &tokens).is_none());
}

#[test]
fn the_note_goes_with_the_record() {
    let world = World::new();
    let tokens = expired(&world);
    down(&world, &tokens);
    tokens.delete().unwrap();
    assert!(world.store.records.borrow().is_empty());
}
