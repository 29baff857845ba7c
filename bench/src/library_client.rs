//! The extension's HTTP library by itself: reqwest on one thread, kept, sending the same bytes and doing nothing with the answer.
//! What telemed takes longer than this is telemed's own work; what this takes longer than the bare client is the library's.

use std::sync::Arc;

use anyhow::Context as _;
use reqwest::Client;
use reqwest::header::HeaderMap;
use reqwest::header::HeaderName;
use reqwest::header::HeaderValue;
use rustls::ClientConfig;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;

use crate::stage::Stage;

pub struct LibraryClient {
    runtime: Runtime,
    client: Client,
    url: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl LibraryClient {
    pub fn new(stage: &Stage, trust: Arc<ClientConfig>) -> anyhow::Result<Self> {
        let mut headers = HeaderMap::new();
        for (name, value) in &stage.headers {
            headers.insert(
                HeaderName::try_from(name.as_str())?,
                HeaderValue::try_from(value.as_str())?,
            );
        }
        Ok(Self {
            runtime: Builder::new_current_thread()
                .enable_io()
                .enable_time()
                .build()?,
            client: Client::builder()
                .http1_only()
                .no_proxy()
                .tls_backend_preconfigured(Arc::unwrap_or_clone(trust))
                .build()?,
            url: format!("{}{}", stage.target.url, stage.path),
            headers,
            body: stage.body.clone(),
        })
    }

    /// Sends the request and reads the answer; gives its status.
    pub fn exchange(&self) -> anyhow::Result<u16> {
        self.runtime.block_on(async {
            let answer = self
                .client
                .post(&self.url)
                .headers(self.headers.clone())
                .body(self.body.clone())
                .send()
                .await
                .context("the library cannot send")?;
            let status = answer.status().as_u16();
            answer.bytes().await.context("the library cannot read")?;
            Ok(status)
        })
    }
}
