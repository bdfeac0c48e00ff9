//! The overview of the deployment: one answer for the console, `imd status`, `imd doctor` and the report.

use jiff::{SignedDuration, Timestamp};

use crate::model::overview::{Carried, Carrier, DAYS, Overview, Password, Paused, Service, Syncs};
use crate::model::text::Untrusted;
use crate::model::token::{Record, State};
use crate::store::{Export, Numbers};

use super::exports_written::is_there;
use super::{Engine, Error};

/// For how many days an ended token is still shown.
const SHOWN_AFTER: i64 = 14;

impl Engine {
    /// The state at this moment. It costs the same whatever the number of users.
    pub fn overview(&self) -> Result<Overview, Error> {
        let now = self.now();
        let Numbers {
            stages,
            days,
            refused_for,
            directories,
            last_sync: last,
            failed,
            stopped,
            storages,
            service: seen,
            accounts,
            audit,
        } = self.store().numbers(now, DAYS, crate::sync::GOOD_FOR)?;
        let pause = self.paused()?.map(|pause| Paused { since: pause.since, until: pause.until, by: pause.by });
        let passwords = self.ending_passwords()?.into_iter().map(|ending| Password {
            directory: ending.directory,
            bind: Untrusted::new(ending.bind),
            days: ending.days,
            says: ending.says,
        });
        let next = self.next_sync(failed.as_ref().map(|failed| failed.at))?;
        let tokens = self.store().tokens()?;
        Ok(Overview {
            at: now,
            stages,
            days,
            refused_for,
            directories,
            sync: Syncs { last, next, failed, stopped },
            tokens_created: tokens.len() as u64,
            tokens: self.carried(&tokens, now)?,
            storages,
            certificate_ends: self.certificate_ends(seen.as_ref())?,
            service: Service { running: self.store().is_served(), seen },
            pause,
            passwords: passwords.collect(),
            accounts,
            audit,
        })
    }

    /// The tokens to show.
    fn carried(&self, tokens: &[Record], now: Timestamp) -> Result<Vec<Carried>, Error> {
        let exports = self.standing_exports()?;
        let lately = now.checked_sub(SignedDuration::from_hours(24 * SHOWN_AFTER)).unwrap_or(now);
        let carried = tokens.iter().map(|token| carried(token, tokens, &exports, now));
        let worth = |token: &Carried| match token.state {
            State::Valid | State::Overused => true,
            _ => token.exports > 0 || token.ends_at.is_some_and(|end| end > lately),
        };
        Ok(carried.filter(worth).collect())
    }
}

fn carried(token: &Record, all: &[Record], exports: &[Export], now: Timestamp) -> Carried {
    let state = token.state(now);
    let carry = exports.iter().filter(|export| export.token.as_ref() == Some(&token.id));
    // A folder that was deleted or overwritten no longer deploys this token.
    let carry: Vec<_> = carry.filter(|export| state == State::Valid || is_there(export)).collect();
    let newest = carry
        .first()
        .map(|export| Carrier { number: export.id, folder: Untrusted::new(export.folder.to_string_lossy()) });
    let replacement = token.replaced.as_ref().and_then(|by| all.iter().find(|other| other.id == by.by));
    Carried {
        id: token.id.clone(),
        name: token.name.clone(),
        state,
        ends_at: token.revoked_at.or(token.ends_at()),
        uses: token.uses,
        max: token.max_activations,
        replaced_at: replacement.map(|replacement| replacement.issued_at),
        last_use: token.last_use.as_ref().map(|used| used.at),
        exports: carry.len() as u64,
        export: newest,
    }
}
