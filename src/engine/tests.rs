//! The engine against real sockets on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a failed unwrap is a failed test; a child process speaks to its parent"
)]

use std::net::TcpListener;
use std::net::TcpStream;
use std::time::Instant;

use ::http::HeaderMap;
use url::Url;

use super::*;

mod proxied;
mod server;
mod tls;

use server::CertificateFile;
use server::Server;
use server::answer;
use server::read_request;

const LONG: Duration = Duration::from_secs(20);

thread_local! {
    /// So that the tests need no certificates of the system. Each test has a thread of its own.
    static CA_FILE: CertificateFile = server::trusted().certificate_file();
}

fn options() -> Options {
    Options {
        ca_file: Some(CA_FILE.with(|file| file.0.clone())),
        proxy: None,
        no_proxy: None,
        connect_timeout: LONG,
        timeout: LONG,
    }
}

fn network(options: Options) -> Rc<dyn Http> {
    http(Rc::new(options))
}

fn request(method: Method, url: &str) -> Request {
    Request {
        method,
        url: Url::parse(url).unwrap(),
        headers: HeaderMap::new(),
        body: Vec::new(),
        timeout: None,
    }
}

fn post(url: &str) -> Request {
    Request {
        body: b"{\"topic\":\"x\"}".to_vec(),
        ..request(Method::Post, url)
    }
}

/// An address at which nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn a_request_arrives_as_it_was_made_and_the_answer_comes_back_whole() {
    let server = Server::start(|_, mut stream, seen| {
        while let Some(request) = read_request(&mut stream) {
            seen.note(&request);
            answer(
                &mut stream,
                "201 Created",
                &[("x-zm-trackingid", "one")],
                b"\x00body",
            );
        }
    });
    let mut request = post(&server.url("/v2/users/a%2Fb?x=1"));
    request
        .headers
        .insert("authorization", "Bearer t".parse().unwrap());
    let response = network(options()).send(request).unwrap();
    assert_eq!(
        (response.status, response.body.as_slice()),
        (201, &b"\x00body"[..])
    );
    assert_eq!(response.tracking_id().as_deref(), Some("one"));
    let seen = server.seen();
    assert!(seen[0].starts_with("POST /v2/users/a%2Fb?x=1 HTTP/1.1\r\n"));
    assert!(seen[0].contains("authorization: Bearer t\r\n"));
    assert!(seen[0].contains("user-agent: telemed/"));
    assert!(seen[0].ends_with("\r\n\r\n{\"topic\":\"x\"}"));
}

#[test]
fn a_connection_is_kept_and_used_again() {
    let server = Server::start(|connection, mut stream, seen| {
        while read_request(&mut stream).is_some() {
            seen.note(&connection.to_string());
            answer(&mut stream, "200 OK", &[], b"");
        }
    });
    let network = network(options());
    for _ in 0..3 {
        network
            .send(request(Method::Get, &server.url("/")))
            .unwrap();
    }
    assert_eq!(server.seen(), ["0", "0", "0"]);
}

#[test]
fn a_post_that_was_read_but_not_answered_is_sent_exactly_once() {
    for answered_before in [0, 1] {
        let server = Server::start(move |_, mut stream, seen| {
            for _ in 0..answered_before {
                read_request(&mut stream).unwrap();
                answer(&mut stream, "200 OK", &[], b"");
            }
            if let Some(request) = read_request(&mut stream) {
                seen.note(&request);
            }
        });
        let network = network(options());
        for _ in 0..answered_before {
            network
                .send(request(Method::Get, &server.url("/")))
                .unwrap();
        }
        let error = network.send(post(&server.url("/"))).unwrap_err();
        assert_eq!(error.fault, SendFault::Closed);
        assert!(error.maybe_delivered);
        std::thread::sleep(Duration::from_millis(200));
        assert_eq!(server.seen().len(), 1, "after {answered_before}");
    }
}

#[test]
fn a_post_on_a_connection_that_the_server_closed_meanwhile_works() {
    let server = Server::start(|connection, mut stream, seen| {
        if read_request(&mut stream).is_some() {
            answer(&mut stream, "201 Created", &[], b"{}");
            // While nobody runs the client's side.
            std::thread::sleep(Duration::from_millis(20));
            drop(stream);
            seen.note(&connection.to_string());
        }
    });
    let network = network(options());
    for closed in 1..=6 {
        let response = network.send(post(&server.url("/"))).unwrap();
        assert_eq!(response.status, 201);
        server.until_seen(closed);
    }
    assert_eq!(server.seen(), ["0", "1", "2", "3", "4", "5"]);
}

#[test]
fn an_answer_that_does_not_come_is_a_time_out_and_may_have_been_delivered() {
    let server = Server::start_concurrent(|_, mut stream, seen| {
        while let Some(request) = read_request(&mut stream) {
            seen.note(&request);
        }
    });
    let short = Duration::from_secs(1);
    let by_options = Options {
        timeout: short,
        ..options()
    };
    for (options, timeout) in [
        (by_options.clone(), None),
        (options(), Some(short)),
        // A request can ask for less time than the engine gives, not for more.
        (by_options, Some(LONG)),
    ] {
        let begun = Instant::now();
        let request = Request {
            timeout,
            ..post(&server.url("/"))
        };
        let error = network(options).send(request).unwrap_err();
        assert_eq!(error.fault, SendFault::Timeout);
        assert!(error.maybe_delivered);
        assert!(begun.elapsed() >= short && begun.elapsed() < LONG / 2);
    }
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn a_body_that_does_not_come_in_time_is_a_time_out_too() {
    let server = Server::start(|_, mut stream, _| {
        read_request(&mut stream).unwrap();
        server::write(
            &mut stream,
            b"HTTP/1.1 201 Created\r\ncontent-length: 9\r\n\r\n{",
        );
        read_request(&mut stream);
    });
    let options = Options {
        timeout: Duration::from_secs(1),
        ..options()
    };
    let error = network(options).send(post(&server.url("/"))).unwrap_err();
    assert_eq!(
        (error.fault, error.maybe_delivered),
        (SendFault::Timeout, true)
    );
}

#[test]
fn a_refused_connection_carried_nothing() {
    let error = network(options()).send(post(&nobody())).unwrap_err();
    assert_eq!(
        (error.fault, error.maybe_delivered),
        (SendFault::Connect, false)
    );
}

#[test]
fn an_unknown_name_is_told_apart() {
    let error = network(options())
        .send(post("http://nowhere.invalid/"))
        .unwrap_err();
    assert_eq!(
        (error.fault, error.maybe_delivered),
        (SendFault::Name, false)
    );
}

#[test]
fn a_name_is_resolved() {
    let server = Server::start(|_, mut stream, _| {
        read_request(&mut stream).unwrap();
        answer(&mut stream, "200 OK", &[], b"");
    });
    let url = server.url("/").replace("127.0.0.1", "localhost");
    let response = network(options()).send(request(Method::Get, &url)).unwrap();
    assert_eq!(response.status, 200);
}

#[test]
fn an_answer_that_breaks_off_or_is_no_http_may_have_done_the_work() {
    for bytes in [
        &b"HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{\"id\": 9"[..],
        b"HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"id\"\r\n",
        b"HTTP/1.1 201 Crea",
        b"SSH-2.0-OpenSSH\r\n",
    ] {
        let server = Server::start(move |_, mut stream, _| {
            read_request(&mut stream).unwrap();
            server::write(&mut stream, bytes);
        });
        let error = network(options()).send(post(&server.url("/"))).unwrap_err();
        assert_eq!(
            (error.fault, error.maybe_delivered),
            (SendFault::Closed, true)
        );
    }
}

#[test]
fn an_answer_without_end_is_given_up() {
    let server = Server::start(|_, mut stream, _| {
        read_request(&mut stream).unwrap();
        server::write(&mut stream, b"HTTP/1.1 200 OK\r\n\r\n");
        let chunk = vec![b'x'; 1 << 20];
        while server::write(&mut stream, &chunk) {}
    });
    let error = network(options())
        .send(request(Method::Get, &server.url("/")))
        .unwrap_err();
    assert_eq!(error.fault, SendFault::Closed);
    assert!(error.detail.contains("too large"));
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    let server = Server::start(|_, mut stream, seen| {
        while let Some(request) = read_request(&mut stream) {
            seen.note(&request);
            answer(&mut stream, "302 Found", &[("location", "/elsewhere")], b"");
        }
    });
    let response = network(options())
        .send(request(Method::Get, &server.url("/")))
        .unwrap();
    assert_eq!(response.status, 302);
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn every_status_is_an_answer() {
    for status in [204, 400, 401, 404, 429, 500, 503] {
        let server = Server::start(move |_, mut stream, _| {
            read_request(&mut stream).unwrap();
            answer(&mut stream, &format!("{status} x"), &[], b"");
        });
        let response = network(options())
            .send(request(Method::Patch, &server.url("/")))
            .unwrap();
        assert_eq!(response.status, status);
    }
}

#[test]
fn a_certificate_file_that_cannot_be_used_is_told_without_its_path() {
    let directory = std::env::temp_dir();
    let empty = directory.join(format!("telemed-empty-{}.pem", std::process::id()));
    std::fs::write(&empty, "").unwrap();
    for path in [
        directory.join("telemed-no-such-file.pem"),
        empty.clone(),
        directory,
    ] {
        let options = Options {
            ca_file: Some(path),
            ..options()
        };
        let error = network(options).send(post(&nobody())).unwrap_err();
        assert_eq!(
            (error.fault, error.maybe_delivered),
            (SendFault::Engine, false)
        );
        assert!(error.detail.contains("certificate file") && !error.detail.contains("telemed-"));
    }
    std::fs::remove_file(empty).unwrap();
}

#[test]
fn many_go_out_at_once_each_with_its_own_answer() {
    let all = std::sync::Barrier::new(8);
    let server = Server::start_concurrent(move |_, mut stream, seen| {
        while let Some(request) = read_request(&mut stream) {
            seen.note(&request);
            // One after the other they would wait for the rest until the time is out.
            all.wait();
            let path = request.split(' ').nth(1).unwrap().to_owned();
            if path == "/3" {
                return;
            }
            answer(&mut stream, "200 OK", &[], path.as_bytes());
        }
    });
    let requests = (0..8)
        .map(|number| post(&server.url(&format!("/{number}"))))
        .collect();
    let answers = network(options()).send_all(requests, &mut Pace::default());
    assert_eq!(answers.len(), 8);
    for (number, found) in answers.into_iter().enumerate() {
        if number == 3 {
            assert!(found.unwrap_err().maybe_delivered);
        } else {
            assert_eq!(found.unwrap().body, format!("/{number}").into_bytes());
        }
    }
    assert_eq!(server.seen().len(), 8, "each was sent once");
}

/// Set for a copy of the test program that shall send and count its threads.
const SEND_TO: &str = "TELEMED_TEST_SEND_TO";

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

/// Does nothing unless [`SEND_TO`] is set: then it is the child of the test below.
#[test]
fn sends_when_told_to() {
    let Ok(url) = std::env::var(SEND_TO) else {
        return;
    };
    let before = threads();
    for _ in 0..2 {
        network(options()).send(request(Method::Get, &url)).unwrap();
    }
    let requests = (0..4).map(|_| request(Method::Get, &url)).collect();
    for answer in network(options()).send_all(requests, &mut Pace::default()) {
        answer.unwrap();
    }
    println!("threads: {before} {}", threads());
}

/// In a process of its own, where nothing else starts threads.
#[test]
fn sending_starts_no_thread_and_the_proxies_of_the_environment_are_ignored() {
    let server = Server::start_concurrent(|_, mut stream, seen| {
        while read_request(&mut stream).is_some() {
            seen.note("one");
            answer(&mut stream, "200 OK", &[], b"");
        }
    });
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child
        .args([
            "--exact",
            "--nocapture",
            "engine::tests::sends_when_told_to",
        ])
        .env(SEND_TO, server.url("/").replace("127.0.0.1", "localhost"));
    for name in [
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "all_proxy",
        "ALL_PROXY",
    ] {
        child.env(name, nobody());
    }
    let output = child.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    let (_, counts) = text.split_once("threads: ").unwrap();
    let counts: Vec<&str> = counts.split_whitespace().take(2).collect();
    assert_eq!(counts[0], counts[1]);
    assert_eq!(server.seen().len(), 6);
}
