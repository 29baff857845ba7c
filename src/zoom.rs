//! The core: what Zoom asks and answers, as plain data and plain functions.
//!
//! What most callers need stands here: an [`OAuthApp`] or a [`ServerToServerApp`] gives a [`Client`], which takes a
//! [`MeetingRequest`] and gives a [`Meeting`].
//!
//! Everything outside comes in through three traits: [`Http`], [`TokenStore`] and [`Clock`]. So all of it is tested without
//! a network, and a token store written in PHP is never called from inside an async runtime.

#![forbid(unsafe_code)]
#![warn(unreachable_pub)]

pub(crate) mod api;
pub(crate) mod api_error;
pub(crate) mod client;
pub(crate) mod client_id;
pub(crate) mod clock;
pub mod connection;
pub(crate) mod context;
pub(crate) mod credential;
pub(crate) mod diagnosis;
pub(crate) mod endpoints;
pub(crate) mod error;
pub(crate) mod error_id;
pub mod grant;
pub(crate) mod host;
pub mod http;
pub mod known_tokens;
pub(crate) mod lenient;
pub mod limit_end;
pub mod meeting;
pub(crate) mod meeting_id;
pub mod meeting_request;
pub(crate) mod meeting_settings;
pub mod oauth_app;
pub mod pace;
pub(crate) mod passcode;
pub(crate) mod path;
pub mod reconciler;
pub(crate) mod record;
pub mod renewal;
pub(crate) mod retry;
pub(crate) mod scopes;
pub mod secret;
pub mod server_to_server_app;
pub(crate) mod subject;
pub mod token_endpoint;
pub(crate) mod token_store;
pub mod tokens;
pub(crate) mod user;
pub(crate) mod vault;
pub mod webhook;

#[cfg(test)]
mod testing;

pub use client::Client;
pub use client::MeetingPage;
pub use client_id::ClientId;
pub use clock::Clock;
pub use connection::Connection;
pub use connection::ConnectionStatus;
pub use context::Context;
pub use diagnosis::Diagnosis;
pub use endpoints::Endpoints;
pub use error::Detail;
pub use error::Error;
pub use error::Kind;
pub use error::Result;
pub use error_id::ErrorId;
pub use host::Host;
pub use http::Http;
pub use meeting::Meeting;
pub use meeting_id::MeetingId;
pub use meeting_request::MeetingRequest;
pub use oauth_app::OAuthApp;
pub use server_to_server_app::ServerToServerApp;
pub use subject::Subject;
pub use token_store::TokenStore;
pub use user::User;
pub use vault::Vault;
pub use webhook::Webhook;
pub use webhook::WebhookEvent;
