//! Reasons of a user's own to be excluded, which plans are suspicious, and the probable cause.

use jiff::Timestamp;

use crate::filter::Filter;
use crate::model::mapping::Mapping;
use crate::model::plan::{Cause, Excluded, Loss, Tripped};
use crate::model::settings::Safeguard;
use crate::model::user::{Attribute, User};
use crate::store::{LostAttribute, MappingChanges};

/// Why a user is excluded whatever the other users are; the first reason that applies.
pub(super) fn own_reason(user: &User, now: Timestamp) -> Option<Excluded> {
    if user.first(Attribute::Mail).is_none() {
        return Some(Excluded::NoMail);
    }
    if user.is_disabled() {
        return Some(Excluded::Disabled);
    }
    user.expires_at().filter(|at| *at <= now).map(|at| Excluded::Expired { at })
}

/// What trips the safeguard, for each mapping and kind of loss:
///
/// - the mapping had users and has none now;
/// - more users than the threshold are removed, for whatever reasons, or more are disabled;
/// - any user is removed who exists but cannot be read;
/// - more users than the threshold, and most of those who had one, lose every value of an attribute.
///
/// `base` returns the cause when the entry below which a mapping searches changed.
pub(super) fn tripped(
    safeguard: Safeguard,
    mappings: &[Mapping],
    changes: &[MappingChanges],
    base: &dyn Fn(&Mapping) -> Option<Cause>,
) -> Vec<Tripped> {
    let mut all = Vec::new();
    for change in changes {
        let mapping = mappings.iter().find(|mapping| mapping.name == change.mapping);
        let (had, allowed) = (change.had, safeguard.allows(change.had));
        let mut trip = |loss, users, cause| {
            let mapping = change.mapping.clone();
            all.push(Tripped { mapping, loss, had, users, allowed, cause });
        };
        let why = || mapping.and_then(base).unwrap_or_else(|| cause(change, mapping));
        let left = |code: &str| change.leaving.get(code).copied().unwrap_or(0);
        let (leave, disabled, unreadable) = (change.counts.removed, left("disabled"), left("unreadable"));
        if had > 0 && change.counts.matched == change.counts.excluded + change.counts.taken {
            trip(Loss::Everybody, had, why());
        } else {
            if disabled > allowed {
                trip(Loss::Disabled, disabled, Cause::Disabled);
            }
            let others = leave - disabled;
            if others > allowed {
                trip(Loss::Leaving, others, why());
            } else if leave > allowed && disabled <= allowed {
                trip(Loss::Leaving, leave, why());
            }
        }
        if unreadable > 0 {
            trip(Loss::Unreadable, unreadable, Cause::Unreadable);
        }
        for LostAttribute { attribute, staying, had: with, .. } in &change.lost {
            if *staying > allowed && staying.saturating_mul(2) > *with {
                trip(Loss::Attribute(*attribute), *staying, Cause::AttributeMissing { attribute: *attribute });
            }
        }
    }
    all
}

/// The probable cause: what is true of most users who are removed from a mapping.
fn cause(change: &MappingChanges, mapping: Option<&Mapping>) -> Cause {
    if change.removed {
        return Cause::MappingRemoved;
    }
    let edited = || {
        let (by, at) = change.edited.clone()?;
        Some(Cause::MappingEdited { by, at })
    };
    let Some((most, users)) = change.leaving.iter().max_by_key(|(_, users)| **users) else {
        // No user is removed: all of them move to another mapping.
        let taken_over = change.taken_over.clone().map(|mapping| Cause::TakenOver { mapping });
        return taken_over.or_else(edited).unwrap_or(Cause::AnswerEmpty);
    };
    // Nine of ten, because single users may have lost it for another reason.
    let lost = |attribute: &Attribute| {
        let of = change.lost.iter().find(|lost| lost.attribute == *attribute);
        of.is_some_and(|lost| lost.leaving * 10 >= users * 9)
    };
    let missing = |attributes: Vec<Attribute>| {
        attributes.into_iter().find(lost).map(|attribute| Cause::AttributeMissing { attribute })
    };
    match most.as_str() {
        "gone" if change.counts.matched == 0 => Cause::AnswerEmpty,
        "gone" => Cause::Gone,
        "deleted" => Cause::Deleted,
        "disabled" => Cause::Disabled,
        "unreadable" => Cause::Unreadable,
        "no-longer-matches" => {
            missing(mapping.map(asked).unwrap_or_default()).or_else(edited).unwrap_or(Cause::NoLongerMatch)
        }
        "moved-out" => {
            let moved = change.moved_to.clone().map(|to| Cause::MovedAway { to });
            edited().or(moved).unwrap_or(Cause::NoLongerMatch)
        }
        "no-mail" => missing(vec![Attribute::Mail]).unwrap_or_else(|| Cause::Excluded { why: most.clone() }),
        why => Cause::Excluded { why: why.to_owned() },
    }
}

/// The attributes in a mapping's filter. Without `memberOf`: a user in fewer groups was removed from one, no right is
/// missing.
fn asked(mapping: &Mapping) -> Vec<Attribute> {
    let filter = Filter::of_mapping(mapping, &[]);
    let names = filter.as_ref().map(Filter::attributes).unwrap_or_default();
    let known = names.iter().filter_map(|name| Attribute::of_name(name));
    known.filter(|attribute| *attribute != Attribute::MemberOf).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::Counts;

    fn change(leaving: &[(&str, u64)]) -> MappingChanges {
        let leave = leaving.iter().map(|(_, users)| users).sum();
        MappingChanges {
            mapping: crate::model::name::Name::new("Staff").expect("a name"),
            counts: Counts { matched: 40 - leave, removed: leave, ..Counts::default() },
            had: 40,
            removed: false,
            edited: None,
            leaving: leaving.iter().map(|(why, users)| ((*why).to_owned(), *users)).collect(),
            lost: Vec::new(),
            taken_over: None,
            moved_to: None,
        }
    }

    fn of(change: &MappingChanges) -> Vec<(Loss, u64, Cause)> {
        let all = tripped(Safeguard::default(), &[], std::slice::from_ref(change), &|_| None);
        all.into_iter().map(|tripped| (tripped.loss, tripped.users, tripped.cause)).collect()
    }

    #[test]
    fn each_kind_of_loss_and_their_sum_trip_the_safeguard() {
        assert_eq!(of(&change(&[("disabled", 4)])), []);
        assert_eq!(of(&change(&[("disabled", 6)])), [(Loss::Disabled, 6, Cause::Disabled)]);
        assert_eq!(of(&change(&[("disabled", 2), ("gone", 3)])), [(Loss::Leaving, 5, Cause::Gone)]);
        let both = [(Loss::Disabled, 5, Cause::Disabled), (Loss::Leaving, 6, Cause::Gone)];
        assert_eq!(of(&change(&[("disabled", 5), ("gone", 6)])), both);
        assert_eq!(of(&change(&[("unreadable", 1)])), [(Loss::Unreadable, 1, Cause::Unreadable)]);
    }

    #[test]
    fn attribute_lost_by_most_users_trips_the_safeguard() {
        let losing = |staying, had| MappingChanges {
            lost: vec![LostAttribute { attribute: Attribute::Department, leaving: 0, staying, had }],
            ..change(&[])
        };
        let missing = Cause::AttributeMissing { attribute: Attribute::Department };
        assert_eq!(of(&losing(30, 40)), [(Loss::Attribute(Attribute::Department), 30, missing)]);
        assert_eq!(of(&losing(4, 4)), [], "as many as may leave");
        assert_eq!(of(&losing(20, 40)), [], "as many have kept it");
    }

    #[test]
    fn probable_cause_is_that_of_most_users() {
        let edited = Some((crate::model::audit::Actor::new("anna"), Timestamp::UNIX_EPOCH));
        let first = |change: MappingChanges| of(&change).into_iter().next().expect("it trips").2;
        assert!(matches!(first(change(&[("no-longer-matches", 6)])), Cause::NoLongerMatch));
        let change_of_edited =
            MappingChanges { edited: edited.clone(), ..change(&[("no-longer-matches", 6), ("gone", 1)]) };
        assert!(matches!(first(change_of_edited), Cause::MappingEdited { .. }));
        let gone = MappingChanges { edited, ..change(&[("gone", 6)]) };
        assert!(matches!(first(gone), Cause::Gone), "no edit hides what was there");
        let without_mail = LostAttribute { attribute: Attribute::Mail, leaving: 6, staying: 0, had: 40 };
        let no_mail = MappingChanges { lost: vec![without_mail], ..change(&[("no-mail", 6)]) };
        assert_eq!(first(no_mail), Cause::AttributeMissing { attribute: Attribute::Mail });
        assert!(matches!(first(change(&[("no-mail", 6)])), Cause::Excluded { .. }));
        let removed = MappingChanges { removed: true, ..change(&[("mapping-removed", 6)]) };
        assert_eq!(first(removed), Cause::MappingRemoved);
    }
}
