//! The day after setup: what the overview, the report, the audit and the list of exports say is what `sqlite3` counts, and
//! what somebody else's reader makes of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, dead_code, reason = "its modules are shared with other suites")]

mod audit;
#[path = "../without_a_network/company.rs"]
mod company;
mod counts;
mod exports;
#[path = "../seven_steps/installation.rs"]
mod installation;
#[path = "../activation/laptops.rs"]
mod laptops;
mod overview;
mod report;
#[path = "../activation/service.rs"]
mod service;
