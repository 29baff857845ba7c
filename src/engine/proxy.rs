//! The proxy of php.ini, or none: the environment's proxies are ignored, for FPM and CLI would differ.

use reqwest::ClientBuilder;
use reqwest::NoProxy;
use reqwest::Proxy;
use url::Url;

use super::Options;
use super::fault;
use crate::zoom::http::SendError;

/// Sets the proxy.
pub(super) fn through(
    builder: ClientBuilder,
    options: &Options,
) -> Result<ClientBuilder, SendError> {
    let builder = builder.no_proxy();
    let Some(address) = &options.proxy else {
        return Ok(builder);
    };
    let bad = || fault::engine("telemed.proxy is not an address such as http://proxy.example:3128");
    let url = Url::parse(address).map_err(|_| bad())?;
    if url.scheme() != "http" || url.host().is_none() {
        return Err(bad());
    }
    let no_proxy = options.no_proxy.as_deref().and_then(NoProxy::from_string);
    let proxy = Proxy::all(url).map_err(|_| bad())?.no_proxy(no_proxy);
    Ok(builder.proxy(proxy))
}
