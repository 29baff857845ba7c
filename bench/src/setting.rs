//! What every measure works with: fake-zoom, the site, the extension, the one file of certificates.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use rustls::ClientConfig;

use crate::bare_client;
use crate::fake_zoom::FakeZoom;
use crate::site::Site;

pub struct Setting {
    pub zoom: FakeZoom,
    pub site: Site,
    pub extension: PathBuf,
    /// The folder of the PHP scripts.
    pub scripts: PathBuf,
    /// The certificates that every contender trusts: those of WordPress and the test CA.
    pub ca: PathBuf,
    pub trust: Arc<ClientConfig>,
    pub php_version: String,
    pub out: PathBuf,
    /// For files of the run.
    pub work: PathBuf,
}

impl Setting {
    pub fn new(
        extension: &Path,
        scripts: PathBuf,
        site: &Path,
        out: PathBuf,
        php_version: String,
    ) -> anyhow::Result<Self> {
        let work = out.join("work");
        if work.exists() {
            std::fs::remove_dir_all(&work)?;
        }
        std::fs::create_dir_all(&work)?;
        // A copy, so that a build in the meantime changes nothing.
        let measured = work.join("libtelemed.so");
        std::fs::copy(extension, &measured)
            .with_context(|| format!("{} cannot be copied", extension.display()))?;
        let site = Site::read(site)?;
        let ca = out.join("ca.pem");
        let trust = bare_client::trust(&ca)?;
        Ok(Self {
            zoom: FakeZoom::new(&site.fake_http, &site.fake_https)?,
            site,
            extension: measured,
            scripts,
            ca,
            trust,
            php_version,
            out,
            work,
        })
    }

    /// The name of a PHP program of the version that is measured.
    pub fn php(&self, kind: &str) -> String {
        format!("php{kind}{}", self.php_version)
    }

    /// A new empty folder, readable by its owner alone.
    pub fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        use std::os::unix::fs::DirBuilderExt as _;
        let path = self.work.join(name);
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("the folder {name} cannot be made"))?;
        Ok(path)
    }
}
