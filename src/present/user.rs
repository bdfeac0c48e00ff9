//! Users of the cache.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Column, Fact, Kind, Place, Tone, audit, cells, device, quota, several};
use crate::engine::{UserCell, UserPage};
use crate::model::count::counted;
use crate::model::dn::Dn;
use crate::model::moment::minute;
use crate::model::text::{Untrusted, shown};
use crate::model::user::{Attribute, filetime};
use crate::store::{CachedUser, UserState};

/// The columns of the list, of `imd users --columns` and of a CSV file.
pub const COLUMNS: &[Column<CachedUser>; 9] = &[
    Column::growing("name", "Name", 20, |cached| cached.user.label()),
    Column::fixed("state", "State", 8, |cached| cached.state.word().to_owned()),
    Column::growing("account", "Account", 22, |cached| {
        [Attribute::UserPrincipalName, Attribute::SamAccountName]
            .into_iter()
            .find_map(|attribute| cached.user.first(attribute))
            .map(Untrusted::shown)
            .unwrap_or_default()
    }),
    Column::growing("mapping", "Mapping", 16, |cached| cached.mapping.to_string()),
    // Before the mail, which is mostly the same as the account.
    Column::growing("department", "Department", 16, |cached| values(cached, Attribute::Department)),
    Column::growing("mail", "Mail", 24, |cached| values(cached, Attribute::Mail)),
    Column::listed("directory", "Directory", 12, |cached| cached.directory.to_string()),
    Column::extra("added", "Added", 23, |cached| minute(cached.added_at)),
    Column::extra("removed", "Removed", 24, |cached| match &cached.state {
        UserState::Active => String::new(),
        UserState::Removed { at, why } => format!("{}: {}", minute(at), shown(&why.to_string())),
    }),
];

/// Safe to show; several values after one another.
fn values(cached: &CachedUser, attribute: Attribute) -> String {
    cached.user.values(attribute).map(Untrusted::shown).collect::<Vec<_>>().join("; ")
}

/// A column by its word: one of [`COLUMNS`], or an attribute of the directory.
#[derive(Debug, Clone, Copy)]
pub enum UserColumn {
    Own(&'static Column<CachedUser>),
    Attribute(Attribute),
}

/// Without a choice: what the list of the console shows, and the directory.
pub fn usual() -> Vec<UserColumn> {
    COLUMNS.iter().filter(|column| column.listed).map(UserColumn::Own).collect()
}

/// The words of all columns: `name, state, ...`
pub fn keys() -> String {
    COLUMNS.iter().map(|column| column.key).collect::<Vec<_>>().join(", ")
}

/// The column of that number in the list.
pub fn column(at: usize) -> Option<UserColumn> {
    COLUMNS.get(at).map(UserColumn::Own)
}

impl UserColumn {
    /// The heading of a table: `Name`, or the attribute's name.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Own(column) => column.heading.title,
            Self::Attribute(attribute) => attribute.name(),
        }
    }
}

impl UserCell for UserColumn {
    fn key(&self) -> &'static str {
        match self {
            Self::Own(column) => column.key,
            Self::Attribute(attribute) => attribute.name(),
        }
    }

    fn cell(&self, cached: &CachedUser) -> String {
        match self {
            Self::Own(column) => (column.cell)(cached),
            Self::Attribute(Attribute::ObjectGuid) => cached.user.guid.to_string(),
            Self::Attribute(attribute) => values(cached, *attribute),
        }
    }

    fn document(&self, cached: &CachedUser) -> String {
        match (self.key(), &cached.state) {
            ("added", _) => cached.added_at.to_string(),
            ("removed", UserState::Removed { at, why }) => shown(&format!("{at}: {why}")),
            _ => self.cell(cached),
        }
    }
}

impl std::str::FromStr for UserColumn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let own = COLUMNS.iter().find(|column| column.key.eq_ignore_ascii_case(text)).map(Self::Own);
        own.or_else(|| Attribute::of_name(text).map(Self::Attribute))
            .ok_or_else(|| format!("choose from {}, or an attribute such as title", keys()))
    }
}

/// The cells of the list, in the order of [`COLUMNS`].
pub fn row(cached: &CachedUser) -> Vec<String> {
    cells(COLUMNS, cached)
}

pub const fn tone(state: &UserState) -> Tone {
    match state {
        UserState::Active => Tone::Good,
        UserState::Removed { .. } => Tone::Warning,
    }
}

/// All that is known of a user.
pub fn facts(page: &UserPage, now: Timestamp) -> Vec<Fact> {
    let cached = &page.cached;
    let mut facts = vec![Fact::new("State", cached.state.word()).toned(tone(&cached.state))];
    if let UserState::Removed { at, why } = &cached.state {
        facts.push(Fact::new("Removed", format!("{}: the user {}", minute(at), shown(&why.to_string()))));
    }
    facts.push(
        Fact::new("Directory", cached.directory.to_string())
            .leading(Place::Entry(Kind::Directories, cached.directory.to_string())),
    );
    facts.push(Fact::new("Added", minute(cached.added_at)));
    let mapping = Fact::new("Mapping", cached.mapping.to_string());
    match &page.gives {
        Some(gives) => {
            let mapping = mapping.leading(Place::Entry(Kind::Mappings, cached.mapping.to_string()));
            facts.push(if gives.enabled {
                mapping
            } else {
                Fact { text: format!("{}, off", mapping.text), ..mapping }.toned(Tone::Warning)
            });
            facts.push(Fact::new("Profile", gives.profile.to_string()));
            facts.push(Fact::new("Storage", gives.storage.to_string()));
            facts.push(Fact::new("Quota", quota(gives.quota)));
            facts.push(Fact::new("Laptop limit", counted(gives.devices.into(), "laptop", "laptops")));
        }
        None => facts.push(Fact { text: format!("{}, removed", mapping.text), ..mapping }.toned(Tone::Warning)),
    }
    facts.push(match &page.account {
        None => Fact::new("Account", "none: no laptop was activated yet"),
        Some(account) => Fact::new("Account", format!("{}, {}", account.name.shown(), account.says(now)))
            .toned(if account.preserved.is_some() { Tone::Warning } else { Tone::Plain })
            .leading(Place::Entry(Kind::Accounts, account.guid.to_string())),
    });
    facts.extend(several("Laptops", page.devices.iter().map(device::of_user)));
    facts.extend(several("Groups", page.groups.iter().map(|group| Fact::new("", name_of(group)))));
    facts.extend(several(
        "Audit",
        page.audit.iter().map(|entry| {
            let (actor, subject, detail) = (entry.actor.0.shown(), entry.subject.shown(), audit::detail(entry));
            Fact::new("", format!("{} {actor}: {} {subject}: {detail}", minute(entry.at), entry.verb))
        }),
    ));
    for &attribute in Attribute::ALL.iter().filter(|attribute| **attribute != Attribute::MemberOf) {
        let values = cached.user.values(attribute).map(|value| Fact::new("", in_words(attribute, value)));
        facts.extend(several(attribute.name(), values));
    }
    facts
}

/// A group by its name, without where it is.
fn name_of(dn: &Untrusted) -> String {
    dn.raw().parse::<Dn>().map_or_else(|_| dn.shown(), |dn| shown(dn.name()))
}

/// A value as people read it: times and flags in words.
fn in_words(attribute: Attribute, value: &Untrusted) -> String {
    let raw = value.raw().trim();
    let ticks = || raw.parse::<i64>().ok();
    let time = |never: &str| ticks().map(|ticks| filetime(ticks).map_or_else(|| never.to_owned(), minute));
    let words = match attribute {
        Attribute::AccountExpires | Attribute::LastLogonTimestamp => time("never"),
        Attribute::PwdLastSet => time("must be changed at the next log-on"),
        Attribute::WhenCreated | Attribute::WhenChanged => generalized(raw).map(minute),
        Attribute::UserAccountControl => ticks().map(flags),
        _ => None,
    };
    words.unwrap_or_else(|| value.shown())
}

/// Generalized time (RFC 4517, 3.3.13) as Active Directory writes it: `20170409100927.0Z`.
fn generalized(text: &str) -> Option<Timestamp> {
    let (digits, _) = text.strip_suffix('Z')?.split_once('.')?;
    let at = DateTime::strptime("%Y%m%d%H%M%S", digits).ok()?;
    at.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
}

/// userAccountControl ([MS-ADTS] 2.2.16), as far as it concerns a log-on.
fn flags(bits: i64) -> String {
    const WORDS: [(i64, &str); 8] = [
        (0x200, "normal account"),
        (0x2, "disabled"),
        (0x10, "locked out"),
        (0x20, "password not required"),
        (0x40, "user cannot change the password"),
        (0x1_0000, "password never expires"),
        (0x4_0000, "smart card required"),
        (0x80_0000, "password expired"),
    ];
    let words: Vec<_> = WORDS.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, word)| *word).collect();
    if words.is_empty() { bits.to_string() } else { format!("{bits}: {}", words.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_flags_of_a_directory_are_shown_in_words() {
        for (attribute, raw, says) in [
            (Attribute::AccountExpires, "9223372036854775807", "never"),
            (Attribute::AccountExpires, "0", "never"),
            // Python: datetime(1601, 1, 1) + timedelta(microseconds=13385787007000000).
            (Attribute::PwdLastSet, "133857870070000000", "2025-03-07 02:10 UTC"),
            (Attribute::PwdLastSet, "0", "must be changed at the next log-on"),
            (Attribute::WhenCreated, "20170409100927.0Z", "2017-04-09 10:09 UTC"),
            (Attribute::UserAccountControl, "512", "512: normal account"),
            (Attribute::UserAccountControl, "66050", "66050: normal account, disabled, password never expires"),
            (Attribute::WhenCreated, "yesterday", "yesterday"),
            (Attribute::Title, "512", "512"),
        ] {
            assert_eq!(in_words(attribute, &Untrusted::new(raw)), says, "{raw}");
        }
        assert_eq!(name_of(&Untrusted::new(r"CN=Berg\, Team,OU=Groups,DC=corp")), "Berg, Team");
    }

    #[test]
    fn every_column_is_found_by_its_key() {
        for column in COLUMNS {
            let found: UserColumn = column.key.parse().expect(column.key);
            assert_eq!(found.key(), column.key);
        }
        assert_eq!("TITLE".parse::<UserColumn>().expect("an attribute").key(), "title");
        let refused = "color".parse::<UserColumn>().expect_err("no column");
        assert!(refused.contains("name, state, account"), "{refused}");
    }
}
