//! What keeps records by itself, for hosts that bring no store of their own. It does I/O, so it is no part of the core.

#![forbid(unsafe_code)]
#![warn(unreachable_pub)]

mod file_token_store;

pub use file_token_store::FileTokenStore;
