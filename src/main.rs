//! `imd`: parse the command line, pick a face, return its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    imd::cli::main()
}
