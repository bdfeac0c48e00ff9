//! Cells of tables for spreadsheets, protected against formula injection.

use super::text::{is_hidden, shown};

/// Whether a spreadsheet would interpret the cell as a formula.
pub fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

/// The cell with an apostrophe before a formula, so that a spreadsheet shows it as text.
pub fn harmless(cell: &str) -> String {
    if is_formula(cell) { format!("'{cell}") } else { cell.to_owned() }
}

/// The original text of a [`harmless`] cell.
pub fn unescaped(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(cell)
}

/// A cell for display, safe in a spreadsheet and in a terminal.
pub fn plain(text: &str) -> String {
    harmless(&shown(text))
}

/// A reversible cell, safe in a spreadsheet and in a terminal: a backslash is doubled, a hidden character is `\u{1b}`, and an
/// apostrophe precedes a formula or an apostrophe.
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
    fn harmless_cell_can_be_unescaped() {
        for cell in ["=1+1", "+47", "-x", "@SUM(A1)", "\tx", "plain", "'quoted", "", "'"] {
            let safe = harmless(cell);
            assert!(!is_formula(&safe), "{safe}");
            assert_eq!(unescaped(&safe), cell);
        }
    }

    #[test]
    fn reversible_cells_are_unique() {
        let texts =
            ["=1", "'=1", "''=1", "\\u{1b}", "\u{1b}", "\\", "\\\\", "\t=1", "'", "", "a\nb", "a\\nb", "\u{202e}"];
        let cells = texts.map(reversible);
        for (at, cell) in cells.iter().enumerate() {
            assert!(!is_formula(cell) && !cell.chars().any(is_hidden), "{cell:?}");
            assert!(!cells[..at].contains(cell), "{cell:?}");
        }
    }
}
