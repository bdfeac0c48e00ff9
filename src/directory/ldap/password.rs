//! Verifies a user's password: one bind on a new TLS connection, then a check of which account was bound.
//!
//! A bind shows that an account of that name has that password. Between two syncs the name may have moved to another
//! account, so the session is asked for its own SID (the first value of the rootDSE's tokenGroups, [MS-ADTS]
//! 3.1.1.3.2.24) and for the entry with the user's objectGUID; both must be the same user. The session is not used for
//! anything else.

use super::connect;
use super::connection::Watch;
use super::error::{Error, Refusal};
use super::request::{Scope, Search};
use super::root::ANYTHING;
use super::users::every_attribute;
use super::{Deadlines, Driver};
use crate::directory::{Error as DirectoryError, PasswordOutcome, decode};
use crate::model::directory::Ldap;
use crate::model::job::Job;
use crate::model::sid::Sid;
use crate::model::user::{Attribute, Guid};
use crate::secrets::Secret;

/// Binds once as `name` with `password`, and checks that the bound account is the user `guid`.
pub(in crate::directory) fn verify_password(
    source: &Ldap,
    name: &str,
    password: &Secret,
    guid: Guid,
    job: &Job,
) -> Result<PasswordOutcome, DirectoryError> {
    let source = Ldap { bind: name.to_owned(), ..source.clone() };
    let driver = Driver::new()?;
    let watch = Watch::over(job);
    driver.block_on(async {
        let mut session = match connect::open(&source, Some(password), Deadlines::INTERACTIVE, watch).await {
            Ok(session) => session,
            Err(DirectoryError::Ldap(Error::Bind { why: Refusal { code }, .. })) => {
                return Ok(PasswordOutcome::Refused { code });
            }
            Err(error) => return Err(error),
        };
        let whoami =
            Search { base: "", scope: Scope::Base, filter: ANYTHING, attributes: &["tokenGroups"], size_limit: 0 };
        let groups = session.readable(&whoami, watch).await?;
        let bound = groups.as_ref().and_then(|dse| Some(Sid::from_value(dse.bytes("tokenGroups")?)?.to_string()));
        let entry = Search {
            base: &format!("<GUID={guid}>"),
            scope: Scope::Base,
            filter: ANYTHING,
            attributes: &every_attribute(),
            size_limit: 0,
        };
        let entry = session.readable(&entry, watch).await?;
        session.close().await;
        let Some(entry) = entry else { return Ok(PasswordOutcome::OtherAccount) };
        let values = entry.values.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
        // Attributes with ranges are not needed here.
        let values = values.filter(|(name, _)| !name.contains(';'));
        let user = decode::user(&entry.dn, values)?;
        let sid = user.first(Attribute::ObjectSid).map(|sid| sid.raw().to_owned());
        let same = user.guid == guid && sid.is_some() && sid == bound;
        Ok(if same { PasswordOutcome::Verified(Box::new(user)) } else { PasswordOutcome::OtherAccount })
    })
}

/// Whether the password may have reached the server: not when the error occurred before the bind.
pub(in crate::directory) fn may_have_bound(error: &Error) -> bool {
    match error {
        Error::TimedOut { what, .. } | Error::Closed { what, .. } => *what == "answer the bind",
        Error::All(errors) => errors.iter().any(may_have_bound),
        Error::Resolve { .. }
        | Error::Refused { .. }
        | Error::Unreachable { .. }
        | Error::NotTls { .. }
        | Error::ClosedInHandshake { .. }
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
