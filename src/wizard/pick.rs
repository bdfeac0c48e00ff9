//! The values that a field can be set to, from the live directory or from the configuration.

use crate::directory::Unit;
use crate::engine::{Engine, Error};
use crate::model::Kept;
use crate::model::job::Job;
use crate::model::mapping::Mapping;
use crate::model::name::Name;
use crate::model::text::Untrusted;

use super::form::{Choice, Form, Pick};
use super::{Step, profiles};

/// Something that a [`Pick`] field can be set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked {
    pub value: Untrusted,
    pub label: Untrusted,
    /// How many users have it, or why it cannot be chosen.
    pub detail: String,
    pub has_children: bool,
}

impl Picked {
    /// Something on one level, by texts that are safe to show.
    pub(super) fn plain(value: String, label: String, detail: String) -> Self {
        Self { value: Untrusted::new(value), label: Untrusted::new(label), detail, has_children: false }
    }
}

/// What a [`Pick`] field can be set to, asked of the live directory; `under` is the DN of an OU, or typed letters.
pub fn pick(engine: &Engine, form: &Form, pick: Pick, under: Option<&str>, job: &Job) -> Result<Vec<Picked>, Error> {
    match pick {
        Pick::Existing => return existing(engine, form.step),
        Pick::Controller => return super::directory::controllers(engine, form, job),
        Pick::Key => return super::directory::keys(engine, form, job),
        Pick::Unit | Pick::Group | Pick::Department | Pick::Country => {}
    }
    let Some(directory) = form.text("mapping.directory").and_then(|name| Name::new(name).ok()) else {
        return Ok(Vec::new());
    };
    let base = form.text("mapping.ou").or(form.text("mapping.base_dn"));
    let plain =
        |value: Untrusted, label: Untrusted| Picked { value, label, detail: String::new(), has_children: false };
    let counted = |(value, users): (Untrusted, u64)| {
        let detail = if users == 1 { "1 user".to_owned() } else { format!("{users} users") };
        Picked { detail, ..plain(value.clone(), value) }
    };
    Ok(match pick {
        Pick::Unit => {
            let units = engine.units(&directory, under.or(form.text("mapping.base_dn")), job)?;
            let unit = |unit: Unit| Picked { has_children: unit.has_children, ..plain(unit.dn, unit.name) };
            units.into_iter().map(unit).collect()
        }
        Pick::Group => {
            let groups = engine.groups(&directory, under.unwrap_or_default(), job)?;
            groups.into_iter().map(|group| plain(group.dn, group.name)).collect()
        }
        Pick::Department => engine.departments(&directory, base, job)?.into_iter().map(counted).collect(),
        Pick::Country => engine.countries(&directory, base, job)?.into_iter().map(counted).collect(),
        Pick::Existing | Pick::Controller | Pick::Key => Vec::new(),
    })
}

fn existing(engine: &Engine, step: Step) -> Result<Vec<Picked>, Error> {
    let named = |name: &Name, refused: Option<String>| Picked {
        value: Untrusted::new(name.as_str()),
        label: Untrusted::new(name.as_str()),
        detail: refused.map(|why| format!("cannot be used: {why}")).unwrap_or_default(),
        has_children: false,
    };
    Ok(match step {
        Step::Directory => engine.directories()?.iter().map(|kept| named(&kept.value.name, None)).collect(),
        Step::Profile => {
            let profile = |choice: Choice| Name::new(&choice.value).ok().map(|name| named(&name, choice.refused));
            profiles(engine)?.into_iter().filter_map(profile).collect()
        }
        Step::Mapping => {
            let mapping =
                |kept: Kept<Mapping>| named(&kept.value.name, kept.value.unfit().first().map(ToString::to_string));
            engine.mappings()?.into_iter().map(mapping).collect()
        }
        Step::Token => engine.valid_tokens()?.iter().map(|record| named(&record.name, None)).collect(),
        Step::Frequency | Step::Settings | Step::Installer => Vec::new(),
    })
}
