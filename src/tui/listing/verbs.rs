//! The verb of the command line that does the same: whatever the console can do, a script can.
//!
//! What is not here is not offered: a list does to its entries what has a verb, and nothing else.

use super::{Act, Kind};
use crate::wizard::{Step, Task};

impl Kind {
    /// The verb that lists the same.
    pub const fn listed_by(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Mappings => "mapping list",
            Self::Syncs => "sync list",
            Self::Devices => "devices",
            Self::Accounts => "accounts",
            Self::Tokens => "token list",
            Self::Exports => "export written",
            Self::Audit => "audit",
            Self::Directories => "directory list",
            Self::Profiles => "profile list",
            Self::Storages => "storage list",
            Self::Keys => "keys list",
            Self::DeviceMap => "devices map",
        }
    }

    /// The verb that shows an entry whole; where the list itself says everything of the one that is named, that one.
    pub const fn shown_by(self) -> &'static str {
        match self {
            Self::Users => "users show",
            Self::Mappings => "mapping show",
            Self::Syncs => "sync show",
            Self::Directories => "directory show",
            Self::Profiles => "profile show",
            Self::Storages => "storage show",
            other => other.listed_by(),
        }
    }

    /// The verb that does it to an entry of this list, or to the list; `None`: it cannot be done to it.
    pub const fn done_by(self, act: Act) -> Option<&'static str> {
        Some(match (self, act) {
            (Self::Users, Act::Explain) => "explain",
            (Self::Users, Act::Delete) => "users forget",
            (Self::Users, Act::Save) => "users",
            (Self::Mappings, Act::New) => "mapping add",
            (Self::Mappings, Act::Edit) => "mapping edit",
            (Self::Mappings, Act::Order) => "mapping order",
            (Self::Mappings, Act::Duplicate) => "mapping duplicate",
            (Self::Mappings, Act::Disable) => "mapping disable",
            (Self::Mappings, Act::Enable) => "mapping enable",
            (Self::Mappings, Act::Delete) => "mapping remove",
            (Self::Syncs, Act::Sync) => "sync",
            (Self::Syncs, Act::Undo) => "sync undo",
            (Self::Syncs, Act::Discard) => "sync discard",
            (Self::Devices, Act::Revoke) => "devices revoke",
            (Self::Devices, Act::Release) => "devices release",
            (Self::Devices, Act::Pause) => "pause",
            (Self::Devices, Act::Resume) => "resume",
            (Self::Accounts, Act::Preserve) => "accounts preserve",
            (Self::Accounts, Act::Restore) => "accounts restore",
            (Self::Accounts, Act::Delete) => "accounts delete",
            (Self::Tokens, Act::New) => "token create",
            (Self::Tokens, Act::Replace) => "token rotate",
            (Self::Tokens, Act::Revoke) => "token revoke",
            (Self::Exports, Act::New) => "export",
            (Self::Exports, Act::WriteAgain) => "export rewrite",
            (Self::Exports, Act::Preview) => "export written",
            (Self::Exports, Act::Check) => "export check",
            (Self::Audit, Act::Verify) => "audit verify",
            (Self::Audit, Act::Save) => "audit export",
            (Self::Directories, Act::New) => "directory add",
            (Self::Directories, Act::Edit) => "directory edit",
            (Self::Directories, Act::Delete) => "directory remove",
            (Self::Profiles, Act::New) => "profile add",
            (Self::Profiles, Act::Edit) => "profile edit",
            (Self::Profiles, Act::Delete) => "profile remove",
            (Self::Profiles, Act::Import) => "profile users import",
            (Self::Storages, Act::New) => "storage add",
            (Self::Storages, Act::Edit) => "storage edit",
            (Self::Storages, Act::Delete) => "storage remove",
            (Self::Keys, Act::Rotate) => "keys rotate",
            (Self::Keys, Act::Revoke) => "keys revoke",
            (Self::Keys, Act::BundleOut) => "bundle out",
            (Self::Keys, Act::BundleIn) => "bundle in",
            (Self::DeviceMap, Act::Import) => "devices import",
            (Self::DeviceMap, Act::Delete) => "devices unmap",
            _ => return None,
        })
    }
}

/// The verb that does what a button of a step does, or with `None` what saving it does; `None`: it only looks.
pub const fn pressed(step: Step, button: Option<Task>) -> Option<&'static str> {
    Some(match (step, button) {
        (Step::Directory, Some(Task::Check)) => "directory test",
        (Step::Directory, None) => "directory edit",
        (Step::Profile, None) => "profile edit",
        (Step::Mapping, Some(Task::Preview)) => "mapping preview",
        (Step::Mapping, Some(Task::Explain)) => "mapping explain",
        (Step::Mapping, None) => "mapping edit",
        (Step::Frequency, Some(Task::Run)) => "sync",
        (Step::Frequency, None) => "frequency set",
        (Step::Settings, None) => "settings set",
        (Step::Token, Some(Task::Mint)) => "token create",
        (Step::Installer, Some(Task::Write)) => "export",
        _ => return None,
    })
}

/// What else a screen shows or does: the screen, and the verb.
pub const ELSEWHERE: [(&str, &str); 10] = [
    ("the overview", "status"),
    ("the report", "report"),
    ("the steps", "setup"),
    ("step 1: Ctrl-O on the addresses", "directory discover"),
    ("step 3: Ctrl-O on the OU", "directory browse"),
    ("step 4: the next runs", "frequency show"),
    ("step 5: what is settled", "settings show"),
    ("step 6: the token in clear", "token show"),
    ("step 7: the tools to choose from", "export list"),
    ("a plan: approve", "sync"),
];
