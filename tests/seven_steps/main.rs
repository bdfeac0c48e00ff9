//! The main job against the lab's domain controller: from an empty state through all seven steps.
//!
//! The real binary runs; `sqlite3`, `ldapsearch`, `ldbsearch`, `sha256sum` and `dash` judge what came of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(unreachable_pub, dead_code, reason = "its modules are shared with other suites")]

mod another_name;
mod by_answers_file;
mod by_keys;
mod by_prompts;
mod console;
mod controller;
mod installation;
mod no_secret_anywhere;
mod prompts;
mod refusals;
mod rollout;
mod terminal;
