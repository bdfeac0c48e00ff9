//! What needs no directory but a file of one: the real binary on an LDIF, and what it does with bad input.
//!
//! `sqlite3` reads the state independently of the program.

mod bad_input;
mod contract;
mod demo;
mod doctor;
mod explain;
mod exports;
mod hostile_names;
mod manual_pages;
mod parity;
mod several_administrators;
mod state;
mod step_verbs;
mod tokens;
mod verbs;
