//! From screen to screen: a screen that is left is kept, and Esc goes back the same way.

use super::App;
use crate::tui::listing::{Act, Kind, Place};
use crate::tui::message::{Request, Work};
use crate::tui::screen::Screen;
use crate::tui::screen::list::{Led, ListScreen};
use crate::tui::screen::setup::SetupScreen;
use crate::tui::trail::{Left, Way};

impl App {
    pub(super) fn led(&mut self, led: Led) {
        match led {
            Led::Nowhere => {}
            Led::Back => self.back(),
            Led::To(place) => self.go(place, Way::On),
        }
    }

    /// Back along the trail; at its end from a step to all steps, from anything else to the overview.
    pub(super) fn back(&mut self) {
        match (self.trail.back(), &self.screen) {
            (Some(Left { place, detail: Some(detail) }), _) => {
                detail.look(&mut self.context);
                self.enter(Screen::Detail(detail), place, Way::Instead);
            }
            (Some(Left { place: Some(place), .. }), _) => self.go(place, Way::Instead),
            (_, Screen::Overview) => self.context.say("q leaves imd. The numbers above open the other screens."),
            (_, Screen::Step(_)) => self.go(Place::Setup, Way::Instead),
            _ => self.go(Place::Overview, Way::Root),
        }
    }

    /// Goes elsewhere from wherever one is, keeping what was entered; not while a job must not be left.
    pub(super) fn leave_for(&mut self, place: Place, way: Way) {
        if self.may_leave() {
            self.go(place, way);
        }
    }

    fn may_leave(&mut self) -> bool {
        match &mut self.screen {
            Screen::Step(screen) => {
                if !screen.may_leave(&mut self.context) {
                    return false;
                }
                screen.leave_field(&mut self.context);
            }
            Screen::Plan(plan) if plan.is_busy() => {
                self.context.say("The plan is being applied. Ctrl-X cancels it.");
                return false;
            }
            _ => {}
        }
        true
    }

    /// Goes to a list and begins there what can be done to it; what is done to one of its entries waits for a choice.
    pub(super) fn begin(&mut self, kind: Kind, act: Act, search: Option<String>) {
        if !self.may_leave() {
            return;
        }
        let list = self.lists.entry(kind).or_insert_with(|| ListScreen::new(kind, &mut self.context));
        list.begin(act, search);
        self.go(Place::List(kind), Way::On);
    }

    /// What was begun by its name is done once its list is there.
    pub(super) fn begun(&mut self, kind: Kind) {
        let shown = matches!(self.screen, Screen::List(shown) if shown == kind);
        if let Some(list) = self.lists.get_mut(&kind).filter(|_| shown) {
            let led = list.go_on(&mut self.context);
            self.led(led);
        }
    }

    pub(super) fn go(&mut self, place: Place, way: Way) {
        self.opening = None;
        match place {
            Place::Overview => {
                self.context.request(Request::Overview);
                self.enter(Screen::Overview, Some(Place::Overview), Way::Root);
            }
            Place::Setup => {
                self.context.request(Request::Standing);
                let from = match &self.screen {
                    Screen::Step(screen) => Some(Place::Step(screen.step())),
                    // By its number it begins with what wants attention.
                    Screen::List(kind) if way == Way::Instead => Some(Place::List(*kind)),
                    _ => None,
                };
                let setup = SetupScreen::new(&self.standing, from.as_ref());
                self.enter(Screen::Setup(setup), Some(Place::Setup), way);
            }
            Place::List(kind) => {
                if let Some(list) = self.lists.get_mut(&kind) {
                    list.look(&mut self.context);
                } else {
                    let list = ListScreen::new(kind, &mut self.context);
                    self.lists.insert(kind, list);
                }
                self.enter(Screen::List(kind), Some(place), way);
            }
            Place::Found(kind, search) => {
                self.lists.insert(kind, ListScreen::found(kind, search, &mut self.context));
                self.enter(Screen::List(kind), Some(Place::List(kind)), way);
            }
            Place::Report => {
                self.context.start(Work::Report);
                self.context.say("Counting...");
                self.opening = Some((place, way));
            }
            place => {
                self.context.request(match &place {
                    Place::Step(step) => Request::Open(*step),
                    Place::Named(step, name) => Request::OpenNamed(*step, name.clone()),
                    Place::New(kind) => Request::OpenNew(*kind),
                    Place::Storage(name) => Request::OpenStorage(name.clone()),
                    Place::Entry(Kind::Syncs, id) => match id.parse() {
                        Ok(plan) => Request::OpenPlan(plan),
                        Err(_) => return,
                    },
                    Place::Entry(kind, id) => Request::Detail(*kind, id.clone()),
                    Place::Order => Request::Mappings,
                    // Opened above.
                    Place::Overview | Place::Setup | Place::Report | Place::List(_) | Place::Found(..) => return,
                });
                // Steps follow each other; what lies behind the first lies behind them all.
                let follows = matches!(self.screen, Screen::Step(_)) && place.step().is_some();
                self.opening = Some((place, if follows { Way::Instead } else { way }));
            }
        }
    }

    /// Shows a screen; what was shown before lies behind it, or does not.
    pub(super) fn enter(&mut self, screen: Screen, place: Option<Place>, way: Way) {
        let left = match std::mem::replace(&mut self.screen, screen) {
            Screen::Detail(detail) => Some(detail),
            _ => None,
        };
        self.trail.went(place, left, way);
    }

    /// Where the place that was opened belongs, if it is still wanted.
    pub(super) fn opened(&mut self, is_it: impl Fn(&Place) -> bool) -> Option<(Place, Way)> {
        self.opening.take_if(|(place, _)| is_it(place))
    }
}
