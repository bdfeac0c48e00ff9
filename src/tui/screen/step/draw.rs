//! Draws a step: purpose, fields, buttons, panel.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::text;
use crate::tui::canvas::{Canvas, cut, units, width};
use crate::tui::context::Context;
use crate::tui::layout::{self, First};
use crate::tui::look::Glyphs;
use crate::wizard::form::{Choice, Field, Kind, Pick};
use crate::wizard::{Step, Task};

use super::{Focus, StepScreen, is_line};

/// Where the parts of a step stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepAreas {
    purpose: Option<u16>,
    form: Rect,
    pub(super) panel: Rect,
}

pub(super) fn areas(screen: &StepScreen, context: &Context, body: Rect) -> StepAreas {
    // A small screen omits the purpose, and a medium one the blank line below it.
    let head = if body.height >= 16 { 2 } else { u16::from(body.height >= 12) };
    let rest = Rect { y: body.y + head, height: body.height - head, ..body };
    let form_rows = units(form_rows(screen, body.width).len());
    let room = if layout::is_side_by_side(rest.width) { rest.width / 2 } else { rest.width };
    let panel_rows = screen.panel.as_ref().map(|panel| panel.rows(context.look, room, context.token.as_ref()));
    let first = match screen.focus {
        Focus::Field(_) => First::Form,
        Focus::Button(_) => First::Result,
        Focus::Panel => First::Panel,
    };
    let (form, panel) = layout::split(rest, form_rows, panel_rows, first);
    StepAreas { purpose: (head > 0).then_some(body.y), form, panel }
}

/// A row of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Row {
    Field(usize),
    Blank,
    /// The buttons from the first to before the second.
    Buttons(usize, usize),
}

fn form_rows(screen: &StepScreen, room: u16) -> Vec<Row> {
    let visible = screen.form.fields.iter().enumerate().filter(|(_, field)| field.visible);
    let mut rows: Vec<Row> = visible.map(|(at, _)| Row::Field(at)).collect();
    rows.push(Row::Blank);
    let (mut first, mut used) = (0, 0);
    for at in 0..=screen.tasks().len() {
        let wide = width(&button(screen.task(at), screen)) + 2;
        if at > first && used + wide + 2 > usize::from(room) {
            rows.push(Row::Buttons(first, at));
            (first, used) = (at, 0);
        }
        used += wide;
    }
    rows.push(Row::Buttons(first, screen.tasks().len() + 1));
    rows
}

fn button(task: Option<Task>, screen: &StepScreen) -> String {
    let label = match task {
        Some(task) => task.label(&screen.form),
        None if screen.alone => "Save",
        None if screen.form.step.next().is_none() => "Finish",
        None => "Continue",
    };
    format!("[ {label} ]")
}

/// What pressing the button does, for the help line.
fn button_help(task: Option<Task>, step: Step, alone: bool) -> String {
    match (task, step.next()) {
        (Some(task), _) => task.purpose().to_owned(),
        (None, _) if alone => "Saves and goes back.".to_owned(),
        (None, Some(next)) => format!("Saves this step and opens step {}: {}.", next.number(), next.title()),
        (None, None) => "Saves this step and shows all steps.".to_owned(),
    }
}

impl StepScreen {
    /// What the help line says when nothing is wrong.
    pub fn help(&self, context: &Context) -> String {
        match (self.focus, &self.panel) {
            (Focus::Button(at), _) => button_help(self.task(at), self.form.step, self.alone),
            (Focus::Panel, Some(panel)) => panel.help(context.look, self.areas(context).panel.width),
            _ => self.field().map(field_help).unwrap_or_default(),
        }
    }

    /// Who changed what is being edited, and what to do.
    pub fn outdated(&self) -> Option<(String, &'static str)> {
        let by = self.outdated.as_ref()?;
        Some((text::shown(by), "To do: press Ctrl-Y to read it again; this drops your unsaved answers."))
    }

    /// What is wrong with the field that has the focus, and what to do about it or else what the field is for.
    pub fn problem(&self) -> Option<(String, String)> {
        let field = self.answered_field()?;
        let problem = field.problem.as_ref()?;
        let message = match problem.column {
            Some(column) => format!("At column {column}: {}", text::shown(&problem.message)),
            None => text::shown(&problem.message),
        };
        let help = problem.help.as_deref().map(|help| format!("To do: {}", text::shown(help)));
        Some((message, help.unwrap_or_else(|| field.help.to_string())))
    }

    pub fn draw(&self, canvas: &mut Canvas<'_>, body: Rect, context: &Context) {
        let areas = areas(self, context, body);
        if let Some(y) = areas.purpose {
            canvas.text(body, body.x + 1, y, self.form.step.purpose(), canvas.look.faint());
        }
        self.draw_form(canvas, areas.form);
        if let Some(panel) = &self.panel {
            let wrong_at = self.answered_field().and_then(|field| field.problem.as_ref()?.column);
            panel.draw(canvas, areas.panel, self.focus == Focus::Panel, context.token.as_ref(), wrong_at);
        }
    }

    fn draw_form(&self, canvas: &mut Canvas<'_>, area: Rect) {
        let rows = form_rows(self, area.width);
        let has_focus = |row: &Row| match (row, self.home) {
            (Row::Field(at), Focus::Field(home)) => *at == home,
            (Row::Buttons(first, end), Focus::Button(home)) => (*first..*end).contains(&home),
            _ => false,
        };
        let at = rows.iter().position(has_focus).unwrap_or(0);
        let height = usize::from(area.height);
        // Around the focused row, without a gap at the end.
        let first = at.saturating_sub(height / 2).min(rows.len().saturating_sub(height));
        let longest = self.form.visible().map(|field| width(&field.label)).max().unwrap_or(0);
        let label_width = units(longest).min(area.width * 2 / 5).max(4);
        for (row, y) in rows.iter().skip(first).zip(area.top()..area.bottom()) {
            match row {
                Row::Field(at) => self.draw_field(canvas, Rect { y, height: 1, ..area }, *at, label_width),
                Row::Blank => {}
                Row::Buttons(first, end) => self.draw_buttons(canvas, Rect { y, height: 1, ..area }, *first..*end),
            }
        }
        let more = |canvas: &mut Canvas<'_>, y: u16, word: &str| {
            let x = area.right().saturating_sub(units(word.len()));
            canvas.text(area, x, y, word, canvas.look.heading());
        };
        if first > 0 {
            more(canvas, area.top(), " more above");
        }
        if first + height < rows.len() && height > 1 {
            more(canvas, area.bottom() - 1, " more below");
        }
    }

    fn draw_buttons(&self, canvas: &mut Canvas<'_>, area: Rect, range: std::ops::Range<usize>) {
        let mut x = area.x + 3;
        for at in range {
            let focused = self.focus == Focus::Button(at);
            let style = if focused { canvas.look.selected() } else { Style::new() };
            if focused {
                canvas.cursor(area, x + 2, area.y);
            }
            x = canvas.text(area, x, area.y, &button(self.task(at), self), style).saturating_add(2);
        }
    }

    fn draw_field(&self, canvas: &mut Canvas<'_>, area: Rect, at: usize, label_width: u16) {
        let Some(field) = self.form.fields.get(at) else { return };
        let focused = self.focus == Focus::Field(at);
        let glyphs = canvas.look.glyphs();
        let (mark, mark_style) = match (&field.problem, self.home == Focus::Field(at)) {
            (Some(_), _) => (glyphs.refused, canvas.look.problem()),
            (None, true) => (glyphs.here, canvas.look.heading()),
            (None, false) => (" ", Style::new()),
        };
        canvas.text(area, area.x + 1, area.y, mark, mark_style);
        let label_area = Rect { width: (3 + label_width).min(area.width), ..area };
        let label_style = if focused { canvas.look.selected() } else { Style::new() };
        canvas.text(label_area, area.x + 3, area.y, &field.label, label_style);
        let left = (3 + label_width + 2).min(area.width);
        let value = Rect { x: area.x + left, width: (area.width - left).saturating_sub(1), ..area };
        if focused {
            canvas.cursor(value, value.x, value.y);
        }
        let room = usize::from(value.width);
        if let Some(line) = self.line.as_ref().filter(|line| focused && is_line(&field.kind) && !line.is_empty()) {
            return line.draw(canvas, value, value.x, value.y, true);
        }
        let (text, style) = shown_value(field, canvas.look.glyphs(), room);
        let style = if style { canvas.look.faint() } else { Style::new() };
        let end = canvas.text(value, value.x, value.y, &text, style);
        if focused
            && matches!(field.kind, Kind::Secret { .. })
            && field.secret().is_some_and(|secret| !secret.is_empty())
        {
            canvas.cursor(value, end, value.y);
        }
    }

    /// What has to be done when the console is about to end.
    pub fn end(&mut self, context: &mut Context) {
        self.leave_field(context);
        if let Some((job, _)) = &self.job {
            context.cancel(*job);
        }
    }
}

/// A field's value as it is shown, and whether that is only a hint.
fn shown_value(field: &Field, glyphs: &Glyphs, room: usize) -> (String, bool) {
    let hint = |what: String| (format!("({what})"), true);
    let need = if field.required { "required" } else { "optional" };
    match &field.kind {
        Kind::Secret { .. } if field.secret().is_some_and(|secret| !secret.is_empty()) => {
            let length = field.secret().map_or(0, |secret| secret.expose().chars().count());
            (glyphs.masked.repeat(length.min(room)), false)
        }
        Kind::Secret { kept: true } => hint("kept; type to replace it".into()),
        Kind::Secret { kept: false } => hint(format!("{need}; not shown while you type")),
        Kind::Choice(choices) => shown_choice(choices, field.text(), room, glyphs.cut),
        Kind::Several(choices) | Kind::Ordered(choices) => {
            let label = |value: &String| {
                let choice = choices.iter().find(|choice| choice.value == *value);
                text::shown(choice.map_or(value, |choice| &choice.label))
            };
            let labels: Vec<String> = field.many().iter().map(label).collect();
            match &field.kind {
                _ if labels.is_empty() => hint(format!("none; {need}; Enter lists the choices")),
                Kind::Ordered(_) => {
                    let numbered = labels.iter().enumerate().map(|(at, label)| format!("{} {label}", at + 1));
                    (numbered.collect::<Vec<_>>().join(", "), false)
                }
                _ => (labels.join(", "), false),
            }
        }
        _ if !field.text().is_empty() => (text::shown(&field.text().replace('\n', " ")), false),
        Kind::Text { example } | Kind::Path { example } if !example.is_empty() => {
            hint(format!("{need}; such as {example}"))
        }
        Kind::Pick(Pick::Existing) => hint(format!("{need}; type a name, or Ctrl-O picks one that exists")),
        Kind::Pick(_) => hint(format!("{need}; type it, or Ctrl-O picks")),
        Kind::Filter => hint(format!("{need}; type it, or Ctrl-O edits")),
        _ => hint(need.into()),
    }
}

/// All the choices on one line where they fit, else the chosen one.
fn shown_choice(choices: &[Choice], chosen: &str, room: usize, mark: &str) -> (String, bool) {
    let labels = choices.iter().map(|choice| {
        let mark = if choice.value == chosen { "(x)" } else { "( )" };
        format!("{mark} {}", text::shown(&choice.label))
    });
    let all = labels.collect::<Vec<_>>().join("  ");
    if width(&all) <= room {
        return (all, false);
    }
    match choices.iter().position(|choice| choice.value == chosen) {
        Some(at) => {
            let label = text::shown(&choices[at].label);
            let place = format!("  ({} of {})", at + 1, choices.len());
            let room = room.saturating_sub(4);
            // If the width is not enough for both, only the choice is shown.
            let place = if width(&label) + place.len() <= room { place.as_str() } else { "" };
            (format!("< {} >{place}", cut(&label, room, mark)), false)
        }
        None => ("(choose one)".to_owned(), true),
    }
}

/// A field's help; for a choice, what follows from it.
fn field_help(field: &Field) -> String {
    let chosen = field.choices().iter().find(|choice| choice.value == field.text());
    match (&field.kind, chosen) {
        (Kind::Choice(_), Some(choice)) if !choice.consequence.is_empty() => {
            format!("{} {}: {}", field.help, text::shown(&choice.label), text::shown(&choice.consequence))
        }
        _ => field.help.to_string(),
    }
}
