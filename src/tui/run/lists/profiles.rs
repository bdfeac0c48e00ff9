//! Profiles: edited in step 2, removed here.

use super::{Source, called, counted, done, page, removal, typed};
use crate::engine::{Engine, Error};
use crate::model::Kept;
use crate::model::job::Job;
use crate::model::profile::Profile;
use crate::model::text::shown;
use crate::present::profile::{COLUMNS, facts};
use crate::present::{Act, Fact, Kind, Place, Tone, headings};
use crate::tui::listing::{Asked, Detail, Doing, ListSpec, Question, Rows};
use crate::wizard::Step;

pub(super) const SPEC: ListSpec = ListSpec {
    kind: Kind::Profiles,
    title: "Profiles",
    columns: &headings(COLUMNS),
    empty: "There is no profile yet. Step 2 creates the first one (9, then 2 Profile).",
    about: "What users get, and how long it is preserved.",
    help: include_str!("../../../../assets/help/2-profile.txt"),
    edited: Some((Step::Profile, |name| Place::Named(Step::Profile, name))),
    acts: &[Act::New],
    listed_by: "profile list",
    shown_by: Some("profile show"),
    verbs: &[
        (Act::New, "profile add"),
        (Act::Edit, "profile edit"),
        (Act::Delete, "profile remove"),
        (Act::Import, "profile users import"),
    ],
    ..ListSpec::PLAIN
};

pub(super) struct Profiles;

impl Source for Profiles {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let row = |kept: Kept<Profile>| {
            let id = kept.value.name.to_string();
            super::row(id, COLUMNS, &kept, Tone::Plain, vec![Act::Edit, Act::Import, Act::Delete])
        };
        Ok(page(engine.profiles()?.into_iter().map(row), asked, offset, limit))
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let kept = engine.profile(&called(id)?)?.ok_or_else(|| Error::Gone { what: "profile", id: shown(id) })?;
        let lines = facts(&kept, engine.users_by_csv(&kept.value.name)?);
        Ok(Detail { title: kept.value.name.to_string(), lines, acts: vec![Act::Edit, Act::Import, Act::Delete] })
    }

    fn question(&self, _: &Engine, _: &Asked, act: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        Ok(Some(match act {
            Act::Import => {
                typed("Import which CSV file of users? A profile with imported users is not for mass deployment.", "")
            }
            _ => removal("profile", id),
        }))
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        let name = called(doing.id.as_deref().unwrap_or_default())?;
        if doing.act == Act::Import {
            let users = counted(engine.import_profile_users(&name, doing.input.trim().as_ref())?, "user", "users");
            return Ok(done(format!("{users} added to \"{name}\".")));
        }
        engine.remove_profile(&name)?;
        Ok(done(format!("\"{name}\" was removed.")))
    }
}
