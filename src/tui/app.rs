//! The console's state, and the one function that changes it. How one gets from screen to screen is in `going`.

mod going;

use std::collections::BTreeMap;

use crossterm::event::{KeyEvent, KeyEventKind};

use super::desk::{Desk, Notice};
use super::keys::{self, Binding, Command};
use super::layout;
use super::listing::{Act, Fact, Kind, Place};
use super::look::Look;
use super::message::{Came, Effect, JobId, Message, SaveOutcome, Tone};
use super::screen::Screen;
use super::screen::detail::DetailScreen;
use super::screen::help::Help;
use super::screen::list::ListScreen;
use super::screen::order::OrderScreen;
use super::screen::overview::Overview;
use super::screen::palette::{Choice, Palette};
use super::screen::plan::PlanScreen;
use super::screen::setup::SetupScreen;
use super::screen::step::StepScreen;
use super::tab::Tab;
use super::trail::{Trail, Way};
use crate::wizard::form::Form;
use crate::wizard::{Standing, State, Step};

#[allow(missing_debug_implementations, reason = "it may hold a token or a password")]
pub struct App {
    pub desk: Desk,
    pub screen: Screen,
    pub standing: Vec<Standing>,
    pub overview: Overview,
    /// Each list as it was left: what was searched, what was selected.
    pub lists: BTreeMap<Kind, ListScreen>,
    /// Over whatever is shown.
    pub over: Option<Over>,
    /// What was asked to be opened last, and has not come yet. Whoever goes elsewhere meanwhile stays there.
    opening: Option<(Place, Way)>,
    /// Where Esc leads.
    trail: Trail,
}

/// What lies over a screen until it is closed.
#[derive(Debug)]
pub enum Over {
    /// The page of keys.
    Help(Help),
    Palette(Palette),
}

impl App {
    /// Begins on nothing: the first effects find out where to begin.
    pub fn new(look: Look, size: (u16, u16)) -> (Self, Vec<Effect>) {
        let app = Self {
            desk: Desk::new(look, size),
            screen: Screen::Opening(None),
            standing: Vec::new(),
            overview: Overview::default(),
            lists: BTreeMap::new(),
            over: None,
            opening: None,
            trail: Trail::default(),
        };
        (app, vec![Effect::Start])
    }

    /// The step that is being worked on.
    pub fn step(&self) -> Option<Step> {
        match &self.screen {
            Screen::Step(screen) => Some(screen.step()),
            Screen::Setup(setup) => setup.came_from,
            Screen::Plan(_) => match self.trail.last()?.place {
                Some(Place::Step(step) | Place::Named(step, _)) => Some(step),
                _ => None,
            },
            _ => None,
        }
    }

    /// Something happened. What has to be done outside is handed back; nothing else happens here.
    pub fn update(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Key(key) if key.kind == KeyEventKind::Release => {}
            Message::Key(key) => self.key(&key),
            Message::Paste(text) => self.paste(&text),
            Message::Resize(width, height) => {
                self.desk.size = (width, height);
                match &mut self.screen {
                    Screen::Plan(plan) => plan.ensure(&mut self.desk),
                    Screen::List(kind) => self
                        .lists
                        .values_mut()
                        .filter(|list| list.kind() == *kind)
                        .for_each(|list| list.ensure(&mut self.desk)),
                    _ => {}
                }
            }
            Message::Ending => self.end(),
            Message::Changed => self.look(),
            Message::Tick if matches!(self.screen, Screen::Overview) => self.desk.ask(Effect::OverviewAgain),
            Message::Tick => {}
            Message::Came(came) => self.came(came),
        }
        self.desk.take_effects()
    }

    /// Looks again at what is shown: somebody wrote to the state.
    fn look(&mut self) {
        self.desk.ask(Effect::Standing);
        match &self.screen {
            Screen::Step(screen) => screen.look(&mut self.desk),
            Screen::Order(_) => self.desk.ask(Effect::Mappings),
            Screen::Overview => self.desk.ask(Effect::Overview),
            Screen::Detail(detail) => detail.look(&mut self.desk),
            Screen::List(kind) => {
                if let Some(list) = self.lists.get_mut(kind) {
                    list.look(&mut self.desk);
                }
            }
            _ => {}
        }
    }

    /// The keys that work now, the most particular first.
    pub fn tables(&self) -> Vec<&'static Binding> {
        let chain = |first: &'static [Binding]| first.iter().chain(keys::ANYWHERE).collect();
        match (&self.over, &self.screen) {
            (Some(Over::Help(_)), _) => chain(keys::HELP),
            (Some(Over::Palette(_)), _) => chain(keys::PALETTE),
            (None, Screen::Step(screen)) => screen.tables(&self.desk),
            (None, Screen::Setup(_)) => {
                [keys::SETUP, keys::TABS, keys::LEAVE, keys::ANYWHERE, keys::NO_TEXT].into_iter().flatten().collect()
            }
            (None, Screen::Overview) => self.overview.tables(),
            (None, Screen::List(kind)) => self.lists.get(kind).map(ListScreen::tables).unwrap_or_default(),
            (None, Screen::Detail(detail)) => detail.tables(),
            (None, Screen::Order(order)) => order.tables(),
            (None, Screen::Plan(plan)) => plan.tables(),
            (None, Screen::Opening(_)) => [keys::LEAVE, keys::ANYWHERE, keys::NO_TEXT].into_iter().flatten().collect(),
        }
    }

    fn key(&mut self, key: &KeyEvent) {
        self.desk.notice = None;
        match keys::command(&self.tables(), key) {
            Some(Command::Leave) => self.end(),
            Some(Command::Suspend) => self.desk.ask(Effect::Suspend),
            Some(Command::Redraw) => self.desk.ask(Effect::Redraw),
            Some(Command::Help) => {
                let help = || Over::Help(Help::new(self.screen.about(), self.screen.kind(), &self.tables()));
                self.over = if matches!(self.over, Some(Over::Help(_))) { None } else { Some(help()) };
            }
            Some(Command::Palette) => {
                self.over = None;
                self.over = Some(Over::Palette(Palette::new(&self.tables(), self.screen.kind())));
            }
            Some(command) => self.perform(command),
            None => match (&mut self.over, &mut self.screen) {
                (Some(Over::Palette(palette)), _) => palette.typed(key, &mut self.desk),
                (None, Screen::Step(screen)) => screen.typed(key, &mut self.desk),
                (None, Screen::Plan(plan)) => plan.typed(key),
                (None, Screen::List(kind)) => {
                    if let Some(list) = self.lists.get_mut(kind) {
                        list.typed(key, &mut self.desk);
                    }
                }
                _ => {}
            },
        }
    }

    fn paste(&mut self, text: &str) {
        self.desk.notice = None;
        match (&mut self.over, &mut self.screen) {
            (Some(Over::Palette(palette)), _) => palette.paste(text, &mut self.desk),
            (None, Screen::Step(screen)) => screen.paste(text, &mut self.desk),
            (None, Screen::Plan(plan)) => plan.paste(text),
            (None, Screen::List(kind)) => {
                if let Some(list) = self.lists.get_mut(kind) {
                    list.paste(text, &mut self.desk);
                }
            }
            _ => {}
        }
    }

    fn perform(&mut self, command: Command) {
        let body = layout::areas(self.desk.size.0, self.desk.size.1).body.height;
        match &mut self.over {
            None => {}
            Some(_) if command == Command::Back => return self.over = None,
            Some(Over::Help(help)) => return help.perform(command, body.saturating_sub(1)),
            Some(Over::Palette(palette)) => {
                if let Some(choice) = palette.perform(command, body.saturating_sub(1), &mut self.desk) {
                    self.over = None;
                    match choice {
                        Choice::Go(place) => self.leave_for(place, Way::On),
                        Choice::In(kind, act) => self.begin(kind, act, None),
                        Choice::Explain(whom) => self.begin(Kind::Users, Act::Explain, Some(whom)),
                        Choice::Do(Command::Leave) => self.end(),
                        Choice::Do(command) => self.perform(command),
                    }
                }
                return;
            }
        }
        if let Command::Go(number) = command {
            if let Some(tab) = Tab::ALL.get(number) {
                self.leave_for(tab.place(), Way::Root);
            }
            return;
        }
        match &mut self.screen {
            Screen::Step(screen) => {
                if screen.perform(command, &mut self.desk) {
                    screen.leave_field(&mut self.desk);
                    self.back();
                }
            }
            Screen::Setup(setup) => match command {
                Command::Enter => {
                    let place = setup.selected();
                    self.go(place, Way::On);
                }
                Command::Back => self.back(),
                command => setup.perform(command),
            },
            Screen::Overview => {
                let led = self.overview.perform(command, body);
                self.led(led);
            }
            Screen::List(kind) => {
                let Some(list) = self.lists.get_mut(kind) else { return };
                let led = list.perform(command, &mut self.desk);
                self.led(led);
            }
            Screen::Detail(detail) => {
                let led = detail.perform(command, &mut self.desk);
                self.led(led);
            }
            Screen::Order(order) => {
                if order.perform(command, &mut self.desk) {
                    self.back();
                }
            }
            Screen::Plan(plan) => {
                if plan.perform(command, &mut self.desk) {
                    self.back();
                }
            }
            Screen::Opening(_) => {}
        }
    }

    fn end(&mut self) {
        if let Screen::Step(screen) = &mut self.screen {
            screen.end(&mut self.desk);
        }
        self.desk.ask(Effect::Leave);
    }

    fn came(&mut self, came: Came) {
        match came {
            Came::Started { at, standing } => {
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
            Came::Standing(standing) => self.standing = standing,
            Came::Overview(overview) => self.overview.take(*overview),
            Came::OverviewAgain(overview) => self.overview.take_if_changed(*overview),
            Came::Opened(form) => self.opened_step(*form),
            Came::Rows(asked, rows) => {
                if let Some(list) = self.lists.get_mut(&asked.kind) {
                    list.take(&asked, rows, &mut self.desk);
                    list.ensure(&mut self.desk);
                }
                self.begun(asked.kind);
            }
            Came::Detail(kind, id, detail) => {
                let of = Place::Entry(kind, id.clone());
                if let Some((place, way)) = self.opened(|place| *place == of) {
                    self.enter(Screen::Detail(Box::new(DetailScreen::new(kind, id, *detail))), Some(place), way);
                } else if let Screen::Detail(shown) = &mut self.screen {
                    shown.take(kind, &id, *detail);
                }
            }
            Came::Question(wanted) => match &mut self.screen {
                Screen::Detail(detail) => detail.question(*wanted, &mut self.desk),
                Screen::List(kind) if *kind == wanted.asked.kind => {
                    if let Some(list) = self.lists.get_mut(kind) {
                        list.question(*wanted, &mut self.desk);
                    }
                }
                _ => {}
            },
            Came::Done(job, lines) => self.done(job, lines),
            Came::Report(lines) => {
                if let Some((_, way)) = self.opened(|place| *place == Place::Report) {
                    self.desk.notice = None;
                    self.enter(Screen::Detail(Box::new(DetailScreen::rollout(lines))), None, way);
                }
            }
            Came::Found(typed, found) => {
                if let Some(Over::Palette(palette)) = &mut self.over {
                    palette.take(&typed, found);
                }
            }
            Came::Mappings(mappings) => match &mut self.screen {
                Screen::Order(order) => order.take(mappings, &mut self.desk),
                _ => {
                    if let Some((place, way)) = self.opened(|place| *place == Place::Order) {
                        let on = self.lists.get(&Kind::Mappings).and_then(ListScreen::selected);
                        let on = on.map(|row| row.id.clone());
                        let order = OrderScreen::new(mappings, on.as_deref(), &mut self.desk);
                        self.enter(Screen::Order(Box::new(order)), Some(place), way);
                    }
                }
            },
            Came::Plan(view) => {
                if let Screen::Step(screen) = &mut self.screen {
                    screen.leave_field(&mut self.desk);
                }
                let of = Place::Entry(Kind::Syncs, view.id.to_string());
                let way = self.opened(|place| *place == of).map_or(Way::On, |(_, way)| way);
                let plan = PlanScreen::new(*view, &mut self.desk);
                self.enter(Screen::Plan(Box::new(plan)), Some(of), way);
            }
            Came::Copied => {
                self.desk.say("Sent to the terminal's clipboard. If your terminal does not take it, press w.");
            }
            Came::TokenWritten(path) => {
                let path = crate::model::text::shown(&path.display().to_string());
                self.desk.say(format!("Written to {path}; only you can read it."));
            }
            Came::Failed(None, trouble) if matches!(self.screen, Screen::Opening(_)) => {
                self.screen = Screen::Opening(Some(trouble));
            }
            came => self.came_to_screen(came),
        }
    }

    /// A step came. Whoever went elsewhere meanwhile stays there.
    fn opened_step(&mut self, form: Form) {
        let here = matches!(self.screen, Screen::Step(_) | Screen::Opening(_));
        let (place, way) = match self.opened(|place| place.step() == Some(form.step)) {
            Some(opened) => opened,
            None if here => (place_of(&form), Way::Instead),
            None => return,
        };
        self.desk.ask(Effect::At(form.step));
        let step = Box::new(StepScreen::new(form, &mut self.desk));
        self.enter(Screen::Step(step), Some(place), way);
        let alone = self.trail.last().is_some_and(|left| left.place != Some(Place::Setup));
        if let Screen::Step(screen) = &mut self.screen {
            screen.alone(alone);
        }
    }

    /// A step is saved: what was opened alone goes back to where it was opened, and the last one shows them all.
    fn saved(&mut self, form: &Form, outcome: SaveOutcome) {
        let Screen::Step(screen) = &self.screen else { return };
        if outcome == SaveOutcome::Problems {
            return;
        }
        if screen.is_alone() {
            self.back();
            self.desk.say(if outcome == SaveOutcome::Kept { "Saved." } else { "It says so already." });
            if let Screen::List(kind) = &self.screen
                && kind.step() == Some(form.step)
                && let Some(list) = self.lists.get_mut(kind)
            {
                let name = if *kind == Kind::Storages { form.text("storage.name") } else { form.name() };
                list.select(name.unwrap_or_default(), &mut self.desk);
            }
        } else if form.step.next().is_none() {
            self.go(Place::Setup, Way::Instead);
        }
    }

    /// What only the screen that is shown can make something of.
    fn came_to_screen(&mut self, came: Came) {
        if let Came::Failed(job, _) = &came {
            self.ended(*job);
        }
        if let Came::Progress(job, progress) = &came {
            self.lists.values_mut().for_each(|list| list.progress(*job, progress));
            if let Screen::Detail(detail) = &mut self.screen {
                detail.progress(*job, progress);
            }
        }
        match &mut self.screen {
            Screen::Step(screen) => {
                let saved = match &came {
                    Came::Saved { form, outcome } => Some((form.clone(), *outcome)),
                    _ => None,
                };
                screen.came(came, &mut self.desk);
                if let Some((form, outcome)) = saved {
                    self.saved(&form, outcome);
                }
            }
            Screen::Plan(plan) => match came {
                Came::Lines { asked, page, .. } => plan.take(&asked, page),
                Came::Applied(job, view) => plan.applied(job, *view, &mut self.desk),
                Came::Failed(job, trouble) => plan.failed(job, trouble, &mut self.desk),
                _ => {}
            },
            Screen::Order(order) => order.came(came, &mut self.desk),
            _ => match came {
                Came::Failed(_, trouble) => self.desk.notice = Some(Notice::Trouble(trouble)),
                // A sync that was begun in the list of syncs: the plan is what there is to look at.
                Came::Stopped(job, plan) if self.ended(Some(job)).is_some() => {
                    if matches!(self.screen, Screen::List(Kind::Syncs)) {
                        self.go(Place::Entry(Kind::Syncs, plan.to_string()), Way::On);
                    } else {
                        self.desk.say(format!("The fuse stopped plan {plan}: 4 shows it."));
                    }
                }
                _ => {}
            },
        }
    }

    /// Tells whoever began a job that it is over; without one, that something failed. What it was, where somebody
    /// began it: of which list, and in words.
    fn ended(&mut self, job: Option<JobId>) -> Option<(Option<Kind>, String)> {
        let mut of = None;
        for list in self.lists.values_mut() {
            of = list.ended(job, &mut self.desk).map(|title| (Some(list.kind()), title)).or(of);
        }
        if let Screen::Detail(detail) = &mut self.screen {
            of = detail.ended(job, &mut self.desk).or(of);
        }
        of
    }

    /// Something that a list or an entry began is over: one line is said, more are shown. Whoever went elsewhere
    /// meanwhile stays there, and is told the first.
    fn done(&mut self, job: JobId, mut lines: Vec<Fact>) {
        let ours = self.ended(Some(job));
        self.desk.ask(Effect::Standing);
        let Some((kind, title)) = ours else { return };
        let here = matches!(self.screen, Screen::List(_) | Screen::Detail(_)) && self.screen.kind() == kind;
        match lines.pop() {
            Some(only) if lines.is_empty() && only.tone != Tone::Problem => {
                self.desk.say(only.text);
                if let Some(Place::Entry(of, id)) = only.leads
                    && Some(of) == kind
                    && let Some(list) = self.lists.get_mut(&of)
                {
                    list.select(&id, &mut self.desk);
                }
            }
            Some(last) if here => {
                lines.push(last);
                self.enter(Screen::Detail(Box::new(DetailScreen::report(kind, &title, lines))), None, Way::On);
            }
            Some(last) => self.desk.say(format!("{title}: {}", lines.into_iter().next().unwrap_or(last).text)),
            None => {}
        }
    }

    /// What is said on the ordinary screen once the console is gone.
    pub fn farewell(&self) -> String {
        let open = self.standing.iter().find(|standing| standing.state != State::Done).map(|standing| standing.step);
        match self.step().filter(|_| open.is_some()).or(open) {
            Some(step) => format!("Start imd again to go on with step {}: {}.", step.number(), step.title()),
            None => "All seven steps are done.".to_owned(),
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
