//! The cached users: searched while the user types, shown, explained, written to a file, deleted.

use std::path::Path;

use super::{Source, counted, done, typed, yes_or_no};
use crate::engine::{Among, Engine, Error, UserCell, UserExport, UserFormat};
use crate::model::explanation::State;
use crate::model::found::{Sort, SortKey};
use crate::model::job::Job;
use crate::model::text::shown;
use crate::present::user::{self, COLUMNS, UserColumn};
use crate::present::{Act, Fact, Kind, Tone, headings};
use crate::store::{CachedUser, UserState};
use crate::tui::listing::{Asked, Detail, Doing, ListSpec, Question, Reached, Row, Rows};

pub(super) const SPEC: ListSpec = ListSpec {
    kind: Kind::Users,
    title: "Users",
    reached: Reached::Key('2'),
    columns: &headings(COLUMNS),
    orders: &["name", "account", "mail", "department", "time added"],
    empty: "No user is cached yet. Step 4 reads the directories (9, then 4 Frequency).",
    about: "Users that mappings imported from the directories. / searches names, mail, department and OU.",
    help: include_str!("../../../../assets/help/users.txt"),
    entry: Some("user"),
    acts: &[Act::Save],
    listed_by: "users",
    shown_by: Some("users show"),
    verbs: &[(Act::Explain, "explain"), (Act::Delete, "users forget"), (Act::Save, "users")],
    ..ListSpec::PLAIN
};

pub(super) struct Users;

/// The orders of [`SPEC`]; users who were added last come first.
const ORDERS: [Sort; 5] = [
    Sort::by(SortKey::Name),
    Sort::by(SortKey::Account),
    Sort::by(SortKey::Mail),
    Sort::by(SortKey::Department),
    Sort { key: SortKey::Added, descending: true },
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
        // A user who is not cached is in no list: the text that was typed is explained instead.
        let acts = if total == 0 && query(asked).is_some() { vec![Act::Explain] } else { Vec::new() };
        Ok(Rows { offset, total, more: page.total.more, rows, order, acts })
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let gone = || Error::Gone { what: "user", id: shown(id) };
        let found = engine.find_user(id)?.into_iter().next().ok_or_else(gone)?;
        let page = engine.user_page(found.id)?.ok_or_else(gone)?;
        Ok(Detail {
            title: page.cached.user.label(),
            lines: user::facts(&page, engine.now()),
            acts: acts(&page.cached),
        })
    }

    fn question(&self, engine: &Engine, asked: &Asked, act: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        Ok(match act {
            Act::Save => {
                let users =
                    query(asked).map_or("all users".to_owned(), |query| format!("the users found by {}", shown(query)));
                let text = format!("Write {users} to which file? The name ends in .csv, .json or .ldif.");
                Some(typed(text, "users.csv"))
            }
            Act::Delete => {
                let user = engine.may_forget(id.unwrap_or_default())?;
                let label = user.user.label();
                Some(yes_or_no(format!(
                    "Delete {label} from the cache? Plans that changed the user can then no longer be undone."
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
                let chosen: Vec<UserColumn> = match format {
                    UserFormat::Csv if doing.columns.is_empty() => user::usual(),
                    UserFormat::Csv => doing.columns.iter().filter_map(|at| user::column(*at)).collect(),
                    UserFormat::Json | UserFormat::Ldif => Vec::new(),
                };
                let columns: Vec<&dyn UserCell> = chosen.iter().map(|column| column as &dyn UserCell).collect();
                let (query, sort) = (query(&doing.asked), sort(&doing.asked));
                let export = UserExport { these: None, query, sort, limit: None, format, columns: &columns };
                let written = engine.export_users(&export, path)?;
                let path = shown(&path.display().to_string());
                Ok(done(format!("{} written to {path}.", counted(written, "user", "users"))))
            }
            (Act::Delete, Some(id)) => {
                let forgotten = engine.forget_user(id)?;
                Ok(done(format!("{} was deleted from the cache.", forgotten.user.label())))
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

fn acts(cached: &CachedUser) -> Vec<Act> {
    match &cached.state {
        UserState::Active => vec![Act::Explain],
        UserState::Removed { .. } => vec![Act::Explain, Act::Delete],
    }
}

fn row(cached: &CachedUser) -> Row {
    super::row(cached.user.guid.to_string(), COLUMNS, cached, user::tone(&cached.state), acts(cached))
}
