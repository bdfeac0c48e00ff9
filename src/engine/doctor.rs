//! The checks of the host that `imd doctor` makes: the folder, the database, the audit log, the clock, and whether each
//! directory answers.
//!
//! They change nothing, except that the time of the check of the audit log is stored.

use std::os::unix::fs::PermissionsExt as _;

use jiff::{SignedDuration, Timestamp};

use crate::model::check::{Check, Outcome};
use crate::model::directory::Directory;
use crate::model::job::Job;
use crate::model::moment::minute;
use crate::model::overview::Overview;
use crate::model::text::shown;

use super::{Engine, Error, Verdict};

/// With less free space than this, in bytes, a backup or a migration may fail.
const SPACE: u64 = 256 * 1024 * 1024;
/// How far the clock may be behind the newest entry of the audit log.
const LEEWAY: SignedDuration = SignedDuration::from_mins(5);

impl Engine {
    /// Runs the checks one after another, and returns the overview with its alarms, the other findings. `asks`:
    /// connects to the directories, too.
    pub fn doctor(&self, asks: bool, job: &Job, each: &mut dyn FnMut(Check)) -> Result<Overview, Error> {
        each(self.folder());
        each(self.database()?);
        let audit = self.verify_audit()?;
        if let Verdict::Whole { rows, .. } = &audit {
            each(Check::ok("audit log", format!("{rows} entries, unchanged")));
        }
        each(self.clock()?);
        for kept in self.directories()? {
            each(if asks { self.directory_answers(&kept.value, job)? } else { not_asked(&kept.value) });
        }
        let mut overview = self.overview()?;
        overview.audit.broken = audit.fault().or(overview.audit.broken);
        Ok(overview)
    }

    fn folder(&self) -> Check {
        const NAME: &str = "state";
        let folder = self.state();
        let path = shown(&folder.to_string_lossy());
        let open = std::fs::metadata(folder).map(|metadata| metadata.permissions().mode() & 0o077 != 0);
        if let Ok(true) | Err(_) = open {
            return Check::failed(
                NAME,
                format!("{path} is accessible to other users, or cannot be read"),
                format!("`chmod 700 {path}`"),
            );
        }
        match rustix::fs::statvfs(folder) {
            Ok(space) if space.f_bavail.saturating_mul(space.f_frsize) < SPACE => Check::warning(
                NAME,
                format!("{} MiB are free in {path}", space.f_bavail.saturating_mul(space.f_frsize) >> 20),
                "free some space: imd refuses a change that does not fit",
            ),
            _ => Check::ok(NAME, format!("{path}, accessible only to its owner")),
        }
    }

    fn database(&self) -> Result<Check, Error> {
        let damage = self.store().damage()?;
        Ok(match damage.first() {
            None => Check::ok("database", "no damage"),
            Some(first) => Check::failed(
                "database",
                format!("damaged: {}", shown(first)),
                "stop imd on this host, then restore a backup: `imd restore FILE`",
            ),
        })
    }

    fn clock(&self) -> Result<Check, Error> {
        let newest = self.audit(1)?.first().map(|entry| entry.at);
        let limit = self.now().saturating_add(LEEWAY).unwrap_or(Timestamp::MAX);
        Ok(match newest {
            Some(newest) if newest > limit => Check::failed(
                "clock",
                format!("it is {} here, and the newest change was made at {}", minute(self.now()), minute(newest)),
                "correct the clock of this host: imd checks the expiry of tokens and passwords against it",
            ),
            _ => Check::ok("clock", minute(self.now())),
        })
    }

    fn directory_answers(&self, directory: &Directory, job: &Job) -> Result<Check, Error> {
        let mut checks: Vec<Check> = Vec::new();
        self.check_directory(directory, None, job, &mut |check| {
            if check.outcome != Outcome::Running {
                checks.push(check);
            }
        })?;
        // The expiry of the password is an alarm already.
        let is_alarm = self.ending_passwords()?.iter().any(|ending| ending.directory == directory.name);
        checks.retain(|check| !(is_alarm && check.name == "password"));
        let worst = |outcome| checks.iter().find(|check| check.outcome == outcome);
        let name = format!("directory {}", directory.name);
        Ok(match worst(Outcome::Failed).or(worst(Outcome::Warning)) {
            Some(found) => {
                Check { name: name.into(), evidence: format!("{}: {}", found.name, found.evidence), ..found.clone() }
            }
            None => Check::ok(name, format!("{} checks are ok", checks.len())),
        })
    }
}

fn not_asked(directory: &Directory) -> Check {
    Check::skipped(format!("directory {}", directory.name), "not checked with --offline")
}
