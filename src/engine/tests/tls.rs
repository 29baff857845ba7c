//! Certificates that are and are not to be trusted.

use super::server::Identity;
use super::server::trusted;
use super::*;

/// A TLS server with this identity that answers every request.
fn server(identity: Identity) -> Server {
    Server::start(move |connection, stream, seen| {
        let mut stream = identity.accept(stream);
        while read_request(&mut stream).is_some() {
            seen.note(&connection.to_string());
            answer(&mut stream, "200 OK", &[], b"over TLS");
        }
    })
}

#[test]
fn a_certificate_of_the_file_is_trusted_and_the_connection_kept() {
    let server = Server::start(|connection, stream, seen| {
        let mut stream = trusted().accept(stream);
        while read_request(&mut stream).is_some() {
            seen.note(&connection.to_string());
            answer(&mut stream, "200 OK", &[], b"over TLS");
        }
    });
    let network = network(options());
    for _ in 0..2 {
        let response = network.send(post(&server.https_url())).unwrap();
        assert_eq!(response.body, b"over TLS");
    }
    assert_eq!(server.seen(), ["0", "0"]);
}

#[test]
fn a_certificate_of_a_stranger_or_for_another_name_carries_nothing() {
    for identity in [Identity::new("localhost"), Identity::new("zoom.us")] {
        let server = server(identity);
        let error = network(options())
            .send(post(&server.https_url()))
            .unwrap_err();
        assert_eq!(
            (error.fault, error.maybe_delivered),
            (SendFault::Tls, false)
        );
        assert!(!error.detail.is_empty() && !error.detail.contains("http"));
        assert!(server.seen().is_empty());
    }
}

#[test]
fn a_trusted_certificate_for_another_name_is_refused() {
    let identity = Identity::new("zoom.us");
    let file = identity.certificate_file();
    let options = Options {
        ca_file: Some(file.0.clone()),
        ..options()
    };
    let server = server(identity);
    let error = network(options)
        .send(post(&server.https_url()))
        .unwrap_err();
    assert_eq!(
        (error.fault, error.maybe_delivered),
        (SendFault::Tls, false)
    );
}

#[test]
fn a_server_that_speaks_no_tls_is_a_tls_fault() {
    let server = Server::start(|_, mut stream, _| {
        server::write(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let error = network(options())
        .send(post(&server.https_url()))
        .unwrap_err();
    assert_eq!(
        (error.fault, error.maybe_delivered),
        (SendFault::Tls, false)
    );
}

#[test]
fn a_handshake_that_hangs_ends_with_the_time_for_connecting_and_carried_nothing() {
    let server = Server::start(|_, stream, _| {
        std::thread::sleep(LONG);
        drop(stream);
    });
    let options = Options {
        connect_timeout: Duration::from_millis(200),
        ..options()
    };
    let error = network(options)
        .send(post(&server.https_url()))
        .unwrap_err();
    assert_eq!(
        (error.fault, error.maybe_delivered),
        (SendFault::Timeout, false)
    );
}

#[test]
fn a_post_on_a_tls_connection_that_the_server_closed_meanwhile_works() {
    let server = Server::start(|connection, stream, seen| {
        let mut stream = trusted().accept(stream);
        if read_request(&mut stream).is_some() {
            answer(&mut stream, "201 Created", &[], b"{}");
            std::thread::sleep(Duration::from_millis(20));
            stream.conn.send_close_notify();
            server::write(&mut stream, b"");
            drop(stream);
            seen.note(&connection.to_string());
        }
    });
    let network = network(options());
    for closed in 1..=4 {
        network.send(post(&server.https_url())).unwrap();
        server.until_seen(closed);
    }
    assert_eq!(server.seen().len(), 4);
}
