//! The lines of a plan, by kind and by a search, a page at a time.

use rusqlite::{Connection, Row, params};

use super::cells::{Cells, number};
use super::{Error, Store, attributes, key, reason};
use crate::model::plan::{Asked, AttributeChange, Change, Line, LineKind, PlannedChange, PlannedExcluded};
use crate::model::text::Untrusted;
use crate::model::user::{Attribute, Guid, User};

/// A page of a plan's lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanLines {
    pub lines: Vec<Line>,
    /// How many lines match in all.
    pub total: u64,
}

const CHANGES: &str = "
    SELECT c.kind, guid, label, mapping, from_mapping, b.attributes, a.attributes, why, why_detail
    FROM plan_change c LEFT JOIN user_values a ON a.id = after_id LEFT JOIN user_values b ON b.id = CASE c.kind
        WHEN 'removed' THEN (SELECT values_id FROM cached_user WHERE id = c.user_id) ELSE before_id END
    WHERE plan_id = ?1 AND c.kind = ?2 ORDER BY c.id LIMIT ?3 OFFSET ?4";

const EXCLUDED: &str = "
    SELECT guid, label, mapping, why, why_detail FROM plan_excluded
    WHERE plan_id = ?1 AND ?2 = 'excluded' ORDER BY id LIMIT ?3 OFFSET ?4";

impl Store {
    /// The matching lines of a plan from the `offset`th on, at most `limit`. Memory holds one page; a search reads the
    /// plan once, line by line.
    pub fn plan_lines(&self, plan: i64, asked: &Asked, offset: u64, limit: u64) -> Result<PlanLines, Error> {
        let kinds = asked.kind.map_or(LineKind::ALL.to_vec(), |kind| vec![kind]);
        let search = key(asked.search.trim());
        self.read(|connection| {
            let mut page = PlanLines::default();
            for kind in kinds {
                let (end, wanted) = (offset + limit, |total: u64| (offset..offset + limit).contains(&total));
                if search.is_empty() {
                    let of_kind = count(connection, plan, kind)?;
                    let (first, left) = (offset.saturating_sub(page.total), end.saturating_sub(page.total.max(offset)));
                    page.total += of_kind;
                    if first < of_kind && left > 0 {
                        each(connection, plan, kind, first, left, &mut |line| page.lines.push(line))?;
                    }
                } else {
                    each(connection, plan, kind, 0, u64::MAX, &mut |line| {
                        if is_found(&line, &search) {
                            if wanted(page.total) {
                                page.lines.push(line);
                            }
                            page.total += 1;
                        }
                    })?;
                }
            }
            Ok(page)
        })
    }
}

const fn word(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Removed => "removed",
        LineKind::Updated => "updated",
        LineKind::Added => "added",
        LineKind::Excluded => "excluded",
    }
}

fn count(connection: &Connection, plan: i64, kind: LineKind) -> Result<u64, Error> {
    let sql = match kind {
        LineKind::Excluded => "SELECT count(*) FROM plan_excluded WHERE plan_id = ?1 AND ?2 = 'excluded'",
        _ => "SELECT count(*) FROM plan_change WHERE plan_id = ?1 AND kind = ?2",
    };
    let count: i64 = connection.prepare_cached(sql)?.query_row(params![plan, word(kind)], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// Passes on the lines of one kind, each with the names by which a search finds its user.
fn each(
    connection: &Connection,
    plan: i64,
    kind: LineKind,
    offset: u64,
    limit: u64,
    take: &mut dyn FnMut(Line),
) -> Result<(), Error> {
    let sql = if kind == LineKind::Excluded { EXCLUDED } else { CHANGES };
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![plan, word(kind), number(limit), number(offset)])?;
    while let Some(row) = rows.next()? {
        take(if kind == LineKind::Excluded { Line::Excluded(excluded(row)?) } else { Line::Change(change(row)?) });
    }
    Ok(())
}

fn excluded(row: &Row<'_>) -> Result<PlannedExcluded, Error> {
    let mut cells = Cells::of(row);
    Ok(PlannedExcluded {
        guid: Guid(cells.next()?),
        label: Untrusted::new(cells.text()?),
        mapping: cells.parsed()?,
        why: reason::read_excluded(&mut cells)?,
    })
}

fn change(row: &Row<'_>) -> Result<PlannedChange, Error> {
    change_of(&mut Cells::of(row))
}

fn is_found(line: &Line, search: &str) -> bool {
    let holds = |text: &str| key(text).contains(search);
    match line {
        Line::Excluded(line) => holds(line.label.raw()) || holds(line.mapping.as_str()),
        Line::Change(line) => {
            let in_change = match &line.change {
                Change::Updated(all) => all.iter().any(|change| {
                    let values = change.before.iter().chain(&change.after);
                    holds(change.attribute.name()) || values.into_iter().any(|value| holds(value.raw()))
                }),
                Change::Added | Change::Removed(_) => false,
            };
            in_change
                || holds(line.label.raw())
                || holds(line.mapping.as_str())
                || line.names.iter().any(|name| holds(name.raw()))
        }
    }
}

/// The names besides the label by which people look for a user.
fn names(user: Option<&User>) -> Vec<Untrusted> {
    let forms = [Attribute::SamAccountName, Attribute::UserPrincipalName, Attribute::Mail];
    let all = user.into_iter().flat_map(|user| forms.into_iter().filter_map(|form| user.first(form)));
    let mut names: Vec<Untrusted> = all.cloned().collect();
    names.dedup();
    names
}

/// A line that changes a user, from the cells kind, guid, label, mapping, from_mapping, the attributes before and
/// after, why and why_detail.
fn change_of(cells: &mut Cells<'_, '_>) -> Result<PlannedChange, Error> {
    let kind = cells.text()?;
    let guid = Guid(cells.next()?);
    let (label, mapping, from) = (cells.text()?, cells.parsed()?, cells.parsed_if()?);
    let (before, after) = (values(cells, guid)?, values(cells, guid)?);
    let names = names(after.as_ref().or(before.as_ref()));
    let change = match (kind.as_str(), before, after) {
        ("added", ..) => Change::Added,
        ("updated", Some(before), Some(after)) => Change::Updated(difference(&before, &after)),
        ("updated", ..) => Change::Updated(Vec::new()),
        _ => Change::Removed(reason::read_left(cells)?),
    };
    Ok(PlannedChange { guid, label: Untrusted::new(label), names, mapping, from, change })
}

/// The values of a cell that holds a user's attributes.
fn values(cells: &mut Cells<'_, '_>, guid: Guid) -> Result<Option<User>, Error> {
    let json: Option<String> = cells.next()?;
    json.map(|json| attributes::user(guid, &json).ok_or_else(|| cells.wrong())).transpose()
}

fn difference(before: &User, after: &User) -> Vec<AttributeChange> {
    let values = |user: &User, attribute| user.values(attribute).cloned().collect::<Vec<_>>();
    let lasting = Attribute::ALL.iter().copied().filter(|attribute| !attribute.is_operational());
    let changes = lasting.map(|attribute| AttributeChange {
        attribute,
        before: values(before, attribute),
        after: values(after, attribute),
    });
    changes.filter(|change| change.before != change.after).collect()
}
