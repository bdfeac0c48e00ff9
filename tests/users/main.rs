//! Cached users: found by the beginnings of words, sorted, paged, shown, written down, forgotten.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, dead_code, reason = "its modules are shared with other suites")]

#[path = "../without_a_network/company.rs"]
mod company;
#[path = "../sync/corp.rs"]
mod corp;
mod found;
#[path = "../seven_steps/installation.rs"]
mod installation;
mod verbs;
mod written;
