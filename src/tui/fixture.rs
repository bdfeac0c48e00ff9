//! What the tests of the console play with: the real forms over the sample, and made answers for what a healthy sample
//! does not show.

mod sample;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::app::App;
use super::frame;
use super::listing::{Act, Detail, Fact, Place, Row, Rows};
pub(super) use super::look::Look;
pub(super) use super::message::{Answer, Effect, JobEvent, Message, Reply, Request, SaveOutcome, Work};
use super::screen::Screen;
use super::screen::step::Focus;
pub(super) use super::view::{
    FileView, Found, Line, MappingView, MintedToken, MovesView, OverviewView, PickedItem, PlanLine, PlanPage,
    PlanState, PlanView, Preview, Reason, Report, Sampled, Stage, Trouble,
};
use crate::model::check::Check;
use crate::model::name::Name;
use crate::model::plan::{Asked, LineKind};
use crate::model::text::Untrusted;
pub(super) use crate::present::Tone;
use crate::secrets::Secret;
use crate::wizard::{Standing, State, Step};

pub(super) use sample::{Sample, form};

pub(super) const CANARY: &str = "canary-password-7f3a";
pub(super) const TOKEN: &str =
    "imd1.v4.public.canary-token-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
pub(super) const UTF8: Look = Look { color: true, ascii: false };
pub(super) const ASCII: Look = Look { color: false, ascii: true };

pub(super) fn standing() -> Vec<Standing> {
    let of = |step, state, evidence: &str| Standing { step, state, evidence: evidence.into(), entered: false };
    vec![
        of(Step::Directory, State::Done, "corp: ldaps://dc1.corp.example.com"),
        of(Step::Profile, State::Done, "Laptops on eu-1"),
        of(Step::Mapping, State::Refused, "Staff: it was made for importing users"),
        of(Step::Frequency, State::Done, "every 24h"),
        of(Step::Settings, State::Missing, Step::Settings.purpose()),
        of(Step::Token, State::Missing, Step::Token.purpose()),
        of(Step::Installer, State::Missing, Step::Installer.purpose()),
    ]
}

/// A console on a step.
pub(super) fn app(step: Step, look: Look, size: (u16, u16)) -> App {
    let (mut app, _) = App::new(look, size);
    answered(&mut app, Answer::Reply(Reply::Started { at: Some(step), standing: standing() }));
    answered(&mut app, Answer::Reply(Reply::Opened(Box::new(form(step)))));
    app
}

pub(super) fn answered(app: &mut App, answer: Answer) -> Vec<Effect> {
    app.update(Message::Answer(answer))
}

/// Presses a key by its name: `Tab`, `Ctrl-T`, `x`.
pub(super) fn press(app: &mut App, name: &str) -> Vec<Effect> {
    let key = |code| KeyEvent::new(code, KeyModifiers::NONE);
    let event = match name {
        "Tab" => key(KeyCode::Tab),
        "Shift-Tab" => key(KeyCode::BackTab),
        "Enter" => key(KeyCode::Enter),
        "Esc" => key(KeyCode::Esc),
        "Up" => key(KeyCode::Up),
        "Down" => key(KeyCode::Down),
        "Left" => key(KeyCode::Left),
        "Right" => key(KeyCode::Right),
        "Home" => key(KeyCode::Home),
        "End" => key(KeyCode::End),
        "Backspace" => key(KeyCode::Backspace),
        "Space" => key(KeyCode::Char(' ')),
        name => match name.strip_prefix("Ctrl-").and_then(|letter| letter.chars().next()) {
            Some(letter) => KeyEvent::new(KeyCode::Char(letter.to_ascii_lowercase()), KeyModifiers::CONTROL),
            None => key(KeyCode::Char(name.chars().next().unwrap_or(' '))),
        },
    };
    app.update(Message::Key(event))
}

/// Goes to the field with this key.
pub(super) fn go_to(app: &mut App, key: &str) {
    let focused = |app: &App| match &app.screen {
        Screen::Step(step) => matches!(step.focus(), Focus::Field(at) if step.form().fields[at].key == key),
        _ => false,
    };
    for _ in 0..40 {
        if focused(app) {
            return;
        }
        press(app, "Tab");
    }
    panic!("there is no field {key}");
}

/// Presses several keys; gives the effects of all of them.
pub(super) fn keys(app: &mut App, names: &[&str]) -> Vec<Effect> {
    names.iter().flat_map(|name| press(app, name)).collect()
}

pub(super) fn type_text(app: &mut App, text: &str) {
    for c in text.chars() {
        app.update(Message::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
    }
}

/// The frame, and where the cursor is.
pub(super) fn draw(app: &App) -> (Buffer, Position) {
    let mut buffer = Buffer::empty(Rect { x: 0, y: 0, width: app.context.size.0, height: app.context.size.1 });
    let cursor = frame::draw(app, &mut buffer);
    (buffer, cursor)
}

/// The frame as text, a line a row, and the cursor's place below it.
pub(super) fn screen(app: &App) -> String {
    let (buffer, cursor) = draw(app);
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut x = 0;
        let mut line = String::new();
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            x += u16::try_from(crate::tui::canvas::width(symbol).max(1)).unwrap_or(1);
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    format!("{out}cursor {},{}", cursor.x, cursor.y)
}

pub(super) fn checks() -> Vec<Check> {
    let who = vec![Untrusted::new("Åsa Berg"), Untrusted::new("evil\u{1b}[2J\u{202e}name"), Untrusted::new("山田太郎")];
    vec![
        Check::ok("name resolves", "dc1.corp.example.com: 10.0.0.5"),
        Check::ok("TLS", "TLS 1.3, signed by \"Corp CA\", valid until 2027-03-01"),
        Check::failed("bind", "the password is right but has expired (532)", "set a new one, then enter it here"),
        Check::warning("users with a mail", "3 of 312 have no mail", "give them a mail attribute").with_list(who),
        Check::skipped("clock", "the bind failed"),
    ]
}

pub(super) fn preview() -> Preview {
    let user = |name: &str, account: &str| Sampled {
        guid: format!("guid-of-{account}"),
        cells: vec![name.to_owned(), account.to_owned(), format!("{account}@corp.example.com")],
    };
    let excluded = |name: &str| Sampled { guid: format!("guid-of-{name}"), cells: vec![name.to_owned()] };
    Preview {
        takes: 1_312,
        excluded: 9,
        columns: vec!["Name", "Account", "Mail"],
        sample: vec![
            user("Åsa Berg", "asa.berg"),
            user("山田太郎", "yamada"),
            user("O'Brien, \"Pat\" (x)", "pat.obrien"),
        ],
        reasons: vec![
            Reason {
                why: "without a mail".into(),
                count: 7,
                remedy: "give the user a mail attribute in the directory".into(),
                who: vec![excluded("Per Hansen"), excluded("Kari\\u{202e}x")],
            },
            Reason {
                why: "disabled".into(),
                count: 2,
                remedy: "enable the account in the directory".into(),
                who: vec![excluded("Old One")],
            },
        ],
        also: vec![("Everybody else".into(), 12)],
    }
}

pub(super) fn units() -> Vec<PickedItem> {
    let of = |name: &str, has_children| PickedItem {
        value: format!("OU={name},DC=corp"),
        label: name.into(),
        detail: String::new(),
        has_children,
    };
    vec![of("Groups", false), of("Staff", true), of("サービス", true)]
}

pub(super) fn files() -> Vec<FileView> {
    let exposure = "administrators of the laptop, in C:\\Windows\\Temp, until the installer ends; everybody who can read the share".to_owned();
    vec![
        FileView {
            target: "msiexec".into(),
            name: "install.cmd".into(),
            text: "@echo off\r\nmsiexec /i imd.msi TOKEN=********\r\n".into(),
            exposure: exposure.clone(),
        },
        FileView {
            target: "ivanti-mac".into(),
            name: "install.sh".into(),
            text: "#!/bin/sh\n\tset -eu\n".into(),
            exposure,
        },
    ]
}

pub(super) fn minted() -> MintedToken {
    MintedToken {
        token: Secret::new(TOKEN),
        name: "rollout-2026".into(),
        facts: vec!["id 4f0c11aa22bb33cc, good until 2027-02-21 10:00 UTC, 5000 laptops at most".into()],
    }
}

/// The explanation of a user who is not in the group, as `run::work` puts it into lines.
pub(super) fn explained() -> Report {
    let line = |tone, text: &str| (tone, text.to_owned());
    Report {
        title: "山田太郎, yamada@corp.example.com, in corp".to_owned(),
        lines: vec![
            line(Tone::Warning, "\"Staff laptops\" does not match"),
            line(Tone::Help, "add the user to the group CN=Laptop Users,OU=Groups,DC=corp,DC=example,DC=com"),
            line(Tone::Plain, "true    is below DC=corp,DC=example,DC=com"),
            line(Tone::Problem, "false   all of these:"),
            line(Tone::Plain, "  true    (objectCategory=person)"),
            line(Tone::Plain, "  true    (objectClass=user)"),
            line(Tone::Problem, "  false   one of these:"),
            line(
                Tone::Problem,
                "    false   is in CN=Laptop Users,OU=Groups,DC=corp,DC=example,DC=com, or in a group inside it",
            ),
            line(Tone::Problem, "    false   has it, or a group inside it, as primary group"),
            line(Tone::Warning, "  unknown (anr=yamada)"),
        ],
    }
}

/// Three mappings, in the order that is saved.
pub(super) fn mappings() -> Vec<MappingView> {
    let of = |name: &str, gives: &str| MappingView { name: Name::new(name).expect("a name"), gives: gives.to_owned() };
    vec![
        of("Laptops", "profile Laptops, storage eu-1"),
        of("Kiosks", "profile Kiosks, storage eu-2"),
        of("Everybody else \u{1f5a5}", "switched off; 12 users; profile Laptops, storage eu-1"),
    ]
}

/// Who changes place when "Kiosks" comes first.
pub(super) fn moves() -> MovesView {
    MovesView {
        users: 1_213,
        read_at: "2026-03-01 22:38 UTC".into(),
        lines: vec![
            (
                Tone::Warning,
                "1,212 users go from Laptops to Kiosks: profile Laptops -> Kiosks, quota 50 GiB -> none".into(),
            ),
            (Tone::Plain, "  \u{c5}sa Berg, \u{5c71}\u{7530}\u{592a}\u{90ce}, Per Hansen and 1,209 more".into()),
            (Tone::Warning, "1 user goes from Everybody else to Kiosks: they get the same".into()),
            (Tone::Plain, "  Old One".into()),
        ],
    }
}

/// A plan of a hundred thousand lines.
pub(super) fn plan(state: PlanState) -> PlanView {
    let stopped = state == PlanState::Stopped;
    let why = [
        (Tone::Warning, "36 of 40 users would leave mapping \"Staff\"; 4 may without asking"),
        (Tone::Plain, "  they are not found any more: deleted, or hidden from the account that reads"),
    ];
    PlanView {
        id: 12,
        hash: "5f0c".repeat(16),
        heading: "made at 2026-03-01 22:38 UTC".into(),
        state,
        why: why.into_iter().filter(|_| stopped).map(|(tone, text)| (tone, text.to_owned())).collect(),
        todo: stopped.then(|| "see in the directory whether they were deleted".into()),
        counts: [36, 99_958, 2, 4],
        question: "Apply plan 12? 36 users leave and are refused at once; 99,958 change, 2 come.".into(),
    }
}

/// The lines of [`plan`] that were asked for, as the store would give them.
pub(super) fn plan_page(asked: &Asked, offset: u64, limit: u64) -> PlanPage {
    let total = match (asked.kind, asked.search.as_str()) {
        (None, "") => 100_000,
        (Some(kind), "") => plan(PlanState::Made).counts[LineKind::ALL.iter().position(|of| *of == kind).unwrap_or(0)],
        _ => 3,
    };
    let line = |number: u64| {
        let (kind, what) = match number {
            0..36 if asked.kind.is_none_or(|kind| kind == LineKind::Removed) => {
                (LineKind::Removed, "is not found: deleted, or hidden from imd")
            }
            _ => {
                (LineKind::Updated, "department: Sales -> \u{55b6}\u{696d}\u{90e8} (Sales); title: nothing -> Engineer")
            }
        };
        let details = vec![
            "mapping: Staff".into(),
            "department: Sales -> \u{55b6}\u{696d}\u{90e8} (Sales)".into(),
            "title: nothing -> Engineer".into(),
            "names: person, person@corp.example.com".into(),
        ];
        let kind = asked.kind.unwrap_or(kind);
        PlanLine { kind, who: format!("Person {number} \u{c5}s Berg"), what: what.into(), details }
    };
    let end = total.min(offset + limit);
    PlanPage { offset, total, lines: (offset..end).map(line).collect() }
}

/// Rows of a list as the state might give them: a million users, three of everything else.
pub(super) fn rows(asked: &super::listing::Asked, offset: u64, limit: u64) -> Rows {
    let total = match (asked.kind, asked.search.as_str()) {
        (super::listing::Kind::Users, "") => 1_000_000,
        _ => 3,
    };
    let row = |number: u64| {
        let mut cells: Vec<String> =
            asked.kind.columns().iter().map(|column| format!("{} {number}", column.title)).collect();
        cells[0] = match number {
            1 if asked.kind != super::listing::Kind::Users => "山田太郎 (サービス)".to_owned(),
            _ => format!("User {number} {} Åsa", asked.search),
        };
        cells[1] = ["active", "removed", "revoked"][usize::try_from(number % 3).unwrap_or(0)].to_owned();
        Row {
            id: format!("{}-{number}", asked.kind.title()),
            cells,
            tone: [Tone::Good, Tone::Warning, Tone::Plain][usize::try_from(number % 3).unwrap_or(0)],
            acts: if number + 1 < total { vec![Act::Revoke, Act::Release] } else { Vec::new() },
        }
    };
    Rows { total, offset, rows: (offset..total.min(offset + limit)).map(row).collect(), ..Rows::default() }
}

/// An entry, whole.
pub(super) fn detail(id: &str) -> Detail {
    let lines = vec![
        Fact::new("State", "activated").toned(Tone::Good),
        Fact::new("User", "Åsa Berg").leading(Place::Entry(super::listing::Kind::Users, "someone".into())),
        Fact::new("DN", "CN=Åsa Berg,OU=Ansatte Øst,OU=Staff,DC=corp,DC=example,DC=com ".repeat(3)),
        Fact::new("Refused", "2026-03-01 22:38 UTC the password is wrong").toned(Tone::Warning),
    ];
    Detail { title: format!("Entry {id}"), lines, acts: vec![Act::Revoke] }
}
