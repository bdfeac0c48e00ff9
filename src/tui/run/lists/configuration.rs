//! Directories, profiles and storages: edited in the steps that made them, removed here.

use super::{Source, called, done, minute, page, quota, typed, yes_or_no};
use crate::engine::{Engine, Error};
use crate::model::Kept;
use crate::model::count::grouped;
use crate::model::directory::{Directory, Source as From, Trust};
use crate::model::job::Job;
use crate::model::profile::{Login, Profile, Storage};
use crate::model::text::shown;
use crate::tui::listing::{Act, Asked, Detail, Doing, Fact, Kind, Place, Question, Row, Rows};

pub(super) struct Directories;
pub(super) struct Profiles;
pub(super) struct Storages;

fn find<T>(all: Vec<Kept<T>>, what: &'static str, id: &str, name: impl Fn(&T) -> String) -> Result<Kept<T>, Error> {
    let gone = || Error::Gone { what, id: shown(id) };
    all.into_iter().find(|kept| name(&kept.value) == id).ok_or_else(gone)
}

fn changed<T>(kept: &Kept<T>) -> Fact {
    Fact::new("Changed", format!("{} by {}", minute(kept.changed_at), kept.changed_by.0.shown()))
}

fn removal(what: &str, id: Option<&str>) -> Question {
    let id = shown(id.unwrap_or_default());
    yes_or_no(format!("Remove the {what} \"{id}\"? While something goes by it, it is not removed."))
}

impl Source for Directories {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let row = |kept: Kept<Directory>| {
            let (kind, place, bind) = facts(&kept.value);
            let name = kept.value.name.to_string();
            let acts = vec![Act::Edit, Act::Delete];
            Row { id: name.clone(), cells: vec![name, kind.to_owned(), place, bind], acts, ..Row::default() }
        };
        Ok(page(engine.directories()?.into_iter().map(row), asked, offset, limit))
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let kept = find(engine.directories()?, "directory", id, |directory| directory.name.to_string())?;
        let (kind, place, bind) = facts(&kept.value);
        let mut lines = vec![Fact::new("Kind", kind), Fact::new("Where", place)];
        if let From::Ldap(ldap) = &kept.value.source {
            let trust = match &ldap.trust {
                Trust::System => "the certificate authorities of this host".to_owned(),
                Trust::Ca { file, .. } => format!("the authority of {}", shown(&file.to_string_lossy())),
                Trust::Pins(pins) => format!("{} pinned keys", grouped(pins.len() as u64)),
            };
            lines.extend([Fact::new("Bind as", bind), Fact::new("Trust", trust)]);
        }
        lines.push(changed(&kept));
        Ok(Detail { title: kept.value.name.to_string(), lines, acts: vec![Act::Edit, Act::Delete] })
    }

    fn question(&self, _: &Engine, _: &Asked, _: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        Ok(Some(removal("directory", id)))
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        let name = called(doing.id.as_deref().unwrap_or_default())?;
        engine.remove_directory(&name)?;
        Ok(done(format!("\"{name}\" is removed.")))
    }
}

fn facts(directory: &Directory) -> (&'static str, String, String) {
    match &directory.source {
        From::File(path) => ("file", shown(&path.to_string_lossy()), String::new()),
        From::Ldap(ldap) => {
            let urls: Vec<String> = ldap.urls.iter().map(|url| shown(&url.to_string())).collect();
            ("server", urls.join(" "), shown(&ldap.bind))
        }
    }
}

impl Source for Profiles {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let row = |kept: Kept<Profile>| {
            let profile = &kept.value;
            let cells = vec![
                profile.name.to_string(),
                login(profile).to_owned(),
                quota(profile.quota),
                profile.devices_per_user.map_or_else(|| "as set".to_owned(), |most| most.to_string()),
                profile.preserve_for.to_string(),
            ];
            let acts = vec![Act::Edit, Act::Import, Act::Delete];
            Row { id: profile.name.to_string(), cells, acts, ..Row::default() }
        };
        Ok(page(engine.profiles()?.into_iter().map(row), asked, offset, limit))
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let kept = find(engine.profiles()?, "profile", id, |profile| profile.name.to_string())?;
        let profile = &kept.value;
        let mut lines = vec![Fact::new("Login", login(profile))];
        lines.extend(profile.login_directory.iter().map(|name| {
            Fact::new("Directory", name.to_string()).leading(Place::Entry(Kind::Directories, name.to_string()))
        }));
        let users = match profile.max_users {
            0 => "no limit".to_owned(),
            most => format!("{} at most", grouped(u64::from(most))),
        };
        lines.extend([Fact::new("Quota", quota(profile.quota)), Fact::new("Users", users)]);
        lines.extend(profile.devices_per_user.map(|most| Fact::new("Laptops", format!("{most} a user"))));
        lines.push(Fact::new("Inactive", format!("after {}", profile.inactive_after)));
        lines.push(Fact::new("Kept for", profile.preserve_for.to_string()));
        lines.push(Fact::new("By CSV", format!("{} users", grouped(engine.users_by_csv(&profile.name)?))));
        lines.push(changed(&kept));
        Ok(Detail { title: profile.name.to_string(), lines, acts: vec![Act::Edit, Act::Delete] })
    }

    fn question(&self, _: &Engine, _: &Asked, act: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        Ok(Some(match act {
            Act::Import => {
                typed("Which CSV file of users is taken in? A profile that has some is not for mass deployment.", "")
            }
            _ => removal("profile", id),
        }))
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        let name = called(doing.id.as_deref().unwrap_or_default())?;
        if doing.act == Act::Import {
            let users = engine.import_profile_users(&name, doing.input.trim().as_ref())?;
            return Ok(done(format!("{} users were added to \"{name}\".", grouped(users))));
        }
        engine.remove_profile(&name)?;
        Ok(done(format!("\"{name}\" is removed.")))
    }
}

fn login(profile: &Profile) -> &'static str {
    match profile.login {
        Login::ActiveDirectory => "Active Directory",
        Login::Local => "own password",
    }
}

impl Source for Storages {
    fn rows(&self, engine: &Engine, asked: &Asked, offset: u64, limit: u64) -> Result<Rows, Error> {
        let rows = engine.storages()?.into_iter().map(|kept| {
            let name = kept.value.name.to_string();
            let cells = vec![name.clone(), capacity(&kept.value), shown(&kept.value.location)];
            Row { id: name, cells, acts: vec![Act::Edit, Act::Delete], ..Row::default() }
        });
        Ok(page(rows, asked, offset, limit))
    }

    fn detail(&self, engine: &Engine, id: &str) -> Result<Detail, Error> {
        let kept = find(engine.storages()?, "storage", id, |storage| storage.name.to_string())?;
        let storage = &kept.value;
        let lines = vec![
            Fact::new("Location", shown(&storage.location)),
            Fact::new("Capacity", capacity(storage)),
            changed(&kept),
        ];
        Ok(Detail { title: storage.name.to_string(), lines, acts: vec![Act::Edit, Act::Delete] })
    }

    fn question(&self, _: &Engine, _: &Asked, _: Act, id: Option<&str>) -> Result<Option<Question>, Error> {
        Ok(Some(removal("storage", id)))
    }

    fn act(&self, engine: &Engine, doing: &Doing, _: &Job) -> Result<Vec<Fact>, Error> {
        let name = called(doing.id.as_deref().unwrap_or_default())?;
        engine.remove_storage(&name)?;
        Ok(done(format!("\"{name}\" is removed.")))
    }
}

fn capacity(storage: &Storage) -> String {
    storage.capacity.map_or_else(|| "not said".to_owned(), |capacity| capacity.to_string())
}
