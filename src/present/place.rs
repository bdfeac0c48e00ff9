//! The lists, what can be done to their entries, and the places to go to.

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
    /// Which laptop is reserved for which user.
    DeviceMap,
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
    /// A bundle to or from the other side of an air gap.
    BundleOut,
    BundleIn,
    /// Undo an applied plan.
    Undo,
    /// Discard a plan that was not applied.
    Discard,
    /// Pause enrollment and activation.
    Pause,
    Resume,
    /// The list as it is asked for, to a file.
    Save,
    /// The files of an export, without the token.
    Preview,
}

impl Act {
    /// It changes nothing of the state: a read-only console offers it.
    pub const fn only_looks(self) -> bool {
        matches!(self, Self::Explain | Self::Check | Self::Verify | Self::Save | Self::Preview)
    }
}

/// A screen or an entry to go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Overview,
    /// The seven steps.
    Setup,
    Report,
    Step(Step),
    /// The step, filled from the entry of that name.
    Named(Step, String),
    /// The step, for a new entry of that list.
    New(Kind),
    /// Step 2 with the storage of that name.
    Storage(String),
    /// The order of the mappings.
    Order,
    List(Kind),
    /// The list, with a search.
    Found(Kind, &'static str),
    Entry(Kind, String),
}
