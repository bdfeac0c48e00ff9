//! Step 5: limits and authentication for every activation.

use crate::engine::{Engine, Error};
use crate::model::check::Check;
use crate::model::settings::Settings;
use crate::model::text::shown;

use super::Saved;
use super::form::{Basis, Choice, Field, Form, Kind, Problem};
use super::part::{self, Part};

#[allow(clippy::too_many_lines, reason = "one entry for each field")]
fn parts() -> Vec<Part<Settings>> {
    vec![
        Part::text(
            Field::new(
                "settings.devices_per_user",
                "Devices per user",
                "How many laptops a user can activate: 1 to 100; default 2. A profile overrides it.",
                Kind::Text { example: "2" },
            )
            .number(1..=100)
            .required(),
            |settings| &mut settings.devices_per_user,
        ),
        Part::choice(
            Field::new(
                "settings.at_limit",
                "At the limit",
                "What happens when a user activates one laptop more.",
                Kind::Choice(vec![
                    Choice::new("refuse", "Refuse", "imd refuses the new laptop; the user keeps the others."),
                    Choice::new(
                        "replace-oldest",
                        "Replace the oldest",
                        "imd releases the laptop with the oldest check-in; its data is kept.",
                    ),
                ]),
            ),
            |settings| &mut settings.at_limit,
        ),
        Part::choices(
            Field::new(
                "settings.auth",
                "Authentication methods",
                "How users are authenticated, in this order; default: password.",
                Kind::Ordered(vec![
                    Choice::new("kerberos", "Kerberos", "The log-on session authenticates the user without a prompt."),
                    Choice::new(
                        "password",
                        "Password",
                        "The directory checks the password over verified TLS; imd never stores it.",
                    ),
                    Choice::new(
                        "unverified",
                        "Unverified",
                        "No authentication: a laptop with the token can activate for any cached user. Cannot be \
                         combined with other methods.",
                    )
                    .warning("use Kerberos or password where you can"),
                ]),
            )
            .required(),
            |settings| &mut settings.auth,
        ),
        Part::text(
            Field::new(
                "settings.safeguard",
                "Safeguard",
                "A sync stops if it removes or disables more of a mapping: 0% to 100%; default 10%.",
                Kind::Text { example: "10%" },
            )
            .required(),
            |settings| &mut settings.safeguard,
        ),
        Part::choice(
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
            ),
            |settings| &mut settings.offline_tokens,
        ),
        Part::optional(
            Field::new(
                "settings.pilot_group",
                "Pilot group",
                "DN of a group: only its members can activate a laptop. Empty: all matched users.",
                Kind::Text { example: "CN=Pilot,OU=Groups,DC=corp,DC=example,DC=com" },
            ),
            |settings| &mut settings.pilot_group,
        ),
        Part::text(
            Field::new(
                "settings.daily_activation_limit",
                "Daily activation limit",
                "How many laptops can be activated per day (UTC); 0: no limit; default 0.",
                Kind::Text { example: "50" },
            )
            .number(0..=u32::MAX.into()),
            |settings| &mut settings.daily_activation_limit,
        ),
    ]
}

pub(super) fn fields() -> Vec<Field> {
    part::fields(parts(), &Settings::default())
}

pub(super) fn open(engine: &Engine, form: &mut Form) -> Result<(), Error> {
    if let Some(kept) = engine.settings()? {
        part::fill(form, &parts(), &kept.value);
        form.basis = Basis::of(kept.version);
    }
    Ok(())
}

fn read(form: &mut Form) -> Option<Settings> {
    let settings = part::read(form, &parts(), Settings::default());
    for unfit in settings.unfit() {
        form.problem(unfit.key(), Problem::new(unfit.to_string()));
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
    for field in form.visible() {
        let name = field.label.to_lowercase();
        for choice in field.chosen_choices() {
            let evidence = format!("{}: {}", choice.label, choice.consequence);
            each(match &choice.warning {
                Some(help) => Check::warning(name.clone(), evidence, help.clone()),
                None => Check::ok(name.clone(), evidence),
            });
        }
        if field.choices().is_empty() && !matches!(field.text(), "" | "0") {
            each(Check::ok(name, shown(field.text())));
        }
    }
    let users = engine.user_count()?;
    let allowed = settings.safeguard.allows(users);
    let evidence = format!("of {users} cached users, a sync can remove {allowed} from a mapping without approval");
    each(Check::ok("safeguard", evidence));
    Ok(())
}

pub(super) fn save(engine: &Engine, form: &mut Form) -> Result<Saved, Error> {
    let Some(settings) = read(form) else { return Ok(Saved::Problems) };
    let saved = engine.save_settings(&settings, form.basis.subject)?;
    form.basis.subject = Some(saved.version);
    Ok(Saved::from(saved))
}
