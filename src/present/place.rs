//! What can be listed, what can be done to it, and where one can go.

use crate::wizard::Step;

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Users,
    Mappings,
    Syncs,
    Devices,
    Accounts,
    Tokens,
    Exports,
    Audit,
    Directories,
    Profiles,
    Storages,
    Keys,
    /// Which laptop is reserved for whom.
    DeviceMap,
}

impl Kind {
    pub const ALL: [Self; 13] = [
        Self::Users,
        Self::Mappings,
        Self::Syncs,
        Self::Devices,
        Self::Accounts,
        Self::Tokens,
        Self::Exports,
        Self::Audit,
        Self::Directories,
        Self::Profiles,
        Self::Storages,
        Self::Keys,
        Self::DeviceMap,
    ];

    /// The lists without a number: they stand below the steps of setup.
    pub const OF_SETUP: [Self; 5] = [Self::Directories, Self::Profiles, Self::Storages, Self::Keys, Self::DeviceMap];
}

/// What can be done to an entry, or to a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    New,
    Edit,
    Order,
    Disable,
    Enable,
    Duplicate,
    Revoke,
    Release,
    Replace,
    Preserve,
    Restore,
    Delete,
    WriteAgain,
    Check,
    Verify,
    Sync,
    Explain,
    Rotate,
    /// Rows of a CSV file.
    Import,
    /// A bundle for the other side of an air gap, or from it.
    BundleOut,
    BundleIn,
    /// Take an applied plan back.
    Undo,
    /// Throw away a plan that was not applied.
    Discard,
    /// Let no laptop in for a while.
    Pause,
    Resume,
    /// The list as it is asked for, to a file.
    Save,
    /// The files of an export, without the token.
    Preview,
}

impl Act {
    /// It changes nothing of the state, so that whoever may only read may do it.
    pub const fn only_looks(self) -> bool {
        matches!(self, Self::Explain | Self::Check | Self::Verify | Self::Save | Self::Preview)
    }
}

/// Where one can go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Overview,
    /// The seven steps.
    Setup,
    Report,
    Step(Step),
    /// The step, filled from the thing of that name.
    Named(Step, String),
    /// The step, for another one of those.
    New(Kind),
    /// Step 2 with the storage of that name.
    Storage(String),
    /// The order of the mappings.
    Order,
    List(Kind),
    /// The list, with that searched for.
    Found(Kind, &'static str),
    Entry(Kind, String),
}
