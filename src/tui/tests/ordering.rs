//! Ordering the mappings: who changes place is said before anything is saved.

use super::super::app::App;
use super::super::fixture::*;
use super::super::listing::{Act, Asked, Kind};
use super::super::screen::Screen;
use super::{job, trouble};
use crate::model::name::Name;
use crate::wizard::Step;

fn names(mappings: &[MappingView]) -> Vec<Name> {
    mappings.iter().map(|mapping| mapping.name.clone()).collect()
}

/// The order that was asked about last.
fn asked(effects: &[Effect]) -> Vec<Name> {
    let of = |effect: &Effect| {
        if let Effect::Request(Request::InOrder(order)) = effect { Some(order.clone()) } else { None }
    };
    effects.iter().rev().find_map(of).expect("who changes place was asked for")
}

fn give(app: &mut App, order: Vec<Name>, moves: Option<MovesView>) {
    answered(app, Answer::Reply(Reply::InOrder { order, moves }));
}

/// The screen as `o` in the list of mappings opens it.
fn opened(look: Look, size: (u16, u16)) -> App {
    let mut app = app(Step::Mapping, look, size);
    keys(&mut app, &["Esc", "3"]);
    let asked_rows = Asked { kind: Kind::Mappings, search: String::new(), order: 0 };
    let mut rows = rows(&asked_rows, 0, 3);
    rows.rows[0].acts = vec![Act::Order];
    answered(&mut app, Answer::Reply(Reply::Rows(Box::new(asked_rows), rows)));
    assert!(matches!(press(&mut app, "o")[..], [Effect::Request(Request::Mappings)]));
    let order = asked(&answered(&mut app, Answer::Reply(Reply::Mappings(mappings()))));
    assert_eq!(order, names(&mappings()));
    give(&mut app, order, Some(MovesView::default()));
    app
}

/// The second one goes first.
pub(super) fn moved(look: Look, size: (u16, u16)) -> App {
    let mut app = opened(look, size);
    let order = asked(&keys(&mut app, &["Down", "-"]));
    let was = names(&mappings());
    assert_eq!(order, [was[1].clone(), was[0].clone(), was[2].clone()]);
    give(&mut app, order, Some(moves()));
    app
}

#[test]
fn an_order_needs_a_yes_and_an_unchanged_base() {
    let mut app = moved(UTF8, (80, 24));
    press(&mut app, "Enter");
    assert!(screen(&app).contains("Save this order? 1,213 users change mapping"), "{}", screen(&app));
    assert!(press(&mut app, "Enter").is_empty(), "Enter alone is no yes");
    assert!(press(&mut app, "y").is_empty(), "nothing is asked any more");
    let effects = keys(&mut app, &["Enter", "y"]);
    let [Effect::Request(Request::SaveOrder { from, to })] = &effects[..] else { panic!("it is saved") };
    assert_eq!(*from, names(&mappings()));
    assert_eq!((&to[0], &to[1]), (&from[1], &from[0]));
    // The disk is full: it says so, and what was ordered is still there.
    answered(&mut app, Answer::Reply(Reply::Failed(trouble())));
    answered(&mut app, Answer::Reply(Reply::Mappings(mappings())));
    assert!(screen(&app).contains("the disk is full") && screen(&app).contains("1  Kiosks"), "{}", screen(&app));
    let mut saved = mappings();
    saved.swap(0, 1);
    let effects = answered(&mut app, Answer::Reply(Reply::Ordered(saved)));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Request(Request::Standing))));
    assert!(screen(&app).contains("The order is saved"));
    press(&mut app, "Enter");
    assert!(screen(&app).contains("This order is saved."), "there is nothing more to save");
}

#[test]
fn escape_discards_the_order() {
    let mut app = moved(UTF8, (80, 24));
    let effects = press(&mut app, "Esc");
    assert!(matches!(app.screen, Screen::List(Kind::Mappings)));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Request(Request::SaveOrder { .. }))));
}

#[test]
fn the_first_goes_no_further_up_and_the_last_no_further_down() {
    let mut app = opened(UTF8, (80, 24));
    assert!(press(&mut app, "K").is_empty());
    assert!(keys(&mut app, &["End", "J"]).is_empty());
    assert!(press(&mut app, "Enter").is_empty() && screen(&app).contains("This order is saved."));
}

#[test]
fn a_change_by_another_administrator_is_not_overwritten() {
    let mut others = mappings();
    others.swap(1, 2);
    // Nothing was moved here yet: the screen follows.
    let mut app = opened(UTF8, (80, 24));
    assert!(matches!(
        app.update(Message::Changed)[..],
        [Effect::Request(Request::Standing), Effect::Request(Request::Mappings)]
    ));
    assert_eq!(asked(&answered(&mut app, Answer::Reply(Reply::Mappings(others.clone())))), names(&others));
    // The order was changed: the console shows a message and does not overwrite the change.
    let mut app = moved(UTF8, (80, 24));
    answered(&mut app, Answer::Reply(Reply::Mappings(others)));
    assert!(screen(&app).contains("Another administrator changed the mappings"), "{}", screen(&app));
    assert!(keys(&mut app, &["Enter", "y"]).is_empty());
}

#[test]
fn ordering_reads_no_directory_without_r() {
    let mut app = opened(UTF8, (80, 24));
    let effects = press(&mut app, "+");
    assert!(matches!(effects[..], [Effect::Request(Request::InOrder(_))]), "a move asks no directory");
    let order = asked(&effects);
    give(&mut app, order.clone(), None);
    assert!(screen(&app).contains("r read"), "{}", screen(&app));
    let read = job(&press(&mut app, "r"));
    assert!(screen(&app).contains("Ctrl-X cancel"));
    answered(&mut app, Answer::Job(read, JobEvent::InOrder { order, moves: moves() }));
    assert!(screen(&app).contains("1,212 users go from Laptops to Kiosks"));
}

#[test]
fn the_order_opens_on_the_mapping_that_was_selected() {
    let mut app = app(Step::Mapping, UTF8, (80, 24));
    keys(&mut app, &["Esc", "3"]);
    let asked_rows = Asked { kind: Kind::Mappings, search: String::new(), order: 0 };
    let mut rows = rows(&asked_rows, 0, 3);
    for (row, mapping) in rows.rows.iter_mut().zip(mappings()) {
        row.id = mapping.name.to_string();
        row.acts = vec![Act::Order];
    }
    answered(&mut app, Answer::Reply(Reply::Rows(Box::new(asked_rows), rows)));
    keys(&mut app, &["Down", "o"]);
    answered(&mut app, Answer::Reply(Reply::Mappings(mappings())));
    let was = names(&mappings());
    assert_eq!(asked(&press(&mut app, "-")), [was[1].clone(), was[0].clone(), was[2].clone()]);
}
