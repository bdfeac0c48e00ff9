//! Step 2: create or choose a profile, with its storage and quota.

use crate::engine::{Engine, Error};
use crate::model::check::Check;
use crate::model::duration::Duration;
use crate::model::name::Name;
use crate::model::profile::{Login, Profile, Storage};
use crate::model::size::Size;

use super::form::{Choice, Field, Form, Kind, Pick, Problem, Value};
use super::{Saved, text};

pub(super) fn fields(directories: Vec<Choice>) -> Vec<Field> {
    let only = match directories.as_slice() {
        [one] => one.value.clone(),
        _ => String::new(),
    };
    let optional = |key, label, help, example| Field::new(key, label, help, Kind::Text { example });
    vec![
        Field::new("profile.name", "Profile", "A new name, or one that exists.", Kind::Pick(Pick::Existing)).required(),
        Field::new(
            "profile.login",
            "Login using",
            "Mass deployment needs Active Directory.",
            Kind::Choice(vec![
                Choice::new("active-directory", "Active Directory", "Users log on with the credentials they have."),
                Choice {
                    refused: Some("mass deployment activates with Active Directory credentials".to_owned()),
                    ..Choice::new("local", "Own password", "Users get a password of their own.")
                },
            ]),
        )
        .with("active-directory"),
        Field::new(
            "profile.login_directory",
            "Directory",
            "Whose credentials log a user on.",
            Kind::Choice(directories),
        )
        .with(only)
        .required(),
        optional("profile.quota", "Quota", "For each user. 0 is no limit; empty inherits.", "50 GiB"),
        optional("profile.max_users", "Users at most", "1 to 100000; 0 or empty is no limit.", "0"),
        optional(
            "profile.devices_per_user",
            "Devices per user",
            "Overrides the settings of step 5; empty inherits.",
            "2",
        ),
        optional("profile.inactive_after", "Inactive after", "1d to 365d without a check-in.", "60d").with("60d"),
        optional("profile.preserve_for", "Preserve for", "30d to 366d: data of users who left.", "90d").with("90d"),
        optional("storage.name", "Storage", "Where the data goes; a new name, or one that exists.", "eu-1").required(),
        optional("storage.location", "Location", "As your agent writes it.", "s3://backup-eu-1").required(),
        optional("storage.capacity", "Capacity", "Empty: not watched.", "200 TiB"),
    ]
}

pub(super) fn open(engine: &Engine, form: &mut Form, name: &Name) -> Result<bool, Error> {
    let Some(kept) = engine.profile(name)? else { return Ok(false) };
    let profile = kept.value;
    let mut set = |key: &str, text: String| form.set(key, Value::Text(text));
    set("profile.name", profile.name.to_string());
    set("profile.login", text(&profile.login));
    set("profile.login_directory", profile.login_directory.map(|name| name.to_string()).unwrap_or_default());
    set("profile.quota", profile.quota.map(|quota| quota.to_string()).unwrap_or_default());
    set("profile.max_users", profile.max_users.to_string());
    set("profile.devices_per_user", profile.devices_per_user.map(|n| n.to_string()).unwrap_or_default());
    set("profile.inactive_after", profile.inactive_after.to_string());
    set("profile.preserve_for", profile.preserve_for.to_string());
    form.basis.subject = Some(kept.version);
    Ok(true)
}

pub(super) fn open_storage(engine: &Engine, form: &mut Form, name: &Name) -> Result<bool, Error> {
    let Some(kept) = engine.storage(name)? else { return Ok(false) };
    let storage = kept.value;
    let mut set = |key: &str, text: String| form.set(key, Value::Text(text));
    set("storage.name", storage.name.to_string());
    set("storage.location", storage.location);
    set("storage.capacity", storage.capacity.map(|size| size.to_string()).unwrap_or_default());
    form.basis.storage = Some(kept.version);
    Ok(true)
}

/// Another storage beside the profile: that of the name, which may not be there yet, or one that has no name yet.
pub(super) fn other_storage(engine: &Engine, form: &mut Form, name: Option<&Name>) -> Result<(), Error> {
    let is_there = name.map(|name| open_storage(engine, form, name)).transpose()?.unwrap_or(false);
    if !is_there {
        for key in ["storage.name", "storage.location", "storage.capacity"] {
            form.set(key, Value::Text(String::new()));
        }
        form.set("storage.name", Value::Text(name.map(ToString::to_string).unwrap_or_default()));
        form.basis.storage = None;
    }
    Ok(())
}

fn read(form: &mut Form) -> Option<(Profile, Storage)> {
    let (profile, storage) = (read_profile(form), read_storage(form));
    if form.has_problems() { None } else { profile.zip(storage) }
}

/// The questions of a profile alone, or of a storage alone.
pub(super) fn alone(form: &mut Form, table: &str) {
    form.fields.retain(|field| field.key.strip_prefix(table).is_some_and(|rest| rest.starts_with('.')));
}

/// Saves what [`alone`] left of the form.
pub(super) fn save_alone(engine: &Engine, form: &mut Form) -> Result<Saved, Error> {
    let profile = read_profile(form);
    let storage = read_storage(form);
    if form.has_problems() {
        return Ok(Saved::Problems);
    }
    let saved = match (profile, storage) {
        (Some(profile), _) => engine.save_profile_alone(&profile, form.subject_version())?,
        (None, Some(storage)) => engine.save_storage(&storage, form.storage_version())?,
        (None, None) => return Ok(Saved::Problems),
    };
    Ok(Saved::from(saved))
}

fn read_storage(form: &mut Form) -> Option<Storage> {
    let name = form.parse("storage.name");
    let capacity = form.parse("storage.capacity");
    let location = form.text("storage.location").map(str::to_owned);
    Some(Storage { name: name?, location: location?, capacity })
}

fn read_profile(form: &mut Form) -> Option<Profile> {
    let within = |form: &mut Form, key: &str, default: Duration, days: std::ops::RangeInclusive<u64>| {
        let length = form.parse(key).unwrap_or(default);
        if !(Duration::days(*days.start())..=Duration::days(*days.end())).contains(&length) {
            form.problem(key, Problem::new(format!("must be {}d to {}d, not {length}", days.start(), days.end())));
        }
        length
    };
    let name = form.parse("profile.name");
    let login_directory = form.parse("profile.login_directory");
    let quota = form.parse("profile.quota");
    let max_users = form.parse::<u32>("profile.max_users").unwrap_or(0);
    if max_users > 100_000 {
        form.problem("profile.max_users", Problem::new("must be 0 (no limit) to 100000"));
    }
    let devices_per_user = form.parse::<u32>("profile.devices_per_user");
    if devices_per_user.is_some_and(|n| !(1..=100).contains(&n)) {
        form.problem("profile.devices_per_user", Problem::new("must be 1 to 100"));
    }
    let inactive_after = within(form, "profile.inactive_after", Duration::days(60), 1..=365);
    let preserve_for = within(form, "profile.preserve_for", Duration::days(90), 30..=366);
    let login = if form.text("profile.login") == Some("local") { Login::Local } else { Login::ActiveDirectory };
    Some(Profile {
        name: name?,
        login,
        login_directory,
        quota,
        max_users,
        devices_per_user,
        inactive_after,
        preserve_for,
    })
}

pub(super) fn check_fields(form: &mut Form) {
    let _ = read(form);
}

pub(super) fn check(engine: &Engine, form: &mut Form, each: &mut dyn FnMut(Check)) -> Result<(), Error> {
    const CSV: &str = "no users added by CSV";
    const LOGIN: &str = "login is Active Directory";
    const CAPACITY: &str = "quota against capacity";
    let Some((profile, storage)) = read(form) else {
        super::report_problems(form, each);
        return Ok(());
    };
    each(match engine.users_by_csv(&profile.name)? {
        0 => Check::ok(CSV, format!("\"{}\" has none", profile.name)),
        users => Check::failed(
            CSV,
            format!("{users} users were added to \"{}\" individually by CSV", profile.name),
            "choose or create another profile: mass deployment would fight over those users",
        ),
    });
    each(match (&profile.login, &profile.login_directory) {
        (Login::ActiveDirectory, Some(directory)) => Check::ok(LOGIN, format!("against \"{directory}\"")),
        (Login::ActiveDirectory, None) => Check::failed(LOGIN, "no directory is named", "choose the directory"),
        (Login::Local, _) => Check::failed(LOGIN, "users have a password of their own", "choose Active Directory"),
    });
    each(match (storage.capacity, profile.quota.map(Size::as_bytes)) {
        (Some(capacity), Some(quota)) if quota > 0 => {
            Check::ok(CAPACITY, format!("{capacity} holds {} full quotas", capacity.as_bytes() / quota))
        }
        (None, _) => Check::ok(CAPACITY, "not watched: the storage states no capacity"),
        (Some(_), _) => Check::warning(CAPACITY, "users have no quota, so nothing bounds the total", "set a quota"),
    });
    Ok(())
}

pub(super) fn save(engine: &Engine, form: &mut Form) -> Result<Saved, Error> {
    let Some((profile, storage)) = read(form) else { return Ok(Saved::Problems) };
    let unfit = profile.unfit(engine.users_by_csv(&profile.name)?);
    if let Some(reason) = unfit.first() {
        let problem = Problem {
            help: Some("choose or create another profile".to_owned()),
            ..Problem::new(format!("\"{}\" cannot be used: {reason}", profile.name))
        };
        form.problem("profile.name", problem);
        return Ok(Saved::Problems);
    }
    let storage_version = match (form.storage_version(), engine.storage(&storage.name)?) {
        (None, Some(kept)) if kept.value == storage => Some(kept.version),
        // It was named, but never looked at: what the form says of it is another's.
        (None, Some(kept)) => {
            let help = "give the location and capacity that it has, or choose another name".to_owned();
            let location = crate::model::text::shown(&kept.value.location);
            let message = format!("the storage \"{}\" exists already, at {location}", kept.value.name);
            form.problem("storage.name", Problem { help: Some(help), ..Problem::new(message) });
            return Ok(Saved::Problems);
        }
        (version, _) => version,
    };
    let (profile, storage) = engine.save_profile(&profile, form.subject_version(), &storage, storage_version)?;
    form.basis.subject = Some(profile.version);
    form.basis.storage = Some(storage.version);
    Ok(if profile.changed || storage.changed { Saved::Kept } else { Saved::Unchanged })
}
