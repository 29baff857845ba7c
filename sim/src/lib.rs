//! The life of visits in bad weather: deterministic, in memory, from a list of choices.
//!
//! **What is real.** The core of visits, the core of Zoom, fake-zoom, and the loop that PHP has (`process`). In memory are the
//! plugin's tables (`tables`), the token store (`outside`), and an appointment system as awkward as real ones
//! (`appointments`, `requests`). One thread runs all: whoever could run beside a process runs whole within it, while it waits for
//! Zoom, while its transaction is open, between two of its steps (`others`). Who is killed unwinds, and what was not written is lost.
//!
//! **What happens** is a list of choices (`choices`): first a plan (`act`), then the weather, a choice at each point
//! (`point`) where something may go one way or another (`zoom`, `mishaps`). Lives are drawn by chance or enumerated
//! (`run`, `enumerate`); one that fails is made as short as it gets (`shrink`).
//!
//! Some lives have two visits, of one patient and near in time (`appointments::Case`): counters, numbers of others and e-mails to
//! staff meet there. In some the accounts hide what meetings are described with; in some the doctor departs (`departures`).
//!
//! **What must hold** says `verdict`: some of it at every moment, the rest when the weather has been calm for a day and the night's
//! work is done (`life`, `night`). Apart are counted lives in weather that nobody can survive before the night: an answer that
//! comes late together with a clock that jumps, a database that has forgotten something, and a meeting without a marker that a
//! person moves before its number is known.
//!
//! **Scripts** (`script`) are quieter lives, written down for PHP's loop to live them again.
//!
//! **Planted faults** (`planted`) show that it would find them.

pub mod act;
pub mod appointments;
pub mod chance;
pub mod choices;
mod departures;
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
pub mod script;
mod sender;
pub mod shrink;
mod tables;
pub mod template;
pub mod verdict;
mod world;
mod zoom;
