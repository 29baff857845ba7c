//! A refresh that fails while the access token from before still lives.

use super::*;

/// So long after its token was given, a record is renewed before use, and its token lives on for ten minutes.
const NEAR_END: Duration = Duration::from_secs(3_000);
const ALMOST_TO_THE_END: Duration = Duration::from_secs(598);

fn near_end(world: &World) -> Tokens {
    let tokens = connected(world);
    world.clock.advance(NEAR_END);
    tokens
}

/// Zoom rotates at the first send, whose answer is lost; the second is refused.
fn lose_for_good(world: &World) {
    world.http.fail(SendFault::Timeout, true).answer(400, DEAD);
}

#[test]
fn where_the_new_refresh_token_is_lost_the_access_token_serves_to_its_end() {
    let world = World::new();
    let tokens = near_end(&world);
    lose_for_good(&world);
    assert_eq!(token(&get(&tokens)), "access-0");
    let stored = world.stored(&tokens).unwrap();
    assert_eq!(stored.life, Life::Ending);
    assert!(stored.reason.unwrap().contains("lost"));

    world.clock.advance(ALMOST_TO_THE_END);
    for context in [world.context.clone(), world.other_process()] {
        assert_eq!(token(&get(&user_tokens(&context))), "access-0");
    }
    assert_eq!(world.http.lines().len(), 2, "nobody asks again");

    world.clock.advance(Duration::from_secs(1));
    let error = get(&tokens).err().unwrap();
    assert_eq!(error.kind(), Kind::Authentication);
    assert!(error.message().contains("lost") && error.advice().contains("reconnect"));
    assert_eq!(world.stored(&tokens).unwrap().life, Life::Dead);
    assert!(world.http.is_done());
}

#[test]
fn an_ending_connection_says_so_and_until_when() {
    let world = World::new();
    let tokens = near_end(&world);
    let before = world.stored(&tokens).unwrap();
    lose_for_good(&world);
    assert_eq!(tokens.renew().unwrap().life, Life::Ending);
    let ending = Connection::of(
        &crate::zoom::testing::doctor("12"),
        Place::Active,
        &world.stored(&tokens).unwrap(),
    );
    assert_eq!(ending.status().as_str(), "connected");
    assert_eq!(ending.until(), ending.expires_at());
    assert_eq!(ending.since().unwrap().as_second(), before.since);
    assert_eq!(
        Connection::of(&crate::zoom::testing::doctor("12"), Place::Active, &before).until(),
        None
    );
    assert_eq!(
        tokens.renew().unwrap().life,
        Life::Ending,
        "nothing can be renewed"
    );
    assert!(world.http.is_done());
}

#[test]
fn an_ending_connection_whose_access_token_is_refused_is_dead_at_once() {
    let world = World::new();
    let tokens = near_end(&world);
    lose_for_good(&world);
    let refused = get(&tokens).unwrap().token.clone();
    assert_eq!(
        kind(tokens.access(Some(&refused), LOCK_WAIT)),
        Kind::Authentication
    );
    assert_eq!(world.stored(&tokens).unwrap().life, Life::Dead);
}

#[test]
fn a_refused_access_token_does_not_serve_on_whatever_was_lost() {
    let world = World::new();
    let tokens = connected(&world);
    let refused = get(&tokens).unwrap().token.clone();
    lose_for_good(&world);
    assert_eq!(
        kind(tokens.access(Some(&refused), LOCK_WAIT)),
        Kind::Authentication
    );
    world.put(&tokens, &record("1", world.context.clock.now()));
    world
        .http
        .fail(SendFault::Timeout, true)
        .fail(SendFault::Timeout, true);
    let refused = get(&tokens).unwrap().token.clone();
    assert_eq!(
        kind(tokens.access(Some(&refused), LOCK_WAIT)),
        Kind::Transport
    );
}

#[test]
fn a_grant_that_was_ended_is_dead_at_once_although_its_access_token_has_time_left() {
    let world = World::new();
    let tokens = near_end(&world);
    world.http.answer(400, DEAD);
    assert_eq!(kind(get(&tokens)), Kind::Authentication);
    assert_eq!(world.stored(&tokens).unwrap().life, Life::Dead);
}

#[test]
fn where_both_answers_are_lost_the_access_token_serves_and_a_minute_later_it_is_known() {
    for (answer, state, name) in [
        (token_answer("1"), Life::Alive, "access-1"),
        (String::new(), Life::Ending, "access-0"),
    ] {
        let world = World::new();
        let tokens = near_end(&world);
        world
            .http
            .fail(SendFault::Timeout, true)
            .fail(SendFault::Closed, true);
        assert_eq!(token(&get(&tokens)), "access-0");
        assert_eq!(world.stored(&tokens).unwrap().life, Life::Alive);
        for context in [world.context.clone(), world.other_process()] {
            assert_eq!(token(&get(&user_tokens(&context))), "access-0");
        }
        assert_eq!(world.http.lines().len(), 2, "nobody asks for a minute");

        world.clock.advance(Duration::from_secs(60));
        match answer.as_str() {
            "" => world.http.answer(400, DEAD),
            answer => world.http.answer(200, answer),
        };
        assert_eq!(token(&get(&tokens)), name);
        let stored = world.stored(&tokens).unwrap();
        assert_eq!(stored.life, state);
        assert!(world.http.is_done());
    }
}

#[test]
fn a_crowd_that_waited_while_both_answers_were_lost_uses_the_same_token() {
    let world = World::new();
    let tokens = near_end(&world);
    let other = user_tokens(&world.other_process());
    world
        .http
        .fail(SendFault::Timeout, true)
        .fail(SendFault::Timeout, true);
    get(&tokens).unwrap();
    let served = world.store.records.borrow()[tokens.key()].clone();
    // The other one has looked before, and waits for the lock meanwhile.
    world.put(
        &tokens,
        &record("0", "2026-11-24T10:00:00Z".parse().unwrap()),
    );
    let key = tokens.key().to_owned();
    *world.store.on_lock.borrow_mut() = Some(Box::new(move |store| {
        store.records.borrow_mut().insert(key, served);
    }));
    assert_eq!(token(&get(&other)), "access-0");
    assert_eq!(world.http.lines().len(), 2);
}

#[test]
fn an_outage_of_the_token_endpoint_takes_no_token_that_lives_in_either_mode() {
    let world = World::new();
    world
        .http
        .answer(200, &ACCOUNT_ANSWER.replace("access-1", "access-0"));
    let account = account_tokens(&world.context);
    get(&account).unwrap();
    let doctor = near_end(&world);
    for (tokens, answers) in [(&doctor, 2), (&account, 1)] {
        for _ in 0..answers {
            world.http.answer(502, "<html>");
        }
        assert_eq!(token(&get(tokens)), "access-0");
        assert_eq!(
            token(&get(tokens)),
            "access-0",
            "and it is not asked each time"
        );
    }
    assert!(world.http.is_done());
    world.two_hours_later();
    world.http.answer(502, "<html>");
    assert!(get(&account).is_err(), "one that has ended serves no more");
}

#[test]
fn who_asks_for_a_renewal_learns_that_there_was_none() {
    let world = World::new();
    let tokens = connected(&world);
    world.http.fail(SendFault::Connect, false);
    assert_eq!(tokens.renew().err().unwrap().kind(), Kind::Transport);
    assert_eq!(token(&get(&tokens)), "access-0");
    world.http.answer(400, r#"{"error":"invalid_client"}"#);
    assert_eq!(tokens.renew().err().unwrap().kind(), Kind::Configuration);
}

#[test]
fn a_store_that_fails_meanwhile_does_not_take_the_living_token() {
    let world = World::new();
    let tokens = near_end(&world);
    world.http.fail(SendFault::Connect, false);
    world.store.fail_saves.set(9);
    assert_eq!(token(&get(&tokens)), "access-0");
    world.store.fail_saves.set(0);
    assert!(!tokens.is_unsaved(), "what was not replaced is not owed");
}
