//! A cell of a table that is read by a spreadsheet, which takes some texts for formulas and runs them.

use super::text::{is_hidden, shown};

/// What a spreadsheet takes for a formula begins with one of these, or with a tab or a line break.
pub fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

/// A cell that a spreadsheet shows as it is.
pub fn harmless(cell: &str) -> String {
    if is_formula(cell) { format!("'{cell}") } else { cell.to_owned() }
}

/// A cell before it was made harmless.
pub fn as_it_was(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

/// A cell that is harmless to a spreadsheet and to a terminal, for eyes alone.
pub fn plain(text: &str) -> String {
    harmless(&shown(text))
}

/// A cell that is harmless to a spreadsheet and to a terminal, and from which its text can be worked out: a backslash is
/// two, a hidden character is `\u{1b}`, and one apostrophe stands before what begins like a formula or with an apostrophe.
pub fn reversible(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    if is_formula(text) || text.starts_with('\'') {
        cell.push('\'');
    }
    for c in text.chars() {
        match c {
            '\\' => cell.push_str("\\\\"),
            c if is_hidden(c) => cell.push_str(&shown(c.encode_utf8(&mut [0; 4]))),
            c => cell.push(c),
        }
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_was_made_harmless_comes_back_as_it_was() {
        for cell in ["=1+1", "+47", "-x", "@SUM(A1)", "\tx", "plain", "'quoted", "", "'"] {
            let safe = harmless(cell);
            assert!(!is_formula(&safe), "{safe}");
            assert_eq!(as_it_was(&safe), cell);
        }
    }

    #[test]
    fn no_two_texts_become_the_same_reversible_cell() {
        let texts =
            ["=1", "'=1", "''=1", "\\u{1b}", "\u{1b}", "\\", "\\\\", "\t=1", "'", "", "a\nb", "a\\nb", "\u{202e}"];
        let cells = texts.map(reversible);
        for (at, cell) in cells.iter().enumerate() {
            assert!(!is_formula(cell) && !cell.chars().any(is_hidden), "{cell:?}");
            assert!(!cells[..at].contains(cell), "{cell:?}");
        }
    }
}
