//! The checklist of step 1: what stands between here and a directory that can be synced, each line as it becomes known.
//!
//! Every line is reported as running and then as its outcome. After a failure the rest are reported as skipped.

use jiff::Timestamp;

use super::{Account, Error, Read, ldap, ldif};
use crate::filter::Filter;
use crate::model::check::Check;
use crate::model::directory::Source;
use crate::model::job::{Job, Progress};
use crate::model::text::Untrusted;
use crate::model::user::{Attribute, User};
use crate::secrets::Secret;

/// Checks whether users can be read from a source, and reports each line of the checklist to `each`.
///
/// `now` is compared with the server's clock. Nothing but the outcomes says how it went; they are all there when this
/// returns, also after a cancellation. What the directory said of the account that reads it comes back.
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

/// Why a checklist ends early.
pub(super) enum Stop {
    Error(Error),
    /// Evidence that is a failure by itself, and what to do.
    Failed(String, String),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// Lines that are reported one after another.
pub(super) struct Checklist<'a> {
    names: &'static [&'static str],
    each: &'a mut dyn FnMut(Check),
}

impl<'a> Checklist<'a> {
    fn new(names: &'static [&'static str], each: &'a mut dyn FnMut(Check)) -> Self {
        let mut list = Self { names, each };
        list.run();
        list
    }

    /// The present line has passed.
    pub(super) fn passed(&mut self, evidence: impl Into<String>) {
        self.report(|name| Check::ok(name, evidence));
    }

    /// The present line has something to say that stops nothing.
    pub(super) fn warned(&mut self, evidence: impl Into<String>, help: impl Into<String>, list: Vec<Untrusted>) {
        self.report(|name| Check::warning(name, evidence, help).with_list(list));
    }

    fn run(&mut self) {
        if let Some(name) = self.names.first() {
            (self.each)(Check::running(*name));
        }
    }

    fn report(&mut self, check: impl FnOnce(&'static str) -> Check) {
        if let Some((name, rest)) = self.names.split_first() {
            (self.each)(check(name));
            self.names = rest;
            self.run();
        }
    }

    fn end(mut self, end: Result<(), Stop>) {
        let Some((name, rest)) = self.names.split_first() else { return };
        self.names = &[];
        let (check, because) = match end {
            Ok(()) => return,
            Err(Stop::Error(Error::Cancelled)) => (Check::skipped(*name, "cancelled"), "cancelled"),
            Err(Stop::Error(error)) => {
                (Check::failed(*name, error.to_string(), error.help()), "a check before it failed")
            }
            Err(Stop::Failed(evidence, help)) => (Check::failed(*name, evidence, help), "a check before it failed"),
        };
        (self.each)(check);
        for name in rest {
            (self.each)(Check::skipped(*name, because));
        }
    }
}

/// Counts the users that a directory shows, and who of them has no mail: the last two lines.
#[derive(Default)]
pub(super) struct Census {
    users: u64,
    without_mail: u64,
    list: Vec<Untrusted>,
}

impl Census {
    /// How many users without a mail are listed.
    const LISTED: usize = 500;

    pub(super) fn take(&mut self, batch: &[User], job: &Job) {
        for user in batch {
            self.users += 1;
            if user.first(Attribute::Mail).is_none() {
                self.without_mail += 1;
                if self.list.len() < Self::LISTED {
                    self.list.push(Untrusted::new(user.label()));
                }
            }
        }
        job.report(Progress::of("reading users", self.users));
    }

    pub(super) fn report(mut self, list: &mut Checklist<'_>) -> Result<(), Stop> {
        let Self { users, without_mail, .. } = self;
        if users == 0 {
            let help = "let the account read the users: a member of Domain Users may, unless it was taken away";
            return Err(Stop::Failed("no user is visible".to_owned(), help.to_owned()));
        }
        list.passed(format!("{users} users are visible"));
        if without_mail == 0 {
            list.passed("every user has a mail");
        } else {
            self.list.sort_unstable();
            let evidence = format!("{without_mail} of {users} users have no mail");
            let help = "a user without a mail is excluded: fill the attribute mail of those who are to take part";
            list.warned(evidence, help, self.list);
        }
        Ok(())
    }
}

fn file(path: &std::path::Path, job: &Job, list: &mut Checklist<'_>) -> Result<(), Stop> {
    let mut file = ldif::File::open(path)?;
    list.passed(format!("can be read as {}", file.format()?));
    list.passed(format!("{} entries, to the end of the file", file.entries(job)?));
    let root = file.root(job)?;
    list.passed(described(&root));
    let mut census = Census::default();
    file.users(&super::Query { base: None, filter: people() }, job, &mut |batch| {
        census.take(&batch, job);
        Ok(())
    })?;
    census.report(list)
}

/// The users of a domain: no computers, no contacts.
pub(super) fn people() -> Filter {
    let equal = |name: &str, value: &str| Filter::Equal(name.to_owned(), value.as_bytes().to_vec());
    Filter::And(vec![equal("objectCategory", "person"), equal("objectClass", "user")])
}

/// A directory in one line: `domain one.test (ONE), forest one.test, Windows Server 2016, dc1.one.test`.
pub(super) fn described(root: &super::Root) -> String {
    let domain = match &root.netbios {
        Some(netbios) => format!("domain {} ({netbios})", root.domain),
        None => format!("domain {}", root.domain),
    };
    let forest = root.forest.as_ref().map(|forest| format!("forest {forest}"));
    let parts: Vec<_> = [Some(domain), forest, root.level.clone(), root.host.clone()].into_iter().flatten().collect();
    crate::model::text::shown(&parts.join(", "))
}
