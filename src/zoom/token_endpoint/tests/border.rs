//! Tokens that could not be sent on are refused where they come in.

use super::*;

#[test]
fn a_token_with_characters_that_no_header_holds_is_an_answer_that_cannot_be_read() {
    for body in [
        r#"{"access_token":"a\nb"}"#,
        r#"{"access_token":"a\r\nX-More: yes"}"#,
        r#"{"access_token":"a\u0000b"}"#,
        r#"{"access_token":"a b"}"#,
        r#"{"access_token":"ä"}"#,
        r#"{"access_token":"a","refresh_token":"r\u007f"}"#,
    ] {
        for content_type in ["application/json", "text/plain"] {
            let world = World::new();
            let headers = [("content-type", content_type)];
            world
                .http
                .answer_with(200, &headers, body)
                .answer_with(200, &headers, body);
            let credentials = credentials();
            let endpoint = TokenEndpoint::new(&world.context, &credentials);
            for answer in [
                endpoint.refresh(&Secret::new("refresh-0")),
                endpoint.account("account"),
            ] {
                assert!(matches!(answer, Err(TokenFault::Lost(_))), "{body}");
            }
        }
    }
}
