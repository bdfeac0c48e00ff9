//! Cached users: found by the beginnings of words, sorted, paged, shown, written down, forgotten.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, dead_code, reason = "its modules are shared with other suites")]

#[path = "../without_a_network/company.rs"]
mod company;
mod console;
#[path = "../sync/corp.rs"]
mod corp;
mod found;
#[path = "../seven_steps/installation.rs"]
mod installation;
#[path = "../../benches/made/company.rs"]
mod made;
#[path = "../console_in_a_pty/terminal.rs"]
mod terminal;
mod verbs;
mod written;
