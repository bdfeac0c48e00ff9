//! `imd`: parse the command line, pick a face, return its exit code.

use std::process::ExitCode;

use imd::cli::{self, Color, NoConsole};
use imd::tui;

fn main() -> ExitCode {
    cli::main(&|engine, color| {
        let color = match color {
            Color::Auto => tui::Color::Auto,
            Color::Always => tui::Color::Always,
            Color::Never => tui::Color::Never,
        };
        tui::run(engine, color).map_err(|error| NoConsole { message: error.to_string(), help: error.help() })
    })
}
