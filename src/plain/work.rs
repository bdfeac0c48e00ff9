//! The tasks of a step, and their results as lines.

use std::path::PathBuf;

use super::Stop;
use super::dialogue::Ended;
use super::walk::{Walk, Way, ignoring_read_only, last_question};
use crate::engine::Error;
use crate::model::check::{Check, Outcome};
use crate::model::plan::State;
use crate::model::text::Untrusted;
use crate::model::user::{Attribute, User};
use crate::wizard::form::Form;
use crate::wizard::{self, Minted, Saved, Task};

/// How many entries of a long list are printed.
const SOME: usize = 10;

impl Walk<'_> {
    /// Offers the tasks of the step, and saves the step when the administrator continues.
    pub(super) fn tasks(&mut self, form: &mut Form) -> Result<Way, Stop> {
        let read_only = self.engine.is_read_only();
        let tasks: Vec<Task> =
            form.step.tasks().iter().copied().filter(|task| !(read_only && task.changes())).collect();
        let mut done: Vec<Task> = Vec::new();
        loop {
            let go_on = if form.step.next().is_some() { "Continue" } else { "Finish" };
            let labels: Vec<&str> = tasks.iter().map(|task| task.label(form)).chain([go_on]).collect();
            let next = form.step.next_task(&done).and_then(|next| tasks.iter().position(|task| *task == next));
            let next = next.unwrap_or(tasks.len());
            let line = self.dialogue.ask(&format!("Next: {} [{}]", numbered(&labels), next + 1))?;
            let chosen = match line.as_str() {
                "" => Some(next),
                line => number(line, &labels),
            };
            match (line.as_str(), chosen.map(|at| tasks.get(at))) {
                ("<", _) => return Ok(Way::Field(last_question(form, form.fields.len()).unwrap_or(0))),
                ("<<", _) => return Ok(Way::StepBack),
                ("?", _) => {
                    for (at, task) in tasks.iter().enumerate() {
                        self.dialogue.say(&format!("{} {}: {}", at + 1, task.label(form), task.purpose()))?;
                    }
                    self.dialogue.say(&format!("{} {go_on}: Saves this step and continues.", tasks.len() + 1))?;
                }
                (_, None) => self.dialogue.say("Error: this is not a choice. Answer with a number.")?,
                (_, Some(None)) => {
                    if let Some(way) = self.save(form)? {
                        return Ok(way);
                    }
                }
                (_, Some(Some(task))) => {
                    if !form.check_fields() {
                        return self.first_problem(form);
                    }
                    match self.task(form, *task) {
                        Ok(true) => done.push(*task),
                        Ok(false) if form.has_problems() => return self.first_problem(form),
                        Ok(false) => {}
                        Err(Stop::Engine(error)) => self.refused(form, &error)?,
                        Err(ended) => return Err(ended),
                    }
                }
            }
        }
    }

    /// Saves the step. `None`: it could not be saved, and the reason was printed.
    fn save(&mut self, form: &mut Form) -> Result<Option<Way>, Stop> {
        if self.engine.is_read_only() {
            self.dialogue.say("Read-only: nothing was saved.")?;
            return Ok(Some(Way::On));
        }
        match wizard::save(self.engine, form) {
            Ok(Saved::Problems) => return self.first_problem(form).map(Some),
            Ok(Saved::Kept) => self.dialogue.say("Saved.")?,
            Ok(Saved::Unchanged) => self.dialogue.say("Unchanged.")?,
            Err(error) => {
                self.refused(form, &error)?;
                return Ok(None);
            }
        }
        Ok(Some(Way::On))
    }

    /// Prints the error; if another administrator changed the entry meanwhile, offers to reload it.
    fn refused(&mut self, form: &mut Form, error: &Error) -> Result<(), Stop> {
        if !error.is_outdated() {
            return Ok(self.trouble(error)?);
        }
        self.dialogue.say(&format!("Error: {error}"))?;
        let choices = ["Reload it and discard your entries in this step", "Keep your entries for now"];
        if self.one_of("Nothing was overwritten", &choices, 1)? == 0 {
            *form = wizard::reload(self.engine, form)?;
            self.dialogue.say("The questions show the saved values now; < goes back to them.")?;
        } else {
            ignoring_read_only(wizard::keep_draft(self.engine, form))?;
        }
        Ok(())
    }

    fn first_problem(&mut self, form: &Form) -> Result<Way, Stop> {
        let wrong = form.fields.iter().position(|field| field.visible && field.problem.is_some());
        let at = wrong.unwrap_or(0);
        self.problem(form, at)?;
        Ok(Way::Field(at))
    }

    /// Asks for one of the choices; an empty answer selects the one at `kept`.
    fn one_of(&mut self, question: &str, choices: &[&str], kept: usize) -> Result<usize, Ended> {
        loop {
            let line = self.dialogue.ask(&format!("{question}: {} [{}]", numbered(choices), kept + 1))?;
            match (line.as_str(), number(&line, choices)) {
                ("", _) => return Ok(kept),
                (_, Some(at)) => return Ok(at),
                _ => self.dialogue.say("Error: this is not a choice. Answer with a number.")?,
            }
        }
    }

    /// Runs one task. True if it succeeded; false if the form has problems or a check failed.
    fn task(&mut self, form: &mut Form, task: Task) -> Result<bool, Stop> {
        let engine = self.engine;
        match task {
            Task::Check => return self.check(form),
            Task::Preview => {
                self.dialogue.say("Reading the directory.")?;
                let found = self.dialogue.while_working(|_, job| wizard::preview(engine, form, job))?;
                let Some(found) = found else { return Ok(false) };
                let (takes, excluded) = (found.takes, found.excluded_summary());
                self.dialogue.say(&format!("{takes} users match, {excluded}."))?;
                let sample = found.sample.iter().map(named).collect();
                self.some("Matched", sample, takes)?;
                let excluded = found.excluded.iter().map(|left| format!("{} {}", left.label.shown(), left.why));
                self.some("Excluded", excluded.collect(), found.excluded_total())?;
            }
            Task::Explain => {
                let user = self.dialogue.ask("User (CORP\\name, UPN, mail, alias, DN or GUID)")?;
                if user.is_empty() {
                    return Ok(true);
                }
                self.dialogue.say("Asking the directory.")?;
                let explained = self.dialogue.while_working(|_, job| wizard::explain(engine, form, &user, job))?;
                let Some(explained) = explained else { return Ok(false) };
                self.dialogue.say(&explained.found.shown())?;
                for one in &explained.mappings {
                    self.dialogue.say(&format!("{}: {}", one.mapping, one.outcome))?;
                    for line in one.lines() {
                        let verdict = line.verdict.map(|verdict| format!("{verdict}: ")).unwrap_or_default();
                        self.dialogue.say(&format!("{verdict}{}", line.text))?;
                    }
                    if let Some(remedy) = &one.remedy {
                        self.dialogue.say(&format!("To do: {remedy}"))?;
                    }
                }
            }
            Task::Run => {
                self.dialogue.say("Reading the directory.")?;
                let summary = self.dialogue.while_working(|_, job| engine.sync(job))?;
                match &summary.state {
                    State::Applied { .. } => self.dialogue.say("The users are stored.")?,
                    State::Made => self.dialogue.say("The plan is stored and not applied.")?,
                    State::Stopped { reasons } => {
                        self.dialogue.say("The safeguard stopped the sync; nothing was changed.")?;
                        for reason in reasons {
                            self.dialogue.say(&reason.to_string())?;
                        }
                        let approve = format!("To do: review the plan, then run `imd sync --approve {}`", summary.hash);
                        self.dialogue.say(&approve)?;
                    }
                }
                for (count, what) in summary.counts.in_words() {
                    self.dialogue.say(&format!("{count} {what}"))?;
                }
            }
            Task::Mint => {
                let Some(minted) = wizard::mint(engine, form)? else { return Ok(false) };
                self.token(&minted)?;
            }
            Task::Files => {
                let files = wizard::files(engine, form)?;
                if form.has_problems() {
                    return Ok(false);
                }
                self.files(&files)?;
            }
            Task::Write => {
                let Some(written) = wizard::write(engine, form)? else { return Ok(false) };
                self.dialogue.say("Written, each with a README and checksums:")?;
                for export in written {
                    let folder = export.folder.display();
                    self.dialogue.say(&format!("{}: {folder}, {} files", export.target, export.files.len()))?;
                }
                self.dialogue.say("To do: give each folder to its deployment tool; the README describes how.")?;
            }
        }
        Ok(true)
    }

    /// Prints each check when it ends.
    fn check(&mut self, form: &Form) -> Result<bool, Stop> {
        self.dialogue.say("Checking.")?;
        let (mut failed, mut silenced) = (false, None);
        let engine = self.engine;
        self.dialogue.while_working(|dialogue, job| {
            wizard::check(engine, form, job, &mut |check| {
                failed |= check.outcome == Outcome::Failed;
                for line in checked(&check) {
                    if let Err(ended) = dialogue.say(&line) {
                        // The terminal is gone.
                        silenced = Some(ended);
                        job.cancel();
                    }
                }
            })
        })?;
        match silenced {
            Some(ended) => Err(ended.into()),
            None => Ok(!failed),
        }
    }

    fn token(&mut self, Minted { record, token }: &Minted) -> Result<(), Stop> {
        self.dialogue.say(&format!("The token {} was created; it is not shown.", record.name))?;
        for fact in wizard::facts(record) {
            self.dialogue.say(&fact)?;
        }
        self.dialogue.say("Step 7 writes it into the parameters of the installer.")?;
        loop {
            match self.one_of(
                "The token",
                &["Write it to a file that only you can read", "Show it here", "Continue"],
                2,
            )? {
                0 => {
                    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
                    let name = format!("{}.token", record.name.as_str().chars().map(plain).collect::<String>());
                    let typed = self.dialogue.ask(&format!("File [{name}]"))?;
                    let path = PathBuf::from(if typed.is_empty() { name } else { typed });
                    match self.engine.write_token_file(&path, token) {
                        Ok(()) => {
                            self.dialogue.say(&format!("Written to {}; only you can read it.", path.display()))?;
                        }
                        Err(error) => self.trouble(&error)?,
                    }
                }
                1 => self.dialogue.say(token.expose())?,
                _ => return Ok(()),
            }
        }
    }

    /// Prints the names of the files, and each file that is asked for.
    fn files(&mut self, files: &[wizard::PreviewFile]) -> Result<(), Stop> {
        let mut target = "";
        for (at, file) in files.iter().enumerate() {
            if target != file.target {
                target = &file.target;
                for line in file.exposure.lines() {
                    self.dialogue.say(&format!("Who can read the token of {target}: {line}"))?;
                }
            }
            self.dialogue.say(&format!("{} {target}/{}", at + 1, file.name))?;
        }
        loop {
            let line = self.dialogue.ask("Number of a file to show; Enter continues")?;
            let file = line.parse::<usize>().ok().and_then(|number| files.get(number.checked_sub(1)?));
            match (line.as_str(), file) {
                ("", _) => return Ok(()),
                (_, Some(file)) => {
                    for line in file.text.lines() {
                        self.dialogue.say(line)?;
                    }
                }
                _ => self.dialogue.say("Error: this is not a file of the list. Answer with a number.")?,
            }
        }
    }

    /// Prints some of `total` entries, one per line.
    fn some(&mut self, what: &str, lines: Vec<String>, total: u64) -> Result<(), Ended> {
        let named = lines.len().min(SOME) as u64;
        for line in lines.into_iter().take(SOME) {
            self.dialogue.say(&format!("{what}: {line}"))?;
        }
        if total > named {
            self.dialogue.say(&format!("{what}: {} more", total - named))?;
        }
        Ok(())
    }
}

fn named(user: &User) -> String {
    let values = [Attribute::DisplayName, Attribute::UserPrincipalName, Attribute::Mail].map(|of| user.first(of));
    values.into_iter().flatten().map(Untrusted::shown).collect::<Vec<_>>().join(", ")
}

fn checked(check: &Check) -> Vec<String> {
    if check.outcome == Outcome::Running {
        return Vec::new();
    }
    let mut lines = vec![format!("{}, {}: {}", check.outcome.word(), check.name, check.evidence)];
    lines.extend(check.list.iter().take(SOME).map(|one| format!("{}: {}", check.name, one.shown())));
    if check.list.len() > SOME {
        lines.push(format!("{}: {} more", check.name, check.list.len() - SOME));
    }
    lines.extend(check.help.as_ref().map(|help| format!("To do: {help}")));
    lines
}

fn numbered(labels: &[&str]) -> String {
    let one = |(at, label): (usize, &&str)| format!("{} {label}", at + 1);
    labels.iter().enumerate().map(one).collect::<Vec<_>>().join(", ")
}

/// The position of the label, given by number or by the label itself.
fn number(text: &str, labels: &[&str]) -> Option<usize> {
    let number = text.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let named = || labels.iter().position(|label| label.eq_ignore_ascii_case(text));
    number.or_else(named).filter(|at| *at < labels.len())
}
