//! Reasons for excluding and removing users, and probable causes, as two cells of a row: a code and its detail.

use super::Error;
use super::cells::Cells;
use crate::model::audit::Actor;
use crate::model::name::Name;
use crate::model::plan::{Cause, Excluded, Loss, Removal, Tripped};
use crate::model::text::Untrusted;
use crate::model::user::Attribute;

pub(super) fn excluded_cells(why: &Excluded) -> (&'static str, Option<String>) {
    let detail = match why {
        Excluded::NoMail | Excluded::Disabled => None,
        Excluded::Expired { at } => Some(at.to_string()),
        Excluded::DuplicateMail { mail, other } => Some(format!("{other} {}", mail.raw())),
        Excluded::TakenBy { mapping } => Some(mapping.to_string()),
    };
    (why.code(), detail)
}

pub(super) fn left_cells(why: &Removal) -> (&'static str, Option<String>) {
    let detail = match why {
        Removal::MovedOut { to } => Some(to.raw().to_owned()),
        Removal::Undone { plan } => Some(plan.to_string()),
        Removal::Excluded(why) => excluded_cells(why).1,
        Removal::NoLongerMatches | Removal::Deleted | Removal::Gone | Removal::Unreadable | Removal::MappingRemoved => {
            None
        }
    };
    (why.code(), detail)
}

pub(super) fn read_left(cells: &mut Cells<'_, '_>) -> Result<Removal, Error> {
    let code = cells.text()?;
    let detail: Option<String> = cells.next()?;
    let detail = detail.unwrap_or_default();
    Ok(match code.as_str() {
        "no-longer-matches" => Removal::NoLongerMatches,
        "moved-out" => Removal::MovedOut { to: Untrusted::new(detail) },
        "deleted" => Removal::Deleted,
        "gone" => Removal::Gone,
        "unreadable" => Removal::Unreadable,
        "mapping-removed" => Removal::MappingRemoved,
        "undone" => Removal::Undone { plan: detail.parse().map_err(|_| cells.wrong())? },
        code => Removal::Excluded(parse(code, &detail).ok_or_else(|| cells.wrong())?),
    })
}

pub(super) fn read_excluded(cells: &mut Cells<'_, '_>) -> Result<Excluded, Error> {
    let code = cells.text()?;
    let detail: Option<String> = cells.next()?;
    parse(&code, &detail.unwrap_or_default()).ok_or_else(|| cells.wrong())
}

fn parse(code: &str, detail: &str) -> Option<Excluded> {
    Some(match code {
        "no-mail" => Excluded::NoMail,
        "disabled" => Excluded::Disabled,
        "expired" => Excluded::Expired { at: detail.parse().ok()? },
        "duplicate-mail" => {
            let (other, mail) = detail.split_once(' ')?;
            Excluded::DuplicateMail { mail: Untrusted::new(mail), other: other.parse().ok()? }
        }
        "taken-by" => Excluded::TakenBy { mapping: detail.parse().ok()? },
        _ => return None,
    })
}

/// [`Tripped`] as it is stored.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Reason {
    mapping: Name,
    loss: String,
    had: u64,
    users: u64,
    allowed: u64,
    cause: String,
    about: Vec<String>,
}

impl From<Tripped> for Reason {
    fn from(Tripped { mapping, loss, had, users, allowed, cause }: Tripped) -> Self {
        let loss = match loss {
            Loss::Everybody => "everybody".to_owned(),
            Loss::Leaving => "leaving".to_owned(),
            Loss::Disabled => "disabled".to_owned(),
            Loss::Unreadable => "unreadable".to_owned(),
            Loss::Attribute(attribute) => format!("attribute {}", attribute.name()),
        };
        let (cause, about) = cause_cells(cause);
        Self { mapping, loss, had, users, allowed, cause: cause.to_owned(), about }
    }
}

impl Reason {
    /// `None` when it is not what [`From`] writes.
    pub(super) fn tripped(self) -> Option<Tripped> {
        let Self { mapping, loss, had, users, allowed, cause, about } = self;
        let loss = match loss.as_str() {
            "everybody" => Loss::Everybody,
            "leaving" => Loss::Leaving,
            "disabled" => Loss::Disabled,
            "unreadable" => Loss::Unreadable,
            loss => Loss::Attribute(Attribute::of_name(loss.strip_prefix("attribute ")?)?),
        };
        let cause = read_cause(&cause, &about)?;
        Some(Tripped { mapping, loss, had, users, allowed, cause })
    }
}

fn cause_cells(cause: Cause) -> (&'static str, Vec<String>) {
    let raw = |text: Untrusted| text.raw().to_owned();
    match cause {
        Cause::AnswerEmpty => ("answer-empty", vec![]),
        Cause::BaseGone { base } => ("base-gone", vec![raw(base)]),
        Cause::BaseRenamed { from, to } => ("base-renamed", vec![raw(from), raw(to)]),
        Cause::AttributeMissing { attribute } => ("attribute-missing", vec![attribute.name().to_owned()]),
        Cause::MappingEdited { by, at } => ("mapping-edited", vec![raw(by.0), at.to_string()]),
        Cause::MappingRemoved => ("mapping-removed", vec![]),
        Cause::TakenOver { mapping } => ("taken-over", vec![mapping.to_string()]),
        Cause::MovedAway { to } => ("moved-away", vec![raw(to)]),
        Cause::Disabled => ("disabled", vec![]),
        Cause::Deleted => ("deleted", vec![]),
        Cause::Gone => ("gone", vec![]),
        Cause::Unreadable => ("unreadable", vec![]),
        Cause::NoLongerMatch => ("no-longer-match", vec![]),
        Cause::Excluded { why } => ("excluded", vec![why]),
        Cause::Undone { plan } => ("undone", vec![plan.to_string()]),
    }
}

fn read_cause(cause: &str, about: &[String]) -> Option<Cause> {
    let text = |at: usize| about.get(at).map(|text| Untrusted::new(text.as_str()));
    Some(match cause {
        "answer-empty" => Cause::AnswerEmpty,
        "base-gone" => Cause::BaseGone { base: text(0)? },
        "base-renamed" => Cause::BaseRenamed { from: text(0)?, to: text(1)? },
        "attribute-missing" => Cause::AttributeMissing { attribute: Attribute::of_name(about.first()?)? },
        "mapping-edited" => Cause::MappingEdited { by: Actor(text(0)?), at: about.get(1)?.parse().ok()? },
        "mapping-removed" => Cause::MappingRemoved,
        "taken-over" => Cause::TakenOver { mapping: about.first()?.parse().ok()? },
        "moved-away" => Cause::MovedAway { to: text(0)? },
        "disabled" => Cause::Disabled,
        "deleted" => Cause::Deleted,
        "gone" => Cause::Gone,
        "unreadable" => Cause::Unreadable,
        "no-longer-match" => Cause::NoLongerMatch,
        "excluded" => Cause::Excluded { why: about.first()?.clone() },
        "undone" => Cause::Undone { plan: about.first()?.parse().ok()? },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_reads_back_as_it_was_written() {
        let text = || Untrusted::new("OU=\u{1b}x,DC=y");
        let at = "2026-03-01T12:00:00Z".parse().expect("a timestamp");
        let causes = [
            Cause::AnswerEmpty,
            Cause::BaseGone { base: text() },
            Cause::BaseRenamed { from: text(), to: Untrusted::new("OU=z") },
            Cause::AttributeMissing { attribute: Attribute::Mail },
            Cause::MappingEdited { by: Actor::new("anna"), at },
            Cause::MappingRemoved,
            Cause::TakenOver { mapping: Name::new("All").expect("a name") },
            Cause::MovedAway { to: text() },
            Cause::Disabled,
            Cause::Deleted,
            Cause::Gone,
            Cause::Unreadable,
            Cause::NoLongerMatch,
            Cause::Excluded { why: "expired".into() },
            Cause::Undone { plan: 7 },
        ];
        let losses =
            [Loss::Everybody, Loss::Leaving, Loss::Disabled, Loss::Unreadable, Loss::Attribute(Attribute::Title)];
        for (number, cause) in causes.into_iter().enumerate() {
            let loss = losses[number % losses.len()];
            let mapping = Name::new("Staff").expect("a name");
            let tripped = Tripped { mapping, loss, had: 40, users: 6, allowed: 4, cause };
            let row = serde_json::to_string(&Reason::from(tripped.clone())).expect("JSON");
            let back: Reason = serde_json::from_str(&row).expect("reads");
            assert_eq!(back.tripped(), Some(tripped));
        }
    }
}
