//! Where Zoom is, and which of the addresses that Zoom hands out are followed.

use url::Host;
use url::Url;

use super::error::Error;
use super::error::Result;
use super::error_id::ErrorId;

/// The base addresses of Zoom's OAuth server and API, without `/v2`.
#[derive(Clone, Debug)]
pub struct Endpoints {
    oauth_url: Url,
    api_url: Url,
}

impl Endpoints {
    /// Takes the values of the directives `telemed.oauth_url` and `telemed.api_url`.
    ///
    /// # Errors
    /// When one is no https URL (http is accepted for loopback addresses only), or bears credentials, a query or a fragment.
    pub fn new(oauth_url: &str, api_url: &str) -> Result<Self> {
        Ok(Self {
            oauth_url: base("telemed.oauth_url", oauth_url)?,
            api_url: base("telemed.api_url", api_url)?,
        })
    }

    /// The OAuth server's base address.
    #[must_use]
    pub fn oauth_url(&self) -> &Url {
        &self.oauth_url
    }

    /// The API's base address.
    #[must_use]
    pub fn api_url(&self) -> &Url {
        &self.api_url
    }

    /// An address at the OAuth server; `path` begins with `/`.
    #[must_use]
    pub fn oauth(&self, path: &str) -> Url {
        join(&self.oauth_url, path)
    }

    /// The API base for a token whose answer named `api_url`: that one if it can be trusted.
    ///
    /// Zoom's account regions answer with hosts of their own (`https://api-eu.zoom.us`).
    ///
    /// # Errors
    /// When the address is neither https on a Zoom host nor the configured one: a token must not be sent there.
    pub fn api_base(&self, api_url: Option<&str>) -> Result<Url> {
        let Some(text) = api_url.filter(|text| !text.is_empty()) else {
            return Ok(self.api_url.clone());
        };
        match Url::parse(text) {
            Ok(url) if same_origin(&url, &self.api_url) => Ok(self.api_url.clone()),
            Ok(url) if is_zoom(&url) => Ok(url),
            _ => Err(Error::new(
                ErrorId::ApiAddressForeign,
                "Zoom's answer names an API address that is not Zoom's",
                "No token was sent there. Check the php.ini directives telemed.oauth_url and telemed.api_url, and tell Zoom's support.",
            )),
        }
    }

    /// Whether a link for people (join, start) leads to Zoom: https on a Zoom host, or the configured origin.
    #[must_use]
    pub fn trusts_link(&self, link: &str) -> bool {
        Url::parse(link).is_ok_and(|url| {
            is_zoom(&url) || same_origin(&url, &self.api_url) || same_origin(&url, &self.oauth_url)
        })
    }
}

/// `base` with `path` appended; a path in the base is kept.
#[must_use]
pub(crate) fn join(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let joined = format!("{}{path}", url.path().trim_end_matches('/'));
    url.set_path(&joined);
    url
}

fn base(directive: &str, text: &str) -> Result<Url> {
    let bad = |why: &str| {
        Error::new(
            ErrorId::DirectiveInvalid,
            format!("the php.ini directive {directive} {why}"),
            format!("Set {directive} to an https address such as https://zoom.us, or remove it."),
        )
    };
    let url = Url::parse(text.trim()).map_err(|_| bad("is not a URL"))?;
    let plain_loopback = url.scheme() == "http" && is_loopback(&url);
    if url.scheme() != "https" && !plain_loopback {
        return Err(bad("must be https (http is for loopback addresses only)"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(bad("must not contain credentials"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("must not contain a query or a fragment"));
    }
    Ok(url)
}

/// Whether the URL's host is this machine.
#[must_use]
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Whether `a`, which came from outside, bears no credentials and has the origin of `b`.
fn same_origin(a: &Url, b: &Url) -> bool {
    a.username().is_empty()
        && a.password().is_none()
        && a.scheme() == b.scheme()
        && a.host() == b.host()
        && a.port_or_known_default() == b.port_or_known_default()
}

fn is_zoom(url: &Url) -> bool {
    let Some(Host::Domain(host)) = url.host() else {
        return false;
    };
    url.scheme() == "https"
        && url.port_or_known_default() == Some(443)
        && url.username().is_empty()
        && url.password().is_none()
        && ["zoom.us", "zoomgov.com"].iter().any(|zone| {
            host == *zone
                || host
                    .strip_suffix(zone)
                    .is_some_and(|rest| rest.ends_with('.'))
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    fn endpoints() -> Endpoints {
        Endpoints::new("https://zoom.us", "https://api.zoom.us").unwrap()
    }

    #[test]
    fn http_is_for_loopback_only() {
        assert!(Endpoints::new("http://127.0.0.1:8080", "http://localhost:1/").is_ok());
        assert!(Endpoints::new("http://[::1]:8080", "https://api.zoom.us").is_ok());
        for bad in [
            "http://zoom.us",
            "ftp://zoom.us",
            "zoom.us",
            "",
            "https://u:p@zoom.us",
            "https://zoom.us/?a=b",
            "http://127.0.0.1.evil.example",
        ] {
            assert!(Endpoints::new(bad, "https://api.zoom.us").is_err(), "{bad}");
        }
    }

    #[test]
    fn the_api_address_of_a_token_answer_is_followed_to_zoom_only() {
        let endpoints = endpoints();
        for good in [
            "https://api.zoom.us",
            "https://api-eu.zoom.us",
            "https://eu01api.zoom.us",
            "https://api.zoomgov.com",
        ] {
            assert!(endpoints.api_base(Some(good)).is_ok(), "{good}");
        }
        for bad in [
            "http://api.zoom.us",
            "https://zoom.us.evil.example",
            "https://evilzoom.us",
            "https://api.zoom.us:8443",
            "https://api.zoom.us@evil.example",
            "https://a:b@api.zoom.us",
            "//api.zoom.us",
            "javascript:alert(1)",
        ] {
            assert!(endpoints.api_base(Some(bad)).is_err(), "{bad}");
        }
        assert_eq!(
            endpoints.api_base(None).unwrap().as_str(),
            "https://api.zoom.us/"
        );
    }

    #[test]
    fn the_configured_origin_is_trusted_exactly() {
        let endpoints = Endpoints::new("http://127.0.0.1:8080", "http://127.0.0.1:8080").unwrap();
        assert!(endpoints.api_base(Some("http://127.0.0.1:8080")).is_ok());
        assert!(endpoints.api_base(Some("http://127.0.0.1:8081")).is_err());
        assert!(endpoints.api_base(Some("https://127.0.0.1:8080")).is_err());
        assert!(endpoints.trusts_link("http://127.0.0.1:8080/j/1?pwd=x"));
        assert!(!endpoints.trusts_link("http://127.0.0.1:9/j/1"));
        assert!(endpoints.trusts_link("https://us02web.zoom.us/j/1"));
        assert!(!endpoints.trusts_link("http://us02web.zoom.us/j/1"));
    }

    #[test]
    fn a_path_in_the_base_is_kept() {
        let base = Url::parse("http://127.0.0.1:1/zoom/").unwrap();
        assert_eq!(
            join(&base, "/v2/users").as_str(),
            "http://127.0.0.1:1/zoom/v2/users"
        );
    }
}
