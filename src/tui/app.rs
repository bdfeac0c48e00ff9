//! The console's state, and the one function that changes it.

use crossterm::event::{KeyEvent, KeyEventKind};

use super::desk::{Desk, Notice};
use super::keys::{self, Binding, Command};
use super::layout;
use super::look::Look;
use super::message::{Came, Effect, Message};
use super::screen::Screen;
use super::screen::help::Help;
use super::screen::order::OrderScreen;
use super::screen::plan::{Back, PlanScreen};
use super::screen::plans::Plans;
use super::screen::review::Review;
use super::screen::step::StepScreen;
use super::screen::tokens::TokensScreen;
use crate::wizard::{Standing, State, Step};

#[allow(missing_debug_implementations, reason = "it may hold a token or a password")]
pub struct App {
    pub desk: Desk,
    pub screen: Screen,
    pub standing: Vec<Standing>,
    /// The page of keys, over whatever is shown.
    pub help: Option<Help>,
}

impl App {
    /// Begins on nothing: the first effects find out where to begin.
    pub fn new(look: Look, size: (u16, u16)) -> (Self, Vec<Effect>) {
        let app = Self { desk: Desk::new(look, size), screen: Screen::Opening(None), standing: Vec::new(), help: None };
        (app, vec![Effect::Start])
    }

    /// The step that is being worked on.
    pub fn step(&self) -> Option<Step> {
        match &self.screen {
            Screen::Step(screen) => Some(screen.step()),
            Screen::Review(review) => review.came_from,
            Screen::Plans(plans) => plans.came_from,
            Screen::Order(order) => order.came_from,
            Screen::Tokens(tokens) => tokens.came_from,
            Screen::Plan(plan) => match plan.back {
                Back::Step(step) => Some(step),
                Back::Plans(came_from) => came_from,
            },
            Screen::Opening(_) => None,
        }
    }

    /// Something happened. What has to be done outside is handed back; nothing else happens here.
    pub fn update(&mut self, message: Message) -> Vec<Effect> {
        match message {
            Message::Key(key) if key.kind == KeyEventKind::Release => {}
            Message::Key(key) => self.key(&key),
            Message::Paste(text) => {
                self.desk.notice = None;
                match (&mut self.screen, &self.help) {
                    (Screen::Step(screen), None) => screen.paste(&text, &mut self.desk),
                    (Screen::Plan(plan), None) => plan.paste(&text),
                    _ => {}
                }
            }
            Message::Resize(width, height) => {
                self.desk.size = (width, height);
                if let Screen::Plan(plan) = &mut self.screen {
                    plan.ensure(&mut self.desk);
                }
            }
            Message::Ending => self.end(),
            Message::Changed => {
                self.desk.ask(Effect::Standing);
                match &self.screen {
                    Screen::Step(screen) => screen.look(&mut self.desk),
                    Screen::Order(_) => self.desk.ask(Effect::Mappings),
                    Screen::Tokens(_) => self.desk.ask(Effect::Tokens),
                    _ => {}
                }
            }
            Message::Came(came) => self.came(came),
        }
        self.desk.take_effects()
    }

    /// The keys that work now, the most particular first.
    pub fn tables(&self) -> Vec<&'static Binding> {
        let chain = |first: &'static [Binding]| first.iter().chain(keys::ANYWHERE).collect();
        match (&self.help, &self.screen) {
            (Some(_), _) => chain(keys::HELP),
            (None, Screen::Step(screen)) => screen.tables(&self.desk),
            (None, Screen::Review(_)) => {
                let order = if self.standing.iter().any(|one| one.ordered) { keys::REVIEW_ORDER } else { &[] };
                [keys::REVIEW, order, keys::LEAVE, keys::ANYWHERE, keys::NO_TEXT].into_iter().flatten().collect()
            }
            (None, Screen::Order(order)) => order.tables(),
            (None, Screen::Tokens(tokens)) => tokens.tables(),
            (None, Screen::Plans(_)) => {
                [keys::PLANS, keys::LEAVE, keys::ANYWHERE, keys::NO_TEXT].into_iter().flatten().collect()
            }
            (None, Screen::Plan(plan)) => plan.tables(),
            (None, Screen::Opening(_)) => [keys::LEAVE, keys::ANYWHERE, keys::NO_TEXT].into_iter().flatten().collect(),
        }
    }

    fn key(&mut self, key: &KeyEvent) {
        self.desk.notice = None;
        let command = keys::command(&self.tables(), key);
        match command {
            Some(Command::Leave) => self.end(),
            Some(Command::Suspend) => self.desk.ask(Effect::Suspend),
            Some(Command::Redraw) => self.desk.ask(Effect::Redraw),
            Some(Command::Help) => self.help = if self.help.is_some() { None } else { Some(Help::new(&self.tables())) },
            Some(command) => self.perform(command),
            None => match (&mut self.screen, &self.help) {
                (Screen::Step(screen), None) => screen.typed(key, &mut self.desk),
                (Screen::Plan(plan), None) => plan.typed(key),
                _ => {}
            },
        }
    }

    fn perform(&mut self, command: Command) {
        if let Some(help) = &mut self.help {
            if command == Command::Back {
                self.help = None;
            } else {
                let body = layout::areas(self.desk.size.0, self.desk.size.1).body;
                help.perform(command, body.height.saturating_sub(1));
            }
            return;
        }
        match &mut self.screen {
            Screen::Step(screen) => {
                if screen.perform(command, &mut self.desk) {
                    screen.leave_field(&mut self.desk);
                    let from = screen.step();
                    self.desk.ask(Effect::Standing);
                    self.screen = Screen::Review(Review::new(&self.standing, Some(from)));
                }
            }
            Screen::Review(review) => match command {
                Command::Enter => {
                    let step = review.selected();
                    self.desk.ask(Effect::Open(step));
                }
                Command::Back => match review.came_from {
                    Some(step) => self.desk.ask(Effect::Open(step)),
                    None => self.desk.say("q leaves imd; Enter opens the selected step."),
                },
                Command::Plans => self.desk.ask(Effect::Plans),
                Command::OrderMappings => self.desk.ask(Effect::Mappings),
                Command::Tokens => self.desk.ask(Effect::Tokens),
                command => review.perform(command),
            },
            Screen::Plans(plans) => match command {
                Command::Enter => {
                    if let Some(plan) = plans.selected() {
                        self.desk.ask(Effect::OpenPlan(plan));
                    }
                }
                Command::Back => {
                    let from = plans.came_from;
                    self.screen = Screen::Review(Review::new(&self.standing, from));
                }
                command => {
                    let body = layout::areas(self.desk.size.0, self.desk.size.1).body;
                    plans.perform(command, body.height);
                }
            },
            Screen::Order(order) => {
                if order.perform(command, &mut self.desk) {
                    let from = order.came_from;
                    self.desk.ask(Effect::Standing);
                    self.screen = Screen::Review(Review::new(&self.standing, from));
                }
            }
            Screen::Tokens(tokens) => {
                let body = layout::areas(self.desk.size.0, self.desk.size.1).body;
                if tokens.perform(command, body.height, &mut self.desk) {
                    let from = tokens.came_from;
                    self.desk.ask(Effect::Standing);
                    self.screen = Screen::Review(Review::new(&self.standing, from));
                }
            }
            Screen::Plan(plan) => {
                if plan.perform(command, &mut self.desk) {
                    self.desk.ask(match plan.back {
                        Back::Step(step) => Effect::Open(step),
                        Back::Plans(_) => Effect::Plans,
                    });
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
                self.standing = standing;
                match at.or(untouched.then_some(Step::Directory)) {
                    Some(step) => self.desk.ask(Effect::Open(step)),
                    None => self.screen = Screen::Review(Review::new(&self.standing, None)),
                }
            }
            Came::Standing(standing) => {
                self.standing = standing;
            }
            Came::Opened(form) => {
                self.desk.ask(Effect::At(form.step));
                self.screen = Screen::Step(Box::new(StepScreen::new(*form, &mut self.desk)));
            }
            Came::Plans(plans) => {
                let from = self.step();
                self.screen = Screen::Plans(Plans::new(plans, from));
            }
            Came::Mappings(mappings) => match &mut self.screen {
                Screen::Order(order) => order.take(mappings, &mut self.desk),
                // Whoever went on meanwhile stays there.
                Screen::Review(review) => {
                    let from = review.came_from;
                    self.screen = Screen::Order(Box::new(OrderScreen::new(mappings, from, &mut self.desk)));
                }
                _ => {}
            },
            Came::Tokens(all) => match &mut self.screen {
                Screen::Tokens(tokens) => tokens.take(all),
                // Whoever went on meanwhile stays there.
                Screen::Review(review) => {
                    let from = review.came_from;
                    self.screen = Screen::Tokens(Box::new(TokensScreen::new(all, from)));
                }
                _ => {}
            },
            Came::TokenDone { all, done } => {
                if let Screen::Tokens(tokens) = &mut self.screen {
                    tokens.did(all, done);
                }
                self.desk.ask(Effect::Standing);
            }
            Came::Plan(view) => {
                let back = match &mut self.screen {
                    Screen::Plan(plan) => plan.back,
                    Screen::Step(screen) => {
                        screen.leave_field(&mut self.desk);
                        Back::Step(screen.step())
                    }
                    _ => Back::Plans(self.step()),
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
            came => match &mut self.screen {
                Screen::Step(screen) => {
                    let finished = screen.step().next().is_none()
                        && matches!(&came, Came::Saved { outcome, .. } if *outcome != super::message::SaveOutcome::Problems);
                    screen.came(came, &mut self.desk);
                    if finished {
                        self.screen = Screen::Review(Review::new(&self.standing, None));
                    }
                }
                Screen::Plan(plan) => match came {
                    Came::Lines { asked, page, .. } => plan.take(&asked, page),
                    Came::Applied(job, view) => plan.applied(job, *view, &mut self.desk),
                    Came::Failed(job, trouble) => plan.failed(job, trouble, &mut self.desk),
                    _ => {}
                },
                Screen::Order(order) => order.came(came, &mut self.desk),
                _ => {
                    if let Came::Failed(None, trouble) = came {
                        self.desk.notice = Some(Notice::Trouble(trouble));
                    }
                }
            },
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
