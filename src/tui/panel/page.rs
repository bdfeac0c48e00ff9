//! Moving through lines that are more than the screen has rows, a page at a time.
//!
//! What is shown follows from the line that is selected alone, so drawing needs no state; and while the selection
//! stays on its page only two rows change, which is what a slow line can carry.

use crate::tui::keys::Command;

/// Where the selection goes.
pub fn moved(at: usize, lines: usize, height: u16, command: Command) -> usize {
    let last = lines.saturating_sub(1);
    let page = usize::from(height).max(1);
    let to = match command {
        Command::Up => at.saturating_sub(1),
        Command::Down => at.saturating_add(1),
        Command::PageUp => at.saturating_sub(page),
        Command::PageDown => at.saturating_add(page),
        Command::First => 0,
        Command::Last => last,
        _ => at,
    };
    to.min(last)
}

/// The first line that is shown.
pub fn offset(at: usize, lines: usize, height: u16) -> usize {
    let height = usize::from(height).max(1);
    (at / height * height).min(lines.saturating_sub(height))
}

/// The lines that are shown, from the top.
pub fn shown<T>(lines: &[T], at: usize, height: u16) -> impl Iterator<Item = &T> {
    lines.iter().skip(offset(at, lines.len(), height)).take(usize::from(height))
}

/// Whether there are lines above and below those that are shown.
pub fn beyond(at: usize, lines: usize, height: u16) -> (bool, bool) {
    let first = offset(at, lines, height);
    (first > 0, first + usize::from(height) < lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_selected_line_is_always_shown(lines in 1usize..500, at in 0usize..500, height in 1u16..60) {
            let at = at.min(lines - 1);
            let first = offset(at, lines, height);
            prop_assert!(first <= at && at < first + usize::from(height));
        }

        #[test]
        fn no_move_leaves_the_lines(lines in 0usize..50, at in 0usize..50, height in 0u16..60) {
            for command in [Command::Up, Command::Down, Command::PageUp, Command::PageDown, Command::First, Command::Last] {
                prop_assert!(moved(at, lines, height, command) < lines.max(1));
            }
        }
    }
}
