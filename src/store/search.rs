//! Searching users: by the beginnings of words, sorted, a page at a time, among any number of them.
//!
//! A query is divided into words by the tokenizer that divided the names, so FTS5 operators, columns and quotes never
//! reach FTS5.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::user::{by_ids, find};
use super::{CachedUser, Error, Store};
use crate::model::found::{Sort, SortKey, Total};
use crate::model::user::NameForm;

/// Hits are counted, and sorted by anything but the name, up to here.
const COUNTED: u64 = 10_000;

/// How much of a query is used: each word costs time.
const LONGEST: usize = 256;
const MOST_WORDS: usize = 8;

/// A page of the users who were searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsersPage {
    pub users: Vec<CachedUser>,
    pub total: Total,
    /// How they are sorted. By name, whatever was requested, when there are more than are counted.
    pub sort: Sort,
}

impl Store {
    /// Lists at most `limit` users from the `offset`th on. With a query, only users for whom each word of the query starts
    /// a word of their names, department or OUs, ignoring case and diacritics. A GUID, a DN or `DOMAIN\user` finds its user.
    pub fn users(&self, query: Option<&str>, sort: Sort, offset: u64, limit: u64) -> Result<UsersPage, Error> {
        let query = query.map(|query| cut(query.trim())).filter(|query| !query.is_empty());
        self.read(|connection| match query {
            None => everybody(connection, sort, offset, limit),
            Some(query) => search(connection, query, sort, offset, limit),
        })
    }
}

/// The first part of a long text.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn everybody(connection: &Connection, sort: Sort, offset: u64, limit: u64) -> Result<UsersPage, Error> {
    let count: i64 = connection.prepare_cached("SELECT count(*) FROM user_index")?.query_row([], |row| row.get(0))?;
    let count = count.unsigned_abs();
    let limit = limit.min(count.saturating_sub(offset));
    // From the nearer end, so that the last page costs as little as the first.
    let from_end = offset > count / 2;
    let skip = if from_end { count.saturating_sub(offset.saturating_add(limit)) } else { offset };
    let order = order(Sort { descending: sort.descending != from_end, ..sort });
    let sql = format!("SELECT user_id FROM user_index ORDER BY {order} LIMIT ?1 OFFSET ?2");
    let mut users = by_ids(connection, &sql, params![number(limit), number(skip)])?;
    if from_end {
        users.reverse();
    }
    Ok(UsersPage { users, total: Total { count, more: false }, sort })
}

fn order(Sort { key, descending }: Sort) -> &'static str {
    match (key, descending) {
        (SortKey::Name, false) => "place",
        (SortKey::Name, true) => "place DESC",
        (SortKey::Account, false) => "account, place",
        (SortKey::Account, true) => "account DESC, place DESC",
        (SortKey::Mail, false) => "mail, place",
        (SortKey::Mail, true) => "mail DESC, place DESC",
        (SortKey::Department, false) => "department, place",
        (SortKey::Department, true) => "department DESC, place DESC",
        (SortKey::Added, false) => "user_id",
        (SortKey::Added, true) => "user_id DESC",
    }
}

fn search(connection: &Connection, query: &str, sort: Sort, offset: u64, limit: u64) -> Result<UsersPage, Error> {
    let form = NameForm::of(query);
    if matches!(form, NameForm::Guid(_) | NameForm::DownLevel { .. } | NameForm::Dn(_)) {
        let found = find(connection, &form)?;
        if !found.is_empty() {
            let count = found.len() as u64;
            let index = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
            let users = found.into_iter().skip(index(offset)).take(index(limit)).collect();
            return Ok(UsersPage { users, total: Total { count, more: false }, sort });
        }
    }
    let words = words(connection, query)?;
    if words.is_empty() {
        return Ok(UsersPage { users: Vec::new(), total: Total { count: 0, more: false }, sort });
    }
    let wanted: Vec<String> = words.iter().map(|word| format!("\"{word}\"*")).collect();
    let wanted = wanted.join(" AND ");
    let by_name = |descending| if descending { "DESC" } else { "ASC" };
    let hits = |order: &str, limit: u64, offset: u64| -> Result<Vec<i64>, Error> {
        let sql =
            format!("SELECT rowid FROM user_words WHERE user_words MATCH ?1 ORDER BY rowid {order} LIMIT ?2 OFFSET ?3");
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![wanted, number(limit), number(offset)], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    let descending = by_name(sort.descending);
    let mut places = hits(descending, COUNTED + 1, 0)?;
    let more = places.len() as u64 > COUNTED;
    let total = Total { count: (places.len() as u64).min(COUNTED), more };
    let end = offset.saturating_add(limit);
    let sort = if more { Sort { key: SortKey::Name, ..sort } } else { sort };
    if more && end > COUNTED {
        places = hits(descending, limit, offset)?;
    } else {
        if sort.key != SortKey::Name {
            places = sorted(connection, places, sort)?;
        }
        let index = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).min(places.len());
        places = places[index(offset)..index(end)].to_vec();
    }
    let mut users = Vec::with_capacity(places.len());
    for place in places {
        users.extend(by_ids(connection, "SELECT user_id FROM user_index WHERE place = ?1", [place])?);
    }
    Ok(UsersPage { users, total, sort })
}

/// At most [`COUNTED`] places, sorted by something else than the name.
fn sorted(connection: &Connection, places: Vec<i64>, sort: Sort) -> Result<Vec<i64>, Error> {
    let column = match sort.key {
        SortKey::Name => return Ok(places),
        SortKey::Account => "account",
        SortKey::Mail => "mail",
        SortKey::Department => "department",
        // As text that sorts like the number.
        SortKey::Added => "printf('%020d', user_id)",
    };
    let mut key = connection.prepare_cached(&format!("SELECT {column} FROM user_index WHERE place = ?1"))?;
    let keys = places.into_iter().map(|place| Ok((key.query_row([place], |row| row.get::<_, String>(0))?, place)));
    let mut keys = keys.collect::<Result<Vec<_>, Error>>()?;
    keys.sort_unstable();
    if sort.descending {
        keys.reverse();
    }
    Ok(keys.into_iter().map(|(_, place)| place).collect())
}

/// The words of a query as the index has them: lower case, without diacritics, letters and digits only.
fn words(connection: &Connection, query: &str) -> Result<BTreeSet<String>, Error> {
    connection.execute_batch(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.asked_words USING fts5 (
             words, content='', columnsize=0, detail=none, tokenize='unicode61 remove_diacritics 2'
         );
         CREATE VIRTUAL TABLE IF NOT EXISTS temp.asked_word USING fts5vocab ('temp', 'asked_words', 'row');
         INSERT INTO temp.asked_words (asked_words) VALUES ('delete-all');",
    )?;
    connection.prepare_cached("INSERT INTO temp.asked_words (rowid, words) VALUES (1, ?1)")?.execute([query])?;
    let mut statement = connection.prepare_cached("SELECT term FROM temp.asked_word LIMIT ?1")?;
    let rows = statement.query_map([number(MOST_WORDS as u64)], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
