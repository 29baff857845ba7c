//! fake-zoom over real sockets: the program itself is started, and held against the reference.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    missing_docs,
    reason = "tests"
)]

mod api;
mod control;
mod limits;
mod meetings;
mod oauth;
mod support;
mod wire;
