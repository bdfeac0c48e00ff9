//! The search index of users, updated in the transaction that changes the cache.
//!
//! `user_words` is an FTS5 table without content: to delete a user from it, the words that were inserted are passed
//! again. So [`Entry::of`] may only change together with a migration that empties `user_index`; the next start then
//! fills both.
//!
//! The rowid of both tables is the user's place in the order of labels. FTS5 returns hits by rowid, so hits among a
//! million users come sorted by name, a page at a time, without sorting. Places start [`GAP`] apart, and a user who is
//! added later gets one in between.

use std::borrow::Cow;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::{Error, key};
use crate::model::dn::Dn;

/// The first distance between places: ten users can be added one after another between two before all places are
/// assigned again. A wider gap makes the index larger.
const GAP: i64 = 1 << 10;
/// The first place. Later names may sort before it.
const FIRST: i64 = 1 << 32;

/// From this many new users on it may be cheaper to assign all places again than to place each.
const MANY: i64 = 1_000;
/// The cost of placing one user between others, in users that are placed in sequence.
const DEARER: i64 = 4;

/// Sorts after every text, for users without a mail or account.
const NONE: &str = "\u{10ffff}";

/// The part of a row's JSON that is searched or sorted by.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Words<'a> {
    #[serde(borrow, rename = "distinguishedName")]
    dn: Vec<Text<'a>>,
    #[serde(borrow)]
    cn: Vec<Text<'a>>,
    #[serde(borrow, rename = "sAMAccountName")]
    sam: Vec<Text<'a>>,
    #[serde(borrow, rename = "userPrincipalName")]
    upn: Vec<Text<'a>>,
    #[serde(borrow)]
    mail: Vec<Text<'a>>,
    #[serde(borrow, rename = "proxyAddresses")]
    proxies: Vec<Text<'a>>,
    #[serde(borrow, rename = "displayName")]
    display: Vec<Text<'a>>,
    #[serde(borrow)]
    department: Vec<Text<'a>>,
}

#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The index entry of one user.
struct Entry {
    words: String,
    account: String,
    mail: String,
    department: String,
}

impl Entry {
    fn of(label: &str, attributes: &str) -> Result<Self, Error> {
        let unreadable =
            |_| Error::Unfit { what: format!("the user \"{label}\""), why: "the values in its row cannot be read" };
        let of: Words<'_> = serde_json::from_str(attributes).map_err(unreadable)?;
        let mut words = Vec::with_capacity(32);
        let names = [&of.display, &of.cn, &of.sam, &of.upn, &of.mail, &of.department];
        for text in std::iter::once(label).chain(names.into_iter().flatten().map(|text| text.0.as_ref())) {
            add(&mut words, text);
        }
        for text in &of.proxies {
            if let Some((kind, address)) = text.0.split_once(':')
                && kind.eq_ignore_ascii_case("smtp")
            {
                add(&mut words, address);
            }
        }
        let units = of.dn.first().map(|dn| Dn::units_of(&dn.0)).unwrap_or_default();
        for unit in &units {
            add(&mut words, unit);
        }
        let first = |texts: &[Text<'_>]| texts.iter().map(|text| key(&text.0)).find(|text| !text.is_empty());
        let or_last = |text: Option<String>| text.unwrap_or_else(|| NONE.to_owned());
        Ok(Self {
            words: words.join(" "),
            account: or_last(first(&of.upn).or_else(|| first(&of.sam))),
            mail: or_last(first(&of.mail)),
            department: or_last(first(&of.department)),
        })
    }
}

/// Adds the words of a text that are not there yet. FTS5 divides words with characters beyond ASCII further; it always
/// divides at ASCII characters that are neither letters nor digits.
fn add<'a>(words: &mut Vec<&'a str>, text: &'a str) {
    for word in text.split(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric()) {
        if !word.is_empty() && !words.contains(&word) {
            words.push(word);
        }
    }
}

/// Removes a user who is about to be forgotten or changed; these are the values from before.
pub(super) fn remove(transaction: &Transaction<'_>, user: i64, label: &str, attributes: &str) -> Result<(), Error> {
    let sql = "DELETE FROM user_index WHERE user_id = ?1 RETURNING place";
    let place: Option<i64> = transaction.prepare_cached(sql)?.query_row([user], |row| row.get(0)).optional()?;
    if let Some(place) = place {
        let sql = "INSERT INTO user_words (user_words, rowid, words) VALUES ('delete', ?1, ?2)";
        transaction.prepare_cached(sql)?.execute(params![place, Entry::of(label, attributes)?.words])?;
    }
    Ok(())
}

/// Adds one user after the names of the user were stored. No other user moves: when there is no free place between two
/// names, the user gets the next free place near them.
pub(super) fn add_one(transaction: &Transaction<'_>, user: i64, label: &str, attributes: &str) -> Result<(), Error> {
    let name = key(label);
    let (before, after) = (neighbour(transaction, &name, user, false)?, neighbour(transaction, &name, user, true)?);
    let place = match between(before.as_ref(), after.as_ref(), 1) {
        Some((first, _)) => first,
        None => free(transaction, before.map_or(FIRST, |user| user.place))?,
    };
    insert(transaction, place, user, &Entry::of(label, attributes)?)
}

/// Adds the users whom a plan added or changed: `(key, user_id)` of the table `new_name` where the form is `label`.
pub(super) fn learn(transaction: &Transaction<'_>, report: &mut dyn FnMut() -> Result<(), Error>) -> Result<(), Error> {
    let new = "SELECT n.key, n.user_id FROM temp.new_name n
               WHERE n.form = 'label' AND NOT EXISTS (SELECT 1 FROM user_index f WHERE f.user_id = n.user_id)";
    let count = |sql: &str| transaction.query_row(sql, [], |row| row.get::<_, i64>(0));
    let come = count(&format!("SELECT count(*) FROM ({new})"))?;
    if come == 0 {
        return Ok(());
    }
    if are_many(transaction, come)? {
        return fill(transaction, report);
    }
    let mut statement = transaction.prepare(&format!("{new} ORDER BY n.key, n.user_id"))?;
    let mut rows = statement.query([])?;
    // Users between the same two names share the places between them. The next user belongs to the same gap when sorting
    // before its upper end: searching for neighbors again would step over every user without a place.
    let mut group: Vec<i64> = Vec::new();
    let mut ends: (Option<Neighbour>, Option<Neighbour>) = (None, None);
    while let Some(row) = rows.next()? {
        let (name, user): (String, i64) = (row.get(0)?, row.get(1)?);
        let beyond = ends.1.as_ref().is_some_and(|after| (&name, user) > (&after.name, after.user));
        if beyond && !place(transaction, &std::mem::take(&mut group), &ends, report)? {
            return fill(transaction, report);
        }
        if group.is_empty() {
            ends = (neighbour(transaction, &name, user, false)?, neighbour(transaction, &name, user, true)?);
        }
        group.push(user);
    }
    if !place(transaction, &group, &ends, report)? {
        return fill(transaction, report);
    }
    Ok(())
}

/// Whether it is cheaper to rebuild the index than to add or remove so many users.
pub(super) fn are_many(connection: &Connection, count: i64) -> Result<bool, Error> {
    if count < MANY {
        return Ok(false);
    }
    let there: i64 = connection.query_row("SELECT count(*) FROM user_index", [], |row| row.get(0))?;
    Ok(count.saturating_mul(DEARER) >= there)
}

/// Places users between two others, in their order; false when there are not enough free places.
fn place(
    transaction: &Transaction<'_>,
    group: &[i64],
    (before, after): &(Option<Neighbour>, Option<Neighbour>),
    report: &mut dyn FnMut() -> Result<(), Error>,
) -> Result<bool, Error> {
    let count = i64::try_from(group.len()).unwrap_or(i64::MAX);
    let Some((mut place, step)) = between(before.as_ref(), after.as_ref(), count) else { return Ok(false) };
    for user in group {
        let (label, attributes) = values(transaction, *user)?;
        insert(transaction, place, *user, &Entry::of(&label, &attributes)?)?;
        place += step;
        report()?;
    }
    Ok(true)
}

/// A user who has a place.
struct Neighbour {
    name: String,
    user: i64,
    place: i64,
}

/// The next user before or after that name who has a place.
fn neighbour(transaction: &Transaction<'_>, name: &str, user: i64, after: bool) -> Result<Option<Neighbour>, Error> {
    let sql = if after {
        "SELECT n.key, n.user_id, f.place FROM user_name n CROSS JOIN user_index f ON f.user_id = n.user_id
         WHERE n.form = 'label' AND (n.key, n.user_id) > (?1, ?2) ORDER BY n.key, n.user_id LIMIT 1"
    } else {
        "SELECT n.key, n.user_id, f.place FROM user_name n CROSS JOIN user_index f ON f.user_id = n.user_id
         WHERE n.form = 'label' AND (n.key, n.user_id) < (?1, ?2) ORDER BY n.key DESC, n.user_id DESC LIMIT 1"
    };
    let of = |row: &Row<'_>| Ok(Neighbour { name: row.get(0)?, user: row.get(1)?, place: row.get(2)? });
    Ok(transaction.prepare_cached(sql)?.query_row(params![name, user], of).optional()?)
}

/// The first of `count` places between two, and how far each is from the one before.
fn between(before: Option<&Neighbour>, after: Option<&Neighbour>, count: i64) -> Option<(i64, i64)> {
    match (before.map(|user| user.place), after.map(|user| user.place)) {
        (None, None) => Some((FIRST, GAP)),
        (Some(before), None) => Some((before.checked_add(GAP)?, GAP)),
        (None, Some(after)) => Some((after.checked_sub(GAP.checked_mul(count)?)?, GAP)),
        (Some(before), Some(after)) => {
            let step = after.checked_sub(before)? / count.checked_add(1)?;
            (step > 0).then_some((before + step, step))
        }
    }
}

/// The next free place from there on.
fn free(transaction: &Transaction<'_>, from: i64) -> Result<i64, Error> {
    let mut place = from;
    let mut taken = transaction.prepare_cached("SELECT 1 FROM user_index WHERE place = ?1")?;
    while taken.exists([place])? {
        place += 1;
    }
    Ok(place)
}

fn values(transaction: &Transaction<'_>, user: i64) -> Result<(String, String), Error> {
    let sql =
        "SELECT u.label, v.attributes FROM cached_user u JOIN user_values v ON v.id = u.values_id WHERE u.id = ?1";
    Ok(transaction.prepare_cached(sql)?.query_row([user], |row| Ok((row.get(0)?, row.get(1)?)))?)
}

fn insert(transaction: &Transaction<'_>, place: i64, user: i64, entry: &Entry) -> Result<(), Error> {
    let sql = "INSERT INTO user_index (place, user_id, account, mail, department) VALUES (?1, ?2, ?3, ?4, ?5)";
    let Entry { words, account, mail, department } = entry;
    transaction.prepare_cached(sql)?.execute(params![place, user, account, mail, department])?;
    let sql = "INSERT INTO user_words (rowid, words) VALUES (?1, ?2)";
    transaction.prepare_cached(sql)?.execute(params![place, words])?;
    Ok(())
}

/// Fills an empty index.
pub(super) fn complete(connection: &mut Connection) -> Result<(), Error> {
    let sql = "SELECT EXISTS (SELECT 1 FROM cached_user) AND NOT EXISTS (SELECT 1 FROM user_index)";
    if connection.query_row(sql, [], |row| row.get(0))? {
        super::write(connection, |transaction| fill(transaction, &mut || Ok(())))?;
    }
    Ok(())
}

const INDEXES: [(&str, &str); 4] = [
    ("user_index_user", "CREATE UNIQUE INDEX user_index_user ON user_index (user_id)"),
    ("user_index_account", "CREATE INDEX user_index_account ON user_index (account)"),
    ("user_index_mail", "CREATE INDEX user_index_mail ON user_index (mail)"),
    ("user_index_department", "CREATE INDEX user_index_department ON user_index (department)"),
];

/// Rebuilds the index from the cache in the order of the labels, each page written once.
pub(super) fn fill(transaction: &Transaction<'_>, report: &mut dyn FnMut() -> Result<(), Error>) -> Result<(), Error> {
    for (name, _) in INDEXES {
        transaction.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    transaction.execute("DELETE FROM user_index", [])?;
    transaction.execute("INSERT INTO user_words (user_words) VALUES ('delete-all')", [])?;
    let sql = "SELECT u.id, u.label, v.attributes FROM user_name n CROSS JOIN cached_user u ON u.id = n.user_id
               CROSS JOIN user_values v ON v.id = u.values_id
               WHERE n.form = 'label' ORDER BY n.key, n.user_id";
    let mut select = transaction.prepare(sql)?;
    let mut rows = select.query([])?;
    let mut place = FIRST;
    while let Some(row) = rows.next()? {
        let label: String = row.get(1)?;
        let entry = Entry::of(&label, row.get_ref(2)?.as_str().unwrap_or_default())?;
        insert(transaction, place, row.get(0)?, &entry)?;
        place += GAP;
        if place % (1_000 * GAP) == 0 {
            report()?;
        }
    }
    for (_, make) in INDEXES {
        transaction.execute_batch(make)?;
    }
    Ok(())
}
