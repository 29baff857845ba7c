//! Starts fake-zoom and speaks to it as an HTTP client.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use reqwest::Method;
use reqwest::blocking::{Client, RequestBuilder};
use serde_json::{Value, json};

pub const USER_APP: (&str, &str) = ("cLiEnTiDeXaMpLe0123456", "cLiEnTsEcReTeXaMpLe0123456789abc");
pub const OTHER_APP: (&str, &str) = ("oThErApPiDeXaMpLe01234", "oThErApPsEcReT0123456789abcdefgh");
pub const S2S_APP: (&str, &str) = ("s2sCliEnTiDeXaMpLe0123", "s2sSeCrEtExAmPlE0123456789abcdef");
pub const CLASSIC_APP: (&str, &str) =
    ("cLaSsIcS2sIdExAmple012", "cLaSsIcS2sSeCrEt0123456789abcdef");
pub const CLINIC: &str = "Ab12cDefGhIjKlMnOpQrSt";
pub const PRACTICE: &str = "Zy98xWvUtSrQpOnMlKjIhG";
pub const DOCTOR: &str = "dR0hOsTiD1exAmple_Zo-m";
pub const REDIRECT: &str = "http://127.0.0.1:9/callback";

/// One running fake-zoom, killed when dropped.
pub struct Zoom {
    child: Child,
    pub http: String,
    pub https: Option<String>,
    pub client: Client,
}

impl Drop for Zoom {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Status, `code` and `message` of an API error.
    pub fn error(&self) -> (u16, i64, String) {
        let body = self.json();
        (
            self.status,
            body["code"].as_i64().unwrap(),
            body["message"].as_str().unwrap().to_owned(),
        )
    }
}

pub fn send(request: RequestBuilder) -> Answer {
    let response = request.send().unwrap();
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().unwrap(),
    }
}

impl Zoom {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    pub fn start_with(arguments: &[&str]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut child = Command::new(env!("CARGO_BIN_EXE_fake-zoom"))
            .args(["--port", "0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut http, mut https) = (None, None);
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            match line.split_once('=') {
                Some(("http", url)) => http = Some(url.to_owned()),
                Some(("https", url)) => https = Some(url.to_owned()),
                _ => {
                    assert_eq!(line, "ready");
                    break;
                }
            }
        }
        let client = Client::builder()
            .tls_certs_only([])
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        Self {
            child,
            http: http.expect("an address"),
            https,
            client,
        }
    }

    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.client.request(
            Method::from_bytes(method.as_bytes()).unwrap(),
            format!("{}{path}", self.http),
        )
    }

    pub fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = send(
            self.request(method, &format!("/_control/{path}"))
                .json(body),
        );
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    pub fn seed(&self, what: &Value) {
        self.control("POST", "seed", what);
    }

    /// Changes fields of a seeded account, user or app.
    pub fn amend(&self, kind: &str, id: &str, change: &Value) {
        let state = self.control("GET", "state", &json!({}));
        let mut item = state[kind]
            .as_array()
            .unwrap()
            .iter()
            .find(|item| item["id"] == id || item["client_id"] == id)
            .unwrap()
            .clone();
        for (name, value) in change.as_object().unwrap() {
            item[name] = value.clone();
        }
        self.seed(&json!({kind: [item]}));
    }

    pub fn switch(&self, change: &Value) {
        self.control("POST", "settings", change);
    }

    pub fn advance(&self, seconds: i64) {
        self.control("POST", "clock", &json!({"advance": seconds}));
    }

    pub fn state(&self) -> Value {
        self.control("GET", "state", &json!({}))
    }

    pub fn log(&self) -> Vec<Value> {
        self.control("GET", "requests", &json!({}))["requests"]
            .as_array()
            .unwrap()
            .clone()
    }

    pub fn post_token(&self, app: (&str, &str), form: &[(&str, &str)]) -> Answer {
        send(
            self.request("POST", "/oauth/token")
                .basic_auth(app.0, Some(app.1))
                .form(form),
        )
    }

    /// A Server-to-Server token.
    pub fn s2s(&self, app: (&str, &str), account: &str) -> String {
        let answer = self.post_token(
            app,
            &[
                ("grant_type", "account_credentials"),
                ("account_id", account),
            ],
        );
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    /// A code, as a click on Authorize gives it.
    pub fn code(&self, app: (&str, &str), user: &str, more: &Value) -> String {
        let mut asked =
            json!({"client_id": app.0, "redirect_uri": REDIRECT, "state": "s", "user": user});
        for (name, value) in more.as_object().unwrap() {
            asked[name] = value.clone();
        }
        let location = self.control("POST", "authorize", &asked)["location"]
            .as_str()
            .unwrap()
            .to_owned();
        let location = reqwest::Url::parse(&location).unwrap();
        location
            .query_pairs()
            .find(|(name, _)| name == "code")
            .unwrap()
            .1
            .into_owned()
    }

    pub fn exchange(&self, app: (&str, &str), code: &str) -> Answer {
        self.post_token(
            app,
            &[
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", REDIRECT),
            ],
        )
    }

    /// The token answer of a user who has just authorized.
    pub fn connect(&self, app: (&str, &str), user: &str) -> Value {
        let answer = self.exchange(app, &self.code(app, user, &json!({})));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    pub fn refresh(&self, refresh_token: &Value) -> Answer {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh_token.as_str().unwrap()),
        ];
        self.post_token(USER_APP, &form)
    }

    pub fn call(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let mut request = self
            .request(method, &format!("/v2{path}"))
            .bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        send(request)
    }

    pub fn get(&self, token: &str, path: &str) -> Answer {
        self.call(token, "GET", path, None)
    }

    /// Makes a meeting and gives the answer's object.
    pub fn create(&self, token: &str, host: &str, body: &Value) -> Value {
        let answer = self.call(
            token,
            "POST",
            &format!("/users/{host}/meetings"),
            Some(body),
        );
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()
    }
}
