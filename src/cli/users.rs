//! `imd users`: who is cached.

use crate::engine::Engine;
use crate::model::text::Untrusted;
use crate::model::user::Attribute;
use crate::store::UserState;

use super::Failure;
use super::output::Output;

/// Users whom the query names in any form; when nobody is named so, those in whom something starts with it.
pub(super) fn list(engine: &Engine, query: Option<&str>, limit: u64, output: &Output) -> Result<(), Failure> {
    let mut users = match query {
        Some(query) => engine.find_user(query)?,
        None => Vec::new(),
    };
    if let ([one, other, ..], Some(query)) = (users.as_slice(), query)
        && one.directory != other.directory
    {
        // One name in two domains is two people.
        let count = users.len();
        output.note(&format!("{count} users are called {query:?}; DOMAIN\\name or the UPN means one of them."))?;
    }
    if users.is_empty() {
        users = engine.users(query, 0, limit)?;
    }
    Ok(output.list(&users, ["USER", "ACCOUNT", "MAIL", "DIRECTORY", "MAPPING", "STATE"], |cached| {
        let of = |attribute| cached.user.first(attribute).map(Untrusted::shown).unwrap_or_default();
        [
            cached.user.label(),
            of(Attribute::UserPrincipalName),
            of(Attribute::Mail),
            cached.directory.to_string(),
            cached.mapping.to_string(),
            match &cached.state {
                UserState::Active => "active".to_owned(),
                UserState::Left { at, .. } => format!("left on {}", at.strftime("%Y-%m-%d")),
            },
        ]
    })?)
}
