#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::too_many_lines,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test"
)]

use super::*;
use crate::zoom::error::Kind;

mod border;
use crate::zoom::http::SendFault;
use crate::zoom::testing::World;
use crate::zoom::testing::credentials;
use crate::zoom::testing::token_answer;

const BASIC: &str =
    "Basic Y0xpRW5UaURlWGFNcExlMDEyMzQ1NjpjTGlFblRzRWNSZVRlWGFNcExlMDEyMzQ1Njc4OWFiYw==";
const CALLBACK: &str = "https://clinic.example/callback";
const CODE: &str = "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3";

/// The three ways to get a token, and what each sends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Grant {
    Account,
    Code,
    Refresh,
}

fn ask(world: &World, grant: Grant) -> Result<TokenAnswer, TokenFault> {
    let credentials = credentials();
    let endpoint = TokenEndpoint::new(&world.context, &credentials);
    match grant {
        Grant::Account => endpoint.account("AcCoUnTiDeXaMpLe012345"),
        Grant::Code => endpoint.exchange(
            CODE,
            CALLBACK,
            &Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        ),
        Grant::Refresh => endpoint.refresh(&Secret::new("refresh-0")),
    }
}

/// Which fault it is, and the kind of its error.
fn refused(grant: Grant, status: u16, body: &str) -> (&'static str, Error) {
    let world = World::new();
    world.http.answer(status, body);
    let fault = ask(&world, grant).err().unwrap();
    let name = match &fault {
        TokenFault::InvalidGrant(_) => "invalid grant",
        TokenFault::Lost(_) => "lost",
        TokenFault::Other(_) => "other",
    };
    (name, fault.into_error())
}

#[test]
fn the_authorize_url_has_pkce_s256_and_state_and_no_scope() {
    let world = World::new();
    let credentials = credentials();
    let url = TokenEndpoint::new(&world.context, &credentials)
        .authorize_url(
            CALLBACK,
            &Secret::new("Zk3p0VwX9sQ1"),
            // The vector of RFC 7636, appendix B.
            &Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
        )
        .unwrap();
    let url = url::Url::parse(&url).unwrap();
    assert_eq!(
        (url.host_str(), url.path()),
        (Some("zoom.us"), "/oauth/authorize")
    );
    let mut query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    query.sort();
    let query: Vec<(&str, &str)> = query
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        query,
        [
            ("client_id", "cLiEnTiDeXaMpLe0123456"),
            (
                "code_challenge",
                "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
            ),
            ("code_challenge_method", "S256"),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("state", "Zk3p0VwX9sQ1"),
        ]
    );
}

#[test]
fn each_grant_sends_its_parameters_in_the_body_and_the_credentials_as_basic() {
    for (grant, expected) in [
        (
            Grant::Account,
            vec![
                ("account_id", "AcCoUnTiDeXaMpLe012345"),
                ("grant_type", "account_credentials"),
            ],
        ),
        (
            Grant::Code,
            vec![
                ("code", CODE),
                (
                    "code_verifier",
                    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
                ),
                ("grant_type", "authorization_code"),
                ("redirect_uri", CALLBACK),
            ],
        ),
        (
            Grant::Refresh,
            vec![
                ("grant_type", "refresh_token"),
                ("refresh_token", "refresh-0"),
            ],
        ),
    ] {
        let world = World::new();
        world.http.answer(200, &token_answer("1"));
        ask(&world, grant).unwrap();
        let sent = world.http.sent.borrow()[0].clone();
        assert_eq!(sent.line, "POST /oauth/token", "{grant:?}");
        assert_eq!(sent.authorization, BASIC, "{grant:?}");
        assert_eq!(sent.timeout, None, "a sent refresh is not cut by a budget");
        let mut body: Vec<(String, String)> = url::form_urlencoded::parse(sent.body.as_bytes())
            .into_owned()
            .collect();
        body.sort();
        let body: Vec<(&str, &str)> = body
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(body, expected, "{grant:?}");
    }
}

#[test]
fn a_success_is_read_whatever_zoom_leaves_out_or_writes_otherwise() {
    for (body, expires_in, api_url, refresh, scopes) in [
        (token_answer("1"), Some(3599), Some("https://api.zoom.us"), Some("refresh-1"), 3),
        (r#"{"access_token":"access-1"}"#.into(), None, None, None, 0),
        (
            r#"{"access_token":"access-1","token_type":"Bearer","expires_in":"3600","scope":"meeting:read meeting:write user:read user:write user_profile"}"#.into(),
            Some(3600), None, None, 5,
        ),
        (
            r#"{"access_token":"access-1","expires_in":null,"refresh_token":"","api_url":"","scope":null}"#.into(),
            None, None, None, 0,
        ),
        (r#"{"access_token":"access-1","expires_in":-5,"more":[1]}"#.into(), None, None, None, 0),
    ] {
        for grant in [Grant::Account, Grant::Code, Grant::Refresh] {
            let world = World::new();
            world.http.answer(200, &body);
            let answer = ask(&world, grant).unwrap_or_else(|fault| panic!("{body}: {fault:?}"));
            assert_eq!(answer.access_token.expose(), "access-1");
            assert_eq!(answer.expires_in, expires_in, "{body}");
            assert_eq!(answer.api_url.as_deref(), api_url, "{body}");
            assert_eq!(answer.refresh_token.as_ref().map(Secret::expose), refresh, "{body}");
            assert_eq!(answer.scopes.len(), scopes, "{body}");
        }
    }
}

#[test]
fn a_success_is_read_whatever_its_content_type() {
    for content_type in [
        "application/json",
        "text/plain",
        "application/octet-stream",
        "nonsense",
    ] {
        for grant in [Grant::Account, Grant::Code, Grant::Refresh] {
            let world = World::new();
            world
                .http
                .answer_with(200, &[("content-type", content_type)], &token_answer("1"));
            let answer = ask(&world, grant);
            assert!(answer.is_ok(), "{grant:?} {content_type}");
        }
    }
}

/// Appendix A.1 of the reference: every error body of the token endpoint.
#[test]
fn every_refusal_of_the_token_endpoint_has_its_kind() {
    use Grant::Account;
    use Grant::Code;
    use Grant::Refresh;
    let everyone: &[Grant] = &[Account, Code, Refresh];
    for (grants, status, body, fault, kind) in [
        (
            everyone,
            400,
            r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#,
            "other",
            Kind::Configuration,
        ),
        (
            everyone,
            401,
            r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#,
            "other",
            Kind::Configuration,
        ),
        (
            &[Refresh],
            400,
            r#"{"reason":"Invalid Token!","error":"invalid_grant"}"#,
            "invalid grant",
            Kind::Authentication,
        ),
        (
            &[Refresh, Code],
            400,
            r#"{"error":"invalid_grant"}"#,
            "invalid grant",
            Kind::Authentication,
        ),
        (
            &[Refresh],
            401,
            r#"{"reason":"Invalid Token!","error":"invalid_request"}"#,
            "invalid grant",
            Kind::Authentication,
        ),
        (
            &[Code],
            400,
            r#"{"reason":"Invalid authorization code","error":"invalid_grant"}"#,
            "invalid grant",
            Kind::Authentication,
        ),
        (
            &[Code],
            400,
            r#"{"reason":"Invalid authorization code aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3","error":"invalid_grant"}"#,
            "invalid grant",
            Kind::Authentication,
        ),
        (
            &[Code],
            400,
            r#"{"reason":"Invalid authorization code aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3","error":"invalid_request"}"#,
            "invalid grant",
            Kind::Authentication,
        ),
        (
            &[Code],
            400,
            r#"{"reason":"Redirect URI mismatch.","error":"invalid_grant"}"#,
            "other",
            Kind::Configuration,
        ),
        (
            &[Code],
            400,
            r#"{"reason":"Invalid code verifier","error":"invalid_grant"}"#,
            "invalid grant",
            Kind::Authentication,
        ),
        (
            everyone,
            400,
            r#"{"reason":"unsupported grant type","error":"unsupported_grant_type"}"#,
            "other",
            Kind::Configuration,
        ),
        (
            everyone,
            400,
            r#"{"reason":"Missing grant type.","error":"invalid_request"}"#,
            "other",
            Kind::Api,
        ),
        (
            everyone,
            400,
            r#"{"reason":"Client ID or client secret is missing.","error":"invalid_request"}"#,
            "other",
            Kind::Configuration,
        ),
        (
            &[Account],
            400,
            r#"{"reason":"Bad Request","error":"invalid_request"}"#,
            "other",
            Kind::Configuration,
        ),
        (
            &[Account],
            400,
            r#"{"reason":"Invalid Account Id","error":"invalid_request"}"#,
            "other",
            Kind::Configuration,
        ),
        (
            everyone,
            400,
            r#"{"reason":"The app has been disabled","error":"invalid_request"}"#,
            "other",
            Kind::Configuration,
        ),
        (
            everyone,
            400,
            r#"{"reason":"The app is not activated","error":"invalid_grant"}"#,
            "other",
            Kind::Configuration,
        ),
        (
            everyone,
            400,
            r#"{"reason":"The token is disabled by admin.","error":"invalid_grant"}"#,
            "other",
            Kind::Configuration,
        ),
        (
            everyone,
            400,
            r#"{"reason":"Account does not enabled the OAuth app type","error":"invalid_request"}"#,
            "other",
            Kind::Configuration,
        ),
        (
            everyone,
            400,
            r#"{"reason":"Grant type is not supported from token endpoint.","error":"invalid_request"}"#,
            "other",
            Kind::Configuration,
        ),
        (
            everyone,
            400,
            r#"{"reason":"Invalid client secret.","error":"invalid_request"}"#,
            "other",
            Kind::Configuration,
        ),
        (
            &[Code],
            400,
            r#"{"reason":"Code is expired","error":"invalid_request"}"#,
            "invalid grant",
            Kind::Authentication,
        ),
        (
            &[Refresh],
            400,
            r#"{"reason":"The token ID is out of the token tolerance range.","error":"invalid_request"}"#,
            "invalid grant",
            Kind::Authentication,
        ),
        (
            &[Refresh],
            400,
            r#"{"reason":"The token has been revoked.","error":"invalid_request"}"#,
            "invalid grant",
            Kind::Authentication,
        ),
        (
            &[Refresh],
            400,
            r#"{"reason":"Can not find the authentication for the access token.","error":"invalid_request"}"#,
            "invalid grant",
            Kind::Authentication,
        ),
        (
            &[Refresh],
            400,
            r#"{"reason":"The owner of the token does not exist.","error":"invalid_request"}"#,
            "invalid grant",
            Kind::Authentication,
        ),
        (
            &[Refresh],
            400,
            r#"{"reason":"Refresh token invalid.","error":"invalid_request"}"#,
            "invalid grant",
            Kind::Authentication,
        ),
        (
            everyone,
            502,
            "<html><head><title>502 Bad Gateway</title></head></html>",
            "lost",
            Kind::Api,
        ),
        (
            everyone,
            503,
            r#"{"error":"invalid_grant"}"#,
            "lost",
            Kind::Api,
        ),
        (everyone, 429, "{}", "other", Kind::RateLimit),
        (everyone, 302, "", "other", Kind::Api),
        (everyone, 403, "<html>blocked</html>", "other", Kind::Api),
        (everyone, 404, "", "other", Kind::Api),
        (
            everyone,
            200,
            "<html>log in to the wireless network</html>",
            "lost",
            Kind::Transport,
        ),
        (everyone, 200, r#"{"access_tok"#, "lost", Kind::Transport),
        (
            everyone,
            200,
            r#"{"access_token":""}"#,
            "lost",
            Kind::Transport,
        ),
        (
            everyone,
            200,
            r#"{"error":"invalid_grant"}"#,
            "lost",
            Kind::Transport,
        ),
    ] {
        for grant in grants {
            let (found, error) = refused(*grant, status, body);
            assert_eq!(
                (found, error.kind()),
                (fault, kind),
                "{grant:?} {status} {body}"
            );
            assert!(!error.advice().is_empty());
            for secret in [CODE, "refresh-0", "cLiEnTsEcReT"] {
                assert!(!error.message().contains(secret), "{}", error.message());
            }
        }
    }
}

#[test]
fn an_answer_that_never_came_is_lost_and_may_have_been_delivered() {
    for grant in [Grant::Account, Grant::Code, Grant::Refresh] {
        let world = World::new();
        world.http.fail(SendFault::Timeout, true);
        let fault = ask(&world, grant).err().unwrap();
        assert!(
            matches!(&fault, TokenFault::Lost(error) if error.is_maybe_delivered()),
            "{grant:?}"
        );
    }
}

#[test]
fn the_tracking_id_of_a_refusal_is_kept() {
    let world = World::new();
    world.http.answer_with(
        400,
        &[("x-zm-trackingid", "v=2.0;rid=WEB_1")],
        r#"{"error":"invalid_client"}"#,
    );
    let error = ask(&world, Grant::Refresh).err().unwrap().into_error();
    assert_eq!(error.tracking_id(), Some("v=2.0;rid=WEB_1"));
}

#[test]
fn revoke_sends_the_access_token_and_knows_a_grant_that_had_ended() {
    let credentials = credentials();
    for (status, body, expected) in [
        (200, r#"{"status":"success"}"#, Some(true)),
        (
            400,
            r#"{"reason":"Invalid Token!","error":"invalid_grant"}"#,
            Some(false),
        ),
        (
            401,
            r#"{"reason":"Invalid Token!","error":"invalid_request"}"#,
            Some(false),
        ),
        (400, r#"{"error":"invalid_client"}"#, None),
        (502, "<html>", None),
    ] {
        let world = World::new();
        world.http.answer(status, body);
        let endpoint = TokenEndpoint::new(&world.context, &credentials);
        let revoked = endpoint.revoke(&Secret::new("eyJ.access&1.sig")).ok();
        assert_eq!(revoked, expected, "{body}");
        let sent = world.http.sent.borrow()[0].clone();
        assert_eq!(
            (
                sent.line.as_str(),
                sent.body.as_str(),
                sent.authorization.as_str()
            ),
            ("POST /oauth/revoke", "token=eyJ.access%261.sig", BASIC)
        );
    }
}
