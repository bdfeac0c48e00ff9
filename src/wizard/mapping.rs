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

use super::form::{Basis, Choice, Field, Form, Kind, Pick, Problem, Value};
use super::{Saved, text};

pub(super) struct Choices {
    pub(super) directories: Vec<Choice>,
    pub(super) profiles: Vec<Choice>,
    pub(super) storages: Vec<Choice>,
}

pub(super) fn fields(choices: Choices) -> Vec<Field> {
    let choice = |key, label, help, choices: Vec<Choice>| {
        let fit: Vec<_> = choices.iter().filter(|choice| choice.refused.is_none()).collect();
        let only = if let [one] = fit.as_slice() { one.value.clone() } else { String::new() };
        Field::new(key, label, help, Kind::Choice(choices)).with(only)
    };
    vec![
        Field::new(
            "mapping.name",
            "Mapping",
            "A new name, or one made for mass deployment.",
            Kind::Pick(Pick::Existing),
        )
        .required(),
        choice("mapping.directory", "Directory", "Whose users.", choices.directories).required(),
        Field::new(
            "mapping.base_dn",
            "Base DN",
            "Where the search starts. Empty: the whole domain.",
            Kind::Text { example: "DC=corp,DC=example,DC=com" },
        ),
        Field::new("mapping.ou", "OU", "Only users below it. Empty: all.", Kind::Pick(Pick::Unit)),
        Field::new(
            "mapping.group",
            "Group",
            "Its members, with groups inside it and primary groups. Empty: all.",
            Kind::Pick(Pick::Group),
        ),
        Field::new("mapping.department", "Department", "Only this one. Empty: all.", Kind::Pick(Pick::Department)),
        Field::new("mapping.country", "Country", "Two letters, as in NO. Empty: all.", Kind::Pick(Pick::Country)),
        Field::new(
            "mapping.filter",
            "LDAP filter",
            "Narrows the above further (RFC 4515). Empty: no more.",
            Kind::Filter,
        ),
        Field::new(
            "mapping.account_name",
            "Account named by",
            "The attribute that becomes the account's name.",
            Kind::Choice(vec![
                Choice::new("upn", "userPrincipalName", "Unique in a forest; what people log on with."),
                Choice::new("cn", "cn", "Readable, but two users in different OUs may share one."),
            ]),
        )
        .with("upn"),
        choice("mapping.profile", "Profile", "What these users get.", choices.profiles).required(),
        choice("mapping.storage", "Storage", "Where their data goes.", choices.storages).required(),
        Field::new(
            "mapping.quota",
            "Quota",
            "Wins over the profile's. 0 is no limit; empty inherits.",
            Kind::Text { example: "50 GiB" },
        ),
        Field::new(
            "mapping.every",
            "Read every",
            "Overrides step 4 for this mapping; empty inherits.",
            Kind::Text { example: "12h" },
        ),
        Field::new(
            "mapping.kind",
            "Made for",
            "A mapping made for importing is never reused.",
            Kind::Choice(vec![
                Choice::new("imd", "Mass deployment", "An account comes into being when its user activates a laptop."),
                Choice {
                    refused: Some("a mapping made for importing is never reused for mass deployment".to_owned()),
                    ..Choice::new("import", "Import", "Accounts are made at import.")
                },
            ]),
        )
        .with("imd"),
        Field::new(
            "mapping.auto_import",
            "Auto import",
            "Stays off for mass deployment.",
            Kind::Choice(vec![
                Choice::new("false", "Off", "Only a log-on makes an account."),
                Choice {
                    refused: Some("it would make accounts for people who have no laptop".to_owned()),
                    ..Choice::new("true", "On", "Every match gets an account.")
                },
            ]),
        )
        .with("false"),
    ]
}

pub(super) fn open(engine: &Engine, form: &mut Form, name: &Name) -> Result<bool, Error> {
    let Some(kept) = engine.mapping(name)? else { return Ok(false) };
    let mapping = kept.value;
    let mut set = |key: &str, text: String| form.set(key, Value::Text(text));
    set("mapping.name", mapping.name.to_string());
    set("mapping.kind", text(&mapping.kind));
    set("mapping.directory", mapping.directory.to_string());
    set("mapping.base_dn", mapping.base_dn.unwrap_or_default());
    set("mapping.ou", mapping.ou.unwrap_or_default());
    set("mapping.group", mapping.group.unwrap_or_default());
    set("mapping.department", mapping.department.unwrap_or_default());
    set("mapping.country", mapping.country.unwrap_or_default());
    set("mapping.filter", mapping.filter.unwrap_or_default());
    set("mapping.account_name", text(&mapping.account_name));
    set("mapping.profile", mapping.profile.to_string());
    set("mapping.storage", mapping.storage.to_string());
    set("mapping.quota", mapping.quota.map(|quota| quota.to_string()).unwrap_or_default());
    set("mapping.auto_import", mapping.auto_import.to_string());
    set("mapping.every", mapping.every.map(|every| every.to_string()).unwrap_or_default());
    form.basis = Basis::of(kept.version);
    Ok(true)
}

pub(super) fn read(form: &mut Form) -> Option<Mapping> {
    let name = form.parse("mapping.name");
    let directory = form.parse("mapping.directory");
    let profile = form.parse("mapping.profile");
    let storage = form.parse("mapping.storage");
    let quota = form.parse("mapping.quota");
    let every = form.parse("mapping.every");
    let own = |form: &Form, key| form.text(key).map(str::to_owned);
    let two_letters = |country: &str| country.len() == 2 && country.bytes().all(|b| b.is_ascii_alphabetic());
    if form.text("mapping.country").is_some_and(|country| !two_letters(country)) {
        form.problem("mapping.country", Problem::new("a country is two letters (ISO 3166-1), as in NO"));
    }
    let filter = own(form, "mapping.filter").map(|filter| filter.parse::<Filter>());
    if let Some(Err(error)) = filter {
        let problem = Problem { column: error.column(), help: Some(error.help()), ..Problem::new(error.to_string()) };
        form.problem("mapping.filter", problem);
    }
    if form.has_problems() {
        return None;
    }
    Some(Mapping {
        name: name?,
        kind: if form.text("mapping.kind") == Some("import") { MappingKind::Import } else { MappingKind::Imd },
        directory: directory?,
        base_dn: own(form, "mapping.base_dn"),
        ou: own(form, "mapping.ou"),
        group: own(form, "mapping.group"),
        department: own(form, "mapping.department"),
        country: own(form, "mapping.country"),
        filter: own(form, "mapping.filter"),
        account_name: if form.text("mapping.account_name") == Some("cn") { AccountName::Cn } else { AccountName::Upn },
        profile: profile?,
        storage: storage?,
        quota,
        auto_import: form.is_on("mapping.auto_import"),
        every,
        enabled: true,
    })
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
    const USERS: &str = "users who match";
    const LEFT_OUT: &str = "users excluded";
    let Some(mapping) = read(form) else {
        super::report_problems(form, each);
        return Ok(());
    };
    each(match engine.mapping(&mapping.name)?.map(|kept| kept.value.kind) {
        Some(MappingKind::Import) => Check::failed(KIND, "it was made for importing users", "give it another name"),
        Some(MappingKind::Imd) => Check::ok(KIND, "it was made by this step"),
        None => Check::ok(KIND, "it is new"),
    });
    each(Check::ok(AUTO, "an account comes into being at first activation"));
    if let Some(group) = &mapping.group {
        each(Check::running(GROUP));
        each(match engine.group(&mapping.directory, group, job) {
            Ok(Some(size)) => Check::ok(GROUP, size.to_string()),
            Ok(None) => Check::failed(GROUP, "there is no such group", "pick it anew: it was renamed or moved"),
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
        0 => Check::failed(USERS, "nobody", "widen the mapping: nobody would be activated"),
        1 => Check::ok(USERS, "1 user"),
        users => Check::ok(USERS, format!("{users} users; the mapping takes {}", preview.takes)),
    });
    for (other, users) in &preview.also {
        let evidence = format!("{users} of these are also matched by \"{other}\", which comes later");
        each(Check::ok("several mappings", evidence));
    }
    each(if excluded == 0 {
        Check::ok(LEFT_OUT, "nobody")
    } else {
        let line = |left: &PlannedExcluded| Untrusted::new(format!("{} {}", left.label.raw(), left.why));
        let list = preview.excluded.iter().map(line).collect();
        Check::warning(LEFT_OUT, preview.excluded_summary(), "mend them in the directory, or go on without them")
            .with_list(list)
    });
    Ok(())
}

pub(super) fn save(engine: &Engine, form: &mut Form) -> Result<Saved, Error> {
    let Some(mapping) = read(form) else { return Ok(Saved::Problems) };
    let kept = engine.mapping(&mapping.name)?;
    // One that was switched off stays so: `imd mapping enable` switches it on.
    let mapping = Mapping { enabled: kept.as_ref().is_none_or(|kept| kept.value.enabled), ..mapping };
    let reused = kept.is_some_and(|kept| kept.value.kind == MappingKind::Import);
    let unfit =
        if reused { Some(crate::model::mapping::Unfit::ImportMapping) } else { mapping.unfit().into_iter().next() };
    if let Some(reason) = unfit {
        let problem = Problem {
            help: Some("give the mapping another name".to_owned()),
            ..Problem::new(format!("\"{}\" cannot be used: {reason}", mapping.name))
        };
        form.problem("mapping.name", problem);
        return Ok(Saved::Problems);
    }
    let saved = engine.save_mapping(&mapping, form.subject_version())?;
    form.basis.subject = Some(saved.version);
    Ok(Saved::from(saved))
}
