//! The places that Esc goes back to.

use super::listing::Place;
use super::screen::detail::DetailScreen;

/// More than anybody remembers to have come through.
const LONGEST: usize = 16;

/// How a screen is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By its number: only the overview lies behind it.
    Root,
    /// From the screen that is shown, which then lies behind it.
    On,
    /// In the place of the screen that is shown: from one step to the next, or back.
    Instead,
}

/// A screen that Esc leads back to. An entry or a report is kept; anything else is opened again.
#[derive(Debug)]
pub struct Left {
    pub place: Option<Place>,
    pub detail: Option<Box<DetailScreen>>,
}

#[derive(Debug, Default)]
pub struct Trail {
    /// What is shown; `None` for a report.
    at: Option<Place>,
    behind: Vec<Left>,
}

impl Trail {
    /// One went to `place`; `left` is the entry or report that was shown before.
    pub fn went(&mut self, place: Option<Place>, left: Option<Box<DetailScreen>>, way: Way) {
        let from = Left { place: std::mem::replace(&mut self.at, place), detail: left };
        match way {
            Way::Instead => {}
            Way::Root => self.behind.clear(),
            Way::On => {
                // Returning to a place on the trail shortens it.
                let before = self.behind.iter().position(|left| left.place.is_some() && left.place == self.at);
                if let Some(before) = before {
                    self.behind.truncate(before);
                } else if (from.place.is_some() || from.detail.is_some()) && from.place != self.at {
                    self.behind.push(from);
                }
                if self.behind.len() > LONGEST {
                    self.behind.remove(0);
                }
            }
        }
    }

    /// What lies behind, which then does so no more.
    pub fn back(&mut self) -> Option<Left> {
        self.behind.pop()
    }

    /// Where Esc leads; `None` where nothing lies behind.
    pub fn last(&self) -> Option<&Left> {
        self.behind.last()
    }
}

#[cfg(test)]
mod tests {
    use super::super::listing::Kind;
    use super::*;

    #[test]
    fn returning_shortens_the_trail_and_sixteen_places_are_kept() {
        let mut trail = Trail::default();
        let places = [Place::Overview, Place::List(Kind::Users), Place::Report, Place::List(Kind::Users)];
        for place in places {
            trail.went(Some(place), None, Way::On);
        }
        assert_eq!(trail.back().and_then(|left| left.place), Some(Place::Overview));
        assert!(trail.back().is_none());
        for id in 0..40 {
            trail.went(Some(Place::Entry(Kind::Users, id.to_string())), None, Way::On);
        }
        let mut back = 0;
        while trail.back().is_some() {
            back += 1;
        }
        assert_eq!(back, 16);
    }
}
