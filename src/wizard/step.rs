//! The seven steps: their order, names and purposes.

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

    /// What the step sets up, in one sentence.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Directory => "Where imd reads users from.",
            Self::Profile => "The profile, storage and quota that users get.",
            Self::Mapping => "Which users of the directory get them.",
            Self::Frequency => "How often imd reads the directory.",
            Self::Settings => "Limits and authentication for every activation.",
            Self::Token => "The mass deployment token that laptops enroll with.",
            Self::Installer => "The files that your deployment tool runs on each laptop.",
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
