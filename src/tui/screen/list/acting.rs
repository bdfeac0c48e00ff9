//! What is done to a list or its entries: begun by a key or by its name, after its question, and watched until it is over.

use super::{Asking, Led, ListScreen};
use crate::model::job::Progress;
use crate::model::text;
use crate::tui::context::Context;
use crate::tui::keys;
use crate::tui::listing::{Act, Doing, Kind, Place, Question, Wanted};
use crate::tui::message::{Request, Work};
use crate::tui::panel::report::Running;
use crate::tui::text_line::{SEARCH, TextLine};
use crate::tui::view::JobId;

/// Something that was begun: what it is, and how far.
#[derive(Debug)]
pub struct Begun {
    pub job: JobId,
    /// `Explain: Åsa Berg`
    pub title: String,
    pub running: Running,
}

impl Begun {
    pub fn new(job: JobId, act: Act, of: Option<&str>) -> Self {
        let label = keys::of_act(act).map_or("", |binding| binding.label);
        let mut letters = label.chars();
        let label: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
        let title = of.map_or(label.clone(), |of| format!("{label}: {of}"));
        Self { job, title, running: Running::default() }
    }

    pub fn progress(&mut self, job: JobId, progress: &Progress) {
        if job == self.job {
            self.running.take(progress.clone());
        }
    }

    pub fn cancel(&mut self, context: &mut Context) {
        self.running.cancel();
        context.cancel(self.job);
    }
}

impl ListScreen {
    /// What is to be done by its name, once the list is there: to all of it, or to what is searched for.
    pub fn begin(&mut self, act: Act, search: Option<String>) {
        self.asking = Asking::Nothing;
        self.typing = None;
        self.choosing = None;
        self.due = Some(act);
        if let Some(search) = search {
            self.asked.search = search;
            self.at = 0;
        }
    }

    /// Begins what is due. What is done to an entry waits until one is chosen.
    pub fn go_on(&mut self, context: &mut Context) -> Led {
        let Some(act) = self.due.take() else { return Led::Nowhere };
        if self.is_of_list(act) {
            return self.act(act, context);
        }
        let offered = self.rows.rows.iter().any(|row| row.acts.contains(&act));
        match keys::of_act(act).filter(|_| offered) {
            Some(binding) => {
                let key = binding.chords.first().map(|chord| chord.name()).unwrap_or_default();
                context.say(format!("Select an entry, then press {key}: {}.", binding.label));
            }
            None => context.say("No entry here supports this action."),
        }
        Led::Nowhere
    }

    pub(super) fn is_of_list(&self, act: Act) -> bool {
        self.asked.kind.acts().contains(&act) || self.rows.acts.contains(&act)
    }

    /// Goes where it is done, or asks what there is to know before it is done.
    pub(super) fn act(&mut self, act: Act, context: &mut Context) -> Led {
        let on_list = self.is_of_list(act);
        let row = self.selected();
        if !on_list && !row.is_some_and(|row| row.acts.contains(&act)) {
            return Led::Nowhere;
        }
        if self.read_only && !act.only_looks() {
            return Led::Nowhere;
        }
        let id = if on_list { None } else { row.map(|row| row.id.clone()) };
        let kind = self.asked.kind;
        let place = match (act, &id) {
            // Step 7 is of no single thing.
            (Act::New, _) if kind == Kind::Exports => kind.step().map(Place::Step),
            (Act::New, _) => kind.step().map(|_| Place::New(kind)),
            (Act::Order, _) => Some(Place::Order),
            (Act::Edit, Some(name)) => kind.edited(name),
            _ => None,
        };
        if let Some(place) = place {
            return Led::To(place);
        }
        self.asking = Asking::Looking(act, id.clone());
        context.request(Request::Question(Box::new(Wanted { asked: self.asked.clone(), act, id, question: None })));
        Led::Nowhere
    }

    /// The question of an act. Without one, the act starts at once.
    pub fn question(&mut self, Wanted { act, id, question, .. }: Wanted, context: &mut Context) {
        let wanted = matches!(&self.asking, Asking::Looking(of, on) if *of == act && *on == id);
        if !wanted {
            return;
        }
        self.asking = match question {
            None => {
                self.asking = Asking::Nothing;
                return self.start(act, id, String::new(), context);
            }
            Some(Question { text, input: None }) => Asking::YesOrNo(act, id, text),
            Some(Question { text, input: Some(input) }) => {
                Asking::Text { act, id, question: text, input: TextLine::at_most(&input, SEARCH) }
            }
        };
    }

    pub(super) fn start(&mut self, act: Act, id: Option<String>, input: String, context: &mut Context) {
        let row = id.as_ref().and_then(|id| self.rows.rows.iter().find(|row| row.id == *id));
        let searched = Some(text::shown(self.asked.search.trim())).filter(|_| act == Act::Explain);
        let of = row.and_then(|row| row.cells.first().cloned()).or(id.clone()).or(searched);
        let columns = (0..self.asked.kind.columns().len()).filter(|at| !self.hidden.contains(at)).collect();
        let job = context.start(Work::Do(Doing { act, id, asked: self.asked.clone(), input, columns }));
        self.job = Some(Begun::new(job, act, of.as_deref()));
    }

    /// How far what was begun here is.
    pub fn progress(&mut self, job: JobId, progress: &Progress) {
        if let Some(begun) = &mut self.job {
            begun.progress(job, progress);
        }
    }

    /// What was begun here is over, in one way or the other: what it was. `None` for what was not begun here.
    pub fn ended(&mut self, job: Option<JobId>, context: &mut Context) -> Option<String> {
        let ours = self.job.take_if(|begun| Some(begun.job) == job);
        if ours.is_some() {
            self.look(context);
        }
        if job.is_none() {
            self.asking = Asking::Nothing;
            self.coming = None;
            self.wanted = None;
            self.due = None;
        }
        ours.map(|begun| begun.title)
    }
}
