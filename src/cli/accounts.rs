//! `imd accounts`: accounts, and their retention after their users leave.

use clap::Subcommand;

use crate::engine::Engine;

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
                message: format!("the account of {} would be gone for ever", crate::model::text::shown(user)),
                help: "repeat it with --yes; `imd accounts --due` lists those whose days are over".to_owned(),
            });
        }
    };
    let lines = [
        ("account", account.name.shown()),
        ("user", account.user.clone()),
        ("state", state),
        ("laptops", account.devices.to_string()),
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
    let columns = ["USER", "ACCOUNT", "MAIL", "PROFILE", "STORAGE", "QUOTA", "LAPTOPS", "STATE"];
    Ok(output.list(&accounts, columns, |account| {
        let quota = match account.given.quota {
            None => String::new(),
            Some(quota) if quota.as_bytes() == 0 => "no limit".to_owned(),
            Some(quota) => quota.to_string(),
        };
        [
            account.user.clone(),
            account.name.shown(),
            account.mail.shown(),
            account.given.profile.to_string(),
            account.given.storage.to_string(),
            quota,
            account.devices.to_string(),
            account.says(engine.now()),
        ]
    })?)
}
