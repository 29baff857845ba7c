//! The binding: the classes under `Telemed\` that PHP loads. It converts, calls the core, and converts back.
//!
//! One file for each family of classes. `unsafe` stands only where PHP's C interface is called directly: [`call`], [`exceptions`],
//! [`sensitive`], [`info`], [`interface`] and [`open_basedir`].
//!
//! Method bodies clone the `Rc` of what they call before they call it: a token store written in PHP runs in the middle of a
//! call, and may run the constructor of the very object again.

// PHP dictates these signatures: arguments arrive owned, and PHP has no `#[must_use]`.
#![allow(
    clippy::must_use_candidate,
    clippy::needless_pass_by_value,
    clippy::return_self_not_must_use,
    reason = "the signatures are those of the PHP API"
)]

mod array;
mod call;
mod client;
mod configuration;
mod connection;
mod convert;
mod diagnosis;
mod exceptions;
mod file_token_store;
mod info;
mod interface;
mod meeting;
mod meeting_request;
mod oauth_app;
mod open_basedir;
mod reconciler;
mod renewal;
mod sensitive;
mod server_to_server_app;
mod store;
mod user;
mod vault;
mod visit;
mod webhook;

use ext_php_rs::prelude::*;

use crate::panic_hook;

/// Runs at MINIT, before the classes of the builder are registered. Starts no thread and opens nothing.
extern "C" fn startup(_kind: i32, module: i32) -> i32 {
    panic_hook::install();
    configuration::register(module);
    sensitive::reset();
    exceptions::register()
        .and_then(|()| interface::register())
        .map_or(-1, |()| 0)
}

/// What PHP asks for when it loads the extension.
#[php_module]
#[php(startup = startup)]
pub fn get_module(module: ModuleBuilder) -> ModuleBuilder {
    module
        .name("telemed")
        .info_function(info::print)
        .request_startup_function(sensitive::request_startup)
        .request_shutdown_function(configuration::request_shutdown)
        .class::<file_token_store::FileTokenStore>()
        .class::<vault::Vault>()
        .class::<oauth_app::OAuthApp>()
        .class::<oauth_app::AuthorizationRequest>()
        .class::<connection::Connection>()
        .class::<renewal::Renewal>()
        .class::<server_to_server_app::ServerToServerApp>()
        .class::<client::Client>()
        .class::<meeting_request::MeetingRequest>()
        .class::<meeting::Meeting>()
        .class::<meeting::MeetingPage>()
        .class::<reconciler::Reconciler>()
        .class::<user::User>()
        .class::<diagnosis::Diagnosis>()
        .class::<visit::Visit>()
        .class::<visit::Comparison>()
        .class::<visit::Handover>()
        .class::<visit::Limit>()
        .class::<visit::Step>()
        .class::<visit::Outcome>()
        .class::<visit::Moment>()
        .class::<visit::Maker>()
        .class::<webhook::Webhook>()
        .class::<webhook::WebhookEvent>()
}
