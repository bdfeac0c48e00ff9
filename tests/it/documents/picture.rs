//! The picture of the console in README.md: the screen of the real program over the sample directory, as SVG.

use std::fmt::Write as _;

use super::is_up_to_date;
use crate::support::installation::Installation;
use crate::support::terminal::{Terminal, key};

/// Width and height of a cell, in the units of the picture.
const CELL: (u32, u32) = (9, 19);
const MARGIN: u32 = 14;
const BACKGROUND: &str = "#1e1e2e";
const FOREGROUND: &str = "#cdd6f4";
/// The sixteen colors of the terminal in the picture.
const PALETTE: [&str; 16] = [
    "#45475a", "#f38ba8", "#a6e3a1", "#f9e2af", "#89b4fa", "#cba6f7", "#94e2d5", "#bac2de", "#6c7086", "#f38ba8",
    "#a6e3a1", "#f9e2af", "#89b4fa", "#cba6f7", "#94e2d5", "#ffffff",
];

fn color(color: vt100::Color, default: &str) -> String {
    match color {
        vt100::Color::Default => default.to_owned(),
        vt100::Color::Idx(index @ 0..16) => PALETTE[usize::from(index)].to_owned(),
        vt100::Color::Idx(index @ 16..232) => {
            let level = |part: u8| if part == 0 { 0 } else { 55 + 40 * u32::from(part) };
            let index = index - 16;
            format!("#{:02x}{:02x}{:02x}", level(index / 36), level(index / 6 % 6), level(index % 6))
        }
        vt100::Color::Idx(index) => {
            let gray = 8 + 10 * u32::from(index - 232);
            format!("#{gray:02x}{gray:02x}{gray:02x}")
        }
        vt100::Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
    }
}

/// How a run of cells looks: foreground, background, bold.
type Style = (String, String, bool);

fn style(cell: &vt100::Cell) -> Style {
    let (front, back) = (color(cell.fgcolor(), FOREGROUND), color(cell.bgcolor(), BACKGROUND));
    let (front, back) = if cell.inverse() { (back, front) } else { (front, back) };
    (front, back, cell.bold())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The screen as SVG: a rectangle for each background, and a text for each run of one style.
fn svg(screen: &vt100::Screen) -> String {
    let (rows, columns) = screen.size();
    let (width, height) = (u32::from(columns) * CELL.0 + 2 * MARGIN, u32::from(rows) * CELL.1 + 2 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACKGROUND}\"/>\n\
         <g font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"15\" \
         xml:space=\"preserve\">\n"
    );
    for row in 0..rows {
        let mut runs: Vec<(u32, u32, String, Style)> = Vec::new();
        for column in 0..columns {
            let Some(cell) = screen.cell(row, column).filter(|cell| !cell.is_wide_continuation()) else { continue };
            let wide = if cell.is_wide() { 2 } else { 1 };
            let text = if cell.has_contents() { cell.contents() } else { " " };
            let style = style(cell);
            match runs.last_mut() {
                Some((_, cells, run, of)) if *of == style => {
                    *cells += wide;
                    run.push_str(text);
                }
                _ => runs.push((u32::from(column), wide, text.to_owned(), style)),
            }
        }
        let top = MARGIN + u32::from(row) * CELL.1;
        for (column, cells, text, (front, back, bold)) in runs {
            let (x, length) = (MARGIN + column * CELL.0, cells * CELL.0);
            if back != BACKGROUND {
                let _ = writeln!(
                    out,
                    "<rect x=\"{x}\" y=\"{top}\" width=\"{length}\" height=\"{}\" fill=\"{back}\"/>",
                    CELL.1
                );
            }
            if !text.trim().is_empty() {
                let weight = if bold { " font-weight=\"bold\"" } else { "" };
                let _ = writeln!(
                    out,
                    "<text x=\"{x}\" y=\"{}\" fill=\"{front}\" textLength=\"{length}\"{weight}>{}</text>",
                    top + 14,
                    escaped(&text)
                );
            }
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

#[test]
fn readme_shows_the_console_as_it_is() {
    let imd = Installation::new();
    let mut terminal = Terminal::start_with(&imd, &["demo"], &[("TZ", "UTC")], 80, 24);
    terminal.wait_for("Step 1 of 7");
    terminal.press(&key::ctrl('n'));
    terminal.wait_for("Step 2 of 7");
    terminal.press(&key::ctrl('n'));
    terminal.wait_for("Step 3 of 7");
    terminal.press(&key::ctrl('r'));
    terminal.wait_until("the whole preview", |screen| screen.contains(" excluded") && !screen.contains("Ctrl-X"));
    is_up_to_date("docs/console.svg", &svg(&terminal.screen_cells()));
    terminal.press(&key::ctrl('c'));
}
