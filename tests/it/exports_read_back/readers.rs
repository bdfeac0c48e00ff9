//! Readers of the grammars that exports are written in, made from the vendors' descriptions and from nothing of the
//! writer's.

use std::collections::BTreeMap;

/// A line of a `.cmd` file as `cmd.exe` hands it to the program: percent signs first, then quotes and carets.
/// Fails where it would do anything but run one program.
pub(crate) fn cmd_line(line: &str, script: &str, variables: &BTreeMap<&str, &str>) -> Result<String, String> {
    let mut expanded = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('%') {
        expanded.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(more) = rest.strip_prefix('%') {
            expanded.push('%');
            rest = more;
        } else if let Some(more) = rest.strip_prefix("~dp0") {
            expanded.push_str(script);
            rest = more;
        } else if rest.starts_with(|c: char| c.is_ascii_digit() || c == '*' || c == '~') {
            return Err(format!("an argument of the script is used: %{rest}"));
        } else if let Some(end) = rest.find('%') {
            let name = &rest[..end];
            expanded.push_str(variables.get(name).ok_or_else(|| format!("%{name}% is used"))?);
            rest = &rest[end + 1..];
        } else {
            return Err("a percent sign is lost".to_owned());
        }
    }
    expanded.push_str(rest);

    let mut out = String::new();
    let mut quoted = false;
    let mut characters = expanded.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => quoted = !quoted,
            '^' if !quoted => {
                out.push(characters.next().ok_or("the line goes on in the next one")?);
                continue;
            }
            '&' | '|' | '<' | '>' | '(' | ')' if !quoted => return Err(format!("{c} is an operator here")),
            _ => {}
        }
        out.push(c);
    }
    if quoted { Err("a quote is not closed".to_owned()) } else { Ok(out) }
}

/// What `msiexec` takes from its command line: the switches with their arguments, and the properties.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Msiexec {
    pub(crate) install: Option<String>,
    pub(crate) log: Option<String>,
    pub(crate) switches: Vec<String>,
    pub(crate) properties: BTreeMap<String, String>,
}

/// Windows Installer's command line: blanks part the options; `NAME=value`, where a value that holds a blank is in
/// quotes, and a quote inside is doubled; the name is of capitals.
pub(crate) fn msiexec(line: &str) -> Result<Msiexec, String> {
    let mut read = Msiexec::default();
    let mut rest = line.trim_start();
    rest = match rest.strip_prefix('"') {
        Some(quoted) => &quoted[quoted.find('"').ok_or("the program's quote is not closed")? + 1..],
        None => &rest[rest.find(' ').unwrap_or(rest.len())..],
    };
    loop {
        rest = rest.trim_start_matches(' ');
        if rest.is_empty() {
            return Ok(read);
        }
        if rest.starts_with('/') {
            let end = rest.find(' ').unwrap_or(rest.len());
            let switch = &rest[..end];
            rest = rest[end..].trim_start_matches(' ');
            match switch {
                "/i" => read.install = Some(value(&mut rest)?),
                "/l*v" => read.log = Some(value(&mut rest)?),
                "/qn" | "/norestart" => read.switches.push(switch.to_owned()),
                other => return Err(format!("the switch {other}")),
            }
            continue;
        }
        let end = rest.find('=').ok_or_else(|| format!("what is {rest}"))?;
        let name = &rest[..end];
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b"_.".contains(&b))
        {
            return Err(format!("the property name {name:?}"));
        }
        rest = &rest[end + 1..];
        if read.properties.insert(name.to_owned(), value(&mut rest)?).is_some() {
            return Err(format!("{name} twice"));
        }
    }
}

fn value(rest: &mut &str) -> Result<String, String> {
    let Some(mut inside) = rest.strip_prefix('"') else {
        let end = rest.find(' ').unwrap_or(rest.len());
        let plain = rest[..end].to_owned();
        *rest = &rest[end..];
        return Ok(plain);
    };
    let mut out = String::new();
    loop {
        let end = inside.find('"').ok_or("a value's quote is not closed")?;
        out.push_str(&inside[..end]);
        inside = &inside[end + 1..];
        match inside.strip_prefix('"') {
            Some(more) => {
                out.push('"');
                inside = more;
            }
            None => break,
        }
    }
    if !inside.is_empty() && !inside.starts_with(' ') {
        return Err(format!("text follows a closing quote: {inside}"));
    }
    *rest = inside;
    Ok(out)
}

/// Splits a PowerShell script into the code outside of strings and comments, with a mark for each string, and the
/// single-quoted strings in order. about_Quoting_Rules and section 2.3.5.2 of the language specification: any of
/// five characters is a single quote, and two in a row are one of it.
pub(crate) fn powershell(script: &str) -> Result<(String, Vec<String>), String> {
    const SINGLE: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];
    const DOUBLE: [char; 4] = ['"', '\u{201c}', '\u{201d}', '\u{201e}'];
    let characters: Vec<char> = script.chars().collect();
    let (mut code, mut strings, mut at) = (String::new(), Vec::new(), 0);
    let next = |at: usize| characters.get(at + 1).copied();
    while at < characters.len() {
        let c = characters[at];
        if c == '<' && next(at) == Some('#') {
            at += 2;
            while !(characters.get(at) == Some(&'#') && next(at) == Some('>')) {
                at += 1;
                if at >= characters.len() {
                    return Err("a comment is not closed".to_owned());
                }
            }
            at += 2;
        } else if c == '#' {
            while at < characters.len() && characters[at] != '\n' {
                at += 1;
            }
        } else if SINGLE.contains(&c) {
            let mut string = String::new();
            at += 1;
            loop {
                match characters.get(at) {
                    None => return Err("a string is not closed".to_owned()),
                    Some(c) if SINGLE.contains(c) => match next(at) {
                        Some(second) if SINGLE.contains(&second) => {
                            string.push(*c);
                            at += 2;
                        }
                        _ => break,
                    },
                    Some(c) => {
                        string.push(*c);
                        at += 1;
                    }
                }
            }
            at += 1;
            code.push_str("<string>");
            strings.push(string);
        } else if DOUBLE.contains(&c) {
            code.push('"');
            at += 1;
            while characters.get(at).is_some_and(|c| !DOUBLE.contains(c)) {
                code.push(characters[at]);
                at += if characters[at] == '`' { 2 } else { 1 };
            }
            code.push('"');
            at += 1;
        } else {
            code.push(c);
            at += 1;
        }
    }
    Ok((code, strings))
}

/// A Python string literal in single quotes, or a list of them.
pub(crate) fn python(text: &str) -> Result<Vec<String>, String> {
    let mut strings = Vec::new();
    let mut characters = text.trim_start_matches('[').trim_end_matches(']').chars();
    loop {
        match characters.next() {
            None => return Ok(strings),
            Some(' ' | ',') => {}
            Some('\'') => {
                let mut string = String::new();
                loop {
                    match characters.next().ok_or("a string is not closed")? {
                        '\'' => break,
                        '\\' => match characters.next().ok_or("a string ends in a backslash")? {
                            c @ ('\\' | '\'' | '"') => string.push(c),
                            c => return Err(format!("the escape \\{c}")),
                        },
                        c => string.push(c),
                    }
                }
                strings.push(string);
            }
            Some(c) => return Err(format!("{c:?} outside of a string")),
        }
    }
}
