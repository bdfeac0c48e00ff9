//! `imd users`: list, show, export and forget cached users.

use std::io;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::engine::{Engine, UserColumn, UserExport, UserFormat, UserPage};
use crate::model::found::{Sort, SortKey, Total};
use crate::model::text::{Untrusted, shown};
use crate::model::user::Attribute;
use crate::store::CachedUser;

use super::Failure;
use super::output::Output;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Show all details of a user: attributes, groups, mapping, account, laptops and audit entries
    Show {
        /// CORP\name, UPN, mail, alias, DN or GUID
        user: String,
    },
    /// Remove a user who left from the cache; a user with an account is kept
    Forget {
        /// CORP\name, UPN, mail, alias, DN or GUID
        user: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// CORP\name, UPN, mail, alias or GUID; or the beginning of words in names, departments and OUs
    query: Option<String>,
    /// Show at most this many; default: 100, or all with --csv or --ldif
    #[arg(long, value_name = "NUMBER")]
    limit: Option<u64>,
    /// Sort by name, account, mail, department or came
    #[arg(long, value_name = "KEY", default_value = "name")]
    sort: SortKey,
    /// Sort in descending order
    #[arg(long)]
    reverse: bool,
    /// Show these columns: name, account, directory, mapping, state, came, left, or attributes such as mail
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    columns: Vec<UserColumn>,
    /// Write CSV; no cell begins a spreadsheet formula
    #[arg(long, conflicts_with_all = ["ldif", "json"])]
    csv: bool,
    /// Write LDIF
    #[arg(long, conflicts_with = "json")]
    ldif: bool,
}

/// How many are shown when nobody says.
const SHOWN: u64 = 100;

pub(super) fn run(
    engine: &Engine,
    verb: Option<&Verb>,
    wanted: &List,
    yes: bool,
    output: &Output,
) -> Result<(), Failure> {
    match verb {
        None => list(engine, wanted, output),
        Some(Verb::Show { user }) => show(engine, user, output),
        Some(Verb::Forget { user }) => forget(engine, user, yes, output),
    }
}

/// Users whom the query names in any form; when nobody is named so, those in whom words start with it.
fn list(engine: &Engine, wanted: &List, output: &Output) -> Result<(), Failure> {
    let query = wanted.query.as_deref();
    let sort = Sort { key: wanted.sort, descending: wanted.reverse };
    let named = query.map(|query| engine.find_user(query)).transpose()?.filter(|found| !found.is_empty());
    if let (Some([one, other, ..]), Some(query)) = (named.as_deref(), query)
        && one.directory != other.directory
    {
        // One name in two domains is two people.
        let count = named.as_ref().map_or(0, Vec::len);
        output.note(&format!("{count} users are called {query:?}; DOMAIN\\name or the UPN means one of them."))?;
    }
    if wanted.csv || wanted.ldif {
        let format = if wanted.csv { UserFormat::Csv } else { UserFormat::Ldif };
        let columns = &wanted.columns;
        let export = UserExport { these: named.as_deref(), query, sort, limit: wanted.limit, format, columns };
        engine.write_users(&export, &mut io::BufWriter::new(io::stdout().lock()))??;
        return Ok(());
    }
    let (users, total) = if let Some(users) = named {
        let count = users.len() as u64;
        (users, Total { count, more: false })
    } else {
        let page = engine.users(query, sort, 0, wanted.limit.unwrap_or(SHOWN))?;
        if page.sort != sort {
            output.note(&format!("{} are found, so they come by name.", page.total))?;
        }
        (page.users, page.total)
    };
    table(&users, total, &wanted.columns, output)
}

fn table(users: &[CachedUser], total: Total, columns: &[UserColumn], output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        if columns.is_empty() {
            return Ok(output.document(&serde_json::json!({ "items": users, "total": total }))?);
        }
        let item = |user| -> serde_json::Map<_, serde_json::Value> {
            columns.iter().map(|column| (column.word().to_owned(), column.cell(user).into())).collect()
        };
        let items: Vec<_> = users.iter().map(item).collect();
        return Ok(output.document(&serde_json::json!({ "items": items, "total": total }))?);
    }
    if users.is_empty() {
        return Ok(output.note("none")?);
    }
    let columns = if columns.is_empty() { &UserColumn::USUAL } else { columns };
    let heads: Vec<String> = columns
        .iter()
        .map(|column| if *column == UserColumn::Name { "USER".to_owned() } else { column.word().to_uppercase() })
        .collect();
    let rows = users.iter().map(|user| columns.iter().map(|column| column.cell(user)).collect()).collect();
    output.table(&heads, rows)?;
    if users.len() as u64 != total.count || total.more {
        output.note(&format!("{} of {total} are shown; --limit shows more.", users.len()))?;
    }
    Ok(())
}

fn show(engine: &Engine, name: &str, output: &Output) -> Result<(), Failure> {
    let user = engine.user_called(name)?;
    let gone = || Failure::Plain {
        message: format!("the user {} was forgotten meanwhile", user.user.label()),
        help: "`imd users` shows who is cached".to_owned(),
    };
    let page = engine.user_page(user.id)?.ok_or_else(gone)?;
    if output.is_json() {
        return Ok(output.document(&page)?);
    }
    let lines = lines(&page, engine.now());
    let lines: Vec<(&str, String)> = lines.iter().map(|(label, value)| (label.as_str(), value.clone())).collect();
    Ok(output.one(&page, &lines)?)
}

/// What is known of a user, a fact a line.
fn lines(page: &UserPage, now: Timestamp) -> Vec<(String, String)> {
    let cached = &page.cached;
    let mut lines: Vec<(String, String)> = vec![
        ("user".into(), cached.user.label()),
        ("directory".into(), cached.directory.to_string()),
        ("state".into(), UserColumn::State.cell(cached)),
        ("came".into(), crate::model::moment::minute(cached.added_at)),
        ("mapping".into(), cached.mapping.to_string()),
    ];
    let mut add = |label: &str, value: String| lines.push((label.to_owned(), value));
    if let crate::store::UserState::Removed { why, .. } = &cached.state {
        add("left because the user", shown(&why.to_string()));
    }
    match &page.gives {
        Some(gives) => {
            let quota = match gives.quota {
                None => "nobody said".to_owned(),
                Some(quota) if quota.as_bytes() == 0 => "no limit".to_owned(),
                Some(quota) => quota.to_string(),
            };
            let off = if gives.enabled { "" } else { "; the mapping is switched off" };
            add(
                "it gives",
                format!("{}, {}, quota: {quota}, laptops: {}{off}", gives.profile, gives.storage, gives.devices),
            );
        }
        None => add("it gives", "nothing: the mapping was removed".to_owned()),
    }
    match &page.account {
        None => add("account", "none: the user has activated no laptop yet".to_owned()),
        Some(account) => {
            add("account", format!("{} ({})", account.name.shown(), account.says(now)));
        }
    }
    for device in &page.devices {
        add("laptop", format!("{} {} {}", device.id, device.state.word(), device.host_name.shown()));
    }
    for group in &page.groups {
        add("group", group.shown());
    }
    for (attribute, value) in cached.user.all() {
        if *attribute != Attribute::MemberOf {
            add(attribute.name(), value.shown());
        }
    }
    for entry in &page.audit {
        let at = crate::model::moment::minute(entry.at);
        let text = format!(
            "{at} {}: {} {}: {}",
            entry.actor.0.shown(),
            entry.verb,
            entry.subject.shown(),
            entry.detail.shown()
        );
        add("audit", text);
    }
    lines
}

fn forget(engine: &Engine, name: &str, yes: bool, output: &Output) -> Result<(), Failure> {
    if !yes {
        // Whoever may not be forgotten is told so before anything is asked.
        let user = engine.may_forget(name)?;
        let dn = user.user.first(Attribute::DistinguishedName).map(Untrusted::shown).unwrap_or_default();
        return Err(Failure::NeedsYou {
            message: format!("{} ({dn}) would be taken out of the cache", user.user.label()),
            help: "repeat it with --yes; plans that touched the user can then no longer be taken back".to_owned(),
        });
    }
    let user = engine.forget_user(name)?;
    Ok(output.one(&user, &[("forgotten", user.user.label()), ("directory", user.directory.to_string())])?)
}
