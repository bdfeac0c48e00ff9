//! Accounts, by their user's name.

use super::{Source, counted, done, laptop, minute, quota, several, yes_or_no};
use crate::engine::{Engine, Error};
use crate::model::account::{Account, Why};
use crate::model::count::grouped;
use crate::model::job::Job;
use crate::model::text::shown;
use crate::present::Tone;
use crate::tui::listing::{Act, Asked, Detail, Doing, Fact, Kind, Place, Question, Row, Rows};

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
        let given = &account.given;
        let mut lines = vec![
            Fact::new("State", account.says(engine.now())).toned(tone(&account)),
            Fact::new("Account", account.name.shown()),
            Fact::new("Mail", account.mail.shown()),
            Fact::new("User", account.user.clone()).leading(Place::Entry(Kind::Users, account.guid.to_string())),
            Fact::new("Mapping", given.mapping.to_string())
                .leading(Place::Entry(Kind::Mappings, given.mapping.to_string())),
            Fact::new("Profile", given.profile.to_string()),
            Fact::new("Storage", format!("{}: {}", given.storage, shown(&given.location))),
            Fact::new("Quota", quota(given.quota)),
            Fact::new("Made", minute(account.created_at)),
        ];
        lines.extend(several("Laptops", engine.devices_of(&account)?.iter().map(laptop)));
        Ok(Detail { title: account.user.clone(), lines, acts: acts(engine, &account) })
    }

    fn question(&self, engine: &Engine, _: &Asked, act: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        let account = engine.account_called(id.unwrap_or_default())?;
        let user = &account.user;
        let laptops = counted(account.devices, "laptop", "laptops");
        let are = if account.devices == 1 { "is" } else { "are" };
        Ok(match act {
            Act::Preserve => Some(yes_or_no(format!(
                "Preserve the account of {user}? The user and {laptops} are refused from the next request on; all that the account has is kept."
            ))),
            Act::Delete => Some(yes_or_no(format!(
                "Delete the account of {user}? It is gone for ever, and its {laptops} {are} released."
            ))),
            _ => None,
        })
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        let id = doing.id.as_deref().unwrap_or_default();
        let said = match doing.act {
            Act::Preserve => {
                format!("The account of {} is preserved; p restores it.", engine.preserve_account(id)?.user)
            }
            Act::Restore => format!("The account of {} is restored.", engine.restore_account(id)?.user),
            Act::Delete => format!("The account of {} is deleted.", engine.delete_account(id)?.user),
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
    Row {
        id: account.guid.to_string(),
        cells: vec![
            account.user.clone(),
            account.says(engine.now()),
            grouped(account.devices),
            account.name.shown(),
            account.given.profile.to_string(),
            account.given.storage.to_string(),
        ],
        tone: tone(account),
        acts: acts(engine, account),
    }
}

fn tone(account: &Account) -> Tone {
    if account.preserved.is_some() { Tone::Warning } else { Tone::Good }
}
