//! Looks up users by objectGUID, and entries by DN or GUID ([MS-ADTS] 3.1.1.3.1.2.4: `<GUID=...>` as a search base).

use super::Error;
use super::connect::Session;
use super::connection::{NO_SUCH_OBJECT, OwnedEntry, Watch};
use super::request::{Scope, Search};
use super::root::ANYTHING;
use super::users::{completed, every_attribute};
use crate::directory::{Error as DirectoryError, Finding, Place};
use crate::model::text::Untrusted;
use crate::model::user::{Attribute, Guid};

/// The state of each of `guids`; with a filter, only those that it selects are found.
pub(super) async fn find(
    session: &mut Session,
    guids: &[Guid],
    filter: Option<&str>,
    watch: Watch<'_>,
) -> Result<Vec<Finding>, DirectoryError> {
    let bases: Vec<String> = guids.iter().map(|guid| format!("<GUID={guid}>")).collect();
    let attributes = every_attribute();
    let search = |base| Search {
        base,
        scope: Scope::Base,
        filter: filter.unwrap_or(ANYTHING),
        attributes: &attributes,
        size_limit: 0,
    };
    let searches: Vec<_> = bases.iter().map(|base| search(base.as_str())).collect();
    let mut findings = Vec::with_capacity(guids.len());
    for found in session.each(&searches, false, watch).await? {
        findings.push(match found {
            Some(entry) => there(session, entry, watch).await?,
            None => Finding::Absent,
        });
    }
    if filter.is_some() {
        return Ok(findings);
    }
    // Only an account with access to tombstones gets a result here.
    let absent: Vec<usize> = (0..findings.len()).filter(|at| findings[*at] == Finding::Absent).collect();
    let of_deleted = |at: &usize| Search { attributes: &["isDeleted"], ..search(bases[*at].as_str()) };
    let searches: Vec<_> = absent.iter().map(of_deleted).collect();
    let deleted = session.each(&searches, true, watch).await?;
    for (at, entry) in absent.into_iter().zip(deleted) {
        if entry.is_some_and(|entry| entry.text("isDeleted").is_some_and(|is| is.eq_ignore_ascii_case("TRUE"))) {
            findings[at] = Finding::Deleted;
        }
    }
    Ok(findings)
}

/// Every user has an objectGUID and a sAMAccountName; without them the account may not read the entry.
async fn there(session: &mut Session, entry: OwnedEntry, watch: Watch<'_>) -> Result<Finding, DirectoryError> {
    match completed(session, entry, watch).await {
        Ok(user) if user.first(Attribute::SamAccountName).is_some() => Ok(Finding::There(Box::new(user))),
        Ok(_) | Err(DirectoryError::Undecodable(_)) => Ok(Finding::Unreadable),
        Err(error) => Err(error),
    }
}

/// The entry at `base`, a DN or `<GUID=...>`; `None` when it is not visible.
pub(super) async fn place(
    session: &mut Session,
    base: &str,
    watch: Watch<'_>,
) -> Result<Option<Place>, DirectoryError> {
    let search = Search { base, scope: Scope::Base, filter: ANYTHING, attributes: &["objectGUID"], size_limit: 0 };
    match session.few(&search, watch).await {
        Ok(entries) => Ok(entries.into_iter().next().map(|entry| {
            let guid = entry.bytes("objectGUID").and_then(|bytes| bytes.try_into().ok()).map(Guid);
            Place { dn: Untrusted::new(entry.dn), guid }
        })),
        Err(DirectoryError::Ldap(Error::Search { code: NO_SUCH_OBJECT, .. })) => Ok(None),
        Err(error) => Err(error),
    }
}
