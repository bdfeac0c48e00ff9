//! Storages: edited in step 2, removed here.

use super::{Source, called, done, page, removal};
use crate::engine::{Engine, Error};
use crate::model::Kept;
use crate::model::job::Job;
use crate::model::profile::Storage;
use crate::model::text::shown;
use crate::present::storage::{COLUMNS, facts};
use crate::present::{Act, Fact, Kind, Place, Tone, headings};
use crate::tui::listing::{Asked, Detail, Doing, ListSpec, Question, Rows};
use crate::wizard::Step;

pub(super) const SPEC: ListSpec = ListSpec {
    kind: Kind::Storages,
    title: "Storages",
    columns: &headings(COLUMNS),
    empty: "There is no storage yet. Step 2 creates the first one (9, then 2 Profile).",
    about: "Where the data of users is stored.",
    help: include_str!("../../../../assets/help/2-profile.txt"),
    edited: Some((Step::Profile, Place::Storage)),
    acts: &[Act::New],
    listed_by: "storage list",
    shown_by: Some("storage show"),
    verbs: &[(Act::New, "storage add"), (Act::Edit, "storage edit"), (Act::Delete, "storage remove")],
    ..ListSpec::PLAIN
};

pub(super) struct Storages;

impl Source for Storages {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let row = |kept: Kept<Storage>| {
            let id = kept.value.name.to_string();
            super::row(id, COLUMNS, &kept, Tone::Plain, vec![Act::Edit, Act::Delete])
        };
        Ok(page(engine.storages()?.into_iter().map(row), asked, offset, limit))
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let kept = engine.storage(&called(id)?)?.ok_or_else(|| Error::Gone { what: "storage", id: shown(id) })?;
        let lines = facts(&kept);
        Ok(Detail { title: kept.value.name.to_string(), lines, acts: vec![Act::Edit, Act::Delete] })
    }

    fn question(&self, _: &Engine, _: &Asked, _: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        Ok(Some(removal("storage", id)))
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        let name = called(doing.id.as_deref().unwrap_or_default())?;
        engine.remove_storage(&name)?;
        Ok(done(format!("\"{name}\" was removed.")))
    }
}
