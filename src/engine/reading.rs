//! Everything that asks a directory: the checklist, the pickers, the preview, the sync, and the cache it fills.

use std::path::Path;

use crate::directory::{self, Group, Read, Unit};
use crate::model::check::Check;
use crate::model::directory::{Directory, Source};
use crate::model::job::Job;
use crate::model::mapping::Mapping;
use crate::model::name::Name;
use crate::model::plan::{PlannedChange, PlannedLeftOut, Summary};
use crate::model::text::Untrusted;
use crate::model::user::{Attribute, NameForm};
use crate::secrets::Secret;
use crate::store::CachedUser;
use crate::sync::{self, Preview, Unopened};

use super::{Engine, Error};

/// How many groups a picker shows for what was typed.
const GROUPS_SHOWN: usize = 200;
/// How many of the newest plans an approval may mean: one is good for an hour.
const PLANS_LOOKED_AT: usize = 1_000;
/// How many users a preview lists.
const PREVIEW_SHOWN: usize = 200;

impl Engine {
    /// The certificates of a CA file. When the file has gone, those kept with the directory of that name.
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

    /// Runs step 1's checklist over a directory that need not be saved yet. Without a password, the kept one is used.
    pub fn check_directory(
        &self,
        directory: &Directory,
        password: Option<&Secret>,
        job: &Job,
        each: &mut dyn FnMut(Check),
    ) -> Result<(), Error> {
        let kept = if password.is_none() { self.password_for(directory)? } else { None };
        directory::check(&directory.source, password.or(kept.as_ref()), self.now(), job, each);
        Ok(())
    }

    fn read(&self, name: &Name, job: &Job) -> Result<Box<dyn Read>, Error> {
        let unknown = || Error::Unknown { what: "directory", name: name.clone() };
        let directory = self.directory(name)?.ok_or_else(unknown)?.value;
        let password = self.password(name)?;
        if matches!(directory.source, Source::Ldap(_)) && password.is_none() {
            return Err(Error::NoPassword(name.clone()));
        }
        Ok(directory::open(&directory.source, password.as_ref(), job)?)
    }

    /// When the domain locks accounts.
    pub(super) fn lockout(&self, name: &Name) -> Result<Option<directory::Lockout>, Error> {
        let unknown = || Error::Unknown { what: "directory", name: name.clone() };
        let directory = self.directory(name)?.ok_or_else(unknown)?.value;
        let password = self.password(name)?;
        Ok(directory::lockout(&directory.source, password.as_ref(), &Job::unwatched())?)
    }

    /// The OUs and containers directly below `dn`.
    pub fn units(&self, directory: &Name, dn: Option<&str>, job: &Job) -> Result<Vec<Unit>, Error> {
        Ok(self.read(directory, job)?.units(dn, job)?)
    }

    /// The groups whose name starts with `prefix`.
    pub fn groups(&self, directory: &Name, prefix: &str, job: &Job) -> Result<Vec<Group>, Error> {
        Ok(self.read(directory, job)?.groups(prefix, GROUPS_SHOWN, job)?)
    }

    pub fn departments(&self, directory: &Name, base: Option<&str>, job: &Job) -> Result<Vec<(Untrusted, u64)>, Error> {
        Ok(self.read(directory, job)?.values(Attribute::Department, base, job)?)
    }

    pub fn countries(&self, directory: &Name, base: Option<&str>, job: &Job) -> Result<Vec<(Untrusted, u64)>, Error> {
        Ok(self.read(directory, job)?.values(Attribute::Country, base, job)?)
    }

    /// Who a mapping, saved or not, would match at its place among the others, and who it would leave out.
    pub fn preview(&self, mapping: &Mapping, job: &Job) -> Result<Preview, Error> {
        let others = self.mappings()?.into_iter().map(|kept| kept.value);
        let earlier: Vec<Mapping> = others.take_while(|other| other.name != mapping.name).collect();
        let mut read = self.read(&mapping.directory, job)?;
        Ok(sync::preview(read.as_mut(), mapping, &earlier, self.now(), PREVIEW_SHOWN, job)?)
    }

    /// Reads every directory that a mapping names, and stores the plan of what would change in the cache.
    pub fn plan(&self, job: &Job) -> Result<Summary, Error> {
        if self.mappings()?.is_empty() {
            return Err(Error::NoMapping);
        }
        let mut open =
            |name: &Name| self.read(name, job).map_err(|error| Unopened { why: error.to_string(), help: error.help() });
        Ok(sync::plan(self.store(), &mut open, &self.by("sync")?, job)?)
    }

    /// Applies a stored plan as it stands; `approved` is its hash when the fuse had stopped it.
    pub fn apply(&self, plan: i64, approved: Option<&str>, job: &Job) -> Result<Summary, Error> {
        Ok(sync::apply(self.store(), plan, approved, &self.by("sync")?, job)?)
    }

    /// Applies the stored plan of that hash, which the administrator has seen.
    pub fn approve(&self, hash: &str, job: &Job) -> Result<Summary, Error> {
        let plans = self.store().plans(PLANS_LOOKED_AT)?;
        let plan = plans.into_iter().find(|plan| plan.hash.eq_ignore_ascii_case(hash));
        let plan = plan.ok_or_else(|| Error::NoPlan(crate::model::text::shown(hash)))?;
        self.apply(plan.id, Some(hash), job)
    }

    /// A full sync: read, plan, fuse, apply.
    pub fn sync(&self, job: &Job) -> Result<Summary, Error> {
        let plan = self.plan(job)?;
        self.apply(plan.id, None, job)
    }

    /// The stored plans, newest first.
    pub fn plans(&self, limit: usize) -> Result<Vec<Summary>, Error> {
        Ok(self.store().plans(limit)?)
    }

    pub fn planned_changes(&self, plan: i64, offset: u64, limit: u64) -> Result<Vec<PlannedChange>, Error> {
        Ok(self.store().plan_changes(plan, offset, limit)?)
    }

    pub fn planned_left_out(&self, plan: i64, offset: u64, limit: u64) -> Result<Vec<PlannedLeftOut>, Error> {
        Ok(self.store().plan_left_out(plan, offset, limit)?)
    }

    /// When the cache was last brought up to date: a plan that waits, or was never applied, is no sync.
    pub fn last_sync(&self) -> Result<Option<jiff::Timestamp>, Error> {
        Ok(self.store().last_applied()?)
    }

    /// Whether no directory or mapping was changed since the cache was last brought up to date.
    pub fn is_cache_of_now(&self) -> Result<bool, Error> {
        let directories = self.directories()?.into_iter().map(|kept| kept.changed_at);
        let mappings = self.mappings()?.into_iter().map(|kept| kept.changed_at);
        let changed = directories.chain(mappings).max();
        Ok(self.last_sync()?.is_some_and(|synced| changed.is_none_or(|changed| changed <= synced)))
    }

    /// How many users are cached.
    pub fn user_count(&self) -> Result<u64, Error> {
        Ok(self.store().user_counts()?.active)
    }

    /// Cached users whose names, mail or department start with `query`.
    pub fn users(&self, query: Option<&str>, offset: u64, limit: u64) -> Result<Vec<CachedUser>, Error> {
        Ok(self.store().users(query, offset, limit)?)
    }

    /// Everybody whom a name, in any of its forms, may mean.
    pub fn find_user(&self, name: &str) -> Result<Vec<CachedUser>, Error> {
        Ok(self.store().find_user(&NameForm::of(name))?)
    }
}
