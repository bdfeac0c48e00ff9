//! `imd users`: list, show, export and forget cached users.

use std::io;

use crate::engine::{Engine, UserCell, UserExport, UserFormat};
use crate::model::count::grouped;
use crate::model::found::{Sort, SortKey, Total};
use crate::model::text::Untrusted;
use crate::model::user::Attribute;
use crate::present::user::{self, UserColumn};
use crate::store::CachedUser;
use clap::{Args, Subcommand};

use super::Failure;
use super::output::Output;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Show all details of a user: attributes, groups, mapping, account, laptops and audit entries
    Show {
        /// CORP\name, UPN, mail, alias, DN or GUID
        user: String,
    },
    /// Delete a removed user from the cache; a user with an account is kept
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
    /// Sort by name, account, mail, department or added
    #[arg(long, value_name = "KEY", default_value = "name")]
    sort: SortKey,
    /// Sort in descending order
    #[arg(long)]
    reverse: bool,
    #[arg(long, value_name = "NAMES", value_delimiter = ',', help = columns_help())]
    columns: Vec<UserColumn>,
    /// Write CSV; no cell begins a spreadsheet formula
    #[arg(long, conflicts_with_all = ["ldif", "json"])]
    csv: bool,
    /// Write LDIF
    #[arg(long, conflicts_with = "json")]
    ldif: bool,
}

fn columns_help() -> String {
    format!("Show these columns: {}, or attributes such as title", user::keys())
}

/// How many are shown by default.
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

/// Lists the users that the query names in any form, else those with words that start with it.
fn list(engine: &Engine, wanted: &List, output: &Output) -> Result<(), Failure> {
    let query = wanted.query.as_deref();
    let sort = Sort { key: wanted.sort, descending: wanted.reverse };
    let named = query.map(|query| engine.find_user(query)).transpose()?.filter(|found| !found.is_empty());
    if let (Some([one, other, ..]), Some(query)) = (named.as_deref(), query)
        && one.directory != other.directory
    {
        // One name in two domains is two people.
        let count = named.as_ref().map_or(0, Vec::len);
        output.note(&format!(
            "{count} users are called \"{}\"; use DOMAIN\\name or the UPN to name one of them.",
            crate::model::text::shown(query)
        ))?;
    }
    if wanted.csv || wanted.ldif {
        let format = if wanted.csv { UserFormat::Csv } else { UserFormat::Ldif };
        let chosen = if wanted.csv && wanted.columns.is_empty() { user::usual() } else { wanted.columns.clone() };
        let columns: Vec<&dyn UserCell> = chosen.iter().map(|column| column as &dyn UserCell).collect();
        let export =
            UserExport { these: named.as_deref(), query, sort, limit: wanted.limit, format, columns: &columns };
        engine.write_users(&export, &mut io::BufWriter::new(io::stdout().lock()))??;
        return Ok(());
    }
    let (users, total) = if let Some(users) = named {
        let count = users.len() as u64;
        (users, Total { count, more: false })
    } else {
        let page = engine.users(query, sort, 0, wanted.limit.unwrap_or(SHOWN))?;
        if page.sort != sort {
            output.note(&format!("{} users match, too many for this order: sorted by name.", page.total))?;
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
            columns.iter().map(|column| (column.key().to_owned(), column.document(user).into())).collect()
        };
        let items: Vec<_> = users.iter().map(item).collect();
        return Ok(output.document(&serde_json::json!({ "items": items, "total": total }))?);
    }
    if users.is_empty() {
        return Ok(output.note("none")?);
    }
    let columns = if columns.is_empty() { user::usual() } else { columns.to_vec() };
    let heads: Vec<String> = columns.iter().map(|column| column.title().to_uppercase()).collect();
    let rows = users.iter().map(|user| columns.iter().map(|column| column.cell(user)).collect()).collect();
    output.table(&heads, rows)?;
    if users.len() as u64 != total.count || total.more {
        output.note(&format!("{} of {total} users; --limit shows more.", grouped(users.len() as u64)))?;
    }
    Ok(())
}

fn show(engine: &Engine, name: &str, output: &Output) -> Result<(), Failure> {
    let found = engine.user_called(name)?;
    let gone = || Failure::Plain {
        message: format!("the user {} was deleted from the cache in the meantime", found.user.label()),
        help: "`imd users` lists the cached users".to_owned(),
    };
    let page = engine.user_page(found.id)?.ok_or_else(gone)?;
    Ok(output.facts(&page, "User", &page.cached.user.label(), &user::facts(&page, engine.now()))?)
}

fn forget(engine: &Engine, name: &str, yes: bool, output: &Output) -> Result<(), Failure> {
    if !yes {
        // What speaks against it comes before the confirmation.
        let user = engine.may_forget(name)?;
        let dn = user.user.first(Attribute::DistinguishedName).map(Untrusted::shown).unwrap_or_default();
        return Err(Failure::NeedsYou {
            message: format!("{} ({dn}) would be deleted from the cache", user.user.label()),
            help: "repeat with --yes; plans that changed the user can then no longer be undone".to_owned(),
        });
    }
    let user = engine.forget_user(name)?;
    Ok(output.one(&user, &[("Deleted", user.user.label()), ("Directory", user.directory.to_string())])?)
}
