//! Who is left out for a reason of their own, and which plans are suspicious.

use jiff::Timestamp;

use crate::model::plan::{LeftOut, Tripped};
use crate::model::settings::Fuse;
use crate::model::user::{Attribute, User};
use crate::store::Tally;

/// Why a user is left out whatever the other users are; the first reason that applies.
pub(super) fn own_reason(user: &User, now: Timestamp) -> Option<LeftOut> {
    if user.first(Attribute::Mail).is_none() {
        return Some(LeftOut::NoMail);
    }
    if user.is_disabled() {
        return Some(LeftOut::Disabled);
    }
    user.expires_at().filter(|at| *at <= now).map(|at| LeftOut::Expired { at })
}

/// What trips the fuse: more users leave a mapping than may without asking, or a mapping that had users has none now.
pub(super) fn tripped(fuse: Fuse, tallies: &[Tally]) -> Vec<Tripped> {
    let suspicious = |tally: &Tally| {
        let Tally { mapping, counts, had } = tally;
        let none_now = *had > 0 && counts.matched == counts.left_out;
        let leaving = if none_now { *had } else { counts.leave };
        let allowed = fuse.allows(*had);
        (none_now || leaving > allowed).then(|| Tripped { mapping: mapping.clone(), had: *had, leaving, allowed })
    };
    tallies.iter().filter_map(suspicious).collect()
}
