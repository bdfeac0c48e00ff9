//! `imd report`: the rollout for whoever pays.

use crate::engine::Engine;
use crate::model::report::Since;

use super::Failure;
use super::output::Output;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Tell day by day since then: so many days ("7d"), or from a day on ("2026-11-24")
    #[arg(long, value_name = "WHEN", default_value = "7d")]
    since: Since,
    /// As a table for a spreadsheet, a row a number
    #[arg(long, conflicts_with = "markdown")]
    csv: bool,
    /// As Markdown, which is what is written anyway
    #[arg(long)]
    markdown: bool,
}

pub(super) fn run(engine: &Engine, arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let report = engine.report(arguments.since)?;
    if output.is_json() {
        return Ok(output.document(&report)?);
    }
    let text = if arguments.csv { report.to_csv() } else { report.to_markdown() };
    Ok(output.raw(text.trim_end())?)
}
