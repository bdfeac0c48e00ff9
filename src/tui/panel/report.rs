//! Something that was done, or went wrong, in lines that can be scrolled; and a job on its way there.
//!
//! ```text
//! -- Sync ----------------------------------------------
//!  1,171 users match, 29 are excluded
//!  To do: give the user a mail attribute in the directory
//! ```
//!
//! ```text
//! -- Running -------------------------------------------
//!  reading users        812 of 1,200       2,410 a second
//!  [##########################..............]  67%
//!  Ctrl-X cancels and rolls everything back.
//! ```

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::page;
use crate::model::count::grouped;
use crate::model::job::Progress;
use crate::present::Tone;
use crate::tui::canvas::{Canvas, units, wrap};
use crate::tui::keys::Command;
use crate::tui::view::{Report, Trouble};

/// Lines.
#[derive(Debug)]
pub struct Lines {
    report: Report,
    at: usize,
}

impl Lines {
    pub fn new(report: Report) -> Self {
        Self { report, at: 0 }
    }

    pub fn trouble(title: &str, trouble: &Trouble) -> Self {
        Self::new(Self::of_trouble(title, trouble))
    }

    pub fn of_trouble(title: &str, trouble: &Trouble) -> Report {
        let tone = if trouble.needs_you { Tone::Warning } else { Tone::Problem };
        let lines = vec![(tone, trouble.message.clone()), (Tone::Help, trouble.help.clone())];
        Report { title: title.to_owned(), lines }
    }

    pub fn title(&self) -> &str {
        &self.report.title
    }

    fn lines(&self, width: u16) -> Vec<(Tone, String)> {
        let room = usize::from(width.saturating_sub(2)).max(8);
        let of = |(tone, text): &(Tone, String)| {
            let text = if *tone == Tone::Help { format!("To do: {text}") } else { text.clone() };
            let tone = *tone;
            wrap(&text, room).into_iter().map(move |line| (tone, line)).collect::<Vec<_>>()
        };
        self.report.lines.iter().flat_map(of).collect()
    }

    pub fn rows(&self, width: u16) -> u16 {
        units(self.lines(width).len()).max(1)
    }

    pub fn perform(&mut self, command: Command, width: u16, height: u16) {
        self.at = page::moved(self.at, self.lines(width).len(), height, command);
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, focused: bool) {
        let lines = self.lines(area.width);
        let at = self.at.min(lines.len().saturating_sub(1));
        let first = page::offset(at, lines.len(), area.height);
        for (row, (tone, line)) in page::shown(&lines, at, area.height).enumerate() {
            let look = canvas.look;
            canvas.text(area, area.x + 1, area.y + units(row), line, look.toned(*tone));
        }
        if focused {
            canvas.select(area, area.y + units(at - first));
            canvas.cursor(area, area.x, area.y + units(at - first));
        }
    }
}

/// A job that is running.
#[derive(Debug, Default)]
pub struct Running {
    progress: Option<Progress>,
    cancelling: bool,
}

impl Running {
    pub fn take(&mut self, progress: Progress) {
        self.progress = Some(progress);
    }

    pub fn cancel(&mut self) {
        self.cancelling = true;
    }

    /// How far it is: `reading users  812 of 1,200   2,410 a second, about 3 min left`. `None` until that is known.
    fn line(&self) -> Option<String> {
        let Progress { what, done, of, about, rate } = self.progress.as_ref()?;
        let mut line = format!("{what}  {}", grouped(*done));
        match (of, about.filter(|about| about > done)) {
            (Some(of), _) => line = format!("{line} of {}", grouped(*of)),
            (None, Some(about)) => line = format!("{line} of about {}", grouped(about)),
            (None, None) => {}
        }
        if let Some(rate) = rate.filter(|rate| rate.is_finite() && *rate >= 1.0) {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is finite and not negative")]
            let rate = rate as u64;
            line = format!("{line}   {} a second", grouped(rate));
            if let Some(end) = of.or(about.filter(|about| about > done)) {
                line = format!("{line}, {} left", left(end.saturating_sub(*done) / rate));
            }
        }
        Some(line)
    }

    /// The same on a line by itself, with the key that stops it.
    pub fn said(&self) -> String {
        match (self.cancelling, self.line()) {
            (true, _) => "Cancelling...".to_owned(),
            (false, None) => "Working... Ctrl-X cancels.".to_owned(),
            (false, Some(line)) => format!("{line}. Ctrl-X cancels."),
        }
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let (Some(line), Some(progress)) = (self.line(), &self.progress) else {
            let text = if self.cancelling { "Cancelling..." } else { "Working... Ctrl-X cancels." };
            canvas.text(area, area.x + 1, area.y, text, Style::new());
            return;
        };
        canvas.text(area, area.x + 1, area.y, &line, Style::new());
        let mut y = area.y + 1;
        if let Some(of) = progress.of.filter(|of| *of > 0) {
            let share = (u128::from(progress.done.min(of)) * 100 / u128::from(of)) as usize;
            let width = usize::from(area.width.saturating_sub(10)).min(60);
            let full = width * share / 100;
            let glyphs = canvas.look.glyphs();
            let bar =
                format!("[{}{}] {share:>3}%", glyphs.bar_full.repeat(full), glyphs.bar_empty.repeat(width - full));
            canvas.text(area, area.x + 1, y, &bar, Style::new());
            y += 1;
        }
        let text = if self.cancelling { "Cancelling..." } else { "Ctrl-X cancels and rolls everything back." };
        canvas.text(area, area.x + 1, y, text, canvas.look.faint());
    }
}

/// So many seconds, as roughly as they are known.
fn left(seconds: u64) -> String {
    match seconds {
        0..10 => "a few seconds".to_owned(),
        10..100 => format!("about {seconds} s"),
        _ => format!("about {} min", grouped(seconds.div_ceil(60))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_said_where_the_end_is_known_or_guessed() {
        let said = |done, of, about, rate| {
            let mut running = Running::default();
            running.take(Progress { what: "reading users", done, of, about, rate });
            running.said()
        };
        for (done, of, about, rate, text) in [
            (812, None, None, None, "reading users  812. Ctrl-X cancels."),
            (
                800,
                Some(1_200),
                None,
                Some(20.7),
                "reading users  800 of 1,200   20 a second, about 20 s left. Ctrl-X cancels.",
            ),
            (
                40_000,
                None,
                Some(1_000_000),
                Some(2_000.0),
                "reading users  40,000 of about 1,000,000   2,000 a second, about 8 min left. Ctrl-X cancels.",
            ),
            // More than the estimate: the time left is unknown.
            (1_300, None, Some(1_200), Some(10.0), "reading users  1,300   10 a second. Ctrl-X cancels."),
            (
                1_190,
                Some(1_200),
                None,
                Some(10.0),
                "reading users  1,190 of 1,200   10 a second, a few seconds left. Ctrl-X cancels.",
            ),
            (0, Some(1_200), None, Some(0.0), "reading users  0 of 1,200. Ctrl-X cancels."),
        ] {
            assert_eq!(said(done, of, about, rate), text);
        }
    }
}
