//! Faults that the control API orders: which requests they hit, how often, and what they do.

use serde::Deserialize;

use crate::message::{Reply, Request};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    #[serde(rename = "match", default)]
    matcher: Matcher,
    #[serde(default = "once")]
    times: i64,
    #[serde(default)]
    skip: u64,
    fault: Fault,
}

fn once() -> i64 {
    1
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Matcher {
    method: Option<String>,
    /// A prefix of the path as sent.
    path: Option<String>,
    body_contains: Option<String>,
}

impl Matcher {
    fn hits(&self, request: &Request) -> bool {
        let fits = |wanted: &Option<String>, test: &dyn Fn(&str) -> bool| {
            wanted.as_deref().is_none_or(test)
        };
        fits(&self.method, &|method| {
            request.method.eq_ignore_ascii_case(method)
        }) && fits(&self.path, &|path| request.path.starts_with(path))
            && fits(&self.body_contains, &|part| {
                request.body_text().contains(part)
            })
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Fault {
    Status {
        status: u16,
        #[serde(default)]
        body: String,
        #[serde(default = "html")]
        content_type: String,
        #[serde(default)]
        headers: std::collections::BTreeMap<String, String>,
        /// Does the work first and answers this in place of its result.
        #[serde(default)]
        after_work: bool,
    },
    Delay {
        ms: u64,
        then: Option<Box<Fault>>,
    },
    DelayAfterWork {
        ms: u64,
        then: Option<Box<Fault>>,
    },
    CloseBeforeWork,
    CloseAfterWork,
    Truncate {
        bytes: usize,
    },
    Swap,
}

fn html() -> String {
    "text/html".to_owned()
}

/// What the server has to do to one request; the default is nothing special.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Names of the faults, for the log.
    pub name: Option<String>,
    pub delay_before_ms: u64,
    pub close_before: bool,
    /// Answer this without doing the work.
    pub replace: Option<Reply>,
    /// Answer this after doing the work.
    pub replace_after: Option<Reply>,
    pub delay_after_ms: u64,
    pub close_after: bool,
    pub truncate: Option<usize>,
    /// Answer what the last request of this kind was answered.
    pub swap: bool,
}

impl Plan {
    fn add(&mut self, fault: &Fault) {
        let name = match fault {
            Fault::Status {
                status,
                body,
                content_type,
                headers,
                after_work,
            } => {
                let reply = Reply {
                    status: *status,
                    content_type: (!body.is_empty()).then(|| content_type.clone()),
                    headers: headers.clone().into_iter().collect(),
                    body: body.clone().into_bytes(),
                };
                if *after_work {
                    self.replace_after = Some(reply);
                } else {
                    self.replace = Some(reply);
                }
                "status"
            }
            Fault::Delay { ms, .. } => {
                self.delay_before_ms += ms;
                "delay"
            }
            Fault::DelayAfterWork { ms, .. } => {
                self.delay_after_ms += ms;
                "delay_after_work"
            }
            Fault::CloseBeforeWork => {
                self.close_before = true;
                "close_before_work"
            }
            Fault::CloseAfterWork => {
                self.close_after = true;
                "close_after_work"
            }
            Fault::Truncate { bytes } => {
                self.truncate = Some(*bytes);
                "truncate"
            }
            Fault::Swap => {
                self.swap = true;
                "swap"
            }
        };
        self.name = Some(
            self.name
                .take()
                .map_or_else(|| name.to_owned(), |before| format!("{before}+{name}")),
        );
        if let Fault::Delay {
            then: Some(then), ..
        }
        | Fault::DelayAfterWork {
            then: Some(then), ..
        } = fault
        {
            self.add(then);
        }
    }
}

/// The faults in force, in the order in which they were given.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    next_id: u64,
    orders: Vec<(u64, Order)>,
}

impl Faults {
    pub fn add(&mut self, order: Order) -> u64 {
        self.next_id += 1;
        self.orders.push((self.next_id, order));
        self.next_id
    }

    pub fn clear(&mut self) {
        self.orders.clear();
    }

    /// The first fault that matches is used up by one; one that is still skipping lets the next have its turn.
    pub fn plan(&mut self, request: &Request) -> Plan {
        let mut plan = Plan::default();
        for (_, order) in &mut self.orders {
            if order.times == 0 || !order.matcher.hits(request) {
                continue;
            }
            if order.skip > 0 {
                order.skip -= 1;
                continue;
            }
            if order.times > 0 {
                order.times -= 1;
            }
            plan.add(&order.fault);
            break;
        }
        self.orders.retain(|(_, order)| order.times != 0);
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, path: &str, body: &str) -> Request {
        Request {
            connection: 1,
            method: method.into(),
            path: path.into(),
            query: String::new(),
            headers: Vec::new(),
            body: bytes::Bytes::copy_from_slice(body.as_bytes()),
            base_url: String::new(),
        }
    }

    fn order(text: &str) -> Order {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn matches_skips_and_ends() {
        let mut faults = Faults::default();
        faults.add(order(
            r#"{"match":{"method":"post","path":"/oauth/","body_contains":"refresh"},"skip":1,"times":2,
               "fault":{"kind":"close_after_work"}}"#,
        ));
        let hit = request("POST", "/oauth/token", "grant_type=refresh_token");
        let names: Vec<_> = (0..4).map(|_| faults.plan(&hit).name).collect();
        let close = Some("close_after_work".to_owned());
        assert_eq!(names, [None, close.clone(), close, None]);
        faults.add(order(
            r#"{"fault":{"kind":"truncate","bytes":20},"match":{"path":"/v2"},"times":-1}"#,
        ));
        assert!(faults.plan(&hit).name.is_none());
        for _ in 0..9 {
            assert_eq!(
                faults.plan(&request("GET", "/v2/users/me", "")).truncate,
                Some(20)
            );
        }
        faults.clear();
        assert!(
            faults
                .plan(&request("GET", "/v2/users/me", ""))
                .name
                .is_none()
        );
    }

    #[test]
    fn delay_goes_on_to_another_fault() {
        let mut faults = Faults::default();
        faults.add(order(r#"{"fault":{"kind":"delay","ms":5,"then":{"kind":"status","status":502,"body":"<html>"}}}"#));
        let plan = faults.plan(&request("GET", "/", ""));
        assert_eq!(
            (plan.name.as_deref(), plan.delay_before_ms),
            (Some("delay+status"), 5)
        );
        let reply = plan.replace.unwrap();
        assert_eq!(
            (reply.status, reply.content_type.as_deref()),
            (502, Some("text/html"))
        );
    }

    #[test]
    fn refuses_orders_it_does_not_understand() {
        for text in [
            r#"{"fault":{"kind":"explode"}}"#,
            r#"{"fault":{"kind":"delay","ms":1},"time":3}"#,
            "{}",
        ] {
            assert!(serde_json::from_str::<Order>(text).is_err(), "{text}");
        }
    }
}
