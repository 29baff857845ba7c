//! The life of visits in bad weather: deterministic, in memory, from a list of choices.
//!
//! The loop is PHP's ([`process`]), by whoever holds the visit's lock, on tables in memory ([`tables`]). Each exchange runs the real
//! core of Zoom against fake-zoom as a library ([`perform`], [`zoom`]). Beside it works an appointment system as awkward as real
//! ones ([`appointments`], [`requests`]). What must hold says [`verdict`].

pub mod act;
pub mod appointments;
pub mod chance;
pub mod choices;
pub mod enumerate;
mod grants;
pub mod letters;
pub mod life;
mod mishaps;
mod night;
mod others;
mod outside;
mod perform;
pub mod planted;
pub mod point;
mod process;
mod requests;
pub mod run;
pub mod shrink;
mod tables;
pub mod template;
pub mod verdict;
mod world;
mod zoom;
