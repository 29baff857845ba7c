//! A booking through WordPress' REST from end to end, without Zoom's round trip, against the smallest authenticated route that
//! WordPress itself has.

use std::thread;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;
use ureq::Agent;

use super::contender::limit;
use crate::fake_zoom::CLINIC;
use crate::fake_zoom::DOCTOR;
use crate::figure::Figure;
use crate::figure::Goal;
use crate::php;
use crate::report::Report;
use crate::setting::Setting;
use crate::stage::Stage;
use crate::statistics::median;

const ROUNDS: usize = 9;
const CALLS: usize = 8;
/// Before each call: what the one before still does after its answer, such as mailing, is not in the next one's time.
const PAUSE: Duration = Duration::from_millis(50);
const SMALLEST_ROUTE: &str = "wp/v2/users/me?_fields=id";

/// The doctor, logged in.
#[derive(Deserialize)]
struct Session {
    cookie: String,
    nonce: String,
    doctor: u64,
}

pub fn measure(setting: &Setting, report: &mut Report) -> anyhow::Result<()> {
    let account = json!({
        "account_id": CLINIC.id,
        "client_id": CLINIC.client_id,
        "client_secret": CLINIC.client_secret,
        "host": DOCTOR,
    });
    let session: Session =
        serde_json::from_str(&php::order_site(setting, "session", &account.to_string())?)?;
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(30)))
        .http_status_as_error(false)
        .proxy(None)
        .build()
        .into();
    let stage = Stage::new(setting, "booking", Duration::ZERO, CLINIC, DOCTOR)?;
    let mut zoom = stage.bare_client(setting)?;
    let (mut overheads, mut bookings, mut routes, mut zooms) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        setting.zoom.clear_log()?;
        let booking = timed(|| book(setting, &agent, &session))?;
        setting.zoom.demand_created("booking", CALLS)?;
        let route = timed(|| smallest(setting, &agent, &session))?;
        let exchange = median(&limit(&mut zoom, &stage.request, CALLS)?.walls)?;
        // The first round warms the worker.
        if round > 0 {
            overheads.push((booking - exchange) / route);
            bookings.push(booking);
            routes.push(route);
            zooms.push(exchange);
        }
    }
    report.add(Figure::new(
        "booking.overhead_ratio",
        "Booking through REST without Zoom's round trip, over WordPress' smallest authenticated route",
        "",
        Goal::AtMost(1.5),
        &overheads,
        [
            ("booking_seconds".to_owned(), median(&bookings)?),
            ("smallest_route_seconds".to_owned(), median(&routes)?),
            ("zoom_seconds".to_owned(), median(&zooms)?),
        ],
    )?);
    Ok(())
}

fn timed(mut call: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let mut times = Vec::new();
    for _ in 0..CALLS {
        thread::sleep(PAUSE);
        let start = Instant::now();
        call()?;
        times.push(start.elapsed().as_secs_f64());
    }
    median(&times)
}

fn book(setting: &Setting, agent: &Agent, session: &Session) -> anyhow::Result<()> {
    let start = Timestamp::now() + SignedDuration::from_hours(48);
    let mut answer = agent
        .post(format!("{}/wp-json/telemed/v1/visits", setting.site.url))
        .header("Cookie", &session.cookie)
        .header("X-WP-Nonce", &session.nonce)
        .send_json(json!({
            "doctor": session.doctor,
            "start": start.strftime("%Y-%m-%dT%H:00:00Z").to_string(),
            "minutes": 25,
            "timezone": "Europe/Berlin",
        }))?;
    let status = answer.status().as_u16();
    let body = answer.body_mut().read_to_string()?;
    let made: Value = serde_json::from_str(&body).with_context(|| body.clone())?;
    anyhow::ensure!(
        status == 201 && made.get("meeting_id").is_some_and(Value::is_number),
        "the booking was answered {status}: {body}"
    );
    Ok(())
}

fn smallest(setting: &Setting, agent: &Agent, session: &Session) -> anyhow::Result<()> {
    let mut answer = agent
        .get(format!("{}/wp-json/{SMALLEST_ROUTE}", setting.site.url))
        .header("Cookie", &session.cookie)
        .header("X-WP-Nonce", &session.nonce)
        .call()?;
    let body: Value = answer.body_mut().read_json()?;
    anyhow::ensure!(
        body.get("id").and_then(Value::as_u64) == Some(session.doctor),
        "the smallest route was answered {body}"
    );
    Ok(())
}
