//! A store that fails or lies must not cost the newest refresh token.

use super::*;

fn refresh_token(world: &World, tokens: &Tokens) -> String {
    let record = world.stored(tokens).unwrap();
    record.refresh_token.as_ref().unwrap().expose().to_owned()
}

/// A refresh whose new token the store did not take.
fn unsaved(world: &World) -> Tokens {
    let tokens = expired(world);
    world.http.answer(200, &token_answer("1"));
    world.store.fail_saves.set(3);
    assert_eq!(kind(get(&tokens)), Kind::Store);
    assert_eq!(refresh_token(world, &tokens), "refresh-0");
    tokens
}

#[test]
fn a_save_that_fails_once_is_tried_again() {
    for failures in [1, 2] {
        let world = World::new();
        let tokens = expired(&world);
        world.http.answer(200, &token_answer("1"));
        world.store.fail_saves.set(failures);
        assert_eq!(token(&get(&tokens)), "access-1");
        assert_eq!(refresh_token(&world, &tokens), "refresh-1");
    }
}

#[test]
fn a_record_that_could_not_be_saved_is_saved_at_the_next_call_without_another_refresh() {
    let world = World::new();
    let tokens = unsaved(&world);
    assert_eq!(token(&get(&tokens)), "access-1");
    assert_eq!(refresh_token(&world, &tokens), "refresh-1");
    assert_eq!(world.http.lines().len(), 1);
}

#[test]
fn while_the_store_does_not_take_it_every_call_fails_and_nothing_is_lost() {
    let world = World::new();
    let tokens = unsaved(&world);
    for _ in 0..3 {
        world.store.fail_saves.set(1);
        assert_eq!(kind(get(&tokens)), Kind::Store);
    }
    assert_eq!(token(&get(&tokens)), "access-1");
    assert_eq!(refresh_token(&world, &tokens), "refresh-1");
}

#[test]
fn a_save_that_answers_false_although_nothing_else_is_stored_loses_nothing() {
    let world = World::new();
    let tokens = expired(&world);
    world.http.answer(200, &token_answer("1"));
    world.store.lie_on_saves.set(3);
    assert_eq!(kind(get(&tokens)), Kind::Store);
    assert_eq!(token(&get(&tokens)), "access-1");
    assert_eq!(refresh_token(&world, &tokens), "refresh-1");
}

#[test]
fn a_save_that_answers_false_once_is_tried_again() {
    let world = World::new();
    let tokens = expired(&world);
    world.http.answer(200, &token_answer("1"));
    world.store.lie_on_saves.set(1);
    assert_eq!(token(&get(&tokens)), "access-1");
    assert_eq!(refresh_token(&world, &tokens), "refresh-1");
}

#[test]
fn an_amendment_does_not_put_the_old_token_back() {
    let world = World::new();
    let tokens = unsaved(&world);
    tokens
        .amend(|record| record.hides_descriptions = Some(true))
        .unwrap();
    assert_eq!(refresh_token(&world, &tokens), "refresh-1");
    assert_eq!(
        world.stored(&tokens).unwrap().hides_descriptions,
        Some(true)
    );
}

#[test]
fn a_process_that_found_the_old_token_dead_is_corrected() {
    let world = World::new();
    let tokens = unsaved(&world);
    world.http.answer(400, DEAD);
    let other = user_tokens(&world.other_process());
    assert_eq!(kind(get(&other)), Kind::Authentication);
    assert_eq!(world.stored(&tokens).unwrap().life, Life::Dead);

    assert_eq!(token(&get(&tokens)), "access-1");
    assert_eq!(token(&get(&other)), "access-1");
    assert_eq!(world.stored(&tokens).unwrap().life, Life::Alive);
}

#[test]
fn a_new_authorization_made_meanwhile_stands() {
    let world = World::new();
    let tokens = unsaved(&world);
    world.put(&tokens, &record("new", world.context.clock.now()));
    assert_eq!(token(&get(&tokens)), "access-new");
    assert_eq!(refresh_token(&world, &tokens), "refresh-new");
}

#[test]
fn a_record_deleted_meanwhile_stays_deleted() {
    let world = World::new();
    let tokens = unsaved(&world);
    world.store.records.borrow_mut().clear();
    assert_eq!(kind(get(&tokens)), Kind::Authentication);
    assert!(world.store.records.borrow().is_empty());
}

#[test]
fn a_disconnect_made_meanwhile_stands_and_gets_the_token_to_revoke_with() {
    let world = World::new();
    let tokens = unsaved(&world);
    let now = world.context.clock.now();
    let stored = world.stored(&tokens).unwrap();
    world.put(
        &tokens,
        &stored.turned(Life::Leaving, "it was disconnected", now),
    );
    assert_eq!(kind(get(&tokens)), Kind::Authentication);
    assert_eq!(world.stored(&tokens).unwrap().life, Life::Leaving);
    assert_eq!(refresh_token(&world, &tokens), "refresh-1");
}

#[test]
fn whoever_writes_without_the_lock_neither_loses_a_new_grant_nor_costs_the_newest_token() {
    for (written, used) in [("new", "access-new"), ("0", "access-1")] {
        let world = World::new();
        let tokens = expired(&world);
        let stored = tokens.load().unwrap();
        world.put(&tokens, &record(written, world.context.clock.now()));
        world.http.answer(200, &token_answer("1"));
        let record = tokens.refresh(stored.as_ref(), None).unwrap().record;
        assert_eq!(record.access_token.expose(), used);
        let found = world.stored(&tokens).unwrap();
        assert_eq!(found.access_token.expose(), used);
    }
}

#[test]
fn a_dead_record_that_could_not_be_saved_is_saved_at_the_next_call() {
    let world = World::new();
    let tokens = expired(&world);
    world.http.answer(400, DEAD);
    world.store.fail_saves.set(3);
    assert_eq!(kind(get(&tokens)), Kind::Store);
    assert_eq!(kind(get(&tokens)), Kind::Authentication);
    assert_eq!(world.stored(&tokens).unwrap().life, Life::Dead);
}

#[test]
fn an_amendment_that_could_not_be_saved_does_not_undo_a_later_refresh() {
    let world = World::new();
    let tokens = connected(&world);
    world.store.fail_saves.set(3);
    let amended = tokens.amend(|record| record.hides_descriptions = Some(true));
    assert_eq!(amended.err().unwrap().kind(), Kind::Store);
    world.put(&tokens, &record("2", world.context.clock.now()));
    assert_eq!(token(&get(&tokens)), "access-2");
    assert_eq!(refresh_token(&world, &tokens), "refresh-2");
}

#[test]
fn an_unsaved_token_of_an_account_is_no_obstacle() {
    let world = World::new();
    let tokens = account_tokens(&world.context);
    world.http.answer(200, ACCOUNT_ANSWER);
    world.store.fail_saves.set(3);
    assert_eq!(kind(get(&tokens)), Kind::Store);
    assert_eq!(token(&get(&tokens)), "access-1");
    assert_eq!(world.http.lines().len(), 1);
}
