//! Screens: what fills the body. One file each.

pub mod help;
pub mod order;
pub mod plan;
pub mod plans;
pub mod review;
pub mod step;
pub mod tokens;

/// The screen that is shown.
#[allow(missing_debug_implementations, reason = "a form may hold a secret")]
pub enum Screen {
    /// Nothing is known yet; `Some` says why it stayed so.
    Opening(Option<super::message::Trouble>),
    Step(Box<step::StepScreen>),
    Review(review::Review),
    Plans(plans::Plans),
    Order(Box<order::OrderScreen>),
    Tokens(Box<tokens::TokensScreen>),
    Plan(Box<plan::PlanScreen>),
}
