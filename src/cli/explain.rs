//! `imd explain` and `imd mapping explain`: why a user is or is not activated, and what to do.

use std::fmt::Write as _;

use crate::engine::{Among, Engine, Explained};
use crate::model::explanation::{Link, State};
use crate::model::job::Job;
use crate::model::name::Name;
use crate::sync::{Explanation, Line};

use super::Failure;
use super::output::Output;

/// The chain from the directory to the laptop; exit code 3 when it is broken.
pub(super) fn chain(engine: &Engine, user: &str, directory: Option<&Name>, output: &Output) -> Result<(), Failure> {
    let chain = engine.explain(user, directory.map_or(Among::All, Among::Directory), &Job::unwatched())?;
    if output.is_json() {
        output.document(&chain)?;
    } else {
        output.list(&chain.links, ["LINK", "STATE", "WHAT WAS SEEN"], |link: &Link| {
            let state = match link.state {
                State::Ok => "ok",
                State::Pending => "pending",
                State::Failed => "failed",
            };
            [link.part.to_string(), state.to_owned(), link.evidence.clone()]
        })?;
    }
    let Some(link) = chain.deciding() else { return Ok(()) };
    let remedy = link.remedy.clone().unwrap_or_default();
    match link.state {
        State::Failed => {
            let message = format!("the chain is broken at the {}", link.part);
            Err(Failure::NeedsYou { message, help: remedy })
        }
        State::Pending => Ok(output.note(&format!("next: {remedy}"))?),
        State::Ok => Ok(()),
    }
}

/// What each mapping makes of the user; exit code 3 when none takes them.
pub(super) fn mappings(
    engine: &Engine,
    user: &str,
    mapping: Option<&Name>,
    directory: Option<&Name>,
    output: &Output,
) -> Result<(), Failure> {
    let among = mapping.map(Among::Mapping).or(directory.map(Among::Directory)).unwrap_or(Among::All);
    let explained = engine.explain_mappings(user, among, &Job::unwatched())?;
    if output.is_json() {
        output.document(&explained)?;
    } else {
        output.raw(&explained.found.shown())?;
        for one in &explained.mappings {
            output.raw(&text(one))?;
        }
    }
    verdict(&explained)
}

fn verdict(explained: &Explained) -> Result<(), Failure> {
    let Some(nearest) = explained.nearest() else {
        return Err(Failure::NeedsYou {
            message: format!("no mapping reads the directory \"{}\"", explained.found.directory),
            help: "create a mapping in step 3".to_owned(),
        });
    };
    match &nearest.remedy {
        None => Ok(()),
        Some(remedy) => Err(Failure::NeedsYou {
            message: match explained.mappings.len() {
                1 => format!("the mapping \"{}\" does not match the user", nearest.mapping),
                _ => format!("no mapping matches the user; \"{}\" is the nearest", nearest.mapping),
            },
            help: remedy.to_string(),
        }),
    }
}

fn text(explanation: &Explanation) -> String {
    let outcome = crate::model::text::shown(&explanation.outcome.to_string());
    let mut text = format!("\n\"{}\" {outcome}", explanation.mapping);
    for Line { depth, verdict, text: line } in explanation.lines() {
        let verdict = verdict.map(|verdict| verdict.to_string()).unwrap_or_default();
        let _ = write!(text, "\n  {verdict:<8} {}{line}", "  ".repeat(depth));
    }
    if let Some(remedy) = &explanation.remedy {
        let _ = write!(text, "\n  to do    {remedy}");
    }
    text
}
