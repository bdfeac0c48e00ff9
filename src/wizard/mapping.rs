//! Step 3: which users of the directory.

use crate::engine::{Engine, Error, Explained};
use crate::filter::Filter;
use crate::model::check::Check;
use crate::model::job::Job;
use crate::model::mapping::{AccountName, Kind as MappingKind, Mapping};
use crate::model::name::Name;
use crate::model::plan::PlannedExcluded;
use crate::model::text::Untrusted;
use crate::sync::Preview;

use super::Saved;
use super::form::{Basis, Choice, Field, Form, Kind, Pick, Problem};
use super::part::{self, Part};

#[derive(Default)]
pub(super) struct Choices {
    pub(super) directories: Vec<Choice>,
    pub(super) profiles: Vec<Choice>,
    pub(super) storages: Vec<Choice>,
}

#[allow(clippy::too_many_lines, reason = "one entry for each field")]
fn parts(choices: Choices) -> Vec<Part<Mapping>> {
    // The only usable choice is made already; otherwise the administrator chooses.
    let named = |key, label, help, choices: Vec<Choice>, of: fn(&mut Mapping) -> &mut Name| {
        let usable: Vec<_> = choices.iter().filter(|choice| choice.refused.is_none()).collect();
        let only = if let [one] = usable.as_slice() { one.value.clone() } else { String::new() };
        Part::text(Field::new(key, label, help, Kind::Choice(choices)).required(), of).starting(only)
    };
    let text = |key, label, help, example| Field::new(key, label, help, Kind::Text { example });
    let pick = |key, label, help, pick| Field::new(key, label, help, Kind::Pick(pick));
    vec![
        Part::text(
            pick("mapping.name", "Mapping", "A new mapping, or one made for mass deployment.", Pick::Existing)
                .required(),
            |mapping| &mut mapping.name,
        ),
        named("mapping.directory", "Directory", "The directory with the users.", choices.directories, |mapping| {
            &mut mapping.directory
        }),
        Part::optional(
            text(
                "mapping.base_dn",
                "Base DN",
                "Where the search starts. Empty: the whole domain.",
                "DC=corp,DC=example,DC=com",
            ),
            |mapping| &mut mapping.base_dn,
        ),
        Part::optional(
            pick("mapping.ou", "OU", "Only users below this OU match. Empty: all.", Pick::Unit),
            |mapping| &mut mapping.ou,
        ),
        Part::optional(
            pick(
                "mapping.group",
                "Group",
                "Only its members match, also through nested and primary groups. Empty: all.",
                Pick::Group,
            ),
            |mapping| &mut mapping.group,
        ),
        Part::optional(
            pick(
                "mapping.department",
                "Department",
                "Only users of this department match. Empty: all.",
                Pick::Department,
            ),
            |mapping| &mut mapping.department,
        ),
        Part::optional(
            pick(
                "mapping.country",
                "Country",
                "Only users of this country match: two letters, such as NO. Empty: all.",
                Pick::Country,
            ),
            |mapping| &mut mapping.country,
        ),
        Part::optional(
            Field::new(
                "mapping.filter",
                "LDAP filter",
                "An additional condition as an LDAP filter (RFC 4515). Empty: none.",
                Kind::Filter,
            ),
            |mapping| &mut mapping.filter,
        ),
        Part::choice(
            Field::new(
                "mapping.account_name",
                "Account name",
                "The attribute that becomes the name of the account.",
                Kind::Choice(vec![
                    Choice::new("upn", "userPrincipalName", "Unique in a forest; users log on with it."),
                    Choice::new("cn", "cn", "Readable, but users in different OUs can have the same one."),
                ]),
            ),
            |mapping| &mut mapping.account_name,
        ),
        named("mapping.profile", "Profile", "The profile that these users get.", choices.profiles, |mapping| {
            &mut mapping.profile
        }),
        named("mapping.storage", "Storage", "The storage for the data of these users.", choices.storages, |mapping| {
            &mut mapping.storage
        }),
        Part::optional(
            text(
                "mapping.quota",
                "Quota",
                "Overrides the profile's quota; 0: no limit; empty: as in the profile.",
                "50 GiB",
            ),
            |mapping| &mut mapping.quota,
        ),
        Part::optional(
            text(
                "mapping.interval",
                "Sync interval",
                "Overrides step 4: 15 minutes to 31 days; empty: as in step 4.",
                "12h",
            ),
            |mapping| &mut mapping.interval,
        ),
        Part::choice(
            Field::new(
                "mapping.kind",
                "Purpose",
                "Mass deployment cannot use a mapping made for importing users.",
                Kind::Choice(vec![
                    Choice::new("imd", "Mass deployment", "imd creates the account when the user activates a laptop."),
                    Choice::new("import", "Import", "Accounts are created at import.")
                        .refused("mass deployment cannot use a mapping made for importing users"),
                ]),
            ),
            |mapping| &mut mapping.kind,
        ),
        Part::choice(
            Field::new(
                "mapping.auto_import",
                "Auto import",
                "Must be off for mass deployment.",
                Kind::Choice(vec![
                    Choice::new("false", "Off", "Only an activation creates an account."),
                    Choice::new("true", "On", "Every matched user gets an account.")
                        .refused("it would create accounts for users without a laptop"),
                ]),
            ),
            |mapping| &mut mapping.auto_import,
        ),
    ]
}

/// The defaults of a mapping; its directory, profile and storage are always chosen.
fn mapping_of(name: Name) -> Mapping {
    Mapping {
        kind: MappingKind::Imd,
        directory: name.clone(),
        base_dn: None,
        ou: None,
        group: None,
        department: None,
        country: None,
        filter: None,
        account_name: AccountName::Upn,
        profile: name.clone(),
        storage: name.clone(),
        quota: None,
        auto_import: false,
        interval: None,
        enabled: true,
        name,
    }
}

pub(super) fn fields(choices: Choices) -> Vec<Field> {
    part::blank(parts(choices), mapping_of)
}

pub(super) fn open(engine: &Engine, form: &mut Form, name: &Name) -> Result<bool, Error> {
    let Some(kept) = engine.mapping(name)? else { return Ok(false) };
    part::fill(form, &parts(Choices::default()), &kept.value);
    form.basis = Basis::of(kept.version);
    Ok(true)
}

pub(super) fn read(form: &mut Form) -> Option<Mapping> {
    let two_letters = |country: &str| country.len() == 2 && country.bytes().all(|b| b.is_ascii_alphabetic());
    if form.text("mapping.country").is_some_and(|country| !two_letters(country)) {
        form.problem("mapping.country", Problem::new("a country is two letters (ISO 3166-1), such as NO"));
    }
    if let Some(Err(error)) = form.text("mapping.filter").map(str::parse::<Filter>) {
        let problem = Problem { column: error.column(), help: Some(error.help()), ..Problem::new(error.to_string()) };
        form.problem("mapping.filter", problem);
    }
    let mapping = part::read_named(form, &parts(Choices::default()), mapping_of)?;
    (!form.has_problems()).then_some(mapping)
}

pub(super) fn check_fields(form: &mut Form) {
    let _ = read(form);
}

pub(super) fn preview(engine: &Engine, form: &mut Form, job: &Job) -> Result<Option<Preview>, Error> {
    form.check_fields();
    read(form).map(|mapping| engine.preview(&mapping, job)).transpose()
}

pub(super) fn explain(engine: &Engine, form: &mut Form, name: &str, job: &Job) -> Result<Option<Explained>, Error> {
    form.check_fields();
    read(form).map(|mapping| engine.explain_mapping(&mapping, name, job)).transpose()
}

pub(super) fn check(engine: &Engine, form: &mut Form, job: &Job, each: &mut dyn FnMut(Check)) -> Result<(), Error> {
    const KIND: &str = "made for mass deployment";
    const AUTO: &str = "auto import is off";
    const GROUP: &str = "group";
    const USERS: &str = "matched users";
    const EXCLUDED: &str = "excluded users";
    let Some(mapping) = read(form) else {
        super::report_problems(form, each);
        return Ok(());
    };
    each(match engine.mapping(&mapping.name)?.map(|kept| kept.value.kind) {
        Some(MappingKind::Import) => Check::failed(KIND, "it was made for importing users", "choose another name"),
        Some(MappingKind::Imd) => Check::ok(KIND, "it was made by this step"),
        None => Check::ok(KIND, "it is new"),
    });
    each(Check::ok(AUTO, "only an activation creates an account"));
    if let Some(group) = &mapping.group {
        each(Check::running(GROUP));
        each(match engine.group(&mapping.directory, group, job) {
            Ok(Some(size)) => Check::ok(GROUP, size.to_string()),
            Ok(None) => Check::failed(GROUP, "there is no such group", "choose it again: it was renamed or moved"),
            Err(error) => Check::failed(GROUP, error.to_string(), error.help()),
        });
    }
    each(Check::running(USERS));
    let preview = match engine.preview(&mapping, job) {
        Ok(preview) => preview,
        Err(error) => {
            each(Check::failed(USERS, error.to_string(), error.help()));
            return Ok(());
        }
    };
    let (matched, excluded) = (preview.matched, preview.excluded_total());
    each(match matched {
        0 => Check::failed(USERS, "no users", "widen the mapping: without users, no laptop can be activated"),
        1 => Check::ok(USERS, "1 user"),
        users => Check::ok(USERS, format!("{users} users; the mapping imports {}", preview.takes)),
    });
    for (other, users) in &preview.also {
        let evidence = format!("{users} of these are also matched by \"{other}\", which has a lower priority");
        each(Check::ok("several mappings", evidence));
    }
    each(if excluded == 0 {
        Check::ok(EXCLUDED, "none")
    } else {
        let line = |left: &PlannedExcluded| Untrusted::new(format!("{} {}", left.label.raw(), left.why));
        let list = preview.excluded.iter().map(line).collect();
        Check::warning(EXCLUDED, preview.excluded_summary(), "fix them in the directory, or continue without them")
            .with_list(list)
    });
    Ok(())
}

pub(super) fn save(engine: &Engine, form: &mut Form) -> Result<Saved, Error> {
    let Some(mapping) = read(form) else { return Ok(Saved::Problems) };
    let kept = engine.mapping(&mapping.name)?;
    // A disabled mapping stays disabled: `imd mapping enable` enables it.
    let mapping = Mapping { enabled: kept.as_ref().is_none_or(|kept| kept.value.enabled), ..mapping };
    let reused = kept.is_some_and(|kept| kept.value.kind == MappingKind::Import);
    let unfit =
        if reused { Some(crate::model::mapping::Unfit::ImportMapping) } else { mapping.unfit().into_iter().next() };
    if let Some(reason) = unfit {
        let problem = Problem {
            help: Some("choose another name for the mapping".to_owned()),
            ..Problem::new(format!("\"{}\" cannot be used: {reason}", mapping.name))
        };
        form.problem("mapping.name", problem);
        return Ok(Saved::Problems);
    }
    let saved = engine.save_mapping(&mapping, form.subject_version())?;
    form.basis.subject = Some(saved.version);
    Ok(Saved::from(saved))
}
