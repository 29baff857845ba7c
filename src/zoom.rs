//! The core: what Zoom asks and answers, as plain data and plain functions.
//!
//! Everything outside comes in through three traits: [`Http`], [`TokenStore`] and [`Clock`]. So all of it is tested without
//! a network, and a token store written in PHP is never called from inside an async runtime.

pub mod api;
pub mod api_error;
pub mod client;
pub mod client_id;
pub mod clock;
pub mod connection;
pub mod context;
pub mod credential;
pub mod diagnosis;
pub mod endpoints;
pub mod error;
pub mod error_id;
pub mod grant;
pub mod host;
pub mod http;
pub mod known_tokens;
pub mod lenient;
pub mod limit_end;
pub mod meeting;
pub mod meeting_id;
pub mod meeting_request;
pub mod meeting_settings;
pub mod oauth_app;
pub mod pace;
pub mod passcode;
pub mod path;
pub mod reconciler;
pub mod record;
pub mod retry;
pub mod scopes;
pub mod secret;
pub mod server_to_server_app;
pub mod subject;
pub mod token_endpoint;
pub mod token_store;
pub mod tokens;
pub mod user;
pub mod vault;
pub mod webhook;

#[cfg(test)]
mod testing;

pub use client::Client;
pub use client_id::ClientId;
pub use clock::Clock;
pub use context::Context;
pub use endpoints::Endpoints;
pub use error::Error;
pub use error::Kind;
pub use error::Result;
pub use error_id::ErrorId;
pub use host::Host;
pub use http::Http;
pub use meeting_id::MeetingId;
pub use subject::Subject;
pub use token_store::TokenStore;
pub use vault::Vault;
