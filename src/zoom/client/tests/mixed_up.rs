//! Answers that are not about what was asked for, and links that do not lead to Zoom: nobody is led to others by them.

use super::*;
use crate::zoom::error::Error;

const HOST_ID: &str = "dR0hOsTiD1exAmple_Zo-m";
const OTHERS: &str = "https://us02web.zoom.us/s/8?zak=zak-of-another";

/// An answer about meeting 8, as good as any.
fn of_another() -> String {
    echo(
        json!({"id": 8, "host_id": "x", "join_url": "https://us02web.zoom.us/j/8?pwd=y", "start_url": OTHERS}),
    )
}

fn assert_refused<T>(outcome: Result<T>) -> Error {
    let error = outcome.err().unwrap();
    assert_eq!(error.kind(), Kind::Api);
    assert!(error.is_retryable());
    assert!(error.message().contains("another"), "{}", error.message());
    for part in ["zoom.us", "zak", "pwd"] {
        assert!(!format!("{error:?}").contains(part), "{error:?}");
    }
    error
}

#[test]
fn a_start_url_is_fresh_and_leads_to_zoom_or_nowhere() {
    let world = World::new();
    let client = doctor(&world);
    world.http.answer(200, &echo(json!({"id": 7})));
    assert_eq!(
        client.start_url(number(7)).unwrap().as_str(),
        "https://us02web.zoom.us/s/7?zak=secret-zak"
    );
    for foreign in [
        json!("https://evil.example/s/7?zak=secret-zak"),
        json!("http://zoom.us/s/7?zak=secret-zak"),
        json!(null),
        json!(""),
    ] {
        world
            .http
            .answer(200, &echo(json!({"id": 7, "start_url": foreign})));
        let error = client.start_url(number(7)).err().unwrap();
        assert_eq!(error.kind(), Kind::Api);
        assert!(!error.message().contains("zak"));
    }
}

#[test]
fn an_answer_about_another_meeting_leads_nobody_there() {
    let world = World::new();
    let client = doctor(&world);
    world.http.answer(200, &of_another());
    assert_refused(client.start_url(number(7)));
    world.http.answer(200, &of_another());
    assert_refused(client.meeting(number(7)));
    world.http.answer(204, "").answer(200, &of_another());
    assert_refused(client.update_meeting(number(7), &request(None), false));
    assert!(world.http.is_done());
}

#[test]
fn a_start_link_without_a_meeting_is_none() {
    for body in [
        json!({"start_url": OTHERS}),
        json!({"id": null, "start_url": OTHERS}),
    ] {
        let world = World::new();
        let client = doctor(&world);
        world.http.answer(200, &body.to_string());
        assert!(client.start_url(number(7)).is_err());
    }
    let world = World::new();
    let client = doctor(&world);
    world.http.answer(200, &echo(json!({"id": "7"})));
    client.start_url(number(7)).unwrap();
}

#[test]
fn a_found_meeting_is_read_as_itself_or_not_at_all() {
    let world = World::new();
    let client = doctor(&world);
    let request = request_of(None, Some("site:visit:1"), json!({}));
    let listed: Value =
        serde_json::from_str(&echo(json!({"id": 7, "agenda": marker("site:visit:1")}))).unwrap();
    world
        .http
        .answer(200, &json!({"meetings": [listed]}).to_string())
        .answer(200, &of_another());
    assert_refused(client.ensure_meeting(&request, &[], None));
    assert!(world.http.is_done());
}

#[test]
fn a_list_of_another_host_is_not_taken_for_ones_own() {
    let listed = |hosts: &[&str]| {
        let meetings = hosts.iter().map(|host| {
            serde_json::from_str::<Value>(&echo(json!({"id": 8, "host_id": host}))).unwrap()
        });
        json!({"meetings": meetings.collect::<Vec<_>>()}).to_string()
    };
    let world = World::new();
    let client = account(&world);
    let request = request_of(Some(HOST_ID), Some("site:visit:1"), json!({}));
    world
        .http
        .answer(200, &listed(&["another", "another"]))
        .answer(200, &listed(&["another"]));
    assert_refused(client.ensure_meeting(&request, &[], None));
    assert_refused(client.meeting_page(Some(&host(HOST_ID)), None));
    assert!(world.http.is_done(), "nothing is created");
    world
        .http
        .answer(200, &listed(&["another", HOST_ID]))
        .answer(200, &listed(&[]))
        .answer(200, &listed(&["another"]));
    assert_eq!(client.meetings(Some(&host(HOST_ID))).unwrap().len(), 2);
    assert!(client.meetings(Some(&host(HOST_ID))).unwrap().is_empty());
    // Zoom may know an e-mail in another spelling.
    assert_eq!(
        client
            .meetings(Some(&host("doctor@clinic.example")))
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn an_answer_about_another_user_is_refused_where_an_id_was_asked_for() {
    let world = World::new();
    let client = account(&world);
    world.http.answer(200, r#"{"id":"another"}"#);
    assert_refused(client.user(Some(&host(HOST_ID))));
    let answer = json!({"id": HOST_ID, "email": "Doctor@Clinic.example"}).to_string();
    for host in [HOST_ID, "doctor@clinic.example"] {
        world.http.answer(200, &answer);
        assert_eq!(client.user(Some(&self::host(host))).unwrap().id(), HOST_ID);
    }
}

#[test]
fn a_creation_is_believed_for_its_own_visit_and_host_only() {
    let asked = request_of(Some(HOST_ID), Some("site:visit:1"), json!({}));
    for answer in [
        json!({"host_id": HOST_ID, "agenda": marker("site:visit:2")}),
        json!({"host_id": "another", "agenda": marker("site:visit:1")}),
        json!({"host_id": "another", "agenda": ""}),
    ] {
        let world = World::new();
        let client = account(&world);
        world.http.answer(201, &echo(answer.clone()));
        assert!(assert_refused(client.create_meeting(&asked)).is_maybe_delivered());
        world.http.answer(201, &echo(answer));
        let results = client.create_meetings(&[&asked]);
        assert!(assert_refused(results.into_iter().next().unwrap()).is_maybe_delivered());
    }
    let world = World::new();
    let client = account(&world);
    let own = json!({"host_id": HOST_ID, "agenda": marker("site:visit:1")});
    world.http.answer(201, &echo(own));
    client.create_meetings(&[&asked]).remove(0).unwrap();
}
