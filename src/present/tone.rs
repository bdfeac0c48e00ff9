//! How a text is meant; a face gives it a color, or none.

/// How a text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    #[default]
    Plain,
    Good,
    Warning,
    Problem,
    /// What to do next.
    Help,
}
