//! Whom we trust: rustls with ring, and the roots of `ca_file`, else the system's.

use reqwest::Certificate;
use reqwest::ClientBuilder;

use super::Options;
use super::fault;
use crate::zoom::http::SendError;

/// Sets the roots.
pub(super) fn trust(builder: ClientBuilder, options: &Options) -> Result<ClientBuilder, SendError> {
    // An error here means that it is installed already. The provider is a static of our own library: nobody else sees it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Some(path) = &options.ca_file else {
        return Ok(builder);
    };
    let unusable = |why: &str| fault::engine(&format!("the certificate file {why}"));
    let pem = std::fs::read(path)
        .map_err(|error| unusable(&format!("cannot be read: {}", error.kind())))?;
    let roots = Certificate::from_pem_bundle(&pem).map_err(|_| unusable("is not in PEM form"))?;
    if roots.is_empty() {
        return Err(unusable("holds no certificate"));
    }
    Ok(builder.tls_certs_only(roots))
}
