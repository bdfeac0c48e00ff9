//! Laptops enroll and their users claim them, over HTTPS against the real service, with nothing but a file as directory.
//!
//! The authentication method is `unverified`, which needs no directory; `with_lab` tests passwords. The results are read
//! by `sqlite3`. The laptops use the client of the tests (`laptops.rs`) or `imd-activate` itself.

mod air_gap;
mod backup_restore;
mod concurrency;
mod connections;
mod device_map;
mod identity;
mod imd_activate;
mod interrupted_claims;
mod network_trouble;
mod off_boarding;
mod password_prompt;
mod pilot;
mod rate_limits;
mod refusals;
mod revocation;
mod token_lifecycle;
