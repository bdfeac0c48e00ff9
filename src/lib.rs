//! Integrated mass deployment: from an Active Directory to activated laptops.
//!
//! The map of the house is in `ARCHITECTURE.md`; a test (`tests/house.rs`) keeps its floors.

pub mod cli;
pub mod directory;
pub mod engine;
pub mod export;
pub mod filter;
pub mod model;
pub mod plain;
pub mod secrets;
pub mod store;
pub mod sync;
pub mod token;
pub mod tui;
pub mod wizard;
