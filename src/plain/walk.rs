//! Walks through the steps: the questions of a step, then its tasks, then the next step, then the overview.

use super::Stop;
use super::answer::{self, Said, WORDS, said};
use super::dialogue::{Dialogue, Ended};
use super::question::{explained, help as question_help, only_choice, prompt};
use crate::engine::{Engine, Error};
use crate::model::name::Name;
use crate::wizard::form::{Form, Kind, Pick, Value};
use crate::wizard::{self, Picked, Standing, State, Step};

pub(super) struct Walk<'a> {
    pub(super) engine: &'a Engine,
    pub(super) dialogue: Dialogue,
}

/// Where to continue after a question.
enum Turn {
    On,
    Again,
    Back,
    StepBack,
    Skip,
    /// The form was reopened, filled from an existing entry.
    Opened,
}

/// Where to continue after the questions of a step, or after its tasks.
pub(super) enum Way {
    On,
    /// To a field, by its place in the form.
    Field(usize),
    StepBack,
}

impl<'a> Walk<'a> {
    pub(super) fn new(engine: &'a Engine, dialogue: Dialogue) -> Self {
        Self { engine, dialogue }
    }

    pub(super) fn run(mut self) -> Result<(), Stop> {
        let ended = self.walk();
        if !matches!(ended, Err(Stop::Ended(Ended::Gone))) {
            // Nothing is lost if this cannot be printed.
            let _ = wizard::standing(self.engine).map(|standing| self.dialogue.say(&farewell(&standing)));
        }
        ended
    }

    fn walk(&mut self) -> Result<(), Stop> {
        self.dialogue.say("imd: from a directory to activated laptops in seven steps, as plain prompts.")?;
        self.dialogue.say(WORDS)?;
        if self.engine.is_read_only() {
            self.dialogue.say("Read-only: you can view everything and change nothing.")?;
        }
        let untouched = wizard::standing(self.engine)?.iter().all(|standing| standing.state == State::Missing);
        let mut at = wizard::at(self.engine)?.or(untouched.then_some(Step::Directory));
        loop {
            at = match at {
                Some(step) => self.step(step)?,
                None => match self.review()? {
                    Some(step) => Some(step),
                    None => return Ok(()),
                },
            };
        }
    }

    /// Runs one step; returns the next one, or `None` for the overview.
    fn step(&mut self, step: Step) -> Result<Option<Step>, Stop> {
        ignoring_read_only(wizard::set_at(self.engine, step))?;
        let mut form = wizard::open(self.engine, step)?;
        self.dialogue.say("")?;
        self.dialogue.say(&format!("Step {} of 7: {}. {}", step.number(), step.title(), step.purpose()))?;
        let mut from = Some(0);
        loop {
            let way = match from.take() {
                Some(from) => match self.questions(&mut form, from)? {
                    Way::On => self.tasks(&mut form)?,
                    way => way,
                },
                None => self.tasks(&mut form)?,
            };
            match way {
                Way::On => return Ok(step.next()),
                Way::Field(at) => from = Some(at),
                Way::StepBack => match step.previous() {
                    Some(previous) => return Ok(Some(previous)),
                    None => self.dialogue.say("This is the first step.")?,
                },
            }
        }
    }

    /// Asks the questions from `from` on. Answers decide which questions follow.
    fn questions(&mut self, form: &mut Form, from: usize) -> Result<Way, Stop> {
        let mut at = from;
        while at < form.fields.len() {
            if !form.fields[at].visible {
                at += 1;
                continue;
            }
            if let Some(only) = only_choice(&form.fields[at]) {
                self.dialogue.say(&format!("{}: {}.", form.fields[at].label, only.label))?;
                at += 1;
                continue;
            }
            match self.question(form, at)? {
                Turn::On | Turn::Opened => at += 1,
                Turn::Again => {}
                Turn::Skip => break,
                Turn::StepBack => return Ok(Way::StepBack),
                Turn::Back => match last_question(form, at) {
                    Some(before) => at = before,
                    None => self.dialogue.say("This is the first question; << goes to the previous step.")?,
                },
            }
        }
        Ok(Way::On)
    }

    fn question(&mut self, form: &mut Form, at: usize) -> Result<Turn, Stop> {
        let mut picks: Vec<Picked> = Vec::new();
        loop {
            let field = &form.fields[at];
            if let Value::Secret(_) = field.value {
                let typed = self.dialogue.ask_hidden(&prompt(field))?;
                return match said(typed.expose()) {
                    Said::Text(_) | Said::List(_) => self.answered(form, at, Value::Secret(typed.clone())),
                    word => self.word(form, at, &word),
                };
            }
            let line = self.dialogue.ask(&prompt(field))?;
            let value = match (said(&line), &field.kind) {
                (Said::List(under), Kind::Pick(_)) => {
                    picks = self.list(form, at, &picks, under)?;
                    continue;
                }
                (Said::Text(text), _) => match picked(&picks, text) {
                    Some(picked) => Value::Text(picked.value.raw().to_owned()),
                    None => answer::value(field, text),
                },
                // Other fields have no list: the line is the value.
                (Said::List(_), _) => Value::Text(line.clone()),
                (word, _) => return self.word(form, at, &word),
            };
            return self.answered(form, at, value);
        }
    }

    /// Runs a command of the prompts.
    fn word(&mut self, form: &mut Form, at: usize, word: &Said<'_>) -> Result<Turn, Stop> {
        Ok(match word {
            Said::Explain => {
                for line in explained(&form.fields[at]) {
                    self.dialogue.say(&line)?;
                }
                Turn::Again
            }
            Said::Back => Turn::Back,
            Said::StepBack => Turn::StepBack,
            Said::Skip => Turn::Skip,
            Said::Empty => {
                let value = answer::empty(&form.fields[at]);
                return self.answered(form, at, value);
            }
            Said::Keep | Said::List(_) | Said::Text(_) => return self.judged(form, at),
        })
    }

    /// Sets a value and saves the draft; a value that the form refuses is not set.
    fn answered(&mut self, form: &mut Form, at: usize, value: Value) -> Result<Turn, Stop> {
        let before = form.clone();
        let key = form.fields[at].key.clone();
        form.set(&key, value);
        form.entered = true;
        if self.reopen(form, at)? {
            return Ok(Turn::Opened);
        }
        let turn = self.judged(form, at)?;
        match turn {
            Turn::Again => *form = before,
            _ => ignoring_read_only(wizard::keep_draft(self.engine, form))?,
        }
        Ok(turn)
    }

    /// Continues if the form accepts the value; otherwise prints the problem and asks again.
    fn judged(&mut self, form: &Form, at: usize) -> Result<Turn, Stop> {
        let mut judged = form.clone();
        judged.check_fields();
        if self.problem(&judged, at)? { Ok(Turn::Again) } else { Ok(Turn::On) }
    }

    /// Prints the problem of a field; false if there is none.
    pub(super) fn problem(&mut self, form: &Form, at: usize) -> Result<bool, Stop> {
        let field = &form.fields[at];
        let Some(problem) = &field.problem else { return Ok(false) };
        let column = problem.column.map(|column| format!("at column {column}: ")).unwrap_or_default();
        let help = problem.help.clone().unwrap_or_else(|| question_help(field));
        self.dialogue.wrong(&format!("{}: {column}{}", field.label, problem.message), &help)?;
        Ok(true)
    }

    /// Lists the choices, numbered from 1.
    fn list(&mut self, form: &Form, at: usize, before: &[Picked], under: &str) -> Result<Vec<Picked>, Stop> {
        let key = form.fields[at].key.clone();
        let Kind::Pick(pick) = form.fields[at].kind else { return Ok(Vec::new()) };
        let under = picked(before, under).map_or(under, |picked| picked.value.raw()).to_owned();
        let under = Some(under.as_str()).filter(|under| !under.is_empty());
        let engine = self.engine;
        let mut form = form.clone();
        if let (Pick::Controller, Some(domain)) = (pick, under) {
            // The domain is typed into the field of the addresses.
            form.set(&key, Value::Text(domain.to_owned()));
        }
        let found = self.dialogue.while_working(|_, job| wizard::pick(engine, &form, pick, under, job));
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                self.trouble(&error)?;
                return Ok(Vec::new());
            }
        };
        let narrowed = |item: &Picked| match (pick, under) {
            // The directory has already filtered these.
            (Pick::Unit | Pick::Group | Pick::Controller, _) | (_, None) => true,
            (_, Some(word)) => item.label.raw().to_lowercase().contains(&word.to_lowercase()),
        };
        let found: Vec<Picked> = found.into_iter().filter(narrowed).collect();
        if found.is_empty() {
            self.dialogue.say("Nothing was found; type a value instead.")?;
        }
        for (at, item) in found.iter().enumerate() {
            let detail = if item.detail.is_empty() { String::new() } else { format!(", {}", item.detail) };
            let below = if item.has_children { ", more below it" } else { "" };
            self.dialogue.say(&format!("{} {}{detail}{below}", at + 1, item.label.shown()))?;
        }
        Ok(found)
    }

    /// The name of an existing entry reopens the form, filled from it.
    fn reopen(&mut self, form: &mut Form, at: usize) -> Result<bool, Stop> {
        let field = &form.fields[at];
        if field.kind != Kind::Pick(Pick::Existing) {
            return Ok(false);
        }
        let Ok(name) = Name::new(field.text()) else { return Ok(false) };
        let is_open = form
            .basis
            .subject_name
            .as_deref()
            .is_some_and(|open| Name::new(open).is_ok_and(|open| open.is_same(&name)));
        if is_open {
            return Ok(false);
        }
        let opened = wizard::open_entry(self.engine, form.step, &name)?;
        if opened.basis.subject.is_none() {
            return Ok(false);
        }
        *form = opened;
        self.dialogue.say(&format!("{name} already exists: the questions show its values."))?;
        ignoring_read_only(wizard::keep_draft(self.engine, form))?;
        Ok(true)
    }

    pub(super) fn trouble(&mut self, error: &Error) -> Result<(), Ended> {
        self.dialogue.wrong(&error.to_string(), &error.help())
    }

    /// Prints the state of each step and asks which one to open.
    fn review(&mut self) -> Result<Option<Step>, Stop> {
        self.dialogue.say("")?;
        self.dialogue.say("Overview.")?;
        let standing = wizard::standing(self.engine)?;
        for Standing { step, state, evidence, .. } in &standing {
            self.dialogue.say(&format!("{} {}, {}: {evidence}", step.number(), step.title(), state.word()))?;
        }
        loop {
            let line = self.dialogue.ask("Step to open, 1 to 7; Enter quits")?;
            let step = line.parse::<usize>().ok().and_then(|number| Step::ALL.get(number.checked_sub(1)?));
            match (line.as_str(), step) {
                ("", _) => return Ok(None),
                (_, Some(step)) => return Ok(Some(*step)),
                _ => self.dialogue.say("Error: this is not a step. Answer with a number from 1 to 7.")?,
            }
        }
    }
}

/// The last question before `at` that can be asked.
pub(super) fn last_question(form: &Form, at: usize) -> Option<usize> {
    (0..at).rev().find(|at| form.fields[*at].visible && only_choice(&form.fields[*at]).is_none())
}

/// The line of a list with that number.
fn picked<'a>(picks: &'a [Picked], text: &str) -> Option<&'a Picked> {
    picks.get(text.parse::<usize>().ok()?.checked_sub(1)?)
}

/// A read-only session keeps neither drafts nor its place; that is not an error.
pub(super) fn ignoring_read_only(result: Result<(), Error>) -> Result<(), Error> {
    match result {
        Err(Error::ReadOnly) => Ok(()),
        result => result,
    }
}

fn farewell(standing: &[Standing]) -> String {
    match standing.iter().find(|standing| standing.state != State::Done) {
        None => "All seven steps are done.".to_owned(),
        Some(open) => {
            format!("Run `imd setup --plain` again to continue at step {}, {}.", open.step.number(), open.step.title())
        }
    }
}
