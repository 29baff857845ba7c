//! Sections 3.5 to 3.8 of the reference, and appendix A.2.

use serde_json::{Value, json};

use crate::support::{CLASSIC_APP, CLINIC, DOCTOR, PRACTICE, S2S_APP, USER_APP, Zoom, send};

/// A running fake-zoom and a Server-to-Server token of the clinic that may do everything.
fn clinic() -> (Zoom, String) {
    let zoom = Zoom::start();
    let more = [
        "update:status",
        "read:invitation",
        "read:list_upcoming_meetings",
        "read:past_meeting",
        "read:list_past_instances",
    ];
    let state = zoom.state();
    let app = state["apps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|app| app["client_id"] == S2S_APP.0)
        .unwrap();
    let mut scopes = app["scopes"].as_array().unwrap().clone();
    scopes.extend(
        more.iter()
            .map(|scope| json!(format!("meeting:{scope}:admin"))),
    );
    zoom.amend("apps", S2S_APP.0, &json!({"scopes": scopes}));
    let token = zoom.s2s(S2S_APP, CLINIC);
    (zoom, token)
}

fn meeting_path(meeting: &Value) -> String {
    format!("/meetings/{}", meeting["id"])
}

#[test]
fn the_example_of_the_reference() {
    let (zoom, token) = clinic();
    let body = json!({
        "topic": "Telehealth visit #1042", "type": 2, "start_time": "2030-12-01T14:00:00Z", "duration": 30,
        "timezone": "Europe/Berlin", "agenda": "", "password": "482915", "default_password": true,
        "settings": {
            "host_video": true, "participant_video": true, "join_before_host": false, "jbh_time": 0,
            "mute_upon_entry": true, "waiting_room": true, "approval_type": 2, "audio": "both",
            "auto_recording": "none", "use_pmi": false, "meeting_authentication": false, "email_notification": false,
            "registrants_confirmation_email": false, "registrants_email_notification": false, "watermark": false,
            "auto_start_meeting_summary": false, "auto_start_ai_companion_questions": false,
            "continuous_meeting_chat": {"enable": false}
        }
    });
    let made = zoom.create(&token, DOCTOR, &body);
    for name in [
        "topic",
        "type",
        "start_time",
        "duration",
        "timezone",
        "agenda",
        "password",
    ] {
        assert_eq!(made[name], body[name], "{name}");
    }
    for (name, value) in body["settings"].as_object().unwrap() {
        match value {
            Value::Object(_) => {
                assert_eq!(made["settings"][name]["enable"], value["enable"], "{name}");
            }
            _ => assert_eq!(&made["settings"][name], value, "{name}"),
        }
    }
    for (name, value) in [
        ("host_id", json!(DOCTOR)),
        ("host_email", json!("doctor1@clinic.example")),
        ("status", json!("waiting")),
        ("h323_password", json!("482915")),
        ("pstn_password", json!("482915")),
        ("creation_source", json!("open_api")),
        ("pre_schedule", json!(false)),
    ] {
        assert_eq!(made[name], value, "{name}");
    }
    assert_eq!(made["settings"]["show_join_info"], false);
    let id = made["id"].as_u64().unwrap();
    assert!(id > 1 << 31 && id.to_string().len() == 11);
    assert_eq!(
        made["join_url"],
        format!(
            "{}/j/{id}?pwd={}",
            zoom.http,
            made["encrypted_password"].as_str().unwrap()
        )
    );
    assert!(
        made["start_url"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{}/s/{id}?zak=", zoom.http))
    );

    let mut read = zoom.get(&token, &meeting_path(&made)).json();
    assert_ne!(read["start_url"], made["start_url"]);
    read["start_url"] = made["start_url"].clone();
    assert_eq!(read, made);
}

#[test]
fn time_semantics() {
    let (zoom, token) = clinic();
    for (host, given, kind, start) in [
        (
            DOCTOR,
            json!({"start_time": "2030-01-15T14:00:00Z", "timezone": "America/New_York"}),
            2,
            "2030-01-15T14:00:00Z",
        ),
        (
            DOCTOR,
            json!({"start_time": "2030-01-15T14:00:00", "timezone": "America/New_York"}),
            2,
            "2030-01-15T19:00:00Z",
        ),
        (
            DOCTOR,
            json!({"start_time": "2030-07-15T14:00:00"}),
            2,
            "2030-07-15T12:00:00Z",
        ),
        (
            "doctor2%40clinic.example",
            json!({"start_time": "2030-07-15T14:00:00"}),
            2,
            "2030-07-15T18:00:00Z",
        ),
        // Reports are that a start in the past is accepted.
        (
            DOCTOR,
            json!({"start_time": "2020-01-15T14:00:00Z"}),
            2,
            "2020-01-15T14:00:00Z",
        ),
    ] {
        let made = zoom.create(&token, host, &given);
        assert_eq!(
            (&made["type"], &made["start_time"]),
            (&json!(kind), &json!(start)),
            "{given}"
        );
    }
    let made = zoom.create(&token, DOCTOR, &json!({"type": 2}));
    assert_eq!(made["type"], 1);
    assert!(made["start_time"].as_str().unwrap().ends_with('Z'));
    assert_eq!(made["timezone"], "Europe/Berlin");
    let read = zoom.get(&token, &meeting_path(&made)).json();
    assert!(read.get("start_time").is_none());
    let list = zoom
        .get(&token, &format!("/users/{DOCTOR}/meetings?page_size=300"))
        .json();
    assert!(
        !list["meetings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row["id"] == made["id"])
    );
}

#[test]
fn hosts_that_are_not() {
    let (zoom, token) = clinic();
    zoom.amend("users", "dR0hOsTiD2exAmple_Zo-m", &json!({"type": 99}));
    let short = "Your user account is not allowed meeting hosting and scheduling capabilities.";
    let long = "Meeting hosting and scheduling capabilities are not allowed for your user account.";
    for (method, path, error) in [
        (
            "POST",
            "/users/nobody/meetings",
            (404, 1001, "User does not exist: nobody."),
        ),
        (
            "POST",
            "/users/inactive%40clinic.example/meetings",
            (404, 1001, "User does not exist: inactive@clinic.example."),
        ),
        (
            "POST",
            "/users/doctor2%40clinic.example/meetings",
            (400, 3161, short),
        ),
        (
            "GET",
            "/users/doctor2%40clinic.example/meetings",
            (400, 3161, long),
        ),
        (
            "GET",
            "/users/nobody/meetings",
            (404, 1001, "User does not exist: nobody."),
        ),
        (
            "GET",
            "/users/nobody/upcoming_meetings",
            (404, 3001, "User does not exist: nobody."),
        ),
        (
            "POST",
            "/users/me/meetings",
            (404, 1001, "User does not exist: me."),
        ),
    ] {
        let answer = zoom.call(&token, method, path, Some(&json!({})));
        assert_eq!(
            answer.error(),
            (error.0, error.1, error.2.to_owned()),
            "{method} {path}"
        );
    }
    zoom.create(&token, "basic%40clinic.example", &json!({}));
}

#[test]
fn bodies_that_are_not_json() {
    let (zoom, token) = clinic();
    for (kind, body) in [
        ("application/json", "{"),
        ("application/json", "[]"),
        ("text/plain", "{}"),
        ("application/json", ""),
    ] {
        let request = zoom.request("POST", &format!("/v2/users/{DOCTOR}/meetings"));
        let answer = send(
            request
                .bearer_auth(&token)
                .header("content-type", kind)
                .body(body),
        );
        assert_eq!(
            answer.error(),
            (
                400,
                300,
                "Request Body should be a valid JSON object.".into()
            ),
            "{body}"
        );
    }
    let answer = zoom.call(
        &token,
        "POST",
        &format!("/users/{DOCTOR}/meetings"),
        Some(&json!({"type": 4, "settings": {"jbh_time": 3}})),
    );
    assert_eq!(
        answer.json(),
        json!({"code": 300, "message": "Validation Failed.", "errors": [
            {"field": "type", "message": "Invalid field."}, {"field": "settings.jbh_time", "message": "Invalid field."}
        ]})
    );
    assert_eq!(zoom.state()["meetings"], json!([]));
}

#[test]
fn update_changes_what_it_names() {
    let (zoom, token) = clinic();
    let made = zoom.create(
        &token,
        DOCTOR,
        &json!({
            "topic": "a", "start_time": "2030-01-15T14:00:00Z", "duration": 30, "agenda": "keep",
            "settings": {"waiting_room": false, "join_before_host": true, "host_video": false}
        }),
    );
    let path = meeting_path(&made);
    let change = |body: Value| {
        let answer = zoom.call(&token, "PATCH", &path, Some(&body));
        assert_eq!(
            (
                answer.status,
                answer.text.as_str(),
                answer.header("content-type")
            ),
            (204, "", None),
            "{body}"
        );
        zoom.get(&token, &path).json()
    };
    let now = change(
        json!({"start_time": "2030-01-16T09:00:00", "timezone": "America/New_York", "duration": 45}),
    );
    assert_eq!(
        (&now["start_time"], &now["duration"], &now["topic"]),
        (&json!("2030-01-16T14:00:00Z"), &json!(45), &json!("a"))
    );
    assert_eq!(now["settings"]["host_video"], false);
    assert_eq!(now["agenda"], "keep");
    // A start in the past is ignored without a word; the rest is done.
    let now = change(json!({"start_time": "2020-01-01T00:00:00Z", "topic": "b"}));
    assert_eq!(
        (&now["start_time"], &now["topic"]),
        (&json!("2030-01-16T14:00:00Z"), &json!("b"))
    );
    let now = change(json!({"settings": {"waiting_room": true}}));
    assert_eq!(
        (
            &now["settings"]["waiting_room"],
            &now["settings"]["join_before_host"]
        ),
        (&json!(true), &json!(false))
    );
    assert_eq!(now["settings"]["host_video"], false);
    assert_eq!(now["password"], made["password"]);
    let now = change(json!({"password": "abc-123"}));
    assert_eq!(now["password"], "abc-123");
    assert_eq!(now["uuid"], made["uuid"]);
    change(json!({}));
    let wrong = zoom.call(&token, "PATCH", &path, Some(&json!({"duration": "long"})));
    assert_eq!(wrong.json()["errors"][0]["field"], "duration");
}

#[test]
fn delete_and_what_is_not_there() {
    let (zoom, token) = clinic();
    let made = zoom.create(
        &token,
        DOCTOR,
        &json!({"start_time": "2030-01-15T14:00:00Z"}),
    );
    let path = meeting_path(&made);
    let gone = (
        404,
        3001,
        format!("Meeting does not exist: {}.", made["id"]),
    );
    let foreign = zoom.s2s(CLASSIC_APP, PRACTICE);
    for method in ["GET", "PATCH", "DELETE"] {
        assert_eq!(
            zoom.call(&foreign, method, &path, Some(&json!({}))).error(),
            gone,
            "{method} by another account"
        );
    }
    let colleague = zoom.connect(USER_APP, "doctor2@clinic.example");
    let colleague = colleague["access_token"].as_str().unwrap();
    assert_eq!(zoom.get(colleague, &path).error(), gone);
    let deleted = zoom.call(
        &token,
        "DELETE",
        &format!("{path}?schedule_for_reminder=false"),
        None,
    );
    assert_eq!((deleted.status, deleted.text.as_str()), (204, ""));
    for method in ["DELETE", "GET", "PATCH"] {
        assert_eq!(
            zoom.call(&token, method, &path, Some(&json!({}))).error(),
            gone,
            "{method}"
        );
    }
    assert_eq!(
        zoom.get(&token, "/meetings/abc").error(),
        (400, 300, "Invalid meeting id.".into())
    );
    assert_eq!(
        zoom.call(&token, "DELETE", "/meetings/3542471135", None)
            .error(),
        (400, 3018, "Not allowed to delete PMI.".into())
    );
    let state = zoom.state();
    assert_eq!(state["meetings"], json!([]));
    assert_eq!(
        (
            &state["deleted_meetings"][0]["id"],
            &state["deleted_meetings"][0]["deleted"]
        ),
        (&made["id"], &json!(true))
    );
    let recover = |token: &str| {
        zoom.call(
            token,
            "PUT",
            &format!("{path}/status"),
            Some(&json!({"action": "recover"})),
        )
        .status
    };
    assert_eq!(
        (recover(&foreign), recover(&token), recover(&token)),
        (404, 204, 404)
    );
    assert_eq!(zoom.get(&token, &path).status, 200);
}

#[test]
fn meetings_expire() {
    let (zoom, token) = clinic();
    let made = zoom.create(&token, DOCTOR, &json!({}));
    zoom.advance(31 * 86_400);
    let token = zoom.s2s(S2S_APP, CLINIC);
    assert_eq!(zoom.get(&token, &meeting_path(&made)).status, 404);
}

#[test]
fn lists() {
    let (zoom, token) = clinic();
    zoom.switch(&json!({"rate_limits": false}));
    zoom.control("POST", "clock", &json!({"set": "2030-01-01T00:00:00Z"}));
    let token = {
        drop(token);
        zoom.s2s(S2S_APP, CLINIC)
    };
    let agenda = "ä".repeat(300);
    for start in [
        "2029-12-20T10:00:00Z",
        "2030-01-01T10:00:00Z",
        "2030-01-03T10:00:00Z",
        "2029-10-01T10:00:00Z",
    ] {
        zoom.create(
            &token,
            DOCTOR,
            &json!({"start_time": start, "agenda": agenda, "topic": start}),
        );
    }
    zoom.create(
        &token,
        "doctor2%40clinic.example",
        &json!({"start_time": "2030-01-02T10:00:00Z"}),
    );
    let topics = |query: &str| -> Vec<String> {
        let list = zoom
            .get(&token, &format!("/users/{DOCTOR}/meetings{query}"))
            .json();
        list["meetings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["topic"].as_str().unwrap()[5..10].to_owned())
            .collect()
    };
    for (query, expected) in [
        ("", vec!["12-20", "01-01", "01-03"]),
        ("?type=scheduled", vec!["12-20", "01-01", "01-03"]),
        ("?type=upcoming", vec!["01-01", "01-03"]),
        ("?type=upcoming_meetings", vec!["01-01", "01-03"]),
        ("?type=previous_meetings", vec!["12-20"]),
        ("?type=live", vec![]),
        ("?from=2030-01-02&to=2030-01-03", vec!["01-03"]),
        ("?page_size=1&page_number=2", vec!["01-01"]),
    ] {
        assert_eq!(topics(query), expected, "{query}");
    }
    assert_eq!(
        zoom.get(&token, &format!("/users/{DOCTOR}/meetings?type=other"))
            .error()
            .1,
        300
    );
    let row = zoom
        .get(&token, &format!("/users/{DOCTOR}/meetings"))
        .json()["meetings"][0]
        .clone();
    assert_eq!(row["agenda"].as_str().unwrap().chars().count(), 250);
    assert!(row.get("start_url").is_none() && row.get("password").is_none());
    let soon = zoom
        .get(&token, &format!("/users/{DOCTOR}/upcoming_meetings"))
        .json();
    assert_eq!(
        (&soon["total_records"], &soon["meetings"][0]["topic"]),
        (&json!(1), &json!("2030-01-01T10:00:00Z"))
    );
}

#[test]
fn passcodes() {
    let (zoom, token) = clinic();
    let create = |body: Value| {
        zoom.call(
            &token,
            "POST",
            &format!("/users/{DOCTOR}/meetings"),
            Some(&body),
        )
    };
    let made = create(json!({})).json();
    assert!(
        made["password"]
            .as_str()
            .unwrap()
            .bytes()
            .all(|byte| byte.is_ascii_digit())
    );
    let without = create(json!({"default_password": false})).json();
    assert!(
        without.get("password").is_none()
            && !without["join_url"].as_str().unwrap().contains("pwd=")
    );

    zoom.amend(
        "users",
        DOCTOR,
        &json!({"settings": {"schedule_meeting": {"meeting_password_requirement": {
            "length": 8, "have_letter": true, "have_special_character": true
        }}}}),
    );
    for weak in ["482915", "abcdefgh", "abcd1234"] {
        assert_eq!(
            create(json!({"password": weak})).json()["errors"],
            json!([{"field": "password", "message": "Invalid field."}])
        );
    }
    assert_eq!(create(json!({"password": "abcd-1234"})).status, 201);
    let made = create(json!({})).json();
    assert_eq!(made["password"].as_str().unwrap().len(), 10);
    let weak = zoom.call(
        &token,
        "PATCH",
        &meeting_path(&made),
        Some(&json!({"password": "482915"})),
    );
    assert_eq!(weak.error().1, 300);

    zoom.amend("accounts", CLINIC, &json!({"locked": {"schedule_meeting": {"require_password_for_scheduling_new_meetings": true}}}));
    assert!(create(json!({"default_password": false})).json()["password"].is_string());
    zoom.amend("accounts", CLINIC, &json!({"locked": {"schedule_meeting": {"require_password_for_scheduling_new_meetings": false}}}));
    assert!(create(json!({})).json().get("password").is_none());
}

#[test]
fn what_the_account_decides() {
    let (zoom, token) = clinic();
    zoom.amend("accounts", CLINIC, &json!({"locked": {
        "in_meeting": {"waiting_room": false},
        "recording": {"auto_recording": "cloud"},
        "schedule_meeting": {
            "meeting_authentication": true, "embed_password_in_join_link": false,
            "hide_meeting_description": {"enable": true}, "always_display_zoom_meeting_as_topic": {"enable": true}
        }
    }}));
    let made = zoom.create(&token, DOCTOR, &json!({
        "topic": "Secret", "agenda": "marker", "start_time": "2030-01-15T14:00:00Z",
        "settings": {"waiting_room": true, "auto_recording": "none", "meeting_authentication": false}
    }));
    let read = zoom.get(&token, &meeting_path(&made)).json();
    for meeting in [&made, &read] {
        assert_eq!(
            (&meeting["topic"], &meeting["agenda"]),
            (&json!("Zoom Meeting"), &json!(""))
        );
        assert_eq!(meeting["settings"]["waiting_room"], false);
        assert_eq!(meeting["settings"]["auto_recording"], "cloud");
        assert_eq!(meeting["settings"]["meeting_authentication"], true);
        assert_eq!(
            meeting["join_url"],
            format!("{}/j/{}", zoom.http, meeting["id"])
        );
        assert!(meeting["password"].is_string());
    }
    zoom.call(
        &token,
        "PATCH",
        &meeting_path(&made),
        Some(&json!({"settings": {"auto_recording": "none"}})),
    );
    assert_eq!(
        zoom.get(&token, &meeting_path(&made)).json()["settings"]["auto_recording"],
        "cloud"
    );
    // The control API shows what Zoom holds.
    let state = zoom.state();
    assert_eq!(
        (
            &state["meetings"][0]["topic"],
            &state["meetings"][0]["agenda"]
        ),
        (&json!("Secret"), &json!("marker"))
    );
}

#[test]
fn scheduling_for_others() {
    let (zoom, token) = clinic();
    let create = |body: Value| {
        zoom.call(
            &token,
            "POST",
            &format!("/users/{DOCTOR}/meetings"),
            Some(&body),
        )
    };
    let other = "doctor2@clinic.example";
    assert_eq!(
        create(json!({"schedule_for": other})).error(),
        (
            400,
            3000,
            format!("You cannot schedule a meeting for {other}")
        )
    );
    assert_eq!(
        create(json!({"schedule_for": other, "type": 1})).error().1,
        3000
    );
    assert_eq!(
        create(json!({"schedule_for": "private@practice.example"}))
            .error()
            .1,
        300
    );
    zoom.amend(
        "users",
        DOCTOR,
        &json!({"may_schedule_for": ["dR0hOsTiD2exAmple_Zo-m"]}),
    );
    let made = create(json!({"schedule_for": other, "start_time": "2030-01-15T14:00:00Z"})).json();
    assert_eq!(
        (&made["host_email"], &made["assistant_id"]),
        (&json!(other), &json!(DOCTOR))
    );
    let bad = create(json!({"settings": {"alternative_hosts": "nobody@clinic.example"}}));
    assert_eq!(
        bad.json()["errors"][0]["field"],
        "settings.alternative_hosts"
    );
    assert_eq!(
        create(json!({"settings": {"alternative_hosts": format!("{other};owner@clinic.example")}}))
            .status,
        201
    );
}

#[test]
fn recurring_meetings() {
    let (zoom, token) = clinic();
    let missing = zoom.call(
        &token,
        "POST",
        &format!("/users/{DOCTOR}/meetings"),
        Some(&json!({"type": 8, "start_time": "2030-12-02T14:00:00Z"})),
    );
    assert_eq!(
        missing.json()["errors"],
        json!([{"field": "recurrence", "message": "Missing field."}])
    );
    let made = zoom.create(&token, DOCTOR, &json!({
        "type": 8, "start_time": "2030-12-02T14:00:00Z", "timezone": "Europe/Berlin", "duration": 30,
        "recurrence": {"type": 2, "weekly_days": "2", "end_times": 2}
    }));
    let second = made["occurrences"][1].clone();
    assert_eq!(second["start_time"], "2030-12-09T14:00:00Z");
    let path = meeting_path(&made);
    let delete = || {
        zoom.call(
            &token,
            "DELETE",
            &format!(
                "{path}?occurrence_id={}",
                second["occurrence_id"].as_str().unwrap()
            ),
            None,
        )
    };
    assert_eq!(delete().status, 204);
    assert_eq!(
        delete().error(),
        (400, 300, "Invalid parameter: `occurrence_id`.".into())
    );
    assert_eq!(
        zoom.get(&token, &path).json()["occurrences"][1]["status"],
        "deleted"
    );
}

#[test]
fn a_visit_from_invitation_to_past_meeting() {
    let (zoom, token) = clinic();
    let encoded = |uuid: &str, times: usize| {
        (0..times).fold(uuid.to_owned(), |text, _| {
            text.replace('%', "%25")
                .replace('/', "%2F")
                .replace('+', "%2B")
                .replace('=', "%3D")
        })
    };
    for round in 0..6 {
        let made = zoom.create(&token, DOCTOR, &json!({"topic": format!("visit {round}"), "start_time": "2030-12-01T14:00:00Z", "timezone": "Europe/Berlin"}));
        let (path, uuid) = (meeting_path(&made), made["uuid"].as_str().unwrap());
        let text = zoom.get(&token, &format!("{path}/invitation")).json()["invitation"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            text.contains("Time: Dec 1, 2030 03:00 PM Berlin\r\n")
                && text.contains(made["join_url"].as_str().unwrap()),
            "{text}"
        );
        let past = |uuid: &str| zoom.get(&token, &format!("/past_meetings/{uuid}"));
        assert_eq!(past(&encoded(uuid, 2)).status, 404);
        let join = send(zoom.client.get(made["join_url"].as_str().unwrap()));
        assert!(join.text.contains("as participant"));
        assert!(
            send(zoom.client.get(made["start_url"].as_str().unwrap()))
                .text
                .contains("as host")
        );
        assert_eq!(zoom.get(&token, &path).json()["status"], "started");
        zoom.advance(90);
        let end = || {
            zoom.call(
                &token,
                "PUT",
                &format!("{path}/status"),
                Some(&json!({"action": "end"})),
            )
        };
        assert_eq!((end().status, end().status), (204, 204));
        let found = past(&encoded(uuid, 2)).json();
        assert_eq!(
            (&found["uuid"], &found["duration"], &found["source"]),
            (&json!(uuid), &json!(2), &json!("Telemed for the clinic"))
        );
        assert_eq!(past(&made["id"].to_string()).json()["uuid"], uuid);
        let once = past(&encoded(uuid, 1)).status;
        assert_eq!(
            once,
            if uuid.starts_with('/') || uuid.contains("//") {
                404
            } else {
                200
            },
            "{uuid}"
        );
        let now = zoom.get(&token, &path).json();
        assert_ne!(now["uuid"], uuid);
        let instances = zoom
            .get(&token, &format!("/past_meetings/{}/instances", made["id"]))
            .json();
        assert_eq!(instances["meetings"][0]["uuid"], uuid);
    }
    let wrong = zoom.call(
        &token,
        "PUT",
        "/meetings/1/status",
        Some(&json!({"action": "explode"})),
    );
    assert_eq!(wrong.error().1, 300);
}
