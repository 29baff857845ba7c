//! `telemed`: video visits on Zoom for PHP, in both of Zoom's auth modes.
//!
//! - [`zoom`] is the core: Zoom as plain Rust, without PHP, without I/O, without a clock of its own.
//! - [`visit`] is the second core: the life of a visit, which says what comes next and is told what came of it.
//! - [`exchange`] carries out what a visit asks of Zoom, through the first core.
//! - [`store`] keeps records in files, for hosts that bring no store of their own.
//! - [`engine`] carries the core's requests over the network.
//! - [`panic_hook`] keeps a defect's message out of the server's log.
//! - `php` (feature `extension`) is the binding that PHP loads.
//!
//! Arrows run one way: `php -> engine -> zoom`, `php -> store -> zoom`, `php -> exchange -> visit -> zoom`.

pub mod engine;
pub mod exchange;
pub mod panic_hook;
pub mod store;
pub mod visit;
pub mod zoom;

#[cfg(feature = "extension")]
mod php;
