//! Parses an answer: a command of the prompts, or a value for a field.

use crate::wizard::form::{Choice, Field, Kind, Value};

/// The meaning of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said<'a> {
    /// Keep the value in brackets.
    Keep,
    Explain,
    /// Go back to the previous question.
    Back,
    /// Go back to the previous step.
    StepBack,
    /// Skip the other questions of this step.
    Skip,
    Empty,
    /// List the choices, filtered by a word or opened at a number.
    List(&'a str),
    Text(&'a str),
}

/// The commands that work at every question, on one line.
pub(super) const WORDS: &str = "Enter keeps the value in brackets. ? explains, - clears, < goes back one question, << \
                                one step, > skips the other questions of the step. Ctrl-C quits; your entries are \
                                kept.";

pub(super) fn said(line: &str) -> Said<'_> {
    match line {
        "" => Said::Keep,
        "?" => Said::Explain,
        "<" => Said::Back,
        "<<" => Said::StepBack,
        ">" => Said::Skip,
        "-" => Said::Empty,
        line => line.strip_prefix('*').map_or(Said::Text(line), |rest| Said::List(rest.trim())),
    }
}

/// The empty value of a field.
pub(super) fn empty(field: &Field) -> Value {
    match &field.value {
        Value::Text(_) => Value::Text(String::new()),
        Value::Many(_) => Value::Many(Vec::new()),
        Value::Secret(_) => Value::Secret(crate::secrets::Secret::default()),
    }
}

/// The value of a typed text; the form refuses an invalid one.
pub(super) fn value(field: &Field, text: &str) -> Value {
    match &field.kind {
        Kind::Choice(choices) => Value::Text(chosen(choices, text)),
        Kind::Several(choices) | Kind::Ordered(choices) => {
            let words = text.split([' ', ',']).filter(|word| !word.is_empty());
            let mut many: Vec<String> = Vec::new();
            for value in words.map(|word| chosen(choices, word)) {
                if !many.contains(&value) {
                    many.push(value);
                }
            }
            Value::Many(many)
        }
        _ => Value::Text(text.to_owned()),
    }
}

/// The choice with that number, value or label.
fn chosen(choices: &[Choice], text: &str) -> String {
    let numbered = text.parse::<usize>().ok().and_then(|number| choices.get(number.checked_sub(1)?));
    let named = || {
        let is = |word: &str| word.eq_ignore_ascii_case(text);
        choices.iter().find(|choice| is(&choice.value) || is(&choice.label))
    };
    numbered.or_else(named).map_or_else(|| text.to_owned(), |choice| choice.value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices() -> Vec<Choice> {
        vec![Choice::new("kerberos", "Kerberos ticket", ""), Choice::new("password", "Password", "")]
    }

    fn many(text: &str) -> Vec<String> {
        match value(&Field::new("f.proof", "Proofs", "", Kind::Ordered(choices())), text) {
            Value::Many(many) => many,
            _ => Vec::new(),
        }
    }

    #[test]
    fn choices_are_given_by_number_value_or_label() {
        assert_eq!(many("2 1"), ["password", "kerberos"]);
        assert_eq!(many("password, 2,kerberos"), ["password", "kerberos"]);
        assert_eq!(many("3"), ["3"], "the form refuses it");
        assert_eq!(many("0"), ["0"]);
    }

    #[test]
    fn a_line_is_a_command_or_a_text() {
        assert_eq!(said(""), Said::Keep);
        assert_eq!(said("<<"), Said::StepBack);
        assert_eq!(said("* acc"), Said::List("acc"));
        assert_eq!(said("<b>"), Said::Text("<b>"));
    }
}
