//! The exports that were written, the newest first.

use super::{Source, page};
use crate::engine::{Engine, Error, WrittenExport, WrittenFile};
use crate::model::job::Job;
use crate::model::text::shown;
use crate::present::export::{COLUMNS, facts, state};
use crate::present::{Act, Fact, Kind, Place, Tone, headings};
use crate::tui::listing::{Asked, Detail, Doing, ListSpec, Reached, Rows};
use crate::wizard::Step;

pub(super) const SPEC: ListSpec = ListSpec {
    kind: Kind::Exports,
    title: "Exports",
    reached: Reached::Key('7'),
    columns: &headings(COLUMNS),
    empty: "No export was written yet. Step 7 writes the exports: n opens it.",
    about: "The folders that were written for your deployment tools.",
    help: include_str!("../../../../assets/help/exports.txt"),
    entry: Some("export"),
    edited: Some((Step::Installer, |name| Place::Named(Step::Installer, name))),
    acts: &[Act::New],
    listed_by: "export written",
    verbs: &[
        (Act::New, "export"),
        (Act::WriteAgain, "export rewrite"),
        (Act::Preview, "export written"),
        (Act::Check, "export check"),
    ],
    ..ListSpec::PLAIN
};

pub(super) struct Exports;

impl Source for Exports {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let rows =
            exports(engine)?.map(|export| super::row(id(&export), COLUMNS, &export, state(&export).1, ACTS.to_vec()));
        Ok(page(rows, asked, offset, limit))
    }

    fn detail(&self, engine: &Engine, of: &str) -> Result<Detail, Error> {
        let export = find(engine, of)?;
        Ok(Detail { lines: facts(&export), title: export.target, acts: ACTS.to_vec() })
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        let export = find(engine, doing.id.as_deref().unwrap_or_default())?;
        if doing.act == Act::WriteAgain {
            let written = engine.write_again(export.id)?;
            let folder = shown(&written.folder.to_string_lossy());
            let says = if written.changed { "Written to" } else { "Unchanged in" };
            return Ok(vec![Fact::new("", format!("{says} {folder}")).toned(Tone::Good)]);
        }
        if doing.act == Act::Preview {
            return Ok(files(&engine.written_files(export.id)?));
        }
        let checked = engine.check_exports(&export.folder, true)?;
        let findings = checked.iter().flat_map(|checked| &checked.findings);
        let mut lines: Vec<Fact> = findings
            .map(|found| Fact::new(found.file.as_deref().unwrap_or(""), shown(&found.detail)).toned(Tone::Problem))
            .collect();
        if lines.is_empty() {
            lines.push(Fact::new("", format!("{} is unchanged, with a valid token.", export.target)).toned(Tone::Good));
        } else {
            lines.push(Fact::new("To do", "write it again: r in the list of exports").toned(Tone::Help));
        }
        Ok(lines)
    }
}

const ACTS: [Act; 3] = [Act::Check, Act::Preview, Act::WriteAgain];

/// Each file below its name.
fn files(files: &[WrittenFile]) -> Vec<Fact> {
    let mut lines = Vec::new();
    for file in files {
        lines.push(Fact::new("", shown(&file.name)).toned(Tone::Help));
        match &file.text {
            Ok(text) => {
                // A tab is an indent here, not a control character.
                let each = text.lines().map(|line| Fact::new("", shown(&line.replace('\t', "    "))));
                lines.extend(each);
            }
            Err(why) => lines.push(Fact::new("", why.clone()).toned(Tone::Warning)),
        }
        lines.push(Fact::default());
    }
    lines
}

/// By target and folder: an export that is written again replaces the one before.
fn id(export: &WrittenExport) -> String {
    format!("{} {}", export.target, export.folder.display())
}

/// Of each folder, what was written there last.
fn exports(engine: &Engine) -> Result<impl Iterator<Item = WrittenExport>, Error> {
    Ok(engine.written_exports()?.into_iter().filter(|export| export.newest))
}

fn find(engine: &Engine, of: &str) -> Result<WrittenExport, Error> {
    exports(engine)?.find(|export| id(export) == of).ok_or_else(|| Error::Gone { what: "export", id: shown(of) })
}
