//! `imd report`: a rollout status report for management.

use crate::engine::Engine;
use crate::model::report::Since;
use crate::present::report::Document;

use super::Failure;
use super::output::Output;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Include daily figures from this day on: an age ("7d") or a date ("2026-11-24")
    #[arg(long, value_name = "TIME", default_value = "7d")]
    since: Since,
    /// Write CSV, one row per figure
    #[arg(long, conflicts_with = "markdown")]
    csv: bool,
    /// Write Markdown (the default)
    #[arg(long)]
    markdown: bool,
}

pub(super) fn run(engine: &Engine, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let document = Document::new(engine.report(arguments.since)?, &engine.overview()?);
    if output.is_json() {
        return Ok(output.document(&document)?);
    }
    let text = if arguments.csv { document.to_csv() } else { document.to_markdown() };
    Ok(output.raw(text.trim_end())?)
}
