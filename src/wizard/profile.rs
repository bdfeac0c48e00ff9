//! Step 2: create or choose a profile, with its storage and quota.

use crate::engine::{Engine, Error};
use crate::model::check::Check;
use crate::model::duration::Duration;
use crate::model::name::Name;
use crate::model::profile::{Login, Profile, Storage};
use crate::model::size::Size;

use super::Saved;
use super::form::{Choice, Field, Form, Kind, Pick, Problem, Value};
use super::part::{self, Part};

fn profile_parts(directories: Vec<Choice>) -> Vec<Part<Profile>> {
    let only = match directories.as_slice() {
        [one] => one.value.clone(),
        _ => String::new(),
    };
    let field = |key, label, help, example| Field::new(key, label, help, Kind::Text { example });
    vec![
        Part::text(
            Field::new("profile.name", "Profile", "A new profile, or one that exists.", Kind::Pick(Pick::Existing))
                .required(),
            |profile| &mut profile.name,
        ),
        Part::choice(
            Field::new(
                "profile.login",
                "Log-on",
                "How users log on; mass deployment requires Active Directory.",
                Kind::Choice(vec![
                    Choice::new(
                        "active-directory",
                        "Active Directory",
                        "Users log on with their existing credentials.",
                    ),
                    Choice::new("local", "Local password", "Users get a separate password.")
                        .refused("mass deployment activates with Active Directory credentials"),
                ]),
            ),
            |profile| &mut profile.login,
        ),
        Part::optional(
            Field::new(
                "profile.login_directory",
                "Directory",
                "The directory that authenticates the users.",
                Kind::Choice(directories),
            )
            .required(),
            |profile: &mut Profile| &mut profile.login_directory,
        )
        .starting(only),
        Part::optional(
            field(
                "profile.quota",
                "Quota",
                "Storage for each user; 0: no limit; empty: the agent's own quota.",
                "50 GiB",
            ),
            |profile| &mut profile.quota,
        ),
        Part::text(
            field("profile.max_users", "Maximum users", "How many users it can have: 1 to 100000; 0: no limit.", "0")
                .number(0..=100_000),
            |profile| &mut profile.max_users,
        ),
        Part::optional(
            field(
                "profile.devices_per_user",
                "Devices per user",
                "How many laptops a user can activate: 1 to 100; empty: as in step 5.",
                "2",
            )
            .number(1..=100),
            |profile| &mut profile.devices_per_user,
        ),
        Part::text(
            field(
                "profile.inactive_after",
                "Inactive after",
                "Time without a check-in after which a laptop is inactive: 1d to 365d; default 60d.",
                "60d",
            ),
            |profile| &mut profile.inactive_after,
        ),
        Part::text(
            field(
                "profile.preserve_for",
                "Preserve for",
                "How long the data of a removed user is preserved: 30d to 366d; default 90d.",
                "90d",
            ),
            |profile| &mut profile.preserve_for,
        ),
    ]
}

fn storage_parts() -> Vec<Part<Storage>> {
    let field = |key, label, help, example| Field::new(key, label, help, Kind::Text { example });
    vec![
        Part::text(
            field("storage.name", "Storage", "A new storage for the users' data, or one that exists.", "eu-1")
                .required(),
            |storage| &mut storage.name,
        ),
        Part::text(
            field(
                "storage.location",
                "Location",
                "Its address, in the form that your agent expects.",
                "s3://backup-eu-1",
            )
            .required(),
            |storage| &mut storage.location,
        ),
        Part::optional(
            field("storage.capacity", "Capacity", "Its size; empty: imd does not monitor the capacity.", "200 TiB"),
            |storage| &mut storage.capacity,
        ),
    ]
}

/// The defaults of a profile.
fn profile_of(name: Name) -> Profile {
    Profile {
        name,
        login: Login::ActiveDirectory,
        login_directory: None,
        quota: None,
        max_users: 0,
        devices_per_user: None,
        inactive_after: Duration::days(60),
        preserve_for: Duration::days(90),
    }
}

fn storage_of(name: Name) -> Storage {
    Storage { name, location: String::new(), capacity: None }
}

pub(super) fn fields(directories: Vec<Choice>) -> Vec<Field> {
    let mut fields = part::blank(profile_parts(directories), profile_of);
    fields.extend(part::blank(storage_parts(), storage_of));
    fields
}

pub(super) fn open(engine: &Engine, form: &mut Form, name: &Name) -> Result<bool, Error> {
    let Some(kept) = engine.profile(name)? else { return Ok(false) };
    part::fill(form, &profile_parts(Vec::new()), &kept.value);
    form.basis.subject = Some(kept.version);
    Ok(true)
}

pub(super) fn open_storage(engine: &Engine, form: &mut Form, name: &Name) -> Result<bool, Error> {
    let Some(kept) = engine.storage(name)? else { return Ok(false) };
    part::fill(form, &storage_parts(), &kept.value);
    form.basis.storage = Some(kept.version);
    Ok(true)
}

/// Puts another storage into the form: the one of that name, which may not exist yet, or a new one without a name.
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
    part::read_named(form, &storage_parts(), storage_of)
}

fn read_profile(form: &mut Form) -> Option<Profile> {
    let profile = part::read_named(form, &profile_parts(Vec::new()), profile_of)?;
    for (key, length, days) in [
        ("profile.inactive_after", profile.inactive_after, 1..=365),
        ("profile.preserve_for", profile.preserve_for, 30..=366),
    ] {
        if !(Duration::days(*days.start())..=Duration::days(*days.end())).contains(&length) {
            form.problem(key, Problem::new(format!("must be {}d to {}d, not {length}", days.start(), days.end())));
        }
    }
    Some(profile)
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
            "choose or create another profile: mass deployment would conflict with these users",
        ),
    });
    each(match (&profile.login, &profile.login_directory) {
        (Login::ActiveDirectory, Some(directory)) => Check::ok(LOGIN, format!("against \"{directory}\"")),
        (Login::ActiveDirectory, None) => Check::failed(LOGIN, "no directory is named", "choose the directory"),
        (Login::Local, _) => Check::failed(LOGIN, "users have a separate password", "choose Active Directory"),
    });
    each(match (storage.capacity, profile.quota.map(Size::as_bytes)) {
        (Some(capacity), Some(quota)) if quota > 0 => {
            Check::ok(CAPACITY, format!("{capacity} holds {} full quotas", capacity.as_bytes() / quota))
        }
        (None, _) => Check::ok(CAPACITY, "not monitored: the storage has no capacity"),
        (Some(_), _) => Check::warning(CAPACITY, "users have no quota, so the total is not limited", "set a quota"),
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
        // The form names an existing storage that it was not filled from.
        (None, Some(kept)) => {
            let help = "enter its location and capacity, or choose another name".to_owned();
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
