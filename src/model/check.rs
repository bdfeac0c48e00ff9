//! A check of a directory, a setting or the host: its outcome, the evidence and the next step.

use std::borrow::Cow;

use super::text::Untrusted;

/// One line of a checklist. The same name is reported again as its outcome becomes known.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Check {
    /// What is checked: `TLS`, `bind`, `mail`.
    pub name: Cow<'static, str>,
    pub outcome: Outcome,
    /// What was found: `TLS 1.3, signed by "Corp CA", valid until 2027-03-01`.
    pub evidence: String,
    /// The next step, after a warning or a failure.
    pub help: Option<String>,
    /// What the evidence counts, such as the users without a mail. At most 500.
    pub list: Vec<Untrusted>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Running,
    Ok,
    /// The step can be completed, but the evidence needs attention.
    Warning,
    /// The step cannot be completed.
    Failed,
    /// Not run, because an earlier check failed or because it does not apply.
    Skipped,
}

impl Outcome {
    /// The word for it in every table, checklist and JSON document.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// True when the administrator has something to do.
    pub const fn needs_attention(self) -> bool {
        matches!(self, Self::Warning | Self::Failed)
    }
}

impl Check {
    pub fn new(name: impl Into<Cow<'static, str>>, outcome: Outcome, evidence: impl Into<String>) -> Self {
        Self { name: name.into(), outcome, evidence: evidence.into(), help: None, list: Vec::new() }
    }
    pub fn running(name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, Outcome::Running, "")
    }
    pub fn ok(name: impl Into<Cow<'static, str>>, evidence: impl Into<String>) -> Self {
        Self::new(name, Outcome::Ok, evidence)
    }
    pub fn warning(name: impl Into<Cow<'static, str>>, evidence: impl Into<String>, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..Self::new(name, Outcome::Warning, evidence) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_has_one_word_in_tables_and_in_json() {
        for outcome in [Outcome::Running, Outcome::Ok, Outcome::Warning, Outcome::Failed, Outcome::Skipped] {
            assert_eq!(serde_json::json!(outcome), outcome.word());
        }
    }
}
