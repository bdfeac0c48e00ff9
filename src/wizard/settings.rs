//! Step 5: how many laptops a user may activate, and how they prove who they are.

use crate::engine::{Engine, Error};
use crate::model::check::Check;
use crate::model::settings::{AtLimit, AuthMethod, OfflineTokens, Settings, Unfit};
use crate::model::text::shown;

use super::form::{Basis, Choice, Field, Form, Kind, Problem, Value};
use super::{Saved, text};

pub(super) fn fields() -> Vec<Field> {
    vec![
        Field::new(
            "settings.devices_per_user",
            "Devices per user",
            "1 to 100 laptops; a profile may override it.",
            Kind::Text { example: "2" },
        )
        .with("2")
        .required(),
        Field::new(
            "settings.at_limit",
            "At the limit",
            "What happens to the next laptop.",
            Kind::Choice(vec![
                Choice::new(
                    "refuse",
                    "Refuse it",
                    "The user keeps the laptops they have, and you hear of the refusal.",
                ),
                Choice::new(
                    "replace-oldest",
                    "Replace the oldest",
                    "The laptop seen longest ago stops; its data is kept.",
                ),
            ]),
        )
        .with("refuse"),
        Field::new(
            "settings.auth",
            "Proof",
            "How a user proves who they are; tried in this order.",
            Kind::Ordered(vec![
                Choice::new("kerberos", "Kerberos", "Nobody types anything: the log-on session itself is the proof."),
                Choice::new("password", "Password", "Tried once against the directory, over verified TLS; never kept."),
                Choice::new(
                    "unverified",
                    "Unverified",
                    "No proof: whoever holds the token may say they are any cached user. Only alone.",
                ),
            ]),
        )
        .with_many(["password"])
        .required(),
        Field::new(
            "settings.safeguard",
            "Fuse",
            "A sync that would take away more of a mapping's users stops and asks.",
            Kind::Text { example: "10%" },
        )
        .with("10%")
        .required(),
        Field::new(
            "settings.offline_tokens",
            "Offline tokens",
            "What happens to a token that another host signed with your key.",
            Kind::Choice(vec![
                Choice::new(
                    "accept",
                    "Accept on first use",
                    "imd accepts and records such a token when a laptop first uses it.",
                ),
                Choice::new(
                    "require-import",
                    "Require import",
                    "imd refuses such a token until `imd bundle in` imports it.",
                ),
            ]),
        )
        .with("accept"),
        Field::new(
            "settings.pilot_group",
            "Only members of",
            "For a pilot: a group by its DN, read at each sync. Empty: everybody whom a mapping takes.",
            Kind::Text { example: "CN=Pilot,OU=Groups,DC=corp,DC=example,DC=com" },
        ),
        Field::new(
            "settings.daily_activation_limit",
            "Most on one day",
            "Laptops activated between midnight and midnight UTC; the next wait. 0: no cap.",
            Kind::Text { example: "50" },
        )
        .with("0"),
    ]
}

pub(super) fn open(engine: &Engine, form: &mut Form) -> Result<(), Error> {
    let Some(kept) = engine.settings()? else { return Ok(()) };
    form.set("settings.devices_per_user", Value::Text(kept.value.devices_per_user.to_string()));
    form.set("settings.at_limit", Value::Text(text(&kept.value.at_limit)));
    form.set("settings.auth", Value::Many(kept.value.auth.iter().map(text).collect()));
    form.set("settings.safeguard", Value::Text(kept.value.safeguard.to_string()));
    form.set("settings.offline_tokens", Value::Text(text(&kept.value.offline_tokens)));
    form.set("settings.pilot_group", Value::Text(kept.value.pilot_group.unwrap_or_default()));
    form.set("settings.daily_activation_limit", Value::Text(kept.value.daily_activation_limit.to_string()));
    form.basis = Basis::of(kept.version);
    Ok(())
}

fn read(form: &mut Form) -> Option<Settings> {
    let devices_per_user = form.parse("settings.devices_per_user");
    let safeguard = form.parse("settings.safeguard");
    let daily_activation_limit = form.parse("settings.daily_activation_limit").unwrap_or_default();
    let at_limit = match form.text("settings.at_limit") {
        Some("replace-oldest") => AtLimit::ReplaceOldest,
        _ => AtLimit::Refuse,
    };
    let auth = form.field("settings.auth").map(Field::many).unwrap_or_default().iter();
    let auth = auth
        .filter_map(|word| match word.as_str() {
            "kerberos" => Some(AuthMethod::Kerberos),
            "password" => Some(AuthMethod::Password),
            "unverified" => Some(AuthMethod::Unverified),
            _ => None,
        })
        .collect();
    if form.has_problems() {
        return None;
    }
    let offline_tokens = match form.text("settings.offline_tokens") {
        Some("require-import") => OfflineTokens::RequireImport,
        _ => OfflineTokens::Accept,
    };
    let pilot_group = form.text("settings.pilot_group").map(str::to_owned);
    let settings = Settings {
        devices_per_user: devices_per_user?,
        at_limit,
        auth,
        safeguard: safeguard?,
        offline_tokens,
        pilot_group,
        daily_activation_limit,
    };
    for unfit in settings.unfit() {
        let key = match unfit {
            Unfit::Devices(_) => "settings.devices_per_user",
            Unfit::PilotGroup => "settings.pilot_group",
            Unfit::NoAuth | Unfit::UnverifiedWithOthers | Unfit::AuthTwice => "settings.auth",
        };
        form.problem(key, Problem::new(unfit.to_string()));
    }
    (!form.has_problems()).then_some(settings)
}

pub(super) fn check_fields(form: &mut Form) {
    let _ = read(form);
}

pub(super) fn check(engine: &Engine, form: &mut Form, each: &mut dyn FnMut(Check)) -> Result<(), Error> {
    let Some(settings) = read(form) else {
        super::report_problems(form, each);
        return Ok(());
    };
    let consequence = |key: &str, value: &str| {
        let choices = form.field(key).map(Field::choices).unwrap_or_default();
        choices.iter().find(|choice| choice.value == value).map(|choice| choice.consequence.clone()).unwrap_or_default()
    };
    each(Check::ok("at the limit", consequence("settings.at_limit", &text(&settings.at_limit))));
    for auth in &settings.auth {
        let word = text(auth);
        let (name, evidence) = ("auth", format!("{word}: {}", consequence("settings.auth", &word)));
        each(match auth {
            AuthMethod::Unverified => Check::warning(name, evidence, "choose kerberos or password where you can"),
            _ => Check::ok(name, evidence),
        });
    }
    if let Some(group) = &settings.pilot_group {
        let evidence = format!("only members of {} are activated, as they are at the next sync", shown(group));
        each(Check::ok("only members of", evidence));
    }
    if settings.daily_activation_limit > 0 {
        let evidence = format!("{} a day; the next wait until midnight UTC", settings.daily_activation_limit);
        each(Check::ok("most on one day", evidence));
    }
    let users = engine.user_count()?;
    let allowed = settings.safeguard.allows(users);
    each(Check::ok("safeguard", format!("of {users} cached users, {allowed} may leave a mapping without asking")));
    Ok(())
}

pub(super) fn save(engine: &Engine, form: &mut Form) -> Result<Saved, Error> {
    let Some(settings) = read(form) else { return Ok(Saved::Problems) };
    let saved = engine.save_settings(&settings, form.basis.subject)?;
    form.basis.subject = Some(saved.version);
    Ok(Saved::from(saved))
}
