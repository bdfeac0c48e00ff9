//! Step 4: how often the directory is read.

use crate::engine::{Engine, Error};
use crate::model::check::Check;
use crate::model::frequency::{Frequency, Unfit};

use super::Saved;
use super::form::{Basis, Field, Form, Kind, Problem, Value};

pub(super) fn fields() -> Vec<Field> {
    vec![
        Field::new(
            "frequency.every",
            "Read every",
            "15m to 31d. A mapping may override it.",
            Kind::Text { example: "24h" },
        )
        .with("24h")
        .required(),
        Field::new(
            "frequency.at",
            "At",
            "Time of day from which the interval counts. Empty: from the last run.",
            Kind::Text { example: "02:00" },
        ),
        Field::new(
            "frequency.tz",
            "Time zone",
            "For the time of day. Empty: UTC.",
            Kind::Text { example: "Europe/Oslo" },
        ),
    ]
}

pub(super) fn open(engine: &Engine, form: &mut Form) -> Result<(), Error> {
    let Some(kept) = engine.frequency()? else { return Ok(()) };
    let mut set = |key: &str, text: String| form.set(key, Value::Text(text));
    set("frequency.every", kept.value.every.to_string());
    set("frequency.at", kept.value.at.map(|at| at.to_string()).unwrap_or_default());
    set("frequency.tz", kept.value.tz.unwrap_or_default());
    form.basis = Basis::of(kept.version);
    Ok(())
}

fn read(form: &mut Form) -> Option<Frequency> {
    let every = form.parse("frequency.every");
    let at = form.parse("frequency.at");
    let tz = form.text("frequency.tz").map(str::to_owned);
    if form.has_problems() {
        return None;
    }
    let frequency = Frequency { every: every?, at, tz };
    match frequency.unfit() {
        None => Some(frequency),
        Some(unfit) => {
            let key = if matches!(unfit, Unfit::Every(_)) { "frequency.every" } else { "frequency.tz" };
            form.problem(key, Problem::new(unfit.to_string()));
            None
        }
    }
}

pub(super) fn check_fields(form: &mut Form) {
    let _ = read(form);
}

pub(super) fn check(engine: &Engine, form: &mut Form, each: &mut dyn FnMut(Check)) -> Result<(), Error> {
    let Some(frequency) = read(form) else {
        super::report_problems(form, each);
        return Ok(());
    };
    let runs = frequency.next_runs(engine.now(), engine.last_sync()?, 3);
    let runs: Vec<_> = runs.iter().map(|run| run.strftime("%a %d %b %Y %H:%M %:z").to_string()).collect();
    each(Check::ok("next three runs", runs.join(", ")));
    Ok(())
}

pub(super) fn save(engine: &Engine, form: &mut Form) -> Result<Saved, Error> {
    let Some(frequency) = read(form) else { return Ok(Saved::Problems) };
    let saved = engine.save_frequency(&frequency, form.basis.subject)?;
    form.basis.subject = Some(saved.version);
    Ok(Saved::from(saved))
}
