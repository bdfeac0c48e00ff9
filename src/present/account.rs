//! Accounts: what users got at their first activation.

use jiff::Timestamp;

use super::{Column, Fact, Kind, Place, Tone, device, quota, several};
use crate::model::account::Account;
use crate::model::count::grouped;
use crate::model::device::Device;
use crate::model::moment::minute;
use crate::model::text::shown;

/// An account at a moment, which decides whether a preserved one is due.
#[derive(Debug, Clone)]
pub struct Row {
    pub account: Account,
    pub now: Timestamp,
}

pub const COLUMNS: &[Column<Row>; 8] = &[
    Column::growing("user", "User", 11, |row| row.account.user.clone()),
    Column::fixed("state", "State", 25, |row| row.account.says(row.now)),
    Column::fixed("laptops", "Laptops", 7, |row| grouped(row.account.devices)),
    Column::growing("account", "Account", 22, |row| row.account.name.shown()),
    Column::growing("profile", "Profile", 14, |row| row.account.given.profile.to_string()),
    Column::growing("storage", "Storage", 10, |row| row.account.given.storage.to_string()),
    Column::listed("quota", "Quota", 10, |row| quota(row.account.given.quota)),
    Column::listed("mail", "Mail", 24, |row| row.account.mail.shown()),
];

pub const fn tone(account: &Account) -> Tone {
    if account.preserved.is_some() { Tone::Warning } else { Tone::Good }
}

/// All that is known of an account and its laptops.
pub fn facts(account: &Account, laptops: &[Device], now: Timestamp) -> Vec<Fact> {
    let given = &account.given;
    let mapping = Place::Entry(Kind::Mappings, given.mapping.to_string());
    let mut facts = vec![
        Fact::new("State", account.says(now)).toned(tone(account)),
        Fact::new("Account", account.name.shown()),
        Fact::new("Mail", account.mail.shown()),
        Fact::new("User", account.user.clone()).leading(Place::Entry(Kind::Users, account.guid.to_string())),
        Fact::new("Mapping", given.mapping.to_string()).leading(mapping),
        Fact::new("Profile", given.profile.to_string()),
        Fact::new("Storage", format!("{}: {}", given.storage, shown(&given.location))),
        Fact::new("Quota", quota(given.quota)),
        Fact::new("Created", minute(account.created_at)),
    ];
    facts.extend(several("Laptops", laptops.iter().map(device::of_user)));
    facts
}
