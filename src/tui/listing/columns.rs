//! The columns of the lists.

use crate::present::Heading as Column;

const fn fixed(title: &'static str, width: u16) -> Column {
    Column { title, width, grows: false, extra: false }
}

const fn grows(title: &'static str, width: u16) -> Column {
    Column { title, width, grows: true, extra: false }
}

/// One that is shown where somebody chose it.
const fn extra(title: &'static str, width: u16) -> Column {
    Column { title, width, grows: true, extra: true }
}

pub(super) const USERS: &[Column] = &[
    grows("Name", 20),
    fixed("State", 8),
    grows("Account", 22),
    grows("Mapping", 16),
    // Before the mail, which is mostly the account once more.
    grows("Department", 16),
    grows("Mail", 24),
    extra("Directory", 12),
    extra("Came", 20),
    extra("Left", 24),
];
pub(super) const MAPPINGS: &[Column] =
    &[grows("Mapping", 18), fixed("State", 8), fixed("Users", 10), grows("Gives", 30), grows("Whom", 30)];
pub(super) const SYNCS: &[Column] =
    &[fixed("Plan", 6), fixed("State", 11), fixed("Made", 20), grows("Leave, change, come", 36)];
pub(super) const DEVICES: &[Column] = &[
    grows("Host", 14),
    fixed("State", 9),
    // Whoever has no user yet was perhaps refused: both in one column fit eighty cells, with when it was seen.
    grows("User, or why not", 28),
    fixed("Seen", 20),
    grows("Serial", 12),
    fixed("Proof", 13),
];
pub(super) const ACCOUNTS: &[Column] = &[
    grows("User", 11),
    fixed("State", 25),
    fixed("Laptops", 7),
    grows("Account", 22),
    grows("Profile", 14),
    grows("Storage", 10),
];
pub(super) const TOKENS: &[Column] =
    &[grows("Token", 18), fixed("State", 10), fixed("Ends", 16), fixed("Laptops", 22), grows("Last used", 22)];
pub(super) const EXPORTS: &[Column] = &[
    fixed("Target", 15),
    fixed("State", 10),
    grows("Token", 14),
    fixed("Written", 20),
    grows("Folder", 24),
    grows("By", 10),
];
pub(super) const AUDIT: &[Column] =
    &[fixed("When", 20), grows("Who", 10), grows("What", 18), grows("On", 20), grows("Detail", 24)];
pub(super) const DIRECTORIES: &[Column] =
    &[grows("Directory", 14), fixed("Kind", 8), grows("Where", 36), grows("Bind as", 24)];
pub(super) const PROFILES: &[Column] =
    &[grows("Profile", 16), grows("Login", 16), fixed("Quota", 19), fixed("Laptops", 8), fixed("Kept for", 8)];
pub(super) const STORAGES: &[Column] = &[grows("Storage", 14), fixed("Capacity", 10), grows("Location", 36)];
pub(super) const KEYS: &[Column] =
    &[grows("Key", 20), fixed("State", 8), fixed("Tokens", 8), fixed("Made", 20), grows("For", 20)];
pub(super) const DEVICE_MAP: &[Column] = &[
    grows("Laptop", 16),
    fixed("By", 6),
    grows("For", 22),
    fixed("Used", 20),
    grows("Host", 14),
    grows("In place of", 14),
];
