//! How each grammar carries a value, and which values it cannot carry.
//!
//! A template sees a value only as [`Raw`], which prints nothing. A quoting filter turns it into [`Quoted`], and a
//! file takes only what was quoted for its own grammar. What is meant for one program inside another's text (an
//! msiexec command line inside a PowerShell string) is rendered as a part first and then quoted as a whole.
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

use super::agent::Kind;
use super::library::SHARED;
use super::render::sha256;
use crate::model::text::{is_hidden, shown};

/// The longest line that `cmd.exe` reads, in characters.
const CMD_LINE: usize = 8191;

/// Room that is left in such a line for what `%~dp0` becomes: the longest path of Windows without a prefix.
const CMD_FOLDER: usize = 260;

/// What reads the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grammar {
    /// A command line of `msiexec`.
    Msi,
    /// A `.cmd` file. Values stand between the template's double quotes.
    Cmd,
    /// A PowerShell script, 5.1 and later.
    Ps,
    /// A script for any POSIX shell.
    Sh,
    /// The text of an XML node or attribute.
    Xml,
    /// A JSON document.
    Json,
    /// A YAML document. Values stand in double quotes.
    Yaml,
    /// A file of the registry editor of Windows, version 5.
    Reg,
    /// A Python literal, as some agents' settings files have them.
    Py,
    /// Markdown for people.
    Md,
    /// A line that is read as it stands.
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

    /// The value as this grammar carries it, with its quotes where the grammar has any.
    ///
    /// # Errors
    /// Why the grammar cannot carry it, to be read after "it".
    pub fn quote(self, text: &str) -> Result<String, &'static str> {
        // No grammar needs them, and each reads some of them as an end of the line, of the file or of the text.
        if self != Self::Md && text.contains(char::is_control) {
            return Err("holds a control character, such as a line break");
        }
        self.quote_lines(text)
    }

    /// The same for a part, which may have several lines where the grammar has strings that do.
    fn quote_part(self, text: &str) -> Result<String, &'static str> {
        let lines = matches!(self, Self::Xml | Self::Json | Self::Yaml);
        if text.contains(|c: char| c.is_control() && !(lines && c == '\n')) {
            return Err("holds a control character, such as a line break");
        }
        self.quote_lines(text)
    }

    fn quote_lines(self, text: &str) -> Result<String, &'static str> {
        Ok(match self {
            Self::Msi => format!("\"{}\"", text.replace('"', "\"\"")),
            Self::Cmd => {
                if text.contains('"') {
                    return Err("holds a double quote, which cmd.exe cannot keep inside quotes");
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
                    return Err("is no file name of letters, digits, blanks, dots, hyphens and underscores");
                }
                text.to_owned()
            }
        })
    }

    /// What is wrong with a whole rendered file, to be read after "the file".
    pub(super) fn objection(self, text: &str) -> Option<&'static str> {
        match self {
            // cmd.exe reads a file in the code page of each computer, so only ASCII means the same everywhere.
            Self::Cmd if !text.is_ascii() => Some("would hold a letter that is not ASCII, which cmd.exe misreads"),
            Self::Cmd if text.lines().any(|line| line.len() > CMD_LINE - CMD_FOLDER) => {
                Some("would hold a line that is longer than cmd.exe reads (8191 characters)")
            }
            Self::Msi if text.lines().any(|line| line.encode_utf16().count() > CMD_LINE) => {
                Some("would hold a command line that is longer than cmd.exe reads (8191 characters)")
            }
            _ => None,
        }
    }
}

/// Each character that `is` says, twice.
fn doubled(text: &str, is: fn(char) -> bool) -> String {
    text.chars().flat_map(|c| std::iter::repeat_n(c, 1 + usize::from(is(c)))).collect()
}

/// PowerShell takes the typographic quotes for the plain one.
fn is_powershell_quote(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}'..='\u{201b}')
}

fn xml(text: &str) -> Result<String, &'static str> {
    if text.contains(['\u{fffe}', '\u{ffff}']) {
        return Err("holds a character that XML does not allow");
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

/// What stands between the double quotes of JSON or YAML; `hidden` writes what an eye or a reader would not take for
/// what it is.
fn escaped(text: &str, hidden: impl Fn(char) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str(r"\\"),
            '\n' => out.push_str(r"\n"),
            // Readers of YAML refuse the noncharacters when they stand raw.
            c if is_hidden(c) || matches!(u32::from(c) & 0xfffe, 0xfffe) => out.push_str(&hidden(c)),
            c => out.push(c),
        }
    }
    out
}

/// The text as code, between more backticks than it holds in a row; what an eye would misread is written out.
fn code_span(text: &str) -> String {
    let text = shown(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // The blanks are dropped by the reader when both are there and the text is not blank.
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A name that Windows, macOS and Linux all keep as it is, and that cannot leave its folder.
pub(super) fn is_file_name(text: &str) -> bool {
    let stem = text.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let reserved = matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || (stem.len() == 4
            && (stem.starts_with("COM") || stem.starts_with("LPT"))
            && stem.ends_with(char::is_numeric));
    (1..=100).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b" ._-()".contains(&b))
        && !text.starts_with(['.', '-', ' '])
        && !text.ends_with(['.', ' '])
        && !reserved
}

/// A key of the registry, which stands between brackets and knows no escape.
fn reg_key(text: &str) -> Result<String, &'static str> {
    let fits = text.bytes().all(|b| b.is_ascii_alphanumeric() || b" \\._-".contains(&b));
    if fits && !text.is_empty() {
        Ok(text.to_owned())
    } else {
        Err("is no registry key of letters, digits, blanks, dots, hyphens, underscores and backslashes")
    }
}

/// A whole command line, already quoted for its program, as a line of a `.cmd` file.
///
/// Inside double quotes `cmd.exe` acts on nothing but `%`; outside them each of its operators gets a caret.
fn cmd_line(text: &str) -> Result<String, &'static str> {
    if text.contains(char::is_control) {
        return Err("holds a control character, such as a line break");
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
    if quoted { Err("has a quote that is not closed") } else { Ok(out) }
}

/// A value on its way into a template. It has a name for people, and prints nothing.
pub(super) struct Raw {
    /// What it is, for an error: `the proxy`.
    pub(super) label: String,
    pub(super) text: Zeroizing<String>,
    /// What a part is already quoted for.
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

    /// Whatever turns it into text without a quoting filter gets its name; the formatter then refuses that text.
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

/// Text that is fit for a grammar.
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

/// A value that a grammar cannot carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{label} {why}")]
pub(super) struct Refused {
    pub(super) label: String,
    pub(super) why: &'static str,
}

/// What a file carries, in order: each value's name for people, and the SHA-256 of the value as it was before it was
/// quoted. By it a reader of the file is held against what went in, and it gives no secret away that is worth one: a
/// token is not guessed.
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

/// What `template` is filled in by, for a file of one grammar: it knows nothing but the quoting filters and the shared
/// templates.
pub(super) fn environment<'a>(grammar: Grammar, template: &str, carried: &Carried) -> Environment<'a> {
    // Empty: no filter such as `safe` that would let a value through.
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
    // Names are no values: what they name is.
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
        _ => Err("is no part of this grammar"),
    };
    environment.add_filter("part", filtered(grammar, part));
    // Its letters stand for themselves in every grammar.
    let base64 = |raw: &Raw, _| match raw.part_of {
        Some(_) => Ok(STANDARD.encode(raw.text.as_bytes())),
        None => Err("is no part"),
    };
    environment.add_filter("base64", filtered(grammar, base64));
    let command = |raw: &Raw, _| match raw.part_of {
        Some(Grammar::Msi) => cmd_line(&raw.text),
        _ => Err("is no command line"),
    };
    environment.add_filter("cmd_line", filtered(Grammar::Cmd, command));
    environment.add_filter("msi_name", unnoted(Grammar::Msi, |raw, _| named(raw, Kind::MsiName)));
    environment.add_filter("key", unnoted(Grammar::Py, |raw, _| named(raw, Kind::Key)));
    environment.add_filter("variable", unnoted(Grammar::Sh, |raw, _| named(raw, Kind::Key)));
    environment.add_filter("reg_key", unnoted(Grammar::Reg, |raw, _| reg_key(&raw.text)));
    environment.set_formatter(move |out, _, value| match value.downcast_object_ref::<Quoted>() {
        Some(quoted) if quoted.grammar == grammar => out.write_str(&quoted.text).map_err(TemplateError::from),
        Some(quoted) => Err(invalid(format!(
            "a value is quoted for {}, but this text is {}",
            quoted.grammar.word(),
            grammar.word()
        ))),
        None => Err(invalid(format!("a value has no quoting filter, such as {}", grammar.word()))),
    });
    environment
}

/// A name that stands without quotes because it can hold nothing that would need them.
fn named(raw: &Raw, kind: Kind) -> Result<String, &'static str> {
    kind.objection(&raw.text).map_or_else(|| Ok(raw.text.to_string()), Err)
}

/// Adds the shared templates that `template` names, and those that they name: reading all of them for every file costs
/// more than most templates do.
fn include(environment: &mut Environment<'_>, template: &str) {
    for named in template.split("{% include \"").skip(1) {
        let name = named.split('"').next().unwrap_or_default();
        if let Some((name, shared)) = SHARED.iter().find(|(shared, _)| *shared == name) {
            // One that is wrong is missed where it is included; a test includes each.
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
            // Markdown is for people, and nobody reads it back.
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
    fn each_grammar_quotes_as_its_description_says() {
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
    fn what_a_grammar_cannot_carry_is_refused() {
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
    fn cmd_acts_on_nothing_of_a_command_line() {
        assert_eq!(cmd_line(r#"a & b ("c & d %x%") ^ e|f>g"#).unwrap(), r#"a ^& b ^("c & d %%x%%"^) ^^ e^|f^>g"#);
        assert!(cmd_line("a \"b").is_err());
        assert!(cmd_line("a\nb").is_err());
    }

    #[test]
    fn lines_that_cmd_would_cut_are_refused_and_others_are_not() {
        assert!(Grammar::Cmd.objection(&"x".repeat(8191 - 260)).is_none());
        assert!(Grammar::Cmd.objection(&"x".repeat(8191 - 259)).is_some());
        assert!(Grammar::Cmd.objection("a\né").is_some());
        // Counted as Windows counts, in UTF-16.
        assert!(Grammar::Msi.objection(&"é".repeat(8191)).is_none());
        assert!(Grammar::Msi.objection(&"😀".repeat(4096)).is_some());
        assert!(Grammar::Sh.objection(&"é".repeat(10_000)).is_none());
    }
}
