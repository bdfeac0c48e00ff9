//! The search of a mapping, the same for preview, plan and explanation.

use crate::directory::{self, Query, Read};
use crate::filter::{self, Filter};
use crate::model::dn::Dn;
use crate::model::job::Job;
use crate::model::mapping::Mapping;
use crate::model::membership::Nested;
use crate::model::user::{Guid, User};

/// The search of a mapping, and its group as read from the directory.
pub(super) struct Asked {
    pub(super) query: Query,
    /// Absent for a mapping without a group.
    pub(super) group: Option<(Dn, Nested)>,
}

/// Why a mapping's users cannot be asked for.
pub(super) enum Unasked {
    Filter(filter::Error),
    Read(directory::Error),
}

/// The search that selects the users of a mapping. The groups inside its group are read from the directory, because
/// their relative ids are part of the filter; users are not read one by one.
pub(super) fn of_mapping(read: &mut dyn Read, mapping: &Mapping, job: &Job) -> Result<Asked, Unasked> {
    // A wrong filter is an error before the directory is asked.
    let mut filter = Filter::of_mapping(mapping, &[]).map_err(Unasked::Filter)?;
    let group = match mapping.group.as_deref().and_then(|group| group.parse::<Dn>().ok()) {
        Some(dn) => {
            let nested = read.nested(&dn, job).map_err(Unasked::Read)?;
            filter = Filter::of_mapping(mapping, &nested.primary_ids()).map_err(Unasked::Filter)?;
            Some((dn, nested))
        }
        None => None,
    };
    Ok(Asked { query: Query { base: mapping.search_base().map(str::to_owned), filter }, group })
}

/// The members of a group of the directory, found like those of a mapping's group; empty when there is no such group.
pub(super) fn members(read: &mut dyn Read, group: &str, mapping: &Mapping, job: &Job) -> Result<Vec<Guid>, Unasked> {
    // A mapping with only the group.
    let whole = Mapping {
        base_dn: None,
        ou: None,
        department: None,
        country: None,
        filter: None,
        group: Some(group.to_owned()),
        ..mapping.clone()
    };
    let asked = of_mapping(read, &whole, job)?;
    let mut guids = Vec::new();
    if asked.group.is_some_and(|(_, nested)| nested.group.is_some()) {
        let mut take = |users: Vec<User>| {
            guids.extend(users.into_iter().map(|user| user.guid));
            Ok(())
        };
        read.users(&asked.query, job, &mut take).map_err(Unasked::Read)?;
    }
    Ok(guids)
}
