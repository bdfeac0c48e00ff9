//! Looks up a user who is not cached yet in the directories, so that a new employee need not wait for the next sync.
//!
//! Only for a device that enrolled with a valid token, and rate-limited: otherwise anyone with a token could make the
//! controllers search for arbitrary names. The state counts the lookups, so a restart does not reset the limit. A
//! directory that is a file is not searched: the last sync read it completely.

use crate::activation::{self, Claim, Error as Refused, Several, has_upn, the_one};
use crate::directory::{Query, Read};
use crate::filter::Filter;
use crate::model::audit::Actor;
use crate::model::directory::Source;
use crate::model::job::Job;
use crate::model::mapping::{Kind, Mapping};
use crate::model::name::Name;
use crate::model::user::{NameForm, User};
use crate::store::{By, DeviceBy, Hash, HeldDevice, LookUps};
use crate::sync;

use super::activations::Denied;
use super::explain::by_name;
use super::{Engine, Error};

/// Enough for a waiting laptop, which tries a few times an hour, and for a mistyped name.
const MOST: LookUps = LookUps { of_device: 3, of_token: 20, of_all: 30 };

impl Engine {
    /// Looks up the user that a claim names, and caches the user if a mapping takes them.
    pub(super) fn look_up_named(&self, claim: &Claim) -> Result<bool, Denied> {
        if claim.user.trim().is_empty() {
            return Ok(false);
        }
        self.look_up(&claim.claim_code, &[NameForm::of(&claim.user)], &|_| true)
    }

    /// Looks up the one user who has one of these names and for whom `is` is true, and caches the user if a mapping
    /// takes them. False when no user was cached.
    ///
    /// # Errors
    /// When a directory cannot be searched.
    pub(super) fn look_up(
        &self,
        claim_code: &Hash,
        names: &[NameForm],
        is: &dyn Fn(&User) -> bool,
    ) -> Result<bool, Denied> {
        let now = self.now();
        let device = self.store().snapshot(|snapshot| snapshot.device(DeviceBy::ClaimCode, claim_code))?;
        let directories = self.live_directories().map_err(|error| Denied::internal(&error))?;
        let Some(device) = device.filter(|_| !directories.is_empty()) else { return Ok(false) };
        let (number, token) = (device.number, device.device.token.clone());
        let _turn = self.trying()?;
        let may = self.queue()?.run(move |transaction| {
            transaction.reserve_look_up(number, &token, now, MOST).map_err(activation::Error::from)
        })?;
        if !may {
            return Ok(false);
        }
        match self.found_by_mapping(names, is, &directories) {
            Ok(Some((mapping, user))) => self.admitted(&device, mapping, user),
            Ok(None) => Ok(false),
            Err(Error::Directory(error) | Error::Sync(sync::Error::Read { source: error, .. })) => {
                Err(Refused::Directory(error).into())
            }
            Err(error) => {
                // A sync reports a faulty mapping or directory to the administrator.
                tracing::warn!(%error, "cannot look up a user who is not cached");
                Ok(false)
            }
        }
    }

    fn admitted(&self, device: &HeldDevice, mapping: Name, user: User) -> Result<bool, Denied> {
        let (actor, at) = (Actor::new(format!("laptop {}", device.device.id)), self.now());
        let admit = move |transaction: &crate::store::WriteTransaction<'_>| {
            transaction
                .admit(&mapping, &user, &By { actor: &actor, at, verb: "claim" })
                .map_err(activation::Error::from)
        };
        Ok(self.queue()?.run(admit)?)
    }

    /// The directories behind a controller that an enabled mapping reads, each with its mappings.
    fn live_directories(&self) -> Result<Vec<(Name, Vec<Mapping>)>, Error> {
        let mappings: Vec<Mapping> = self.mappings()?.into_iter().map(|kept| kept.value).collect();
        let mut live = Vec::new();
        for directory in self.directories()?.into_iter().map(|kept| kept.value) {
            let of_this = |mapping: &&Mapping| {
                mapping.directory == directory.name && mapping.enabled && mapping.kind == Kind::Imd
            };
            let own: Vec<Mapping> = mappings.iter().filter(of_this).cloned().collect();
            if matches!(directory.source, Source::Ldap(_)) && !own.is_empty() {
                live.push((directory.name, own));
            }
        }
        Ok(live)
    }

    /// The one user with these names, and the mapping that takes the user.
    fn found_by_mapping(
        &self,
        names: &[NameForm],
        is: &dyn Fn(&User) -> bool,
        directories: &[(Name, Vec<Mapping>)],
    ) -> Result<Option<(Name, User)>, Error> {
        let job = Job::unwatched();
        let mut found: Vec<(User, Box<dyn Read>, &[Mapping])> = Vec::new();
        for (directory, mappings) in directories {
            let mut read = self.read(directory, &job)?;
            if let [NameForm::DownLevel { domain, .. }] = names
                && !read.root(&job)?.netbios.is_some_and(|netbios| netbios.eq_ignore_ascii_case(domain))
            {
                continue;
            }
            let mut users = Vec::new();
            let query = Query { base: None, filter: Filter::Or(names.iter().map(by_name).collect()) };
            read.users(&query, &job, &mut |batch| {
                users.extend(batch.into_iter().filter(is));
                Ok(())
            })?;
            let by_upn =
                |user: &User| names.iter().any(|name| matches!(name, NameForm::AtSign(name) if has_upn(user, name)));
            match (the_one(users, by_upn), found.is_empty()) {
                (Ok(None), _) => {}
                (Ok(Some(user)), true) => found.push((user, read, mappings)),
                // An ambiguous name matches no user, as in the cache.
                (Ok(Some(_)), false) | (Err(Several), _) => return Ok(None),
            }
        }
        let Some((user, mut read, mappings)) = found.pop() else { return Ok(None) };
        let mapping = sync::taken_by(read.as_mut(), &user, mappings, self.now(), &job)?;
        Ok(mapping.map(|mapping| (mapping, user)))
    }
}
