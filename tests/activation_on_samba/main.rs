//! Passwords and tickets against the lab's domain controller: the whole workflow, and what the service does to an
//! account.
//!
//! The workflow ends on laptops as they are: what the exports install is installed, on Windows as far as Wine is one.
//!
//! A proxy of the test's own stands between `imd` and the controller: it counts what reaches it, and cuts it off.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, dead_code, reason = "its modules are shared with other suites")]

mod accounts;
#[path = "../without_a_network/company.rs"]
mod company;
#[path = "../seven_steps/controller.rs"]
mod controller;
#[path = "../seven_steps/installation.rs"]
mod installation;
#[path = "../activation/laptops.rs"]
mod laptops;
mod look_up;
#[path = "../activation/machine.rs"]
mod machine;
mod off_boarding;
mod on_linux;
mod on_windows;
mod passwords;
mod proxy;
#[path = "../activation/service.rs"]
mod service;
mod tickets;
mod timing;
mod wine;
mod workflow;
