//! Cached users: found by the beginnings of words, sorted, paged, shown, written down, forgotten.

mod console;
mod found;
mod verbs;
mod written;
