//! What needs no directory but a file of one: the real binary on an LDIF, and what it does with bad input.
//!
//! `sqlite3` reads the state independently of the program.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, dead_code, reason = "its modules are shared with other suites")]

mod bad_input;
mod company;
#[path = "../seven_steps/console.rs"]
mod console;
mod contract;
mod demo_by_keys;
mod doctor;
mod explain;
mod exported;
mod hostile_names;
#[path = "../seven_steps/installation.rs"]
mod installation;
mod manuals;
mod one_by_one;
mod parity;
#[path = "../seven_steps/prompts.rs"]
mod prompts;
mod several_administrators;
mod state;
#[path = "../seven_steps/terminal.rs"]
mod terminal;
mod tokens;
mod verbs;
