//! Why a mapping takes a user or does not: the name that is asked for, and the answer clause by clause.
//!
//! ```text
//! -- Explain  Jane Doe, jane@corp.example.com, in corp -----
//!  "Staff laptops" does not match
//!  true    is below OU=Staff,DC=corp,DC=example,DC=com
//!  false   all of these:
//!    true    (objectClass=user)
//!    false   (department=Sales)  has "Marketing"
//!  To do: in the directory, set department to "Sales"
//! ```

use ratatui::layout::Rect;
use tui_input::InputRequest;

use super::Panel;
use super::report::Lines;
use crate::tui::canvas::Canvas;
use crate::tui::keys::Command;
use crate::tui::text_line::TextLine;
use crate::tui::view::Report;

#[allow(missing_debug_implementations, reason = "the panel behind it may be any")]
pub struct Explain {
    name: TextLine,
    asking: bool,
    answer: Option<Lines>,
    /// Shown again when this is closed.
    behind: Option<Box<Panel>>,
}

impl Explain {
    /// Asks for a name, before what is shown now.
    pub fn asking(behind: Option<Panel>) -> Self {
        Self { name: TextLine::default(), asking: true, answer: None, behind: behind.map(Box::new) }
    }

    /// Has a name already: the answer is on its way.
    pub fn of(name: &str, behind: Option<Panel>) -> Self {
        Self { name: TextLine::new(name), asking: false, ..Self::asking(behind) }
    }

    pub fn title(&self) -> String {
        match &self.answer {
            Some(answer) => format!("Explain  {}", answer.title()),
            None => "Explain a user".to_owned(),
        }
    }

    pub fn is_asking(&self) -> bool {
        self.asking
    }

    pub fn insert(&mut self, text: &str) {
        self.name.insert(text);
    }

    pub fn edit(&mut self, request: InputRequest) {
        self.name.edit(request);
    }

    /// The name to explain, when one was typed; the question is over.
    pub fn asked(&mut self) -> Option<String> {
        let name = self.name.text().trim().to_owned();
        self.asking = name.is_empty();
        self.answer = None;
        (!name.is_empty()).then_some(name)
    }

    /// Asks for another name.
    pub fn again(&mut self) {
        self.name = TextLine::default();
        self.asking = true;
    }

    /// Shows the result. After a failure the name can be corrected.
    pub fn show(&mut self, report: Report, failed: bool) {
        self.answer = Some(Lines::new(report));
        self.asking = failed;
    }

    pub fn behind(&mut self) -> Option<Panel> {
        self.behind.take().map(|panel| *panel)
    }

    /// The name is shown above the answer while it is typed or looked up; then the heading names the user.
    fn has_name(&self) -> bool {
        self.asking || self.answer.is_none()
    }

    pub fn rows(&self, room: u16) -> u16 {
        u16::from(self.has_name()) + self.answer.as_ref().map_or(1, |answer| answer.rows(room))
    }

    pub fn perform(&mut self, command: Command, width: u16, height: u16) {
        let height = height.saturating_sub(u16::from(self.has_name()));
        if let Some(answer) = &mut self.answer {
            answer.perform(command, width, height);
        }
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, focused: bool) {
        let mut rest = area;
        if self.has_name() {
            self.draw_name(canvas, area, focused);
            rest = Rect { y: area.y.saturating_add(1), height: area.height.saturating_sub(1), ..area };
        }
        match &self.answer {
            Some(answer) if !rest.is_empty() => answer.draw(canvas, rest, focused && !self.asking),
            Some(_) => {}
            None => {
                let hint = if self.asking {
                    "CORP\\name, UPN, mail, alias, DN or GUID. The user need not be cached."
                } else {
                    "Looking the user up... Ctrl-X cancels."
                };
                canvas.text(rest, rest.x + 1, rest.y, hint, canvas.look.faint());
            }
        }
    }

    fn draw_name(&self, canvas: &mut Canvas<'_>, area: Rect, focused: bool) {
        let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
        let x = canvas.text(inner, inner.x, inner.y, "User: ", canvas.look.heading());
        self.name.draw(canvas, inner, x, inner.y, focused && self.asking);
    }
}
