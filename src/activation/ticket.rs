//! Authentication by Kerberos ticket: which cached user it belongs to, and whether that user may still log on.
//!
//! A ticket is valid for hours after its user was disabled, and contains only a name, which may belong to another user
//! by now. So the directory is asked for the user by objectGUID; only while it is not reachable the cache is used, if
//! it is recent enough.

use jiff::{SignedDuration, Timestamp};

use super::{Error, Standing};
use crate::directory::{self, Finding};
use crate::kerberos::Principal;
use crate::model::directory::Source;
use crate::model::job::Job;
use crate::model::refusal::Reason;
use crate::model::user::{Guid, User};
use crate::secrets::Secret;
use crate::store::Snapshot;

/// The one cached user who is that principal.
pub fn whose(snapshot: Snapshot<'_>, principal: &Principal) -> Result<Guid, Error> {
    let mut found: Vec<Guid> = Vec::new();
    for name in principal.names() {
        let users = snapshot.find_user(&name)?.into_iter().filter(|user| principal.identifies(&user.user));
        found.extend(users.map(|user| user.user.guid));
    }
    found.sort_unstable();
    found.dedup();
    match found[..] {
        [] => Err(Reason::UserUnknown.into()),
        [guid] => Ok(guid),
        _ => Err(Reason::UserAmbiguous.into()),
    }
}

/// The user as the directory has them now. `None` when it cannot be asked and the cache, as of `synced`, is no older
/// than `oldest`.
pub fn as_of_now(
    standing: &Standing,
    principal: &Principal,
    password: Option<&Secret>,
    synced: Option<Timestamp>,
    oldest: SignedDuration,
    now: Timestamp,
) -> Result<Option<User>, Error> {
    let guid = standing.user.user.guid;
    let error = match &standing.directory.source {
        // A file has nothing newer than the cache.
        Source::File(_) => directory::Error::NoPasswords,
        source @ Source::Ldap(_) => match directory::status(source, password, guid, &Job::unwatched()) {
            Ok(Finding::There(user)) if principal.identifies(&user) => return Ok(Some(*user)),
            Ok(Finding::There(_)) => return Err(Reason::NameReassigned.into()),
            Ok(Finding::Deleted | Finding::Absent) => {
                return Err(Reason::UserLeft("the directory no longer has the account".to_owned()).into());
            }
            Ok(Finding::Unreadable) => {
                return Err(Reason::UserLeft("the directory does not show enough of the account".to_owned()).into());
            }
            Err(error) => error,
        },
    };
    match synced {
        Some(synced) if now.duration_since(synced).abs() <= oldest => Ok(None),
        _ => Err(error.into()),
    }
}
