//! Explains why a user is or is not activated. Queries the directories first, so the user need not be cached.

use jiff::SignedDuration;

use crate::directory::{Query, Read};
use crate::filter::Filter;
use crate::model::account::Account;
use crate::model::explanation::{Chain, Link, Part};
use crate::model::job::Job;
use crate::model::mapping::Mapping;
use crate::model::name::Name;
use crate::model::refusal::{self, Refusal};
use crate::model::text::{Untrusted, shown};
use crate::model::user::{Attribute, Guid, NameForm, User};
use crate::store::UserState;
use crate::sync::{self, Explanation, Outcome};

use super::{Engine, Error};

/// A user with the current values of a directory.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Found {
    pub directory: Name,
    /// `corp.example.com`
    pub domain: String,
    pub user: User,
}

impl Found {
    /// Safe to show, and enough to tell one user from another: `Jane Doe, jane@corp.example.com, in corp`.
    pub fn shown(&self) -> String {
        let names = [Attribute::UserPrincipalName, Attribute::SamAccountName];
        let account = names.into_iter().find_map(|name| self.user.first(name)).map(Untrusted::shown);
        let account = account.map(|account| format!(", {account}")).unwrap_or_default();
        format!("{}{account}, in {}", self.user.label(), self.directory)
    }

    /// The DN, which is unique when other names are not.
    fn dn(&self) -> String {
        self.user.first(Attribute::DistinguishedName).map(Untrusted::shown).unwrap_or_default()
    }
}

/// The result of each mapping of a user's directory for the user.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Explained {
    #[serde(flatten)]
    pub found: Found,
    /// In the order of their priority.
    pub mappings: Vec<Explanation>,
}

impl Explained {
    /// The mapping that takes the user; otherwise the nearest one.
    pub fn nearest(&self) -> Option<&Explanation> {
        self.mappings.iter().min_by_key(|one| one.distance())
    }
}

/// The directories to search, and the mappings to explain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Among<'a> {
    All,
    Directory(&'a Name),
    /// Only this mapping, and the users of its directory.
    Mapping(&'a Name),
}

impl Engine {
    /// Finds the one user with that name, in any form, in all registered directories or in the given one. An ambiguous
    /// name is an error that lists the users.
    fn find_live(&self, name: &str, only: Option<&Name>, job: &Job) -> Result<(Found, Box<dyn Read>), Error> {
        let form = NameForm::of(name);
        let directories = self.directories()?.into_iter().map(|kept| kept.value.name);
        let directories: Vec<Name> = directories.filter(|one| only.is_none_or(|only| one.is_same(only))).collect();
        if directories.is_empty() {
            let unknown = |name: &Name| Error::Unknown { what: "directory", name: name.clone() };
            return Err(only.map_or(Error::NoDirectory, unknown));
        }
        let mut found = Vec::new();
        for directory in &directories {
            let mut read = self.read(directory, job)?;
            let root = read.root(job)?;
            let netbios = root.netbios.as_deref().unwrap_or_default();
            if matches!(&form, NameForm::DownLevel { domain, .. } if !domain.eq_ignore_ascii_case(netbios)) {
                continue;
            }
            let query = Query { base: None, filter: by_name(&form) };
            let mut users = Vec::new();
            read.users(&query, job, &mut |batch| {
                users.extend(batch);
                Ok(())
            })?;
            let domain = root.domain.clone();
            let of_this =
                users.into_iter().map(|user| Found { directory: directory.clone(), domain: domain.clone(), user });
            found.extend(of_this);
            if let [one] = found.as_slice()
                && directories.len() == 1
            {
                return Ok((one.clone(), read));
            }
        }
        match found.as_slice() {
            [] => {
                let looked_in: Vec<_> = directories.iter().map(ToString::to_string).collect();
                Err(Error::UserNotFound { given: shown(name), looked_in: looked_in.join(", ") })
            }
            [one] => Ok((one.clone(), self.read(&one.directory, job)?)),
            several => {
                let who = several.iter().map(|one| format!("{} ({})", one.dn(), one.directory)).collect();
                Err(Error::Several { given: shown(name), who })
            }
        }
    }

    /// The current result of each mapping of a user's directory for the user.
    pub fn explain_mappings(&self, name: &str, among: Among<'_>, job: &Job) -> Result<Explained, Error> {
        let mappings: Vec<Mapping> = self.mappings()?.into_iter().map(|kept| kept.value).collect();
        let asked = match among {
            Among::Mapping(asked) => {
                let unknown = || Error::Unknown { what: "mapping", name: asked.clone() };
                Some(mappings.iter().find(|mapping| mapping.name.is_same(asked)).ok_or_else(unknown)?)
            }
            Among::All | Among::Directory(_) => None,
        };
        let only = match among {
            Among::Directory(directory) => Some(directory),
            _ => asked.map(|mapping| &mapping.directory),
        };
        let (found, mut read) = self.find_live(name, only, job)?;
        let mut explained = self.explained(found, read.as_mut(), mappings.clone(), job)?;
        if let Some(asked) = asked {
            explained.mappings.retain(|one| one.mapping == asked.name);
        }
        Ok(explained)
    }

    /// The result of a mapping, saved or not, for a user, at its place in the order of mappings.
    pub fn explain_mapping(&self, mapping: &Mapping, name: &str, job: &Job) -> Result<Explained, Error> {
        let (found, mut read) = self.find_live(name, Some(&mapping.directory), job)?;
        let mut mappings: Vec<Mapping> = self.mappings()?.into_iter().map(|kept| kept.value).collect();
        match mappings.iter_mut().find(|other| other.name == mapping.name) {
            Some(kept) => *kept = mapping.clone(),
            None => mappings.push(mapping.clone()),
        }
        let mut explained = self.explained(found, read.as_mut(), mappings, job)?;
        explained.mappings.retain(|one| one.mapping == mapping.name);
        Ok(explained)
    }

    fn explained(
        &self,
        found: Found,
        read: &mut dyn Read,
        mut mappings: Vec<Mapping>,
        job: &Job,
    ) -> Result<Explained, Error> {
        mappings.retain(|mapping| mapping.directory == found.directory);
        let mappings = sync::explain_user(read, &found.user, &mappings, self.now(), job)?;
        Ok(Explained { found, mappings })
    }

    /// Checks the conditions of an activation in order, up to the first that is not met. `name` is a user, or the
    /// correlation id that a refused laptop shows: then that refusal comes first, and the user that the laptop named
    /// follows.
    pub fn explain(&self, name: &str, among: Among<'_>, job: &Job) -> Result<Chain, Error> {
        let id = name.trim();
        match self.refusals(Some(id), 1)?.pop().filter(|refusal| refusal.correlation == id) {
            None => self.explain_user(name, among, job),
            Some(refusal) => {
                let mut chain = Chain { links: vec![refused(&refusal)] };
                if let Some(user) = &refusal.user {
                    chain.links.extend(self.explain_user(user.raw(), among, job)?.links);
                }
                Ok(chain)
            }
        }
    }

    fn explain_user(&self, name: &str, among: Among<'_>, job: &Job) -> Result<Chain, Error> {
        let mut chain = Chain::default();
        let explained = match self.explain_mappings(name, among, job) {
            Ok(explained) => explained,
            // The user is looked up first, because a user name may look like an id.
            Err(Error::UserNotFound { given, .. }) if is_correlation_id(&given) => return Err(Error::NoRefusal(given)),
            Err(error) => {
                let Some(part) = link_of(&error) else { return Err(error) };
                chain.add(Link::failed(part, shown(&error.to_string()), shown(&error.help())));
                return Ok(chain);
            }
        };
        chain.add(Link::ok(Part::Directory, explained.found.shown()));
        let _ = chain.add(mapping(&explained))
            && chain.add(self.cached(&explained)?)
            && chain.add(self.has_token()?)
            && self.pilot(&explained, &mut chain)?
            && self.laptops(&explained, &mut chain)?;
        Ok(chain)
    }

    /// Checks the pilot group and the daily activation limit; adds no link for one that is not set.
    fn pilot(&self, explained: &Explained, chain: &mut Chain) -> Result<bool, Error> {
        let Found { directory, user, .. } = &explained.found;
        let settings = self.settings()?.map(|kept| kept.value).unwrap_or_default();
        if let Some(group) = &settings.pilot_group {
            if !self.store().snapshot(|snapshot| snapshot.is_allowed(directory, user.guid, group))? {
                let evidence = format!("the user was not in {} when \"{directory}\" was last read", shown(group));
                let remedy = "add the user to that group and run `imd sync`, or clear \"Pilot group\" in step 5";
                return Ok(chain.add(Link::failed(Part::Pilot, evidence, remedy)));
            }
            chain.add(Link::ok(Part::Pilot, format!("the user is in {}", shown(group))));
        }
        let cap = u64::from(settings.daily_activation_limit);
        if cap == 0 {
            return Ok(true);
        }
        let today = self.store().snapshot(|snapshot| snapshot.activated_today(self.now()))?;
        let evidence = format!("{today} of {cap} laptops were activated today (UTC)");
        Ok(chain.add(if today < cap {
            Link::ok(Part::Pilot, evidence)
        } else {
            Link::pending(
                Part::Pilot,
                evidence,
                "wait until midnight UTC, or raise the daily activation limit in step 5",
            )
        }))
    }

    /// Adds the links about the user's laptops. True when all of them are ok.
    fn laptops(&self, explained: &Explained, chain: &mut Chain) -> Result<bool, Error> {
        let Found { directory, user, .. } = &explained.found;
        let account = self.store().account(directory, user.guid)?;
        // A refusal before the account was created no longer matters: the user was activated since.
        let current = |refusal: &Refusal| account.as_ref().is_none_or(|account| refusal.at >= account.created_at);
        let refusal = self.last_refusal(directory, user.guid)?.filter(current);
        if let Some(account) = account.as_ref().filter(|account| account.preserved.is_some()) {
            let evidence = format!("an administrator preserved the account {}", account.name.shown());
            let remedy = format!("imd accounts restore {}", account.name.shown());
            return Ok(chain.add(Link::failed(Part::Enrolled, evidence, remedy)));
        }
        let seen = match (&account, &refusal) {
            (Some(account), _) => {
                format!("the account {}, activated laptops: {}", account.name.shown(), account.devices)
            }
            (None, Some(refusal)) => {
                format!("a laptop requested activation on {}", crate::model::moment::minute(refusal.at))
            }
            (None, None) => {
                return Ok(chain.add(Link::pending(
                    Part::Enrolled,
                    "no laptop of this user has been seen yet",
                    "install the agent on the laptop (step 7), and let the user log on",
                )));
            }
        };
        Ok(chain.add(Link::ok(Part::Enrolled, seen))
            && chain.add(attempts(refusal.as_ref()))
            && chain.add(self.limit(account.as_ref())?))
    }

    /// The newest refusal of the last 7 days for the user, under any name.
    fn last_refusal(&self, directory: &Name, guid: Guid) -> Result<Option<Refusal>, Error> {
        let now = self.now();
        let since = now.checked_sub(LOOKED_BACK).unwrap_or(now);
        for refusal in self.refusals(None, REFUSALS_LOOKED_AT)? {
            let Some(name) = refusal.user.as_ref().filter(|_| refusal.at >= since) else { continue };
            let meant = self.find_user(name.raw())?;
            if matches!(meant.as_slice(), [one] if one.directory == *directory && one.user.guid == guid) {
                return Ok(Some(refusal));
            }
        }
        Ok(None)
    }

    fn limit(&self, account: Option<&Account>) -> Result<Link, Error> {
        let Some(account) = account else { return Ok(Link::ok(Part::Limit, "the user has no laptop yet")) };
        let profile = self.profile(&account.given.profile)?.and_then(|kept| kept.value.devices_per_user);
        let settings = self.settings()?.map(|kept| kept.value).unwrap_or_default();
        let most = profile.unwrap_or(settings.devices_per_user);
        let evidence = format!("{} of {most} laptops are activated", account.devices);
        Ok(if account.devices < u64::from(most) {
            Link::ok(Part::Limit, evidence)
        } else {
            let remedy =
                "before another one, release a laptop with `imd devices release`, or raise the limit in step 2 or 5";
            Link::pending(Part::Limit, evidence, remedy)
        })
    }

    fn cached(&self, explained: &Explained) -> Result<Link, Error> {
        let Found { directory, user, .. } = &explained.found;
        let cached = self.find_user(&user.guid.to_string())?;
        let cached = cached.into_iter().find(|cached| cached.directory == *directory);
        let read = self.last_sync()?.map(|at| {
            let age = self.now().duration_since(at).as_hours();
            format!("the directories were last read on {}, {age} h ago", crate::model::moment::minute(at))
        });
        let read = read.unwrap_or_else(|| "no sync has read the directories yet".to_owned());
        Ok(match cached.as_ref().map(|cached| &cached.state) {
            None => Link::failed(Part::Cache, format!("the user is not cached; {read}"), "run `imd sync`"),
            Some(UserState::Removed { at, .. }) => {
                let evidence =
                    format!("the user was removed from the cache on {}; {read}", crate::model::moment::minute(at));
                Link::failed(Part::Cache, evidence, "run `imd sync`")
            }
            Some(UserState::Active) => {
                let mapping = cached.map(|cached| cached.mapping.to_string()).unwrap_or_default();
                Link::ok(Part::Cache, format!("cached for \"{mapping}\"; {read}"))
            }
        })
    }

    fn has_token(&self) -> Result<Link, Error> {
        let valid: Vec<_> = self.valid_tokens()?.iter().map(|record| format!("\"{}\"", record.name)).collect();
        Ok(if valid.is_empty() {
            Link::failed(Part::Token, "no token is valid", "create one in step 6, or with `imd token create`")
        } else {
            Link::ok(Part::Token, format!("{} is valid", valid.join(", ")))
        })
    }
}

/// The maximum age of a refusal that is shown: the same as in `imd status`.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How many of the newest refusals are searched for the user.
const REFUSALS_LOOKED_AT: u64 = 1_000;

/// Whether the text has the form of a correlation id ([`Engine::correlation_id`]).
fn is_correlation_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The stored reason of a refusal, which the laptop does not receive.
fn refused(refusal: &Refusal) -> Link {
    let at = crate::model::moment::minute(refusal.at);
    let device = refusal.device.as_ref().map(|device| format!(", device {device}")).unwrap_or_default();
    let evidence = format!("refused on {at}, from {}{device}: {}", shown(&refusal.peer), refusal.detail.shown());
    Link::failed(Part::Request, evidence, refusal::remedy(&refusal.reason))
}

fn attempts(refusal: Option<&Refusal>) -> Link {
    let Some(refusal) = refusal else {
        return Link::ok(Part::Attempts, "no request was refused in the last 7 days");
    };
    let at = crate::model::moment::minute(refusal.at);
    let evidence = format!("last refused on {at}: {} ({})", refusal.detail.shown(), shown(&refusal.correlation));
    Link::pending(Part::Attempts, evidence, "fix the cause, then have the user log on again")
}

/// The link to which an error belongs; `None` for other errors, such as an unreadable database.
fn link_of(error: &Error) -> Option<Part> {
    match error {
        error if error.is_canceled() => None,
        Error::Directory(_)
        | Error::NoDirectory
        | Error::NoPassword(_)
        | Error::UserNotFound { .. }
        | Error::Several { .. }
        | Error::Sync(sync::Error::Read { .. }) => Some(Part::Directory),
        Error::Sync(sync::Error::Filter { .. }) => Some(Part::Mapping),
        _ => None,
    }
}

fn mapping(explained: &Explained) -> Link {
    let Some(nearest) = explained.nearest() else {
        let evidence = format!("no mapping reads the directory \"{}\"", explained.found.directory);
        return Link::failed(Part::Mapping, evidence, "add one in step 3");
    };
    let evidence = format!("\"{}\" {}", nearest.mapping, shown(&nearest.outcome.to_string()));
    let evidence = match (&nearest.outcome, explained.mappings.len()) {
        (Outcome::Takes, _) | (_, 1) => evidence,
        (_, several) => format!("none of {several} mappings takes the user; the nearest: {evidence}"),
    };
    match (&nearest.outcome, &nearest.remedy) {
        (Outcome::Takes, _) => Link::ok(Part::Mapping, evidence),
        (_, Some(remedy)) => Link::failed(Part::Mapping, evidence, remedy.to_string()),
        (_, None) => Link::failed(Part::Mapping, evidence, "run `imd mapping explain` for the details"),
    }
}

/// The search filter for a name in any form.
pub(super) fn by_name(form: &NameForm) -> Filter {
    let equal = |name: &str, value: &[u8]| Filter::Equal(name.to_owned(), value.to_vec());
    match form {
        NameForm::Guid(guid) => equal("objectGUID", &guid.0),
        NameForm::Dn(dn) => equal("distinguishedName", dn.as_bytes()),
        NameForm::DownLevel { sam, .. } | NameForm::Bare(sam) => equal("sAMAccountName", sam.as_bytes()),
        NameForm::AtSign(address) => Filter::Or(vec![
            equal("userPrincipalName", address.as_bytes()),
            equal("mail", address.as_bytes()),
            equal("proxyAddresses", format!("smtp:{address}").as_bytes()),
        ]),
    }
}
