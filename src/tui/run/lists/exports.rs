//! The exports that were written, the newest first.

use super::{Source, day, minute, page};
use crate::engine::{Engine, Error, WrittenFile};
use crate::model::job::Job;
use crate::model::text::shown;
use crate::present::Tone;
use crate::store::Export;
use crate::tui::listing::{Act, Asked, Detail, Doing, Fact, Kind, Place, Row, Rows};

pub(super) struct Exports;

impl Source for Exports {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let tokens = engine.tokens()?;
        let rows = engine.standing_exports()?.into_iter().map(|export| {
            let token = tokens.iter().find(|token| Some(&token.id) == export.token.as_ref());
            let (word, tone) = match token.map(|token| token.state(engine.now())) {
                None => ("elsewhere", Tone::Plain),
                Some(crate::model::token::State::Valid) => ("valid", Tone::Good),
                Some(state) => (state.word(), Tone::Warning),
            };
            let cells = vec![
                export.target.clone(),
                word.to_owned(),
                token.map(|token| token.name.to_string()).unwrap_or_default(),
                minute(export.at),
                shown(&export.folder.to_string_lossy()),
                export.by.0.shown(),
            ];
            Row { id: id(&export), cells, tone, acts: ACTS.to_vec() }
        });
        Ok(page(rows, asked, offset, limit))
    }

    fn detail(&self, engine: &Engine, of: &str) -> Result<Detail, Error> {
        let export = find(engine, of)?;
        let folder = shown(&export.folder.to_string_lossy());
        let there = if export.folder.is_dir() {
            Fact::new("Folder", folder)
        } else {
            Fact::new("Folder", format!("{folder} is not there any more")).toned(Tone::Warning)
        };
        let mut lines = vec![there, Fact::new("Written", format!("{} by {}", minute(export.at), export.by.0.shown()))];
        match &export.token {
            None => lines.push(Fact::new("Token", "of the agent's own product")),
            Some(token) => {
                let record = engine.tokens()?.into_iter().find(|record| record.id == *token);
                let text = record.map_or_else(
                    || token.to_string(),
                    |record| {
                        let ends = record
                            .ends_at()
                            .map_or_else(|| "never ends".to_owned(), |end| format!("ends {}", day(end)));
                        format!("{}, {}, {ends}", record.name, record.state(engine.now()).word())
                    },
                );
                lines.push(Fact::new("Token", text).leading(Place::Entry(Kind::Tokens, token.to_string())));
            }
        }
        Ok(Detail { title: export.target, lines, acts: ACTS.to_vec() })
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        let export = find(engine, doing.id.as_deref().unwrap_or_default())?;
        if doing.act == Act::WriteAgain {
            let written = engine.write_again(export.id)?;
            let folder = shown(&written.folder.to_string_lossy());
            let says = if written.changed { "Written to" } else { "It is as it was, in" };
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
            lines.push(
                Fact::new("", format!("{} is as it was written, with a good token.", export.target)).toned(Tone::Good),
            );
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
                // A tab is no control character here but an indent.
                let each = text.lines().map(|line| Fact::new("", shown(&line.replace('\t', "    "))));
                lines.extend(each);
            }
            Err(why) => lines.push(Fact::new("", why.clone()).toned(Tone::Warning)),
        }
        lines.push(Fact::default());
    }
    lines
}

/// By target and folder: an export that is written again takes the place of the one before it.
fn id(export: &Export) -> String {
    format!("{} {}", export.target, export.folder.display())
}

fn find(engine: &Engine, of: &str) -> Result<Export, Error> {
    engine
        .standing_exports()?
        .into_iter()
        .find(|export| id(export) == of)
        .ok_or_else(|| Error::Gone { what: "export", id: shown(of) })
}
