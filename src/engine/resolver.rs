//! Names are resolved on the calling thread, by the system's resolver, so that no other thread is started.
//!
//! Our time-outs do not cut it; the limits of resolv.conf hold, as with PHP's own streams.

use std::net::ToSocketAddrs as _;

use reqwest::dns::Addrs;
use reqwest::dns::Name;
use reqwest::dns::Resolve;
use reqwest::dns::Resolving;

pub(super) struct InlineResolver;

/// Marks an error as one of name resolution, for [`super::fault`] to find in the chain of causes.
#[derive(Debug, thiserror::Error)]
#[error("the name has no address")]
pub(super) struct Unresolved;

impl Resolve for InlineResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let addresses: Vec<_> = (name.as_str(), 0)
                .to_socket_addrs()
                .map_err(|_| Unresolved)?
                .collect();
            if addresses.is_empty() {
                return Err(Unresolved.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
