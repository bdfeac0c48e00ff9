//! What is wrong with an installation, or soon will be, each with the one thing to do about it.
//!
//! Looks and changes nothing but the note of when the audit was last found whole. What the seven steps lack is not asked here: the wizard knows.

use std::os::unix::fs::PermissionsExt as _;

use jiff::{SignedDuration, Timestamp};

use crate::model::alarm::{TOKEN_DAYS, TOKEN_SHARE};
use crate::model::check::{Check, Outcome};
use crate::model::directory::Directory;
use crate::model::job::Job;
use crate::model::moment::minute as day;
use crate::model::plan::State as PlanState;
use crate::model::text::shown;
use crate::model::token::State;

use super::exports::manifest_in;
use super::{Engine, Error, Verdict};

/// Less free room than this, in bytes, and a backup or a migration may not fit.
const ROOM: u64 = 256 * 1024 * 1024;
/// How late a sync may be before nobody sees to it.
const LATE: SignedDuration = SignedDuration::from_hours(1);
/// How far the clock may lie behind the newest entry of the audit.
const LEEWAY: SignedDuration = SignedDuration::from_mins(5);

impl Engine {
    /// Looks at everything, one check after another; `asks`: at the directories over the network, too.
    pub fn doctor(&self, asks: bool, job: &Job, each: &mut dyn FnMut(Check)) -> Result<(), Error> {
        each(self.folder());
        each(self.database()?);
        each(self.unbroken_audit()?);
        each(self.clock()?);
        for kept in self.directories()? {
            each(if asks { self.directory_answers(&kept.value, job)? } else { unasked(&kept.value) });
        }
        for ending in self.ending_passwords()? {
            let says = format!("the password of {} {}", shown(&ending.bind), ending.says);
            each(Check::warning(
                format!("account of {}", ending.directory),
                says,
                "set a new password there, and give it with `imd directory edit`",
            ));
        }
        each(self.synced()?);
        each(self.waiting_plan()?);
        each(self.good_tokens()?);
        each(self.live_exports()?);
        if let Some(pause) = self.paused()? {
            let until =
                pause.until.map_or_else(|| "until somebody ends it".to_owned(), |at| format!("until {}", day(at)));
            let evidence = format!("paused {until}, by {}", pause.by.shown());
            each(Check::warning("activations", evidence, "`imd resume` lets laptops in again"));
        }
        Ok(())
    }

    fn folder(&self) -> Check {
        const NAME: &str = "state";
        let folder = self.state();
        let path = shown(&folder.to_string_lossy());
        let open = std::fs::metadata(folder).map(|metadata| metadata.permissions().mode() & 0o077 != 0);
        if let Ok(true) | Err(_) = open {
            return Check::failed(NAME, format!("{path} is open to others, or cannot be read"), "chmod 700 the folder");
        }
        match rustix::fs::statvfs(folder) {
            Ok(room) if room.f_bavail.saturating_mul(room.f_frsize) < ROOM => Check::warning(
                NAME,
                format!("{path} has {} MiB left", room.f_bavail.saturating_mul(room.f_frsize) >> 20),
                "make room there: a change that does not fit is refused whole",
            ),
            _ => Check::ok(NAME, format!("{path}, open to its owner alone")),
        }
    }

    fn database(&self) -> Result<Check, Error> {
        let damage = self.store().damage()?;
        Ok(match damage.first() {
            None => Check::ok("database", "whole"),
            Some(first) => Check::failed(
                "database",
                format!("damaged: {}", shown(first)),
                "stop every imd that uses it and put a backup in place with `imd restore`",
            ),
        })
    }

    fn unbroken_audit(&self) -> Result<Check, Error> {
        let help = "compare it with a backup: somebody has edited the database by hand";
        Ok(match self.verify_audit()? {
            Verdict::Whole { rows, .. } => Check::ok("audit", format!("{rows} entries, unbroken")),
            Verdict::Broken { number } => Check::failed("audit", format!("entry {number} was changed"), help),
            Verdict::CutShort { rows, were } => Check::failed("audit", format!("{rows} entries of {were}"), help),
        })
    }

    fn clock(&self) -> Result<Check, Error> {
        let newest = self.audit(1)?.first().map(|entry| entry.at);
        let limit = self.now().saturating_add(LEEWAY).unwrap_or(Timestamp::MAX);
        Ok(match newest {
            Some(newest) if newest > limit => Check::failed(
                "clock",
                format!("it is {}, and the newest change was made at {}", day(self.now()), day(newest)),
                "correct the clock of this host: tokens and passwords are judged by it",
            ),
            _ => Check::ok("clock", format!("it is {}", day(self.now()))),
        })
    }

    fn directory_answers(&self, directory: &Directory, job: &Job) -> Result<Check, Error> {
        let mut checks: Vec<Check> = Vec::new();
        self.check_directory(directory, None, job, &mut |check| {
            if check.outcome != Outcome::Running {
                checks.push(check);
            }
        })?;
        let worst = |outcome| checks.iter().find(|check| check.outcome == outcome);
        let name = format!("directory {}", directory.name);
        Ok(match worst(Outcome::Failed).or(worst(Outcome::Warning)) {
            Some(found) => {
                Check { name: name.into(), evidence: format!("{}: {}", found.name, found.evidence), ..found.clone() }
            }
            None => Check::ok(name, format!("{} checks passed", checks.len())),
        })
    }

    fn synced(&self) -> Result<Check, Error> {
        const NAME: &str = "sync";
        let Some(due) = self.next_sync(None)? else {
            return Ok(Check::skipped(NAME, "there is no mapping to read"));
        };
        let late = self.now().duration_since(due) > LATE;
        let to_do = "start `imd serve`, which reads them when it is time, or run `imd sync`";
        let due = day(due);
        Ok(match self.last_sync()?.map(day) {
            Some(last) if !late => Check::ok(NAME, format!("last {last}, next {due}")),
            Some(last) => Check::failed(NAME, format!("last {last}, though the next was due {due}"), to_do),
            None => Check::failed(NAME, format!("the directories were never read; it was due {due}"), to_do),
        })
    }

    fn waiting_plan(&self) -> Result<Check, Error> {
        const NAME: &str = "plan";
        Ok(match self.plans(1)?.first() {
            Some(plan) if matches!(plan.state, PlanState::Stopped { .. }) => Check::failed(
                NAME,
                format!("plan {} was stopped by the fuse and waits", plan.id),
                format!("look at it with `imd sync show {}`, then approve its hash or mend the directory", plan.id),
            ),
            _ => Check::ok(NAME, "none waits for an approval"),
        })
    }

    fn good_tokens(&self) -> Result<Check, Error> {
        const NAME: &str = "tokens";
        let now = self.now();
        let all = self.tokens()?;
        let valid: Vec<_> = all.iter().filter(|record| record.state(now) == State::Valid).collect();
        if valid.is_empty() {
            return Ok(if all.is_empty() {
                Check::skipped(NAME, "none was made yet")
            } else {
                Check::failed(
                    NAME,
                    "none is valid any more: no laptop can enroll",
                    "make another with `imd token create`",
                )
            });
        }
        let soon = SignedDuration::from_hours(24 * TOKEN_DAYS);
        let ending = |end: Timestamp| end.duration_since(now) < soon;
        for record in &valid {
            let name = &record.name;
            if let Some(end) = record.ends_at().filter(|end| ending(*end)) {
                let help = "replace it with `imd token rotate`, which writes its exports anew";
                return Ok(Check::warning(NAME, format!("\"{name}\" ends {}", day(end)), help));
            }
            let most = record.max_activations;
            if most > 0 && record.uses.saturating_mul(100) >= most.saturating_mul(TOKEN_SHARE) {
                let evidence = format!("\"{name}\" has let in {} of {most} laptops", record.uses);
                return Ok(Check::warning(NAME, evidence, "make another with `imd token create` in time"));
            }
        }
        Ok(Check::ok(NAME, format!("{} are valid", valid.len())))
    }

    /// Of the folders that still lie where they were written.
    fn live_exports(&self) -> Result<Check, Error> {
        const NAME: &str = "exports";
        let (now, records) = (self.now(), self.tokens()?);
        let mut there = self.standing_exports()?;
        there.retain(|export| manifest_in(&export.folder).is_some_and(|manifest| manifest.token.id == export.token));
        let is_dead = |export: &&crate::store::Export| {
            let record = records.iter().find(|record| Some(&record.id) == export.token.as_ref());
            record.is_some_and(|record| record.state(now) != State::Valid)
        };
        let dead: Vec<_> = there.iter().filter(is_dead).collect();
        Ok(match dead.first() {
            Some(first) => Check::warning(
                NAME,
                format!(
                    "{} of {} carry a token that is not good any more: {} in {}",
                    dead.len(),
                    there.len(),
                    first.target,
                    shown(&first.folder.to_string_lossy())
                ),
                "write them anew with `imd export`, and replace them where they were copied to",
            ),
            None if there.is_empty() => Check::skipped(NAME, "none lies where it was written"),
            None => Check::ok(NAME, format!("{} carry tokens that are good", there.len())),
        })
    }
}

fn unasked(directory: &Directory) -> Check {
    Check::skipped(format!("directory {}", directory.name), "not asked")
}
