//! Stand-ins for the outside, for unit tests: a clock that stands still, a store in memory, a scripted network.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed unwrap is a failed test"
)]

use std::cell::Cell;
use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;

use super::client_id::ClientId;
use super::clock::Clock;
use super::context::Context;
use super::endpoints::Endpoints;
use super::error::Error;
use super::error::Result;
use super::grant::Place;
use super::host::Host;
use super::http::Http;
use super::http::Request;
use super::http::Response;
use super::http::SendError;
use super::http::SendFault;
use super::known_tokens::KnownTokens;
use super::meeting_id::MeetingId;
use super::pace::Pace;
use super::record;
use super::record::Record;
use super::secret::Secret;
use super::subject::Subject;
use super::token_endpoint::Credentials;
use super::token_endpoint::TokenAnswer;
use super::token_store::TokenStore;
use super::tokens::Tokens;
use super::vault::Vault;

/// A clock that moves only when told to or slept on, with a repeatable random source.
pub(super) struct FixedClock {
    now: Cell<Timestamp>,
    start: Timestamp,
    seed: Cell<u64>,
    pub slept: RefCell<Vec<Duration>>,
}

impl Default for FixedClock {
    fn default() -> Self {
        let start = "2026-11-24T10:00:00Z".parse().unwrap();
        Self {
            now: Cell::new(start),
            start,
            seed: Cell::new(0x9E37_79B9_7F4A_7C15),
            slept: RefCell::default(),
        }
    }
}

impl FixedClock {
    pub(super) fn advance(&self, duration: Duration) {
        self.now
            .set(self.now.get() + jiff::SignedDuration::try_from(duration).unwrap());
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        self.now.get()
    }

    fn monotonic(&self) -> Duration {
        Duration::try_from(self.now.get().duration_since(self.start)).unwrap()
    }

    fn sleep(&self, duration: Duration) {
        self.slept.borrow_mut().push(duration);
        self.advance(duration);
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            // xorshift: repeatable, and good enough for tests.
            let mut x = self.seed.get();
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            self.seed.set(x);
            *byte = x.to_le_bytes()[3];
        }
    }
}

/// A store in memory that counts and can be told to fail.
#[derive(Default)]
pub(super) struct MemoryStore {
    pub records: RefCell<HashMap<String, String>>,
    pub locked: RefCell<Vec<String>>,
    pub fail_saves: Cell<u32>,
    pub refuse_lock: Cell<bool>,
    /// Runs once, right after the next lock was taken: what another process did meanwhile.
    pub on_lock: RefCell<Option<Meanwhile>>,
    /// So many saves answer `false` and store nothing.
    pub lie_on_saves: Cell<u32>,
}

/// What another process does.
pub(super) type Meanwhile = Box<dyn FnOnce(&MemoryStore)>;

impl TokenStore for MemoryStore {
    fn load(&self, key: &str) -> Result<Option<String>> {
        Ok(self.records.borrow().get(key).cloned())
    }

    fn save(&self, key: &str, sealed: &str, replaces: Option<&str>) -> Result<bool> {
        if self.fail_saves.get() > 0 {
            self.fail_saves.set(self.fail_saves.get() - 1);
            return Err(Error::store("the disk is full"));
        }
        if self.lie_on_saves.get() > 0 {
            self.lie_on_saves.set(self.lie_on_saves.get() - 1);
            return Ok(false);
        }
        let mut records = self.records.borrow_mut();
        if records.get(key).map(String::as_str) != replaces {
            return Ok(false);
        }
        records.insert(key.to_owned(), sealed.to_owned());
        Ok(true)
    }

    fn delete(&self, key: &str) -> Result<()> {
        self.records.borrow_mut().remove(key);
        Ok(())
    }

    fn lock(&self, key: &str, _wait: Duration) -> Result<bool> {
        if self.refuse_lock.get() {
            return Ok(false);
        }
        assert!(
            !self.locked.borrow().iter().any(|held| held == key),
            "locked twice"
        );
        self.locked.borrow_mut().push(key.to_owned());
        if let Some(meanwhile) = self.on_lock.borrow_mut().take() {
            meanwhile(self);
        }
        Ok(true)
    }

    fn unlock(&self, key: &str) -> Result<()> {
        self.locked.borrow_mut().retain(|held| held != key);
        Ok(())
    }
}

/// What was sent, for a test to look at.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub line: String,
    pub body: String,
    pub authorization: String,
    pub timeout: Option<Duration>,
}

/// A network that answers from a script and fails the test when asked for more.
#[derive(Default)]
pub(super) struct ScriptedHttp {
    answers: RefCell<VecDeque<Result<Response, SendError>>>,
    pub sent: RefCell<Vec<Sent>>,
    /// Looks at each request, by method and path, at the moment when it is sent.
    pub on_send: RefCell<Option<OnSend>>,
}

type OnSend = Box<dyn Fn(&str)>;

impl ScriptedHttp {
    pub(super) fn answer(&self, status: u16, body: &str) -> &Self {
        self.answer_with(status, &[], body)
    }

    pub(super) fn answer_with(
        &self,
        status: u16,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> &Self {
        let mut map = HeaderMap::new();
        map.insert(
            "content-type",
            "application/json;charset=UTF-8".parse().unwrap(),
        );
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        self.answers.borrow_mut().push_back(Ok(Response {
            status,
            headers: map,
            body: body.as_bytes().to_vec(),
        }));
        self
    }

    pub(super) fn fail(&self, fault: SendFault, maybe_delivered: bool) -> &Self {
        self.answers.borrow_mut().push_back(Err(SendError {
            fault,
            maybe_delivered,
            detail: "scripted".into(),
        }));
        self
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.sent
            .borrow()
            .iter()
            .map(|sent| sent.line.clone())
            .collect()
    }

    pub(super) fn bodies(&self) -> Vec<String> {
        self.sent
            .borrow()
            .iter()
            .map(|sent| sent.body.clone())
            .collect()
    }

    pub(super) fn is_done(&self) -> bool {
        self.answers.borrow().is_empty()
    }
}

impl Http for ScriptedHttp {
    fn send(&self, request: Request) -> Result<Response, SendError> {
        let query = request
            .url
            .query()
            .map(|q| format!("?{q}"))
            .unwrap_or_default();
        let line = format!("{} {}{query}", request.method.as_str(), request.url.path());
        if let Some(look) = &*self.on_send.borrow() {
            look(&line);
        }
        self.sent.borrow_mut().push(Sent {
            line: line.clone(),
            body: String::from_utf8(request.body).unwrap(),
            authorization: request
                .headers
                .get("authorization")
                .map(|value| value.to_str().unwrap().to_owned())
                .unwrap_or_default(),
            timeout: request.timeout,
        });
        self.answers
            .borrow_mut()
            .pop_front()
            .unwrap_or_else(|| panic!("nobody expected {line}"))
    }

    fn send_all(
        &self,
        requests: Vec<Request>,
        pace: &mut Pace,
    ) -> Vec<Result<Response, SendError>> {
        requests
            .into_iter()
            .map(|request| {
                let answer = self.send(request);
                if let Ok(response) = &answer {
                    pace.learn(response.status, &response.headers);
                }
                answer
            })
            .collect()
    }
}

/// One small world for a test.
pub(super) struct World {
    pub http: Rc<ScriptedHttp>,
    pub clock: Rc<FixedClock>,
    pub store: Rc<MemoryStore>,
    pub context: Context,
}

impl World {
    pub(super) fn new() -> Self {
        let http = Rc::new(ScriptedHttp::default());
        let clock = Rc::new(FixedClock::default());
        let store = Rc::new(MemoryStore::default());
        let key = Vault::generate_key(&*clock);
        let context = Context {
            http: http.clone(),
            clock: clock.clone(),
            store: store.clone(),
            vault: Rc::new(Vault::new(&[key]).unwrap()),
            known: Rc::new(KnownTokens::default()),
            endpoints: Rc::new(Endpoints::new("https://zoom.us", "https://api.zoom.us").unwrap()),
        };
        Self {
            http,
            clock,
            store,
            context,
        }
    }

    /// The same store and network, seen from another process: nothing is remembered.
    pub(super) fn other_process(&self) -> Context {
        Context {
            known: Rc::new(KnownTokens::default()),
            ..self.context.clone()
        }
    }
}

/// Scopes that are enough for everything, in the classic naming.
pub(super) const SCOPES: &str = "meeting:write meeting:read user:read";

/// The app of the examples in Zoom's reference.
pub(super) fn credentials() -> Credentials {
    Credentials {
        client_id: ClientId::new("cLiEnTiDeXaMpLe0123456").unwrap(),
        client_secret: Secret::new("cLiEnTsEcReTeXaMpLe0123456789abc"),
    }
}

/// A meeting's number.
pub(super) fn number(id: i64) -> MeetingId {
    MeetingId::new(id).unwrap()
}

/// A host.
pub(super) fn host(text: &str) -> Host {
    Host::new(text).unwrap()
}

/// A subject.
pub(super) fn doctor(subject: &str) -> Subject {
    Subject::new(subject).unwrap()
}

/// The tokens of doctor `12`, as a process with this context sees them.
pub(super) fn user_tokens(context: &Context) -> Tokens {
    Tokens::of_user(context.clone(), credentials(), &doctor("12"), Place::Active)
}

/// The tokens of the account, as a process with this context sees them.
pub(super) fn account_tokens(context: &Context) -> Tokens {
    Tokens::of_account(context.clone(), credentials(), "AcCoUnTiDeXaMpLe012345")
}

/// A token answer with `access-NAME` and `refresh-NAME`.
pub(super) fn token_answer(name: &str) -> String {
    serde_json::json!({
        "access_token": format!("access-{name}"), "refresh_token": format!("refresh-{name}"),
        "token_type": "bearer", "expires_in": 3599, "scope": SCOPES, "api_url": "https://api.zoom.us",
    })
    .to_string()
}

/// A record with `access-NAME` and `refresh-NAME`, good for an hour from `now`.
pub(super) fn record(name: &str, now: Timestamp) -> Record {
    Record::connected(
        TokenAnswer {
            access_token: Secret::new(format!("access-{name}")),
            refresh_token: Some(Secret::new(format!("refresh-{name}"))),
            expires_in: Some(3599),
            scopes: SCOPES.split(' ').map(str::to_owned).collect(),
            api_url: None,
        },
        now,
    )
}

impl World {
    /// Puts a record under the key, as another process would.
    pub(super) fn put(&self, tokens: &Tokens, record: &Record) {
        let sealed = record::seal(&self.context, tokens.key(), record).unwrap();
        let mut records = self.store.records.borrow_mut();
        records.insert(tokens.key().to_owned(), sealed);
    }

    /// What is stored under the key, if it can be opened.
    pub(super) fn stored(&self, tokens: &Tokens) -> Option<Record> {
        record::load(&self.context, tokens.key())
            .unwrap()
            .map(|stored| stored.value)
    }

    /// Two hours later: every access token is past its end.
    pub(super) fn two_hours_later(&self) {
        self.clock.advance(Duration::from_secs(7_200));
    }
}
