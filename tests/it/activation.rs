//! Laptops enroll and their users claim them, over HTTPS against the real service, with nothing but a file as directory.
//!
//! The proof is `claimed` here, which asks no directory; `with_lab` has the passwords. What came of it is
//! read by `sqlite3`; the laptops speak through a client of their own (`laptops.rs`) or are `imd-activate` itself.

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
