//! Panels: what is shown below the form, or next to it on a wide screen. One file each.

use ratatui::layout::Rect;

use super::canvas::{Canvas, units};
use super::keys::{self, Binding};
use super::look::Look;

pub mod checklist;
pub mod explain;
pub mod files;
pub mod filter;
pub mod list;
pub mod page;
pub mod preview;
pub mod report;
pub mod token;
pub mod tree;

/// A panel of a step.
#[allow(missing_debug_implementations, reason = "it may show a token")]
pub enum Panel {
    Checklist(checklist::Checklist),
    Preview(preview::PreviewTable),
    Explain(explain::Explain),
    Running(report::Running),
    Lines(report::Lines),
    /// The token is kept in the context, so that it outlives the panel.
    Token,
    Files(files::Files),
    /// These answer the field with this key; they have the focus as long as they are there.
    List {
        key: String,
        list: list::List,
    },
    Tree {
        key: String,
        tree: tree::Tree,
    },
    Filter {
        key: String,
        editor: Box<filter::FilterEditor>,
    },
}

impl Panel {
    /// True for a panel that answers a field: it takes the focus, and closes when it loses it.
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::List { .. } | Self::Tree { .. } | Self::Filter { .. })
    }

    /// True when characters go into it.
    pub fn takes_text(&self, token: Option<&token::Reveal>) -> bool {
        match self {
            Self::Filter { .. } => true,
            Self::Explain(panel) => panel.is_asking(),
            Self::List { list, .. } => list.mode() == list::Mode::One,
            Self::Token => token.is_some_and(token::Reveal::asks_for_file),
            _ => false,
        }
    }

    pub fn title(&self, token: Option<&token::Reveal>) -> String {
        match self {
            Self::Checklist(panel) => panel.title(),
            Self::Preview(panel) => panel.title(),
            Self::Explain(panel) => panel.title(),
            Self::Running(_) => "Running".to_owned(),
            Self::Lines(panel) => panel.title().to_owned(),
            Self::Token => token.map_or_else(String::new, token::Reveal::title),
            Self::Files(panel) => panel.title(),
            Self::List { list, .. } => list.title(),
            Self::Tree { tree, .. } => tree.title(),
            Self::Filter { .. } => "Filter (RFC 4515)  Esc when done".to_owned(),
        }
    }

    /// What it has to say about itself when it has the focus.
    pub fn help(&self, look: Look, width: u16) -> String {
        if let Self::Preview(panel) = self
            && let Some(remedy) = panel.remedy(look, width)
        {
            return format!("To do: {remedy}");
        }
        let help = match self {
            Self::Checklist(_) => "Each line says what was found. Enter opens a line that has a list.",
            Self::Explain(panel) if panel.is_asking() => "Any form of the user's name; Enter asks the directory.",
            Self::Explain(_) => "The conditions of the mapping, line by line, and whether this user meets them.",
            Self::Preview(_) => "Excluded users come first, each group with what to do.",
            Self::Running(_) => "Cancelling rolls everything back.",
            Self::Lines(_) => "",
            Self::Token => "The token is masked: s shows it, c copies it, w writes it to a file.",
            Self::Files(_) => "The files that would be written, with the token masked.",
            Self::List { list, .. } => match list.mode() {
                list::Mode::One => "Type to search. Enter chooses, Esc changes nothing.",
                list::Mode::Several => "Space marks or unmarks, Enter is done.",
                list::Mode::Ordered => "Methods are tried in this order. Left and Right move the selected one.",
            },
            Self::Tree { .. } => "Right opens a unit. Enter chooses the selected unit with everything below it.",
            Self::Filter { .. } => "The filter is added to the other conditions: a user must match all of them.",
        };
        help.to_owned()
    }

    pub fn tables(&self, token: Option<&token::Reveal>) -> Vec<&'static [Binding]> {
        match self {
            Self::Checklist(_) => vec![keys::OPENABLE, keys::PANEL],
            Self::Preview(_) => vec![keys::OPENABLE, keys::USERS, keys::PANEL],
            Self::Explain(panel) if panel.is_asking() => vec![keys::USER_NAME, keys::EDIT],
            Self::Explain(_) => vec![keys::EXPLAINED, keys::PANEL],
            Self::Running(_) | Self::Lines(_) => vec![keys::PANEL],
            Self::Token if token.is_some_and(token::Reveal::asks_for_file) => vec![keys::FILE_NAME, keys::EDIT],
            Self::Token => vec![keys::TOKEN],
            Self::Files(_) => vec![keys::TEXTS, keys::PANEL],
            Self::List { list, .. } => match list.mode() {
                list::Mode::One => vec![keys::LIST, keys::EDIT],
                list::Mode::Several => vec![keys::MARKS, keys::LIST, keys::ENDS],
                list::Mode::Ordered => vec![keys::ORDER, keys::MARKS, keys::LIST, keys::ENDS],
            },
            Self::Tree { .. } => vec![keys::TREE, keys::LIST, keys::ENDS],
            Self::Filter { .. } => vec![keys::EDITOR],
        }
    }

    /// The rows that it would like to have, its heading included.
    pub fn rows(&self, look: Look, width: u16, token: Option<&token::Reveal>) -> u16 {
        let inner = match self {
            Self::Checklist(panel) => panel.rows(look, width),
            Self::Preview(panel) => panel.rows(look, width),
            Self::Explain(panel) => panel.rows(width),
            Self::Running(_) => 3,
            Self::Lines(panel) => panel.rows(width),
            Self::Token => token.map_or(1, |token| token.rows(width)),
            Self::Files(panel) => panel.rows(look, width),
            Self::List { list, .. } => list.rows(),
            Self::Tree { tree, .. } => tree.rows(),
            Self::Filter { editor, .. } => editor.rows(),
        };
        inner.saturating_add(1)
    }

    pub fn draw(
        &self,
        canvas: &mut Canvas<'_>,
        area: Rect,
        focused: bool,
        token: Option<&token::Reveal>,
        wrong_at: Option<usize>,
    ) {
        if area.is_empty() {
            return;
        }
        let heading = if focused { canvas.look.heading() } else { canvas.look.faint() };
        canvas.rule(area, area.y, &self.title(token), heading);
        let inner = Rect { y: area.y + 1, height: area.height - 1, ..area };
        if self.rows(canvas.look, area.width, token) > area.height {
            let more = match self {
                Self::Token => " enlarge the window to see all ",
                _ if focused => " Down: more ",
                _ => " Tab: more ",
            };
            let x = area.right().saturating_sub(units(more.len()) + 1);
            canvas.text(area, x, area.y, more, heading);
        }
        if focused {
            canvas.cursor(area, area.x, area.y);
        }
        match self {
            Self::Checklist(panel) => panel.draw(canvas, inner, focused),
            Self::Preview(panel) => panel.draw(canvas, inner, focused),
            Self::Explain(panel) => panel.draw(canvas, inner, focused),
            Self::Running(panel) => panel.draw(canvas, inner),
            Self::Lines(panel) => panel.draw(canvas, inner, focused),
            Self::Token => {
                if let Some(token) = token {
                    token.draw(canvas, inner, focused);
                }
            }
            Self::Files(panel) => panel.draw(canvas, inner, focused),
            Self::List { list, .. } => {
                list.draw(canvas, inner);
                list.draw_search(canvas, area);
            }
            Self::Tree { tree, .. } => tree.draw(canvas, inner),
            Self::Filter { editor, .. } => editor.draw(canvas, inner, wrong_at),
        }
    }
}
