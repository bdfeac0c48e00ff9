//! Directories.

use super::{Column, Fact, changed};
use crate::model::Kept;
use crate::model::count::counted;
use crate::model::directory::{Directory, Source, Trust};
use crate::model::text::shown;

pub const COLUMNS: &[Column<Kept<Directory>>; 5] = &[
    Column::growing("directory", "Directory", 14, |kept| kept.value.name.to_string()),
    Column::fixed("kind", "Kind", 8, |kept| kind(&kept.value).to_owned()),
    Column::growing("address", "Address", 36, |kept| address(&kept.value)),
    Column::growing("bind-account", "Bind account", 24, |kept| bind(&kept.value).unwrap_or_default()),
    Column::listed("trust", "Trust", 30, |kept| trust(&kept.value).unwrap_or_default()),
];

const fn kind(directory: &Directory) -> &'static str {
    match &directory.source {
        Source::File(_) => "file",
        Source::Ldap(_) => "server",
    }
}

fn address(directory: &Directory) -> String {
    match &directory.source {
        Source::File(path) => shown(&path.to_string_lossy()),
        Source::Ldap(ldap) => ldap.urls.iter().map(|url| shown(&url.to_string())).collect::<Vec<_>>().join(" "),
    }
}

fn bind(directory: &Directory) -> Option<String> {
    match &directory.source {
        Source::File(_) => None,
        Source::Ldap(ldap) => Some(shown(&ldap.bind)),
    }
}

fn trust(directory: &Directory) -> Option<String> {
    let Source::Ldap(ldap) = &directory.source else { return None };
    Some(match &ldap.trust {
        Trust::System => "the certificate authorities of this host".to_owned(),
        Trust::Ca { file, .. } => format!("the authority in {}", shown(&file.to_string_lossy())),
        Trust::Pins(pins) => counted(pins.len() as u64, "pinned key", "pinned keys"),
    })
}

/// All that is kept of a directory; never its password.
pub fn facts(kept: &Kept<Directory>) -> Vec<Fact> {
    let directory = &kept.value;
    let mut facts = vec![Fact::new("Kind", kind(directory)), Fact::new("Address", address(directory))];
    facts.extend(bind(directory).map(|bind| Fact::new("Bind account", bind)));
    facts.extend(trust(directory).map(|trust| Fact::new("Trust", trust)));
    facts.push(changed(kept));
    facts
}
