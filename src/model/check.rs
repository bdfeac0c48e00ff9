//! A guideline that can fail, and the evidence for what became of it.

use std::borrow::Cow;

use super::text::Untrusted;

/// One line of a checklist. The same name is reported again as its outcome becomes known.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Check {
    /// What is checked, in a few words: `TLS`, `bind`, `users with a mail`.
    pub name: Cow<'static, str>,
    pub outcome: Outcome,
    /// What was seen, not what should be done: `TLS 1.3, signed by "Corp CA", valid until 2027-03-01`.
    pub evidence: String,
    /// What to do next, when the outcome asks for something.
    pub help: Option<String>,
    /// What the evidence counts, to be looked at: the users without a mail. At most 500.
    pub list: Vec<Untrusted>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Running,
    Passed,
    /// Worth knowing; it stops nothing.
    Warned,
    /// The step cannot be completed like this.
    Failed,
    /// Not tried, because an earlier check failed.
    Skipped,
}

impl Check {
    pub fn new(name: impl Into<Cow<'static, str>>, outcome: Outcome, evidence: impl Into<String>) -> Self {
        Self { name: name.into(), outcome, evidence: evidence.into(), help: None, list: Vec::new() }
    }
    pub fn running(name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, Outcome::Running, "")
    }
    pub fn passed(name: impl Into<Cow<'static, str>>, evidence: impl Into<String>) -> Self {
        Self::new(name, Outcome::Passed, evidence)
    }
    pub fn warned(name: impl Into<Cow<'static, str>>, evidence: impl Into<String>, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..Self::new(name, Outcome::Warned, evidence) }
    }
    pub fn failed(name: impl Into<Cow<'static, str>>, evidence: impl Into<String>, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..Self::new(name, Outcome::Failed, evidence) }
    }
    pub fn skipped(name: impl Into<Cow<'static, str>>, because: impl Into<String>) -> Self {
        Self::new(name, Outcome::Skipped, because)
    }
    #[must_use]
    pub fn with_list(mut self, list: Vec<Untrusted>) -> Self {
        self.list = list;
        self
    }
}
