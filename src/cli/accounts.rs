//! `imd accounts`: accounts, and their retention after their users leave.

use clap::Subcommand;

use crate::engine::Engine;
use crate::model::count::grouped;
use crate::present::account;

use super::Failure;
use super::output::Output;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Refuse the user from the next request on; the account and its laptops are kept for the retention period
    Preserve {
        /// CORP\name, UPN, mail or objectGUID of the user, or the name of the account
        user: String,
    },
    /// Make a preserved account active again
    Restore {
        /// CORP\name, UPN, mail or objectGUID of the user, or the name of the account
        user: String,
    },
    /// Delete a preserved account after its retention period, and release its laptops
    Delete {
        /// CORP\name, UPN, mail or objectGUID of the user, or the name of the account
        user: String,
    },
}

pub(super) fn run(engine: &Engine, verb: &Verb, yes: bool, output: &Output) -> Result<(), Failure> {
    let (account, state) = match verb {
        Verb::Preserve { user } => {
            let account = engine.preserve_account(user)?;
            let state = account.says(engine.now());
            (account, state)
        }
        Verb::Restore { user } => {
            let account = engine.restore_account(user)?;
            let state = account.says(engine.now());
            (account, state)
        }
        Verb::Delete { user } if yes => (engine.delete_account(user)?, "deleted".to_owned()),
        Verb::Delete { user } => {
            return Err(Failure::NeedsYou {
                message: format!("the account of {} would be deleted permanently", crate::model::text::shown(user)),
                help: "repeat with --yes; `imd accounts --due` lists the accounts with an ended retention period"
                    .to_owned(),
            });
        }
    };
    let lines = [
        ("Account", account.name.shown()),
        ("User", account.user.clone()),
        ("State", state),
        ("Laptops", grouped(account.devices)),
    ];
    Ok(output.one(&account, &lines)?)
}

pub(super) fn list(
    engine: &Engine,
    query: Option<&str>,
    due: bool,
    limit: u64,
    output: &Output,
) -> Result<(), Failure> {
    let accounts = engine.accounts(query, due, limit)?;
    let now = engine.now();
    Ok(output.list_of(&accounts, account::COLUMNS, |account| account::Row { account: account.clone(), now })?)
}
