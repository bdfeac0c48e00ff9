//! Setup: all seven steps, what is set and what is missing.
//!
//! ```text
//!  + 1 Directory   corp: ldaps://dc1.corp.example.com
//!  + 2 Profile     Laptops on eu-1, 50 GiB
//!  - 3 Mapping     no mapping yet
//!  ...
//!    Directories  Where users come from.
//!    ...
//!
//!  Missing: 3 Mapping, 6 Token. Enter opens the step.
//! ```

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::text;
use crate::tui::canvas::{Canvas, units};
use crate::tui::keys::Command;
use crate::tui::listing::{Kind, Place};
use crate::wizard::{Standing, State, Step};

#[derive(Debug)]
pub struct SetupScreen {
    /// The step that is selected, 0 to 6, or behind them the list.
    at: usize,
    /// The step that was left.
    pub came_from: Option<Step>,
}

impl SetupScreen {
    /// Selects the step or the list that the user came from, else the step that wants attention first.
    pub fn new(standing: &[Standing], from: Option<&Place>) -> Self {
        let wanted = standing.iter().find(|standing| standing.state != State::Done).map(|standing| standing.step);
        let list = match from {
            Some(Place::List(kind)) => Kind::OF_SETUP.iter().position(|of| of == kind),
            _ => None,
        };
        let came_from = from.and_then(Place::step);
        let step = came_from.or(wanted).unwrap_or(Step::Directory);
        Self { at: list.map_or(step as usize, |list| Step::ALL.len() + list), came_from }
    }

    pub fn selected(&self) -> Place {
        match Step::ALL.get(self.at) {
            Some(step) => Place::Step(*step),
            None => Place::List(Kind::OF_SETUP[self.at.saturating_sub(Step::ALL.len()).min(Kind::OF_SETUP.len() - 1)]),
        }
    }

    pub fn perform(&mut self, command: Command) {
        let rows = Step::ALL.len() + Kind::OF_SETUP.len();
        self.at = crate::tui::panel::page::moved(self.at, rows, units(rows), command);
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, standing: &[Standing]) {
        let mut y = area.y;
        let tall = area.height >= 11;
        if tall {
            canvas.text(area, area.x + 1, y, "Mass deployment in seven steps", canvas.look.heading());
            y += 2;
        }
        // What is selected stays in sight however few rows there are.
        let rows = usize::from(area.bottom().saturating_sub(y)).max(1);
        let all = Step::ALL.len() + Kind::OF_SETUP.len();
        let first = if rows < all { (self.at + 1).saturating_sub(rows) } else { 0 };
        for step in Step::ALL.into_iter().skip(first) {
            let known = standing.iter().find(|standing| standing.step == step);
            let (mark, style) = mark(canvas, known.map(|standing| standing.state));
            canvas.text(area, area.x + 1, y, mark, style);
            let x = canvas.text(area, area.x + 3, y, &format!("{} {:<10}", step.number(), step.title()), Style::new());
            let evidence = known.map(|standing| text::shown(&standing.evidence)).unwrap_or_default();
            let evidence = if evidence.is_empty() { step.purpose().to_owned() } else { evidence };
            let x = if known.is_some_and(|standing| standing.entered) {
                canvas.text(area, x + 1, y, "not saved yet;", canvas.look.warning())
            } else {
                x
            };
            canvas.text(area, x + 1, y, &evidence, Style::new());
            if step as usize == self.at {
                canvas.select(area, y);
                canvas.cursor(area, area.x, y);
            }
            y = y.saturating_add(1);
        }
        let passed = first.saturating_sub(Step::ALL.len());
        if tall && passed == 0 {
            y = y.saturating_add(1);
        }
        for (at, kind) in Kind::OF_SETUP.into_iter().enumerate().skip(passed) {
            canvas.text(area, area.x + 3, y, kind.title(), Style::new());
            canvas.text(area, area.x + 16, y, kind.about(), canvas.look.faint());
            if at + Step::ALL.len() == self.at {
                canvas.select(area, y);
                canvas.cursor(area, area.x, y);
            }
            y = y.saturating_add(1);
        }
        if tall {
            let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
            let (text, style) = summary(standing, canvas);
            let used = canvas.wrapped(area, y + 1, 3, &text, style);
            let row = y + 1 + used;
            if row < area.bottom() {
                let selected = match self.selected() {
                    Place::Step(step) => format!("{} {}", step.number(), step.title()),
                    Place::List(kind) => kind.title().to_owned(),
                    _ => String::new(),
                };
                canvas.text(area, area.x, row, &format!("Enter opens {selected}. q leaves imd."), Style::new());
            }
        }
    }
}

/// The mark and the style of a step's state; the mark alone is enough.
pub fn mark(canvas: &Canvas<'_>, state: Option<State>) -> (&'static str, Style) {
    let glyphs = canvas.look.glyphs();
    match state {
        Some(State::Done) => (glyphs.done, canvas.look.good()),
        Some(State::Refused) => (glyphs.refused, canvas.look.problem()),
        Some(State::Missing) | None => (glyphs.missing, Style::new()),
    }
}

/// So many missing steps are named.
const SPELLED_OUT: usize = 4;

fn summary(standing: &[Standing], canvas: &Canvas<'_>) -> (String, Style) {
    let named = |state: State| {
        let of = standing.iter().filter(|standing| standing.state == state);
        of.map(|standing| format!("{} {}", standing.step.number(), standing.step.title())).collect::<Vec<_>>()
    };
    let (refused, missing) = (named(State::Refused), named(State::Missing));
    let entered = standing.iter().filter(|standing| standing.entered);
    let entered: Vec<_> =
        entered.map(|standing| format!("{} {}", standing.step.number(), standing.step.title())).collect();
    if standing.is_empty() {
        (String::new(), Style::new())
    } else if !refused.is_empty() {
        (format!("To be fixed: {}.", refused.join(", ")), canvas.look.problem())
    } else if missing.len() > SPELLED_OUT {
        // On one row of eighty columns, which is all that is left below the lists of an ordinary terminal.
        (format!("{} of 7 steps are missing, from {} on.", missing.len(), missing[0]), canvas.look.warning())
    } else if !missing.is_empty() {
        (format!("Missing: {}.", missing.join(", ")), canvas.look.warning())
    } else if !entered.is_empty() {
        (format!("Entered, but not saved: {}.", entered.join(", ")), canvas.look.warning())
    } else {
        ("All seven steps are done. Give the written folder to your deployment tool.".to_owned(), canvas.look.good())
    }
}
