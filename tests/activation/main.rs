//! Laptops enrol and their users claim them, over HTTPS against the real service, with nothing but a file as directory.
//!
//! The proof is `claimed` here, which asks no directory; `activation_on_samba` has the passwords. What came of it is
//! read by `sqlite3`; the laptops speak through a client of their own (`laptops.rs`) or are `imd-activate` itself.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, dead_code, reason = "its modules are shared with other suites")]

mod air_gap;
mod at_once;
mod at_the_door;
mod brakes;
#[path = "../without_a_network/company.rs"]
mod company;
#[path = "../hostile_ldap/server.rs"]
mod controller;
mod device_map;
mod half_way;
mod identity;
#[path = "../seven_steps/installation.rs"]
mod installation;
mod laptops;
mod machine;
mod off_boarding;
mod on_the_laptop;
mod pilot;
mod refusals;
mod secrets_typed;
mod service;
mod standby;
#[path = "../seven_steps/terminal.rs"]
mod terminal;
mod token_life;
mod too_often;
mod trouble;
