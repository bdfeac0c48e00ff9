//! The places of everything, for any size of screen.
//!
//! ```text
//! title                                    | title
//! steps in a row                           | steps  | body: form      panel
//! ---------------------------------------- |        |
//! body: form, panel beneath                |        |
//! help, or the problem                     | help, or the problem
//! key bar                                  | key bar
//! ```

use ratatui::layout::Rect;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Areas {
    pub title: Rect,
    /// The steps, in one row or in a column.
    pub steps: Rect,
    pub steps_in_column: bool,
    pub body: Rect,
    pub help: Rect,
    pub bar: Rect,
}

/// From here on the steps stand in a column of their own.
const WIDE: u16 = 100;
const COLUMN: u16 = 20;

/// True when the panel is to the right of the form instead of below it.
pub fn is_side_by_side(body_width: u16) -> bool {
    body_width >= 130
}

pub fn areas(width: u16, height: u16) -> Areas {
    let all = Rect { x: 0, y: 0, width, height };
    let steps_in_column = width >= WIDE && height >= 14;
    let title = u16::from(height >= 12);
    let steps = u16::from(!steps_in_column && height >= 4);
    let rule = u16::from(height >= 18);
    let help = if height >= 10 { 2 } else { u16::from(height >= 3) };
    let bar = if height >= 18 { 2 } else { u16::from(height >= 2) };
    let row = |y: u16, rows: u16| Rect { y, height: rows, ..all }.intersection(all);
    let top = title + steps + rule;
    let bottom = height.saturating_sub(help + bar);
    let left = if steps_in_column { COLUMN } else { 0 };
    let body = Rect { x: left, y: top, width: width - left, height: bottom.saturating_sub(top) };
    let steps = if steps_in_column { Rect { width: COLUMN - 1, ..Rect { x: 0, ..body } } } else { row(title, steps) };
    Areas { title: row(0, title), steps, steps_in_column, body, help: row(bottom, help), bar: row(bottom + help, bar) }
}

/// Who gets the rows that it wants, when there are not enough for form and panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// A field has the focus.
    Form,
    /// A button has it: its result is shown, and the button stays in sight.
    Result,
    /// The panel has it.
    Panel,
}

/// Splits the area of a step between its form and its panel; on a very wide screen they are side by side.
pub fn split(body: Rect, form_rows: u16, panel_rows: Option<u16>, first: First) -> (Rect, Rect) {
    let none = Rect { height: 0, y: body.bottom(), ..body };
    let Some(panel_rows) = panel_rows else { return (body, none) };
    if is_side_by_side(body.width) {
        let left = body.width / 2;
        let panel = Rect { x: body.x + left, width: body.width - left, ..body };
        return (Rect { width: left.saturating_sub(2), ..body }, panel);
    }
    let height = body.height;
    let rows = match first {
        First::Form if height >= 8 => {
            let panel = panel_rows.min(height / 2).max(height.saturating_sub(form_rows).min(panel_rows));
            height - panel
        }
        First::Form => height,
        First::Result | First::Panel => {
            // The focused field or button stays visible if the screen is high enough.
            let least = match first {
                _ if height >= 10 => 4,
                First::Result => u16::from(height >= 3),
                _ => 0,
            };
            height.saturating_sub(panel_rows).max(least).min(form_rows).min(height)
        }
    };
    let form = Rect { height: rows, ..body };
    (form, Rect { y: body.y + rows, height: height - rows, ..body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_area_is_on_the_screen_and_none_covers_another(width in 0u16..320, height in 0u16..120) {
            let areas = areas(width, height);
            let screen = Rect { x: 0, y: 0, width, height };
            let all = [areas.title, areas.steps, areas.body, areas.help, areas.bar];
            for (at, area) in all.iter().enumerate() {
                prop_assert!(area.is_empty() || area.intersection(screen) == *area, "{areas:?}");
                for other in &all[at + 1..] {
                    prop_assert!(area.intersection(*other).is_empty(), "{areas:?}");
                }
            }
        }

        #[test]
        fn form_and_panel_share_the_body(
            width in 0u16..320, height in 0u16..120, form in 1u16..40, panel in 1u16..600,
            first in prop::sample::select(vec![First::Form, First::Result, First::Panel]),
        ) {
            let body = Rect { x: 3, y: 2, width, height };
            let (form, panel) = split(body, form, Some(panel), first);
            for area in [form, panel] {
                prop_assert!(area.is_empty() || area.intersection(body) == area);
            }
            prop_assert!(form.intersection(panel).is_empty());
            let is_seen = panel.height > 0 || height == 0 || width == 0;
            prop_assert!(first != First::Panel || is_seen, "a panel with the focus is seen");
        }
    }

    #[test]
    fn a_small_screen_still_has_a_body_and_a_key_bar() {
        let areas = areas(40, 10);
        assert_eq!((areas.body.height, areas.help.height, areas.bar.height), (6, 2, 1));
    }
}
