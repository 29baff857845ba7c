//! Bearer tokens, scopes, `me`, and the operations on users.

use serde_json::{Value, json};

use crate::support::{
    CLASSIC_APP, CLINIC, DOCTOR, OTHER_APP, PRACTICE, S2S_APP, USER_APP, Zoom, send,
};

fn access(token: &Value) -> &str {
    token["access_token"].as_str().unwrap()
}

#[test]
fn bad_tokens() {
    let zoom = Zoom::start();
    let token = zoom.s2s(S2S_APP, CLINIC);
    let invalid = (401, 124, "Invalid access token.".to_owned());
    assert_eq!(zoom.get("unknown", "/users").error(), invalid);
    let none = send(zoom.request("GET", "/v2/users"));
    assert_eq!(none.error(), (401, 124, "Requires an access token.".into()));
    assert_eq!(
        none.header("content-type"),
        Some("application/json;charset=UTF-8")
    );
    assert!(
        none.header("x-zm-trackingid")
            .unwrap()
            .starts_with("v=2.0;clid=us02;rid=WEB_")
    );
    let query = zoom.get(&token, &format!("/users?access_token={token}"));
    assert_eq!(
        query.error(),
        (
            401,
            124,
            "Invalid access token, this access token is not supported as query parameter string."
                .into()
        )
    );
    zoom.control("POST", "invalidate_access_tokens", &json!({}));
    assert_eq!(zoom.get(&token, "/users").error(), invalid);
}

#[test]
fn a_user_token_speaks_of_me_only() {
    let zoom = Zoom::start();
    let token = zoom.connect(USER_APP, DOCTOR);
    let token = access(&token);
    assert_eq!(zoom.get(token, "/users/me").json()["id"], DOCTOR);
    let missing = "Invalid access token, does not contain scopes:[user:read:user:admin].";
    for other in [DOCTOR, "doctor2@clinic.example", "nobody@clinic.example"] {
        assert_eq!(
            zoom.get(token, &format!("/users/{other}")).error(),
            (400, 4711, missing.into()),
            "{other}"
        );
    }
    assert_eq!(
        zoom.get(token, "/users").error(),
        (
            400,
            4711,
            "Invalid access token, does not contain scopes:[user:read:list_users:admin].".into()
        )
    );
    zoom.switch(&json!({"strict_me": false}));
    assert_eq!(zoom.get(token, &format!("/users/{DOCTOR}")).status, 200);
    assert_eq!(
        zoom.get(token, "/users/doctor2%40clinic.example").status,
        400
    );
}

#[test]
fn each_operation_wants_its_scope() {
    let zoom = Zoom::start();
    let token = zoom.connect(OTHER_APP, DOCTOR);
    let token = access(&token);
    let meeting = zoom.create(token, "me", &json!({"start_time": "2030-01-01T10:00:00Z"}));
    let id = &meeting["id"];
    for (method, path, scope) in [
        ("GET", format!("/meetings/{id}"), "meeting:read:meeting"),
        ("PATCH", format!("/meetings/{id}"), "meeting:update:meeting"),
        (
            "DELETE",
            format!("/meetings/{id}"),
            "meeting:delete:meeting",
        ),
        (
            "PUT",
            format!("/meetings/{id}/status"),
            "meeting:update:status",
        ),
        (
            "GET",
            format!("/meetings/{id}/invitation"),
            "meeting:read:invitation",
        ),
        (
            "GET",
            "/users/me/meetings".into(),
            "meeting:read:list_meetings",
        ),
        (
            "GET",
            "/users/me/upcoming_meetings".into(),
            "meeting:read:list_upcoming_meetings",
        ),
        ("GET", "/users/me/settings".into(), "user:read:settings"),
        ("GET", "/users/me/zak".into(), "user:read:zak"),
        ("GET", "/users/me/token?type=zak".into(), "user:read:zak"),
        ("GET", "/users/me/token".into(), "user:read:token"),
        (
            "GET",
            format!("/past_meetings/{id}"),
            "meeting:read:past_meeting",
        ),
    ] {
        let answer = zoom.call(token, method, &path, Some(&json!({})));
        let text =
            format!("Invalid access token, does not contain scopes:[{scope}:admin, {scope}].");
        assert_eq!(answer.error(), (400, 4711, text), "{method} {path}");
    }
}

#[test]
fn classic_scopes_do_as_well() {
    let zoom = Zoom::start();
    let token = zoom.s2s(CLASSIC_APP, PRACTICE);
    let meeting = zoom.create(&token, "private%40practice.example", &json!({}));
    let path = format!("/meetings/{}", meeting["id"]);
    assert_eq!(zoom.get(&token, &path).status, 200);
    assert_eq!(zoom.get(&token, "/users").json()["total_records"], 2);
    assert_eq!(zoom.call(&token, "DELETE", &path, None).status, 204);
    let zak = zoom.get(&token, "/users/private%40practice.example/zak");
    assert_eq!(
        zak.error().2,
        "Invalid access token, does not contain scopes:[user_zak:read:admin, user_zak:read]."
    );
}

#[test]
fn server_to_server_has_no_me_and_no_other_account() {
    let zoom = Zoom::start();
    let token = zoom.s2s(S2S_APP, CLINIC);
    for (path, error) in [
        ("/users/me", (404, 1001, "User does not exist: me.")),
        (
            "/users/nobody%40clinic.example",
            (404, 1001, "User does not exist: nobody@clinic.example."),
        ),
        (
            "/users/private%40practice.example",
            (404, 1010, "User not belong to this account"),
        ),
    ] {
        let (status, code, text) = error;
        assert_eq!(
            zoom.get(&token, path).error(),
            (status, code, text.to_owned())
        );
    }
    zoom.switch(&json!({"strict_me": false}));
    assert_eq!(
        zoom.get(&token, "/users/me").json()["email"],
        "owner@clinic.example"
    );
}

#[test]
fn denied_accounts_and_users() {
    let zoom = Zoom::start();
    let token = zoom.s2s(S2S_APP, CLINIC);
    zoom.amend("accounts", CLINIC, &json!({"rest_api": false}));
    assert_eq!(
        zoom.get(&token, "/users").error(),
        (400, 200, "Account does not enabled REST API.".into())
    );
    zoom.control("POST", "reset", &json!({}));
    zoom.amend("users", DOCTOR, &json!({"rest_api": false}));
    let token = zoom.connect(USER_APP, DOCTOR);
    assert_eq!(zoom.get(access(&token), "/users/me").error().1, 200);
}

#[test]
fn what_it_does_not_know_it_says_so() {
    let zoom = Zoom::start();
    let token = zoom.s2s(S2S_APP, CLINIC);
    assert_eq!(zoom.get(&token, "/report/daily").status, 501);
    assert_eq!(
        zoom.call(&token, "POST", "/users", Some(&json!({}))).status,
        501
    );
}

#[test]
fn users_by_pages() {
    let zoom = Zoom::start();
    let token = zoom.s2s(S2S_APP, CLINIC);
    let whole = zoom
        .get(&token, "/users?status=active&page_size=300")
        .json();
    assert_eq!(
        (
            &whole["total_records"],
            &whole["page_count"],
            &whole["next_page_token"]
        ),
        (&json!(4), &json!(1), &json!(""))
    );
    let mut seen = Vec::new();
    let mut path = "/users?page_size=3".to_owned();
    loop {
        let page = zoom.get(&token, &path).json();
        seen.extend(
            page["users"]
                .as_array()
                .unwrap()
                .iter()
                .map(|user| user["id"].clone()),
        );
        let next = page["next_page_token"].as_str().unwrap();
        if next.is_empty() {
            break;
        }
        path = format!("/users?page_size=3&next_page_token={next}");
    }
    let all: Vec<Value> = whole["users"]
        .as_array()
        .unwrap()
        .iter()
        .map(|user| user["id"].clone())
        .collect();
    assert_eq!(seen, all);

    let invalid = (
        400,
        300,
        "The next page token is either invalid or has expired.".to_owned(),
    );
    assert_eq!(
        zoom.get(&token, "/users?next_page_token=made-up").error(),
        invalid
    );
    let next = zoom.get(&token, "/users?page_size=1").json()["next_page_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let other_list = format!("/users/{DOCTOR}/meetings?page_size=1&next_page_token={next}");
    assert_eq!(zoom.get(&token, &other_list).error(), invalid);
    zoom.advance(15 * 60);
    assert_eq!(
        zoom.get(
            &token,
            &format!("/users?page_size=1&next_page_token={next}")
        )
        .error(),
        invalid
    );

    assert_eq!(zoom.get(&token, "/users?page_size=301").error().1, 300);
    let inactive = zoom.get(&token, "/users?status=inactive").json();
    assert_eq!(inactive["users"][0]["email"], "inactive@clinic.example");
}

#[test]
fn one_user() {
    let zoom = Zoom::start();
    let token = zoom.s2s(S2S_APP, CLINIC);
    let user = zoom.get(&token, "/users/DOCTOR1%40clinic.example").json();
    for (field, value) in [
        ("id", json!(DOCTOR)),
        ("email", json!("doctor1@clinic.example")),
        ("display_name", json!("Dora Example")),
        ("type", json!(2)),
        ("status", json!("active")),
        ("timezone", json!("Europe/Berlin")),
        ("account_id", json!(CLINIC)),
        ("role_name", json!("Member")),
    ] {
        assert_eq!(user[field], value, "{field}");
    }
    assert_eq!(
        zoom.get(&token, "/users/basic%40clinic.example").json()["type"],
        1
    );
    assert_eq!(
        zoom.get(&token, "/users/inactive%40clinic.example").json()["status"],
        "inactive"
    );
    zoom.amend("users", DOCTOR, &json!({"invitation_expired": true}));
    assert_eq!(
        zoom.get(&token, &format!("/users/{DOCTOR}")).error().1,
        1120
    );
}

#[test]
fn settings_are_the_locked_over_the_users_over_the_accounts() {
    let zoom = Zoom::start();
    zoom.amend("accounts", CLINIC, &json!({
        "settings": {"in_meeting": {"waiting_room": false, "chat": false}, "recording": {"cloud_recording": true}},
        "locked": {"schedule_meeting": {"meeting_password_requirement": {"length": 8}}},
    }));
    zoom.amend("users", DOCTOR, &json!({
        "settings": {"in_meeting": {"chat": true}, "schedule_meeting": {"meeting_password_requirement": {"length": 4, "have_letter": true}}},
    }));
    let token = zoom.s2s(S2S_APP, CLINIC);
    let path = format!("/users/{DOCTOR}/settings");
    let settings = zoom.get(&token, &path).json();
    assert_eq!(settings["in_meeting"]["waiting_room"], false);
    assert_eq!(settings["in_meeting"]["chat"], true);
    assert_eq!(settings["recording"]["cloud_recording"], true);
    let policy = &settings["schedule_meeting"]["meeting_password_requirement"];
    assert_eq!(
        (
            &policy["length"],
            &policy["have_letter"],
            &policy["have_number"]
        ),
        (&json!(8), &json!(true), &json!(true))
    );

    let security = zoom
        .get(&token, &format!("{path}?option=meeting_security"))
        .json();
    assert_eq!(security["meeting_security"]["waiting_room"], false);
    assert_eq!(
        &security["meeting_security"]["meeting_password_requirement"],
        policy
    );
    let authentication = zoom
        .get(&token, &format!("{path}?option=meeting_authentication"))
        .json();
    assert_eq!(authentication["meeting_authentication"], false);
    let few = zoom
        .get(
            &token,
            &format!("{path}?custom_query_fields=waiting_room,feature"),
        )
        .json();
    assert_eq!(few["in_meeting"], json!({"waiting_room": false}));
    assert!(few.get("recording").is_none() && few["feature"].is_object());
    assert_eq!(
        zoom.get(&token, &format!("{path}?option=other")).error().1,
        300
    );
}

#[test]
fn a_zak_starts_the_meeting_of_its_user_for_its_time() {
    let zoom = Zoom::start();
    zoom.amend(
        "apps",
        USER_APP.0,
        &json!({"scopes": "meeting:write:meeting user:read:zak"}),
    );
    let token = zoom.connect(USER_APP, DOCTOR);
    let meeting = zoom.create(
        access(&token),
        "me",
        &json!({"start_time": "2030-01-01T10:00:00Z"}),
    );
    let zak = zoom.get(access(&token), "/users/me/zak?ttl=60").json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let open = |zak: &str| send(zoom.request("GET", &format!("/s/{}?zak={zak}", meeting["id"])));
    let page = open(&zak);
    assert_eq!(page.status, 200);
    assert!(
        page.text
            .contains("as host: Dora Example &lt;doctor1@clinic.example&gt;"),
        "{}",
        page.text
    );
    assert_eq!(open("made-up").status, 401);
    zoom.advance(60);
    assert_eq!(open(&zak).status, 401);
}
