//! The overview: is it well, and what needs you?

use ratatui::layout::Rect;

use super::detail::draw_facts;
use super::list::Led;
use crate::tui::canvas::Canvas;
use crate::tui::desk::Desk;
use crate::tui::keys::{self, Binding, Command};
use crate::tui::listing::{Fact, Place};
use crate::tui::panel::page;

#[derive(Debug, Default)]
pub struct Overview {
    /// `None` until it is known.
    view: Option<OverviewView>,
    at: usize,
}

/// What is to be seen at a glance, in words and safe to show.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OverviewView {
    pub lines: Vec<Fact>,
}

impl Overview {
    pub fn take(&mut self, view: OverviewView) {
        self.at = self.at.min(view.lines.len().saturating_sub(1));
        self.view = Some(view);
    }

    fn lines(&self) -> &[Fact] {
        self.view.as_ref().map(|view| view.lines.as_slice()).unwrap_or_default()
    }

    pub fn tables(&self) -> Vec<&'static Binding> {
        let leads = self.lines().get(self.at).is_some_and(|fact| fact.leads.is_some());
        let open: &[Binding] = if leads { keys::DETAIL_OPEN } else { &[] };
        let tables = [open, keys::OVERVIEW, keys::MOVE, keys::TABS, keys::LEAVE, keys::ANYWHERE, keys::NO_TEXT];
        tables.into_iter().flatten().collect()
    }

    pub fn perform(&mut self, command: Command, height: u16, _desk: &mut Desk) -> Led {
        match command {
            Command::Back => return Led::Back,
            Command::Report => return Led::To(Place::Report),
            Command::Enter => {
                if let Some(place) = self.lines().get(self.at).and_then(|fact| fact.leads.clone()) {
                    return Led::To(place);
                }
            }
            command => self.at = page::moved(self.at, self.lines().len(), height, command),
        }
        Led::Nowhere
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        canvas.cursor(area, area.x + 1, area.y);
        draw_facts(canvas, area, self.lines(), Some(self.at));
    }
}
