//! The words that `STYLE.md` rules out are nowhere in what people read, nor in comments.
//!
//! The list is read from the table of `STYLE.md`. A text is searched where it is: everything else of its file is blanked,
//! so that what is found has a line. Identifiers are not searched, and neither are the literals of tests.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

use crate::{files, ident, is_punct, read, sources, top};

/// Quotations that need a ruled-out word: the file, the word, a part of its line, and why.
const ALLOWED: &[(&str, &str, &str, &str)] = &[
    ("assets/sample.py", "nobody", "Nobody Yet", "the name of a group without members"),
    ("assets/targets/jamf/README.md.j2", "room", "Waiting Room", "a folder of Jamf Pro"),
    ("src/wizard/answers/renamed.rs", "fuse", "settings.fuse", "an old key that the error names"),
    ("src/wizard/answers/renamed.rs", "proof", "settings.proof", "an old key that the error names"),
];

/// Macros and methods whose texts only a developer sees.
const FOR_DEVELOPERS: [&str; 9] =
    ["allow", "assert", "assert_eq", "assert_ne", "debug_assert", "expect", "panic", "reason", "unreachable"];

/// Documents, by path or folder.
const DOCUMENTS: [&str; 8] = [
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "benches/README.md",
    "docs",
    "tests/lab/README.md",
];

/// Of data, those whose whole text is for people; of the others of `assets`, what is said in comments is all there is.
const FOR_PEOPLE: [&str; 4] = ["assets/help", "assets/targets", "assets/agents", "assets/openapi.yaml"];

/// People who are made up, whose names may be anything.
const NOT_READ: [&str; 1] = ["assets/sample.ldif"];

/// Ruled out only where the clause ends with them: "as it is typed" says something else.
const AT_THE_END: [&str; 1] = ["as it is"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// The user of the program: screens, errors, help, `--help`, documents.
    Anyone,
    /// Whoever works on the program: comments.
    Developers,
}

/// A text to search: a file of which everything else is blank.
struct Text {
    path: String,
    of: Reader,
    contents: String,
}

/// A row of the table: the words of a phrase in small letters, and what to write.
struct Rule {
    phrase: Vec<String>,
    instead: String,
}

#[test]
fn words_that_people_read_are_those_of_style_md() {
    assert_none(&offenders(&top(), Reader::Anyone));
}

#[test]
fn words_of_comments_are_those_of_style_md() {
    assert_none(&offenders(&top(), Reader::Developers));
}

#[track_caller]
fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "{} words that STYLE.md rules out:\n{}\n", found.len(), found.join("\n"));
}

/// Each ruled-out word below `top` in what these read, as `path:line: word -> use: the line`.
fn offenders(top: &Path, of: Reader) -> Vec<String> {
    let rules = rules(&read(&top.join("STYLE.md")));
    assert!(!rules.is_empty(), "STYLE.md has no table of words that are ruled out");
    texts(top).into_iter().filter(|text| text.of == of).flat_map(|text| search(&text, &rules)).collect()
}

/// The table under the heading, a row for each spelling.
fn rules(style: &str) -> Vec<Rule> {
    let table = style.split("## Words that are ruled out").nth(1).unwrap_or_default();
    let rows = table.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    rows.take_while(|line| line.starts_with('|'))
        .flat_map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let (spellings, instead) = (cells[0], cells[1]);
            spellings.split(',').map(move |spelling| Rule {
                phrase: spelling.split_whitespace().map(str::to_lowercase).collect(),
                instead: instead.to_owned(),
            })
        })
        .collect()
}

fn search(text: &Text, rules: &[Rule]) -> Vec<String> {
    let words = words(&text.contents);
    let small: Vec<String> = words.iter().map(|range| text.contents[range.clone()].to_lowercase()).collect();
    let goes_on = |at: usize| is_gap(&text.contents[words[at - 1].end..words[at].start]);
    let mut found = Vec::new();
    for at in 0..words.len() {
        for rule in rules.iter().filter(|rule| small[at..].starts_with(&rule.phrase)) {
            let end = at + rule.phrase.len();
            let phrase = rule.phrase.join(" ");
            let another = AT_THE_END.contains(&phrase.as_str()) && end < words.len() && goes_on(end);
            if another || !(at + 1..end).all(goes_on) {
                continue;
            }
            let number = text.contents[..words[at].start].matches('\n').count() + 1;
            let line = text.contents.lines().nth(number - 1).unwrap_or_default().replace('\u{1}', " ");
            let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
            let allowed = ALLOWED
                .iter()
                .any(|(path, word, part, _)| *path == text.path && *word == phrase && line.contains(part));
            if !allowed {
                found.push(format!("{}:{number}: \"{phrase}\" -> {}: {line}", text.path, rule.instead));
            }
        }
    }
    found
}

/// Where the words are: letters, digits and underscores, so that an identifier is one word.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        let inside = letter.is_alphanumeric() || letter == '_';
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                found.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    found
}

/// What may be between two words of a phrase: blanks, and where a line ends the mark that begins the next comment.
fn is_gap(between: &str) -> bool {
    let blank = between.chars().all(char::is_whitespace);
    let mark = |letter: char| letter.is_whitespace() || "/!#*>".contains(letter);
    blank || between.contains('\n') && between.chars().all(mark)
}

/// Everything that is searched below `top`.
fn texts(top: &Path) -> Vec<Text> {
    let mut found = Vec::new();
    let mut plain = |path: &Path, of: Reader| {
        let shown = path.strip_prefix(top).unwrap().display().to_string();
        if let (false, Ok(text)) = (NOT_READ.contains(&shown.as_str()), std::fs::read_to_string(path)) {
            found.push(Text { contents: without_old_names(&text), path: shown, of });
        }
    };
    for document in DOCUMENTS {
        let path = top.join(document);
        if path.is_dir() {
            for path in files(&path) {
                plain(&path, Reader::Anyone);
            }
        } else if path.exists() {
            plain(&path, Reader::Anyone);
        }
    }
    for path in files(&top.join("assets")) {
        let for_people = FOR_PEOPLE.iter().any(|folder| path.starts_with(top.join(folder)));
        plain(&path, if for_people { Reader::Anyone } else { Reader::Developers });
    }
    for script in ["tests/run", ".ci/run", "justfile", "Cargo.toml", ".config/nextest.toml"] {
        let path = top.join(script);
        if path.exists() {
            plain(&path, Reader::Developers);
        }
    }
    for part in ["src", "tests", "benches"] {
        let all = sources(&top.join(part));
        let unit_tests = unit_tests(top, &all);
        for path in &all {
            let shown = path.strip_prefix(top).unwrap().display().to_string();
            if shown == "tests/rules/words.rs" {
                continue; // its own tests quote them
            }
            let text = read(path);
            let tested = part != "src" || unit_tests.contains(path);
            let masks = Masks::of(&text, shown.starts_with("src/cli") || shown.starts_with("src/bin"), tested);
            found.push(Text { path: shown.clone(), of: Reader::Anyone, contents: masks.people });
            found.push(Text { path: shown, of: Reader::Developers, contents: masks.developers });
        }
    }
    found
}

/// A changelog has to name what something was called before: its sections `### Renamed` are blanked.
fn without_old_names(text: &str) -> String {
    let mut renamed = false;
    let line = |line: &str| {
        if line.starts_with("## ") || line.starts_with("### ") {
            renamed = line.trim_end() == "### Renamed";
        }
        if renamed { "\n".to_owned() } else { format!("{line}\n") }
    };
    text.lines().map(line).collect()
}

/// The files that are built for unit tests alone: `tests.rs`, what is below `tests/`, and `#[cfg(test)] mod NAME;`.
fn unit_tests(top: &Path, all: &[PathBuf]) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for path in all {
        let folder = path.with_extension("");
        if folder.strip_prefix(top).unwrap().iter().any(|part| part == "tests") {
            found.insert(path.clone());
        }
        let text = read(path);
        for part in text.split("#[cfg(test)]").skip(1) {
            let name = part.trim_start().strip_prefix("mod ").and_then(|rest| rest.split_once(';'));
            if let Some((name, _)) = name {
                let of = folder.join(name);
                let below = |other: &&PathBuf| other.with_extension("") == of || other.starts_with(&of);
                found.extend(all.iter().filter(below).cloned());
            }
        }
    }
    found
}

/// A Rust file twice, each with only a part of it left.
struct Masks {
    people: String,
    developers: String,
}

/// Which bytes are what.
struct Marks {
    people: Vec<Range<usize>>,
    developers: Vec<Range<usize>>,
    /// Tokens: what none of them covers is a comment or blank.
    covered: Vec<Range<usize>>,
    /// Doc comments of this file become `--help`.
    help: bool,
}

impl Masks {
    /// `help`: its doc comments become `--help`; `tested`: its literals are those of tests.
    fn of(text: &str, help: bool, tested: bool) -> Self {
        let tokens: TokenStream = text.parse().unwrap();
        let mut marks = Marks { people: Vec::new(), developers: Vec::new(), covered: Vec::new(), help };
        marks.walk(&tokens, tested, false);
        let mut comment = vec![true; text.len()];
        for range in &marks.covered {
            comment[range.clone()].fill(false);
        }
        let mask = |ranges: &[Range<usize>], comments: bool| {
            let mut kept: Vec<bool> = if comments { comment.clone() } else { vec![false; text.len()] };
            for range in ranges {
                kept[range.clone()].fill(true);
            }
            blanked(text, &kept)
        };
        Self { people: mask(&marks.people, false), developers: mask(&marks.developers, true) }
    }
}

impl Marks {
    fn walk(&mut self, tokens: &TokenStream, tested: bool, developers: bool) {
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => {
                    self.covered.extend([group.span_open(), group.span_close()].map(|span| span.byte_range()));
                    if let Some(doc) = doc(&tokens[..at], group) {
                        self.covered.push(doc.byte_range());
                        let of = if self.help && !tested { &mut self.people } else { &mut self.developers };
                        of.push(doc.byte_range());
                        continue;
                    }
                    let of_tests = tested || is_unit_tests(&tokens[..at]);
                    self.walk(&group.stream(), of_tests, developers || is_for_developers(&tokens[..at]));
                }
                TokenTree::Literal(literal) => {
                    self.covered.push(literal.span().byte_range());
                    let text = literal.to_string();
                    let after_reason = at >= 2 && ident(&tokens[at - 2]).is_some_and(|name| name == "reason");
                    if !text.contains('"') || tested {
                        continue;
                    }
                    let of = if developers || after_reason { &mut self.developers } else { &mut self.people };
                    of.push(literal.span().byte_range());
                }
                other => self.covered.push(other.span().byte_range()),
            }
        }
    }
}

/// The span of a doc comment, when this group is the `[doc = "..."]` that it became.
fn doc(before: &[TokenTree], group: &proc_macro2::Group) -> Option<Span> {
    let mut inside = group.stream().into_iter();
    let is_doc = group.delimiter() == Delimiter::Bracket
        && before.last().is_some_and(|last| is_punct(last, '#') || is_punct(last, '!'))
        && inside.next().as_ref().and_then(ident).is_some_and(|name| name == "doc");
    let literal = inside.nth(1);
    literal.filter(|_| is_doc).map(|literal| literal.span())
}

/// Whether these tokens end with `#[cfg(test)] mod NAME`.
fn is_unit_tests(tokens: &[TokenTree]) -> bool {
    let [.., TokenTree::Group(attribute), keyword, _name] = tokens else { return false };
    attribute.stream().to_string().replace(' ', "") == "cfg(test)" && ident(keyword).is_some_and(|word| word == "mod")
}

/// Whether what follows in brackets is what a panic says, or an attribute for the compiler.
fn is_for_developers(tokens: &[TokenTree]) -> bool {
    let last = tokens.iter().rev().find(|token| !is_punct(token, '!')).and_then(ident);
    last.is_some_and(|name| FOR_DEVELOPERS.contains(&name.as_str()))
}

/// The text with everything blanked that is not kept; lines stay where they are. Escapes and placeholders are blanked.
fn blanked(text: &str, kept: &[bool]) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut escaped, mut depth) = (false, 0_u32);
    for (at, letter) in text.char_indices() {
        if letter == '\n' {
            (escaped, depth) = (false, 0);
            out.push('\n');
            continue;
        }
        if !kept[at] {
            (escaped, depth) = (false, 0);
            out.push('\u{1}');
            continue;
        }
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let hidden = escaped || letter == '\\';
        escaped = letter == '\\' && !escaped;
        // `{{` writes a brace, and a placeholder is an expression.
        out.push(if hidden {
            ' '
        } else if depth == 1 || letter == '}' {
            '\u{1}'
        } else {
            letter
        });
    }
    out
}

mod tests {
    use super::{Reader, offenders};
    use crate::made::tree;

    const STYLE: &str = "## Words that are ruled out\n\n| ruled out | use |\n|---|---|\n| fuse, fuses | safeguard |\n\
                         | left out | excluded |\n| as it is | unchanged |\n\n| not | these |\n|---|---|\n| anew | again |\n";

    fn found(path: &str, text: &str, of: Reader) -> Vec<String> {
        let tree = tree(&[("STYLE.md", STYLE), (path, text)]);
        offenders(tree.path(), of)
    }

    #[track_caller]
    fn is_found(path: &str, text: &str, line: usize, of: Reader) {
        let found = found(path, text, of);
        let expected = format!("{path}:{line}: \"");
        assert!(found.len() == 1 && found[0].starts_with(&expected), "{path}: {text:?}: {found:?}");
        let other = if of == Reader::Anyone { Reader::Developers } else { Reader::Anyone };
        assert_eq!(self::found(path, text, other), [""; 0], "{path}: {text:?}");
    }

    #[track_caller]
    fn is_not_found(path: &str, text: &str) {
        for of in [Reader::Anyone, Reader::Developers] {
            assert_eq!(found(path, text, of), [""; 0], "{path}: {text:?}");
        }
    }

    #[test]
    fn a_planted_word_is_found_wherever_people_read() {
        for (path, text, line) in [
            ("src/wizard/form.rs", "const A: &str =\n    \"The fuse\";", 2),
            ("src/wizard/form.rs", "fn f() { g(&[(\"a\", \"users left out: 3\")]); }", 1),
            ("src/wizard/form.rs", "const A: &str = \"are left \\\n    out\";", 1),
            ("src/store/error.rs", "enum Error {\n#[error(\"{name} trips the Fuse\")]\nA }", 2),
            ("src/engine/error.rs", "fn help() -> String { format!(\"raise the\\nfuse of {}\", 1) }", 1),
            ("src/cli/arguments.rs", "struct A {\n    /// Raises the fuse\n    a: bool }", 2),
            ("src/bin/imd-activate.rs", "//! How it\n//! trips a fuse.", 2),
            ("assets/help/sync.txt", "a line\nthe fuse", 2),
            ("assets/targets/msiexec/README.md.j2", "{{ x | md }} is left\nout.", 1),
            ("assets/agents/insync.toml", "label = \"Fuse\"", 1),
            ("README.md", "# imd\n\nIts `--fuse`.", 3),
            ("README.md", "A search as it is typed leaves the list as it is.", 1),
            ("docs/how-to/pilot.md", "> Those left\n> out", 1),
            ("CHANGELOG.md", "### Renamed\n- fuse\n\n### Added\n- A fuse", 5),
        ] {
            is_found(path, text, line, Reader::Anyone);
        }
    }

    #[test]
    fn a_planted_word_is_found_in_comments() {
        for (path, text, line) in [
            ("src/sync.rs", "fn f() {}\n// what the fuse says", 2),
            ("src/sync.rs", "fn f() {} // who is left\n// out", 1),
            ("src/sync.rs", "/* the\n fuse */ fn f() {}", 2),
            ("src/sync.rs", "/// Trips the fuse.\nfn f() {}", 1),
            ("src/sync.rs", "fn f() { x.expect(\"no fuse\"); }", 1),
            ("src/sync.rs", "#[allow(dead_code, reason = \"of the fuse\")]\nfn f() {}", 1),
            ("src/tui/tests.rs", "// the fuse", 1),
            ("tests/it/sync.rs", "//! The fuse.", 1),
            ("assets/units/imd.service", "[Unit]\n# fuse", 2),
        ] {
            is_found(path, text, line, Reader::Developers);
        }
    }

    #[test]
    fn what_is_no_text_for_people_is_not_read() {
        for (path, text) in [
            ("src/sync.rs", "fn fuse(left: u8) { out(fuse); let left_out = format!(\"{fuse} {}\", 1); }"),
            ("src/sync.rs", "#[cfg(test)]\nmod tests { const A: &str = \"fuse\"; }"),
            ("src/tui/tests/lists.rs", "const A: &str = \"fuse\";"),
            ("src/sync.rs", "const A: (&str, &str) = (\"left\", \"out\");"),
            ("src/sync.rs", "const A: &str = \"anew, fused, refuse\";"),
            ("tests/it/sync.rs", "const A: &str = \"fuse\";"),
            ("assets/sample.ldif", "cn: Anna Fuse"),
        ] {
            is_not_found(path, text);
        }
        let tree = tree(&[
            ("STYLE.md", STYLE),
            ("src/tui.rs", "#[cfg(test)]\nmod fixture;"),
            ("src/tui/fixture.rs", "const A: &str = \"fuse\";"),
        ]);
        assert_eq!(offenders(tree.path(), Reader::Anyone), [""; 0]);
    }
}
