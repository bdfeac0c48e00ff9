//! Step 4: how often imd reads the directory.

use crate::engine::{Engine, Error};
use crate::model::check::Check;
use crate::model::frequency::Frequency;

use super::Saved;
use super::form::{Basis, Field, Form, Kind, Problem};
use super::part::{self, Part};

fn parts() -> Vec<Part<Frequency>> {
    vec![
        Part::text(
            Field::new(
                "frequency.interval",
                "Sync interval",
                "How often imd reads the directory: 15 minutes to 31 days; default 24h.",
                Kind::Text { example: "24h" },
            )
            .required(),
            |frequency| &mut frequency.interval,
        ),
        Part::optional(
            Field::new(
                "frequency.at",
                "Start time",
                "Time of day that the interval counts from. Empty: the time of the last sync.",
                Kind::Text { example: "02:00" },
            ),
            |frequency| &mut frequency.at,
        ),
        Part::optional(
            Field::new(
                "frequency.time_zone",
                "Time zone",
                "Time zone of the start time. Empty: UTC.",
                Kind::Text { example: "Europe/Oslo" },
            ),
            |frequency| &mut frequency.time_zone,
        ),
    ]
}

pub(super) fn fields() -> Vec<Field> {
    part::fields(parts(), &Frequency::default())
}

pub(super) fn open(engine: &Engine, form: &mut Form) -> Result<(), Error> {
    if let Some(kept) = engine.frequency()? {
        part::fill(form, &parts(), &kept.value);
        form.basis = Basis::of(kept.version);
    }
    Ok(())
}

fn read(form: &mut Form) -> Option<Frequency> {
    let frequency = part::read(form, &parts(), Frequency::default());
    if let Some(unfit) = frequency.unfit() {
        form.problem(unfit.key(), Problem::new(unfit.to_string()));
    }
    (!form.has_problems()).then_some(frequency)
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
    each(Check::ok("next three syncs", runs.join(", ")));
    Ok(())
}

pub(super) fn save(engine: &Engine, form: &mut Form) -> Result<Saved, Error> {
    let Some(frequency) = read(form) else { return Ok(Saved::Problems) };
    let saved = engine.save_frequency(&frequency, form.basis.subject)?;
    form.basis.subject = Some(saved.version);
    Ok(Saved::from(saved))
}
