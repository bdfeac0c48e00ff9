//! Accounts, by their user's name.

use super::{Source, counted, done, yes_or_no};
use crate::engine::{Engine, Error};
use crate::model::account::{Account, Why};
use crate::model::job::Job;
use crate::present::account::{self, COLUMNS};
use crate::present::{Act, Fact, Kind, headings};
use crate::tui::listing::{Asked, Detail, Doing, ListSpec, Question, Reached, Row, Rows};

pub(super) const SPEC: ListSpec = ListSpec {
    kind: Kind::Accounts,
    title: "Accounts",
    reached: Reached::From(Kind::Devices),
    columns: &headings(COLUMNS),
    empty: "No user is activated yet. A laptop enrolls by an export (7), then its user logs on; 5 shows the pending laptops.",
    about: "What users got at their first activation.",
    help: include_str!("../../../../assets/help/accounts.txt"),
    listed_by: "accounts",
    verbs: &[
        (Act::Preserve, "accounts preserve"),
        (Act::Restore, "accounts restore"),
        (Act::Delete, "accounts delete"),
    ],
    ..ListSpec::PLAIN
};

pub(super) struct Accounts;

impl Source for Accounts {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let query = Some(asked.search.trim()).filter(|search| !search.is_empty());
        let accounts = engine.accounts(query, false, offset.saturating_add(limit).saturating_add(1))?;
        let more = accounts.len() as u64 > offset.saturating_add(limit);
        Ok(Rows { more, ..Rows::of(accounts.iter().map(|account| row(engine, account)), offset, limit) })
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let account = engine.account_called(id)?;
        let lines = account::facts(&account, &engine.devices_of(&account)?, engine.now());
        Ok(Detail { title: account.user.clone(), lines, acts: acts(engine, &account) })
    }

    fn question(&self, engine: &Engine, _: &Asked, act: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        let account = engine.account_called(id.unwrap_or_default())?;
        let user = &account.user;
        let laptops = counted(account.devices, "laptop", "laptops");
        let are = if account.devices == 1 { "is" } else { "are" };
        Ok(match act {
            Act::Preserve => Some(yes_or_no(format!(
                "Preserve the account of {user}? The user and {laptops} are refused from the next request on; the account is kept with all it has."
            ))),
            Act::Delete => Some(yes_or_no(format!(
                "Delete the account of {user}? This cannot be undone; its {laptops} {are} released."
            ))),
            _ => None,
        })
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        let id = doing.id.as_deref().unwrap_or_default();
        let said = match doing.act {
            Act::Preserve => {
                format!("The account of {} was preserved; p restores it.", engine.preserve_account(id)?.user)
            }
            Act::Restore => format!("The account of {} was restored.", engine.restore_account(id)?.user),
            Act::Delete => format!("The account of {} was deleted.", engine.delete_account(id)?.user),
            _ => return Ok(Vec::new()),
        };
        Ok(done(said))
    }
}

fn acts(engine: &Engine, account: &Account) -> Vec<Act> {
    match account.preserved {
        None => vec![Act::Preserve],
        Some(preserved) => {
            let delete = preserved.is_due(engine.now()).then_some(Act::Delete);
            let restore = (preserved.why == Why::Requested).then_some(Act::Restore);
            restore.into_iter().chain(delete).collect()
        }
    }
}

fn row(engine: &Engine, account: &Account) -> Row {
    let row = account::Row { account: account.clone(), now: engine.now() };
    super::row(account.guid.to_string(), COLUMNS, &row, account::tone(account), acts(engine, account))
}
