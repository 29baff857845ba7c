//! Exchanges with Zoom in bad weather: fake-zoom does the work, and everything around it may go wrong.

use fake_zoom::Reply;
use http::HeaderMap;
use http::HeaderName;
use http::HeaderValue;
use jiff::SignedDuration;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use telemed::visit::Seconds as _;
use telemed::zoom::http::Request;
use telemed::zoom::http::Response;
use telemed::zoom::http::SendError;
use telemed::zoom::http::SendFault;

use crate::choices::Weather;
use crate::point::Point;
use crate::world::Late;
use crate::world::World;

/// From one end of an exchange to the other.
const EXCHANGE: SignedDuration = SignedDuration::from_millis(200);
/// The engine waits so long for an answer.
const TIME_OUT_SECONDS: i64 = 15;
/// Zoom may still do what it was asked so long after.
const LATEST_SECONDS: i64 = 59;

impl World {
    /// One exchange, whatever becomes of it.
    ///
    /// # Errors
    /// When no whole answer comes.
    pub fn exchange(&self, request: &Request) -> Result<Response, SendError> {
        let asked = taken_over(request);
        self.sent.set(self.sent.get() + 1);
        let who = self.who_acts_meanwhile();
        self.meanwhile(who, true);
        let had_lost = self.has_lost_tokens.get();
        let is_of_tokens = asked.path == "/oauth/token";
        self.has_lost_tokens.set(had_lost || is_of_tokens);
        let outcome = self.under_way(request, &asked);
        self.meanwhile(who, false);
        let is_well = outcome
            .as_ref()
            .is_ok_and(|response| response.status == 200);
        if is_of_tokens && is_well {
            self.has_lost_tokens.set(had_lost);
        }
        self.tell_request(
            &asked,
            outcome.as_ref().map_or(0, |response| response.status),
            self.ordered.take().as_ref(),
        );
        self.note(|| match &outcome {
            Ok(response) => format!("{} -> {}", line(&asked), response.status),
            Err(error) => format!("{} -> {:?}", line(&asked), error.fault),
        });
        outcome
    }

    fn under_way(
        &self,
        request: &Request,
        asked: &fake_zoom::Request,
    ) -> Result<Response, SendError> {
        let is_away = |until| until > self.true_now();
        let is_away = self.away_until.get().is_some_and(is_away);
        if self.choices().weather() == Weather::Alone {
            return self.under_way_alone(asked, is_away);
        }
        if is_away {
            self.wait(EXCHANGE);
            return Err(failed(SendFault::Connect, false));
        }
        match self.pick(Point::Exchange) {
            1 => Err(failed(SendFault::Connect, false)),
            2 => {
                self.wait(EXCHANGE);
                Err(failed(SendFault::Closed, true))
            }
            3 => {
                self.wait(EXCHANGE);
                let _ = self.work(asked);
                Err(failed(SendFault::Closed, true))
            }
            4 => {
                self.do_late(asked);
                self.time_out(request)
            }
            5 => Self::kill(),
            6 => {
                let _ = self.work(asked);
                Self::kill()
            }
            7 => self.time_out(request),
            8 => {
                let _ = self.work(asked);
                self.time_out(request)
            }
            9 => {
                self.do_late(asked);
                self.wait(EXCHANGE);
                Self::kill()
            }
            10 => Ok(self.answer(&limited("QPS"))),
            11 => Ok(self.answer(&limited("Daily-limit"))),
            12 => {
                self.zoom.borrow_mut().forget_access_tokens();
                let reply = self.work(asked);
                Ok(self.answer(&reply))
            }
            13 => Ok(self.answer(&trouble(503))),
            14 => {
                let _ = self.work(asked);
                Ok(self.answer(&trouble(502)))
            }
            15 => {
                let mut reply = self.work(asked);
                reply.body.truncate(reply.body.len() / 2);
                Ok(self.answer(&reply))
            }
            16 => {
                let reply = self.work(asked);
                let other = self.last_answers.borrow_mut().replace(asked, &reply);
                // Without its marker a new meeting is like any other.
                let is_alike = self.plan.hides_descriptions && asked.method == "POST";
                let other = other.filter(|other| !is_alike && tells_whose_it_is(asked, other));
                Ok(self.answer(&other.unwrap_or(reply)))
            }
            _ => {
                self.wait(EXCHANGE);
                let reply = self.work(asked);
                self.last_answers.borrow_mut().replace(asked, &reply);
                Ok(self.answer(&reply))
            }
        }
    }

    /// What goes wrong is what fake-zoom's control API can order; exchanges about tokens go well. Nothing takes time: two clocks that
    /// stand tell the same.
    fn under_way_alone(
        &self,
        asked: &fake_zoom::Request,
        is_away: bool,
    ) -> Result<Response, SendError> {
        let way = match is_away {
            _ if asked.path == "/oauth/token" => 0,
            true => 1,
            false => self.pick(Point::Exchange),
        };
        let spoiled = spoiled(way);
        self.ordered.set(spoiled.as_ref().map(Spoiled::order));
        let is_to_work = spoiled.as_ref().is_none_or(Spoiled::is_after_work);
        let reply = is_to_work.then(|| self.work(asked));
        match (spoiled, reply) {
            (Some(Spoiled::Closed { .. }), _) => Err(failed(SendFault::Closed, true)),
            (Some(Spoiled::Answered { reply, .. }), _) | (None, Some(reply)) => {
                Ok(response(&reply))
            }
            (None, None) => Err(failed(SendFault::Engine, true)),
        }
    }

    fn answer(&self, reply: &Reply) -> Response {
        self.wait(EXCHANGE);
        response(reply)
    }

    /// Zoom does its work at once, and all that must hold at every moment is looked at.
    pub fn work(&self, request: &fake_zoom::Request) -> Reply {
        self.before_work(request);
        let reply = {
            let mut zoom = self.zoom.borrow_mut();
            zoom.set_clock(self.true_now());
            zoom.respond(request)
        };
        self.after_work(request, &reply);
        reply
    }

    fn do_late(&self, request: &fake_zoom::Request) {
        self.late.borrow_mut().push(Late {
            at: self.true_now().after(LATEST_SECONDS),
            request: request.clone(),
        });
    }

    fn time_out(&self, request: &Request) -> Result<Response, SendError> {
        let most = SignedDuration::from_secs(TIME_OUT_SECONDS);
        let time = request
            .timeout
            .and_then(|timeout| SignedDuration::try_from(timeout).ok())
            .map_or(most, |timeout| timeout.min(most));
        self.wait(time);
        Err(failed(SendFault::Timeout, true))
    }
}

/// How many ways there are to spoil a request that the control API can order, with the plain one.
pub const ALONE_WAYS: u8 = 12;

/// A request that is spoiled so that the control API can order it.
enum Spoiled {
    Closed { is_after_work: bool },
    Answered { is_after_work: bool, reply: Reply },
}

impl Spoiled {
    fn is_after_work(&self) -> bool {
        match self {
            Self::Closed { is_after_work } | Self::Answered { is_after_work, .. } => *is_after_work,
        }
    }

    /// As the control API takes it.
    fn order(&self) -> Value {
        match self {
            Self::Closed {
                is_after_work: false,
            } => json!({"kind": "close_before_work"}),
            Self::Closed {
                is_after_work: true,
            } => json!({"kind": "close_after_work"}),
            Self::Answered {
                is_after_work,
                reply,
            } => {
                let headers: Map<String, Value> = reply
                    .headers
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone().into()))
                    .collect();
                json!({
                    "kind": "status",
                    "status": reply.status,
                    "body": String::from_utf8_lossy(&reply.body),
                    "content_type": reply.content_type,
                    "headers": headers,
                    "after_work": is_after_work,
                })
            }
        }
    }
}

fn spoiled(way: u8) -> Option<Spoiled> {
    let answered = |is_after_work, reply| {
        Some(Spoiled::Answered {
            is_after_work,
            reply,
        })
    };
    match way {
        1 => Some(Spoiled::Closed {
            is_after_work: false,
        }),
        2 => Some(Spoiled::Closed {
            is_after_work: true,
        }),
        3 => answered(false, limited("QPS")),
        4 => answered(false, limited("Daily-limit")),
        5 => answered(false, trouble(503)),
        6 => answered(true, trouble(502)),
        7 => answered(
            false,
            said(400, r#"{"code":300,"message":"Validation Failed."}"#),
        ),
        8 => answered(
            false,
            said(401, r#"{"code":124,"message":"Invalid access token."}"#),
        ),
        9 => answered(true, said(200, r#"{"id":8"#)),
        10 => answered(
            false,
            said(404, r#"{"code":3001,"message":"Meeting does not exist."}"#),
        ),
        11 => answered(
            false,
            said(500, r#"{"code":500,"message":"Internal error."}"#),
        ),
        _ => None,
    }
}

fn said(status: u16, body: &str) -> Reply {
    Reply {
        status,
        content_type: Some("application/json;charset=UTF-8".to_owned()),
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    }
}

/// What is asked, in few words.
#[must_use]
pub fn line(request: &fake_zoom::Request) -> String {
    let body = String::from_utf8_lossy(&request.body);
    let start = body
        .split_once("\"start_time\":\"")
        .and_then(|(_, rest)| rest.get(..20))
        .map(|start| format!(" for {start}"))
        .unwrap_or_default();
    format!("{} {}{start}", request.method, request.path)
}

/// Nobody can see that a list is another's when it is empty, nor that it is an old one of the same host.
fn tells_whose_it_is(asked: &fake_zoom::Request, other: &Reply) -> bool {
    let host = asked.path.split('/').nth(3).unwrap_or_default();
    let is_list = asked.method == "GET" && asked.path.ends_with("/meetings");
    let names = |text: &[u8]| other.body.windows(text.len()).any(|part| part == text);
    !is_list || (host != "me" && names(b"\"host_id\":") && !names(host.as_bytes()))
}

fn taken_over(request: &Request) -> fake_zoom::Request {
    let mut asked = fake_zoom::Request::new(request.method.as_str(), request.url.as_str());
    for (name, value) in &request.headers {
        asked.put(name.as_str(), value.to_str().unwrap_or_default());
    }
    asked.body = request.body.clone().into();
    asked
}

fn response(reply: &Reply) -> Response {
    let mut headers = HeaderMap::with_capacity(reply.headers.len() + 1);
    let named = reply
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .chain(
            reply
                .content_type
                .as_deref()
                .map(|value| ("content-type", value)),
        );
    for (name, value) in named {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            headers.append(name, value);
        }
    }
    Response {
        status: reply.status,
        headers,
        body: reply.body.clone(),
    }
}

fn failed(fault: SendFault, maybe_delivered: bool) -> SendError {
    SendError {
        fault,
        maybe_delivered,
        detail: "the weather".to_owned(),
    }
}

fn limited(kind: &str) -> Reply {
    Reply {
        status: 429,
        content_type: Some("application/json;charset=UTF-8".to_owned()),
        headers: vec![
            ("X-RateLimit-Type".to_owned(), kind.to_owned()),
            ("X-RateLimit-Limit".to_owned(), "20".to_owned()),
        ],
        body: br#"{"code":429,"message":"You have reached a limit."}"#.to_vec(),
    }
}

fn trouble(status: u16) -> Reply {
    Reply {
        status,
        content_type: Some("text/html".to_owned()),
        headers: Vec::new(),
        body: b"<html>Bad gateway</html>".to_vec(),
    }
}
