//! The user's password: typed without echo, or from standard input. Never from the command line.

use std::io::Read;

use super::Error;
use crate::secrets::Secret;

/// The longest password, in bytes.
const LONGEST: usize = 1024;

/// Asks on the terminal, whatever standard input and output are.
#[cfg(unix)]
pub fn password_from_terminal(user: &str) -> Result<Secret, Error> {
    use std::fs::OpenOptions;
    use std::io::Write as _;

    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(|_| Error::NoPassword)?;
    let before = tcgetattr(&terminal).map_err(|error| Error::System(error.into()))?;
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    silent.local_modes.insert(LocalModes::ICANON | LocalModes::ECHONL);
    tcsetattr(&terminal, OptionalActions::Flush, &silent).map_err(|error| Error::System(error.into()))?;
    let asked = write!(terminal, "Password of {}: ", crate::model::text::shown(user)).and_then(|()| terminal.flush());
    let password = asked.map_err(Error::System).and_then(|()| line(&mut terminal));
    let restored = tcsetattr(&terminal, OptionalActions::Flush, &before);
    restored.map_err(|error| Error::System(error.into()))?;
    password
}

/// Asks in the console window.
#[cfg(windows)]
pub fn password_from_terminal(user: &str) -> Result<Secret, Error> {
    let asked = rpassword::prompt_password(format!("Password of {}: ", crate::model::text::shown(user)));
    let password = Secret::new(asked.map_err(|_| Error::NoPassword)?);
    if password.is_empty() || password.expose().len() > LONGEST { Err(Error::NoPassword) } else { Ok(password) }
}

/// The first line of standard input.
pub fn password_from_stdin() -> Result<Secret, Error> {
    line(&mut std::io::stdin().lock())
}

/// A line without its end, read byte by byte into memory that is wiped and never grows.
fn line(from: &mut impl Read) -> Result<Secret, Error> {
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    let mut byte = [0];
    while bytes.len() <= LONGEST && from.read(&mut byte).map_err(Error::System)? == 1 && byte[0] != b'\n' {
        bytes.push(byte[0]);
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| Error::NoPassword)?;
    if text.is_empty() || text.len() > LONGEST { Err(Error::NoPassword) } else { Ok(Secret::new(text)) }
}
