//! The control API.

use serde_json::json;

use crate::support::{CLINIC, DOCTOR, S2S_APP, Zoom, send};

#[test]
fn reset_brings_back_the_seed() {
    let zoom = Zoom::start();
    let before = zoom.state();
    let token = zoom.s2s(S2S_APP, CLINIC);
    zoom.create(&token, DOCTOR, &json!({}));
    zoom.advance(1000);
    zoom.switch(&json!({"rate_limits": false}));
    zoom.seed(&json!({"accounts": [{"id": "new", "plan": "Free"}], "users": [{"id": "u", "account_id": "new", "email": "u@x.example"}]}));
    assert_eq!(zoom.state()["users"].as_array().unwrap().len(), 8);
    zoom.control("POST", "reset", &json!({}));
    let mut after = zoom.state();
    after["connections"] = before["connections"].clone();
    assert_eq!(after, before);
    assert_eq!(zoom.control("GET", "clock", &json!({}))["offset"], 0);
    assert!(zoom.log().is_empty());
    assert_eq!(zoom.get(&token, "/users").status, 401);
}

#[test]
fn the_clock() {
    let zoom = Zoom::start();
    let clock = zoom.control("POST", "clock", &json!({"set": "2031-05-05T05:05:05Z"}));
    assert!(
        clock["now"]
            .as_str()
            .unwrap()
            .starts_with("2031-05-05T05:05:0")
    );
    let answer = send(zoom.request("GET", "/"));
    assert!(
        answer
            .header("date")
            .unwrap()
            .starts_with("Mon, 05 May 2031 05:05:0")
    );
    zoom.advance(3600);
    assert!(
        zoom.control("GET", "clock", &json!({}))["now"]
            .as_str()
            .unwrap()
            .starts_with("2031-05-05T06:05:")
    );
    let wrong = send(
        zoom.request("POST", "/_control/clock")
            .json(&json!({"set": "yesterday"})),
    );
    assert!(wrong.status == 400 && wrong.json()["error"].is_string());
}

#[test]
fn the_log() {
    let zoom = Zoom::start();
    zoom.s2s(S2S_APP, CLINIC);
    let log = zoom.log();
    assert_eq!(log.len(), 1);
    let entry = &log[0];
    for (name, value) in [
        ("n", json!(1)),
        ("method", json!("POST")),
        ("path", json!("/oauth/token")),
        ("query", json!("")),
        ("status", json!(200)),
        ("fault", json!(null)),
        (
            "body",
            json!(format!(
                "grant_type=account_credentials&account_id={CLINIC}"
            )),
        ),
    ] {
        assert_eq!(entry[name], value, "{name}");
    }
    assert_eq!(
        entry["headers"]["content-type"],
        "application/x-www-form-urlencoded"
    );
    assert!(entry["connection"].as_u64().unwrap() >= 1);
    // A client that keeps its connection is seen to do so.
    send(zoom.request("GET", "/"));
    let log = zoom.log();
    assert_eq!(log[1]["connection"], entry["connection"]);
    assert_eq!(zoom.state()["connections"]["accepted"], 1);
    zoom.control("DELETE", "requests", &json!({}));
    assert!(zoom.log().is_empty());
}

#[test]
fn what_it_cannot_read_it_refuses() {
    let zoom = Zoom::start();
    for (path, body) in [
        ("settings", json!({"rate_limit": false})),
        ("seed", json!({"user": []})),
        ("seed", json!({"users": [{"id": "x"}]})),
        ("faults", json!({"fault": {"kind": "boom"}})),
        ("authorize", json!({"client_id": "x", "user": "y"})),
        ("meetings/1/start", json!({})),
    ] {
        let answer = send(
            zoom.request("POST", &format!("/_control/{path}"))
                .json(&body),
        );
        assert!(
            answer.status == 400 && answer.json()["error"].is_string(),
            "{path} {answer:?}"
        );
    }
    assert_eq!(
        send(zoom.request("GET", "/_control/unheard-of")).status,
        404
    );
}
