//! Storages.

use super::{Column, Fact, NOT_SET, changed};
use crate::model::Kept;
use crate::model::profile::Storage;
use crate::model::text::shown;

pub const COLUMNS: &[Column<Kept<Storage>>; 3] = &[
    Column::growing("storage", "Storage", 14, |kept| kept.value.name.to_string()),
    Column::fixed("capacity", "Capacity", 10, |kept| capacity(&kept.value)),
    Column::growing("location", "Location", 36, |kept| shown(&kept.value.location)),
];

fn capacity(storage: &Storage) -> String {
    storage.capacity.map_or_else(|| NOT_SET.to_owned(), |capacity| capacity.to_string())
}

/// All that is kept of a storage.
pub fn facts(kept: &Kept<Storage>) -> Vec<Fact> {
    vec![
        Fact::new("Location", shown(&kept.value.location)),
        Fact::new("Capacity", capacity(&kept.value)),
        changed(kept),
    ]
}
