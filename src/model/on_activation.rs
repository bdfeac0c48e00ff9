//! What an agent does on a laptop after activation: a file is written, a program is run.
//!
//! It comes from the agent's definition, travels with the settings, and is done as the user. Nothing passes through a
//! shell: the program is a list of arguments, and each value in the file is quoted for the file's grammar.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// The names that a template may use, in double braces.
pub const NAMES: [&str; 11] = [
    "device",
    "account",
    "mail",
    "user",
    "profile",
    "storage",
    "location",
    "quota",
    "restore",
    "old_device",
    "replaced",
];

/// A file, a program, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnActivation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write: Option<Write>,
    /// A program by its absolute path, and its arguments; run after the file was written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub run: Vec<String>,
}

/// A file that is written completely or not at all, readable by the user only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// Below the user's home when it starts with `~/`, else absolute.
    pub path: String,
    pub grammar: Grammar,
    /// The file's text; `{{ account }}` and the like are the values.
    pub template: String,
}

/// How a value is quoted in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grammar {
    /// A string with its quotes (RFC 8259, 7).
    Json,
    /// `'...'`, for a file that a POSIX shell reads.
    Sh,
    /// Unquoted, on a line of its own.
    Plain,
}

impl OnActivation {
    /// Encoded for transport: JSON in base64url, because Windows Installer interprets braces and brackets, and `cmd`
    /// quotes and percent signs.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Decodes such a text; else what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let json = URL_SAFE_NO_PAD.decode(text.trim()).map_err(|error| error.to_string())?;
        let this: Self = serde_json::from_slice(&json).map_err(|error| error.to_string())?;
        this.objection().map_or(Ok(this), |why| Err(format!("it {why}")))
    }

    /// What is wrong with it, worded to follow the name of its place.
    pub fn objection(&self) -> Option<String> {
        let control = |text: &str| text.chars().any(char::is_control);
        if self.write.is_none() && self.run.is_empty() {
            return Some("writes no file and runs no program".to_owned());
        }
        if let Some(program) = self.run.first()
            && !is_whole(program)
        {
            return Some(format!("runs {program:?}, which is not an absolute path"));
        }
        if self.run.iter().any(|argument| control(argument)) {
            return Some("has a control character in what it runs".to_owned());
        }
        let write = self.write.as_ref()?;
        let below_home = write.path.strip_prefix("~/").is_some_and(|rest| !rest.is_empty() && !is_whole(rest));
        let climbs = write.path.split(['/', '\\']).any(|part| part == "..");
        if !(below_home || is_whole(&write.path)) || climbs || control(&write.path) {
            return Some(format!("writes {:?}, which is neither an absolute path nor below ~/", write.path));
        }
        write.fill(|_| String::new()).err()
    }
}

/// `/...` or `C:\...`
fn is_whole(path: &str) -> bool {
    let bytes = path.as_bytes();
    path.starts_with('/')
        || (bytes.len() > 3 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':' && matches!(bytes[2], b'\\' | b'/'))
}

impl Write {
    /// The text with its values, or why it cannot be made.
    pub fn fill(&self, value: impl Fn(&str) -> String) -> Result<String, String> {
        let mut text = String::new();
        let mut rest = self.template.as_str();
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").ok_or("writes {{ without }}")?;
            let name = name.trim();
            if !NAMES.contains(&name) {
                return Err(format!("has an unknown value {name:?}; known values: {}", NAMES.join(", ")));
            }
            text.push_str(before);
            text.push_str(
                &self.grammar.quote(&value(name)).ok_or(format!("cannot write {name}: it has a line break"))?,
            );
            rest = after;
        }
        text.push_str(rest);
        Ok(text)
    }
}

impl Grammar {
    fn quote(self, text: &str) -> Option<String> {
        match self {
            Self::Json => serde_json::to_string(text).ok(),
            _ if text.chars().any(char::is_control) => None,
            Self::Sh => Some(format!("'{}'", text.replace('\'', r"'\''"))),
            Self::Plain => Some(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(grammar: Grammar, template: &str) -> OnActivation {
        let (path, template) = ("~/.agent".to_owned(), template.to_owned());
        OnActivation { write: Some(Write { path, grammar, template }), run: Vec::new() }
    }

    #[test]
    fn each_value_is_one_value_in_the_grammar_of_the_file() {
        let hostile = r#"a"'$(id)`\ {{ mail }} }} é"#;
        let fill = |grammar, template: &str| write(grammar, template).write.unwrap().fill(|_| hostile.to_owned());
        let json: serde_json::Value =
            serde_json::from_str(&fill(Grammar::Json, r#"{"a":{{ account }}}"#).unwrap()).unwrap();
        assert_eq!(json["a"], hostile);
        let script = fill(Grammar::Sh, "printf %s {{account}}").unwrap();
        let shell = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        assert_eq!(String::from_utf8(shell.stdout).unwrap(), hostile);
        assert_eq!(fill(Grammar::Plain, "account={{account}}\n").unwrap(), format!("account={hostile}\n"));
        for grammar in [Grammar::Sh, Grammar::Plain] {
            assert!(write(grammar, "{{ user }}").write.unwrap().fill(|_| "two\nlines".to_owned()).is_err());
        }
    }

    #[test]
    fn invalid_on_activation_is_refused() {
        let good = write(Grammar::Json, "{{ account }} {{quota}} 100% [~] \"");
        assert_eq!(OnActivation::parse(&good.to_text()), Ok(good.clone()));
        assert!(good.to_text().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        assert!(OnActivation::parse(&write(Grammar::Json, "{{ password }}").to_text()).is_err());
        for (template, why) in [("{{ password }}", "unknown value"), ("{{ account", "without }}")] {
            assert!(write(Grammar::Json, template).objection().unwrap().contains(why), "{template}");
        }
        for path in ["relative", "~/", "~//etc/x", "~/../x", "/a/../b", "~/a\nb"] {
            let mut one = write(Grammar::Json, "");
            one.write.as_mut().unwrap().path = path.to_owned();
            assert!(one.objection().is_some(), "{path}");
        }
        for (run, fits) in [
            (&["/opt/a"][..], true),
            (&[r"C:\a\b.exe", "-x"], true),
            (&["a"], false),
            (&["/a", "b\nc"], false),
            (&[], false),
        ] {
            let run = run.iter().map(|&one| one.to_owned()).collect();
            assert_eq!(OnActivation { write: None, run }.objection().is_none(), fits);
        }
    }
}
