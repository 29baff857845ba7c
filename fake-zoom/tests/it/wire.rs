//! Listeners, connections and faults, as they look on the wire.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{CLINIC, DOCTOR, S2S_APP, Zoom, send};

/// Sends one request and reads until the server closes the connection.
fn raw(zoom: &Zoom, request: &str) -> String {
    let mut stream = TcpStream::connect(zoom.http.strip_prefix("http://").unwrap()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A reset is as good an end as any.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn create_raw(token: &str) -> String {
    format!(
        "POST /v2/users/{DOCTOR}/meetings HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
    )
}

#[test]
fn faults_cut_connections_before_and_after_the_work() {
    let zoom = Zoom::start();
    let token = zoom.s2s(S2S_APP, CLINIC);
    for (kind, made) in [("close_before_work", 0), ("close_after_work", 1)] {
        zoom.control(
            "POST",
            "faults",
            &json!({"match": {"path": "/v2/users"}, "fault": {"kind": kind}}),
        );
        assert_eq!(raw(&zoom, &create_raw(&token)), "", "{kind}");
        assert_eq!(
            zoom.state()["meetings"].as_array().unwrap().len(),
            made,
            "{kind}"
        );
        let entry = zoom.log().last().unwrap().clone();
        assert_eq!(
            (&entry["fault"], &entry["status"]),
            (&json!(kind), &json!(0))
        );
    }
}

#[test]
fn a_truncated_answer_announces_its_whole_length() {
    let zoom = Zoom::start();
    let token = zoom.s2s(S2S_APP, CLINIC);
    zoom.control(
        "POST",
        "faults",
        &json!({"fault": {"kind": "truncate", "bytes": 20}}),
    );
    let answer = raw(&zoom, &create_raw(&token));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(body.len(), 20);
    let length: usize = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap()
        .parse()
        .unwrap();
    assert!(length > 3000, "{head}");
    assert_eq!(zoom.state()["meetings"].as_array().unwrap().len(), 1);
    let token = zoom.s2s(S2S_APP, CLINIC);
    assert_eq!(zoom.get(&token, "/users").status, 200);
}

#[test]
fn statuses_and_delays() {
    let zoom = Zoom::start();
    let token = zoom.s2s(S2S_APP, CLINIC);
    let body = "<html><head><title>502 Bad Gateway</title></head></html>";
    let order = json!({"match": {"method": "GET", "path": "/v2/"}, "times": 2, "skip": 1, "fault":
        {"kind": "status", "status": 502, "body": body, "headers": {"Retry-After": "7"}}});
    zoom.control("POST", "faults", &order);
    let statuses: Vec<u16> = (0..4).map(|_| zoom.get(&token, "/users").status).collect();
    assert_eq!(statuses, [200, 502, 502, 200]);
    zoom.control(
        "POST",
        "faults",
        &json!({"fault": {"kind": "status", "status": 500, "after_work": true}}),
    );
    assert_eq!(
        zoom.call(
            &token,
            "POST",
            &format!("/users/{DOCTOR}/meetings"),
            Some(&json!({}))
        )
        .status,
        500
    );
    assert_eq!(zoom.state()["meetings"].as_array().unwrap().len(), 1);
    zoom.control(
        "POST",
        "faults",
        &json!({"fault":
        {"kind": "delay", "ms": 150, "then": {"kind": "status", "status": 503, "body": body}}}),
    );
    let start = Instant::now();
    let answer = zoom.get(&token, "/users");
    assert!(start.elapsed() >= Duration::from_millis(150));
    assert_eq!(
        (
            answer.status,
            answer.text.as_str(),
            answer.header("content-type")
        ),
        (503, body, Some("text/html"))
    );
    assert_eq!(zoom.log().last().unwrap()["fault"], "delay+status");
    zoom.control(
        "POST",
        "faults",
        &json!({"times": -1, "fault": {"kind": "delay_after_work", "ms": 50}}),
    );
    zoom.control("DELETE", "faults", &json!({}));
    assert_eq!(zoom.get(&token, "/users").status, 200);
    assert_eq!(zoom.log().last().unwrap()["fault"], json!(null));
}

#[test]
fn a_swapped_answer_is_about_another_request() {
    let zoom = Zoom::start();
    let token = zoom.s2s(S2S_APP, CLINIC);
    let swap = |method: &str| {
        zoom.control(
            "POST",
            "faults",
            &json!({"match": {"method": method, "path": "/v2/"}, "fault": {"kind": "swap"}}),
        )
    };
    // The first of its kind has nothing to be mixed up with.
    swap("POST");
    let one = zoom.create(&token, DOCTOR, &json!({"topic": "one"}));
    assert_eq!(one["topic"], "one");
    swap("POST");
    let mixed_up = zoom.create(&token, DOCTOR, &json!({"topic": "two"}));
    assert_eq!(mixed_up["id"], one["id"]);
    assert_eq!(zoom.log().last().unwrap()["fault"], "swap");
    let meetings = zoom.state()["meetings"].as_array().unwrap().clone();
    assert_eq!(meetings.len(), 2, "the work is done");
    let path = |id: &serde_json::Value| format!("/meetings/{id}");
    let two = meetings.iter().find(|one| one["topic"] == "two").unwrap();
    assert_eq!(zoom.get(&token, &path(&one["id"])).json()["id"], one["id"]);
    swap("GET");
    let answer = zoom.get(&token, &path(&two["id"]));
    assert_eq!((answer.status, &answer.json()["id"]), (200, &one["id"]));
    assert_eq!(zoom.get(&token, &path(&two["id"])).json()["id"], two["id"]);
    // A reset knows no answers.
    zoom.control("POST", "reset", &json!({}));
    swap("GET");
    let token = zoom.s2s(S2S_APP, CLINIC);
    let three = zoom.create(&token, DOCTOR, &json!({}));
    assert_eq!(
        zoom.get(&token, &path(&three["id"])).json()["id"],
        three["id"]
    );
}

#[test]
fn a_late_answer_is_late_after_the_work() {
    let zoom = Zoom::start();
    let token = zoom.s2s(S2S_APP, CLINIC);
    zoom.control(
        "POST",
        "faults",
        &json!({"fault": {"kind": "delay_after_work", "ms": 60_000}}),
    );
    let path = format!("{}/v2/users/{DOCTOR}/meetings", zoom.http);
    let call = zoom
        .client
        .post(path)
        .bearer_auth(&token)
        .json(&json!({}))
        .timeout(Duration::from_secs(3));
    assert!(call.send().unwrap_err().is_timeout());
    assert_eq!(zoom.state()["meetings"].as_array().unwrap().len(), 1);
}

#[test]
fn both_listeners_share_the_state_and_name_themselves() {
    let directory = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("tls-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let (certificate, key) = (directory.join("cert.pem"), directory.join("key.pem"));
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let path = |path: &std::path::Path| path.to_str().unwrap().to_owned();
    let zoom = Zoom::start_with(&[
        "--tls-port",
        "0",
        "--tls-cert",
        &path(&certificate),
        "--tls-key",
        &path(&key),
    ]);
    std::fs::remove_dir_all(&directory).unwrap();

    let root = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    let secure = reqwest::blocking::Client::builder()
        .tls_certs_only([root])
        .no_proxy()
        .build()
        .unwrap();
    let https = zoom.https.clone().unwrap();
    assert!(https.starts_with("https://localhost:"));
    let form = [
        ("grant_type", "account_credentials"),
        ("account_id", CLINIC),
    ];
    let answer = send(
        secure
            .post(format!("{https}/oauth/token"))
            .basic_auth(S2S_APP.0, Some(S2S_APP.1))
            .form(&form),
    );
    let answer = answer.json();
    assert_eq!(answer["api_url"], https.as_str());
    // The token of the one listener is good on the other.
    let made = zoom.create(answer["access_token"].as_str().unwrap(), DOCTOR, &json!({}));
    assert!(made["join_url"].as_str().unwrap().starts_with(&zoom.http));
    assert!(
        zoom.client.get(&https).send().is_err(),
        "an unknown certificate must not pass"
    );
}

#[test]
fn the_host_header_names_the_listener() {
    let zoom = Zoom::start();
    let port = zoom.http.rsplit_once(':').unwrap().1;
    let answer = send(
        zoom.request("POST", "/oauth/token")
            .header("host", format!("localhost:{port}"))
            .basic_auth(S2S_APP.0, Some(S2S_APP.1))
            .form(&[
                ("grant_type", "account_credentials"),
                ("account_id", CLINIC),
            ]),
    );
    assert_eq!(answer.json()["api_url"], format!("http://localhost:{port}"));
}

#[test]
fn header_names_come_in_either_case() {
    let zoom = Zoom::start();
    let token = zoom.s2s(S2S_APP, CLINIC);
    let ask = format!(
        "GET /v2/users HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    for (switch, expected, other) in [
        ("title", "\r\nX-Zm-Trackingid: ", "\r\nx-zm-trackingid: "),
        ("lower", "\r\nx-zm-trackingid: ", "\r\nX-Zm-Trackingid: "),
    ] {
        zoom.control("POST", "settings", &json!({"header_names": switch}));
        let answer = raw(&zoom, &ask);
        assert!(answer.contains(expected), "{answer}");
        assert!(!answer.contains(other), "{answer}");
    }
}

#[test]
fn hundreds_of_connections_at_once() {
    let zoom = Zoom::start();
    zoom.switch(&json!({"rate_limits": false}));
    let token = zoom.s2s(S2S_APP, CLINIC);
    let address = zoom.http.strip_prefix("http://").unwrap();
    let mut streams: Vec<TcpStream> = (0..400)
        .map(|_| TcpStream::connect(address).unwrap())
        .collect();
    for stream in &mut streams {
        stream.write_all(create_raw(&token).as_bytes()).unwrap();
    }
    for stream in &mut streams {
        let mut start = [0; 12];
        stream.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 201");
    }
    let state = zoom.state();
    assert_eq!(state["meetings"].as_array().unwrap().len(), 400);
    assert!(state["connections"]["accepted"].as_u64().unwrap() >= 401);
}

#[test]
fn it_listens_on_loopback_only_and_wants_certificate_and_key() {
    let zoom = Zoom::start();
    assert!(zoom.http.starts_with("http://127.0.0.1:"));
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_fake-zoom"))
        .args(["--tls-port", "0"])
        .output()
        .unwrap();
    assert!(!output.status.success() && !output.stderr.is_empty());
}

#[test]
fn pages_for_people() {
    let zoom = Zoom::start();
    let front = send(zoom.request("GET", "/"));
    assert_eq!(
        (front.status, front.header("content-type")),
        (200, Some("text/html;charset=UTF-8"))
    );
    assert_eq!(send(zoom.request("GET", "/j/12345678901")).status, 404);
    assert_eq!(send(zoom.request("GET", "/nothing/here")).status, 404);
    assert_eq!(send(zoom.request("GET", "/oauth/token")).status, 405);
}
