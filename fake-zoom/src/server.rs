//! The listeners: HTTP/1.1 over TCP and over TLS, on one shared state, with faults carried out.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::time::{Sleep, sleep};
use tokio_rustls::TlsAcceptor;

use crate::clock::http_date;
use crate::faults::Plan;
use crate::message::{Reply, Request};
use crate::state::HeaderNames;
use crate::{FakeZoom, router};

/// Bodies beyond this are refused with 413.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// How long the cut part of a truncated answer stays on the wire before the connection is closed.
const FLUSH: Duration = Duration::from_millis(20);

/// The one Zoom that all listeners serve.
pub type Shared = Arc<Mutex<FakeZoom>>;

/// A handler that panicked has broken one answer, not the state of all others.
fn lock(shared: &Shared) -> MutexGuard<'_, FakeZoom> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Listens on a loopback port; 0 picks a free one.
///
/// # Errors
/// When the port is taken.
pub async fn bind(port: u16) -> anyhow::Result<TcpListener> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))
}

/// TLS with this certificate chain and this private key, both PEM.
///
/// # Errors
/// When one of the files cannot be read, or they do not fit together.
pub fn tls_acceptor(certificate: &Path, key: &Path) -> anyhow::Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("cannot read the certificate {}", certificate.display()))?;
    let key = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("cannot read the key {}", key.display()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("certificate and key do not fit together")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Accepts connections for ever, and answers what comes on them; with `tls` over TLS.
pub async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Shared) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, say: wait for some connection to end.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let connection = {
            let state = &mut lock(&shared).state;
            state.connections += 1;
            state.connections
        };
        let _ = stream.set_nodelay(true);
        let Ok(local) = stream.local_addr() else {
            continue;
        };
        let (shared, tls) = (Arc::clone(&shared), tls.clone());
        tokio::spawn(async move {
            match tls {
                None => handle(stream, "http", local, connection, shared).await,
                Some(acceptor) => {
                    // A client that does not trust the certificate ends the handshake; that is its affair.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        handle(stream, "https", local, connection, shared).await;
                    }
                }
            }
        });
    }
}

async fn handle<S>(
    stream: S,
    scheme: &'static str,
    local: SocketAddr,
    connection: u64,
    shared: Shared,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let is_title = lock(&shared).state.switches.header_names == HeaderNames::Title;
    let service =
        service_fn(|request| answer(request, scheme, local, connection, Arc::clone(&shared)));
    // An error here is a connection that the client or a fault has cut.
    let _ = hyper::server::conn::http1::Builder::new()
        .auto_date_header(false)
        .title_case_headers(is_title)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// Ends the connection without an answer.
#[derive(Debug)]
struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("connection cut")
    }
}

impl std::error::Error for Cut {}

async fn answer(
    incoming: hyper::Request<Incoming>,
    scheme: &str,
    local: SocketAddr,
    connection: u64,
    shared: Shared,
) -> Result<hyper::Response<Answer>, Cut> {
    let (head, body) = incoming.into_parts();
    let Ok(body) = Limited::new(body, MAX_BODY).collect().await else {
        let mut reply = Reply::html(413, String::new());
        reply
            .headers
            .push(("Connection".to_owned(), "close".to_owned()));
        let date = http_date(lock(&shared).now());
        return Ok(response(reply, None, &date));
    };
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    let host = headers
        .iter()
        .find(|(name, _)| name == "host")
        .map_or_else(|| local.to_string(), |(_, host)| host.clone());
    let request = Request {
        connection,
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers,
        body: body.to_bytes(),
        base_url: format!("{scheme}://{host}"),
    };
    if router::is_control(&request) {
        let state = &mut lock(&shared).state;
        let reply = router::respond(state, &request);
        return Ok(response(reply, None, &http_date(state.now())));
    }
    let (number, plan) = {
        let state = &mut lock(&shared).state;
        let plan = state.faults.plan(&request);
        let now = state.now();
        (state.log.begin(now, &request, plan.name.clone()), plan)
    };
    carry_out(&shared, &request, number, plan).await
}

async fn carry_out(
    shared: &Shared,
    request: &Request,
    number: u64,
    plan: Plan,
) -> Result<hyper::Response<Answer>, Cut> {
    let pause = async |milliseconds: u64| {
        if milliseconds > 0 {
            sleep(Duration::from_millis(milliseconds)).await;
        }
    };
    pause(plan.delay_before_ms).await;
    if plan.close_before {
        lock(shared).state.log.finish(number, 0);
        return Err(Cut);
    }
    let reply = if let Some(reply) = plan.replace {
        reply
    } else {
        let state = &mut lock(shared).state;
        let done = router::respond(state, request);
        let another = state.last_answers.replace(request, &done);
        plan.replace_after
            .or_else(|| another.filter(|_| plan.swap))
            .unwrap_or(done)
    };
    pause(plan.delay_after_ms).await;
    let state = &mut lock(shared).state;
    if plan.close_after {
        state.log.finish(number, 0);
        return Err(Cut);
    }
    state.log.finish(number, reply.status);
    Ok(response(reply, plan.truncate, &http_date(state.now())))
}

fn response(reply: Reply, truncate: Option<usize>, date: &str) -> hyper::Response<Answer> {
    let whole = reply.body.len();
    let mut sent = Bytes::from(reply.body);
    let cut = truncate.filter(|bytes| *bytes < whole);
    if let Some(bytes) = cut {
        sent.truncate(bytes);
    }
    let body = Answer {
        data: Some(sent).filter(|data| !data.is_empty()),
        length: whole,
        cut: cut.map(|_| Box::pin(sleep(FLUSH))),
    };
    let mut response = hyper::Response::new(body);
    // A fault may order a status that HTTP does not know.
    *response.status_mut() = hyper::StatusCode::from_u16(reply.status)
        .unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR);
    let mut put = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().append(name, value);
        }
    };
    put(DATE, date);
    if let Some(content_type) = &reply.content_type {
        put(CONTENT_TYPE, content_type);
    }
    if reply.status != 204 && reply.status != 304 {
        put(CONTENT_LENGTH, &whole.to_string());
    }
    for (name, value) in &reply.headers {
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            put(name, value);
        }
    }
    response
}

/// The body of an answer, which a fault may end before its announced length.
struct Answer {
    data: Option<Bytes>,
    length: usize,
    cut: Option<Pin<Box<Sleep>>>,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        if let Some(data) = self.data.take() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        match &mut self.cut {
            None => Poll::Ready(None),
            Some(timer) => timer.as_mut().poll(context).map(|()| Some(Err(Cut))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && self.cut.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length as u64)
    }
}
