//! Screens: what fills the body. One file each.

pub mod detail;
pub mod help;
pub mod list;
pub mod order;
pub mod overview;
pub mod palette;
pub mod plan;
pub mod setup;
pub mod step;

use super::listing::{self, Kind};
use crate::wizard::Step;

/// The screen that is shown.
#[allow(missing_debug_implementations, reason = "a form may hold a secret")]
pub enum Screen {
    /// Nothing is known yet; `Some` says why it stayed so.
    Opening(Option<super::view::Trouble>),
    Step(Box<step::StepScreen>),
    /// The seven steps.
    Setup(setup::SetupScreen),
    /// What it shows is kept by the app, so that it is there at once.
    Overview,
    /// The lists are kept by the app as they were left.
    List(listing::Kind),
    Detail(Box<detail::DetailScreen>),
    Order(Box<order::OrderScreen>),
    Plan(Box<plan::PlanScreen>),
}

impl Screen {
    /// The list that is shown, or that what is shown is an entry of.
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Self::List(kind) => Some(*kind),
            Self::Detail(detail) => detail.kind(),
            _ => None,
        }
    }

    /// What the help page says of it, before the keys: a file of `assets/help/`.
    pub fn about(&self) -> &'static str {
        match self {
            Self::Opening(_) => "",
            Self::Setup(_) => include_str!("../../assets/help/setup.txt"),
            Self::Overview => include_str!("../../assets/help/overview.txt"),
            Self::List(kind) => kind.spec().help,
            Self::Plan(_) => Kind::Syncs.spec().help,
            Self::Detail(_) => include_str!("../../assets/help/detail.txt"),
            Self::Order(_) => include_str!("../../assets/help/order.txt"),
            Self::Step(screen) => match screen.step() {
                Step::Directory => include_str!("../../assets/help/1-directory.txt"),
                Step::Profile => include_str!("../../assets/help/2-profile.txt"),
                Step::Mapping => include_str!("../../assets/help/3-mapping.txt"),
                Step::Frequency => include_str!("../../assets/help/4-frequency.txt"),
                Step::Settings => include_str!("../../assets/help/5-settings.txt"),
                Step::Token => include_str!("../../assets/help/6-token.txt"),
                Step::Installer => include_str!("../../assets/help/7-installer.txt"),
            },
        }
    }
}
