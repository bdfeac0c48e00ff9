//! Colors and glyphs, chosen once from the environment.
//!
//! Every style is a role (`problem`, `selected`), so that the color look and the mono look cannot drift apart. Only
//! the sixteen named colors are used: what they look like is the terminal's own choice. The mono look sets no
//! color at all, only bold and reverse: crossterm under `NO_COLOR` wipes the reverse of a style that has a color.

use std::collections::BTreeMap;

use ratatui::style::{Color as Named, Modifier, Style};

use crate::present::Tone;

/// What `--color` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// As the environment suggests.
    #[default]
    Auto,
    Always,
    Never,
}

/// How things look: with or without color, with or without characters beyond ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub color: bool,
    pub ascii: bool,
}

impl Look {
    /// Chooses from environment variables, by their names.
    ///
    /// - No color: `NO_COLOR` is set and not empty (<https://no-color.org>), or `TERM` is one of the terminals that
    ///   do not understand `38;5;N`, in which crossterm writes even the named colors.
    /// - ASCII: the locale (`LC_ALL`, else `LC_CTYPE`, else `LANG`) is not UTF-8, or the terminal is a VT or the
    ///   Linux console: its fonts lack most of UTF-8.
    pub fn of(environment: &BTreeMap<String, String>, choice: Color) -> Self {
        let set = |name: &str| environment.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let term = set("TERM").unwrap_or("").to_ascii_lowercase();
        let is_vt = term.starts_with("vt");
        let plain = is_vt || matches!(term.as_str(), "" | "dumb" | "ansi" | "cygwin") || term.ends_with("-mono");
        let color = match choice {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => set("NO_COLOR").is_none() && (!plain || set("COLORTERM").is_some()),
        };
        let locale = set("LC_ALL").or(set("LC_CTYPE")).or(set("LANG")).unwrap_or("").to_ascii_lowercase();
        let utf8 = locale.contains("utf-8") || locale.contains("utf8");
        Self { color, ascii: !utf8 || is_vt || matches!(term.as_str(), "" | "dumb" | "linux") }
    }

    fn role(self, color: Named, mono: Modifier) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new().add_modifier(mono) }
    }

    /// The line at the top, and the key bar's keys.
    pub fn title(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What has the focus. Reverse in every look, without a color of its own.
    pub fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// A panel's heading and the current step.
    pub fn heading(self) -> Style {
        self.role(Named::Cyan, Modifier::empty()).add_modifier(Modifier::BOLD)
    }

    /// Examples, rules, and what is there only for company.
    pub fn faint(self) -> Style {
        self.role(Named::DarkGray, Modifier::empty())
    }

    pub fn good(self) -> Style {
        self.role(Named::Green, Modifier::empty())
    }

    pub fn warning(self) -> Style {
        self.role(Named::Yellow, Modifier::BOLD)
    }

    pub fn problem(self) -> Style {
        self.role(Named::Red, Modifier::BOLD)
    }

    pub fn toned(self, tone: Tone) -> Style {
        match tone {
            Tone::Plain => Style::new(),
            Tone::Good => self.good(),
            Tone::Warning => self.warning(),
            Tone::Problem => self.problem(),
            Tone::Help => self.heading(),
        }
    }

    pub fn glyphs(self) -> &'static Glyphs {
        if self.ascii { &ASCII } else { &UTF8 }
    }
}

/// The characters that are drawn rather than written.
#[derive(Debug)]
pub struct Glyphs {
    /// A horizontal rule and the upright one between columns.
    pub rule: &'static str,
    pub upright: &'static str,
    /// Ends a text that was cut.
    pub cut: &'static str,
    /// In front of the focused field.
    pub here: &'static str,
    /// A step that is done, missing, refused.
    pub done: &'static str,
    pub missing: &'static str,
    pub refused: &'static str,
    pub bar_full: &'static str,
    pub bar_empty: &'static str,
    /// Nothing, and eight heights above it.
    pub levels: [&'static str; 9],
    /// Each character of a secret.
    pub masked: &'static str,
    /// Behind what leads further.
    pub leads: &'static str,
    pub on: &'static str,
    pub off: &'static str,
}

const UTF8: Glyphs = Glyphs {
    rule: "─",
    upright: "│",
    cut: "…",
    here: "▸",
    done: "✓",
    missing: "·",
    refused: "!",
    bar_full: "█",
    bar_empty: "░",
    levels: ["·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    masked: "•",
    leads: "→",
    on: "x",
    off: " ",
};

const ASCII: Glyphs = Glyphs {
    rule: "-",
    upright: "|",
    cut: "~",
    here: ">",
    done: "+",
    missing: "-",
    refused: "!",
    bar_full: "#",
    bar_empty: ".",
    levels: [".", ":", "-", "=", "+", "*", "%", "#", "@"],
    masked: "*",
    leads: ">",
    on: "x",
    off: " ",
};

#[cfg(test)]
mod tests {
    use super::*;

    fn look(environment: &[(&str, &str)], choice: Color) -> (bool, bool) {
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let look = Look::of(&environment, choice);
        (look.color, look.ascii)
    }

    #[test]
    fn an_ordinary_terminal_has_color_and_utf8() {
        assert_eq!(look(&[("TERM", "xterm-256color"), ("LANG", "nb_NO.UTF-8")], Color::Auto), (true, false));
        assert_eq!(look(&[("TERM", "screen"), ("LC_ALL", "C.utf8")], Color::Auto), (true, false));
    }

    #[test]
    fn a_nonempty_no_color_counts_and_the_flag_overrides_it() {
        let term = ("TERM", "xterm");
        assert!(!look(&[term, ("NO_COLOR", "1")], Color::Auto).0);
        assert!(look(&[term, ("NO_COLOR", "")], Color::Auto).0);
        assert!(look(&[term, ("NO_COLOR", "1")], Color::Always).0);
        assert!(!look(&[term, ("COLORTERM", "truecolor")], Color::Never).0);
    }

    #[test]
    fn old_terminals_get_mono_and_ascii() {
        let utf8 = ("LANG", "en_GB.UTF-8");
        assert_eq!(look(&[("TERM", "vt220"), utf8], Color::Auto), (false, true));
        assert_eq!(look(&[("TERM", "linux"), utf8], Color::Auto), (true, true));
        assert_eq!(look(&[("TERM", "ansi"), utf8], Color::Auto), (false, false));
        assert_eq!(look(&[], Color::Auto), (false, true));
    }

    #[test]
    fn the_first_locale_variable_that_is_set_decides() {
        let environment = [("TERM", "xterm"), ("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")];
        assert!(look(&environment, Color::Auto).1);
        assert!(!look(&[("TERM", "xterm"), ("LC_ALL", ""), ("LANG", "en_GB.UTF-8")], Color::Auto).1);
    }

    #[test]
    fn mono_has_no_color_in_any_role_and_ascii_no_other_character() {
        let look = Look { color: false, ascii: true };
        let roles =
            [look.title(), look.selected(), look.heading(), look.faint(), look.good(), look.warning(), look.problem()];
        assert!(roles.iter().all(|style| style.fg.is_none() && style.bg.is_none()));
        assert!(format!("{ASCII:?}").is_ascii());
    }
}
