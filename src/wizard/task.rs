//! What can be done at a step besides answering it: the words for it, and the doing of what saves first.

use crate::engine::{Engine, Error, Minted, Written};
use crate::model::name::Name;
use crate::model::token::Record;

use super::form::Form;
use super::{Saved, Step};

/// Something that a step offers besides its questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    Check,
    Preview,
    /// Wanted only now and then: a newcomer goes on without it.
    Explain,
    Run,
    Mint,
    Files,
    Write,
}

impl Task {
    /// What stands on its button.
    pub fn label(self, form: &Form) -> &'static str {
        match self {
            Self::Check => "Check",
            Self::Preview => "Preview",
            Self::Explain => "Explain",
            Self::Run => "Run now",
            Self::Mint if form.basis.subject.is_some() => "Show token",
            Self::Mint => "Make token",
            Self::Files => "Preview files",
            Self::Write => "Write files",
        }
    }

    /// What comes of it, in one sentence.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Check => "Checks every guideline of this step against what is really there.",
            Self::Preview => "Shows which users match right now, and who is excluded and why.",
            Self::Explain => "Says why a user matches or is excluded, and what would mend it.",
            Self::Run => "Reads the directory and stores the users who match, now.",
            Self::Mint => "Makes the token, here and offline. It is shown masked.",
            Self::Files => "Shows each file as it would be written, before anything is.",
            Self::Write => "Writes one folder for each deployment tool, with a README and checksums.",
        }
    }

    /// True when it does more than look.
    pub const fn changes(self) -> bool {
        matches!(self, Self::Run | Self::Mint | Self::Write)
    }
}

impl Step {
    /// In the order in which a newcomer would do them.
    pub const fn tasks(self) -> &'static [Task] {
        match self {
            Self::Directory | Self::Profile | Self::Settings => &[Task::Check],
            Self::Mapping => &[Task::Check, Task::Preview, Task::Explain],
            Self::Frequency => &[Task::Check, Task::Run],
            Self::Token => &[Task::Check, Task::Mint],
            Self::Installer => &[Task::Check, Task::Files, Task::Write],
        }
    }
}

/// Saves step 6, which makes the token when there is none, and gives it. `None`: the form has problems.
pub fn mint(engine: &Engine, form: &mut Form) -> Result<Option<Minted>, Error> {
    if super::save(engine, form)? == Saved::Problems {
        return Ok(None);
    }
    let Some(name) = form.text("token.name").and_then(|name| Name::new(name).ok()) else { return Ok(None) };
    let Some(record) = engine.valid_token(&name)? else { return Ok(None) };
    let token = engine.token_text(&record)?;
    Ok(Some(Minted { record, token }))
}

/// What is known of a token, in lines.
pub fn facts(record: &Record) -> Vec<String> {
    let end = record
        .expires_at
        .map_or_else(|| "never expires".to_owned(), |end| format!("good until {}", crate::model::moment::minute(end)));
    let uses = match record.max_activations {
        0 => "any number of laptops".to_owned(),
        count => format!("{count} laptops at most"),
    };
    vec![format!("id {}, {end}, {uses}", record.id), format!("servers: {}", record.servers.join(", "))]
}

/// Saves step 7 and writes its files; done again it changes nothing, and says where everything is. `None`: the form
/// has problems.
pub fn write(engine: &Engine, form: &mut Form) -> Result<Option<Vec<Written>>, Error> {
    if super::save(engine, form)? == Saved::Problems {
        return Ok(None);
    }
    engine.installer()?.map(|installer| engine.write_exports(&installer.value)).transpose()
}
