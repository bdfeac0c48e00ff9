//! What a frame of the console costs: in time, and in the bytes that go over the line to the terminal.
//!
//! The budget is 10 ms from a key to its frame, and 200 bytes a key; an unchanged frame costs no byte. Bytes do not
//! vary from run to run, so they are printed once, before the times.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use divan::{Bencher, black_box};
use imd::model::check::Check;
use imd::tui::app::App;
use imd::tui::frame;
use imd::tui::look::Look;
use imd::tui::message::{Answer, Effect, JobEvent, Message, Reply, Work};
use imd::tui::surface::Surface;
use imd::wizard::form::{Choice, Field, Form, Kind, Pick};
use imd::wizard::{Standing, State, Step};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (300, 100)];

#[allow(clippy::print_stdout, reason = "a benchmark talks to whoever runs it")]
fn main() {
    for size in SIZES {
        let mut app = app(size);
        let mut surface = Surface::new(std::io::sink());
        let mut cost = |app: &App| surface.show(app).expect("a sink takes everything");
        let first = cost(&app);
        let same = cost(&app);
        press(&mut app, KeyCode::Char('x'));
        let typed = cost(&app);
        press(&mut app, KeyCode::Tab);
        let moved = cost(&app);
        let (width, height) = size;
        println!(
            "bytes at {width}x{height}: {first} for the first frame, {same} unchanged, {typed} a character typed, {moved} a field on"
        );
    }
    divan::main();
}

/// A console on a form of twelve fields, with a checklist below it.
fn app(size: (u16, u16)) -> App {
    let kinds = [
        Kind::Pick(Pick::Existing),
        Kind::Text { example: "DC=corp,DC=example,DC=com" },
        Kind::Choice(vec![Choice::new("upn", "userPrincipalName", "Unique."), Choice::new("cn", "cn", "Readable.")]),
        Kind::Filter,
    ];
    let field = |number: usize| {
        let kind = kinds[number % kinds.len()].clone();
        Field::new(format!("mapping.{number}"), format!("Question {number}"), "What it is for.", kind).with("Åsa 山田")
    };
    let (mut app, _) = App::new(Look { color: true, ascii: false }, size);
    let standing = Step::ALL
        .map(|step| Standing { step, state: State::Missing, evidence: String::new(), entered: false })
        .to_vec();
    app.update(Message::Answer(Answer::Reply(Reply::Started { at: Some(Step::Mapping), standing })));
    app.update(Message::Answer(Answer::Reply(Reply::Opened(Box::new(Form::new(
        Step::Mapping,
        (0..12).map(field).collect(),
    ))))));
    let effects = app.update(Message::Key(KeyEvent::new(KeyCode::Char('t'), KeyModifiers::CONTROL)));
    if let Some(Effect::Job(job, Work::Check(_))) =
        effects.into_iter().find(|effect| matches!(effect, Effect::Job(_, Work::Check(..))))
    {
        for name in ["name resolves", "TLS", "bind", "base DN", "users"] {
            app.update(Message::Answer(Answer::Job(
                job,
                JobEvent::Check(Check::ok(name, "TLS 1.3, signed by \"Corp CA\"")),
            )));
        }
        app.update(Message::Answer(Answer::Job(job, JobEvent::Checked)));
    }
    for _ in 0..2 {
        press(&mut app, KeyCode::Tab);
    }
    press(&mut app, KeyCode::Home);
    app
}

fn press(app: &mut App, code: KeyCode) {
    app.update(Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
}

/// From nothing to a buffer: what every key costs at least.
#[divan::bench(args = SIZES)]
fn draw(bencher: Bencher<'_, '_>, (width, height): (u16, u16)) {
    let app = app((width, height));
    bencher.bench_local(|| {
        let mut buffer = Buffer::empty(Rect { x: 0, y: 0, width, height });
        black_box(frame::draw(&app, &mut buffer));
        buffer
    });
}

/// A key, its frame, and the bytes for the terminal.
#[divan::bench(args = SIZES)]
fn key_to_bytes(bencher: Bencher<'_, '_>, size: (u16, u16)) {
    let mut app = app(size);
    let mut surface = Surface::new(std::io::sink());
    bencher.bench_local(|| {
        press(&mut app, KeyCode::Tab);
        surface.show(&app).expect("a sink takes everything")
    });
}
