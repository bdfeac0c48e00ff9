//! Directories: edited in step 1, removed here.

use super::{Source, called, done, page, removal};
use crate::engine::{Engine, Error};
use crate::model::Kept;
use crate::model::directory::Directory;
use crate::model::job::Job;
use crate::model::text::shown;
use crate::present::directory::{COLUMNS, facts};
use crate::present::{Act, Fact, Kind, Place, Tone, headings};
use crate::tui::listing::{Asked, Detail, Doing, ListSpec, Question, Rows};
use crate::wizard::Step;

pub(super) const SPEC: ListSpec = ListSpec {
    kind: Kind::Directories,
    title: "Directories",
    columns: &headings(COLUMNS),
    empty: "No directory is registered yet. Step 1 registers the first one (9, then 1 Directory).",
    about: "Where users come from.",
    help: include_str!("../../../../assets/help/1-directory.txt"),
    edited: Some((Step::Directory, |name| Place::Named(Step::Directory, name))),
    acts: &[Act::New],
    listed_by: "directory list",
    shown_by: Some("directory show"),
    verbs: &[(Act::New, "directory add"), (Act::Edit, "directory edit"), (Act::Delete, "directory remove")],
    ..ListSpec::PLAIN
};

pub(super) struct Directories;

impl Source for Directories {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let row = |kept: Kept<Directory>| {
            let id = kept.value.name.to_string();
            super::row(id, COLUMNS, &kept, Tone::Plain, vec![Act::Edit, Act::Delete])
        };
        Ok(page(engine.directories()?.into_iter().map(row), asked, offset, limit))
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let kept = engine.directory(&called(id)?)?.ok_or_else(|| Error::Gone { what: "directory", id: shown(id) })?;
        let lines = facts(&kept);
        Ok(Detail { title: kept.value.name.to_string(), lines, acts: vec![Act::Edit, Act::Delete] })
    }

    fn question(&self, _: &Engine, _: &Asked, _: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        Ok(Some(removal("directory", id)))
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        let name = called(doing.id.as_deref().unwrap_or_default())?;
        engine.remove_directory(&name)?;
        Ok(done(format!("\"{name}\" was removed.")))
    }
}
