//! Section 4 of the reference, and appendix A.5.

use serde_json::json;

use crate::support::{Answer, CLINIC, DOCTOR, S2S_APP, Zoom};

fn category(answer: &Answer) -> [Option<&str>; 4] {
    [
        "x-ratelimit-category",
        "x-ratelimit-type",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
    ]
    .map(|name| answer.header(name))
}

#[test]
fn per_second() {
    let zoom = Zoom::start();
    zoom.amend("accounts", CLINIC, &json!({"plan": "Pro"}));
    let token = zoom.s2s(S2S_APP, CLINIC);
    let answers: Vec<Answer> = (0..200).map(|_| zoom.get(&token, "/users")).collect();
    let refused = answers
        .iter()
        .find(|answer| answer.status == 429)
        .expect("200 calls do not fit into Pro's seconds");
    assert_eq!(
        refused.text,
        r#"{"code":429,"message":"You have reached the maximum per-second rate limit for this API. Try again later."}"#
    );
    assert_eq!(
        category(refused),
        [Some("Medium"), Some("QPS"), Some("20"), Some("0")]
    );
    assert_eq!(refused.header("retry-after"), None);
    assert_eq!(answers[0].status, 200);
    assert_eq!(
        category(&answers[0])[..3],
        [Some("Medium"), Some("QPS"), Some("20")]
    );
    zoom.switch(&json!({"rate_limits": false}));
    assert!((0..60).all(|_| zoom.get(&token, "/users").status == 200));
}

#[test]
fn a_hundred_writes_per_host_and_day() {
    let zoom = Zoom::start();
    zoom.control("POST", "clock", &json!({"set": "2030-01-01T10:00:00Z"}));
    let token = zoom.s2s(S2S_APP, CLINIC);
    let meeting = zoom.create(
        &token,
        DOCTOR,
        &json!({"start_time": "2030-02-01T10:00:00Z"}),
    );
    let path = format!("/meetings/{}", meeting["id"]);
    let change = || loop {
        let answer = zoom.call(&token, "PATCH", &path, Some(&json!({"duration": 20})));
        if answer.header("x-ratelimit-type") != Some("QPS") || answer.status != 429 {
            break answer;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    for _ in 1..100 {
        assert_eq!(change().status, 204);
    }
    let refused = change();
    assert_eq!(
        refused.error(),
        (429, 429, "You have exceeded the daily rate limit (100) of Meeting Create/Update API requests permitted for this particular user. You may resume these requests at GMT 00:00:00.".into())
    );
    assert_eq!(category(&refused)[..3], [Some("Light"), None, Some("80")]);
    assert_eq!(refused.header("retry-after"), None);
    // Reading, deleting, and another host go on.
    assert_eq!(zoom.get(&token, &path).status, 200);
    zoom.create(&token, "doctor2%40clinic.example", &json!({}));
    zoom.control("POST", "clock", &json!({"set": "2030-01-02T00:00:00Z"}));
    let token = zoom.s2s(S2S_APP, CLINIC);
    assert_eq!(
        zoom.call(&token, "PATCH", &path, Some(&json!({}))).status,
        204
    );
}
