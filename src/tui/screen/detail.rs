//! An entry of a list, whole: what is known of it, where that leads, and what can be done to it.
//!
//! ```text
//!  Åsa Berg
//!  Account    asa.berg@corp.example.com
//!  Mapping    Staff laptops: profile Laptops, storage eu-1      >
//!  Laptop     PC-1204, activated 2026-11-23 08:01 UTC            >
//! ```

use ratatui::layout::Rect;

use crate::model::job::Progress;
use crate::present::Tone;
use crate::tui::canvas::{Canvas, units, width, wrap};
use crate::tui::context::Context;
use crate::tui::keys::{self, Binding, Command};
use crate::tui::layout;
use crate::tui::listing::{Act, Asked, Detail, Doing, Fact, Kind, Question, Wanted};
use crate::tui::message::{Request, Work};
use crate::tui::panel::page;
use crate::tui::view::JobId;

use super::list::{Begun, Led};

#[derive(Debug)]
pub struct DetailScreen {
    /// What is shown; `None` for a report of what was done.
    of: Option<(Kind, String)>,
    detail: Detail,
    at: usize,
    asking: Option<(Act, Option<Question>)>,
    job: Option<Begun>,
    /// The list that a report is of.
    list: Option<Kind>,
    /// It is the report, which can be written to files.
    is_report: bool,
}

impl DetailScreen {
    pub fn new(kind: Kind, id: String, detail: Detail) -> Self {
        Self { of: Some((kind, id)), detail, at: 0, asking: None, job: None, list: None, is_report: false }
    }

    /// What became of something that was done.
    pub fn report(list: Option<Kind>, title: &str, lines: Vec<Fact>) -> Self {
        let detail = Detail { title: title.to_owned(), lines, acts: Vec::new() };
        Self { of: None, detail, at: 0, asking: None, job: None, list, is_report: false }
    }

    /// The rollout to date.
    pub fn rollout(lines: Vec<Fact>) -> Self {
        Self { is_report: true, ..Self::report(None, "Report", lines) }
    }

    pub fn title(&self) -> &str {
        &self.detail.title
    }

    /// The list that it is an entry of, or that it was done in.
    pub fn kind(&self) -> Option<Kind> {
        self.of.as_ref().map(|(kind, _)| *kind).or(self.list)
    }

    /// Reads the entry again: the state has changed.
    pub fn look(&self, context: &mut Context) {
        if let Some((kind, id)) = &self.of {
            context.request(Request::Detail(*kind, id.clone()));
        }
    }

    /// Takes the entry read again; another entry is dropped.
    pub fn take(&mut self, kind: Kind, id: &str, detail: Detail) {
        if self.of.as_ref().is_some_and(|(of, on)| *of == kind && on == id) {
            self.at = self.at.min(detail.lines.len().saturating_sub(1));
            self.detail = detail;
        }
    }

    fn selected(&self) -> Option<&Fact> {
        self.detail.lines.get(self.at)
    }

    pub fn tables(&self) -> Vec<&'static Binding> {
        let tables: Vec<&'static [Binding]> = match &self.asking {
            Some((_, Some(_))) => vec![keys::LIST_CONFIRM, keys::ANYWHERE],
            _ if self.job.is_some() => vec![keys::RUNNING, keys::ANYWHERE, keys::NO_TEXT],
            _ => {
                let leads = self.selected().is_some_and(|fact| fact.leads.is_some());
                let open: &[Binding] = if leads { keys::DETAIL_OPEN } else { &[] };
                let rest = [keys::MOVE, keys::DETAIL, keys::TABS, keys::LEAVE, keys::ANYWHERE, keys::NO_TEXT];
                let acts = self.kind().map_or_else(Vec::new, |kind| keys::acts(kind, self.detail.acts.iter()));
                let report: &[Binding] = if self.is_report { keys::REPORT } else { &[] };
                return open.iter().chain(report).chain(acts).chain(rest.into_iter().flatten()).collect();
            }
        };
        tables.into_iter().flatten().collect()
    }

    pub fn perform(&mut self, command: Command, context: &mut Context) -> Led {
        if let Some((act, question)) = self.asking.take()
            && question.is_some()
        {
            match command {
                Command::Yes => self.start(act, context),
                _ => context.say("Nothing was changed."),
            }
            return Led::Nowhere;
        }
        match command {
            Command::Back => return Led::Back,
            Command::Enter => {
                if let Some(place) = self.selected().and_then(|fact| fact.leads.clone()) {
                    return Led::To(place);
                }
            }
            Command::Cancel => {
                if let Some(begun) = &mut self.job {
                    begun.cancel(context);
                }
            }
            Command::Do(Act::Save) if self.is_report => {
                let text = "Write the report to two new files here? One is Markdown, one CSV; only you can read them.";
                self.asking = Some((Act::Save, Some(Question { text: text.to_owned(), input: None })));
            }
            Command::Do(Act::Edit) => {
                if let Some(place) = self.of.as_ref().and_then(|(kind, name)| kind.edited(name)) {
                    return Led::To(place);
                }
            }
            Command::Do(act) if self.detail.acts.contains(&act) => {
                if let Some((kind, id)) = &self.of {
                    self.asking = Some((act, None));
                    let wanted = Wanted { asked: whole(*kind), act, id: Some(id.clone()), question: None };
                    context.request(Request::Question(Box::new(wanted)));
                }
            }
            command => {
                let height = layout::areas(context.size.0, context.size.1).body.height.saturating_sub(1);
                self.at = page::moved(self.at, self.detail.lines.len(), height, command);
            }
        }
        Led::Nowhere
    }

    /// The question of an act. Without one, the act starts at once.
    pub fn question(&mut self, Wanted { act, id, question, .. }: Wanted, context: &mut Context) {
        let ours = self.of.as_ref().is_some_and(|(_, on)| Some(on) == id.as_ref());
        if !ours || self.asking != Some((act, None)) {
            return;
        }
        match question {
            None => {
                self.asking = None;
                self.start(act, context);
            }
            question => self.asking = Some((act, question)),
        }
    }

    fn start(&mut self, act: Act, context: &mut Context) {
        let work = match (&self.of, self.is_report) {
            (_, true) => Work::WriteReport,
            (Some((kind, id)), false) => Work::Do(Doing {
                act,
                id: Some(id.clone()),
                asked: whole(*kind),
                input: String::new(),
                columns: Vec::new(),
            }),
            (None, false) => return,
        };
        self.job = Some(Begun::new(context.start(work), act, Some(&self.detail.title)));
    }

    /// How far what was begun here is.
    pub fn progress(&mut self, job: JobId, progress: &Progress) {
        if let Some(begun) = &mut self.job {
            begun.progress(job, progress);
        }
    }

    /// What was begun here is over: of which list it is, if of any, and what it was. `None` for what was not begun here.
    pub fn ended(&mut self, job: Option<JobId>, context: &mut Context) -> Option<(Option<Kind>, String)> {
        let ours = self.job.take_if(|begun| Some(begun.job) == job);
        if ours.is_some() {
            self.look(context);
        }
        if job.is_none() {
            self.asking = None;
        }
        ours.map(|begun| (self.kind(), begun.title))
    }

    pub fn help(&self) -> (String, Tone) {
        match &self.asking {
            Some((_, Some(question))) => (question.text.clone(), Tone::Warning),
            _ if self.job.is_some() => {
                (self.job.as_ref().map(|begun| begun.running.said()).unwrap_or_default(), Tone::Plain)
            }
            _ if self.selected().is_some_and(|fact| fact.leads.is_some()) => {
                ("Enter opens what this line is about.".to_owned(), Tone::Plain)
            }
            _ => (String::new(), Tone::Plain),
        }
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect) {
        canvas.cursor(area, area.x + 1, area.y);
        let inner = Rect { y: (area.y + 1).min(area.bottom()), height: area.height.saturating_sub(1), ..area };
        let beyond = draw_facts(canvas, inner, &self.detail.lines, Some(self.at));
        let end = canvas.goes_on(area, area.y, beyond);
        let title = Rect { width: end.saturating_sub(area.x), ..area };
        canvas.text(title, area.x + 1, area.y, &self.detail.title, canvas.look.heading());
    }
}

/// The list without a search, in its first order.
fn whole(kind: Kind) -> Asked {
    Asked { kind, search: String::new(), order: 0 }
}

/// Facts with their labels in a column, each wrapped; what leads somewhere ends with a mark. Says whether there are more
/// above and below.
pub fn draw_facts(canvas: &mut Canvas<'_>, area: Rect, lines: &[Fact], at: Option<usize>) -> (bool, bool) {
    let longest = lines.iter().map(|fact| width(&fact.label)).max().unwrap_or(0);
    let column = units(longest).min(area.width / 3);
    let x = area.x + 1 + if column == 0 { 0 } else { column + 2 };
    let room = usize::from(area.right().saturating_sub(x + 2)).max(8);
    let mut rows: Vec<(usize, bool, String)> = Vec::new();
    for (number, fact) in lines.iter().enumerate() {
        let wrapped = wrap(&fact.text, room).into_iter().enumerate();
        rows.extend(wrapped.map(|(row, text)| (number, row == 0, text)));
    }
    let selected = at.and_then(|at| rows.iter().position(|(number, ..)| *number == at)).unwrap_or(0);
    let first = page::offset(selected, rows.len(), area.height);
    for (row, (number, begins, text)) in page::shown(&rows, selected, area.height).enumerate() {
        let y = area.y + units(row);
        let fact = &lines[*number];
        if *begins {
            let label = Rect { width: (column + 1).min(area.width), ..area };
            canvas.text(label, area.x + 1, y, &fact.label, canvas.look.faint());
        }
        let end = canvas.text(area, x, y, text, canvas.look.toned(fact.tone));
        if *begins && fact.leads.is_some() {
            canvas.text(area, end + 1, y, canvas.look.glyphs().leads, canvas.look.heading());
        }
        if at.is_some() && first + row == selected {
            let marked = if column == 0 { units(width(text)).max(1) } else { column };
            canvas.select(Rect { x: area.x + 1, width: marked, ..area }, y);
            canvas.cursor(area, area.x + 1, y);
        }
    }
    page::beyond(selected, rows.len(), area.height)
}
