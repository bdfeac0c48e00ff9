//! How far each step is: the list of steps and the review page.

use crate::engine::{Engine, Error};
use crate::model::Kept;
use crate::model::directory::Directory;

use super::form::Choice;
use super::{Step, draft, profiles, text};

/// How far a step is, for the list of steps and the review page.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Standing {
    #[serde(serialize_with = "by_key")]
    pub step: Step,
    pub state: State,
    /// What is settled, or what is missing: `corp: ldaps://dc1.corp.example.com`.
    pub evidence: String,
    /// Something was typed there and is not saved.
    #[serde(skip)]
    pub entered: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Missing,
    Done,
    /// Settled once, but no longer good: the evidence says why.
    Refused,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn by_key<S: serde::Serializer>(step: &Step, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(step.key())
}

/// How far each step is.
pub fn standing(engine: &Engine) -> Result<Vec<Standing>, Error> {
    let settled = |step: Step, evidence: Option<String>| match evidence {
        Some(evidence) => Standing { step, state: State::Done, evidence, entered: false },
        None => Standing { step, state: State::Missing, evidence: step.purpose().to_owned(), entered: false },
    };
    let names = |names: Vec<String>| (!names.is_empty()).then(|| names.join(", "));
    let ending = engine.ending_passwords()?;
    let directory = |kept: Kept<Directory>| {
        let name = kept.value.name;
        match ending.iter().find(|ending| ending.directory == name) {
            Some(ending) => format!("{name} (its password {})", ending.says),
            None => name.to_string(),
        }
    };
    let directories = engine.directories()?.into_iter().map(directory).collect();
    let fit_mappings = engine.mappings()?.into_iter().filter(|kept| kept.value.unfit().is_empty());
    let tokens = engine.valid_tokens()?.into_iter().map(|record| record.name.to_string()).collect();
    let profiles: Vec<Choice> = profiles(engine)?;
    let fit = profiles.iter().filter(|choice| choice.refused.is_none()).map(|choice| choice.label.clone()).collect();
    let mut profile = settled(Step::Profile, names(fit));
    if let (State::Missing, [only, ..]) = (profile.state, profiles.as_slice()) {
        profile.state = State::Refused;
        profile.evidence = format!("{}: {}", only.label, only.refused.as_deref().unwrap_or_default());
    }
    let settings = engine.settings()?.map(|kept| {
        let auth_methods: Vec<_> = kept.value.auth.iter().map(text).collect();
        format!("{} per user, by {}", kept.value.devices_per_user, auth_methods.join(" then "))
    });
    let mut all = vec![
        settled(Step::Directory, names(directories)),
        profile,
        settled(Step::Mapping, names(fit_mappings.map(|kept| kept.value.name.to_string()).collect())),
        settled(Step::Frequency, engine.frequency()?.map(|kept| format!("every {}", kept.value.interval))),
        settled(Step::Settings, settings),
        settled(Step::Token, names(tokens)),
        settled(Step::Installer, names(engine.exported_targets()?)),
    ];
    let kept = engine.wizard_drafts()?;
    for standing in &mut all {
        standing.entered = draft::is_entered(engine, standing.step, &kept)?;
    }
    Ok(all)
}
