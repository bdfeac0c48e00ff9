//! The cached users: searched as somebody types, looked at, explained, written to a file, forgotten.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::{Source, counted, done, laptop, minute, several, typed, yes_or_no};
use crate::engine::{Among, Engine, Error, UserColumn, UserExport, UserFormat, UserPage};
use crate::model::explanation::State;
use crate::model::found::{Sort, SortKey};
use crate::model::job::Job;
use crate::model::text::{Untrusted, shown};
use crate::model::user::{Attribute, filetime};
use crate::present::Tone;
use crate::store::{CachedUser, UserState};
use crate::tui::listing::{Act, Asked, Detail, Doing, Fact, Kind, Place, Question, Row, Rows};

pub(super) struct Users;

/// As [`Kind::orders`] has them: who came last is looked for first.
const ORDERS: [Sort; 5] = [
    Sort::by(SortKey::Name),
    Sort::by(SortKey::Account),
    Sort::by(SortKey::Mail),
    Sort::by(SortKey::Department),
    Sort { key: SortKey::Added, descending: true },
];

/// The columns of the list, for its rows and for a file.
const COLUMNS: [UserColumn; 9] = [
    UserColumn::Name,
    UserColumn::State,
    UserColumn::Account,
    UserColumn::Mapping,
    UserColumn::Attribute(Attribute::Department),
    UserColumn::Attribute(Attribute::Mail),
    UserColumn::Directory,
    UserColumn::Came,
    UserColumn::Left,
];

fn query(asked: &Asked) -> Option<&str> {
    Some(asked.search.as_str()).filter(|search| !search.trim().is_empty())
}

fn sort(asked: &Asked) -> Sort {
    ORDERS.get(asked.order).copied().unwrap_or_default()
}

impl Source for Users {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let page = engine.users(query(asked), sort(asked), offset, limit)?;
        let rows: Vec<Row> = page.users.iter().map(row).collect();
        // Beyond those that are counted there is at least one more after a full page.
        let seen = offset + rows.len() as u64 + u64::from(page.total.more && rows.len() as u64 == limit);
        let total = if page.total.more { page.total.count.max(seen) } else { page.total.count };
        let order = ORDERS.iter().position(|order| *order == page.sort);
        // Who is not cached is nowhere in the list: what was typed is explained instead.
        let acts = if total == 0 && query(asked).is_some() { vec![Act::Explain] } else { Vec::new() };
        Ok(Rows { offset, total, more: page.total.more, rows, order, acts })
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let gone = || Error::Gone { what: "user", id: shown(id) };
        let found = engine.find_user(id)?.into_iter().next().ok_or_else(gone)?;
        let page = engine.user_page(found.id)?.ok_or_else(gone)?;
        Ok(Detail { title: page.cached.user.label(), lines: facts(&page, engine.now()), acts: acts(&page.cached) })
    }

    fn question(&self, engine: &Engine, asked: &Asked, act: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        Ok(match act {
            Act::Save => {
                let whom =
                    query(asked).map_or("everybody".to_owned(), |query| format!("who is found by {}", shown(query)));
                let text = format!("To which file is {whom} written? Its name ends in .csv, .json or .ldif.");
                Some(typed(text, "users.csv"))
            }
            Act::Delete => {
                let user = engine.may_forget(id.unwrap_or_default())?;
                let label = user.user.label();
                Some(yes_or_no(format!(
                    "Forget {label}? Plans that touched the user can then no longer be taken back."
                )))
            }
            _ => None,
        })
    }

    fn act(&self, engine: &Engine, doing: &Doing, job: &Job) -> Result<Vec<Fact>, Error> {
        match (doing.act, doing.id.as_deref()) {
            (Act::Explain, Some(id)) => explain(engine, id, job),
            (Act::Explain, None) => explain(engine, doing.asked.search.trim(), job),
            (Act::Save, _) => {
                let path = Path::new(doing.input.trim());
                let format = UserFormat::of_path(path).ok_or_else(|| Error::NoFormat { path: path.to_owned() })?;
                // A table has the columns that are shown; JSON and LDIF have everything.
                let shown_now = doing.columns.iter().filter_map(|at| COLUMNS.get(*at).copied());
                let shown_now: Vec<UserColumn> = shown_now.filter(|_| format == UserFormat::Csv).collect();
                let columns = shown_now.as_slice();
                let (query, sort) = (query(&doing.asked), sort(&doing.asked));
                let export = UserExport { these: None, query, sort, limit: None, format, columns };
                let written = engine.export_users(&export, path)?;
                let path = shown(&path.display().to_string());
                Ok(done(format!("{} written to {path}.", counted_are(written))))
            }
            (Act::Delete, Some(id)) => {
                let forgotten = engine.forget_user(id)?;
                Ok(done(format!("{} is forgotten.", forgotten.user.label())))
            }
            _ => Ok(Vec::new()),
        }
    }
}

fn explain(engine: &Engine, id: &str, job: &Job) -> Result<Vec<Fact>, Error> {
    let chain = engine.explain(id, Among::All, job)?;
    let mut lines = Vec::new();
    for link in &chain.links {
        let tone = match link.state {
            State::Ok => Tone::Good,
            State::Pending => Tone::Plain,
            State::Failed => Tone::Problem,
        };
        lines.push(Fact::new(&link.part.to_string(), link.evidence.clone()).toned(tone));
        lines.extend(link.remedy.iter().map(|remedy| Fact::new("To do", remedy.clone()).toned(Tone::Help)));
    }
    Ok(lines)
}

fn facts(page: &UserPage, now: Timestamp) -> Vec<Fact> {
    let cached = &page.cached;
    let mut lines = vec![Fact::new("State", state(cached)).toned(tone(cached))];
    if let UserState::Removed { at, why } = &cached.state {
        lines.push(Fact::new("Left", format!("{}: the user {}", minute(*at), shown(&why.to_string()))));
    }
    lines.push(Fact::new("Directory", cached.directory.to_string()));
    lines.push(Fact::new("Came", minute(cached.added_at)));
    let mapping = Fact::new("Mapping", cached.mapping.to_string());
    match &page.gives {
        Some(gives) => {
            lines.push(mapping.leading(Place::Entry(Kind::Mappings, cached.mapping.to_string())));
            let quota = match gives.quota {
                None => "quota as the agent has it".to_owned(),
                Some(quota) if quota.as_bytes() == 0 => "no quota".to_owned(),
                Some(quota) => format!("quota {quota}"),
            };
            let off = if gives.enabled { "" } else { "; switched off" };
            let laptops = if gives.devices == 1 { "1 laptop".to_owned() } else { format!("{} laptops", gives.devices) };
            lines.push(Fact::new("It gives", format!("{}, {}, {quota}, {laptops}{off}", gives.profile, gives.storage)));
        }
        None => lines.extend([mapping, Fact::new("It gives", "nothing: it was removed").toned(Tone::Warning)]),
    }
    match &page.account {
        None => lines.push(Fact::new("Account", "none: no laptop was activated yet")),
        Some(account) => {
            let kept = account.preserved.is_some();
            let text =
                if kept { format!("{}, {}", account.name.shown(), account.says(now)) } else { account.name.shown() };
            let tone = if kept { Tone::Warning } else { Tone::Plain };
            let leads = Place::Entry(Kind::Accounts, account.guid.to_string());
            lines.push(Fact::new("Account", text).toned(tone).leading(leads));
        }
    }
    lines.extend(several("Laptops", page.devices.iter().map(laptop)));
    lines.extend(several("Groups", page.groups.iter().map(|group| Fact::new("", common_name(group)))));
    lines.extend(several(
        "Audit",
        page.audit.iter().map(|entry| {
            let (actor, subject, detail) = (entry.actor.0.shown(), entry.subject.shown(), entry.detail.shown());
            Fact::new("", format!("{} {actor}: {} {subject}: {detail}", minute(entry.at), entry.verb))
        }),
    ));
    for &attribute in Attribute::ALL.iter().filter(|attribute| **attribute != Attribute::MemberOf) {
        let values = cached.user.values(attribute).map(|value| Fact::new("", said(attribute, value)));
        lines.extend(several(attribute.name(), values));
    }
    lines
}

/// A group by its name, without where it is.
fn common_name(dn: &Untrusted) -> String {
    let raw = dn.raw();
    let Some((_, rest)) = raw.split_once('=') else { return dn.shown() };
    let mut name = String::new();
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        match c {
            ',' => break,
            // RFC 4514, 2.4: what means something in a DN stands behind a backslash. Two hexadecimal digits are left as
            // they are.
            '\\' => name.extend(chars.next()),
            c => name.push(c),
        }
    }
    shown(&name)
}

/// A value as people read it: times and flags in words.
fn said(attribute: Attribute, value: &Untrusted) -> String {
    let raw = value.raw().trim();
    let ticks = || raw.parse::<i64>().ok();
    let words = match attribute {
        Attribute::AccountExpires => ticks().map(|ticks| filetime(ticks).map_or_else(|| "never".to_owned(), minute)),
        Attribute::PwdLastSet => {
            ticks().map(|ticks| filetime(ticks).map_or_else(|| "to be changed at the next log-on".to_owned(), minute))
        }
        Attribute::LastLogonTimestamp => {
            ticks().map(|ticks| filetime(ticks).map_or_else(|| "never".to_owned(), minute))
        }
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

/// userAccountControl ([MS-ADTS] 2.2.16), as far as it says something of a log-on.
fn flags(bits: i64) -> String {
    const WORDS: [(i64, &str); 8] = [
        (0x200, "normal account"),
        (0x2, "disabled"),
        (0x10, "locked out"),
        (0x20, "needs no password"),
        (0x40, "cannot change the password"),
        (0x1_0000, "password never ends"),
        (0x4_0000, "smart card required"),
        (0x80_0000, "password has ended"),
    ];
    let said: Vec<_> = WORDS.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, word)| *word).collect();
    if said.is_empty() { bits.to_string() } else { format!("{bits}: {}", said.join(", ")) }
}

fn counted_are(users: u64) -> String {
    let are = if users == 1 { "is" } else { "are" };
    format!("{} {are}", counted(users, "user", "users"))
}

fn acts(cached: &CachedUser) -> Vec<Act> {
    match &cached.state {
        UserState::Active => vec![Act::Explain],
        UserState::Removed { .. } => vec![Act::Explain, Act::Delete],
    }
}

fn row(cached: &CachedUser) -> Row {
    // As in a file, but for what is said shorter here.
    let cell = |column: &UserColumn| match (column, &cached.state) {
        (UserColumn::State, _) => state(cached),
        (UserColumn::Came, _) => minute(cached.added_at),
        (UserColumn::Left, UserState::Removed { at, why }) => format!("{}: {}", minute(*at), shown(&why.to_string())),
        (column, _) => column.cell(cached),
    };
    let cells = COLUMNS.iter().map(cell).collect();
    Row { id: cached.user.guid.to_string(), cells, tone: tone(cached), acts: acts(cached) }
}

fn state(cached: &CachedUser) -> String {
    match &cached.state {
        UserState::Active => "active".to_owned(),
        UserState::Removed { .. } => "left".to_owned(),
    }
}

fn tone(cached: &CachedUser) -> Tone {
    match &cached.state {
        UserState::Active => Tone::Good,
        UserState::Removed { .. } => Tone::Warning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_directory_writes_for_programs_is_said_for_people() {
        for (attribute, raw, says) in [
            (Attribute::AccountExpires, "9223372036854775807", "never"),
            (Attribute::AccountExpires, "0", "never"),
            // Python: datetime(1601, 1, 1) + timedelta(microseconds=13385787007000000).
            (Attribute::PwdLastSet, "133857870070000000", "2025-03-07 02:10 UTC"),
            (Attribute::PwdLastSet, "0", "to be changed at the next log-on"),
            (Attribute::WhenCreated, "20170409100927.0Z", "2017-04-09 10:09 UTC"),
            (Attribute::UserAccountControl, "512", "512: normal account"),
            (Attribute::UserAccountControl, "66050", "66050: normal account, disabled, password never ends"),
            (Attribute::WhenCreated, "yesterday", "yesterday"),
            (Attribute::Title, "512", "512"),
        ] {
            assert_eq!(said(attribute, &Untrusted::new(raw)), says, "{raw}");
        }
        assert_eq!(common_name(&Untrusted::new(r"CN=Berg\, Team,OU=Groups,DC=corp")), "Berg, Team");
    }
}
