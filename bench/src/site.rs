//! The WordPress site that `scripts/bench` has started.

use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub struct Site {
    pub url: String,
    pub wordpress: PathBuf,
    pub php_ini_scan_dir: PathBuf,
    pub fake_http: String,
    pub fake_https: String,
    pub db: Database,
}

#[derive(Debug, Deserialize)]
pub struct Database {
    pub socket: PathBuf,
}

impl Site {
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read(file).context("the site's state cannot be read")?;
        serde_json::from_slice(&text).context("the site's state")
    }
}
