//! What several suites share: installations, terminals, laptops, directories, and what they are filled with.

#![allow(dead_code, reason = "each binary uses a part of it")]

pub mod another_name;
pub mod company;
pub mod console;
pub mod controller;
pub mod corp;
pub mod deployments;
pub mod installation;
pub mod laptops;
pub mod machine;
#[path = "../../benches/made/company.rs"]
pub mod made;
pub mod prompts;
pub mod pty;
pub mod server;
pub mod service;
pub mod stubs;
pub mod terminal;
pub mod wine;
