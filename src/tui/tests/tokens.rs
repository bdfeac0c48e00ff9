//! Tokens are replaced and revoked only after a yes, and what carries them is said.

use super::super::app::App;
use super::super::fixture::*;
use super::super::look::Look;
use super::super::message::{Came, Effect, Message, TokenView, Tone};
use super::super::screen::Screen;
use super::trouble;
use crate::model::token::TokenId;
use crate::wizard::Step;

fn id(number: u8) -> TokenId {
    TokenId::from_bytes([number; 8])
}

/// A good one, one that has a successor, and one that was revoked.
pub(super) fn tokens() -> Vec<TokenView> {
    let of = |number: u8, name: &str, state: &'static str, tone: Tone, line: &str| TokenView {
        id: id(number),
        name: name.to_owned(),
        state,
        tone,
        line: line.to_owned(),
        facts: vec![
            (Tone::Plain, format!("id {}, made 2026-03-01 22:38 UTC by anna", id(number))),
            (Tone::Plain, "last used 2026-03-02 08:01 UTC by PC-1204".to_owned()),
            (Tone::Warning, format!("carried by msiexec in rollout-{number}/msiexec")),
        ],
        can_be_replaced: state == "valid",
        can_be_revoked: state != "revoked",
        replacing: format!(
            "Replace \"{name}\"? A new one is made, 2 exports are written anew, and the old one is good for 14 days more."
        ),
        revoking: format!(
            "Revoke \"{name}\"? Laptops that come with it are refused at once, and those that wait for a log-on."
        ),
    };
    vec![
        of(3, "rollout-2026", "valid", Tone::Good, "ends 2027-02-22   1,204 of 5,000 laptops"),
        of(2, "\u{5927}\u{962a} branch", "superseded", Tone::Warning, "ends 2026-12-08   12 laptops"),
        of(1, "pilot", "revoked", Tone::Plain, "never ends        3 of 10 laptops"),
    ]
}

/// The screen as `t` on the overview opens it.
fn opened(look: Look, size: (u16, u16)) -> App {
    let mut app = app(Step::Token, look, size);
    let effects = keys(&mut app, &["Esc", "t"]);
    assert!(matches!(effects[..], [.., Effect::Tokens]));
    came(&mut app, Came::Tokens(tokens()));
    app
}

#[test]
fn the_tokens_as_they_look() {
    for (look, word) in [(UTF8, "utf8"), (ASCII, "ascii")] {
        for (width, height) in [(80, 24), (120, 40), (40, 10)] {
            let picture = |name: &str, app: &App| {
                insta::assert_snapshot!(format!("tokens-{name}-{width}x{height}-{word}"), screen(app));
            };
            let mut app = opened(look, (width, height));
            picture("opened", &app);
            press(&mut app, "r");
            picture("asking", &app);
        }
    }
}

#[test]
fn a_token_is_replaced_or_revoked_only_after_a_yes() {
    let mut app = opened(UTF8, (80, 24));
    assert!(press(&mut app, "r").is_empty());
    assert!(screen(&app).contains("2 exports are written anew"), "{}", screen(&app));
    assert!(press(&mut app, "Enter").is_empty(), "Enter alone is no yes");
    assert!(press(&mut app, "y").is_empty(), "nothing is asked any more");
    assert!(matches!(&keys(&mut app, &["r", "y"])[..], [Effect::ReplaceToken(of)] if *of == id(3)));
    assert!(matches!(&keys(&mut app, &["x", "y"])[..], [Effect::RevokeToken(of)] if *of == id(3)));
    // While it is asked somebody else makes one: the question stays about the same token.
    press(&mut app, "x");
    let mut others = tokens();
    others.insert(0, TokenView { id: id(9), name: "another".to_owned(), ..tokens().remove(0) });
    came(&mut app, Came::Tokens(others));
    assert!(matches!(&press(&mut app, "y")[..], [Effect::RevokeToken(of)] if *of == id(3)));
}

#[test]
fn only_what_can_be_done_to_a_token_is_offered() {
    let mut app = opened(UTF8, (80, 24));
    assert!(screen(&app).contains("replace"));
    press(&mut app, "Down");
    assert!(!screen(&app).contains("replace") && screen(&app).contains("revoke"), "{}", screen(&app));
    assert!(press(&mut app, "r").is_empty() && press(&mut app, "y").is_empty());
    press(&mut app, "Down");
    assert!(keys(&mut app, &["x", "y"]).is_empty(), "it was revoked before");
}

#[test]
fn what_was_done_to_a_token_is_said_until_another_one_is_looked_at() {
    let mut app = opened(UTF8, (80, 24));
    keys(&mut app, &["r", "y"]);
    let done = vec![(Tone::Problem, "msiexec in rollout/msiexec still carries the old one: no space".to_owned())];
    let effects = came(&mut app, Came::TokenDone { all: tokens(), done });
    assert!(matches!(effects[..], [Effect::Standing]));
    assert!(screen(&app).contains("still carries the old one"));
    // The console hears of its own change, too.
    assert!(matches!(app.update(Message::Changed)[..], [Effect::Standing, Effect::Tokens]));
    came(&mut app, Came::Tokens(tokens()));
    assert!(screen(&app).contains("still carries the old one"));
    press(&mut app, "Down");
    assert!(!screen(&app).contains("still carries the old one") && screen(&app).contains("rollout-2/msiexec"));
    came(&mut app, Came::Failed(None, trouble()));
    assert!(screen(&app).contains("the disk is full"));
    assert!(matches!(press(&mut app, "Esc")[..], [Effect::Standing]) && matches!(app.screen, Screen::Review(_)));
}
