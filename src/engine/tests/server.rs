//! A small server for the tests: each connection is handled by a closure that sees raw bytes.

use std::io::Read;
use std::io::Write;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use rustls::pki_types::PrivateKeyDer;

use super::*;

/// What the server's connections noted.
#[derive(Clone, Default)]
pub(super) struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    pub(super) fn note(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

/// A server that lives as long as the test program.
pub(super) struct Server {
    address: String,
    seen: Seen,
}

impl Server {
    /// Handles one connection after the other.
    pub(super) fn start(handle: impl Fn(usize, TcpStream, &Seen) + Send + Sync + 'static) -> Self {
        Self::listen(move |connection, stream, seen| handle(connection, stream, &seen))
    }

    /// Handles each connection in a thread of its own.
    pub(super) fn start_concurrent(
        handle: impl Fn(usize, TcpStream, &Seen) + Send + Sync + 'static,
    ) -> Self {
        let handle = Arc::new(handle);
        Self::listen(move |connection, stream, seen| {
            let handle = Arc::clone(&handle);
            std::thread::spawn(move || handle(connection, stream, &seen));
        })
    }

    fn listen(handle: impl Fn(usize, TcpStream, Seen) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Seen::default();
        let noted = seen.clone();
        std::thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                handle(connection, stream.unwrap(), noted.clone());
            }
        });
        Self { address, seen }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The same under `https` and the name that the certificates bear.
    pub(super) fn https_url(&self) -> String {
        let port = self.address.rsplit(':').next().unwrap();
        format!("https://localhost:{port}/")
    }

    /// Waits until so much was seen.
    pub(super) fn until_seen(&self, count: usize) {
        while self.seen().len() < count {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(super) fn seen(&self) -> Vec<String> {
        self.seen.0.lock().unwrap().clone()
    }
}

/// One whole request, head and body; `None` when the client has closed.
pub(super) fn read_request(stream: &mut impl Read) -> Option<String> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(head + &String::from_utf8(body).unwrap())
}

pub(super) fn answer(stream: &mut impl Write, status: &str, headers: &[(&str, &str)], body: &[u8]) {
    let mut head = format!("HTTP/1.1 {status}\r\n");
    for (name, value) in headers {
        head = head + name + ": " + value + "\r\n";
    }
    if !status.starts_with("204") {
        head = head + "content-length: " + &body.len().to_string() + "\r\n";
    }
    write(stream, (head + "\r\n").as_bytes());
    write(stream, body);
}

/// Whether the client still took it.
pub(super) fn write(stream: &mut impl Write, bytes: &[u8]) -> bool {
    stream
        .write_all(bytes)
        .and_then(|()| stream.flush())
        .is_ok()
}

/// A file that is removed when the test ends.
pub(super) struct CertificateFile(pub PathBuf);

impl Drop for CertificateFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A self-signed certificate with its key.
pub(super) struct Identity(rcgen::CertifiedKey<rcgen::KeyPair>);

/// The identity whose certificate the engine trusts in all tests.
pub(super) fn trusted() -> &'static Identity {
    static IDENTITY: OnceLock<Identity> = OnceLock::new();
    IDENTITY.get_or_init(|| Identity::new("localhost"))
}

impl Identity {
    pub(super) fn new(name: &str) -> Self {
        Self(rcgen::generate_simple_self_signed([name.to_owned()]).unwrap())
    }

    /// A file with the certificate in PEM form.
    pub(super) fn certificate_file(&self) -> CertificateFile {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("telemed-engine-{}-{number}.pem", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, self.0.cert.pem()).unwrap();
        CertificateFile(path)
    }

    /// The TLS side of a connection.
    pub(super) fn accept(
        &self,
        stream: TcpStream,
    ) -> rustls::StreamOwned<rustls::ServerConnection, TcpStream> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::try_from(self.0.signing_key.serialize_der()).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.0.cert.der().clone()], key)
            .unwrap();
        let connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        rustls::StreamOwned::new(connection, stream)
    }
}
