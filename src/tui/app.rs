//! The console's state, and the one function that changes it.

use std::collections::BTreeMap;

use crossterm::event::{KeyEvent, KeyEventKind};

use super::desk::{Desk, Notice};
use super::keys::{self, Binding, Command};
use super::layout;
use super::listing::{Fact, Kind, Place};
use super::look::Look;
use super::message::{Came, Effect, JobId, Message, Tone};
use super::screen::Screen;
use super::screen::detail::DetailScreen;
use super::screen::help::Help;
use super::screen::list::{Led, ListScreen};
use super::screen::order::OrderScreen;
use super::screen::overview::Overview;
use super::screen::palette::{Choice, Palette};
use super::screen::plan::{Back, PlanScreen};
use super::screen::setup::SetupScreen;
use super::screen::step::StepScreen;
use super::tab::Tab;
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
    opening: Option<Place>,
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
        };
        (app, vec![Effect::Start])
    }

    /// The step that is being worked on.
    pub fn step(&self) -> Option<Step> {
        match &self.screen {
            Screen::Step(screen) => Some(screen.step()),
            Screen::Setup(setup) => setup.came_from,
            Screen::Plan(plan) => match plan.back {
                Back::Step(step) => Some(step),
                Back::Syncs => None,
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
                self.over = Some(Over::Palette(Palette::new(&self.tables())));
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
                        Choice::Go(place) => self.leave_for(place),
                        Choice::Do(Command::Leave) => self.end(),
                        Choice::Do(command) => self.perform(command),
                    }
                }
                return;
            }
        }
        if let Command::Go(number) = command {
            if let Some(tab) = Tab::ALL.get(number) {
                self.leave_for(tab.place());
            }
            return;
        }
        match &mut self.screen {
            Screen::Step(screen) => {
                if screen.perform(command, &mut self.desk) {
                    screen.leave_field(&mut self.desk);
                    let from = screen.step();
                    self.desk.ask(Effect::Standing);
                    self.screen = Screen::Setup(SetupScreen::new(&self.standing, Some(from)));
                }
            }
            Screen::Setup(setup) => match (command, setup.came_from) {
                (Command::Enter, _) => {
                    let place = setup.selected();
                    self.go(place);
                }
                (Command::Back, Some(step)) => self.go(Place::Step(step)),
                (Command::Back, None) => self.go(Place::Overview),
                (command, _) => setup.perform(command),
            },
            Screen::Overview => {
                let led = self.overview.perform(command, body);
                self.led(led, Place::Overview);
            }
            Screen::List(kind) => {
                let Some(list) = self.lists.get_mut(kind) else { return };
                let led = list.perform(command, &mut self.desk);
                self.led(led, Place::Overview);
            }
            Screen::Detail(detail) => {
                let back = detail.back();
                let led = detail.perform(command, &mut self.desk);
                self.led(led, back);
            }
            Screen::Order(order) => {
                if order.perform(command, &mut self.desk) {
                    self.go(Place::List(Kind::Mappings));
                }
            }
            Screen::Plan(plan) => {
                if plan.perform(command, &mut self.desk) {
                    let back = plan.back;
                    self.go(match back {
                        Back::Step(step) => Place::Step(step),
                        Back::Syncs => Place::List(Kind::Syncs),
                    });
                }
            }
            Screen::Opening(_) => {}
        }
    }

    fn led(&mut self, led: Led, back: Place) {
        match led {
            Led::Nowhere => {}
            Led::Back if back == Place::Overview && matches!(self.screen, Screen::Overview) => {
                self.desk.say("q leaves imd; the numbers above open the other screens.");
            }
            Led::Back => self.go(back),
            Led::To(place) => self.go(place),
        }
    }

    /// Goes elsewhere from wherever one is, keeping what was entered; not while a job must not be left.
    fn leave_for(&mut self, place: Place) {
        match &mut self.screen {
            Screen::Step(screen) => {
                if !screen.may_leave(&mut self.desk) {
                    return;
                }
                screen.leave_field(&mut self.desk);
            }
            Screen::Plan(plan) if plan.is_busy() => {
                return self.desk.say("The plan is being applied. Ctrl-X cancels it.");
            }
            _ => {}
        }
        self.go(place);
    }

    fn go(&mut self, place: Place) {
        self.opening = None;
        match place {
            Place::Overview => {
                self.desk.ask(Effect::Overview);
                self.screen = Screen::Overview;
            }
            Place::Setup => {
                self.desk.ask(Effect::Standing);
                self.screen = Screen::Setup(SetupScreen::new(&self.standing, None));
            }
            Place::List(kind) => {
                if let Some(list) = self.lists.get_mut(&kind) {
                    list.look(&mut self.desk);
                } else {
                    let list = ListScreen::new(kind, &mut self.desk);
                    self.lists.insert(kind, list);
                }
                self.screen = Screen::List(kind);
            }
            Place::Found(kind, search) => {
                self.lists.insert(kind, ListScreen::found(kind, search, &mut self.desk));
                self.screen = Screen::List(kind);
            }
            Place::Step(step) => self.desk.ask(Effect::Open(step)),
            Place::Named(step, name) => self.desk.ask(Effect::OpenNamed(step, name)),
            Place::Order => {
                self.opening = Some(Place::Order);
                self.desk.ask(Effect::Mappings);
            }
            Place::Report => {
                self.opening = Some(Place::Report);
                let job = self.desk.new_job();
                self.desk.ask(Effect::Report(job));
                self.desk.say("Counting ...");
            }
            Place::Entry(Kind::Syncs, id) => {
                if let Ok(plan) = id.parse() {
                    self.desk.ask(Effect::OpenPlan(plan));
                }
            }
            Place::Entry(kind, id) => {
                self.desk.ask(Effect::Detail(kind, id.clone()));
                self.opening = Some(Place::Entry(kind, id));
            }
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
                    _ if done => self.go(Place::Overview),
                    Some(step) => self.go(Place::Step(step)),
                    None => self.screen = Screen::Setup(SetupScreen::new(&self.standing, None)),
                }
            }
            Came::Standing(standing) => self.standing = standing,
            Came::Overview(overview) => self.overview.take(*overview),
            Came::Opened(form) => {
                self.desk.ask(Effect::At(form.step));
                self.screen = Screen::Step(Box::new(StepScreen::new(*form, &mut self.desk)));
            }
            Came::Rows(asked, rows) => {
                if let Some(list) = self.lists.get_mut(&asked.kind) {
                    list.take(&asked, rows);
                    list.ensure(&mut self.desk);
                }
            }
            Came::Detail(kind, id, detail) => {
                if self.opening == Some(Place::Entry(kind, id.clone())) {
                    self.opening = None;
                    self.screen = Screen::Detail(Box::new(DetailScreen::new(kind, id, *detail)));
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
            Came::Done(job, title, lines) => self.done(job, &title, lines),
            Came::Report(lines) => {
                if self.opening.take() == Some(Place::Report) {
                    self.desk.notice = None;
                    self.screen = Screen::Detail(Box::new(DetailScreen::rollout(lines, Place::Overview)));
                }
            }
            Came::Found(typed, found) => {
                if let Some(Over::Palette(palette)) = &mut self.over {
                    palette.take(&typed, found);
                }
            }
            Came::Mappings(mappings) => match &mut self.screen {
                Screen::Order(order) => order.take(mappings, &mut self.desk),
                _ if self.opening == Some(Place::Order) => {
                    self.opening = None;
                    let on = self.lists.get(&Kind::Mappings).and_then(ListScreen::selected).map(|row| row.id.clone());
                    let order = OrderScreen::new(mappings, on.as_deref(), &mut self.desk);
                    self.screen = Screen::Order(Box::new(order));
                }
                _ => {}
            },
            Came::Plan(view) => {
                let back = match &mut self.screen {
                    Screen::Plan(plan) => plan.back,
                    Screen::Step(screen) => {
                        screen.leave_field(&mut self.desk);
                        Back::Step(screen.step())
                    }
                    _ => Back::Syncs,
                };
                self.screen = Screen::Plan(Box::new(PlanScreen::new(*view, back, &mut self.desk)));
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

    /// What only the screen that is shown can make something of.
    fn came_to_screen(&mut self, came: Came) {
        if let Came::Failed(job, _) = &came {
            self.ended(*job);
        }
        match &mut self.screen {
            Screen::Step(screen) => {
                let finished = screen.step().next().is_none()
                    && matches!(&came, Came::Saved { outcome, .. } if *outcome != super::message::SaveOutcome::Problems);
                screen.came(came, &mut self.desk);
                if finished {
                    self.screen = Screen::Setup(SetupScreen::new(&self.standing, None));
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
                Came::Stopped(job, plan) if self.ended(Some(job)) => {
                    self.go(Place::Entry(Kind::Syncs, plan.to_string()));
                }
                _ => {}
            },
        }
    }

    /// Tells whoever began a job that it is over; without one, that something failed. False when nobody began it.
    fn ended(&mut self, job: Option<JobId>) -> bool {
        let mut ours = false;
        for list in self.lists.values_mut() {
            ours |= list.ended(job, &mut self.desk);
        }
        if let Screen::Detail(detail) = &mut self.screen {
            ours |= detail.ended(job, &mut self.desk);
        }
        ours
    }

    /// Something that a list or an entry began is over: one line is said, more are shown.
    fn done(&mut self, job: JobId, title: &str, mut lines: Vec<Fact>) {
        let ours = self.ended(Some(job));
        let back = match &self.screen {
            Screen::List(kind) => Place::List(*kind),
            Screen::Detail(detail) => detail.back(),
            _ => Place::Overview,
        };
        self.desk.ask(Effect::Standing);
        if !ours {
            return;
        }
        match lines.pop() {
            Some(only) if lines.is_empty() && only.tone != Tone::Problem => self.desk.say(only.text),
            Some(last) => {
                lines.push(last);
                self.screen = Screen::Detail(Box::new(DetailScreen::report(title, lines, back)));
            }
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
