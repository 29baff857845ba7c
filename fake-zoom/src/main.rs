//! The program: takes arguments, binds loopback addresses, serves one [`FakeZoom`] until it is killed. See the README.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use clap::Parser;
use fake_zoom::{FakeZoom, server};

/// A stand-in for Zoom on loopback addresses. Prints its addresses, then `ready`, and serves until it is killed.
#[derive(Parser)]
#[command(name = "fake-zoom")]
struct Arguments {
    /// Port for plain HTTP; 0 picks a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Port for HTTPS; 0 picks a free one.
    #[arg(long, requires = "tls_cert", requires = "tls_key")]
    tls_port: Option<u16>,
    /// Certificate chain for localhost, PEM.
    #[arg(long, requires = "tls_port")]
    tls_cert: Option<PathBuf>,
    /// Its private key, PEM.
    #[arg(long, requires = "tls_port")]
    tls_key: Option<PathBuf>,
}

#[tokio::main]
#[expect(
    clippy::print_stdout,
    reason = "whoever starts fake-zoom reads its addresses here"
)]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let shared = Arc::new(Mutex::new(FakeZoom::live()));
    let plain = server::bind(arguments.port).await?;
    let mut lines = vec![format!(
        "http=http://127.0.0.1:{}",
        plain.local_addr()?.port()
    )];
    if let (Some(port), Some(certificate), Some(key)) =
        (arguments.tls_port, arguments.tls_cert, arguments.tls_key)
    {
        let acceptor = server::tls_acceptor(&certificate, &key)?;
        let secure = server::bind(port).await?;
        lines.push(format!(
            "https=https://localhost:{}",
            secure.local_addr()?.port()
        ));
        tokio::spawn(server::serve(secure, Some(acceptor), Arc::clone(&shared)));
    }
    println!("{}\nready", lines.join("\n"));
    server::serve(plain, None, shared).await;
    Ok(())
}
