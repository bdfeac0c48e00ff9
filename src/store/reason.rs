//! Why somebody is left out or leaves, as two cells of a row: a word, and what the word is about.

use super::Error;
use super::item::Cells;
use crate::model::plan::{Left, LeftOut};
use crate::model::text::Untrusted;

const NO_LONGER_MATCHES: &str = "no-longer-matches";

pub(super) fn left_out_cells(why: &LeftOut) -> (&'static str, Option<String>) {
    let detail = match why {
        LeftOut::NoMail | LeftOut::Disabled => None,
        LeftOut::Expired { at } => Some(at.to_string()),
        LeftOut::DuplicateMail { mail, other } => Some(format!("{other} {}", mail.raw())),
        LeftOut::TakenBy { mapping } => Some(mapping.to_string()),
    };
    (why.code(), detail)
}

pub(super) fn read_left(cells: &mut Cells<'_, '_>) -> Result<Left, Error> {
    let code = cells.text()?;
    let detail: Option<String> = cells.next()?;
    if code == NO_LONGER_MATCHES {
        return Ok(Left::NoLongerMatches);
    }
    parse(&code, &detail.unwrap_or_default()).map(Left::LeftOut).ok_or_else(|| cells.wrong())
}

pub(super) fn read_left_out(cells: &mut Cells<'_, '_>) -> Result<LeftOut, Error> {
    let code = cells.text()?;
    let detail: Option<String> = cells.next()?;
    parse(&code, &detail.unwrap_or_default()).ok_or_else(|| cells.wrong())
}

fn parse(code: &str, detail: &str) -> Option<LeftOut> {
    Some(match code {
        "no-mail" => LeftOut::NoMail,
        "disabled" => LeftOut::Disabled,
        "expired" => LeftOut::Expired { at: detail.parse().ok()? },
        "duplicate-mail" => {
            let (other, mail) = detail.split_once(' ')?;
            LeftOut::DuplicateMail { mail: Untrusted::new(mail), other: other.parse().ok()? }
        }
        "taken-by" => LeftOut::TakenBy { mapping: detail.parse().ok()? },
        _ => return None,
    })
}
