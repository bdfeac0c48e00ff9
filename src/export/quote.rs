//! Quotes values for each grammar, and refuses the values that a grammar cannot represent.
//!
//! A template gets a value only as [`Raw`], which prints nothing. A quoting filter turns it into [`Quoted`], and a file
//! accepts only values that were quoted for its own grammar. A text for one program inside a text for another (an
//! msiexec command line inside a PowerShell string) is rendered as a part first, and then quoted as a whole.
//!
//! The rules: Windows Installer command-line options (`NAME="a ""b"""`), `cmd /?`, about_Quoting_Rules of PowerShell,
//! POSIX.1-2017 Shell Command Language 2.2.2, XML 1.0 section 2.2, RFC 8259 section 7, YAML 1.2 section 5.7, Python's
//! string literals, `CommonMark` 6.1; a `.reg` file escapes backslash and quote and nothing else.

use std::fmt;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::{Object, ObjectRepr};
use minijinja::{Environment, Error as TemplateError, ErrorKind, Value};
use zeroize::Zeroizing;

use super::templates::SHARED;
use super::value::{Kind, is_file_name};
use crate::model::hash::sha256;
use crate::model::text::{is_hidden, shown};

/// The longest line that `cmd.exe` reads, in characters.
const CMD_LINE: usize = 8191;

/// Reserved in such a line for the value of `%~dp0`: the longest Windows path without a prefix.
const CMD_FOLDER: usize = 260;

/// The language of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grammar {
    /// A command line of `msiexec`.
    Msi,
    /// A `.cmd` file. The template puts values in double quotes.
    Cmd,
    /// A PowerShell script, 5.1 and later.
    Ps,
    /// A script for any POSIX shell.
    Sh,
    /// The text of an XML node or attribute.
    Xml,
    /// A JSON document.
    Json,
    /// A YAML document. Values are in double quotes.
    Yaml,
    /// A file of the Windows registry editor, version 5.
    Reg,
    /// A Python literal, used in the settings files of some agents.
    Py,
    /// Markdown for people.
    Md,
    /// A line without quoting.
    Plain,
    /// A file's name.
    Name,
}

impl Grammar {
    const ALL: [(Self, &'static str); 12] = [
        (Self::Msi, "msi"),
        (Self::Cmd, "cmd"),
        (Self::Ps, "ps"),
        (Self::Sh, "sh"),
        (Self::Xml, "xml"),
        (Self::Json, "json"),
        (Self::Yaml, "yaml"),
        (Self::Reg, "reg"),
        (Self::Py, "py"),
        (Self::Md, "md"),
        (Self::Plain, "plain"),
        (Self::Name, "name"),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(grammar, _)| *grammar == self).map_or("", |(_, word)| word)
    }

    /// Quotes a value for this grammar, with quotation marks if the grammar has them.
    ///
    /// # Errors
    /// Why the grammar cannot represent it, as the end of a sentence that begins with "it".
    pub fn quote(self, text: &str) -> Result<String, &'static str> {
        // No grammar needs control characters, and each reads some of them as the end of the line, the file or the text.
        if self != Self::Md && text.contains(char::is_control) {
            return Err("contains a control character, such as a line break");
        }
        self.quote_lines(text)
    }

    /// The same for a part, which may have several lines if strings of the grammar can.
    fn quote_part(self, text: &str) -> Result<String, &'static str> {
        let lines = matches!(self, Self::Xml | Self::Json | Self::Yaml);
        if text.contains(|c: char| c.is_control() && !(lines && c == '\n')) {
            return Err("contains a control character, such as a line break");
        }
        self.quote_lines(text)
    }

    fn quote_lines(self, text: &str) -> Result<String, &'static str> {
        Ok(match self {
            Self::Msi => format!("\"{}\"", text.replace('"', "\"\"")),
            Self::Cmd => {
                if text.contains('"') {
                    return Err("contains a double quote, which cmd.exe cannot represent inside quotes");
                }
                text.replace('%', "%%")
            }
            Self::Ps => format!("'{}'", doubled(text, is_powershell_quote)),
            Self::Sh => format!("'{}'", text.replace('\'', r"'\''")),
            Self::Xml => xml(text)?,
            Self::Json => format!(
                "\"{}\"",
                escaped(text, |c| c
                    .encode_utf16(&mut [0; 2])
                    .iter()
                    .fold(String::new(), |text, unit| format!("{text}\\u{unit:04x}")))
            ),
            Self::Yaml => format!("\"{}\"", escaped(text, |c| format!("\\U{:08x}", u32::from(c)))),
            Self::Reg => format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\"")),
            Self::Py => format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'")),
            Self::Md => code_span(text),
            Self::Plain => text.to_owned(),
            Self::Name => {
                if !is_file_name(text) {
                    return Err("is not a file name: use letters, digits, spaces, dots, hyphens and underscores");
                }
                text.to_owned()
            }
        })
    }

    /// What is wrong with a rendered file, as the end of a sentence that begins with "it".
    pub(super) fn objection(self, text: &str) -> Option<&'static str> {
        match self {
            // cmd.exe reads a file in the code page of each computer, so only ASCII means the same everywhere.
            Self::Cmd if !text.is_ascii() => {
                Some("would contain a character that is not ASCII, which cmd.exe misreads")
            }
            Self::Cmd if text.lines().any(|line| line.len() > CMD_LINE - CMD_FOLDER) => {
                Some("would contain a line longer than the limit of cmd.exe (8191 characters)")
            }
            Self::Msi if text.lines().any(|line| line.encode_utf16().count() > CMD_LINE) => {
                Some("would contain a command line longer than the limit of cmd.exe (8191 characters)")
            }
            _ => None,
        }
    }
}

/// Doubles the characters that `is` selects.
fn doubled(text: &str, is: fn(char) -> bool) -> String {
    text.chars().flat_map(|c| std::iter::repeat_n(c, 1 + usize::from(is(c)))).collect()
}

/// PowerShell treats typographic quotes as plain ones.
fn is_powershell_quote(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}'..='\u{201b}')
}

fn xml(text: &str) -> Result<String, &'static str> {
    if text.contains(['\u{fffe}', '\u{ffff}']) {
        return Err("contains a character that XML does not allow");
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            c => out.push(c),
        }
    }
    Ok(out)
}

/// The text between the double quotes of JSON or YAML; `hidden` escapes hidden and control characters.
fn escaped(text: &str, hidden: impl Fn(char) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str(r"\\"),
            '\n' => out.push_str(r"\n"),
            // YAML readers refuse unescaped noncharacters.
            c if is_hidden(c) || matches!(u32::from(c) & 0xfffe, 0xfffe) => out.push_str(&hidden(c)),
            c => out.push(c),
        }
    }
    out
}

/// A code span, with more backticks around it than in it; hidden characters are escaped.
fn code_span(text: &str) -> String {
    let text = shown(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A Markdown reader removes one space on each side, if the text is not blank.
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A registry key, which is between brackets and has no escape.
fn reg_key(text: &str) -> Result<String, &'static str> {
    let fits = text.bytes().all(|b| b.is_ascii_alphanumeric() || b" \\._-".contains(&b));
    if fits && !text.is_empty() {
        Ok(text.to_owned())
    } else {
        Err("is not a registry key: use letters, digits, spaces, dots, hyphens, underscores and backslashes")
    }
}

/// A whole command line, already quoted for its program, as a line of a `.cmd` file.
///
/// Inside double quotes `cmd.exe` acts on nothing but `%`; outside them each of its operators gets a caret.
fn cmd_line(text: &str) -> Result<String, &'static str> {
    if text.contains(char::is_control) {
        return Err("contains a control character, such as a line break");
    }
    let mut out = String::with_capacity(text.len());
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            '%' => out.push('%'),
            '&' | '|' | '<' | '>' | '^' | '(' | ')' if !quoted => out.push('^'),
            _ => {}
        }
        out.push(c);
    }
    if quoted { Err("has an unclosed quote") } else { Ok(out) }
}

/// A value for a template. It has a label for errors, and prints nothing.
pub(super) struct Raw {
    /// For errors: `the proxy`.
    pub(super) label: String,
    pub(super) text: Zeroizing<String>,
    /// For a part: the grammar that it is already quoted for.
    pub(super) part_of: Option<Grammar>,
}

impl fmt::Debug for Raw {
    /// The text may be the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({})", self.label)
    }
}

impl Object for Raw {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    /// Without a quoting filter, a template gets the label; the formatter then refuses that text.
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

/// A text that is quoted for a grammar.
pub(super) struct Quoted {
    pub(super) grammar: Grammar,
    pub(super) text: Zeroizing<String>,
}

impl fmt::Debug for Quoted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Quoted({:?})", self.grammar)
    }
}

impl Object for Quoted {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("quoted text")
    }
}

/// A value that a grammar cannot represent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{label} {why}")]
pub(super) struct Refused {
    pub(super) label: String,
    pub(super) why: &'static str,
}

/// The value that a quoting filter refused, when that is the error of a template.
pub(super) fn refused(error: &TemplateError) -> Option<&Refused> {
    // An included template has an error of its own, inside that of the template that includes it.
    chain(error).find_map(|error| error.downcast_ref::<Refused>())
}

/// The error of a template with its causes.
pub(super) fn in_words(error: &TemplateError) -> String {
    chain(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// An error and its causes, the outermost first.
fn chain(error: &TemplateError) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let first: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(Some(first), |error: &&(dyn std::error::Error + 'static)| (*error).source())
}

/// The values in a file, in order: the label and the SHA-256 of the unquoted value. A reader of the file is checked
/// against these hashes. They disclose no secret: a token cannot be guessed.
#[derive(Clone, Default)]
pub(super) struct Carried(Arc<Mutex<Vec<(String, String)>>>);

impl Carried {
    fn note(&self, raw: &Raw) {
        let Ok(mut all) = self.0.lock() else { return };
        let one = (raw.label.clone(), sha256(raw.text.as_bytes()));
        if !all.contains(&one) {
            all.push(one);
        }
    }

    pub(super) fn take(&self) -> Vec<(String, String)> {
        self.0.lock().map(|mut all| std::mem::take(&mut *all)).unwrap_or_default()
    }
}

/// The environment that renders `template` in one grammar: only the quoting filters and the shared templates.
pub(super) fn environment<'a>(grammar: Grammar, template: &str, carried: &Carried) -> Environment<'a> {
    // Empty: no filter such as `safe`, which would print an unquoted value.
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.set_keep_trailing_newline(true);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    include(&mut environment, template);
    let filtered = |grammar: Grammar, quote: fn(&Raw, Grammar) -> Result<String, &'static str>| {
        let carried = carried.clone();
        move |value: Value| filtered(&value, grammar, &carried, |raw| quote(raw, grammar))
    };
    // Names are not recorded: only their values are.
    let unnoted = |grammar: Grammar, quote: fn(&Raw, Grammar) -> Result<String, &'static str>| {
        move |value: Value| self::filtered(&value, grammar, &Carried::default(), |raw| quote(raw, grammar))
    };
    for (grammar, word) in Grammar::ALL {
        let quote = |raw: &Raw, grammar: Grammar| match raw.part_of {
            Some(_) => grammar.quote_part(&raw.text),
            None => grammar.quote(&raw.text),
        };
        environment.add_filter(word, filtered(grammar, quote));
    }
    let part = |raw: &Raw, grammar: Grammar| match raw.part_of {
        Some(part) if part == grammar => Ok(raw.text.to_string()),
        _ => Err("is not a part of this grammar"),
    };
    environment.add_filter("part", filtered(grammar, part));
    // Base64 needs no quoting in any grammar.
    let base64 = |raw: &Raw, _| match raw.part_of {
        Some(_) => Ok(STANDARD.encode(raw.text.as_bytes())),
        None => Err("is not a part"),
    };
    environment.add_filter("base64", filtered(grammar, base64));
    let command = |raw: &Raw, _| match raw.part_of {
        Some(Grammar::Msi) => cmd_line(&raw.text),
        _ => Err("is not a command line"),
    };
    environment.add_filter("cmd_line", filtered(Grammar::Cmd, command));
    environment.add_filter("msi_name", unnoted(Grammar::Msi, |raw, _| named(raw, Kind::MsiName)));
    environment.add_filter("key", unnoted(Grammar::Py, |raw, _| named(raw, Kind::Key)));
    environment.add_filter("variable", unnoted(Grammar::Sh, |raw, _| named(raw, Kind::Key)));
    environment.add_filter("reg_key", unnoted(Grammar::Reg, |raw, _| reg_key(&raw.text)));
    environment.set_formatter(move |out, _, value| match value.downcast_object_ref::<Quoted>() {
        Some(quoted) if quoted.grammar == grammar => out.write_str(&quoted.text).map_err(TemplateError::from),
        Some(quoted) => Err(invalid(format!(
            "a value is quoted for {}, but this file is {}",
            quoted.grammar.word(),
            grammar.word()
        ))),
        None => Err(invalid(format!("a value has no quoting filter, such as {}", grammar.word()))),
    });
    environment
}

/// A name that needs no quotes, because its characters are restricted.
fn named(raw: &Raw, kind: Kind) -> Result<String, &'static str> {
    kind.objection(&raw.text).map_or_else(|| Ok(raw.text.to_string()), Err)
}

/// Adds the shared templates that `template` includes, directly or indirectly. Parsing all of them for every file would
/// cost more than rendering most files.
fn include(environment: &mut Environment<'_>, template: &str) {
    for named in template.split("{% include \"").skip(1) {
        let name = named.split('"').next().unwrap_or_default();
        if let Some((name, shared)) = SHARED.iter().find(|(shared, _)| *shared == name) {
            // A wrong shared template fails where it is included; a test includes each.
            let _ = environment.add_template(name, shared);
            include(environment, shared);
        }
    }
}

fn filtered(
    value: &Value,
    grammar: Grammar,
    carried: &Carried,
    quote: impl Fn(&Raw) -> Result<String, &'static str>,
) -> Result<Value, TemplateError> {
    let Some(raw) = value.downcast_object_ref::<Raw>() else {
        return Err(invalid("only a value of the deployment can be quoted, and only once".to_owned()));
    };
    match quote(raw) {
        Ok(text) => {
            // Markdown is not read back.
            if grammar != Grammar::Md {
                carried.note(raw);
            }
            Ok(Value::from_object(Quoted { grammar, text: Zeroizing::new(text) }))
        }
        Err(why) => Err(invalid(String::new()).with_source(Refused { label: raw.label.clone(), why })),
    }
}

fn invalid(why: String) -> TemplateError {
    TemplateError::new(ErrorKind::InvalidOperation, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_grammar_quotes_by_its_rules() {
        for (grammar, value, quoted) in [
            (Grammar::Msi, r#"a "b" c"#, r#""a ""b"" c""#),
            (Grammar::Msi, "", r#""""#),
            (Grammar::Cmd, "100% a&b", "100%% a&b"),
            (Grammar::Ps, "it's \u{2019} \u{201b}", "'it''s \u{2019}\u{2019} \u{201b}\u{201b}'"),
            (Grammar::Sh, "it's $(x)", r"'it'\''s $(x)'"),
            (Grammar::Xml, r#"<a b='c'>&"</a>"#, "&lt;a b=&apos;c&apos;&gt;&amp;&quot;&lt;/a&gt;"),
            (Grammar::Py, r"it's \n", r"'it\'s \\n'"),
            (Grammar::Md, "a*b_c", "`a*b_c`"),
            (Grammar::Md, "a``b`", "``` a``b` ```"),
            (Grammar::Md, "a\u{202e}\nb", "`a\\u{202e}\\u{a}b`"),
            (Grammar::Plain, "a b", "a b"),
            (Grammar::Name, "a (1).msi", "a (1).msi"),
        ] {
            assert_eq!(grammar.quote(value).as_deref(), Ok(quoted), "{grammar:?} {value:?}");
        }
    }

    #[test]
    fn values_a_grammar_cannot_represent_are_refused() {
        for (grammar, value) in [
            (Grammar::Cmd, "a\"b"),
            (Grammar::Xml, "a\u{ffff}"),
            (Grammar::Xml, "a\u{1}"),
            (Grammar::Name, "../a"),
            (Grammar::Name, "a:b"),
            (Grammar::Plain, "a\nb"),
            (Grammar::Sh, "a\0b"),
        ] {
            assert!(grammar.quote(value).is_err(), "{grammar:?} {value:?}");
        }
    }

    #[test]
    fn cmd_interprets_nothing_in_a_command_line() {
        assert_eq!(cmd_line(r#"a & b ("c & d %x%") ^ e|f>g"#).unwrap(), r#"a ^& b ^("c & d %%x%%"^) ^^ e^|f^>g"#);
        assert!(cmd_line("a \"b").is_err());
        assert!(cmd_line("a\nb").is_err());
    }

    #[test]
    fn lines_longer_than_the_cmd_limit_are_refused() {
        assert!(Grammar::Cmd.objection(&"x".repeat(8191 - 260)).is_none());
        assert!(Grammar::Cmd.objection(&"x".repeat(8191 - 259)).is_some());
        assert!(Grammar::Cmd.objection("a\né").is_some());
        // Counted as Windows counts, in UTF-16.
        assert!(Grammar::Msi.objection(&"é".repeat(8191)).is_none());
        assert!(Grammar::Msi.objection(&"😀".repeat(4096)).is_some());
        assert!(Grammar::Sh.objection(&"é".repeat(10_000)).is_none());
    }
}
