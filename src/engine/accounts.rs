//! Lists, preserves, restores and deletes accounts.

use crate::model::account::{Account, Why};
use crate::model::plan::Removal;
use crate::model::text::shown;
use crate::model::user::NameForm;
use crate::store::{self, Snapshot, UserState, WriteTransaction};

use super::{Engine, Error};

impl Engine {
    /// Accounts by their user's name: all, or those that contain the query in their name, mail, user or state; with
    /// `due`, preserved accounts after their retention.
    pub fn accounts(&self, query: Option<&str>, due: bool, limit: u64) -> Result<Vec<Account>, Error> {
        Ok(self.store().accounts(query, due, self.now(), limit)?)
    }

    /// Refuses a user from the next request on, and keeps the account with its data until
    /// [`Self::restore_account`].
    pub fn preserve_account(&self, name: &str) -> Result<Account, Error> {
        let by = self.by("accounts preserve")?;
        let account = self.account_called(name)?;
        self.change(&account, |transaction, account| match account.preserved {
            Some(preserved) if preserved.why == Why::Requested => Ok(()),
            _ => transaction.preserve(account, Why::Requested, &by),
        })
    }

    /// Undoes [`Self::preserve_account`]. The account of a user who is not in the directory stays preserved until the
    /// user is added again.
    ///
    /// # Errors
    /// [`Error::UserLeft`] when the account is preserved only because the user left the directory.
    pub fn restore_account(&self, name: &str) -> Result<Account, Error> {
        let account = self.account_called(name)?;
        let by = self.by("accounts restore")?;
        let mut away = None;
        let account = self.change(&account, |transaction, account| {
            // A sync may have removed or added the user since, so the transaction reads the current state.
            match (account.preserved.map(|preserved| preserved.why), left(transaction.snapshot(), account)?) {
                (None, _) => Ok(()),
                (Some(Why::Removed), Some(why)) => {
                    away = Some(why);
                    Ok(())
                }
                (Some(Why::Requested), Some(_)) => transaction.preserve(account, Why::Removed, &by),
                (Some(_), None) => transaction.restore(account, &by),
            }
        })?;
        let left = |why: Removal| Error::UserLeft { account: account.name.shown(), why: shown(&why.to_string()) };
        away.map_or_else(|| Ok(account.clone()), |why| Err(left(why)))
    }

    /// Deletes a preserved account after its retention. Nothing else deletes accounts.
    ///
    /// # Errors
    /// [`Error::NotDue`] when it is in use, or its retention has not ended.
    pub fn delete_account(&self, name: &str) -> Result<Account, Error> {
        let by = self.by("accounts delete")?;
        let account = self.account_called(name)?;
        let is_due = |account: &Account| account.preserved.is_some_and(|preserved| preserved.is_due(by.at));
        if !is_due(&account) {
            let until = account.preserved.map(|preserved| preserved.until);
            return Err(Error::NotDue { account: account.name.shown(), until });
        }
        let deleted = account.clone();
        self.store().transaction(|transaction| {
            let account = transaction.snapshot().account_numbered(account.id)?.filter(is_due);
            account.map_or_else(|| Err(changed(&deleted)), |account| transaction.delete_account(&account, &by))
        })?;
        Ok(deleted)
    }

    /// Changes an account in a transaction, and returns the changed account.
    fn change(
        &self,
        account: &Account,
        act: impl FnOnce(&WriteTransaction<'_>, &Account) -> Result<(), store::Error>,
    ) -> Result<Account, Error> {
        Ok(self.store().transaction(|transaction| {
            let now = transaction.snapshot().account_numbered(account.id)?.ok_or_else(|| changed(account))?;
            act(transaction, &now)?;
            transaction.snapshot().account_numbered(account.id)?.ok_or_else(|| changed(account))
        })?)
    }

    /// The one account with that name: a name of its user, in any form, or its own.
    pub fn account_called(&self, name: &str) -> Result<Account, Error> {
        let mut found = Vec::new();
        for user in self.find_user(name)? {
            found.extend(self.store().account(&user.directory, user.user.guid)?);
        }
        if found.is_empty() {
            let same = |text: &str| text.to_lowercase() == name.trim().to_lowercase();
            let named = self.store().accounts(Some(name), false, self.now(), u64::MAX)?;
            found.extend(named.into_iter().filter(|one| same(one.name.raw()) || same(one.mail.raw())));
        }
        match (found.pop(), found.is_empty()) {
            (None, _) => Err(Error::NoAccount(shown(name))),
            (Some(account), true) => Ok(account),
            (Some(last), false) => {
                found.push(last);
                let who = found.iter().map(|one| format!("{} ({})", one.name.shown(), one.directory)).collect();
                Err(Error::Several { given: shown(name), who })
            }
        }
    }
}

/// Why the user of an account was removed, if so.
fn left(snapshot: Snapshot<'_>, account: &Account) -> Result<Option<Removal>, store::Error> {
    let users = snapshot.find_user(&NameForm::of(&account.guid.to_string()))?;
    let user = users.into_iter().find(|user| user.directory == account.directory);
    Ok(match user.map(|user| user.state) {
        Some(UserState::Removed { why, .. }) => Some(why),
        _ => None,
    })
}

fn changed(account: &Account) -> store::Error {
    store::Error::Unknown(format!("account {} any more as it was", account.name.shown()))
}
