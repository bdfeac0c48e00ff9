//! Whatever is pressed, at whatever size: no panic, a focus, and nothing on the screen that the look forbids.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use ratatui::style::Color;

use super::super::app::App;
use super::super::fixture::*;
use super::super::keys;
use super::super::listing::{Act, Fact, Question, Wanted};
use crate::wizard::Step;

/// What a user can do.
#[derive(Debug, Clone)]
enum Input {
    Key(KeyEvent),
    Paste(String),
    Resize(u16, u16),
}

/// Every letter that does something somewhere, from the tables that say so: a new key is pressed without a word here.
fn letters() -> Vec<char> {
    let tables = [
        keys::ACTS,
        keys::MOVE,
        keys::NO_TEXT,
        keys::TABS,
        keys::ROWS,
        keys::ROWS_SEARCH,
        keys::LIST_ORDER,
        keys::LIST_CONFIRM,
        keys::TO_ACCOUNTS,
        keys::OVERVIEW,
        keys::REPORT,
        keys::LEAVE,
        keys::ORDER_MAPPINGS,
        keys::ORDER_UNREAD,
        keys::PLAN,
        keys::PLAN_OPEN,
        keys::PLAN_APPLIED,
        keys::TOKEN,
        keys::EXPLAINED,
    ];
    let names = tables.into_iter().flatten().flat_map(|binding| binding.chords).map(|chord| chord.name());
    let mut letters: Vec<char> =
        names.filter(|name| name.chars().count() == 1).filter_map(|name| name.chars().next()).collect();
    letters.sort_unstable();
    letters.dedup();
    letters
}

#[test]
fn every_letter_of_the_key_tables_is_among_the_random_keys() {
    let letters = letters();
    for letter in "nduvibPDq:jk+xfrwpceos".chars() {
        assert!(letters.contains(&letter), "{letter} is never pressed");
    }
}

fn any_key() -> impl Strategy<Value = Input> {
    let code = prop_oneof![
        3 => Just(KeyCode::Tab), 1 => Just(KeyCode::BackTab), 4 => Just(KeyCode::Enter), 2 => Just(KeyCode::Esc),
        3 => Just(KeyCode::Down), 2 => Just(KeyCode::Up), 2 => Just(KeyCode::Left), 3 => Just(KeyCode::Right),
        1 => Just(KeyCode::Home), 1 => Just(KeyCode::End), 1 => Just(KeyCode::PageUp), 1 => Just(KeyCode::PageDown),
        2 => Just(KeyCode::Backspace), 1 => Just(KeyCode::Delete),
        4 => prop_oneof![4 => prop::sample::select(letters()), 3 => prop_oneof![Just(' '), Just('s'), Just('w'), Just('o'), Just('-'), Just('J'), Just('r'), Just('y'), Just('p'), Just('a'), Just('c'), Just('?'), Just('/'), Just('|'), Just('x'), Just('f'), Just('e'), Just('G'), Just('1'), Just('2'), Just('3'), Just('4'), Just('5'), Just('6'), Just('7'), Just('8'), Just('9'), Just('山'), Just('é'), Just('(')]].prop_map(KeyCode::Char),
    ];
    let plain = code.prop_map(|code| KeyEvent::new(code, KeyModifiers::NONE));
    let ctrl = prop::sample::select("tronpfguwkdehxlj".chars().collect::<Vec<_>>())
        .prop_map(|c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL));
    prop_oneof![8 => plain, 3 => ctrl].prop_map(Input::Key)
}

fn any_input() -> impl Strategy<Value = Input> {
    prop_oneof![
        30 => any_key(),
        1 => "\\PC{0,40}".prop_map(Input::Paste),
        1 => (0u16..310, 0u16..105).prop_map(|(width, height)| Input::Resize(width, height)),
    ]
}

/// Answers effects as the engine might.
fn answer(app: &mut App, effects: Vec<Effect>) {
    for effect in effects {
        let answers = match effect {
            Effect::Request(request) => reply(request).map(Answer::Reply).into_iter().collect(),
            Effect::Job(job, work) => events(job, work).into_iter().map(|event| Answer::Job(job, event)).collect(),
            Effect::Cancel(_) | Effect::Redraw | Effect::Suspend | Effect::Leave => Vec::new(),
        };
        for answer in answers {
            let effects = answered(app, answer);
            self::answer(app, effects);
        }
    }
}

fn reply(request: Request) -> Option<Reply> {
    Some(match request {
        Request::Open(step) | Request::OpenNamed(step, _) => Reply::Opened(Box::new(form(step))),
        Request::OpenNew(kind) => Reply::Opened(Box::new(form(kind.step().expect("one with a step")))),
        Request::OpenStorage(_) => Reply::Opened(Box::new(form(Step::Profile))),
        Request::Reload(form) => Reply::Opened(form),
        Request::Standing => Reply::Standing(standing()),
        Request::Save(form) => Reply::Saved { form, outcome: SaveOutcome::Kept },
        Request::Rows { asked, offset, limit } => {
            let rows = rows(&asked, offset, limit);
            Reply::Rows(Box::new(asked), rows)
        }
        Request::Detail(kind, id) => Reply::Detail(kind, id.clone(), Box::new(detail(&id))),
        Request::Question(wanted) => {
            let input = (wanted.act == Act::Duplicate).then(|| "copy".to_owned());
            let question = (wanted.act != Act::Release).then(|| Question { text: "Do it?".into(), input });
            Reply::Question(Box::new(Wanted { question, ..*wanted }))
        }
        Request::Overview => Reply::Overview(Box::new(super::overview::view())),
        Request::OverviewAgain => Reply::OverviewAgain(Box::new(super::overview::view())),
        Request::Find(typed) => Reply::Found(typed, Vec::new()),
        Request::OpenPlan(_) => Reply::Plan(Box::new(plan(PlanState::Stopped))),
        Request::Undo(_) => Reply::Plan(Box::new(plan(PlanState::Made))),
        Request::Lines { plan, asked, offset, limit } => {
            Reply::Lines { plan, page: plan_page(&asked, offset, limit), asked }
        }
        Request::Mappings => Reply::Mappings(mappings()),
        Request::InOrder(order) => {
            let moves = (order.first() == order.iter().max()).then(moves);
            Reply::InOrder { order, moves }
        }
        Request::SaveOrder { .. } => Reply::Ordered(mappings()),
        Request::WriteToken(path, _) => Reply::TokenWritten(path),
        Request::Copy(_) => Reply::Copied,
        Request::Start | Request::Look(_) | Request::At(_) | Request::KeepDraft(_) => return None,
    })
}

fn events(job: u64, work: Work) -> Vec<JobEvent> {
    let report =
        || Report { title: "Done".into(), lines: vec![(Tone::Good, "done".into()), (Tone::Help, "rest".into())] };
    vec![match work {
        Work::Check(_) => return checks().into_iter().map(JobEvent::Check).chain([JobEvent::Checked]).collect(),
        Work::Preview(_) => JobEvent::Previewed(preview()),
        Work::Explain(..) => JobEvent::Explained(explained()),
        Work::Pick { under, .. } => JobEvent::Picked { under, items: units() },
        Work::Sync if job.is_multiple_of(2) => JobEvent::Stopped(12),
        Work::Sync => JobEvent::Synced(report()),
        Work::Do(_) => JobEvent::Done(vec![Fact::new("", "done"), Fact::new("", "and more").toned(Tone::Warning)]),
        Work::WriteReport => JobEvent::Done(vec![Fact::new("", "written")]),
        Work::Report => JobEvent::Report(detail("report").lines),
        Work::ReadInOrder(order) => JobEvent::InOrder { order, moves: moves() },
        Work::Approve(_) => JobEvent::Applied(Box::new(plan(PlanState::Applied))),
        Work::Mint(form) => JobEvent::Minted { form, minted: minted() },
        Work::Files(_) => JobEvent::Files(files()),
        Work::Write(form) => JobEvent::Written { form, report: report() },
    }]
}

fn check_frame(app: &App, look: Look, shown_on_request: bool) -> Result<(), TestCaseError> {
    let (buffer, cursor) = draw(app);
    let (width, height) = app.context.size;
    prop_assert!(cursor.x < width.max(1) && cursor.y < height.max(1), "the cursor is at {cursor}");
    let mut all = String::new();
    for cell in &buffer.content {
        all.push_str(cell.symbol());
        prop_assert!(!look.ascii || cell.symbol().is_ascii(), "{:?} is drawn", cell.symbol());
        let plain = cell.fg == Color::Reset && cell.bg == Color::Reset;
        prop_assert!(look.color || plain, "{cell:?} has a color");
        prop_assert!(!cell.symbol().chars().any(crate::model::text::is_hidden), "{:?} is drawn", cell.symbol());
    }
    prop_assert!(!all.contains("canary-password"), "a password is drawn");
    // The key bar is the last row; it always shows help.
    let last: String = (0..width).filter(|_| height >= 2).map(|x| buffer[(x, height - 1)].symbol()).collect();
    prop_assert!(height < 2 || width < 14 || last.contains("Ctrl-G help"), "the key bar is lost: {last}");
    prop_assert!(shown_on_request || !all.contains("canary-token"), "a token is drawn that nobody asked for");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_screen_panics_overflows_or_loses_its_key_bar(
        step in 0usize..7,
        first in prop::sample::select(vec!["", "1", "2", "3", "4", "5", "6", "7", "8", "9"]),
        size in prop_oneof![Just((80, 24)), Just((40, 10)), Just((120, 40)), (0u16..310, 0u16..105)],
        ascii: bool,
        color: bool,
        inputs in prop::collection::vec(any_input(), 1..60),
    ) {
        let look = Look { color, ascii };
        let mut app = app(Step::ALL[step], look, size);
        // From a step, or from a screen with a number.
        for name in ["Esc", first].into_iter().filter(|_| !first.is_empty()) {
            let effects = press(&mut app, name);
            answer(&mut app, effects);
        }
        let mut asked_to_show = false;
        for input in inputs {
            asked_to_show |= matches!(&input, Input::Key(key) if key.code == KeyCode::Char('s'));
            let effects = app.update(match input {
                Input::Key(key) => Message::Key(key),
                Input::Paste(text) => Message::Paste(text),
                Input::Resize(width, height) => Message::Resize(width, height),
            });
            answer(&mut app, effects);
            check_frame(&app, look, asked_to_show)?;
            prop_assert!(!app.tables().is_empty(), "there is always a key that does something");
        }
    }
}
