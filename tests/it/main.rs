//! The tests that need no lab: nothing but Rust, and the ordinary tools of a Debian host (`sqlite3`, `openssl`, `python3`).

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, reason = "modules share their items with each other")]

mod activation;
mod cli;
mod concurrent_edits;
mod console;
mod controller_connections;
mod documents;
mod exports_checked;
mod exports_read_back;
mod exports_written;
mod filters;
mod guidelines;
mod hostile_ldap;
mod hostile_sync;
mod operations;
mod plain_prompts;
mod presented;
mod sample;
mod several_directories;
mod store;
#[path = "../support/all.rs"]
mod support;
mod sync;
mod sync_safety;
mod users;
