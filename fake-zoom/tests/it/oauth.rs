//! Sections 1 and 2 of the reference, and appendix A.1.

use serde_json::{Value, json};

use crate::support::{
    Answer, CLINIC, DOCTOR, OTHER_APP, PRACTICE, REDIRECT, S2S_APP, USER_APP, Zoom, send,
};

fn refused(answer: &Answer, status: u16, body: &str) {
    assert_eq!((answer.status, answer.text.as_str()), (status, body));
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

/// `{"error":…,"reason":…}`; the order of keys means nothing in JSON.
fn reason(reason: &str, error: &str) -> String {
    json!({"reason": reason, "error": error}).to_string()
}

#[test]
fn token_errors() {
    let zoom = Zoom::start();
    let s2s = ("grant_type", "account_credentials");
    for (app, form, body) in [
        (
            ("nobody", "x"),
            vec![s2s],
            reason("Invalid client_id or client_secret", "invalid_client"),
        ),
        (
            (S2S_APP.0, "wrong"),
            vec![s2s],
            reason("Invalid client_id or client_secret", "invalid_client"),
        ),
        (
            (S2S_APP.0, ""),
            vec![s2s],
            reason("Client ID or client secret is missing.", "invalid_request"),
        ),
        (
            S2S_APP,
            vec![("account_id", CLINIC)],
            reason("Missing grant type.", "invalid_request"),
        ),
        (S2S_APP, vec![s2s], reason("Bad Request", "invalid_request")),
        (
            S2S_APP,
            vec![s2s, ("account_id", PRACTICE)],
            reason("Bad Request", "invalid_request"),
        ),
        (
            USER_APP,
            vec![s2s, ("account_id", CLINIC)],
            reason("unsupported grant type", "unsupported_grant_type"),
        ),
        (
            S2S_APP,
            vec![("grant_type", "refresh_token")],
            reason("unsupported grant type", "unsupported_grant_type"),
        ),
        (
            USER_APP,
            vec![("grant_type", "password")],
            reason("unsupported grant type", "unsupported_grant_type"),
        ),
        (
            USER_APP,
            vec![("grant_type", "refresh_token"), ("refresh_token", "x")],
            reason("Invalid Token!", "invalid_grant"),
        ),
        (
            USER_APP,
            vec![("grant_type", "authorization_code"), ("code", "x")],
            reason("Invalid authorization code", "invalid_grant"),
        ),
    ] {
        refused(&zoom.post_token(app, &form), 400, &body);
    }
    // No credentials, or half of them in the body.
    for form in [
        vec![s2s, ("account_id", CLINIC)],
        vec![s2s, ("account_id", CLINIC), ("client_id", S2S_APP.0)],
    ] {
        let answer = send(zoom.request("POST", "/oauth/token").form(&form));
        refused(
            &answer,
            400,
            &reason("Client ID or client secret is missing.", "invalid_request"),
        );
    }
    // A disabled app.
    zoom.amend("apps", S2S_APP.0, &json!({"enabled": false}));
    let answer = zoom.post_token(S2S_APP, &[s2s, ("account_id", CLINIC)]);
    refused(
        &answer,
        400,
        &reason("The app has been disabled", "invalid_request"),
    );
}

/// Everything that Zoom takes: the package zoom-python-client, for one, sends the parameters in the query.
#[test]
fn parameters_may_stand_in_the_query_and_credentials_in_the_body() {
    let zoom = Zoom::start();
    let parameters = [
        ("grant_type", "account_credentials"),
        ("account_id", CLINIC),
    ];
    let path = format!("/oauth/token?grant_type=account_credentials&account_id={CLINIC}");
    let in_query = || zoom.request("POST", &path);
    let with = |credentials: (&str, &str)| {
        let mut form = parameters.to_vec();
        form.extend([
            ("client_id", credentials.0),
            ("client_secret", credentials.1),
        ]);
        send(zoom.request("POST", "/oauth/token").form(&form))
    };
    let asks = || {
        [
            send(in_query().basic_auth(S2S_APP.0, Some(S2S_APP.1))),
            send(in_query().form(&[("client_id", S2S_APP.0), ("client_secret", S2S_APP.1)])),
            with(S2S_APP),
        ]
    };
    for answer in asks() {
        assert_eq!(answer.status, 200, "{answer:?}");
        let token = answer.json()["access_token"].as_str().unwrap().to_owned();
        assert_eq!(zoom.get(&token, "/users").status, 200);
    }
    refused(
        &with((S2S_APP.0, "wrong")),
        400,
        &reason("Invalid client_id or client_secret", "invalid_client"),
    );
    // The header decides, where there is one.
    let mut form = parameters.to_vec();
    form.extend([("client_id", S2S_APP.0), ("client_secret", S2S_APP.1)]);
    let answer = send(
        zoom.request("POST", "/oauth/token")
            .basic_auth(S2S_APP.0, Some("wrong"))
            .form(&form),
    );
    assert_eq!(answer.status, 400);
    // A token of the one kind of request is revoked by the other.
    let token = with(S2S_APP).json()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let answer = send(
        zoom.request("POST", &format!("/oauth/revoke?token={token}"))
            .form(&[("client_id", S2S_APP.0), ("client_secret", S2S_APP.1)]),
    );
    assert_eq!(answer.status, 200, "{answer:?}");

    zoom.switch(&json!({"strict_query": true}));
    for answer in asks() {
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    assert_eq!(zoom.post_token(S2S_APP, &parameters).status, 200);
}

#[test]
fn server_to_server_tokens_coexist_and_end() {
    let zoom = Zoom::start();
    let form = [
        ("grant_type", "account_credentials"),
        ("account_id", CLINIC),
    ];
    let answer = zoom.post_token(S2S_APP, &form);
    let body = answer.json();
    assert_eq!(body["token_type"], "bearer");
    assert_eq!(body["expires_in"], 3599);
    assert_eq!(body["api_url"], zoom.http.as_str());
    assert!(body.get("refresh_token").is_none());
    assert!(
        body["scope"]
            .as_str()
            .unwrap()
            .starts_with("meeting:delete:meeting:admin meeting:read:")
    );
    let first = body["access_token"].as_str().unwrap().to_owned();
    assert!(first.len() > 1000);
    let second = zoom.s2s(S2S_APP, CLINIC);
    for token in [&first, &second] {
        assert_eq!(zoom.get(token, "/users").status, 200);
    }
    zoom.advance(3599);
    assert_eq!(
        zoom.get(&first, "/users").error(),
        (401, 124, "Access token is expired.".into())
    );
    let third = zoom.s2s(S2S_APP, CLINIC);
    zoom.amend("apps", S2S_APP.0, &json!({"enabled": false}));
    assert_eq!(
        zoom.get(&third, "/users").error(),
        (401, 124, "Invalid access token.".into())
    );
}

#[test]
fn new_scopes_need_a_new_token() {
    let zoom = Zoom::start();
    zoom.amend(
        "apps",
        S2S_APP.0,
        &json!({"scopes": "user:read:user:admin"}),
    );
    let old = zoom.s2s(S2S_APP, CLINIC);
    zoom.amend(
        "apps",
        S2S_APP.0,
        &json!({"scopes": ["user:read:user:admin", "user:read:list_users:admin"]}),
    );
    assert_eq!(zoom.get(&old, "/users").status, 400);
    assert_eq!(zoom.get(&zoom.s2s(S2S_APP, CLINIC), "/users").status, 200);
}

#[test]
fn client_credentials_give_a_token_that_the_api_refuses() {
    let zoom = Zoom::start();
    let answer = zoom.post_token(S2S_APP, &[("grant_type", "client_credentials")]);
    assert_eq!(answer.status, 200);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(
        zoom.get(&token, "/users").error(),
        (400, 200, "Invalid api key or secret.".into())
    );
}

#[test]
fn codes_are_for_one_use_one_app_and_five_minutes() {
    let zoom = Zoom::start();
    let bad = reason("Invalid authorization code", "invalid_grant");
    let code = zoom.code(USER_APP, DOCTOR, &json!({}));
    assert_eq!(zoom.exchange(USER_APP, &code).status, 200);
    refused(&zoom.exchange(USER_APP, &code), 400, &bad);
    let code = zoom.code(USER_APP, DOCTOR, &json!({}));
    refused(&zoom.exchange(OTHER_APP, &code), 400, &bad);
    assert_eq!(zoom.exchange(USER_APP, &code).status, 200);
    let code = zoom.code(USER_APP, DOCTOR, &json!({}));
    zoom.advance(300);
    refused(&zoom.exchange(USER_APP, &code), 400, &bad);
    for (style, status, body) in [
        (
            "2022",
            400,
            reason("Invalid authorization code c0de", "invalid_grant"),
        ),
        (
            "401",
            400,
            reason("Invalid authorization code c0de", "invalid_request"),
        ),
        ("short", 400, json!({"error": "invalid_grant"}).to_string()),
    ] {
        zoom.switch(&json!({"token_error_style": style}));
        refused(&zoom.exchange(USER_APP, "c0de"), status, &body);
    }
    refused(
        &zoom.refresh(&json!("x")),
        400,
        &json!({"error": "invalid_grant"}).to_string(),
    );
    zoom.switch(&json!({"token_error_style": "401"}));
    refused(
        &zoom.refresh(&json!("x")),
        401,
        &reason("Invalid Token!", "invalid_request"),
    );
}

#[test]
fn the_redirect_uri_must_be_the_same() {
    let zoom = Zoom::start();
    let code = zoom.code(USER_APP, DOCTOR, &json!({}));
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", "http://127.0.0.1:9/other"),
    ];
    refused(
        &zoom.post_token(USER_APP, &form),
        400,
        &reason("Redirect URI mismatch.", "invalid_grant"),
    );
}

#[test]
fn pkce() {
    let zoom = Zoom::start();
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let wrong = &verifier.replace('k', "l");
    let s256 = json!({"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"});
    let plain = json!({"code_challenge": verifier, "code_challenge_method": "plain"});
    for challenge in [s256, plain] {
        for (sent, status) in [
            (Some(verifier), 200),
            (Some(wrong.as_str()), 400),
            (None, 400),
        ] {
            let code = zoom.code(USER_APP, DOCTOR, &challenge);
            let mut form = vec![
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", REDIRECT),
            ];
            form.extend(sent.map(|sent| ("code_verifier", sent)));
            let answer = zoom.post_token(USER_APP, &form);
            assert_eq!(answer.status, status, "{challenge} {sent:?}");
            if status == 400 {
                refused(
                    &answer,
                    400,
                    &reason("Invalid code verifier", "invalid_grant"),
                );
            }
        }
    }
}

#[test]
fn refresh_rotates_and_the_old_token_is_dead_at_once() {
    let zoom = Zoom::start();
    let first = zoom.connect(USER_APP, DOCTOR);
    let second = zoom.refresh(&first["refresh_token"]).json();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_ne!(first["access_token"], second["access_token"]);
    refused(
        &zoom.refresh(&first["refresh_token"]),
        400,
        &reason("Invalid Token!", "invalid_grant"),
    );
    // The replay of a dead token harms nothing, and the access token given before lives until its end.
    for token in [&first, &second] {
        assert_eq!(
            zoom.get(token["access_token"].as_str().unwrap(), "/users/me")
                .status,
            200
        );
    }
    assert_eq!(
        zoom.post_token(
            OTHER_APP,
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", second["refresh_token"].as_str().unwrap()),
            ]
        )
        .status,
        400
    );
    zoom.switch(&json!({"refresh_kills_access": true}));
    let third = zoom.refresh(&second["refresh_token"]).json();
    assert_eq!(
        zoom.get(second["access_token"].as_str().unwrap(), "/users/me")
            .status,
        401
    );
    assert_eq!(
        zoom.get(third["access_token"].as_str().unwrap(), "/users/me")
            .status,
        200
    );
}

#[test]
fn refresh_tokens_die_of_ninety_days_of_disuse() {
    let zoom = Zoom::start();
    let mut token = zoom.connect(USER_APP, DOCTOR);
    for _ in 0..3 {
        zoom.advance(89 * 86_400);
        token = zoom.refresh(&token["refresh_token"]).json();
    }
    zoom.advance(90 * 86_400);
    assert_eq!(zoom.refresh(&token["refresh_token"]).status, 400);
}

#[test]
fn a_new_authorization_ends_the_earlier_one() {
    let zoom = Zoom::start();
    let first = zoom.connect(USER_APP, DOCTOR);
    let elsewhere = zoom.connect(OTHER_APP, DOCTOR);
    let second = zoom.connect(USER_APP, DOCTOR);
    let status = |token: &Value| {
        zoom.get(token["access_token"].as_str().unwrap(), "/users/me")
            .status
    };
    assert_eq!(
        (status(&first), status(&second), status(&elsewhere)),
        (401, 200, 200)
    );
    assert_eq!(zoom.refresh(&first["refresh_token"]).status, 400);
    let state = zoom.state();
    assert_eq!(state["grants"].as_array().unwrap().len(), 2);
    assert_eq!(state["ended_grants"][0]["ended"], "newer authorization");
}

#[test]
fn revoke_ends_access_and_refresh() {
    let zoom = Zoom::start();
    let token = zoom.connect(USER_APP, DOCTOR);
    let access = token["access_token"].as_str().unwrap();
    let revoke = |app: (&str, &str), token: &str| {
        send(
            zoom.request("POST", "/oauth/revoke")
                .basic_auth(app.0, Some(app.1))
                .form(&[("token", token)]),
        )
    };
    assert_eq!(revoke(OTHER_APP, access).status, 400);
    let answer = revoke(USER_APP, access);
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (200, r#"{"status":"success"}"#)
    );
    assert_eq!(
        zoom.get(access, "/users/me").error(),
        (401, 124, "Invalid access token.".into())
    );
    assert_eq!(zoom.refresh(&token["refresh_token"]).status, 400);
    assert_eq!(revoke(USER_APP, access).status, 400);
}

#[test]
fn a_user_who_leaves_takes_the_grant_along() {
    let zoom = Zoom::start();
    let token = zoom.connect(USER_APP, DOCTOR);
    zoom.amend("users", DOCTOR, &json!({"status": "inactive"}));
    assert_eq!(zoom.refresh(&token["refresh_token"]).status, 400);
    assert_eq!(
        zoom.get(token["access_token"].as_str().unwrap(), "/users/me")
            .status,
        401
    );
    zoom.control("POST", "reset", &json!({}));
    let token = zoom.connect(USER_APP, DOCTOR);
    let ended = zoom.control(
        "POST",
        "deauthorize",
        &json!({"client_id": USER_APP.0, "user": DOCTOR}),
    );
    assert_eq!(ended["ended"], 1);
    assert_eq!(zoom.refresh(&token["refresh_token"]).status, 400);
}

#[test]
fn switches_of_the_token_answer() {
    let zoom = Zoom::start();
    zoom.switch(&json!({"expires_in": null, "send_api_url": false}));
    let token = zoom.connect(USER_APP, DOCTOR);
    assert!(token.get("expires_in").is_none() && token.get("api_url").is_none());
    zoom.switch(
        &json!({"expires_in": 60, "send_api_url": true, "api_url": "https://api.evil.example"}),
    );
    let token = zoom.connect(USER_APP, DOCTOR);
    assert_eq!(
        (&token["expires_in"], &token["api_url"]),
        (&json!(60), &json!("https://api.evil.example"))
    );
    zoom.advance(60);
    assert_eq!(
        zoom.get(token["access_token"].as_str().unwrap(), "/users/me")
            .status,
        401
    );
}

fn authorize(zoom: &Zoom, change: &[(&str, &str)]) -> Answer {
    let mut query = vec![
        ("response_type", "code"),
        ("client_id", USER_APP.0),
        ("redirect_uri", REDIRECT),
        ("state", "a&b \"c\""),
    ];
    for (name, value) in change {
        query.retain(|(known, _)| known != name);
        query.push((name, value));
    }
    send(
        zoom.client
            .get(
                reqwest::Url::parse_with_params(&format!("{}/oauth/authorize", zoom.http), query)
                    .unwrap(),
            )
            .header("accept", "text/html"),
    )
}

#[test]
fn the_consent_page_leads_back_with_code_and_state() {
    let zoom = Zoom::start();
    let page = authorize(&zoom, &[("_user", "doctor2@clinic.example")]);
    assert_eq!(page.status, 200);
    for part in [
        "Telemed",
        "meeting:write:meeting",
        r#"value="authorize""#,
        r#"value="decline""#,
        r#"value="a&amp;b &quot;c&quot;""#,
        r#"<option value="dR0hOsTiD2exAmple_Zo-m" selected>"#,
    ] {
        assert!(page.text.contains(part), "{part} in {}", page.text);
    }
    assert!(!page.text.contains("inactive@clinic.example"));
    let click = |decision: &str| {
        send(zoom.request("POST", "/oauth/authorize").form(&[
            ("response_type", "code"),
            ("client_id", USER_APP.0),
            ("redirect_uri", REDIRECT),
            ("state", "a&b \"c\""),
            ("user", DOCTOR),
            ("decision", decision),
        ]))
    };
    let location = reqwest::Url::parse(click("authorize").header("location").unwrap()).unwrap();
    let pairs: Vec<(String, String)> = location.query_pairs().into_owned().collect();
    assert_eq!(pairs[1], ("state".to_owned(), "a&b \"c\"".to_owned()));
    assert_eq!(pairs[0].0, "code");
    assert_eq!(zoom.exchange(USER_APP, &pairs[0].1).status, 200);
    assert_eq!(zoom.state()["grants"][0]["user_id"], DOCTOR);

    let declined = click("decline");
    assert_eq!(declined.status, 302);
    assert!(
        declined
            .header("location")
            .unwrap()
            .starts_with("http://127.0.0.1:9/callback?error=access_denied&state=")
    );
    zoom.switch(&json!({"decline": "stay"}));
    assert_eq!(click("decline").status, 200);
}

#[test]
fn a_bad_authorize_request_is_never_redirected() {
    let zoom = Zoom::start();
    for (change, text) in [
        (("client_id", "nobody"), "Invalid client_id"),
        (("client_id", S2S_APP.0), "Invalid client_id"),
        (
            ("redirect_uri", "https://evil.example/"),
            "Invalid redirect url",
        ),
        (
            ("redirect_uri", "HTTP://127.0.0.1:9/callback"),
            "Invalid redirect url",
        ),
        (("response_type", "token"), "Invalid response_type"),
        (("scope", "meeting:write:meeting"), "Invalid scope"),
        (("code_challenge_method", "S512"), ""),
    ] {
        let mut changes = vec![change];
        if text.is_empty() {
            changes.push(("code_challenge", "x"));
        }
        let page = authorize(&zoom, &changes);
        assert_eq!(
            (page.status, page.header("location")),
            (400, None),
            "{change:?}"
        );
        assert!(
            page.text.contains(text) && page.text.contains("4,700"),
            "{}",
            page.text
        );
    }
    let machine = send(zoom.request(
        "GET",
        "/oauth/authorize?response_type=code&client_id=cLiEnTiDeXaMpLe0123456",
    ));
    assert_eq!(
        machine.json(),
        json!({"status": false, "errorCode": 4700, "errorMessage": "Invalid redirect url", "result": null})
    );
    zoom.amend(
        "apps",
        USER_APP.0,
        &json!({"strict_redirect": true, "redirect_uris": [REDIRECT]}),
    );
    assert_eq!(authorize(&zoom, &[]).status, 200);
    assert_eq!(
        authorize(&zoom, &[("redirect_uri", "http://127.0.0.1:9/callback/")]).status,
        400
    );
}

#[test]
fn optional_scopes_narrow_the_grant() {
    let zoom = Zoom::start();
    zoom.amend("apps", USER_APP.0, &json!({"optional_scopes": true}));
    assert_eq!(
        authorize(&zoom, &[("scope", "report:read:admin")]).status,
        400
    );
    let code = zoom.code(USER_APP, DOCTOR, &json!({"scope": "user:read:user"}));
    assert_eq!(
        zoom.exchange(USER_APP, &code).json()["scope"],
        "user:read:user"
    );
}

#[test]
fn an_unpublished_app_is_for_its_own_account() {
    let zoom = Zoom::start();
    zoom.amend("apps", USER_APP.0, &json!({"shared": false}));
    let click = |user: &str| {
        send(
            zoom.request("POST", "/oauth/authorize")
                .header("accept", "text/html")
                .form(&[
                    ("response_type", "code"),
                    ("client_id", USER_APP.0),
                    ("redirect_uri", REDIRECT),
                    ("user", user),
                    ("decision", "authorize"),
                ]),
        )
    };
    let refused = click("private@practice.example");
    assert_eq!((refused.status, refused.header("location")), (400, None));
    assert_eq!(click("doctor1@clinic.example").status, 302);
    assert_eq!(click("inactive@clinic.example").status, 400);
}
