//! One frame: title, steps, body, help line, key bar. Drawing only reads.
//!
//! ```text
//! imd  Mass deployment                                     Step 3 of 7: Mapping
//! 1+Directory 2+Profile [3-Mapping] 4-Frequency 5-Settings 6-Token 7-Installer
//! --------------------------------------------------------------------------------
//! body
//!
//! The help of what has the focus, or the problem with it.
//! Enter continue  Tab next  Ctrl-T check  Ctrl-N next step  Esc overview
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::app::{App, Over};
use super::canvas::{Canvas, units, width};
use super::context::Notice;
use super::keys::{self, Entry};
use super::layout::{self, Areas};
use super::listing::{Kind, Place};
use super::look::Look;
use super::screen::{Screen, setup};
use super::tab::Tab;
use crate::model::text;
use crate::present::Tone;
use crate::wizard::Step;

/// Draws everything into `buffer`, which has the size that the app knows. Returns the place of the real cursor.
pub fn draw(app: &App, buffer: &mut Buffer) -> Position {
    let areas = layout::areas(buffer.area.width, buffer.area.height);
    let mut frame = Canvas::new(buffer, app.context.look);
    let canvas = &mut frame;
    title(canvas, areas.title, app);
    match (current(app), areas.steps_in_column) {
        (Some(_), true) => steps_in_column(canvas, &areas, app),
        (Some(_), false) => steps_in_row(canvas, areas.steps, app),
        (None, true) => tabs_in_column(canvas, &areas, app),
        (None, false) => tabs_in_row(canvas, areas.steps, app),
    }
    let above = areas.body.y.saturating_sub(1);
    if above >= areas.title.height + if areas.steps_in_column { 0 } else { areas.steps.height } && areas.body.y > 0 {
        let row = Rect { x: 0, y: above, width: canvas.buffer.area.width, height: 1 };
        canvas.rule(row, above, "", Style::new());
    }
    body(canvas, areas.body, app);
    help(canvas, areas.help, app);
    bar(canvas, areas.bar, app);
    frame.finish()
}

fn title(canvas: &mut Canvas<'_>, area: Rect, app: &App) {
    let x = canvas.text(area, area.x + 1, area.y, "imd", canvas.look.heading());
    let x = canvas.text(area, x + 2, area.y, "Mass deployment", canvas.look.title());
    let x =
        if app.context.read_only { canvas.text(area, x + 2, area.y, "read-only", canvas.look.warning()) } else { x };
    let place = match &app.screen {
        Screen::Step(screen) => format!("Step {} of 7: {}", screen.step().number(), screen.step().title()),
        Screen::Setup(_) => "Setup".to_owned(),
        Screen::Overview => "Overview".to_owned(),
        Screen::List(kind) => kind.title().to_owned(),
        Screen::Detail(detail) => {
            detail.kind().map_or_else(|| detail.title().to_owned(), |kind| kind.title().to_owned())
        }
        Screen::Order(_) => "Order of mappings".to_owned(),
        Screen::Plan(plan) => plan.title(),
        Screen::Opening(_) => "Opening".to_owned(),
    };
    let left = area.right().saturating_sub(units(width(&place)) + 1);
    if left > x {
        canvas.text(area, left, area.y, &place, canvas.look.title());
    }
}

fn current(app: &App) -> Option<Step> {
    match &app.screen {
        Screen::Step(screen) => Some(screen.step()),
        _ => None,
    }
}

fn mark(canvas: &Canvas<'_>, app: &App, step: Step) -> (&'static str, Style) {
    let known = app.standing.iter().find(|standing| standing.step == step);
    setup::mark(canvas, known.map(|standing| standing.state))
}

/// The screen with a number that is shown, or that what is shown belongs to.
fn tab(app: &App) -> Option<usize> {
    let place = match &app.screen {
        Screen::Overview => Place::Overview,
        Screen::Setup(_) => Place::Setup,
        Screen::List(kind) => kind.tab(),
        Screen::Plan(_) => Place::List(Kind::Syncs),
        Screen::Order(_) => Place::List(Kind::Mappings),
        Screen::Detail(detail) => detail.kind().map_or(Place::Overview, Kind::tab),
        Screen::Step(_) | Screen::Opening(_) => return None,
    };
    Tab::ALL.iter().position(|tab| tab.place() == place)
}

fn tabs_in_row(canvas: &mut Canvas<'_>, area: Rect, app: &App) {
    let current = tab(app);
    let named = area.width >= 78;
    let mut x = area.x + 1;
    for (at, tab) in Tab::ALL.into_iter().enumerate() {
        let here = current == Some(at);
        let style = if here { canvas.look.heading() } else { Style::new() };
        if here {
            x = canvas.text(area, x, area.y, "[", canvas.look.title());
        }
        x = canvas.text(area, x, area.y, tab.key.encode_utf8(&mut [0; 4]), canvas.look.title());
        if named || here {
            x = canvas.text(area, x, area.y, tab.title, style);
        }
        if here {
            x = canvas.text(area, x, area.y, "]", canvas.look.title());
        }
        x = x.saturating_add(1);
    }
}

fn tabs_in_column(canvas: &mut Canvas<'_>, areas: &Areas, app: &App) {
    let area = areas.steps;
    let current = tab(app);
    for (row, tab) in Tab::ALL.into_iter().enumerate() {
        let y = area.y + 1 + units(row);
        let here = current == Some(row);
        if here {
            canvas.text(area, area.x + 1, y, canvas.look.glyphs().here, canvas.look.heading());
        }
        let x = canvas.text(area, area.x + 3, y, tab.key.encode_utf8(&mut [0; 4]), canvas.look.title());
        let style = if here { canvas.look.heading() } else { Style::new() };
        canvas.text(area, x + 1, y, tab.title, style);
    }
    upright(canvas, areas);
}

fn steps_in_row(canvas: &mut Canvas<'_>, area: Rect, app: &App) {
    let current = current(app);
    // All the titles need 78 columns; without them only the current one has its name.
    let named = area.width >= 80;
    let mut x = area.x + 1;
    for step in Step::ALL {
        let here = current == Some(step);
        let (mark, style) = mark(canvas, app, step);
        if here {
            x = canvas.text(area, x, area.y, "[", canvas.look.title());
        }
        x = canvas.text(area, x, area.y, &step.number().to_string(), Style::new());
        x = canvas.text(area, x, area.y, mark, style);
        if named || here {
            let style = if here { canvas.look.heading() } else { Style::new() };
            x = canvas.text(area, x, area.y, step.title(), style);
        }
        if here {
            x = canvas.text(area, x, area.y, "]", canvas.look.title());
        }
        x = x.saturating_add(1);
    }
}

fn steps_in_column(canvas: &mut Canvas<'_>, areas: &Areas, app: &App) {
    let area = areas.steps;
    let current = current(app);
    for (row, step) in Step::ALL.into_iter().enumerate() {
        let y = area.y + 1 + units(row);
        let here = current == Some(step);
        let (mark, style) = mark(canvas, app, step);
        if here {
            canvas.text(area, area.x + 1, y, canvas.look.glyphs().here, canvas.look.heading());
        }
        canvas.text(area, area.x + 3, y, mark, style);
        let style = if here { canvas.look.heading() } else { Style::new() };
        canvas.text(area, area.x + 5, y, &format!("{} {}", step.number(), step.title()), style);
    }
    upright(canvas, areas);
}

fn upright(canvas: &mut Canvas<'_>, areas: &Areas) {
    let all = canvas.buffer.area;
    let upright = canvas.look.glyphs().upright;
    for y in areas.body.top()..areas.body.bottom() {
        canvas.text(all, areas.body.x.saturating_sub(1), y, upright, canvas.look.faint());
    }
}

fn body(canvas: &mut Canvas<'_>, area: Rect, app: &App) {
    if area.is_empty() {
        return;
    }
    match &app.over {
        Some(Over::Help(help)) => return help.draw(canvas, area),
        Some(Over::Palette(palette)) => return palette.draw(canvas, area),
        None => {}
    }
    match &app.screen {
        Screen::Step(screen) => screen.draw(canvas, area, &app.context),
        Screen::Setup(setup) => setup.draw(canvas, area, &app.standing),
        Screen::Overview => app.overview.draw(canvas, area),
        Screen::List(kind) => {
            if let Some(list) = app.lists.get(kind) {
                list.draw(canvas, area);
            }
        }
        Screen::Detail(detail) => detail.draw(canvas, area),
        Screen::Order(order) => order.draw(canvas, area),
        Screen::Plan(plan) => plan.draw(canvas, area, &app.context),
        Screen::Opening(None) => {
            canvas.text(area, area.x + 1, area.y, "Opening...", Style::new());
        }
        Screen::Opening(Some(trouble)) => {
            let used = canvas.wrapped(area, area.y, 4, &text::shown(&trouble.message), canvas.look.problem());
            let help = format!("To do: {}", text::shown(&trouble.help));
            canvas.wrapped(area, area.y + used, 4, &help, canvas.look.heading());
        }
    }
}

/// The help of what has the focus. A problem, an error or a notice takes its place, so that nothing moves.
fn help(canvas: &mut Canvas<'_>, area: Rect, app: &App) {
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let look = canvas.look;
    let (first, style, second) = match (&app.context.notice, &app.over, &app.screen) {
        (Some(Notice::Said(said)), ..) => (said.clone(), look.heading(), String::new()),
        (Some(Notice::Trouble(trouble)), ..) => {
            let style = if trouble.needs_you { look.warning() } else { look.problem() };
            (text::shown(&trouble.message), style, format!("To do: {}", text::shown(&trouble.help)))
        }
        (None, Some(Over::Help(_)), _) => {
            ("The keys of this screen. Esc closes this page.".into(), Style::new(), String::new())
        }
        (None, Some(Over::Palette(_)), _) => (
            "Type a few letters of a screen, a step, a command, a user, a laptop or a token.".into(),
            Style::new(),
            String::new(),
        ),
        (None, None, Screen::Step(screen)) => match screen.problem() {
            Some((message, help)) => (message, look.problem(), help),
            None => match (screen.question(), screen.outdated()) {
                (Some(question), _) => (question, look.warning(), String::new()),
                (None, Some((by, help))) => (by, look.warning(), help.to_owned()),
                (None, None) => (screen.help(&app.context), Style::new(), String::new()),
            },
        },
        (None, None, Screen::Setup(_)) => {
            ("Up and Down choose a step or a list; Enter opens it.".into(), Style::new(), String::new())
        }
        (None, None, Screen::Overview) => in_tone(look, app.overview.help()),
        (None, None, Screen::List(kind)) => app
            .lists
            .get(kind)
            .map_or_else(|| (String::new(), Style::new(), String::new()), |list| in_tone(look, list.help())),
        (None, None, Screen::Detail(detail)) => in_tone(look, detail.help()),
        (None, None, Screen::Plan(plan)) => in_tone(look, plan.help()),
        (None, None, Screen::Order(order)) => in_tone(look, order.help()),
        (None, None, Screen::Opening(_)) => (String::new(), Style::new(), String::new()),
    };
    if area.height == 0 {
        return;
    }
    // What is wrong is said whole before anything is said about what to do.
    let used = canvas.wrapped(area, area.y, area.height, &first, style);
    if used < area.height {
        canvas.wrapped(area, area.y + used, area.height - used, &second, look.heading());
    }
}

fn in_tone(look: Look, (help, tone): (String, Tone)) -> (String, Style, String) {
    let style = match tone {
        Tone::Warning => look.warning(),
        Tone::Help => look.heading(),
        _ => Style::new(),
    };
    (help, style, String::new())
}

/// As many keys as fit, the most particular first; the way to all of them is always among them. With two rows, what
/// is there on every field has the second one, so that little of the bar changes as the focus moves.
fn bar(canvas: &mut Canvas<'_>, area: Rect, app: &App) {
    let (stay, mut come): (Vec<Entry>, Vec<Entry>) =
        keys::bar(&app.tables()).into_iter().partition(|entry| entry.stays);
    if area.height >= 2 {
        bar_row(canvas, area, area.y, &come);
        bar_row(canvas, area, area.y + 1, &stay);
    } else {
        come.extend(stay);
        bar_row(canvas, area, area.y, &come);
    }
}

fn bar_row(canvas: &mut Canvas<'_>, area: Rect, y: u16, entries: &[Entry]) {
    let wide = |entry: &Entry| units(width(&entry.names) + 1 + width(entry.label));
    let help = entries.iter().find(|entry| entry.label == "help");
    let mut x = area.x + 1;
    let mut put = |canvas: &mut Canvas<'_>, entry: &Entry, reserved: u16| {
        let fits = x.saturating_add(wide(entry)).saturating_add(reserved) <= area.right();
        if fits {
            x = canvas.text(area, x, y, &entry.names, canvas.look.title());
            x = canvas.text(area, x + 1, y, entry.label, Style::new()).saturating_add(2);
        }
        fits
    };
    let reserved = help.map_or(0, |entry| wide(entry) + 2);
    for entry in entries.iter().filter(|entry| Some(*entry) != help) {
        if !put(canvas, entry, reserved) {
            break;
        }
    }
    if let Some(entry) = help {
        put(canvas, entry, 0);
    }
}
