//! All reads from a directory: the checklist, the pickers, the preview, and the sync with its cache.

use std::net::SocketAddr;
use std::path::Path;

use crate::directory::ldap::{Discovered, ServerKey};
use crate::directory::{self, Group, Read, Unit};
use crate::model::Kept;
use crate::model::check::Check;
use crate::model::directory::{AccountSeen, Directory, Source, Url};
use crate::model::dn::Dn;
use crate::model::job::Job;
use crate::model::mapping::Mapping;
use crate::model::name::Name;
use crate::model::plan::{Asked, State, Summary};
use crate::model::text::{Untrusted, shown};
use crate::model::user::{Attribute, Guid, NameForm};
use crate::secrets::Secret;
use crate::store::{CachedUser, PlanLines};
use crate::sync::{self, Preview, Unopened};

use super::{Engine, Error};

/// The maximum number of groups in a picker.
const GROUPS_SHOWN: usize = 200;
/// How many of the newest plans are searched for an approval.
const PLANS_LOOKED_AT: usize = 1_000;
/// The maximum number of users in a preview.
const PREVIEW_SHOWN: usize = 200;

/// The size of a group, without users who have it as primary group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct GroupSize {
    /// Direct members: users and groups.
    pub direct: u64,
    /// Groups inside it, at any depth.
    pub inside: usize,
}

impl std::fmt::Display for GroupSize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let many = |count: u64, what: &str| if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") };
        write!(f, "{}", many(self.direct, "direct member"))?;
        match self.inside {
            0 => Ok(()),
            groups => write!(f, ", {} inside it", many(groups as u64, "group")),
        }
    }
}

/// The password of a bind account that expires soon or has expired.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct EndingPassword {
    pub directory: Name,
    pub bind: String,
    /// Whole days until it expires; 0 or less on the last day and after it.
    pub days: i64,
    /// `expires on 2026-12-01, in 7 days`
    pub says: String,
    pub seen_at: jiff::Timestamp,
}

impl Engine {
    /// The certificates of a CA file. If the file no longer exists, those stored with the directory of that name.
    pub fn ca_certificates(&self, directory: &Name, file: &Path) -> Result<String, Error> {
        match std::fs::read_to_string(file) {
            Ok(pem) if pem.contains("-----BEGIN CERTIFICATE-----") => Ok(pem),
            Ok(_) => Err(Error::NoCertificate { path: file.to_owned() }),
            Err(why) => {
                let kept = self.directory(directory)?.map(|kept| kept.value.source);
                match kept {
                    Some(Source::Ldap(crate::model::directory::Ldap {
                        trust: crate::model::directory::Trust::Ca { file: kept, pem },
                        ..
                    })) if kept == file => Ok(pem),
                    _ => Err(Error::File { path: file.to_owned(), why }),
                }
            }
        }
    }

    /// Runs the checklist of step 1 for a directory, saved or not. Without a password, the stored one is used.
    pub fn check_directory(
        &self,
        directory: &Directory,
        password: Option<&Secret>,
        job: &Job,
        each: &mut dyn FnMut(Check),
    ) -> Result<(), Error> {
        let kept = if password.is_none() { self.password_for(directory)? } else { None };
        let seen = directory::check(&directory.source, password.or(kept.as_ref()), self.now(), job, each);
        let is_kept = self.directory(&directory.name)?.is_some_and(|kept| kept.value == *directory);
        let before = self.store().account_seen(&directory.name)?.and_then(|before| before.password);
        // A check stores only what changed.
        let is_new = seen.as_ref().is_some_and(|seen| seen.password != before);
        if is_kept && is_new { self.saw_account(directory, seen) } else { Ok(()) }
    }

    /// Stores what a directory reported about its bind account.
    fn saw_account(&self, directory: &Directory, seen: Option<directory::Account>) -> Result<(), Error> {
        match (&directory.source, seen) {
            (Source::Ldap(ldap), Some(account)) if !self.is_read_only() => {
                let seen = AccountSeen { at: self.now(), bind: ldap.bind.clone(), password: account.password };
                Ok(self.store().save_account_seen(&directory.name, &seen)?)
            }
            _ => Ok(()),
        }
    }

    /// The directories with a bind password that expires soon or has expired, as of the last read of each.
    pub fn ending_passwords(&self) -> Result<Vec<EndingPassword>, Error> {
        let mut ending = Vec::new();
        for Kept { value: directory, .. } in self.directories()? {
            let Source::Ldap(ldap) = &directory.source else { continue };
            let Some(seen) = self.store().account_seen(&directory.name)? else { continue };
            // The report of a previous bind account no longer applies.
            let Some(expiry) = seen.password.filter(|_| seen.bind == ldap.bind) else { continue };
            if let Some(days) = expiry.few_days(self.now()) {
                let says = expiry.described(self.now());
                ending.push(EndingPassword {
                    directory: directory.name,
                    bind: seen.bind,
                    days,
                    says,
                    seen_at: seen.at,
                });
            }
        }
        Ok(ending)
    }

    /// Opens the directory, and stores what it reports about its bind account.
    fn read_watchfully(&self, name: &Name, job: &Job) -> Result<Box<dyn Read>, Error> {
        let directory = self.known(name)?;
        let mut read = self.read(name, job)?;
        let seen = read.account(job)?;
        self.saw_account(&directory, seen)?;
        Ok(read)
    }

    fn known(&self, name: &Name) -> Result<Directory, Error> {
        let unknown = || Error::Unknown { what: "directory", name: name.clone() };
        Ok(self.directory(name)?.ok_or_else(unknown)?.value)
    }

    pub(super) fn read(&self, name: &Name, job: &Job) -> Result<Box<dyn Read>, Error> {
        let directory = self.known(name)?;
        let password = self.password(name)?;
        if matches!(directory.source, Source::Ldap(_)) && password.is_none() {
            return Err(Error::NoPassword(name.clone()));
        }
        Ok(directory::open(&directory.source, password.as_ref(), job)?)
    }

    /// The lockout policy for that user.
    pub(super) fn lockout(&self, name: &Name, guid: Guid) -> Result<Option<directory::Lockout>, Error> {
        let directory = self.known(name)?;
        let password = self.password(name)?;
        Ok(directory::lockout(&directory.source, password.as_ref(), guid, &Job::unwatched())?)
    }

    /// The domain controllers of a domain from DNS, those of a site first; `dns` replaces the name servers of this
    /// host.
    pub fn discover(
        &self,
        domain: &str,
        site: Option<&str>,
        dns: Option<SocketAddr>,
        job: &Job,
    ) -> Result<Vec<Discovered>, Error> {
        Ok(directory::ldap::discover(domain, site, dns, job)?)
    }

    /// The public keys that servers present, to compare and pin them.
    pub fn server_keys(&self, urls: &[Url], job: &Job) -> Result<Vec<ServerKey>, Error> {
        Ok(directory::ldap::keys(urls, job)?)
    }

    /// The OUs and containers directly below `dn`.
    pub fn units(&self, directory: &Name, dn: Option<&str>, job: &Job) -> Result<Vec<Unit>, Error> {
        Ok(self.read(directory, job)?.units(dn, job)?)
    }

    /// The groups with a name that starts with `prefix`.
    pub fn groups(&self, directory: &Name, prefix: &str, job: &Job) -> Result<Vec<Group>, Error> {
        Ok(self.read(directory, job)?.groups(prefix, GROUPS_SHOWN, job)?)
    }

    /// The size of a group; `None` when no group has that DN.
    pub fn group(&self, directory: &Name, dn: &str, job: &Job) -> Result<Option<GroupSize>, Error> {
        let dn: Dn = dn.parse().map_err(|_| crate::filter::Error::Group { given: shown(dn) })?;
        let mut read = self.read(directory, job)?;
        let Some(direct) = read.members(&dn, job)? else { return Ok(None) };
        Ok(Some(GroupSize { direct, inside: read.nested(&dn, job)?.inside.len() }))
    }

    pub fn departments(&self, directory: &Name, base: Option<&str>, job: &Job) -> Result<Vec<(Untrusted, u64)>, Error> {
        Ok(self.read(directory, job)?.values(Attribute::Department, base, job)?)
    }

    pub fn countries(&self, directory: &Name, base: Option<&str>, job: &Job) -> Result<Vec<(Untrusted, u64)>, Error> {
        Ok(self.read(directory, job)?.values(Attribute::Country, base, job)?)
    }

    /// The users whom a mapping, saved or not, would match or exclude at its place in the order of mappings.
    pub fn preview(&self, mapping: &Mapping, job: &Job) -> Result<Preview, Error> {
        let mut earlier: Vec<Mapping> = self.mappings()?.into_iter().map(|kept| kept.value).collect();
        let place = earlier.iter().position(|other| other.name == mapping.name).unwrap_or(earlier.len());
        let later = earlier.split_off(place);
        let mut read = self.read(&mapping.directory, job)?;
        let mut preview = sync::preview(read.as_mut(), mapping, &earlier, self.now(), PREVIEW_SHOWN, job)?;
        preview.also = sync::overlaps(read.as_mut(), mapping, &later, job)?;
        Ok(preview)
    }

    /// Reads the directories of all mappings, and stores the plan of changes to the cache.
    pub fn plan(&self, job: &Job) -> Result<Summary, Error> {
        // Without a mapping, a sync still removes the cached users of removed mappings.
        if self.mappings()?.is_empty() && self.user_count()? == 0 {
            return Err(Error::NoMapping);
        }
        Ok(sync::plan(self.store(), &mut self.opener(job), &self.by("sync")?, job)?)
    }

    fn opener(&self, job: &Job) -> impl FnMut(&Name) -> Result<Box<dyn Read>, Unopened> {
        let unopened = |error: Error| Unopened { why: error.to_string(), help: error.help() };
        move |name| self.read_watchfully(name, job).map_err(unopened)
    }

    /// Applies a stored plan; `approved` is its hash if the safeguard stopped it. Users to be removed are looked up in
    /// the directory again first: if one of them is found, the plan is not applied.
    pub fn apply(&self, plan: i64, approved: Option<&str>, job: &Job) -> Result<Summary, Error> {
        let by = self.by("sync")?;
        let stored = self.stored_plan(plan)?;
        sync::allowed(&stored, approved, by.at)?;
        sync::confirm(self.store(), &mut self.opener(job), &stored, by.at, job)?;
        Ok(sync::apply(self.store(), plan, approved, &by, job)?)
    }

    /// Stores a plan that undoes an applied one; without a number, the last one with changes. It is applied like any
    /// other plan.
    pub fn undo(&self, plan: Option<i64>) -> Result<Summary, Error> {
        let by = self.by("sync undo")?;
        let last = || {
            let plans = self.store().plans(PLANS_LOOKED_AT)?;
            let applied = plans.into_iter().filter_map(|plan| match plan.state {
                State::Applied { at } if plan.counts.added + plan.counts.updated + plan.counts.removed > 0 => {
                    Some((at, plan.id))
                }
                _ => None,
            });
            applied.max().map(|(_, plan)| plan).ok_or(Error::NothingApplied)
        };
        let plan = self.stored_plan(plan.map_or_else(last, Ok)?)?;
        Ok(sync::undo(self.store(), plan.id, &by)?)
    }

    /// Discards a plan that was not applied.
    pub fn discard_plan(&self, plan: i64) -> Result<(), Error> {
        let by = self.by("sync discard")?;
        match self.stored_plan(plan)?.state {
            State::Applied { at } => Err(sync::Error::Applied { plan, at }.into()),
            _ if self.store().discard_plan(plan, &by)? => Ok(()),
            _ => Err(Error::NoPlan(plan.to_string())),
        }
    }

    /// Up to `limit` matching lines of a stored plan from the `offset`th on.
    pub fn plan_lines(&self, plan: i64, asked: &Asked, offset: u64, limit: u64) -> Result<PlanLines, Error> {
        Ok(self.store().plan_lines(plan, asked, offset, limit)?)
    }

    /// The stored plan of that number.
    pub fn stored_plan(&self, plan: i64) -> Result<Summary, Error> {
        self.store().plan(plan)?.ok_or_else(|| Error::NoPlan(plan.to_string()))
    }

    /// Applies the stored plan of that hash, which the administrator has seen.
    pub fn approve(&self, hash: &str, job: &Job) -> Result<Summary, Error> {
        let plans = self.store().plans(PLANS_LOOKED_AT)?;
        let plan = plans.into_iter().find(|plan| plan.hash.eq_ignore_ascii_case(hash));
        let plan = plan.ok_or_else(|| Error::NoPlan(crate::model::text::shown(hash)))?;
        self.apply(plan.id, Some(hash), job)
    }

    /// A full sync: read, plan, safeguard, apply.
    pub fn sync(&self, job: &Job) -> Result<Summary, Error> {
        let plan = self.plan(job)?;
        self.apply(plan.id, None, job)
    }

    /// The stored plans, newest first.
    pub fn plans(&self, limit: usize) -> Result<Vec<Summary>, Error> {
        Ok(self.store().plans(limit)?)
    }

    /// When the directories were last read for the current cache. A plan that was not applied, or that undoes another
    /// one, is not a sync.
    pub fn last_sync(&self) -> Result<Option<jiff::Timestamp>, Error> {
        Ok(self.store().last_read()?)
    }

    /// Whether no directory or mapping was changed since the last sync.
    pub fn is_cache_of_now(&self) -> Result<bool, Error> {
        let directories = self.directories()?.into_iter().map(|kept| kept.changed_at);
        let mappings = self.mappings()?.into_iter().map(|kept| kept.changed_at);
        let changed = directories.chain(mappings).max();
        Ok(self.last_sync()?.is_some_and(|synced| changed.is_none_or(|changed| changed <= synced)))
    }

    /// The number of users of each mapping, and of removed users in the cache.
    pub fn user_counts(&self) -> Result<crate::store::UserCounts, Error> {
        Ok(self.store().user_counts()?)
    }

    /// The number of active cached users.
    pub fn user_count(&self) -> Result<u64, Error> {
        Ok(self.store().user_counts()?.active)
    }

    /// All cached users with that name, in any form.
    pub fn find_user(&self, name: &str) -> Result<Vec<CachedUser>, Error> {
        Ok(self.store().find_user(&NameForm::of(name))?)
    }
}
