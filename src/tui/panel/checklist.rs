//! A checklist: each check with its outcome and evidence, while it runs and after.
//!
//! ```text
//! -- Check: 5 ok, 1 warning, 1 failed -----------------------------
//!  ok       name resolves   dc1.corp.example.com: 10.0.0.5
//!  ok       TLS             TLS 1.3, signed by "Corp CA"
//!  failed   bind            the password is right but has expired (532)
//!           To do: set a new one with passwd, then enter it here
//!  warning  mail            14 users have no mail
//!             Asa Berg
//! ```

use std::collections::BTreeSet;

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::page;
use crate::model::check::{Check, Outcome};
use crate::model::text;
use crate::tui::canvas::{Canvas, units, wrap};
use crate::tui::keys::Command;
use crate::tui::look::Look;
use crate::tui::view::Trouble;

#[derive(Debug, Default)]
pub struct Checklist {
    checks: Vec<Check>,
    open: BTreeSet<usize>,
    at: Entry,
    end: End,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum End {
    /// More may come.
    #[default]
    Open,
    Reached,
    /// The checks could not be carried to their end.
    CutShort(Trouble),
}

/// A check, or a line of its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Entry {
    check: usize,
    /// 0 is the check itself.
    item: usize,
}

struct Line {
    entry: Entry,
    mark: (&'static str, Style),
    name: String,
    text: String,
    style: Style,
}

/// What the checks come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Running,
    Passed,
    Failed,
}

/// As wide as the longest word of an outcome, and a space on each side.
const MARK: u16 = 9;

/// Where the evidence begins.
fn text_column(name_width: u16) -> u16 {
    MARK + if name_width == 0 { 0 } else { name_width + 2 }
}

impl Checklist {
    /// A check begins, or its outcome is known.
    pub fn take(&mut self, check: Check) {
        match self.checks.iter_mut().find(|known| known.name == check.name) {
            Some(known) => *known = check,
            None => self.checks.push(check),
        }
    }

    /// Nothing more comes; `trouble` when the checks could not be carried to their end.
    pub fn end(&mut self, trouble: Option<Trouble>) {
        self.checks.retain(|check| check.outcome != Outcome::Running);
        self.end = trouble.map_or(End::Reached, End::CutShort);
        // What asks for something is what to look at first.
        let first = |outcome| self.checks.iter().position(|check| check.outcome == outcome);
        let check = first(Outcome::Failed).or_else(|| first(Outcome::Warning)).unwrap_or(0);
        self.at = Entry { check, item: 0 };
    }

    pub fn verdict(&self) -> Verdict {
        match &self.end {
            End::Open => Verdict::Running,
            End::Reached if self.count(Outcome::Failed) == 0 => Verdict::Passed,
            End::Reached | End::CutShort(_) => Verdict::Failed,
        }
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.checks.iter().filter(|check| check.outcome == outcome).count()
    }

    pub fn title(&self) -> String {
        let parts: Vec<String> = [Outcome::Ok, Outcome::Warning, Outcome::Failed]
            .into_iter()
            .map(|outcome| (self.count(outcome), outcome.word()))
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let state = if self.end == End::Open { "checking: " } else { "" };
        format!("Check  {state}{}", parts.join(", "))
    }

    fn entries(&self) -> Vec<Entry> {
        let of = |check: usize| {
            let items = if self.open.contains(&check) { self.checks[check].list.len() } else { 0 };
            (0..=items).map(move |item| Entry { check, item })
        };
        (0..self.checks.len()).flat_map(of).collect()
    }

    /// Moves, opens and closes.
    pub fn perform(&mut self, command: Command, height: u16) {
        let entries = self.entries();
        if let Ok(at) | Err(at) = entries.binary_search(&self.at)
            && let Some(entry) = entries.get(page::moved(at, entries.len(), height, command))
        {
            self.at = *entry;
        }
        if command == Command::Enter && self.checks.get(self.at.check).is_some_and(|check| !check.list.is_empty()) {
            if !self.open.remove(&self.at.check) {
                self.open.insert(self.at.check);
            }
            self.at.item = 0;
        }
    }

    fn lines(&self, look: Look, width: u16) -> Vec<Line> {
        let name_width = self.name_width(width);
        let room = usize::from(width.saturating_sub(text_column(name_width))).max(8);
        let mut lines = Vec::new();
        for (number, check) in self.checks.iter().enumerate() {
            let word = check.outcome.word();
            let style = match check.outcome {
                Outcome::Running => look.heading(),
                Outcome::Ok => look.good(),
                Outcome::Warning => look.warning(),
                Outcome::Failed => look.problem(),
                Outcome::Skipped => look.faint(),
            };
            let entry = Entry { check: number, item: 0 };
            let mut line = |mark, name, text, style| lines.push(Line { entry, mark, name, text, style });
            let mut evidence = text::shown(&check.evidence);
            if name_width == 0 {
                evidence = format!("{}: {evidence}", check.name);
            }
            if !check.list.is_empty() {
                let hint = if self.open.contains(&number) { "Enter hides them" } else { "Enter lists them" };
                evidence = format!("{evidence} ({hint})");
            }
            for (row, text) in wrap(&evidence, room).into_iter().enumerate() {
                let first = row == 0;
                let name = if first && name_width > 0 { check.name.to_string() } else { String::new() };
                line(if first { (word, style) } else { ("", style) }, name, text, Style::new());
            }
            if let Some(help) = check.help.as_ref().filter(|_| check.outcome.needs_attention()) {
                for text in wrap(&format!("To do: {}", text::shown(help)), room) {
                    line(("", style), String::new(), text, look.heading());
                }
            }
            if self.open.contains(&number) {
                for (item, who) in check.list.iter().enumerate() {
                    let entry = Entry { check: number, item: item + 1 };
                    let text = format!("  {}", who.shown());
                    lines.push(Line { entry, mark: ("", style), name: String::new(), text, style: Style::new() });
                }
            }
        }
        if let End::CutShort(trouble) = &self.end {
            let entry = Entry { check: self.checks.len(), item: 0 };
            let style = look.problem();
            for (row, text) in wrap(&trouble.message, room).into_iter().enumerate() {
                lines.push(Line {
                    entry,
                    mark: (if row == 0 { "stopped" } else { "" }, style),
                    name: String::new(),
                    text,
                    style,
                });
            }
            for text in wrap(&format!("To do: {}", trouble.help), room) {
                lines.push(Line { entry, mark: ("", style), name: String::new(), text, style: look.heading() });
            }
        }
        lines
    }

    /// On a narrow screen the name goes before the evidence instead of into a column.
    fn name_width(&self, width: u16) -> u16 {
        if width < 60 {
            return 0;
        }
        let longest = self.checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
        units(longest).min(width / 3)
    }

    /// The rows that it would like to have.
    pub fn rows(&self, look: Look, width: u16) -> u16 {
        units(self.lines(look, width).len()).max(1)
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, focused: bool) {
        let lines = self.lines(canvas.look, area.width);
        if lines.is_empty() {
            let text = if self.end == End::Open { "starting ..." } else { "There is nothing to check here." };
            canvas.text(area, area.x + 1, area.y, text, Style::new());
            return;
        }
        let name_width = self.name_width(area.width);
        let at = lines.iter().position(|line| line.entry == self.at).unwrap_or(0);
        // While it runs unwatched, the newest line is the one to see.
        let at = if !focused && self.end == End::Open { lines.len() - 1 } else { at };
        for (row, line) in page::shown(&lines, at, area.height).enumerate() {
            let y = area.y + units(row);
            canvas.text(area, area.x + 1, y, line.mark.0, line.mark.1);
            let name = Rect { width: (MARK + name_width).min(area.width), ..area };
            canvas.text(name, area.x + MARK, y, &line.name, Style::new());
            canvas.text(area, area.x + text_column(name_width), y, &line.text, line.style);
            if focused && line.entry == self.at {
                canvas.select(area, y);
                if !line.mark.0.is_empty() || line.entry.item > 0 {
                    canvas.cursor(area, area.x, y);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::text::Untrusted;

    fn checklist() -> Checklist {
        let mut checklist = Checklist::default();
        checklist.take(Check::running("TLS"));
        checklist.take(Check::ok("TLS", "TLS 1.3"));
        let list = vec![Untrusted::new("Åsa"), Untrusted::new("Per\u{202e}")];
        checklist.take(Check::warning("mail", "2 have no mail", "give them one").with_list(list));
        checklist
    }

    #[test]
    fn a_check_is_one_line_however_often_it_reports() {
        let checklist = checklist();
        assert_eq!(checklist.checks.len(), 2);
        assert_eq!(checklist.checks[0].outcome, Outcome::Ok);
    }

    #[test]
    fn it_is_passed_only_when_it_ended_and_nothing_failed() {
        let mut checklist = checklist();
        assert_eq!(checklist.verdict(), Verdict::Running);
        checklist.end(None);
        assert_eq!(checklist.verdict(), Verdict::Passed);
        checklist.take(Check::failed("bind", "no", "do"));
        assert_eq!(checklist.verdict(), Verdict::Failed);
    }

    #[test]
    fn a_list_opens_closes_and_is_walked() {
        let mut checklist = checklist();
        checklist.perform(Command::Down, 10);
        checklist.perform(Command::Enter, 10);
        checklist.perform(Command::Down, 10);
        checklist.perform(Command::Down, 10);
        assert_eq!(checklist.at, Entry { check: 1, item: 2 });
        checklist.perform(Command::Enter, 10);
        assert_eq!(checklist.entries().len(), 2, "closed from within the list");
        assert_eq!(checklist.at, Entry { check: 1, item: 0 });
    }
}
