//! The proxy of php.ini: used, refused, unreachable, gone around.

use std::io::copy;

use super::server::trusted;
use super::*;

fn through(proxy: &str) -> Options {
    Options {
        proxy: Some(proxy.to_owned()),
        ..options()
    }
}

#[test]
fn a_request_goes_through_the_proxy_with_its_credentials_and_the_name_is_the_proxys_to_resolve() {
    let target = Server::start(|_, stream, seen| {
        let mut stream = trusted().accept(stream);
        if let Some(request) = read_request(&mut stream) {
            seen.note(&request);
            answer(&mut stream, "200 OK", &[], b"through");
        }
    });
    let target_address = target.url("").replace("http://", "");
    let proxy = Server::start(move |_, mut stream, seen| {
        seen.note(&read_request(&mut stream).unwrap());
        let mut onward = TcpStream::connect(&target_address).unwrap();
        server::write(&mut stream, b"HTTP/1.1 200 Connection established\r\n\r\n");
        let (mut up, mut upstream) = (stream.try_clone().unwrap(), onward.try_clone().unwrap());
        std::thread::spawn(move || copy(&mut up, &mut upstream));
        let _ = copy(&mut onward, &mut stream);
    });
    let address = proxy.url("").replace("http://", "http://user:p%40ss@");
    let response = network(through(&address))
        .send(post("https://localhost:1/v2"))
        .unwrap();
    assert_eq!(response.body, b"through");
    let connect = &proxy.seen()[0];
    assert!(
        connect.starts_with("CONNECT localhost:1 HTTP/1.1\r\n"),
        "{connect}"
    );
    // user:p@ss
    assert!(
        connect
            .to_ascii_lowercase()
            .contains("proxy-authorization: basic dxnlcjpwqhnz\r\n")
    );
    let arrived = &target.seen()[0];
    assert!(!arrived.to_ascii_lowercase().contains("proxy-authorization"));
}

#[test]
fn a_proxy_that_refuses_is_told_apart_and_carried_nothing() {
    for status in [
        "403 Forbidden",
        "407 Proxy Authentication Required",
        "502 Bad Gateway",
    ] {
        let proxy = Server::start(move |_, mut stream, _| {
            read_request(&mut stream).unwrap();
            answer(&mut stream, status, &[], b"");
        });
        let address = proxy.url("").replace("http://", "http://user:secret@");
        let error = network(through(&address))
            .send(post("https://zoom.invalid/"))
            .unwrap_err();
        assert_eq!(
            (error.fault, error.maybe_delivered),
            (SendFault::Proxy, false),
            "{status}"
        );
        assert!(!error.detail.contains("secret") && !error.detail.contains("127.0.0.1"));
    }
}

#[test]
fn a_proxy_that_hangs_up_nobody_is_or_has_no_address_is_told_apart() {
    let closes = Server::start(|_, mut stream, _| {
        read_request(&mut stream);
    });
    for address in [closes.url(""), nobody(), "http://proxy.invalid:3128".into()] {
        let error = network(through(&address))
            .send(post("https://zoom.invalid/"))
            .unwrap_err();
        assert_eq!(
            (error.fault, error.maybe_delivered),
            (SendFault::Proxy, false),
            "{address}"
        );
    }
}

#[test]
fn a_certificate_behind_the_proxy_is_still_verified() {
    let stranger = server::Identity::new("localhost");
    let proxy = Server::start(move |_, mut stream, _| {
        read_request(&mut stream).unwrap();
        server::write(&mut stream, b"HTTP/1.1 200 OK\r\n\r\n");
        read_request(&mut stranger.accept(stream));
    });
    let error = network(through(&proxy.url("")))
        .send(post("https://localhost/"))
        .unwrap_err();
    assert_eq!(
        (error.fault, error.maybe_delivered),
        (SendFault::Tls, false)
    );
}

#[test]
fn a_host_of_no_proxy_is_reached_without_it() {
    let server = Server::start(|_, mut stream, _| {
        read_request(&mut stream).unwrap();
        answer(&mut stream, "200 OK", &[], b"");
    });
    let options = Options {
        no_proxy: Some("other.example, 127.0.0.1".into()),
        ..through(&nobody())
    };
    network(options).send(post(&server.url("/"))).unwrap();
}

#[test]
fn an_address_that_is_no_proxys_is_a_fault_of_the_set_up_without_its_text() {
    for address in [
        "",
        "proxy.example:3128",
        "socks5://u:secret@p.example",
        "https://p.example",
        "http://",
    ] {
        let error = network(through(address)).send(post(&nobody())).unwrap_err();
        assert_eq!(
            (error.fault, error.maybe_delivered),
            (SendFault::Engine, false),
            "{address}"
        );
        assert!(!error.detail.contains("secret"));
    }
}
