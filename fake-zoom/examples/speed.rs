//! How long the library takes for each kind of exchange:
//! `cargo run --locked --profile sim -p fake-zoom --example speed [rounds]`

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a tool by hand: it measures real time and prints"
)]

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fake_zoom::{FakeZoom, Reply, Request};
use jiff::SignedDuration;
use serde_json::{Value, json};

const MEETINGS: usize = 30;
const HOST: &str = "dR0hOsTiD1exAmple_Zo-m";

fn token_request() -> Request {
    let mut request = Request::new("POST", "https://zoom.us/oauth/token");
    let basic = STANDARD.encode("s2sCliEnTiDeXaMpLe0123:s2sSeCrEtExAmPlE0123456789abcdef");
    request.put("authorization", &format!("Basic {basic}"));
    request.put("content-type", "application/x-www-form-urlencoded");
    request.body = "grant_type=account_credentials&account_id=Ab12cDefGhIjKlMnOpQrSt".into();
    request
}

fn api_request(token: &str, method: &str, path: &str, body: Option<&Value>) -> Request {
    let mut request = Request::new(method, &format!("https://api.zoom.us/v2{path}"));
    request.put("authorization", &format!("Bearer {token}"));
    if let Some(body) = body {
        request.put("content-type", "application/json");
        request.body = body.to_string().into();
    }
    request
}

fn field(reply: &Reply, name: &str) -> Value {
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    body.get(name).cloned().unwrap_or_default()
}

/// What each kind of exchange took, over all rounds.
struct Times(Vec<(&'static str, Vec<Duration>)>);

impl Times {
    fn measure<T>(&mut self, name: &'static str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let done = work();
        let took = start.elapsed();
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, all)) => all.push(took),
            None => self.0.push((name, vec![took])),
        }
        done
    }

    /// One exchange, whose status must be `status`.
    fn exchange(
        &mut self,
        name: &'static str,
        zoom: &mut FakeZoom,
        request: &Request,
        status: u16,
    ) -> Reply {
        let reply = self.measure(name, || zoom.respond(request));
        assert_eq!(reply.status, status, "{name}");
        reply
    }
}

fn main() {
    let mut times = Times(Vec::new());
    let asked = json!({
        "topic": "Video visit", "type": 2, "start_time": "2026-12-01T10:00:00Z", "duration": 30,
        "timezone": "Europe/Berlin", "agenda": "telemed:visit:0123456789abcdef0123456789abcdef",
        "settings": {"waiting_room": true, "join_before_host": false, "auto_recording": "none"},
    });
    let change =
        json!({"start_time": "2026-12-02T10:00:00Z", "duration": 45, "timezone": "Europe/Berlin"});
    let meetings = format!("/users/{HOST}/meetings");
    let rounds = std::env::args().nth(1);
    let rounds: u32 = rounds.map_or(3000, |rounds| rounds.parse().unwrap());
    for round in 0..rounds {
        let mut zoom = times.measure("a new Zoom", || {
            FakeZoom::new(u64::from(round), "2026-11-30T09:00:00Z".parse().unwrap())
        });
        let reply = times.exchange("token", &mut zoom, &token_request(), 200);
        let token = field(&reply, "access_token").as_str().unwrap().to_owned();
        let create = api_request(&token, "POST", &meetings, Some(&asked));
        for _ in 1..MEETINGS {
            assert_eq!(zoom.respond(&create).status, 201);
            zoom.advance(SignedDuration::from_secs(1));
        }
        let reply = times.exchange("create", &mut zoom, &create, 201);
        let path = format!("/meetings/{}", field(&reply, "id"));
        let request = |method, body| api_request(&token, method, &path, body);
        times.exchange("get", &mut zoom, &request("GET", None), 200);
        times.exchange("patch", &mut zoom, &request("PATCH", Some(&change)), 204);
        let list = api_request(&token, "GET", &format!("{meetings}?page_size=300"), None);
        times.exchange("list of 30", &mut zoom, &list, 200);
        times.exchange("delete", &mut zoom, &request("DELETE", None), 204);
        let user = api_request(&token, "GET", &format!("/users/{HOST}"), None);
        times.exchange("user", &mut zoom, &user, 200);
        let settings = api_request(&token, "GET", &format!("/users/{HOST}/settings"), None);
        times.exchange("user's settings", &mut zoom, &settings, 200);
    }
    println!("microseconds    median   mean");
    for (name, mut all) in times.0 {
        all.sort_unstable();
        let median = all.get(all.len() / 2).unwrap().as_secs_f64() * 1e6;
        let mean = all.iter().sum::<Duration>().as_secs_f64() * 1e6 / f64::from(rounds);
        println!("{name:16}{median:6.1} {mean:6.1}");
    }
}
