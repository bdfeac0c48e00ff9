//! Step 6: the mass deployment token. Saving the step mints it offline from the form.

use crate::engine::{Engine, Error};
use crate::model::Unreadable;
use crate::model::check::Check;
use crate::model::duration::Duration;
use crate::model::name::Name;
use crate::model::token::{Platform, Record, Request, Scope, State};

use super::Saved;
use super::form::{Basis, Choice, Field, Form, Kind, Pick, Problem, Value};
use super::part::{self, Part};

const SCOPE: &str = "token.limits";

#[allow(clippy::too_many_lines, reason = "one entry for each field")]
fn parts(mappings: Vec<Choice>) -> Vec<Part<Request>> {
    let text = |key, label, help, example| Field::new(key, label, help, Kind::Text { example });
    let platforms = [Platform::Windows, Platform::Mac, Platform::Linux].map(|one| {
        let word = one.to_string();
        Choice::new(&word, &word, "")
    });
    vec![
        Part::text(
            Field::new("token.name", "Name", "The name of the token in lists and logs.", Kind::Pick(Pick::Existing))
                .required(),
            |token| &mut token.name,
        ),
        Part::new(
            text(
                "token.expires",
                "Expiry",
                "How long laptops can enroll with it: 1d to 3650d, or never; default 90d.",
                "90d",
            )
            .required(),
            |token: &Request| {
                Value::Text(token.expires.map_or_else(|| "never".to_owned(), |length| length.to_string()))
            },
            |token, field| {
                token.expires = match field.text().trim() {
                    "never" | "" => None,
                    length => Some(length.parse().map_err(|error: Unreadable| Problem::new(error.to_string()))?),
                };
                Ok(())
            },
        ),
        Part::text(
            text(
                "token.max_activations",
                "Maximum activations",
                "How many laptops can enroll with it; 0: no limit; default 0.",
                "5000",
            )
            .number(0..=u32::MAX.into()),
            |token| &mut token.max_activations,
        ),
        Part::new(
            Field::new(
                "token.never_expires",
                "Never expires",
                "Confirms that the token has no expiry.",
                Kind::Choice(vec![
                    Choice::new("no", "No", "Enter an expiry above."),
                    Choice::new("yes", "Yes, never", "Anyone who gets the token can use it until it is revoked."),
                ]),
            )
            .when("token.expires", ["never"]),
            |token: &Request| Value::Text(if token.expires.is_none() { "yes" } else { "no" }.to_owned()),
            |_, field| match field.text() {
                "yes" => Ok(()),
                _ => Err(Problem::new("confirm here that the token never expires")),
            },
        ),
        Part::list(
            text(
                "token.servers",
                "Servers",
                "The addresses of imd for laptops, tried in order and separated by spaces.",
                "https://imd.corp.example.com:7443",
            )
            .required(),
            |token| &mut token.servers,
        ),
        Part::new(
            Field::new(
                SCOPE,
                "Scope",
                "Which laptops can use the token.",
                Kind::Choice(vec![
                    Choice::new("all", "Any laptop", "Any laptop with the token can enroll, from any network."),
                    Choice::new("some", "Restricted", "Only the laptops and users below; this limits a leaked token."),
                ]),
            )
            .implied(),
            |token: &Request| Value::Text(if token.scope == Scope::default() { "all" } else { "some" }.to_owned()),
            |_, _| Ok(()),
        ),
        Part::choices(
            Field::new(
                "token.mappings",
                "Mappings",
                "Only users of these mappings can activate a laptop. None: all.",
                Kind::Several(mappings),
            )
            .when(SCOPE, ["some"]),
            |token| &mut token.scope.mappings,
        ),
        Part::choices(
            Field::new(
                "token.platforms",
                "Platforms",
                "Only laptops with these systems can enroll. None: all.",
                Kind::Several(platforms.into()),
            )
            .when(SCOPE, ["some"]),
            |token| &mut token.scope.platforms,
        ),
        Part::new(
            text(
                "token.networks",
                "Networks",
                "Only laptops in these networks can enroll; separated by spaces. Empty: all.",
                "10.20.0.0/16",
            )
            .list()
            .when(SCOPE, ["some"]),
            |token: &Request| {
                let networks: Vec<_> = token.scope.networks.iter().map(ToString::to_string).collect();
                Value::Text(networks.join(" "))
            },
            |token, field| {
                let networks = field.words().map(crate::model::token::network).collect::<Result<_, _>>();
                token.scope.networks = networks.map_err(|error| Problem::new(error.to_string()))?;
                Ok(())
            },
        ),
        Part::optional(
            text(
                "token.not_before",
                "Not before",
                "When it becomes valid, in UTC. Empty: at once.",
                "2026-12-01T06:00:00Z",
            )
            .when(SCOPE, ["some"]),
            |token| &mut token.scope.not_before,
        ),
        Part::optional(
            text("token.note", "Note", "A comment for lists; it is not part of the token.", "for the Bergen office"),
            |token| &mut token.note,
        ),
    ]
}

/// The defaults of a token.
fn request_for(name: Name) -> Request {
    Request {
        name,
        expires: Some(Duration::days(90)),
        max_activations: 0,
        servers: Vec::new(),
        scope: Scope::default(),
        note: None,
    }
}

pub(super) fn fields(mappings: Vec<Choice>) -> Vec<Field> {
    part::blank(parts(mappings), request_for)
}

pub(super) fn open(engine: &Engine, form: &mut Form, name: &Name) -> Result<bool, Error> {
    let Some(record) = engine.valid_token(name)? else { return Ok(false) };
    part::fill(form, &parts(Vec::new()), &request_of(&record));
    form.basis = Basis::of(1);
    Ok(true)
}

fn request_of(record: &Record) -> Request {
    // Its length counts from the start of its validity.
    let starts = record.scope.not_before.map_or(record.issued_at, |from| from.max(record.issued_at));
    let length = |end: jiff::Timestamp| {
        let seconds = end.duration_since(starts).as_secs();
        Duration::seconds(seconds.max(0).unsigned_abs())
    };
    Request {
        name: record.name.clone(),
        expires: record.expires_at.map(length),
        max_activations: record.max_activations,
        servers: record.servers.clone(),
        scope: record.scope.clone(),
        note: record.note.as_ref().map(|note| note.raw().to_owned()),
    }
}

fn read(form: &mut Form) -> Option<Request> {
    let request = part::read_named(form, &parts(Vec::new()), request_for)?;
    if request.expires.is_some_and(|length| !(Duration::days(1)..=Duration::days(3_650)).contains(&length)) {
        form.problem("token.expires", Problem::new("must be 1d to 3650d, or \"never\""));
    }
    for server in &request.servers {
        if let Err(error) = crate::model::token::server(server) {
            form.problem("token.servers", Problem::new(error.to_string()));
        }
    }
    (!form.has_problems()).then_some(request)
}

pub(super) fn check_fields(form: &mut Form) {
    let _ = read(form);
}

pub(super) fn check(engine: &Engine, form: &mut Form, each: &mut dyn FnMut(Check)) -> Result<(), Error> {
    let Some(request) = read(form) else {
        super::report_problems(form, each);
        return Ok(());
    };
    each(match request.expires {
        Some(length) => {
            let end = engine.now().saturating_add(length.signed());
            let day = end.map(crate::model::moment::day).unwrap_or_default();
            Check::ok("expiry", format!("{length} from now: {day}"))
        }
        None => Check::warning("expiry", "the token never expires", "an expiry limits the damage of a leaked token"),
    });
    each(match request.max_activations {
        0 => Check::warning("maximum activations", "no limit", "a limit reduces the damage of a leaked token"),
        limit => Check::ok("maximum activations", limit.to_string()),
    });
    for part in request.scope.parts() {
        each(Check::ok("scope", part));
    }
    each(match engine.token_named(&request.name)? {
        None => Check::ok("token", "not created yet; creating it needs no network"),
        Some(record) if record.state(engine.now()) == State::Valid => {
            Check::ok("token", format!("created: id {}", record.id))
        }
        Some(record) => {
            Check::warning("token", format!("{} is no longer valid", record.id), "saving this step creates a new one")
        }
    });
    Ok(())
}

pub(super) fn save(engine: &Engine, form: &mut Form) -> Result<Saved, Error> {
    let Some(request) = read(form) else { return Ok(Saved::Problems) };
    if let Some(record) = engine.valid_token(&request.name)? {
        if request_of(&record) == request {
            return Ok(Saved::Unchanged);
        }
        let problem = Problem {
            help: Some("choose another name for the new token: laptops may already have this one".to_owned()),
            ..Problem::new(format!("a valid token \"{}\" has other values", request.name))
        };
        form.problem("token.name", problem);
        return Ok(Saved::Problems);
    }
    engine.mint(&request)?;
    form.basis.subject = Some(1);
    Ok(Saved::Kept)
}
