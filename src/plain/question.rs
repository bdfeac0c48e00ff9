//! A field as a question on one line, and its explanation.

use crate::wizard::form::{Choice, Field, Kind};

/// `Department, optional, * lists [Sales]`.
pub(super) fn prompt(field: &Field) -> String {
    let label = &field.label;
    let kept = kept(field);
    let kept = if kept.is_empty() { kept } else { format!(" [{kept}]") };
    match &field.kind {
        Kind::Choice(choices) => format!("{label}: {}{kept}", numbered(choices)),
        Kind::Several(choices) => format!("{label}, any of: {}{kept}", numbered(choices)),
        Kind::Ordered(choices) => format!("{label}, in order: {}{kept}", numbered(choices)),
        Kind::Secret { .. } => format!("{label}, not shown while you type{kept}"),
        kind => {
            let need = match (field.required, kept.is_empty()) {
                (true, true) => ", required",
                (true, false) => "",
                (false, _) => ", optional",
            };
            let how = match kind {
                Kind::Pick(_) => ", * lists".to_owned(),
                Kind::Text { example } | Kind::Path { example } if kept.is_empty() && !example.is_empty() => {
                    format!(", such as {example}")
                }
                _ => String::new(),
            };
            format!("{label}{need}{how}{kept}")
        }
    }
}

/// The value that an empty answer keeps.
fn kept(field: &Field) -> String {
    let number = |value: &String| {
        let at = field.choices().iter().position(|choice| choice.value == *value);
        at.map_or_else(|| value.clone(), |at| (at + 1).to_string())
    };
    match &field.kind {
        Kind::Secret { .. } if !field.is_empty() => "kept".to_owned(),
        Kind::Secret { .. } => String::new(),
        Kind::Choice(_) if field.text().is_empty() => String::new(),
        Kind::Choice(_) => number(&field.text().to_owned()),
        Kind::Several(_) | Kind::Ordered(_) => field.many().iter().map(number).collect::<Vec<_>>().join(" "),
        _ => field.text().replace('\n', " "),
    }
}

fn numbered(choices: &[Choice]) -> String {
    let one = |(at, choice): (usize, &Choice)| format!("{} {}", at + 1, choice.label);
    choices.iter().enumerate().map(one).collect::<Vec<_>>().join(", ")
}

/// The help of the field, with `*` for the console's key that lists choices.
pub(super) fn help(field: &Field) -> String {
    field.help.replace("Ctrl-O", "*")
}

/// The answer to `?`: the help of the field, each choice with its consequence, and how to answer.
pub(super) fn explained(field: &Field) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", field.label, help(field))];
    lines.extend(field.choices().iter().enumerate().map(|(at, choice)| {
        let and = match &choice.refused {
            Some(why) => format!(", cannot be chosen: {why}"),
            None if choice.consequence.is_empty() => String::new(),
            None => format!(": {}", choice.consequence),
        };
        format!("{} {}{and}", at + 1, choice.label)
    }));
    lines.push(
        match &field.kind {
            Kind::Choice(_) => "Answer with a number.",
            Kind::Several(_) => "Answer with numbers, separated by spaces; - for none.",
            Kind::Ordered(_) => "Answer with numbers in your order, separated by spaces; - for none.",
            Kind::Pick(_) => {
                "Type a value, or * for a list; * and a word filters the list, * and a number lists the entries below that \
                 line, and a number selects that line. - clears the value."
            }
            Kind::Secret { .. } => "Type it; it is not shown.",
            _ => "Type a value; - clears it.",
        }
        .to_owned(),
    );
    lines
}

/// The only available choice, if it is selected: there is nothing to ask.
pub(super) fn only_choice(field: &Field) -> Option<&Choice> {
    let Kind::Choice(choices) = &field.kind else { return None };
    let mut free = choices.iter().filter(|choice| choice.refused.is_none());
    let only = free.next().filter(|_| free.next().is_none())?;
    Some(only).filter(|only| only.value == field.text())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wizard::form::Pick;

    fn fruit() -> Vec<Choice> {
        vec![
            Choice::new("apple", "Apple", "Sweet."),
            Choice { refused: Some("it is poisonous".to_owned()), ..Choice::new("berry", "Berry", "") },
        ]
    }

    #[test]
    fn a_question_is_complete_on_one_line() {
        let field = Field::new("f.name", "Name", "", Kind::Text { example: "corp" }).required();
        assert_eq!(prompt(&field), "Name, required, such as corp");
        assert_eq!(prompt(&field.with("north")), "Name [north]");
        let field = Field::new("f.ou", "OU", "", Kind::Pick(Pick::Unit));
        assert_eq!(prompt(&field), "OU, optional, * lists");
        let field = Field::new("f.fruit", "Fruit", "", Kind::Choice(fruit())).with("apple");
        assert_eq!(prompt(&field), "Fruit: 1 Apple, 2 Berry [1]");
        let field = Field::new("f.fruit", "Fruit", "", Kind::Ordered(fruit())).with_many(["berry", "apple"]);
        assert_eq!(prompt(&field), "Fruit, in order: 1 Apple, 2 Berry [2 1]");
        assert_eq!(
            prompt(&Field::new("f.pw", "Password", "", Kind::Secret { kept: true })),
            "Password, not shown while you type [kept]"
        );
    }

    #[test]
    fn a_choice_is_explained_with_its_consequence() {
        let field = Field::new("f.fruit", "Fruit", "What you eat.", Kind::Choice(fruit()));
        let lines = explained(&field);
        assert_eq!(
            lines[..3],
            ["Fruit: What you eat.", "1 Apple: Sweet.", "2 Berry, cannot be chosen: it is poisonous"]
        );
    }

    #[test]
    fn a_question_with_one_possible_answer_is_not_asked() {
        let field = Field::new("f.fruit", "Fruit", "", Kind::Choice(fruit()));
        assert_eq!(only_choice(&field), None, "it is not selected yet");
        assert_eq!(only_choice(&field.with("apple")).map(|choice| choice.label.as_str()), Some("Apple"));
    }
}
