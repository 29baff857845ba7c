//! One address of fake-zoom at some distance, what PHP is told about it, and the one request that all contenders send there.

use std::time::Duration;

use anyhow::Context as _;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::bare_client::BareClient;
use crate::fake_zoom::Account;
use crate::fake_zoom::Logged;
use crate::fake_zoom::OAUTH_CLIENT_ID;
use crate::fake_zoom::OAUTH_CLIENT_SECRET;
use crate::php::Target;
use crate::php::Worker;
use crate::relay::Relay;
use crate::setting::Setting;

/// 32 bytes in base64; the records of a run are of no worth after it.
const VAULT_KEY: &str = "YmVuY2htYXJrLWtleS1vZi0zMi1ieXRlcy1sb25nISE=";
/// An address of the app's allow list; nothing is served there.
pub const REDIRECT_URI: &str = "http://127.0.0.1/callback";
/// Set by each client for itself.
const OWN_HEADERS: [&str; 3] = ["host", "content-length", "connection"];

pub struct Stage {
    pub target: Target,
    pub port: u16,
    pub relay: Option<Relay>,
    /// The request of a creation, byte by byte.
    pub request: Vec<u8>,
    /// The same in parts: its path, its headers but for those that each client sets for itself, its body.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Stage {
    /// `round_trip` 0 is fake-zoom itself. Makes one meeting for `host`, with telemed, to learn what it sends.
    pub fn new(
        setting: &Setting,
        name: &str,
        round_trip: Duration,
        account: Account,
        host: &str,
    ) -> anyhow::Result<Self> {
        let relay = (!round_trip.is_zero())
            .then(|| Relay::start(setting.zoom.https_port, round_trip))
            .transpose()?;
        let port = relay
            .as_ref()
            .map_or(setting.zoom.https_port, |relay| relay.port);
        let mut stage = Self {
            target: Target {
                url: format!("https://localhost:{port}"),
                config: setting.work.join(format!("{name}.json")),
            },
            port,
            relay,
            request: Vec::new(),
            path: String::new(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let start = Timestamp::now() + SignedDuration::from_hours(48);
        let mut config = json!({
            "url": stage.target.url,
            "ca": setting.ca,
            "store": setting.folder(&format!("{name}-tokens"))?,
            "vault_key": VAULT_KEY,
            "account_id": account.id,
            "client_id": account.client_id,
            "client_secret": account.client_secret,
            "oauth_client_id": OAUTH_CLIENT_ID,
            "oauth_client_secret": OAUTH_CLIENT_SECRET,
            "redirect_uri": REDIRECT_URI,
            "start": start.strftime("%Y-%m-%dT%H:00:00Z").to_string(),
            "wordpress": setting.site.wordpress,
        });
        stage.write(&config)?;
        setting.zoom.clear_log()?;
        Worker::telemed(setting, &stage.target)?.order(&json!({"create": 0, "host": host}))?;
        setting.zoom.demand_created("telemed's first call", 1)?;
        let sent = setting.zoom.last_create()?;
        stage.request = bytes_of(&sent);
        stage.path.clone_from(&sent.path);
        stage.body = sent.body.clone().into_bytes();
        stage.headers = sent
            .headers
            .iter()
            .filter(|(name, _)| !OWN_HEADERS.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let headers: Map<String, Value> = stage
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
            .collect();
        let values = config
            .as_object_mut()
            .context("the configuration is no object")?;
        values.insert("headers".to_owned(), headers.into());
        values.insert("body".to_owned(), serde_json::from_str(&sent.body)?);
        stage.write(&config)?;
        Ok(stage)
    }

    pub fn bare_client(&self, setting: &Setting) -> anyhow::Result<BareClient> {
        BareClient::connect(self.port, setting.trust.clone())
    }

    fn write(&self, config: &Value) -> anyhow::Result<()> {
        std::fs::write(&self.target.config, serde_json::to_vec_pretty(config)?)
            .context("the configuration of the PHP scripts cannot be written")
    }
}

/// The request as it was on the wire, but for the order of its headers.
fn bytes_of(sent: &Logged) -> Vec<u8> {
    let mut bytes = format!("{} {} HTTP/1.1\r\n", sent.method, sent.path).into_bytes();
    for (name, value) in &sent.headers {
        bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(sent.body.as_bytes());
    bytes
}
