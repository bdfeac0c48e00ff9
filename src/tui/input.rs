//! The thread that reads keys.
//!
//! A terminal says ESC for the key Escape and ESC `[` `A` for Up; over a slow line the parts of the latter arrive
//! apart (ECMA-48, 5.4). So Escape is only believed when nothing follows it within 50 ms, and a sequence that came
//! in parts is put together here.

use std::io;
use std::sync::mpsc::Sender;
use std::time::Duration;

use crossterm::event::{self, Event as Raw, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::event::Event;
use super::message::Message;

const GUARD: Duration = Duration::from_millis(50);

/// Starts the thread. It ends with the program: nothing can be said to a thread that waits for a key.
pub(super) fn start(events: Sender<Event>) -> io::Result<()> {
    std::thread::Builder::new().name("keys".into()).spawn(move || {
        while let Ok(raw) = event::read() {
            let sent =
                messages(raw, &mut follows).into_iter().try_for_each(|message| events.send(Event::Message(message)));
            if sent.is_err() {
                return;
            }
        }
        let _ = events.send(Event::Gone);
    })?;
    Ok(())
}

/// The next input within the guard time, if any.
fn follows() -> Option<Raw> {
    if event::poll(GUARD).ok()? { event::read().ok() } else { None }
}

fn messages(raw: Raw, follows: &mut dyn FnMut() -> Option<Raw>) -> Vec<Message> {
    match raw {
        Raw::Key(key) if key.kind == KeyEventKind::Release => Vec::new(),
        Raw::Key(key) if key.code == KeyCode::Esc && key.modifiers.is_empty() => after_escape(key, follows),
        // There are no Alt chords here: this was Escape with the next key close behind it.
        Raw::Key(key) if key.modifiers.contains(KeyModifiers::ALT) => {
            let rest = KeyEvent { modifiers: key.modifiers - KeyModifiers::ALT, ..key };
            vec![Message::Key(plain(KeyCode::Esc)), Message::Key(rest)]
        }
        Raw::Key(key) => vec![Message::Key(key)],
        Raw::Paste(text) => vec![Message::Paste(text)],
        Raw::Resize(width, height) => vec![Message::Resize(width, height)],
        Raw::FocusGained | Raw::FocusLost | Raw::Mouse(_) => Vec::new(),
    }
}

fn plain(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

fn after_escape(escape: KeyEvent, follows: &mut dyn FnMut() -> Option<Raw>) -> Vec<Message> {
    let Some(next) = follows() else { return vec![Message::Key(escape)] };
    let opens = matches!(&next, Raw::Key(key) if matches!(key.code, KeyCode::Char('[' | 'O')));
    if !opens {
        return std::iter::once(Message::Key(escape)).chain(messages(next, follows)).collect();
    }
    let mut sequence = String::new();
    // The longest that matters is `3;5~`.
    while sequence.len() < 8 {
        match follows() {
            Some(Raw::Key(KeyEvent { code: KeyCode::Char(c), .. })) => {
                sequence.push(c);
                if c.is_ascii_alphabetic() || c == '~' {
                    break;
                }
            }
            _ => break,
        }
    }
    // An unknown sequence is ignored.
    decode(&sequence).map(|code| Message::Key(plain(code))).into_iter().collect()
}

fn decode(sequence: &str) -> Option<KeyCode> {
    let last = sequence.chars().last()?;
    Some(match last {
        'A' => KeyCode::Up,
        'B' => KeyCode::Down,
        'C' => KeyCode::Right,
        'D' => KeyCode::Left,
        'H' => KeyCode::Home,
        'F' => KeyCode::End,
        'Z' => KeyCode::BackTab,
        '~' => match sequence.trim_end_matches('~').split(';').next()? {
            "1" | "7" => KeyCode::Home,
            "4" | "8" => KeyCode::End,
            "3" => KeyCode::Delete,
            "5" => KeyCode::PageUp,
            "6" => KeyCode::PageDown,
            _ => return None,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(first: Raw, rest: &str) -> Vec<KeyCode> {
        let mut rest = rest.chars().map(|c| Raw::Key(plain(KeyCode::Char(c)))).collect::<Vec<_>>().into_iter();
        let of = |message| match message {
            Message::Key(key) => key.code,
            _ => KeyCode::Null,
        };
        messages(first, &mut || rest.next()).into_iter().map(of).collect()
    }

    fn escape() -> Raw {
        Raw::Key(plain(KeyCode::Esc))
    }

    #[test]
    fn escape_alone_is_escape() {
        assert_eq!(keys(escape(), ""), [KeyCode::Esc]);
        assert_eq!(keys(escape(), "x"), [KeyCode::Esc, KeyCode::Char('x')]);
    }

    #[test]
    fn a_sequence_that_arrives_in_parts_is_one_key() {
        for (rest, code) in
            [("[A", KeyCode::Up), ("OB", KeyCode::Down), ("[5~", KeyCode::PageUp), ("[Z", KeyCode::BackTab)]
        {
            assert_eq!(keys(escape(), rest), [code], "{rest}");
        }
        assert_eq!(keys(escape(), "[99~"), [], "unknown ones ask for nothing");
    }

    #[test]
    fn what_looks_like_alt_was_escape_and_a_key() {
        let alt = Raw::Key(KeyEvent::new(KeyCode::Char('x'), KeyModifiers::ALT));
        assert_eq!(keys(alt, ""), [KeyCode::Esc, KeyCode::Char('x')]);
    }
}
