//! Columns: what a list shows of each of its entries.

/// A column of a list of `T`: its cell is what people read in the console, in a table of the command line and in a file.
#[derive(Debug, Clone, Copy)]
pub struct Column<T> {
    /// The word for `--columns` and the heading of a file.
    pub key: &'static str,
    pub heading: Heading,
    /// The command line shows it without a choice of columns.
    pub listed: bool,
    /// Safe to show.
    pub cell: fn(&T) -> String,
}

/// How a column is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heading {
    pub title: &'static str,
    /// In cells.
    pub width: u16,
    /// True when it gets a share of the remaining width.
    pub grows: bool,
    /// It is hidden until the user chooses it.
    pub extra: bool,
}

impl<T> Column<T> {
    /// One of a fixed width.
    pub const fn fixed(key: &'static str, title: &'static str, width: u16, cell: fn(&T) -> String) -> Self {
        Self { key, heading: Heading { title, width, grows: false, extra: false }, listed: true, cell }
    }

    /// A column that gets a share of the remaining width.
    pub const fn growing(key: &'static str, title: &'static str, width: u16, cell: fn(&T) -> String) -> Self {
        Self { key, heading: Heading { title, width, grows: true, extra: false }, listed: true, cell }
    }

    /// One that is hidden until the user chooses it.
    pub const fn extra(key: &'static str, title: &'static str, width: u16, cell: fn(&T) -> String) -> Self {
        Self { key, heading: Heading { title, width, grows: true, extra: true }, listed: false, cell }
    }

    /// One that the command line always shows, and the console when the user chooses it: an ID that verbs take.
    pub const fn listed(key: &'static str, title: &'static str, width: u16, cell: fn(&T) -> String) -> Self {
        Self { listed: true, ..Self::extra(key, title, width, cell) }
    }
}

/// The headings of columns, for a list of entries of any type.
pub const fn headings<T, const N: usize>(columns: &[Column<T>; N]) -> [Heading; N] {
    let mut headings = [Heading { title: "", width: 0, grows: false, extra: false }; N];
    let mut at = 0;
    while at < N {
        headings[at] = columns[at].heading;
        at += 1;
    }
    headings
}

/// The cells of an entry, in the order of the columns.
pub fn cells<T>(columns: &[Column<T>], item: &T) -> Vec<String> {
    columns.iter().map(|column| (column.cell)(item)).collect()
}
