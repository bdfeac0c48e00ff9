//! The table of names by which users are found.

use std::borrow::Cow;

use rusqlite::{Transaction, params};

use super::{Error, key, search_index};
use crate::model::dn::Dn;

/// The part of a row's JSON that names are made of; the rest is skipped, not copied.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Named<'a> {
    #[serde(borrow, rename = "distinguishedName")]
    dn: Texts<'a>,
    #[serde(borrow, rename = "sAMAccountName")]
    sam: Texts<'a>,
    #[serde(borrow, rename = "userPrincipalName")]
    upn: Texts<'a>,
    #[serde(borrow)]
    mail: Texts<'a>,
    #[serde(borrow, rename = "proxyAddresses")]
    proxies: Texts<'a>,
}

#[derive(Default, serde::Deserialize)]
#[serde(transparent)]
struct Texts<'a>(#[serde(borrow)] Vec<Text<'a>>);

#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Texts<'_> {
    fn all(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|text| text.0.as_ref())
    }

    fn first(&self) -> Option<&str> {
        self.all().find(|text| !text.trim().is_empty())
    }
}

/// The forms and keys by which a user is found; an address once, under the first of upn, mail and alias that it is.
fn names(label: &str, attributes: &str) -> Result<Vec<(&'static str, String)>, serde_json::Error> {
    let of: Named<'_> = serde_json::from_str(attributes)?;
    let mut addresses: Vec<(&str, String)> = Vec::with_capacity(8);
    let mut address = |form, text: &str| {
        let key = key(text);
        if !key.is_empty() && !addresses.iter().any(|(_, other)| *other == key) {
            addresses.push((form, key));
        }
    };
    if let Some(upn) = of.upn.first() {
        address("upn", upn);
    }
    for mail in of.mail.all() {
        address("mail", mail);
    }
    for proxy in of.proxies.all() {
        // SMTP: is the primary address and smtp: an alias; X400:, SIP: and the like are no mail addresses.
        if let Some((kind, alias)) = proxy.split_once(':')
            && kind.eq_ignore_ascii_case("smtp")
        {
            address("alias", alias);
        }
    }
    let mut names = addresses;
    names.push(("label", key(label)));
    names.extend(of.sam.first().map(|sam| ("sam", key(sam))));
    names.extend(of.dn.first().map(|dn| ("dn", dn_key(dn))));
    Ok(names)
}

/// The same for every spelling of a DN; what is no DN is compared as text.
pub(super) fn dn_key(dn: &str) -> String {
    Dn::key_of(dn).unwrap_or_else(|| key(dn))
}

fn unreadable(label: &str) -> impl FnOnce(serde_json::Error) -> Error {
    let what = format!("the user \"{label}\"");
    |_| Error::Unfit { what, why: "the values in its row cannot be read" }
}

/// Adds the names of one new user, who is found and searched by them from now on.
pub(super) fn add(transaction: &Transaction<'_>, user: i64, label: &str, attributes: &str) -> Result<(), Error> {
    let sql = "INSERT INTO user_name (form, key, user_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    let mut insert = transaction.prepare_cached(sql)?;
    for (form, key) in names(label, attributes).map_err(unreadable(label))? {
        insert.execute(params![form, key, user])?;
    }
    search_index::add_one(transaction, user, label, attributes)
}

/// Deletes the names of one user.
pub(super) fn remove(transaction: &Transaction<'_>, user: i64, label: &str, attributes: &str) -> Result<(), Error> {
    let sql = "DELETE FROM user_name WHERE form = ?1 AND key = ?2 AND user_id = ?3";
    let mut delete = transaction.prepare_cached(sql)?;
    for (form, key) in names(label, attributes).map_err(unreadable(label))? {
        delete.execute(params![form, key, user])?;
    }
    Ok(())
}

/// Deletes the names of the users that a plan is about to change.
pub(super) fn forget(transaction: &Transaction<'_>, plan: i64) -> Result<(), Error> {
    let sql = "SELECT u.id, u.label, v.attributes FROM plan_change c JOIN cached_user u ON u.id = c.user_id
               JOIN user_values v ON v.id = u.values_id
               WHERE c.plan_id = ?1 AND c.kind IN ('added', 'updated') AND c.hash <> u.hash";
    let mut select = transaction.prepare(sql)?;
    let mut rows = select.query([plan])?;
    while let Some(row) = rows.next()? {
        let (id, label): (i64, String) = (row.get(0)?, row.get(1)?);
        let attributes = row.get_ref(2)?.as_str().unwrap_or_default();
        search_index::remove(transaction, id, &label, attributes)?;
        remove(transaction, id, &label, attributes)?;
    }
    Ok(())
}

/// Adds the names of added and updated users, sorted, so that each page of the table is written once.
pub(super) fn learn(
    transaction: &Transaction<'_>,
    plan: i64,
    report: &mut dyn FnMut(u64) -> Result<(), Error>,
) -> Result<(), Error> {
    transaction.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS new_name (form TEXT NOT NULL, key TEXT NOT NULL, user_id INTEGER NOT NULL);
         DELETE FROM new_name;",
    )?;
    // Users are joined by GUID, since added ones have no id in the plan.
    let sql = "SELECT u.id, c.label, v.attributes FROM plan_change c
               CROSS JOIN cached_user u ON u.directory_id = c.directory_id AND u.guid = c.guid
               CROSS JOIN user_values v ON v.id = c.after_id
               WHERE c.plan_id = ?1 AND c.kind IN ('added', 'updated')";
    let mut select = transaction.prepare(sql)?;
    let mut insert = transaction.prepare("INSERT INTO new_name (form, key, user_id) VALUES (?1, ?2, ?3)")?;
    let mut rows = select.query([plan])?;
    let mut done = 0_u64;
    while let Some(row) = rows.next()? {
        done += 1;
        if done.is_multiple_of(1_000) {
            report(done)?;
        }
        let (id, label): (i64, String) = (row.get(0)?, row.get(1)?);
        for (form, key) in names(&label, row.get_ref(2)?.as_str().unwrap_or_default()).map_err(unreadable(&label))? {
            insert.execute(params![form, key, id])?;
        }
    }
    // Users with the same values as before kept their names.
    let sql = "INSERT INTO user_name (form, key, user_id) SELECT form, key, user_id FROM new_name
               ORDER BY form, key, user_id ON CONFLICT DO NOTHING";
    transaction.execute(sql, [])?;
    search_index::learn(transaction, &mut || report(done))?;
    transaction.execute("DELETE FROM new_name", [])?;
    Ok(())
}
