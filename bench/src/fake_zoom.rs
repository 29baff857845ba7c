//! fake-zoom's control API: what was asked of it, its switches, its people.

use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;
use ureq::Agent;

/// An account of fake-zoom's seed with its Server-to-Server app.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    pub id: &'static str,
    pub client_id: &'static str,
    pub client_secret: &'static str,
}

/// "Example Clinic", Business.
pub const CLINIC: Account = Account {
    id: "Ab12cDefGhIjKlMnOpQrSt",
    client_id: "s2sCliEnTiDeXaMpLe0123",
    client_secret: "s2sSeCrEtExAmPlE0123456789abcdef",
};
/// "Private practice", Pro.
pub const PRACTICE: Account = Account {
    id: "Zy98xWvUtSrQpOnMlKjIhG",
    client_id: "cLaSsIcS2sIdExAmple012",
    client_secret: "cLaSsIcS2sSeCrEt0123456789abcdef",
};
/// The user-managed app.
pub const OAUTH_CLIENT_ID: &str = "cLiEnTiDeXaMpLe0123456";
pub const OAUTH_CLIENT_SECRET: &str = "cLiEnTsEcReTeXaMpLe0123456789abc";
/// A licensed user of the clinic.
pub const DOCTOR: &str = "dR0hOsTiD1exAmple_Zo-m";

pub struct FakeZoom {
    agent: Agent,
    pub http: String,
    pub https_port: u16,
}

/// One request as fake-zoom logged it.
#[derive(Debug, Deserialize)]
pub struct Logged {
    pub method: String,
    pub path: String,
    pub headers: std::collections::BTreeMap<String, String>,
    pub body: String,
    pub status: Option<u16>,
}

#[derive(Deserialize)]
struct Log {
    requests: Vec<Logged>,
    dropped: u64,
}

impl Logged {
    fn is_create(&self) -> bool {
        self.method == "POST" && self.path.ends_with("/meetings")
    }
}

impl FakeZoom {
    pub fn new(http: &str, https: &str) -> anyhow::Result<Self> {
        let port = https
            .rsplit(':')
            .next()
            .context("fake-zoom has no https address")?;
        let config = Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(30)))
            .proxy(None)
            .build();
        Ok(Self {
            agent: config.into(),
            http: http.to_owned(),
            https_port: port.parse().context("fake-zoom's https port")?,
        })
    }

    /// Back to the seed, with no limits.
    pub fn reset(&self) -> anyhow::Result<()> {
        self.post("reset", &json!({}))?;
        self.rate_limits(false)
    }

    pub fn rate_limits(&self, on: bool) -> anyhow::Result<()> {
        self.post("settings", &json!({"rate_limits": on}))
            .map(|_| ())
    }

    /// What is answered as `expires_in` from now on.
    pub fn tokens_live(&self, seconds: u32) -> anyhow::Result<()> {
        self.post("settings", &json!({"expires_in": seconds}))
            .map(|_| ())
    }

    /// Adds so many licensed users to an account and gives their ids.
    pub fn add_hosts(
        &self,
        account: Account,
        label: &str,
        count: usize,
    ) -> anyhow::Result<Vec<String>> {
        let ids: Vec<String> = (0..count)
            .map(|n| format!("bEnCh{label}{n:02}{:-<22}", ""))
            .map(|id| id.chars().take(22).collect())
            .collect();
        let users: Vec<Value> = ids
            .iter()
            .map(|id| {
                json!({"id": id, "account_id": account.id, "email": format!("{id}@bench.example").to_lowercase(),
                    "first_name": "Bench", "last_name": id, "type": 2, "timezone": "Europe/Berlin"})
            })
            .collect();
        self.post("seed", &json!({"users": users}))?;
        Ok(ids)
    }

    /// What a click on Authorize would lead to.
    pub fn authorize(&self, request: &Value) -> anyhow::Result<String> {
        let answer = self.post("authorize", request)?;
        answer
            .get("location")
            .and_then(Value::as_str)
            .map(str::to_owned)
            .context("fake-zoom did not authorize")
    }

    pub fn clear_log(&self) -> anyhow::Result<()> {
        self.agent
            .delete(self.address("requests"))
            .call()
            .context("fake-zoom's log cannot be cleared")
            .map(|_| ())
    }

    pub fn log(&self) -> anyhow::Result<Vec<Logged>> {
        let log: Log = self
            .agent
            .get(self.address("requests"))
            .call()?
            .body_mut()
            .with_config()
            .limit(256 << 20)
            .read_json()?;
        anyhow::ensure!(log.dropped == 0, "fake-zoom's log has overflowed");
        Ok(log.requests)
    }

    /// Since the log was cleared exactly so many meetings were created, and nothing was refused.
    pub fn demand_created(&self, who: &str, count: usize) -> anyhow::Result<()> {
        let log = self.log()?;
        let created = log
            .iter()
            .filter(|request| request.is_create() && request.status == Some(201))
            .count();
        anyhow::ensure!(
            created == count,
            "{who} made {created} meetings in place of {count}"
        );
        if let Some(odd) = log
            .iter()
            .find(|request| request.is_create() && request.status != Some(201))
        {
            anyhow::bail!("a request of {who} was answered {:?}", odd.status);
        }
        Ok(())
    }

    /// The last creation.
    pub fn last_create(&self) -> anyhow::Result<Logged> {
        self.log()?
            .into_iter()
            .rev()
            .find(Logged::is_create)
            .context("nothing was created")
    }

    fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.agent
            .post(self.address(path))
            .send_json(body)
            .with_context(|| format!("fake-zoom refused {path}"))?
            .body_mut()
            .read_json()
            .with_context(|| format!("fake-zoom's answer to {path}"))
    }

    fn address(&self, path: &str) -> String {
        format!("{}/_control/{path}", self.http)
    }
}
