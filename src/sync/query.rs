//! What a directory is asked for a mapping: one search, the same for the preview, the plan and an explanation.

use crate::directory::{self, Query, Read};
use crate::filter::{self, Filter};
use crate::model::dn::Dn;
use crate::model::job::Job;
use crate::model::mapping::Mapping;
use crate::model::membership::Nested;

/// The search of a mapping, and what its group was found to be.
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

/// The search that selects the users of a mapping. Which groups are inside its group is read from the directory, since
/// their relative ids are part of the filter; users are not read one by one.
pub(super) fn of_mapping(read: &mut dyn Read, mapping: &Mapping, job: &Job) -> Result<Asked, Unasked> {
    // A filter that is wrong is told before anything is asked.
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
