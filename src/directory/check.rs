//! The checklist of step 1: whether a directory can be synced.
//!
//! Each line is reported as running and then with its outcome. After a failure the remaining lines are reported as skipped.

use jiff::Timestamp;

use super::checklist::{Checklist, Stop, UserCount, described};
use super::{Account, Query, Read, ldap, ldif};
use crate::filter::Filter;
use crate::model::check::Check;
use crate::model::directory::Source;
use crate::model::job::Job;
use crate::secrets::Secret;

/// Checks whether users can be read from a source, and reports each line of the checklist to `each`.
///
/// `now` is compared with the server's clock. All outcomes are reported when this returns, also after a cancellation.
/// Returns what the directory says about the account that reads it.
pub fn check(
    source: &Source,
    password: Option<&Secret>,
    now: Timestamp,
    job: &Job,
    each: &mut dyn FnMut(Check),
) -> Option<Account> {
    let mut account = None;
    match source {
        Source::Ldap(source) => {
            let mut list = Checklist::new(ldap::CHECKS, each);
            let end = ldap::check(source, password, now, job, &mut list, &mut account);
            list.end(end);
        }
        Source::File(path) => {
            let mut list = Checklist::new(&["file", "entries", "domain", "users", "mail"], each);
            let end = file(path, job, &mut list);
            list.end(end);
        }
    }
    account
}

fn file(path: &std::path::Path, job: &Job, list: &mut Checklist<'_>) -> Result<(), Stop> {
    let mut file = ldif::File::open(path)?;
    list.passed(format!("readable as {}", file.format()?));
    list.passed(format!("{} entries, complete", file.entries(job)?));
    let root = file.root(job)?;
    list.passed(described(&root));
    let mut count = UserCount::default();
    file.users(&Query { base: None, filter: Filter::people() }, job, &mut |batch| {
        count.take(&batch, job);
        Ok(())
    })?;
    count.report(list)
}
