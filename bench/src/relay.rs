//! The network between client and fake-zoom: a TCP relay that delays each direction by half a round trip. A connection to a
//! relay on this machine is made at once, so the first byte of a new one is held back by a whole round trip: what TCP's own
//! handshake would have cost. TLS handshakes and requests pay by themselves.
//!
//! Threads and not timers of a runtime: those are as coarse as a millisecond.

use std::io::Read as _;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::net::Shutdown;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;

pub struct Relay {
    pub port: u16,
    counters: Arc<Counters>,
}

#[derive(Default)]
struct Counters {
    connections: AtomicU32,
    turns: AtomicU32,
}

/// What arrived, and when it may go on. Nothing is the end.
type Chunk = (Instant, Vec<u8>);

impl Relay {
    /// Runs until the process ends.
    pub fn start(target: u16, round_trip: Duration) -> anyhow::Result<Self> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("the relay cannot listen")?;
        let port = listener.local_addr()?.port();
        let counters = Arc::new(Counters::default());
        let shared = Arc::clone(&counters);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                // A server that is gone is seen by the client as a closed connection.
                let _ = connect(client, target, round_trip, &shared);
            }
        });
        Ok(Self { port, counters })
    }

    /// Round trips so far: one for each new connection, and one each time the client speaks after the server, or first.
    pub fn round_trips(&self) -> u32 {
        self.counters.connections.load(Ordering::Relaxed)
            + self.counters.turns.load(Ordering::Relaxed)
    }
}

fn connect(
    client: TcpStream,
    target: u16,
    round_trip: Duration,
    counters: &Arc<Counters>,
) -> std::io::Result<()> {
    let opened = Instant::now();
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, target))?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let half = round_trip / 2;
    let client_spoke = Arc::new(AtomicBool::new(false));

    let (counters, spoke) = (Arc::clone(counters), Arc::clone(&client_spoke));
    let from_client = move || {
        if !spoke.swap(true, Ordering::Relaxed) {
            counters.turns.fetch_add(1, Ordering::Relaxed);
        }
    };
    let from_server = move || client_spoke.store(false, Ordering::Relaxed);
    let (back_in, back_out) = (server.try_clone()?, client.try_clone()?);
    carry(
        client,
        server,
        half,
        opened + round_trip + half,
        from_client,
    );
    carry(back_in, back_out, half, opened, from_server);
    Ok(())
}

/// One direction: a thread that reads and notes the time, and one that waits and writes.
fn carry(
    mut from: TcpStream,
    mut to: TcpStream,
    delay: Duration,
    not_before: Instant,
    mut note: impl FnMut() + Send + 'static,
) {
    let (sender, receiver) = mpsc::channel::<Chunk>();
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        loop {
            let bytes = match from.read(&mut buffer) {
                Ok(count) => buffer.get(..count).unwrap_or_default().to_vec(),
                Err(_) => Vec::new(),
            };
            let is_end = bytes.is_empty();
            if !is_end {
                note();
            }
            let due = (Instant::now() + delay).max(not_before);
            if sender.send((due, bytes)).is_err() || is_end {
                return;
            }
        }
    });
    thread::spawn(move || {
        for (due, bytes) in receiver {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if bytes.is_empty() || to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    /// A server that answers each byte with one byte.
    fn echo() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                thread::spawn(move || {
                    let mut byte = [0];
                    while stream.read_exact(&mut byte).is_ok() && stream.write_all(&byte).is_ok() {}
                });
            }
        });
        port
    }

    fn exchange(stream: &mut TcpStream) -> Duration {
        let start = Instant::now();
        stream.write_all(b"x").unwrap();
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        assert_eq!(&byte, b"x");
        start.elapsed()
    }

    #[test]
    fn a_new_connection_costs_one_round_trip_more_and_each_exchange_one() {
        let round_trip = Duration::from_millis(30);
        let relay = Relay::start(echo(), round_trip).unwrap();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, relay.port)).unwrap();
        // Delays cannot be shorter; how much longer they are is the machine's affair.
        assert!(exchange(&mut stream) + Duration::from_millis(1) >= round_trip * 2);
        assert!(exchange(&mut stream) >= round_trip);
        assert!(exchange(&mut stream) >= round_trip);
        assert_eq!(relay.round_trips(), 4);
    }

    #[test]
    fn the_end_is_carried_on() {
        let relay = Relay::start(echo(), Duration::from_millis(2)).unwrap();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, relay.port)).unwrap();
        exchange(&mut stream);
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    }
}
