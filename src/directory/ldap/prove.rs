//! Whether a password is a user's own: one bind on a fresh verified connection, and then who was bound.
//!
//! A bind by name proves that somebody of that name has that password. Names move from one account to another between
//! two syncs, so the bound session is asked who it is (the rootDSE's tokenGroups, [MS-ADTS] 3.1.1.3.2.24, begins with
//! the user's own SID) and for the entry with the user's objectGUID; only when both are one user is the password proof.
//! The session is never used for anything else.

use super::connect;
use super::connection::Watch;
use super::error::{Error, Refusal};
use super::request::{Scope, Search};
use super::root::ANYTHING;
use super::users::every_attribute;
use super::{Deadlines, Driver};
use crate::directory::{AuthMethod, Error as DirectoryError, decode};
use crate::model::directory::Ldap;
use crate::model::job::Job;
use crate::model::sid::Sid;
use crate::model::user::{Attribute, Guid};
use crate::secrets::Secret;

/// How long a laptop waits for each server at most. Shorter than for reading: a person is waiting.
pub(in crate::directory) const DEADLINES: Deadlines = Deadlines {
    connect: std::time::Duration::from_secs(3),
    bind: std::time::Duration::from_secs(8),
    page: std::time::Duration::from_secs(8),
};

/// Binds once as `name` with `password`, and looks whether that is the user of `guid`.
pub(in crate::directory) fn prove(
    source: &Ldap,
    name: &str,
    password: &Secret,
    guid: Guid,
    job: &Job,
) -> Result<AuthMethod, DirectoryError> {
    let source = Ldap { bind: name.to_owned(), ..source.clone() };
    let driver = Driver::new()?;
    let watch = Watch::over(job);
    driver.block_on(async {
        let mut session = match connect::open(&source, Some(password), DEADLINES, watch).await {
            Ok(session) => session,
            Err(DirectoryError::Ldap(Error::Bind { why: Refusal { code }, .. })) => {
                return Ok(AuthMethod::Refused { code });
            }
            Err(error) => return Err(error),
        };
        let whoami =
            Search { base: "", scope: Scope::Base, filter: ANYTHING, attributes: &["tokenGroups"], size_limit: 0 };
        let groups = session.readable(&whoami, watch).await?;
        let bound = groups.as_ref().and_then(|dse| {
            let value = dse.bytes("tokenGroups")?;
            let sid = Sid::from_bytes(value).or_else(|| std::str::from_utf8(value).ok()?.parse().ok())?;
            Some(sid.to_string())
        });
        let entry = Search {
            base: &format!("<GUID={guid}>"),
            scope: Scope::Base,
            filter: ANYTHING,
            attributes: &every_attribute(),
            size_limit: 0,
        };
        let entry = session.readable(&entry, watch).await?;
        session.close().await;
        let Some(entry) = entry else { return Ok(AuthMethod::SomebodyElse) };
        let values = entry.values.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        // Values that came in pieces are of no interest here; the account's own flags are single.
        let values = values.filter(|(name, _)| !name.contains(';'));
        let user = decode::user(&entry.dn, values)?;
        let sid = user.first(Attribute::ObjectSid).map(|sid| sid.raw().to_owned());
        let same = user.guid == guid && sid.is_some() && sid == bound;
        Ok(if same { AuthMethod::Proven(Box::new(user)) } else { AuthMethod::SomebodyElse })
    })
}

/// Whether the password may have reached the server: everything that fails before the bind is known to have not.
pub(in crate::directory) fn may_have_bound(error: &Error) -> bool {
    match error {
        Error::Late { what, .. } | Error::Closed { what, .. } => *what == "answer the bind",
        Error::All(errors) => errors.iter().any(may_have_bound),
        Error::Resolve { .. }
        | Error::Refused { .. }
        | Error::Unreachable { .. }
        | Error::NotTls { .. }
        | Error::NoTls { .. }
        | Error::UnknownAuthority { .. }
        | Error::WrongName { .. }
        | Error::Expired { .. }
        | Error::NotYetValid { .. }
        | Error::Tls { .. }
        | Error::NoRoots
        | Error::BadCa { .. }
        | Error::NoPassword { .. }
        | Error::UnusablePassword { .. }
        | Error::BindName { .. }
        | Error::System(_) => false,
        _ => true,
    }
}
