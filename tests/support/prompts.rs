//! The prompts as a person at a dumb terminal uses them: waits for each question, then answers it.

use super::installation::Installation;
use super::terminal::Terminal;

pub struct Prompts {
    pub terminal: Terminal,
    /// How much was written when the last answer was given.
    seen: usize,
}

impl Prompts {
    /// Starts `imd` with `arguments` on a terminal that cannot move its cursor.
    pub fn start(imd: &Installation, arguments: &[&str]) -> Self {
        Self { terminal: Terminal::start_with(imd, arguments, &[("TERM", "dumb")], 400, 100), seen: 0 }
    }

    /// Waits for the question that begins like this; gives all that was said since the last answer.
    #[track_caller]
    pub fn wait_for(&self, question: &str) -> String {
        let is_asked = |text: &str| {
            let last = text.rsplit('\n').next().unwrap_or_default();
            last.starts_with(question) && last.ends_with(": ")
        };
        self.terminal.wait_for_bytes(self.seen, &format!("the question {question:?}"), is_asked)
    }

    /// Answers the question that begins like this; gives what was said before it.
    #[track_caller]
    pub fn answer(&mut self, question: &str, answer: &str) -> String {
        let said = self.wait_for(question);
        self.seen = self.terminal.written();
        self.terminal.press(&format!("{answer}\n"));
        said
    }

    /// Types the lines of a file, each `the question's beginning -> the answer`, with `{name}` replaced; `#` comments.
    /// Gives everything that was said meanwhile.
    #[track_caller]
    pub fn type_lines(&mut self, lines: &str, names: &[(&str, &str)]) -> String {
        let mut said = String::new();
        for line in lines.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            let (question, answer) = line.split_once("->").unwrap_or_else(|| panic!("no -> in {line:?}"));
            let answer = names
                .iter()
                .fold(answer.trim().to_owned(), |answer, (name, value)| answer.replace(&format!("{{{name}}}"), value));
            said += &self.answer(question.trim(), &answer);
        }
        said
    }
}
