//! The limit: one kept HTTP/1.1 connection over TLS, bytes out, bytes in, nothing else. No client can be faster.

use std::io::Read as _;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rustls::ClientConfig;
use rustls::ClientConnection;
use rustls::RootCertStore;
use rustls::StreamOwned;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject as _;

const MAX_HEADERS: usize = 64;
/// No answer takes this long; a hang must not outlast the run.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct BareClient {
    stream: StreamOwned<ClientConnection, TcpStream>,
    /// What was read of answers and not yet taken.
    buffer: Vec<u8>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

struct Head {
    answer: Answer,
    /// Of the head in the buffer.
    length: usize,
}

/// Trusts a file of certificates.
pub fn trust(file: &Path) -> anyhow::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .context("the certificates cannot be read")?;
    roots.add_parsable_certificates(certificates);
    anyhow::ensure!(!roots.is_empty(), "there is no certificate in the file");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

impl BareClient {
    pub fn connect(port: u16, trust: Arc<ClientConfig>) -> anyhow::Result<Self> {
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let name = ServerName::try_from("localhost")?;
        let connection = ClientConnection::new(trust, name)?;
        Ok(Self {
            stream: StreamOwned::new(connection, socket),
            buffer: Vec::new(),
        })
    }

    /// Sends the bytes of a request and reads the answer.
    pub fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        self.stream.write_all(request)?;
        self.stream.flush()?;
        let mut piece = [0; 1 << 14];
        let mut head = None;
        loop {
            if head.is_none() {
                head = parse(&self.buffer)?;
            }
            if let Some(found) = &head {
                let end = found.length + content_length(&found.answer)?;
                if self.buffer.len() >= end {
                    break;
                }
            }
            let count = self.stream.read(&mut piece)?;
            anyhow::ensure!(count > 0, "the connection was closed within an answer");
            self.buffer
                .extend_from_slice(piece.get(..count).unwrap_or_default());
        }
        let Head { mut answer, length } = head.context("there is no answer")?;
        let end = length + content_length(&answer)?;
        answer.body = self.buffer.get(length..end).unwrap_or_default().to_vec();
        self.buffer.drain(..end);
        Ok(answer)
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// The head of an answer, once it is whole.
fn parse(buffer: &[u8]) -> anyhow::Result<Option<Head>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(length) = response.parse(buffer)? else {
        return Ok(None);
    };
    let answer = Answer {
        status: response.code.unwrap_or_default(),
        headers: response
            .headers
            .iter()
            .map(|header| {
                let value = String::from_utf8_lossy(header.value).into_owned();
                (header.name.to_owned(), value)
            })
            .collect(),
        body: Vec::new(),
    };
    Ok(Some(Head { answer, length }))
}

fn content_length(answer: &Answer) -> anyhow::Result<usize> {
    answer
        .header("content-length")
        .context("the answer has no Content-Length")?
        .parse()
        .context("the answer's Content-Length is no number")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let text = b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}";
        assert!(parse(text.get(..30).unwrap()).unwrap().is_none());
        let head = parse(text).unwrap().unwrap();
        assert_eq!(head.answer.status, 201);
        assert_eq!(content_length(&head.answer).unwrap(), 2);
        assert_eq!(text.get(head.length..).unwrap(), b"{}");
        assert!(parse(b"nonsense\r\n\r\n").is_err());
    }
}
