//! The main job against the lab's domain controller: from an empty state through all seven steps.
//!
//! The real binary runs; `sqlite3`, `ldapsearch`, `ldbsearch`, `sha256sum` and `dash` judge what came of it.

mod by_answers_file;
mod by_keys;
mod by_prompts;
mod no_secret_anywhere;
mod refusals;
mod rollout;
