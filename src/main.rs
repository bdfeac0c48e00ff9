//! The way in: parse, pick a face, exit with its code.

fn main() {}
