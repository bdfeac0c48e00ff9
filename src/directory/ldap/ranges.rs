//! Ranged retrieval: Active Directory returns attributes with more than 1,500 values in ranges ([MS-ADTS] 3.1.1.3.1.3.3).

use tokio::io::{AsyncRead, AsyncWrite};

use super::connection::{Connection, OwnedEntry, Watch};
use super::request::{Scope, Search};
use super::root::ANYTHING;
use crate::directory::Error as DirectoryError;
use crate::directory::known::is_of;

/// The maximum number of range requests per entry.
const ROUNDS: usize = 1000;
/// The range size for counting values: Active Directory's limit.
const PIECE: u64 = 1500;

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Fetches the remaining values of every ranged attribute of the entry. False when the server does not return them.
    pub(super) async fn complete(&mut self, entry: &mut OwnedEntry, watch: Watch<'_>) -> Result<bool, DirectoryError> {
        let mut last = None;
        for _ in 0..ROUNDS {
            let Some(cut) = cut(entry) else { return Ok(true) };
            if last.as_ref() == Some(&cut) {
                return Ok(false);
            }
            let rest = format!("{};range={}-*", cut.0, cut.1);
            let more = self.range(&entry.dn, &rest, watch).await?;
            entry.values.extend(more.into_iter().flat_map(|more| more.values));
            last = Some(cut);
        }
        Ok(false)
    }

    /// Counts the values of an attribute of the entry `dn` with constant memory. `None` when the server never returns the
    /// last range.
    pub(super) async fn count(
        &mut self,
        dn: &str,
        attribute: &str,
        watch: Watch<'_>,
    ) -> Result<Option<u64>, DirectoryError> {
        let mut have = 0;
        for _ in 0..ROUNDS {
            let piece = format!("{attribute};range={have}-{}", have + PIECE - 1);
            let Some(entry) = self.range(dn, &piece, watch).await? else { return Ok(None) };
            match cut(&entry) {
                Some((_, next)) if next > have => have = next,
                Some(_) => return Ok(None),
                None => {
                    let last = entry.values.iter().filter(|(description, _)| is_of(description, attribute));
                    return Ok(Some(have + last.count() as u64));
                }
            }
        }
        Ok(None)
    }

    async fn range(&mut self, dn: &str, wanted: &str, watch: Watch<'_>) -> Result<Option<OwnedEntry>, DirectoryError> {
        let attributes = &[wanted];
        let search = Search { base: dn, scope: Scope::Base, filter: ANYTHING, attributes, size_limit: 0 };
        Ok(self.few(&search, watch).await?.pop())
    }
}

/// Finds the first attribute with more ranges to read, and the index of its next value: one more than the end of a
/// range such as `;range=0-1499`.
fn cut(entry: &OwnedEntry) -> Option<(String, u64)> {
    let ranges = || {
        entry.values.iter().filter_map(|(description, _)| {
            let (name, options) = description.split_once(';')?;
            let (option, bounds) = options.split_at_checked(6)?;
            let (_, end) = bounds.split_once('-').filter(|_| option.eq_ignore_ascii_case("range="))?;
            Some((name, end))
        })
    };
    let is_whole = |name: &str| ranges().any(|(other, end)| end == "*" && other.eq_ignore_ascii_case(name));
    let (name, _) = ranges().find(|(name, _)| !is_whole(name))?;
    let of_this = ranges().filter(|(other, _)| other.eq_ignore_ascii_case(name));
    let highest = of_this.filter_map(|(_, end)| end.parse::<u64>().ok()).max();
    Some((name.to_owned(), highest.map_or(0, |end| end.saturating_add(1))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(descriptions: &[&str]) -> OwnedEntry {
        OwnedEntry {
            dn: String::new(),
            values: descriptions.iter().map(|text| ((*text).to_owned(), Vec::new())).collect(),
        }
    }

    #[test]
    fn missing_values_follow_from_range_bounds() {
        assert_eq!(cut(&entry(&["cn", "member", "member;binary"])), None);
        assert_eq!(cut(&entry(&["member;range=0-1", "Member;Range=2-3"])), Some(("member".to_owned(), 4)));
        assert_eq!(cut(&entry(&["member;range=0-1", "MEMBER;range=2-*"])), None);
        assert_eq!(cut(&entry(&["a;range=0-*", "b;range=0-9"])), Some(("b".to_owned(), 10)));
        assert_eq!(cut(&entry(&["a;range=x"])), None);
    }
}
