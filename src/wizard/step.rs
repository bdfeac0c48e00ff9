//! The seven steps: their order, their names, what each settles.

use super::form::Form;
use super::{directory, frequency, installer, mapping, profile, settings, token};

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
            Self::Settings => "How many laptops a user may activate, and by which proof.",
            Self::Token => "What entitles a laptop to ask for activation.",
            Self::Installer => "What your deployment tool runs on each laptop.",
        }
    }

    pub(super) fn check_fields(self, form: &mut Form) {
        match self {
            Self::Directory => directory::check_fields(form),
            Self::Profile => profile::check_fields(form),
            Self::Mapping => mapping::check_fields(form),
            Self::Frequency => frequency::check_fields(form),
            Self::Settings => settings::check_fields(form),
            Self::Token => token::check_fields(form),
            Self::Installer => installer::check_fields(form),
        }
    }

    pub fn next(self) -> Option<Self> {
        Self::ALL.get(self as usize + 1).copied()
    }

    pub fn previous(self) -> Option<Self> {
        (self as usize).checked_sub(1).map(|at| Self::ALL[at])
    }
}
