//! The state of each step: for the list of steps and the review page.

use crate::engine::{Engine, Error};

use super::form::Choice;
use super::{Step, draft, profiles, text};

/// The state of a step, for the list of steps and the review page.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Standing {
    #[serde(serialize_with = "by_key")]
    pub step: Step,
    pub state: State,
    /// What is configured, or what is missing: `corp`.
    pub evidence: String,
    /// Something was entered there and is not saved.
    #[serde(skip)]
    pub entered: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Missing,
    Done,
    /// Configured, but it cannot be used: the evidence says why.
    Refused,
}

impl State {
    /// The word for it in every list of steps and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Done => "done",
            Self::Refused => "refused",
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn by_key<S: serde::Serializer>(step: &Step, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(step.key())
}

/// The state of each step.
pub fn standing(engine: &Engine) -> Result<Vec<Standing>, Error> {
    let settled = |step: Step, evidence: Option<String>| match evidence {
        Some(evidence) => Standing { step, state: State::Done, evidence, entered: false },
        None => Standing { step, state: State::Missing, evidence: step.purpose().to_owned(), entered: false },
    };
    let names = |names: Vec<String>| (!names.is_empty()).then(|| names.join(", "));
    let directories = engine.directories()?.into_iter().map(|kept| kept.value.name.to_string()).collect();
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
