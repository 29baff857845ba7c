#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use serde_json::json;

use super::super::tests::account;
use super::*;
use crate::zoom::error::Kind;
use crate::zoom::testing::World;

const LAPSED: &str =
    r#"{"code":300,"message":"The next page token is either invalid or has expired."}"#;

#[test]
fn users_are_read_to_the_last_page() {
    let world = World::new();
    let client = account(&world);
    world
        .http
        .answer(
            200,
            r#"{"next_page_token":"a/b","users":[{"id":"1"},{"id":"2"}]}"#,
        )
        .answer(200, r#"{"next_page_token":"c","users":[]}"#)
        .answer(200, r#"{"next_page_token":"","users":[{"id":"3"}]}"#);
    let users = client.users().unwrap();
    let ids: Vec<_> = users.iter().map(|user| user.id().to_owned()).collect();
    assert_eq!(ids, ["1", "2", "3"]);
    assert_eq!(
        world.http.lines(),
        [
            "GET /v2/users?page_size=300&status=active",
            "GET /v2/users?page_size=300&status=active&next_page_token=a%2Fb",
            "GET /v2/users?page_size=300&status=active&next_page_token=c",
        ]
    );
}

#[test]
fn a_list_ends_without_a_token_whatever_its_form() {
    for page in [
        r#"{"users":[]}"#,
        r#"{"next_page_token":null,"users":[]}"#,
        "{}",
    ] {
        let world = World::new();
        world.http.answer(200, page);
        assert!(account(&world).users().unwrap().is_empty(), "{page}");
    }
}

#[test]
fn page_tokens_that_go_round_end_in_an_error() {
    for tokens in [vec!["a", "a"], vec!["a", "b", "a"]] {
        let world = World::new();
        let client = account(&world);
        for token in tokens {
            let page = json!({"next_page_token": token, "users": []});
            world.http.answer(200, &page.to_string());
        }
        assert_eq!(client.users().err().unwrap().kind(), Kind::Transport);
        assert!(world.http.is_done());
    }
}

#[test]
fn a_list_whose_place_has_lapsed_begins_again_and_names_nobody_twice() {
    let world = World::new();
    let client = account(&world);
    world
        .http
        .answer(200, r#"{"next_page_token":"a","users":[{"id":"1"}]}"#)
        .answer(400, LAPSED)
        .answer(200, r#"{"next_page_token":"a","users":[{"id":"1"}]}"#)
        .answer(200, r#"{"users":[{"id":"2"}]}"#);
    let users = client.users().unwrap();
    let ids: Vec<_> = users.iter().map(User::id).collect();
    assert_eq!(ids, ["1", "2"]);
    assert!(world.http.is_done());
}

#[test]
fn a_list_that_lapses_each_time_is_an_error_in_the_end() {
    let world = World::new();
    let client = account(&world);
    for _ in 0..3 {
        world
            .http
            .answer(200, r#"{"next_page_token":"a","users":[]}"#)
            .answer(400, LAPSED);
    }
    let lapsed = client.users().err().unwrap();
    assert_eq!(
        (lapsed.id(), lapsed.zoom_code()),
        (ErrorId::ListPlaceLapsed, Some(300))
    );
    assert!(world.http.is_done());

    world.http.answer(400, LAPSED);
    let error = client.users().err().unwrap();
    assert_eq!(
        error.id(),
        ErrorId::FieldsRefused,
        "the first page has no place"
    );
    assert!(world.http.is_done());
}
