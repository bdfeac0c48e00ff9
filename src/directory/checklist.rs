//! The lines of a checklist, and what a check of a controller and of a file have in common.

use super::{Error, Root};
use crate::model::check::Check;
use crate::model::job::{Job, Progress};
use crate::model::text::Untrusted;
use crate::model::user::{Attribute, User};

/// Why a checklist ends early.
pub(super) enum Stop {
    Error(Error),
    /// A failed check: its evidence and help.
    Failed(String, String),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// The lines, reported one after another.
pub(super) struct Checklist<'a> {
    names: &'static [&'static str],
    each: &'a mut dyn FnMut(Check),
}

impl<'a> Checklist<'a> {
    pub(super) fn new(names: &'static [&'static str], each: &'a mut dyn FnMut(Check)) -> Self {
        let mut list = Self { names, each };
        list.run();
        list
    }

    /// Reports the current line as passed.
    pub(super) fn passed(&mut self, evidence: impl Into<String>) {
        self.report(|name| Check::ok(name, evidence));
    }

    /// Reports a warning on the current line; the check continues.
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

    pub(super) fn end(mut self, end: Result<(), Stop>) {
        let Some((name, rest)) = self.names.split_first() else { return };
        self.names = &[];
        let (check, because) = match end {
            Ok(()) => return,
            Err(Stop::Error(Error::Canceled)) => (Check::skipped(*name, "canceled"), "canceled"),
            Err(Stop::Error(error)) => {
                (Check::failed(*name, error.to_string(), error.help()), "an earlier check failed")
            }
            Err(Stop::Failed(evidence, help)) => (Check::failed(*name, evidence, help), "an earlier check failed"),
        };
        (self.each)(check);
        for name in rest {
            (self.each)(Check::skipped(*name, because));
        }
    }
}

/// Counts the visible users and those without a mail address: the last two lines.
#[derive(Default)]
pub(super) struct UserCount {
    users: u64,
    without_mail: u64,
    list: Vec<Untrusted>,
}

impl UserCount {
    /// The maximum number of listed users without a mail address.
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
            let help = "give the account read access to the users; members of Domain Users have it by default";
            return Err(Stop::Failed("no user is visible".to_owned(), help.to_owned()));
        }
        list.passed(format!("{users} users are visible"));
        if without_mail == 0 {
            list.passed("every user has a mail address");
        } else {
            self.list.sort_unstable();
            let evidence = format!("{without_mail} of {users} users have no mail address");
            let help =
                "users without a mail address are excluded: set the attribute mail for those who are to take part";
            list.warned(evidence, help, self.list);
        }
        Ok(())
    }
}

/// A directory in one line: `domain one.test (ONE), forest one.test, Windows Server 2016, dc1.one.test`.
pub(super) fn described(root: &Root) -> String {
    let domain = match &root.netbios {
        Some(netbios) => format!("domain {} ({netbios})", root.domain),
        None => format!("domain {}", root.domain),
    };
    let forest = root.forest.as_ref().map(|forest| format!("forest {forest}"));
    let parts: Vec<_> = [Some(domain), forest, root.level.clone(), root.host.clone()].into_iter().flatten().collect();
    crate::model::text::shown(&parts.join(", "))
}
