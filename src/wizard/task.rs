//! The tasks of a step besides its fields: their labels, and the tasks that save the step first.

use crate::engine::{Engine, Error, Minted, Written};
use crate::model::name::Name;
use crate::model::token::Record;

use super::form::Form;
use super::{Saved, Step};

/// A task that a step offers besides its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    Check,
    Preview,
    /// Optional: the recommended order of tasks skips it.
    Explain,
    Run,
    Mint,
    Files,
    Write,
}

impl Task {
    /// The label of its button.
    pub fn label(self, form: &Form) -> &'static str {
        match self {
            Self::Check => "Check",
            Self::Preview => "Preview",
            Self::Explain => "Explain",
            Self::Run => "Sync now",
            Self::Mint if form.basis.subject.is_some() => "Show token",
            Self::Mint => "Create token",
            Self::Files => "Preview files",
            Self::Write => "Write files",
        }
    }

    /// What it does, in one sentence.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Check => "Checks each requirement of this step against the live systems.",
            Self::Preview => "Shows which users match now, and which users are excluded and why.",
            Self::Explain => "Explains why a user matches or is excluded, and how to fix it.",
            Self::Run => "Reads the directory and stores the matched users.",
            Self::Mint => "Creates the token offline and shows it masked.",
            Self::Files => "Shows the content of each file before imd writes it.",
            Self::Write => "Writes one folder for each deployment tool, with a README and checksums.",
        }
    }

    /// Whether it changes anything.
    pub const fn changes(self) -> bool {
        matches!(self, Self::Run | Self::Mint | Self::Write)
    }
}

impl Step {
    /// In the recommended order.
    pub const fn tasks(self) -> &'static [Task] {
        match self {
            Self::Directory | Self::Profile | Self::Settings => &[Task::Check],
            Self::Mapping => &[Task::Check, Task::Preview, Task::Explain],
            Self::Frequency => &[Task::Check, Task::Run],
            Self::Token => &[Task::Check, Task::Mint],
            Self::Installer => &[Task::Check, Task::Files, Task::Write],
        }
    }

    /// What a newcomer does next: the first task behind those that are done. Explaining a user is optional.
    pub fn next_task(self, done: &[Task]) -> Option<Task> {
        let tasks = self.tasks();
        let behind = tasks.iter().rposition(|task| done.contains(task)).map_or(0, |last| last + 1);
        tasks[behind..].iter().copied().find(|task| *task != Task::Explain)
    }
}

/// Saves step 6, which creates the token when there is none, and returns it. `None`: the form has problems.
pub fn mint(engine: &Engine, form: &mut Form) -> Result<Option<Minted>, Error> {
    if super::save(engine, form)? == Saved::Problems {
        return Ok(None);
    }
    let Some(name) = form.text("token.name").and_then(|name| Name::new(name).ok()) else { return Ok(None) };
    let Some(record) = engine.valid_token(&name)? else { return Ok(None) };
    let token = engine.token_text(&record)?;
    Ok(Some(Minted { record, token }))
}

/// The facts of a token, one per line.
pub fn facts(record: &Record) -> Vec<String> {
    let end = record
        .expires_at
        .map_or_else(|| "never expires".to_owned(), |end| format!("expires {}", crate::model::moment::minute(end)));
    let uses = match record.max_activations {
        0 => "no limit on laptops".to_owned(),
        count => format!("up to {count} laptops"),
    };
    vec![format!("id {}, {end}, {uses}", record.id), format!("servers: {}", record.servers.join(", "))]
}

/// Saves step 7 and writes its files; a second time it changes nothing and returns the same folders. `None`: the form
/// has problems.
pub fn write(engine: &Engine, form: &mut Form) -> Result<Option<Vec<Written>>, Error> {
    if super::save(engine, form)? == Saved::Problems {
        return Ok(None);
    }
    engine.installer()?.map(|installer| engine.write_exports(&installer.value)).transpose()
}
