//! The JSON schema of the answers file, from the fields of the forms.

use serde_json::{Map, Value, json};

use crate::wizard::form::{Field, Kind, Value as Filled, Written};

use super::{TABLES, keys};

/// Tables that the file has once at most.
const SINGLE: [&str; 3] = ["frequency", "settings", "installer"];

/// The schema of a whole answers file (JSON Schema 2020-12).
pub fn schema() -> Value {
    let table = |name: &str| {
        let one = table(name);
        if SINGLE.contains(&name) { one } else { json!({ "anyOf": [one, { "type": "array", "items": one }] }) }
    };
    let tables: Map<String, Value> = TABLES.iter().map(|(name, _)| ((*name).to_owned(), table(name))).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Answers file of imd",
        "description": "The seven steps of imd as a TOML file, for `imd setup --answers FILE`.",
        "type": "object",
        "properties": tables,
        "additionalProperties": false,
    })
}

fn table(name: &str) -> Value {
    let fields = keys(name);
    let key = |field: &Field| field.file_key()[name.len() + 1..].to_owned();
    let mut properties: Map<String, Value> = fields.iter().map(|field| (key(field), property(field))).collect();
    if name == "installer" {
        let description = "Values for the properties of the agent, by their key in its definition.";
        let value = json!({ "type": ["string", "integer"] });
        properties.insert(
            "properties".to_owned(),
            json!({ "type": "object", "description": description, "additionalProperties": value }),
        );
    }
    let required: Vec<&str> = fields.iter().map(Field::short_key).filter(|key| *key == "name").collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn property(field: &Field) -> Value {
    let words: Vec<&str> = field.choices().iter().map(|choice| choice.value.as_str()).collect();
    let word = if words.is_empty() { json!({ "type": "string" }) } else { json!({ "enum": words }) };
    let mut schema = match (&field.kind, &field.written) {
        (Kind::Choice(_), _) if words.contains(&"true") => json!({ "type": "boolean" }),
        (Kind::Choice(_), _) => word,
        (Kind::Several(_) | Kind::Ordered(_), _) => json!({ "type": "array", "items": word, "uniqueItems": true }),
        (_, Written::List) => json!({ "type": ["array", "string"], "items": { "type": "string" } }),
        (_, Written::Number(range)) => {
            let mut number = json!({ "type": "integer", "minimum": range.start() });
            if *range.end() < u64::from(u32::MAX) {
                number["maximum"] = json!(range.end());
            }
            // An empty text clears an optional number.
            if field.required { number } else { json!({ "anyOf": [number, { "const": "" }] }) }
        }
        (Kind::Text { .. }, _) => json!({ "type": ["string", "integer"] }),
        _ => json!({ "type": "string" }),
    };
    schema["title"] = json!(field.label);
    schema["description"] = json!(field.file_help());
    if let Some(default) = default(field) {
        schema["default"] = default;
    }
    if let Kind::Text { example } | Kind::Path { example } = &field.kind
        && !example.is_empty()
    {
        schema["examples"] = json!([example]);
    }
    schema
}

/// What a new form starts with, as the file writes it.
fn default(field: &Field) -> Option<Value> {
    match (&field.value, &field.written) {
        (Filled::Many(values), _) if !values.is_empty() => Some(json!(values)),
        (Filled::Text(text), Written::Number(_)) if !text.is_empty() => text.parse::<u64>().ok().map(Value::from),
        (Filled::Text(text), _) if matches!(text.as_str(), "true" | "false") => Some(json!(text == "true")),
        (Filled::Text(text), _) if !text.is_empty() => Some(json!(text)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a value breaks of the few rules that the schema uses.
    fn problems(schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(any) = schema["anyOf"].as_array() {
            let each: Vec<_> = any.iter().map(|one| problems(one, value, at)).collect();
            return if each.iter().any(Vec::is_empty) { found } else { each.concat() };
        }
        let kinds = match &schema["type"] {
            Value::Array(kinds) => kinds.clone(),
            Value::Null => Vec::new(),
            one => vec![one.clone()],
        };
        let kind = match value {
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            _ => "object",
        };
        if !kinds.is_empty() && !kinds.contains(&json!(kind)) {
            found.push(format!("{at}: {kind} instead of {kinds:?}"));
        }
        for (name, words) in [("enum", schema["enum"].as_array()), ("const", None)] {
            let fits = words.is_none_or(|words| words.contains(value));
            let fits = fits && (name != "const" || schema.get("const").is_none_or(|one| one == value));
            found.extend((!fits).then(|| format!("{at}: {value} breaks {name}")));
        }
        let number = value.as_u64();
        if number.is_some_and(|number| {
            schema["minimum"].as_u64().is_some_and(|least| number < least)
                || schema["maximum"].as_u64().is_some_and(|most| number > most)
        }) {
            found.push(format!("{at}: {value} is out of range"));
        }
        for one in value.as_array().into_iter().flatten().filter(|_| schema.get("items").is_some()) {
            found.extend(problems(&schema["items"], one, at));
        }
        if let (Some(object), true) = (value.as_object(), kinds == [json!("object")]) {
            for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                found.extend((!object.contains_key(key)).then(|| format!("{at}: {key} is missing")));
            }
            for (key, value) in object {
                let known = schema["properties"].get(key).or(schema.get("additionalProperties"));
                match known.filter(|known| known.is_object()) {
                    Some(known) => found.extend(problems(known, value, &format!("{at}.{key}"))),
                    None => found.push(format!("{at}.{key}: unknown")),
                }
            }
        }
        found
    }

    fn problems_of(toml: &str) -> Vec<String> {
        let table: toml::Table = toml.parse().expect("TOML");
        problems(&schema(), &serde_json::to_value(table).expect("JSON"), "")
    }

    /// The TOML examples of a Markdown page that have a table.
    fn examples(page: &str) -> Vec<&str> {
        let blocks = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
        blocks.filter(|block| block.trim_start().starts_with('[') || block.contains("\n[")).collect()
    }

    #[test]
    fn the_example_files_fit_the_schema() {
        let mut seen = 0;
        let pages = [include_str!("../../../docs/tutorial.md"), include_str!("../../../docs/how-to/answers-file.md")];
        let examples = pages.iter().flat_map(|page| examples(page));
        for toml in examples.chain([include_str!("../../../assets/sample.toml")]) {
            assert_eq!(problems_of(toml), Vec::<String>::new(), "{toml}");
            seen += 1;
        }
        assert!(seen >= 2, "{seen} examples");
    }

    #[test]
    fn labels_and_help_lines_are_short_sentences() {
        for field in TABLES.iter().flat_map(|(name, _)| keys(name)) {
            let width = |text: &str| text.chars().count();
            assert!(width(&field.label) <= 22, "{}: {}", field.key, field.label);
            assert!(field.label.starts_with(char::is_uppercase), "{}: {}", field.key, field.label);
            assert!(width(&field.help) <= 88 && field.help.ends_with('.'), "{}: {}", field.key, field.help);
            for choice in field.choices() {
                // The console shows them together, in at most three lines of 78 cells.
                let shown = width(&field.help) + width(&choice.label) + width(&choice.consequence) + 3;
                assert!(shown <= 3 * 74, "{}: {}", field.key, choice.consequence);
                assert!(choice.consequence.is_empty() || choice.consequence.ends_with('.'), "{}", choice.consequence);
            }
        }
    }

    #[test]
    fn a_wrong_answers_file_does_not_fit_the_schema() {
        for (toml, part) in [
            ("[settings]\nproof = [\"password\"]", "settings.proof: unknown"),
            ("[settings]\nauth = [\"fingerprint\"]", "breaks enum"),
            ("[settings]\ndevices_per_user = 101", "out of range"),
            ("[token]\nexpires = \"90d\"", "name is missing"),
            ("[installer]\nfolder = true", "boolean instead of"),
            ("[setings]\n", "setings: unknown"),
        ] {
            let found = problems_of(toml).join("; ");
            assert!(found.contains(part), "{toml}: {found}");
        }
    }
}
