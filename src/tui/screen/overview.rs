//! The overview: the state of the rollout, and what needs the administrator.
//!
//! ```text
//!  2 alarms.                            as of 2026-11-24 12:00 UTC
//!  now   activations are paused until an administrator resumes them, by anna
//!  soon  the token rollout expires on 2026-12-01, in 7 days
//!  -- From the directory to the laptop ---- 14 days to today; today's count
//!  Cached         880  ##################......  ....:-=+*#%@..  12
//!  Activated      700  ##############..........  ...::--==++**#   9
//! ```
//!
//! It is drawn from what was read last. It is read again when the state changes, and every 20 seconds for what only
//! time changes, such as a service that is silent: nothing moves unless something changed.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::list::Led;
use crate::model::count::grouped;
use crate::present::Tone;
use crate::tui::canvas::{Canvas, units, width, wrap};
use crate::tui::keys::{self, Binding, Command};
use crate::tui::listing::Place;
use crate::tui::panel::page;
use crate::tui::view::{Line, OverviewView, Stage};

#[derive(Debug, Default)]
pub struct Overview {
    /// `None` until it is known.
    view: Option<OverviewView>,
    at: usize,
}

impl Overview {
    /// What was read. The line that is selected stays where it is.
    pub fn take(&mut self, view: OverviewView) {
        self.at = self.at.min(view.lines.len().saturating_sub(1));
        self.view = Some(view);
        self.settle(Command::Down);
    }

    /// What was read again by itself: nothing moves while it says the same.
    pub fn take_if_changed(&mut self, view: OverviewView) {
        if self.view.as_ref().is_none_or(|shown| shown.content != view.content) {
            self.take(view);
        }
    }

    fn lines(&self) -> &[Line] {
        self.view.as_ref().map(|view| view.lines.as_slice()).unwrap_or_default()
    }

    /// Passes over a heading, in the direction of the last key.
    fn settle(&mut self, towards: Command) {
        let is_heading = |at: usize| self.lines().get(at).is_some_and(Line::is_heading);
        let back = matches!(towards, Command::Up | Command::PageUp | Command::First);
        let mut at = self.at;
        while is_heading(at) {
            match (back, at) {
                (true, 0) => break,
                (true, _) => at -= 1,
                (false, _) => at += 1,
            }
        }
        // A heading is never the last line; above the first, the way is down.
        while is_heading(at) || at >= self.lines().len().max(1) {
            at = if at >= self.lines().len() { at.saturating_sub(1) } else { at + 1 };
        }
        self.at = at;
    }

    pub fn tables(&self) -> Vec<&'static Binding> {
        let leads = self.lines().get(self.at).is_some_and(|line| line.leads().is_some());
        let open: &[Binding] = if leads { keys::DETAIL_OPEN } else { &[] };
        let tables = [open, keys::OVERVIEW, keys::MOVE, keys::TABS, keys::LEAVE, keys::ANYWHERE, keys::NO_TEXT];
        tables.into_iter().flatten().collect()
    }

    pub fn perform(&mut self, command: Command, height: u16) -> Led {
        match command {
            Command::Back => return Led::Back,
            Command::Report => return Led::To(Place::Report),
            Command::Enter => {
                if let Some(place) = self.lines().get(self.at).and_then(Line::leads) {
                    return Led::To(place.clone());
                }
            }
            command => {
                self.at = page::moved(self.at, self.lines().len(), height.saturating_sub(1), command);
                self.settle(command);
            }
        }
        Led::Nowhere
    }

    /// The one thing to do about the line that is selected.
    pub fn help(&self) -> (String, Tone) {
        match self.lines().get(self.at) {
            Some(Line::Alarm { to_do, .. }) => (format!("To do: {to_do}."), Tone::Help),
            Some(line) if line.leads().is_some() => {
                ("Enter opens what this line is about; Ctrl-P finds everything.".to_owned(), Tone::Plain)
            }
            _ => ("Ctrl-P finds everything.".to_owned(), Tone::Plain),
        }
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        canvas.cursor(area, area.x + 1, area.y);
        let Some(view) = &self.view else { return };
        let inner = Rect { y: (area.y + 1).min(area.bottom()), height: area.height.saturating_sub(1), ..area };
        let rows = rows(&view.lines, area.width);
        let selected = rows.iter().position(|(at, _)| *at == self.at).unwrap_or(0);
        let end = canvas.goes_on(area, area.y, page::beyond(selected, rows.len(), inner.height));
        let heading = Rect { width: end.saturating_sub(area.x), ..area };
        let x = canvas.text(heading, area.x + 1, area.y, &view.says, canvas.look.toned(view.tone));
        let right = end.saturating_sub(units(width(&view.as_of)) + 1);
        if right > x + 1 {
            canvas.text(heading, right, area.y, &view.as_of, canvas.look.faint());
        }
        let area = inner;
        let label = units(view.lines.iter().map(label_width).max().unwrap_or(0)).min(area.width / 3);
        let first = page::offset(selected, rows.len(), area.height);
        for (row, (at, part)) in page::shown(&rows, selected, area.height).enumerate() {
            let (y, line) = (area.y + units(row), &view.lines[*at]);
            draw_line(canvas, area, y, label, line, part.as_ref());
            if first + row == selected && !line.is_heading() {
                let marked = match line {
                    Line::Alarm { .. } => 4,
                    _ => label,
                };
                canvas.select(Rect { x: area.x + 1, width: marked.max(1), ..area }, y);
                canvas.cursor(area, area.x + 1, y);
            }
        }
    }
}

/// The indent of the text of an alarm.
const ALARM: u16 = 7;

/// What is shown in each row: the line, and of an alarm, which is never cut, the part and whether it is the first one.
fn rows(lines: &[Line], width: u16) -> Vec<(usize, Option<(bool, String)>)> {
    let room = usize::from(width.saturating_sub(ALARM + 1)).max(8);
    let mut rows = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        match line {
            Line::Alarm { text, .. } => {
                rows.extend(wrap(text, room).into_iter().enumerate().map(|(part, text)| (at, Some((part == 0, text)))));
            }
            _ => rows.push((at, None)),
        }
    }
    rows
}

fn label_width(line: &Line) -> usize {
    match line {
        Line::Heading(..) | Line::Alarm { .. } => 0,
        Line::Stage(stage) => width(stage.label),
        Line::Fact(fact) => width(&fact.label),
    }
}

fn draw_line(canvas: &mut Canvas<'_>, area: Rect, y: u16, label: u16, line: &Line, part: Option<&(bool, String)>) {
    let x = area.x + 1;
    match line {
        Line::Heading(left, right) => {
            canvas.rule(area, y, left, canvas.look.heading());
            let room = units(width(left) + width(right) + 8);
            let at = area.right().saturating_sub(units(width(right)) + 4);
            if room < area.width && !right.is_empty() {
                canvas.text(area, at, y, &format!(" {right} "), canvas.look.faint());
            }
        }
        Line::Alarm { word, tone, .. } => {
            let Some((first, text)) = part else { return };
            if *first {
                canvas.text(area, x, y, word, canvas.look.toned(*tone));
            }
            canvas.text(area, area.x + ALARM, y, text, Style::new());
        }
        Line::Stage(stage) => draw_stage(canvas, area, y, label, stage),
        Line::Fact(fact) => {
            let cell = Rect { width: (label + 1).min(area.width), ..area };
            canvas.text(cell, x, y, &fact.label, Style::new());
            canvas.text(area, x + label + 2, y, &fact.text, canvas.look.toned(fact.tone));
        }
    }
}

/// How wide a count is, and what a day's count is at most before it is cut.
const COUNT: u16 = 10;
const TODAY: u16 = 17;

fn draw_stage(canvas: &mut Canvas<'_>, area: Rect, y: u16, label: u16, stage: &Stage) {
    let Stage { label: name, count, of, days, today, .. } = stage;
    let glyphs = canvas.look.glyphs();
    let x = area.x + 1;
    canvas.text(Rect { width: (label + 1).min(area.width), ..area }, x, y, name, Style::new());
    let right = |canvas: &mut Canvas<'_>, x: u16, room: u16, text: &str, style: Style| {
        let wide = units(width(text)).min(room);
        canvas.text(area, x + room - wide, y, text, style);
    };
    let mut x = x + label + 1;
    right(canvas, x, COUNT, &grouped(*count), Style::new());
    x += COUNT + 2;
    let chart = units(crate::model::overview::DAYS);
    let left = area.right().saturating_sub(x + 1);
    let with_days = left > chart + TODAY;
    let bar = left.saturating_sub(if with_days { chart + TODAY + 3 } else { 0 }).min(60);
    if bar >= 8 {
        let full = u128::from(*count) * u128::from(bar) / u128::from((*of).max(1));
        let full = u16::try_from(full).unwrap_or(bar).clamp(u16::from(*count > 0), bar);
        let after = canvas.text(area, x, y, &glyphs.bar_full.repeat(usize::from(full)), canvas.look.good());
        canvas.text(area, after, y, &glyphs.bar_empty.repeat(usize::from(bar - full)), canvas.look.faint());
    }
    if with_days && !days.is_empty() {
        let x = area.right().saturating_sub(chart + TODAY + 1);
        let most = days.iter().copied().max().unwrap_or(0);
        let levels: String = days.iter().map(|day| glyphs.levels[level(*day, most)]).collect();
        canvas.text(area, x, y, &levels, canvas.look.heading());
        let new = grouped(days.last().copied().unwrap_or(0));
        right(canvas, x + chart, TODAY, format!("{new} {today}").trim_end(), Style::new());
    }
}

/// The height of a day, 0 to 8: anything is more than nothing, and the most is the highest.
fn level(day: u64, most: u64) -> usize {
    if day == 0 {
        return 0;
    }
    usize::try_from(u128::from(day) * 8 / u128::from(most.max(1))).unwrap_or(8).clamp(1, 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::listing::Fact;
    use proptest::prelude::*;

    #[test]
    fn a_day_is_as_high_as_its_share_of_the_maximum() {
        let levels: Vec<_> = [0, 1, 4, 50, 100].into_iter().map(|day| level(day, 100)).collect();
        assert_eq!(levels, [0, 1, 1, 4, 8]);
        assert_eq!(level(u64::MAX, u64::MAX), 8);
    }

    proptest! {
        #[test]
        fn a_heading_is_never_selected(
            lines in proptest::collection::vec(prop::bool::weighted(0.3), 1..40),
            commands in proptest::collection::vec(0usize..6, 0..30), height in 0u16..20,
        ) {
            let line =
                |heading| if heading { Line::Heading("", "") } else { Line::Fact(Fact::new("x", "y")) };
            let mut all: Vec<Line> = lines.into_iter().map(line).collect();
            // As it is read: a heading has something below it.
            all.push(line(false));
            let mut overview = Overview::default();
            overview.take(OverviewView { lines: all.clone(), ..OverviewView::default() });
            for command in commands {
                let command = [
                    Command::Up, Command::Down, Command::PageUp, Command::PageDown, Command::First, Command::Last,
                ][command];
                overview.perform(command, height);
                prop_assert!(!all[overview.at].is_heading());
            }
        }
    }
}
