#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test"
)]

use serde_json::json;

use super::*;

fn request(topic: &str, minutes: i64, zone: &str, host: Option<&str>) -> Result<MeetingRequest> {
    let start = "2026-12-01T14:00:00.75Z".parse().unwrap();
    MeetingRequest::new(
        topic,
        start,
        minutes,
        zone,
        host,
        Some("site:visit:1"),
        Map::new(),
    )
}

#[test]
fn what_zoom_would_refuse_is_refused_before_sending() {
    assert!(request("Visit", 30, "Europe/Berlin", None).is_ok());
    assert!(request(&"ü".repeat(200), 1, "UTC", Some("a@b.example")).is_ok());
    for (topic, minutes, zone, host) in [
        ("", 30, "UTC", None),
        (" ", 30, "UTC", None),
        ("a\nb", 30, "UTC", None),
        ("Visit", 0, "UTC", None),
        ("Visit", -5, "UTC", None),
        ("Visit", 1_441, "UTC", None),
        ("Visit", 30, "+05:30", None),
        ("Visit", 30, "", None),
        ("Visit", 30, "EST", None),
        ("Visit", 30, "Europe/../Berlin", None),
        ("Visit", 30, "UTC", Some("")),
        ("Visit", 30, "UTC", Some("a b")),
        ("Visit", 30, "UTC", Some("../me")),
    ] {
        let error = request(topic, minutes, zone, host).unwrap_err();
        assert_eq!(
            error.kind(),
            super::super::Kind::Configuration,
            "{topic} {minutes} {zone}"
        );
        assert!(!error.advice().is_empty());
    }
    assert!(request(&"x".repeat(201), 30, "UTC", None).is_err());
}

fn json_of(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

#[test]
fn the_body_is_private_and_in_utc() {
    let body = json_of(
        &request("Visit", 30, "Europe/Berlin", None)
            .unwrap()
            .create_body("Ab3-xyz890"),
    );
    assert_eq!(body["start_time"], "2026-12-01T14:00:00Z");
    assert_eq!(body["timezone"], "Europe/Berlin");
    assert_eq!(body["type"], 2);
    assert_eq!(body["password"], "Ab3-xyz890");
    assert_eq!(body["settings"]["waiting_room"], true);
    assert_eq!(body["settings"]["join_before_host"], false);
    assert_eq!(body["settings"]["auto_recording"], "none");
    assert_eq!(body["settings"]["auto_start_meeting_summary"], false);
    assert_eq!(body["settings"]["auto_start_ai_companion_questions"], false);
    assert_eq!(body["settings"]["email_notification"], false);
    assert_eq!(body["agenda"], marker("site:visit:1"));
}

#[test]
fn named_settings_win_over_the_defaults() {
    let settings = Map::from_iter([("waiting_room".to_owned(), json!(false))]);
    let start = "2026-12-01T14:00:00Z".parse().unwrap();
    let request = MeetingRequest::new("V", start, 5, "UTC", None, None, settings).unwrap();
    let body = json_of(&request.create_body("x"));
    assert_eq!(body["settings"]["waiting_room"], false);
    assert_eq!(body["settings"]["join_before_host"], false);
    assert_eq!(body["agenda"], "");
    let update = json_of(&request.update_body(request.named_settings()));
    assert_eq!(update["settings"], json!({"waiting_room": false}));
    assert!(update.get("password").is_none() && update.get("agenda").is_none());
}

#[test]
fn a_marker_shows_its_site_and_is_found_in_an_agenda() {
    let (one, two, elsewhere) = (
        marker("s1:visit:1"),
        marker("s1:visit:2"),
        marker("s2:visit:1"),
    );
    assert_ne!(one, two);
    let site = site_prefix("s1");
    assert!(site.starts_with("[telemed:1:"));
    assert!(one.starts_with(&site) && two.starts_with(&site) && !elsewhere.starts_with(&site));
    assert!(one.len() < 250);
    assert_eq!(find_marker(&format!("note {one} more")), Some(one.as_str()));
    assert_eq!(find_marker("[telemed:1:cut"), None);
    assert_eq!(find_marker("nothing"), None);
}
