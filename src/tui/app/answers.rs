//! Answers to effects: a reply changes what the console knows or opens a screen, an event of a job belongs to the
//! screen that started it.

use super::{App, Over};
use crate::model::text;
use crate::present::Tone;
use crate::tui::context::Notice;
use crate::tui::listing::{Fact, Kind, Place};
use crate::tui::message::{Answer, JobEvent, Reply, Request, SaveOutcome};
use crate::tui::screen::Screen;
use crate::tui::screen::detail::DetailScreen;
use crate::tui::screen::list::ListScreen;
use crate::tui::screen::order::OrderScreen;
use crate::tui::screen::plan::PlanScreen;
use crate::tui::screen::setup::SetupScreen;
use crate::tui::screen::step::StepScreen;
use crate::tui::trail::Way;
use crate::tui::view::{JobId, MappingView, PlanView, Trouble};
use crate::wizard::form::Form;
use crate::wizard::{Standing, State, Step};

impl App {
    pub(super) fn answer(&mut self, answer: Answer) {
        match answer {
            Answer::Reply(reply) => self.reply(reply),
            Answer::Job(job, event) => self.event(job, event),
        }
    }

    fn reply(&mut self, reply: Reply) {
        match reply {
            Reply::Started { at, standing } => self.started(at, standing),
            Reply::Standing(standing) => self.standing = standing,
            Reply::Overview(overview) => self.overview.take(*overview),
            Reply::OverviewAgain(overview) => self.overview.take_if_changed(*overview),
            Reply::Opened(form) => self.opened_step(*form),
            Reply::Since(since) => {
                if let Screen::Step(screen) = &mut self.screen {
                    screen.since(*since);
                }
            }
            Reply::Saved { form, outcome } => self.saved(&form, outcome),
            Reply::Rows(asked, rows) => {
                let Some(list) = self.lists.get_mut(&asked.kind) else { return };
                let is_current = list.take(&asked, rows, &mut self.context);
                list.ensure(&mut self.context);
                if is_current {
                    self.begun(asked.kind);
                }
            }
            Reply::Detail(kind, id, detail) => {
                let of = Place::Entry(kind, id.clone());
                if let Some((place, way)) = self.opened(|place| *place == of) {
                    self.enter(Screen::Detail(Box::new(DetailScreen::new(kind, id, *detail))), Some(place), way);
                } else if let Screen::Detail(shown) = &mut self.screen {
                    shown.take(kind, &id, *detail);
                }
            }
            Reply::Question(wanted) => match &mut self.screen {
                Screen::Detail(detail) => detail.question(*wanted, &mut self.context),
                Screen::List(kind) if *kind == wanted.asked.kind => {
                    if let Some(list) = self.lists.get_mut(kind) {
                        list.question(*wanted, &mut self.context);
                    }
                }
                _ => {}
            },
            Reply::Found(typed, found) => {
                if let Some(Over::Palette(palette)) = &mut self.over {
                    palette.take(&typed, found);
                }
            }
            Reply::Plan(view) => self.opened_plan(*view),
            Reply::Lines { asked, page, .. } => {
                if let Screen::Plan(plan) = &mut self.screen {
                    plan.take(&asked, page);
                }
            }
            Reply::Mappings(mappings) => self.mappings(mappings),
            Reply::InOrder { order, moves } => {
                if let Screen::Order(screen) = &mut self.screen {
                    screen.moves(&order, moves);
                }
            }
            Reply::Ordered(mappings) => {
                if let Screen::Order(order) = &mut self.screen {
                    order.saved(mappings, &mut self.context);
                }
            }
            Reply::Copied => {
                self.context.say("Sent to the terminal's clipboard. If the terminal does not support this, press w.");
            }
            Reply::TokenWritten(path) => {
                let path = text::shown(&path.display().to_string());
                self.context.say(format!("Written to {path}; only you can read it."));
            }
            Reply::Failed(trouble) => self.failed(trouble),
        }
    }

    /// An event of a job. A screen that did not start it ignores it; a list or an entry receives it even when not shown.
    fn event(&mut self, job: JobId, event: JobEvent) {
        if let JobEvent::Progress(progress) = &event {
            self.lists.values_mut().for_each(|list| list.progress(job, progress));
            if let Screen::Detail(detail) = &mut self.screen {
                detail.progress(job, progress);
            }
        }
        match (event, &mut self.screen) {
            (JobEvent::Done(lines), _) => self.done(job, lines),
            (JobEvent::Report(lines), _) => {
                if let Some((_, way)) = self.opened(|place| *place == Place::Report) {
                    self.context.notice = None;
                    self.enter(Screen::Detail(Box::new(DetailScreen::rollout(lines))), None, way);
                }
            }
            (event, Screen::Step(screen)) if screen.is_running(job) => screen.event(job, event, &mut self.context),
            (JobEvent::Applied(view), Screen::Plan(plan)) => plan.applied(job, *view, &mut self.context),
            (JobEvent::InOrder { order, moves }, Screen::Order(screen)) => {
                screen.read(job, &order, moves, &mut self.context);
            }
            (JobEvent::Failed(trouble), _) => {
                let ours = self.ended(Some(job)).is_some();
                match &mut self.screen {
                    Screen::Plan(plan) => plan.failed(Some(job), trouble, &mut self.context),
                    Screen::Order(order) => order.failed(Some(job), trouble, &mut self.context),
                    // What a step started and left was canceled.
                    Screen::Step(_) if !ours => {}
                    _ => self.context.notice = Some(Notice::Trouble(trouble)),
                }
            }
            (JobEvent::Stopped(plan), screen) => {
                let on_syncs = matches!(screen, Screen::List(Kind::Syncs));
                // A sync that was started in the list of syncs: its plan is what to look at.
                if self.ended(Some(job)).is_none() {
                    return;
                }
                if on_syncs {
                    self.go(Place::Entry(Kind::Syncs, plan.to_string()), Way::On);
                } else {
                    self.context.say(format!("The safeguard stopped plan {plan}: 4 shows it."));
                }
            }
            // Of a screen that was left.
            (
                JobEvent::Check(_)
                | JobEvent::Checked
                | JobEvent::Progress(_)
                | JobEvent::Picked { .. }
                | JobEvent::Previewed(_)
                | JobEvent::Explained(_)
                | JobEvent::Synced(_)
                | JobEvent::Refused(_)
                | JobEvent::Minted { .. }
                | JobEvent::Files(_)
                | JobEvent::Written { .. }
                | JobEvent::Applied(_)
                | JobEvent::InOrder { .. },
                _,
            ) => {}
        }
    }

    /// The first screen: what was left open, or what there is to do.
    fn started(&mut self, at: Option<Step>, standing: Vec<Standing>) {
        let untouched = standing.iter().all(|standing| standing.state == State::Missing);
        let done = standing.iter().all(|standing| standing.state == State::Done);
        self.standing = standing;
        match at.or(untouched.then_some(Step::Directory)) {
            _ if done => self.go(Place::Overview, Way::Root),
            Some(step) => self.go(Place::Step(step), Way::Root),
            None => {
                let setup = SetupScreen::new(&self.standing, None);
                self.enter(Screen::Setup(setup), Some(Place::Setup), Way::Root);
            }
        }
    }

    /// Shows a step, unless the user went elsewhere meanwhile.
    fn opened_step(&mut self, form: Form) {
        let here = matches!(self.screen, Screen::Step(_) | Screen::Opening(_));
        let (place, way) = match self.opened(|place| place.step() == Some(form.step)) {
            Some(opened) => opened,
            None if here => (place_of(&form), Way::Instead),
            None => return,
        };
        self.context.request(Request::At(form.step));
        let step = Box::new(StepScreen::new(form, &mut self.context));
        self.enter(Screen::Step(step), Some(place), way);
        let alone = self.trail.last().is_some_and(|left| left.place != Some(Place::Setup));
        if let Screen::Step(screen) = &mut self.screen {
            screen.alone(alone);
        }
    }

    fn opened_plan(&mut self, view: PlanView) {
        if let Screen::Step(screen) = &mut self.screen {
            screen.leave_field(&mut self.context);
        }
        let of = Place::Entry(Kind::Syncs, view.id.to_string());
        let way = self.opened(|place| *place == of).map_or(Way::On, |(_, way)| way);
        let plan = PlanScreen::new(view, &mut self.context);
        self.enter(Screen::Plan(Box::new(plan)), Some(of), way);
    }

    fn mappings(&mut self, mappings: Vec<MappingView>) {
        if let Screen::Order(order) = &mut self.screen {
            return order.take(mappings, &mut self.context);
        }
        if let Some((place, way)) = self.opened(|place| *place == Place::Order) {
            let on = self.lists.get(&Kind::Mappings).and_then(ListScreen::selected);
            let on = on.map(|row| row.id.clone());
            let order = OrderScreen::new(mappings, on.as_deref(), &mut self.context);
            self.enter(Screen::Order(Box::new(order)), Some(place), way);
        }
    }

    /// A step is saved: what was opened alone goes back to where it was opened, and the last one shows them all.
    fn saved(&mut self, form: &Form, outcome: SaveOutcome) {
        let Screen::Step(screen) = &mut self.screen else { return };
        screen.saved(form.clone(), outcome, &mut self.context);
        if outcome == SaveOutcome::Problems {
            return;
        }
        if screen.is_alone() {
            self.back();
            self.context.say(if outcome == SaveOutcome::Kept { "Saved." } else { "No changes." });
            if let Screen::List(kind) = &self.screen
                && kind.step() == Some(form.step)
                && let Some(list) = self.lists.get_mut(kind)
            {
                let name = if *kind == Kind::Storages { form.text("storage.name") } else { form.name() };
                list.select(name.unwrap_or_default(), &mut self.context);
            }
        } else if form.step.next().is_none() {
            self.go(Place::Setup, Way::Instead);
        }
    }

    /// A request failed.
    fn failed(&mut self, trouble: Trouble) {
        self.ended(None);
        match &mut self.screen {
            Screen::Opening(_) => self.screen = Screen::Opening(Some(trouble)),
            Screen::Step(screen) => screen.failed(trouble, &mut self.context),
            Screen::Plan(plan) => plan.failed(None, trouble, &mut self.context),
            Screen::Order(order) => order.failed(None, trouble, &mut self.context),
            _ => self.context.notice = Some(Notice::Trouble(trouble)),
        }
    }

    /// Ends a job in the list or entry that started it, or without a job whatever those wait for. Gives the list and
    /// the title of what ended.
    fn ended(&mut self, job: Option<JobId>) -> Option<(Option<Kind>, String)> {
        let mut of = None;
        for list in self.lists.values_mut() {
            of = list.ended(job, &mut self.context).map(|title| (Some(list.kind()), title)).or(of);
        }
        if let Screen::Detail(detail) = &mut self.screen {
            of = detail.ended(job, &mut self.context).or(of);
        }
        of
    }

    /// An act of a list or an entry is done: one line is a notice, more are a report. A user who went elsewhere
    /// meanwhile stays there and sees the first line.
    fn done(&mut self, job: JobId, mut lines: Vec<Fact>) {
        let ours = self.ended(Some(job));
        self.context.request(Request::Standing);
        let Some((kind, title)) = ours else { return };
        let here = matches!(self.screen, Screen::List(_) | Screen::Detail(_)) && self.screen.kind() == kind;
        match lines.pop() {
            Some(only) if lines.is_empty() && only.tone != Tone::Problem => {
                self.context.say(only.text);
                if let Some(Place::Entry(of, id)) = only.leads
                    && Some(of) == kind
                    && let Some(list) = self.lists.get_mut(&of)
                {
                    list.select(&id, &mut self.context);
                }
            }
            Some(last) if here => {
                lines.push(last);
                self.enter(Screen::Detail(Box::new(DetailScreen::report(kind, &title, lines))), None, Way::On);
            }
            Some(last) => self.context.say(format!("{title}: {}", lines.into_iter().next().unwrap_or(last).text)),
            None => {}
        }
    }
}

/// Where a form is opened again.
fn place_of(form: &Form) -> Place {
    match &form.basis.subject_name {
        Some(name) => Place::Named(form.step, name.clone()),
        None => Place::Step(form.step),
    }
}
