//! The network: turns a core request into an answer, and is the only room with a runtime.
//!
//! One `current_thread` tokio runtime and one `reqwest::Client` per PHP thread, made at the first send, tagged with the process
//! id, leaked and never dropped: FPM, preloading and `pcntl_fork` fork after start-up, and dropping a parent's engine in the
//! child would act on the parent's sockets. At most two engines per process in practice. No thread is ever started: names are
//! resolved on the calling thread. Async begins and ends in one `block_on` per exchange, inside which no PHP code runs.

#![warn(unreachable_pub)]

mod clock;
mod fault;
mod many;
mod proxy;
mod resolver;
mod tls;

use std::cell::Cell;
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use reqwest::Client;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;

use crate::zoom::Clock;
use crate::zoom::Http;
use crate::zoom::http::Method;
use crate::zoom::http::Request;
use crate::zoom::http::Response;
use crate::zoom::http::SendError;
use crate::zoom::http::SendFault;
use crate::zoom::known_tokens::KnownTokens;
use crate::zoom::pace::Pace;

pub use fault::CauseText;

/// Yields before each exchange, so that the pool notices connections that the server closed while the runtime was parked.
/// Measured: without them half of the POSTs on such a connection fail, with four of them none.
const YIELDS: usize = 4;
/// Zoom closes idle connections after about a minute; a connection that we close ourselves cannot break under a POST.
const POOL_IDLE: Duration = Duration::from_secs(30);
/// A burst keeps its connections for the next one.
const POOL_SIZE: usize = 32;
/// An answer larger than this is not Zoom's: 300 meetings are about 300 KB.
const MAX_BODY_BYTES: usize = 16 << 20;

/// How to reach Zoom; from php.ini, the same for the whole process.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Options {
    /// A file of PEM certificates to trust in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// The proxy's address, with credentials if it wants any.
    pub proxy: Option<String>,
    /// Hosts that are reached without the proxy, separated by commas.
    pub no_proxy: Option<String>,
    /// The time for a connection with its TLS handshake.
    pub connect_timeout: Duration,
    /// The time for one exchange.
    pub timeout: Duration,
}

/// The network of this thread. Nothing is opened or started before the first send.
#[must_use]
pub fn http(options: Rc<Options>) -> Rc<dyn Http> {
    Rc::new(Network { options })
}

/// The system's clock and random source.
#[must_use]
pub fn clock() -> Rc<dyn Clock> {
    Rc::new(clock::SystemClock)
}

/// What this thread remembers between requests. Tokens stay good after a fork; only sockets do not.
#[must_use]
pub fn known_tokens() -> Rc<KnownTokens> {
    KNOWN.with(Rc::clone)
}

thread_local! {
    static KNOWN: Rc<KnownTokens> = Rc::default();
    /// One or two: a list is searched faster than the options are hashed.
    static ENGINES: RefCell<Vec<(Options, &'static Engine)>> = RefCell::default();
    static ENGINES_PID: Cell<u32> = const { Cell::new(0) };
}

struct Network {
    options: Rc<Options>,
}

impl Http for Network {
    fn send(&self, request: Request) -> Result<Response, SendError> {
        Engine::of_this_thread(&self.options)?.send(request)
    }

    fn send_all(
        &self,
        requests: Vec<Request>,
        pace: &mut Pace,
    ) -> Vec<Result<Response, SendError>> {
        match Engine::of_this_thread(&self.options) {
            Ok(engine) => engine.send_all(requests, pace, || clock::SystemClock.monotonic()),
            Err(error) => requests.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}

struct Engine {
    runtime: Runtime,
    client: Client,
    timeout: Duration,
}

impl Engine {
    /// The engine of this thread and process, made at the first use and after a fork.
    fn of_this_thread(options: &Options) -> Result<&'static Self, SendError> {
        let pid = std::process::id();
        if ENGINES_PID.replace(pid) != pid {
            // Forgets the parent's engines without dropping them.
            ENGINES.with_borrow_mut(Vec::clear);
        }
        let known = ENGINES.with_borrow(|engines| {
            let mut engines = engines.iter();
            let found = engines.find(|(known, _)| known == options);
            found.map(|(_, engine)| *engine)
        });
        if let Some(engine) = known {
            return Ok(engine);
        }
        let engine: &'static Self = Box::leak(Box::new(Self::new(options)?));
        ENGINES.with_borrow_mut(|engines| engines.push((options.clone(), engine)));
        Ok(engine)
    }

    fn new(options: &Options) -> Result<Self, SendError> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| fault::engine(&error.to_string()))?;
        let builder = Client::builder()
            .user_agent(concat!("telemed/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(resolver::InlineResolver)
            .redirect(reqwest::redirect::Policy::none())
            // Nothing below the core may repeat a request.
            .retry(reqwest::retry::never())
            .connect_timeout(options.connect_timeout)
            .timeout(options.timeout)
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(POOL_SIZE)
            .http1_only();
        let client = tls::trust(proxy::through(builder, options)?, options)?
            .build()
            .map_err(|error| fault::engine(&error.without_url().cause_text()))?;
        Ok(Self {
            runtime,
            client,
            timeout: options.timeout,
        })
    }

    fn send(&self, request: Request) -> Result<Response, SendError> {
        let exchange = exchange(self.prepare(request));
        self.runtime.block_on(async {
            for _ in 0..YIELDS {
                tokio::task::yield_now().await;
            }
            exchange.await
        })
    }

    fn prepare(&self, request: Request) -> reqwest::RequestBuilder {
        let timeout = request
            .timeout
            .map_or(self.timeout, |time| time.min(self.timeout));
        self.client
            .request(method(request.method), request.url)
            .headers(request.headers)
            .timeout(timeout)
            .body(request.body)
    }
}

async fn exchange(builder: reqwest::RequestBuilder) -> Result<Response, SendError> {
    let response = builder
        .send()
        .await
        .map_err(|error| fault::classify(&error))?;
    read(response).await
}

/// Reads the whole answer.
async fn read(mut response: reqwest::Response) -> Result<Response, SendError> {
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let announced = usize::try_from(response.content_length().unwrap_or_default());
    let mut body = Vec::with_capacity(announced.map_or(0, |size| size.min(MAX_BODY_BYTES)));
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| fault::in_body(&error))?
    {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(SendError {
                fault: SendFault::Closed,
                maybe_delivered: true,
                detail: "the answer is too large".to_owned(),
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response {
        status,
        headers,
        body,
    })
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Delete => reqwest::Method::DELETE,
        Method::Get => reqwest::Method::GET,
        Method::Patch => reqwest::Method::PATCH,
        Method::Post => reqwest::Method::POST,
    }
}

#[cfg(test)]
mod tests;
