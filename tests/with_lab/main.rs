//! The tests against real counterparts, which `tests/lab/up` starts: a Samba domain controller, OpenLDAP, Wine.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, reason = "modules share their items with each other")]

mod activation;
mod controller_connections;
mod directory;
mod exports_by_powershell;
mod exports_by_readers;
mod exports_by_windows;
mod filters;
mod membership;
mod protocol;
mod screens;
mod seven_steps;
#[path = "../support/all.rs"]
mod support;
mod sync_safety;
mod units;

/// Taken by a test that changes many entries of the domain and by one that compares a dump of it. It keeps them apart
/// under `cargo test`, where they are threads of one process; under nextest a test group does.
fn whole_domain() -> std::sync::MutexGuard<'static, ()> {
    static DOMAIN: std::sync::Mutex<()> = std::sync::Mutex::new(());
    DOMAIN.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
