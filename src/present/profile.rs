//! Profiles.

use super::{Column, Fact, Kind, NOT_SET, Place, changed, limit, quota};
use crate::model::Kept;
use crate::model::count::grouped;
use crate::model::profile::{Login, Profile};

pub const COLUMNS: &[Column<Kept<Profile>>; 6] = &[
    Column::growing("profile", "Profile", 16, |kept| kept.value.name.to_string()),
    Column::growing("login", "Login", 16, |kept| login(&kept.value).to_owned()),
    Column::fixed("quota", "Quota", 10, |kept| quota(kept.value.quota)),
    Column::fixed("laptops", "Laptops per user", 16, |kept| laptops(&kept.value)),
    Column::fixed("preserved-for", "Preserved for", 13, |kept| kept.value.preserve_for.to_string()),
    Column::listed("directory", "Directory", 14, |kept| {
        kept.value.login_directory.as_ref().map(ToString::to_string).unwrap_or_default()
    }),
];

const fn login(profile: &Profile) -> &'static str {
    match profile.login {
        Login::ActiveDirectory => "Active Directory",
        Login::Local => "own password",
    }
}

fn laptops(profile: &Profile) -> String {
    profile.devices_per_user.map_or_else(|| NOT_SET.to_owned(), |most| grouped(most.into()))
}

/// All that is kept of a profile, to which `by_csv` users were added one by one.
pub fn facts(kept: &Kept<Profile>, by_csv: u64) -> Vec<Fact> {
    let profile = &kept.value;
    let mut facts = vec![Fact::new("Login", login(profile))];
    facts.extend(profile.login_directory.iter().map(|name| {
        Fact::new("Directory", name.to_string()).leading(Place::Entry(Kind::Directories, name.to_string()))
    }));
    facts.extend([
        Fact::new("Quota", quota(profile.quota)),
        Fact::new("Maximum users", limit(profile.max_users.into())),
        Fact::new("Laptops per user", laptops(profile)),
        Fact::new("Inactive after", profile.inactive_after.to_string()),
        Fact::new("Preserved for", profile.preserve_for.to_string()),
        Fact::new("Users from CSV", grouped(by_csv)),
        changed(kept),
    ]);
    facts
}
