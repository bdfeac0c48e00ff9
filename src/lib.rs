//! Integrated mass deployment: from an Active Directory to activated laptops.
//!
//! `ARCHITECTURE.md` describes its layers, which `tests/rules` enforces. The feature `console` is
//! the administrator's program and the service, `laptop` the program on the laptops.

#[cfg(feature = "console")]
pub mod activation;
#[cfg(feature = "console")]
pub mod cli;
#[cfg(feature = "console")]
pub mod directory;
#[cfg(feature = "console")]
pub mod engine;
#[cfg(feature = "console")]
pub mod export;
#[cfg(feature = "console")]
pub mod filter;
pub mod kerberos;
#[cfg(feature = "laptop")]
pub mod laptop;
pub mod model;
#[cfg(feature = "console")]
pub mod plain;
#[cfg(feature = "console")]
pub mod present;
pub mod protocol;
pub mod secrets;
#[cfg(feature = "console")]
pub mod service;
#[cfg(feature = "console")]
pub mod store;
#[cfg(feature = "console")]
pub mod sync;
pub mod token;
#[cfg(feature = "console")]
pub mod tui;
#[cfg(feature = "console")]
pub mod wizard;
