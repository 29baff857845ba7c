//! What the core needs from outside, in memory: a Zoom that gives one answer to everything, a store, a clock.

use std::cell::Cell;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use telemed::zoom::Clock;
use telemed::zoom::Context;
use telemed::zoom::Endpoints;
use telemed::zoom::Error;
use telemed::zoom::Http;
use telemed::zoom::TokenStore;
use telemed::zoom::Vault;
use telemed::zoom::http::Request;
use telemed::zoom::http::Response;
use telemed::zoom::http::SendError;
use telemed::zoom::known_tokens::KnownTokens;
use telemed::zoom::pace::Pace;

/// No call of the core asks Zoom more often than this, whatever it answers.
const MOST_REQUESTS: u32 = 2_000;
/// What must not stand in any error.
pub const SECRETS: [&str; 4] = [
    "sEcReT-of-the-app",
    "sEcReT-access-token",
    "sEcReT-refresh-token",
    "sEcReT-verifier",
];

/// What Zoom says to everything.
#[derive(Clone, Default)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// Zoom.
pub struct OneAnswer {
    /// To requests under `/oauth/`.
    pub tokens: Answer,
    /// To all others.
    pub api: Answer,
    requests: Cell<u32>,
}

impl Http for OneAnswer {
    fn send(&self, request: Request) -> Result<Response, SendError> {
        self.requests.set(self.requests.get() + 1);
        assert!(self.requests.get() < MOST_REQUESTS, "it asks without end");
        let oauth = request.url.path().starts_with("/oauth/");
        let answer = if oauth { &self.tokens } else { &self.api };
        Ok(Response {
            status: answer.status,
            headers: answer.headers.clone(),
            body: answer.body.clone(),
        })
    }

    fn send_all(
        &self,
        requests: Vec<Request>,
        pace: &mut Pace,
    ) -> Vec<Result<Response, SendError>> {
        let answers = requests.into_iter().map(|request| self.send(request));
        answers
            .inspect(|answer| {
                if let Ok(response) = answer {
                    pace.learn(response.status, &response.headers);
                }
            })
            .collect()
    }
}

/// A store in memory.
#[derive(Default)]
pub struct Memory(pub RefCell<HashMap<String, String>>);

impl TokenStore for Memory {
    fn load(&self, key: &str) -> Result<Option<String>, Error> {
        Ok(self.0.borrow().get(key).cloned())
    }

    fn save(&self, key: &str, sealed: &str, replaces: Option<&str>) -> Result<bool, Error> {
        let mut records = self.0.borrow_mut();
        let fits = records.get(key).map(String::as_str) == replaces;
        if fits {
            records.insert(key.to_owned(), sealed.to_owned());
        }
        Ok(fits)
    }

    fn delete(&self, key: &str) -> Result<(), Error> {
        self.0.borrow_mut().remove(key);
        Ok(())
    }

    fn lock(&self, _key: &str, _wait: Duration) -> Result<bool, Error> {
        Ok(true)
    }

    fn unlock(&self, _key: &str) -> Result<(), Error> {
        Ok(())
    }
}

/// A clock that is moved by sleeping only, and a repeatable source of chance.
pub struct Still {
    slept: Cell<Duration>,
    state: Cell<u64>,
}

impl Clock for Still {
    fn now(&self) -> Timestamp {
        let seconds = i64::try_from(self.slept.get().as_secs()).unwrap_or(i64::MAX);
        Timestamp::from_second(1_796_130_000_i64.saturating_add(seconds)).unwrap_or(Timestamp::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.slept.get()
    }

    fn sleep(&self, duration: Duration) {
        assert!(
            duration < Duration::from_secs(3_600),
            "it sleeps for {duration:?}"
        );
        self.slept.set(self.slept.get() + duration);
    }

    fn random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let mut x = self.state.get();
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            self.state.set(x);
            *byte = x.to_le_bytes()[3];
        }
    }
}

/// A world for one input.
pub struct World {
    pub store: Rc<Memory>,
    pub context: Context,
}

impl World {
    /// In which Zoom answers so.
    pub fn new(tokens: Answer, api: Answer) -> Result<Self, String> {
        let clock = Rc::new(Still {
            slept: Cell::default(),
            state: Cell::new(88_172_645_463_325_252),
        });
        let store = Rc::new(Memory::default());
        let key = Vault::generate_key(&*clock);
        let vault = Vault::new(&[key]).map_err(|error| error.to_string())?;
        let endpoints = Endpoints::new("https://zoom.us", "https://api.zoom.us")
            .map_err(|error| error.to_string())?;
        let context = Context {
            http: Rc::new(OneAnswer {
                tokens,
                api,
                requests: Cell::default(),
            }),
            clock,
            store: store.clone(),
            vault: Rc::new(vault),
            known: Rc::new(KnownTokens::default()),
            endpoints: Rc::new(endpoints),
        };
        Ok(Self { store, context })
    }

    /// Puts a plaintext into the store as a record that opens.
    pub fn put(&self, key: &str, plaintext: &[u8]) -> Result<(), String> {
        let sealed = self
            .context
            .vault
            .seal(plaintext, key.as_bytes(), &*self.context.clock)
            .map_err(|error| error.to_string())?;
        self.store.0.borrow_mut().insert(key.to_owned(), sealed);
        Ok(())
    }
}
