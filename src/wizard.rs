//! The seven steps as forms: fields, rules, live checks. No drawing, no I/O.
//!
//! May import everything below it: `engine` and further down. The console draws these forms, the plain prompts ask
//! them, and the answers file fills them: a field's key is its key in that file.

pub mod form;

/// The seven steps, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Directory,
    Profile,
    Mapping,
    Frequency,
    Settings,
    Token,
    Installer,
}

impl Step {
    pub const ALL: [Self; 7] =
        [Self::Directory, Self::Profile, Self::Mapping, Self::Frequency, Self::Settings, Self::Token, Self::Installer];

    /// 1 to 7.
    pub fn number(self) -> usize {
        self as usize + 1
    }

    /// The word for lists and for the answers file.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Profile => "profile",
            Self::Mapping => "mapping",
            Self::Frequency => "frequency",
            Self::Settings => "settings",
            Self::Token => "token",
            Self::Installer => "installer",
        }
    }

    pub fn of_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.key() == key)
    }

    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Directory => "Directory",
            Self::Profile => "Profile",
            Self::Mapping => "Mapping",
            Self::Frequency => "Frequency",
            Self::Settings => "Settings",
            Self::Token => "Token",
            Self::Installer => "Installer",
        }
    }

    /// What the step settles, in one sentence.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Directory => "Where users are read from.",
            Self::Profile => "What those users get: a profile, a storage, a quota.",
            Self::Mapping => "Which users of the directory get it.",
            Self::Frequency => "How often the directory is read.",
            Self::Settings => "How many laptops a user may activate, and how they prove who they are.",
            Self::Token => "What entitles a laptop to ask for activation.",
            Self::Installer => "What your deployment tool runs on each laptop.",
        }
    }

    pub fn next(self) -> Option<Self> {
        Self::ALL.get(self as usize + 1).copied()
    }

    pub fn previous(self) -> Option<Self> {
        (self as usize).checked_sub(1).map(|at| Self::ALL[at])
    }
}

/// How far a step is, for the list of steps and the review page.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Standing {
    #[serde(serialize_with = "by_key")]
    pub step: Step,
    pub state: State,
    /// What is settled, or what is missing: `corp: ldaps://dc1.corp.example.com`.
    pub evidence: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Missing,
    Done,
    /// Settled once, but no longer good: the evidence says why.
    Refused,
}

fn by_key<S: serde::Serializer>(step: &Step, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(step.key())
}
