//! The seven steps as plain prompts, on a terminal that can do nothing but lines.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, dead_code, reason = "its modules are shared with other suites")]

#[path = "../without_a_network/company.rs"]
mod company;
#[path = "../seven_steps/installation.rs"]
mod installation;
#[path = "../seven_steps/prompts.rs"]
mod prompts;
#[path = "../seven_steps/terminal.rs"]
mod terminal;

mod secrets_and_signals;
mod seven_steps;
