//! A plan: what a sync would change, user by user, and why the safeguard stopped it.
//!
//! ```text
//!  Plan 12: stopped by the safeguard, made at 22:38 UTC
//!  36 of 40 users would leave mapping "Staff"; 4 may without asking
//!  "OU=Staff,..." was renamed or moved: it is "OU=People,..." now
//!  [all 48]  leave 36  change 10  come 2  excluded 4          search: berg
//! --------------------------------------------------------------------------
//!  leave   Åsa Berg       is not found: deleted, or hidden from the account
//!  change  Per Hansen     department: Sales -> Legal
//! ```
//!
//! Only the lines around those in sight are held: a plan may have a hundred thousand.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::count::grouped;
use crate::model::plan::{Asked, LineKind};
use crate::present::Tone;
use crate::tui::canvas::{Canvas, cut, units, width, wrap};
use crate::tui::context::{Context, Notice};
use crate::tui::keys::{self, Binding, Command};
use crate::tui::layout;
use crate::tui::message::{Request, Work};
use crate::tui::panel::page;
use crate::tui::text_line::{SEARCH, TextLine};
use crate::tui::view::{JobId, PlanLine, PlanPage, PlanState, PlanView, Trouble};

/// How many lines are asked for at a time: a few screens, so that most keys ask for nothing.
const LINES: u64 = 300;

#[derive(Debug)]
pub struct PlanScreen {
    view: PlanView,
    asked: Asked,
    page: PlanPage,
    /// The line that is selected, among all that were asked for.
    at: usize,
    /// The details of the selected line are shown.
    open: bool,
    /// What is being typed to search for.
    typing: Option<TextLine>,
    /// Whether to apply it is being asked.
    asking: bool,
    job: Option<JobId>,
}

impl PlanScreen {
    pub fn new(view: PlanView, context: &mut Context) -> Self {
        let screen = Self {
            view,
            asked: Asked::default(),
            page: PlanPage::default(),
            at: 0,
            open: false,
            typing: None,
            asking: false,
            job: None,
        };
        screen.ask(0, context);
        screen
    }

    pub fn title(&self) -> String {
        format!("Plan {}", self.view.id)
    }

    /// A job is running that must not be left.
    pub fn is_busy(&self) -> bool {
        self.job.is_some()
    }

    fn ask(&self, offset: u64, context: &mut Context) {
        context.request(Request::Lines { plan: self.view.id, asked: self.asked.clone(), offset, limit: LINES });
    }

    /// Asks for other lines, from the first.
    fn ask_again(&mut self, context: &mut Context) {
        self.at = 0;
        self.page = PlanPage::default();
        self.ask(0, context);
    }

    /// Asks for the lines in sight when they are not at hand.
    pub fn ensure(&mut self, context: &mut Context) {
        let height = self.rows(context);
        let total = self.total();
        let first = page::offset(self.at, total, height) as u64;
        let last = (first + u64::from(height)).min(total as u64);
        let have = self.page.offset..self.page.offset + self.page.lines.len() as u64;
        if first < last && (first < have.start || last > have.end) {
            self.ask(first.saturating_sub(LINES / 3), context);
        }
    }

    fn total(&self) -> usize {
        usize::try_from(self.page.total).unwrap_or(usize::MAX)
    }

    /// Takes lines; those of an earlier search are dropped.
    pub fn take(&mut self, asked: &Asked, page: PlanPage) {
        if *asked == self.asked {
            self.page = page;
            self.at = self.at.min(self.total().saturating_sub(1));
        }
    }

    /// The plan was applied.
    pub fn applied(&mut self, job: JobId, view: PlanView, context: &mut Context) {
        if self.job == Some(job) {
            self.job = None;
            self.view = view;
            context.say("Applied. u makes a plan that undoes it.");
            context.request(Request::Standing);
        }
    }

    pub fn failed(&mut self, job: Option<JobId>, trouble: Trouble, context: &mut Context) {
        if job.is_none() || job == self.job {
            self.job = None;
            context.notice = Some(Notice::Trouble(trouble));
        }
    }

    pub fn tables(&self) -> Vec<&'static Binding> {
        let tables: Vec<&'static [Binding]> = match (self.asking, &self.typing, self.job) {
            (true, ..) => vec![keys::CONFIRM, keys::ANYWHERE],
            (_, Some(_), _) => vec![keys::SEARCH, keys::EDIT, keys::ANYWHERE],
            (_, _, Some(_)) => vec![keys::RUNNING, keys::ANYWHERE],
            _ => {
                let act = if self.view.state == PlanState::Applied { keys::PLAN_APPLIED } else { keys::PLAN_OPEN };
                let lines = [keys::PLAN_LINE, keys::MOVE, keys::PLAN, act, keys::PLAN_BACK];
                let rest = [keys::TABS, keys::LEAVE, keys::ANYWHERE, keys::NO_TEXT];
                lines.into_iter().chain(rest).collect()
            }
        };
        tables.into_iter().flatten().collect()
    }

    /// Does what a key asks for. True when the user wants to go back.
    pub fn perform(&mut self, command: Command, context: &mut Context) -> bool {
        if self.asking {
            self.asking = false;
            match command {
                Command::Yes => {
                    self.job = Some(context.start(Work::Approve(self.view.hash.clone())));
                }
                _ => context.say("The plan was not applied."),
            }
            return false;
        }
        if let Some(search) = &mut self.typing {
            match command {
                Command::Edit(request) => {
                    search.edit(request);
                }
                Command::Enter => {
                    self.asked.search = search.text().to_owned();
                    self.typing = None;
                    self.ask_again(context);
                }
                Command::Back => self.typing = None,
                _ => {}
            }
            return false;
        }
        match command {
            Command::Back if self.open => self.open = false,
            Command::Back if !self.asked.search.is_empty() => {
                self.asked.search.clear();
                self.ask_again(context);
            }
            Command::Back => return self.job.is_none(),
            Command::Cancel => {
                if let Some(job) = self.job {
                    context.cancel(job);
                }
            }
            Command::Search => self.typing = Some(TextLine::at_most(&self.asked.search, SEARCH)),
            Command::Left => self.turn(false, context),
            Command::Right => self.turn(true, context),
            Command::Enter => self.open = !self.open,
            Command::Approve if self.view.state != PlanState::Applied => self.asking = true,
            Command::Undo => context.request(Request::Undo(self.view.id)),
            command => self.at = page::moved(self.at, self.total(), self.rows(context), command),
        }
        self.ensure(context);
        false
    }

    /// The next or previous kind of line.
    fn turn(&mut self, forwards: bool, context: &mut Context) {
        let kinds: Vec<Option<LineKind>> = [None].into_iter().chain(LineKind::ALL.map(Some)).collect();
        let at = kinds.iter().position(|kind| *kind == self.asked.kind).unwrap_or(0);
        let to = if forwards { at + 1 } else { at + kinds.len() - 1 };
        self.asked.kind = kinds[to % kinds.len()];
        self.ask_again(context);
    }

    pub fn typed(&mut self, key: &KeyEvent) {
        let plain = !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        if let (KeyCode::Char(c), true) = (key.code, plain) {
            self.paste(&c.to_string());
        }
    }

    pub fn paste(&mut self, pasted: &str) {
        if let Some(search) = &mut self.typing {
            search.insert(pasted);
        }
    }

    /// What the help line says.
    pub fn help(&self) -> (String, Tone) {
        if self.asking {
            return (self.view.question.clone(), Tone::Warning);
        }
        let line = match (&self.typing, self.job, &self.view.todo) {
            (Some(_), ..) => "Part of a name, an address, an attribute or a new value; Enter searches.",
            (None, Some(_), _) => "Applying... Ctrl-X cancels and rolls everything back.",
            (None, None, Some(todo)) => return (format!("To do: {todo}"), Tone::Help),
            (None, None, None) => "Enter shows the details of a line, / searches, Left and Right choose a kind.",
        };
        (line.to_owned(), Tone::Plain)
    }

    fn body(context: &Context) -> Rect {
        layout::areas(context.size.0, context.size.1).body
    }

    /// The rows above the lines.
    fn head(&self, area: Rect) -> u16 {
        let why = match area.height {
            0..8 => 0,
            8..14 => 2,
            height => self.why(area.width).len().min(usize::from(height / 3)).try_into().unwrap_or(u16::MAX),
        };
        let rule = u16::from(area.height >= 12);
        (1 + why.min(units(self.why(area.width).len())) + 1 + rule).min(area.height.saturating_sub(1))
    }

    fn why(&self, width: u16) -> Vec<(Tone, String)> {
        let room = usize::from(width.saturating_sub(2)).max(8);
        let lines = self.view.why.iter();
        lines.flat_map(|(tone, line)| wrap(line, room).into_iter().map(move |line| (*tone, line))).collect()
    }

    /// How many rows the details of the selected line take.
    fn detail_rows(&self, area: Rect) -> u16 {
        if !self.open {
            return 0;
        }
        let rows = units(self.details(area.width).len()) + 1;
        rows.min((area.height - self.head(area)) * 2 / 3)
    }

    fn details(&self, width: u16) -> Vec<String> {
        let room = usize::from(width.saturating_sub(3)).max(8);
        self.selected()
            .map(|line| line.details.iter().flat_map(|detail| wrap(detail, room)).collect())
            .unwrap_or_default()
    }

    fn selected(&self) -> Option<&PlanLine> {
        let at = (self.at as u64).checked_sub(self.page.offset)?;
        self.page.lines.get(usize::try_from(at).ok()?)
    }

    /// How many lines are in sight.
    fn rows(&self, context: &Context) -> u16 {
        let area = Self::body(context);
        (area.height - self.head(area).min(area.height)).saturating_sub(self.detail_rows(area)).max(1)
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, context: &Context) {
        let look = canvas.look;
        let (state, style) = match self.view.state {
            PlanState::Stopped => ("stopped by the safeguard", look.warning()),
            PlanState::Made => ("not applied", Style::new()),
            PlanState::Applied => ("applied", look.good()),
        };
        let x = canvas.text(area, area.x + 1, area.y, &format!("Plan {}: ", self.view.id), look.heading());
        let x = canvas.text(area, x, area.y, state, style);
        canvas.text(area, x, area.y, &format!(", {}", self.view.heading), Style::new());
        let head = self.head(area);
        let mut y = area.y + 1;
        let rule = u16::from(area.height >= 12);
        let why_rows = head.saturating_sub(2 + rule);
        for (tone, line) in self.why(area.width).into_iter().take(usize::from(why_rows)) {
            let style = if tone == Tone::Warning { look.warning() } else { Style::new() };
            canvas.text(area, area.x + 1, y, &line, style);
            y += 1;
        }
        if head >= 2 {
            self.draw_kinds(canvas, Rect { y, height: 1, ..area });
            y += 1;
        }
        if rule == 1 {
            canvas.rule(area, y, "", Style::new());
            y += 1;
        }
        let details = self.detail_rows(area);
        let rows = self.rows(context).min(area.bottom().saturating_sub(y));
        self.draw_lines(canvas, Rect { y, height: rows, ..area });
        if details > 0 {
            let below = Rect { y: area.bottom() - details, height: details, ..area };
            let who = self.selected().map(|line| line.who.clone()).unwrap_or_default();
            canvas.rule(below, below.y, &who, look.heading());
            for (row, line) in self.details(area.width).iter().take(usize::from(details - 1)).enumerate() {
                canvas.text(below, below.x + 2, below.y + 1 + units(row), line, Style::new());
            }
        }
    }

    fn draw_kinds(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let look = canvas.look;
        if let Some(search) = &self.typing {
            let x = canvas.text(area, area.x + 1, area.y, "Search: ", look.heading());
            return search.draw(canvas, area, x, area.y, true);
        }
        let all: u64 = self.view.counts.iter().sum();
        let kinds = [(None, "all", all)].into_iter().chain(
            LineKind::ALL.into_iter().zip(self.view.counts).map(|(kind, count)| (Some(kind), kind.word(), count)),
        );
        let mut x = area.x + 1;
        for (kind, word, count) in kinds {
            let label = format!("{word} {}", grouped(count));
            let here = kind == self.asked.kind;
            let label = if here { format!("[{label}]") } else { label };
            x = canvas.text(area, x, area.y, &label, if here { look.heading() } else { Style::new() }) + 2;
        }
        if !self.asked.search.is_empty() {
            let found = format!("search: {} ({})", self.asked.search, grouped(self.page.total));
            let room = usize::from(area.right().saturating_sub(x + 1));
            canvas.text(area, x, area.y, &cut(&found, room, look.glyphs().cut), look.title());
        }
    }

    fn draw_lines(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let look = canvas.look;
        let total = self.total();
        if total == 0 {
            let text =
                if self.asked.search.is_empty() { "There are no lines of this kind." } else { "Nothing matches." };
            canvas.text(area, area.x + 1, area.y, text, Style::new());
            if self.typing.is_none() {
                canvas.cursor(area, area.x, area.y);
            }
            return;
        }
        let first = page::offset(self.at, total, area.height);
        let longest = self.page.lines.iter().map(|line| width(&line.who)).max().unwrap_or(0);
        let name_width = units(longest).min(area.width / 3).max(8);
        for row in 0..area.height {
            let number = first + usize::from(row);
            let y = area.y + row;
            let at = (number as u64).checked_sub(self.page.offset).and_then(|at| usize::try_from(at).ok());
            if let Some(line) = at.and_then(|at| self.page.lines.get(at)) {
                let style = if line.kind == LineKind::Removed { look.warning() } else { Style::new() };
                canvas.text(area, area.x + 1, y, line.kind.word(), style);
                let names = Rect { width: (11 + name_width).min(area.width), ..area };
                canvas.text(names, area.x + 11, y, &line.who, Style::new());
                canvas.text(area, area.x + 13 + name_width, y, &line.what, Style::new());
            }
            if number == self.at {
                canvas.select(area, y);
                if self.typing.is_none() {
                    canvas.cursor(area, area.x, y);
                }
            }
        }
    }
}
