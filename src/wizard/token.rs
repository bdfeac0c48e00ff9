//! Step 6: the mass deployment token. Minted offline, from what the form says, when the step is saved.

use crate::engine::{Engine, Error};
use crate::model::check::Check;
use crate::model::duration::Duration;
use crate::model::name::Name;
use crate::model::token::{Platform, Record, Request, Scope, State};

use super::Saved;
use super::form::{Basis, Choice, Field, Form, Kind, Pick, Problem, Value};

/// Named in an answers file only by what it leads to.
pub(super) const LIMITS: &str = "token.limits";

pub(super) fn fields(mappings: Vec<Choice>) -> Vec<Field> {
    let platforms = [Platform::Windows, Platform::Mac, Platform::Linux].map(|one| {
        let word = one.to_string();
        Choice::new(&word, &word, "")
    });
    vec![
        Field::new("token.name", "Name", "What lists and logs call it.", Kind::Pick(Pick::Existing)).required(),
        Field::new("token.expires", "Expires after", "1d to 3650d, or \"never\".", Kind::Text { example: "90d" })
            .with("90d")
            .required(),
        Field::new(
            "token.max_activations",
            "Laptops at most",
            "How many laptops it may enroll; 0 is no limit.",
            Kind::Text { example: "5000" },
        )
        .with("0"),
        Field::new(
            "token.never_expires",
            "Never expires",
            "A token that leaked lets laptops in until somebody notices.",
            Kind::Choice(vec![
                Choice::new("no", "No", "Give it an end above."),
                Choice::new("yes", "Yes, never", "Whoever gets hold of it can use it for as long as imd runs."),
            ]),
        )
        .with("no")
        .when("token.expires", ["never"]),
        Field::new(
            "token.servers",
            "Servers",
            "Where laptops reach imd, tried in order; separate them by spaces.",
            Kind::Text { example: "https://imd.corp.example.com:7443" },
        )
        .required(),
        Field::new(
            LIMITS,
            "Good for",
            "Which laptops it lets in, and whose.",
            Kind::Choice(vec![
                Choice::new("all", "Every laptop", "Whoever holds it may enroll, from anywhere."),
                Choice::new("some", "Only some", "What a leaked token can do is bounded by what is named below."),
            ]),
        )
        .with("all"),
        Field::new(
            "token.mappings",
            "Users of",
            "Only users of these mappings may claim. None: all.",
            Kind::Several(mappings),
        )
        .when(LIMITS, ["some"]),
        Field::new(
            "token.platforms",
            "Laptops with",
            "Only these systems. None: all.",
            Kind::Several(platforms.into()),
        )
        .when(LIMITS, ["some"]),
        Field::new(
            "token.networks",
            "From",
            "Only laptops that ask from these networks; separate them by spaces. Empty: from anywhere.",
            Kind::Text { example: "10.20.0.0/16" },
        )
        .when(LIMITS, ["some"]),
        Field::new(
            "token.not_before",
            "Not before",
            "A time in UTC. Empty: at once.",
            Kind::Text { example: "2026-12-01T06:00:00Z" },
        )
        .when(LIMITS, ["some"]),
        Field::new(
            "token.note",
            "Note",
            "What to remember of it; shown in lists, and not in the token.",
            Kind::Text { example: "for the Bergen office" },
        ),
    ]
}

pub(super) fn open(engine: &Engine, form: &mut Form, name: &Name) -> Result<bool, Error> {
    let Some(record) = engine.valid_token(name)? else { return Ok(false) };
    let Request { name, expires, max_activations, servers, scope, note } = request_of(&record);
    let mut set = |key: &str, text: String| form.set(key, Value::Text(text));
    set("token.name", name.to_string());
    set("token.expires", expires.map_or_else(|| "never".to_owned(), |length| length.to_string()));
    set("token.never_expires", if expires.is_none() { "yes" } else { "no" }.to_owned());
    set("token.max_activations", max_activations.to_string());
    set("token.servers", servers.join(" "));
    set("token.note", note.unwrap_or_default());
    set(LIMITS, if scope == Scope::default() { "all" } else { "some" }.to_owned());
    set("token.networks", scope.networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
    set("token.not_before", scope.not_before.map(|from| from.to_string()).unwrap_or_default());
    let many = |all: Vec<String>| Value::Many(all);
    form.set("token.mappings", many(scope.mappings.iter().map(ToString::to_string).collect()));
    form.set("token.platforms", many(scope.platforms.iter().map(ToString::to_string).collect()));
    form.basis = Basis::of(1);
    Ok(true)
}

fn request_of(record: &Record) -> Request {
    // It lasts from the moment at which it begins to be good.
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
    let name = form.parse("token.name");
    let expires = match form.text("token.expires") {
        Some("never") => None,
        _ => form.parse::<Duration>("token.expires"),
    };
    if expires.is_some_and(|length| !(Duration::days(1)..=Duration::days(3_650)).contains(&length)) {
        form.problem("token.expires", Problem::new("a token is good for 1d to 3650d, or \"never\" expires"));
    }
    if form.text("token.expires") == Some("never") && form.text("token.never_expires") != Some("yes") {
        form.problem("token.never_expires", Problem::new("that it never expires has to be said here as well"));
    }
    let max_activations = form.parse("token.max_activations").unwrap_or(0);
    let mut servers = Vec::new();
    for server in form.text("token.servers")?.split([' ', ',']).filter(|server| !server.is_empty()) {
        servers.push(server.to_owned());
    }
    for server in &servers {
        if let Err(error) = crate::model::token::server(server) {
            form.problem("token.servers", Problem::new(error.to_string()));
        }
    }
    let scope = if form.text(LIMITS) == Some("some") { scope(form) } else { Scope::default() };
    let note = form.text("token.note").map(str::to_owned);
    if form.has_problems() {
        return None;
    }
    Some(Request { name: name?, expires, max_activations, servers, scope, note })
}

fn scope(form: &mut Form) -> Scope {
    let mut networks = Vec::new();
    for text in form.text("token.networks").unwrap_or_default().split([' ', ',']).filter(|text| !text.is_empty()) {
        networks.push(crate::model::token::network(text));
    }
    if let Some(Err(error)) = networks.iter().find(|network| network.is_err()) {
        let problem = Problem::new(error.to_string());
        form.problem("token.networks", problem);
    }
    let not_before = form.parse("token.not_before");
    let many = |key: &str| form.field(key).map(Field::many).unwrap_or_default();
    Scope {
        // One that is none of the choices is told as such.
        mappings: many("token.mappings").iter().filter_map(|name| Name::new(name).ok()).collect(),
        platforms: many("token.platforms").iter().filter_map(|word| word.parse().ok()).collect(),
        networks: networks.into_iter().flatten().collect(),
        not_before,
    }
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
        None => Check::warning("expiry", "it never expires", "an expiry bounds what a leaked token can do"),
    });
    each(match request.max_activations {
        0 => Check::warning("laptops at most", "no limit", "a limit bounds what a leaked token can do"),
        limit => Check::ok("laptops at most", limit.to_string()),
    });
    for part in request.scope.parts() {
        each(Check::ok("only", part));
    }
    each(match engine.token_named(&request.name)? {
        None => Check::ok("token", "not made yet; making it needs no network"),
        Some(record) if record.state(engine.now()) == State::Valid => {
            Check::ok("token", format!("made: id {}", record.id))
        }
        Some(record) => {
            Check::warning("token", format!("{} is no longer valid", record.id), "saving this step makes a new one")
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
            help: Some("give the new token another name; laptops may already hold this one".to_owned()),
            ..Problem::new(format!("a valid token \"{}\" says something else", request.name))
        };
        form.problem("token.name", problem);
        return Ok(Saved::Problems);
    }
    engine.mint(&request)?;
    form.basis.subject = Some(1);
    Ok(Saved::Kept)
}
