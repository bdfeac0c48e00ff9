//! The console's state, and the one function that changes it. `going` leads from screen to screen, `answers` takes the
//! answers to effects.

mod answers;
mod going;

use std::collections::BTreeMap;

use crossterm::event::{KeyEvent, KeyEventKind};

use super::context::Context;
use super::keys::{self, Binding, Command};
use super::layout;
use super::listing::{Act, Kind, Place};
use super::look::Look;
use super::message::{Effect, Message, Request};
use super::screen::Screen;
use super::screen::help::Help;
use super::screen::list::ListScreen;
use super::screen::overview::Overview;
use super::screen::palette::{Choice, Palette};
use super::tab::Tab;
use super::trail::{Trail, Way};
use crate::wizard::{Standing, State, Step};

#[allow(missing_debug_implementations, reason = "it may hold a token or a password")]
pub struct App {
    pub context: Context,
    pub screen: Screen,
    pub standing: Vec<Standing>,
    pub overview: Overview,
    /// The lists that were opened, each with its search and selection.
    pub lists: BTreeMap<Kind, ListScreen>,
    /// Over whatever is shown.
    pub over: Option<Over>,
    /// The place that was asked for last and is not open yet. A user who goes elsewhere meanwhile stays there.
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
            context: Context::new(look, size),
            screen: Screen::Opening(None),
            standing: Vec::new(),
            overview: Overview::default(),
            lists: BTreeMap::new(),
            over: None,
            opening: None,
            trail: Trail::default(),
        };
        (app, vec![Effect::Request(Request::Start)])
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
                self.context.size = (width, height);
                match &mut self.screen {
                    Screen::Plan(plan) => plan.ensure(&mut self.context),
                    Screen::List(kind) => self
                        .lists
                        .values_mut()
                        .filter(|list| list.kind() == *kind)
                        .for_each(|list| list.ensure(&mut self.context)),
                    _ => {}
                }
            }
            Message::Ending => self.end(),
            Message::Changed => self.look(),
            Message::Tick if matches!(self.screen, Screen::Overview) => self.context.request(Request::OverviewAgain),
            Message::Tick => {}
            Message::Answer(answer) => self.answer(answer),
        }
        self.context.take_effects()
    }

    /// Reads the shown screen again: the state has changed.
    fn look(&mut self) {
        self.context.request(Request::Standing);
        match &self.screen {
            Screen::Step(screen) => screen.look(&mut self.context),
            Screen::Order(_) => self.context.request(Request::Mappings),
            Screen::Overview => self.context.request(Request::Overview),
            Screen::Detail(detail) => detail.look(&mut self.context),
            Screen::List(kind) => {
                if let Some(list) = self.lists.get_mut(kind) {
                    list.look(&mut self.context);
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
            (Some(Over::Palette(_)), _) => [keys::PALETTE, keys::EDIT, keys::ANYWHERE].into_iter().flatten().collect(),
            (None, Screen::Step(screen)) => screen.tables(&self.context),
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
        self.context.notice = None;
        match keys::command(&self.tables(), key) {
            Some(Command::Leave) => self.end(),
            Some(Command::Suspend) => self.context.ask(Effect::Suspend),
            Some(Command::Redraw) => self.context.ask(Effect::Redraw),
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
                (Some(Over::Palette(palette)), _) => palette.typed(key, &mut self.context),
                (None, Screen::Step(screen)) => screen.typed(key, &mut self.context),
                (None, Screen::Plan(plan)) => plan.typed(key),
                (None, Screen::List(kind)) => {
                    if let Some(list) = self.lists.get_mut(kind) {
                        list.typed(key, &mut self.context);
                    }
                }
                _ => {}
            },
        }
    }

    fn paste(&mut self, text: &str) {
        self.context.notice = None;
        match (&mut self.over, &mut self.screen) {
            (Some(Over::Palette(palette)), _) => palette.paste(text, &mut self.context),
            (None, Screen::Step(screen)) => screen.paste(text, &mut self.context),
            (None, Screen::Plan(plan)) => plan.paste(text),
            (None, Screen::List(kind)) => {
                if let Some(list) = self.lists.get_mut(kind) {
                    list.paste(text, &mut self.context);
                }
            }
            _ => {}
        }
    }

    fn perform(&mut self, command: Command) {
        let body = layout::areas(self.context.size.0, self.context.size.1).body.height;
        match &mut self.over {
            None => {}
            Some(_) if command == Command::Back => return self.over = None,
            Some(Over::Help(help)) => return help.perform(command, body.saturating_sub(1)),
            Some(Over::Palette(palette)) => {
                if let Some(choice) = palette.perform(command, body.saturating_sub(1), &mut self.context) {
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
                if screen.perform(command, &mut self.context) {
                    screen.leave_field(&mut self.context);
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
                let led = list.perform(command, &mut self.context);
                self.led(led);
            }
            Screen::Detail(detail) => {
                let led = detail.perform(command, &mut self.context);
                self.led(led);
            }
            Screen::Order(order) => {
                if order.perform(command, &mut self.context) {
                    self.back();
                }
            }
            Screen::Plan(plan) => {
                if plan.perform(command, &mut self.context) {
                    self.back();
                }
            }
            Screen::Opening(_) => {}
        }
    }

    fn end(&mut self) {
        if let Screen::Step(screen) = &mut self.screen {
            screen.end(&mut self.context);
        }
        self.context.ask(Effect::Leave);
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
