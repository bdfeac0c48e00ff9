//! Input of secrets: the user's password without echo or from standard input, never from the command line.

use std::io::Read;

use super::Error;
use crate::secrets::Secret;

/// The longest password, in bytes.
const LONGEST: usize = 1024;

/// The longest token, in bytes.
const LONGEST_TOKEN: usize = 4096;

/// Asks on the terminal, even when standard input and output are redirected.
///
/// The keys that send signals end the question instead: a signal would end the program before it can restore the echo.
#[cfg(unix)]
pub fn password_from_terminal(user: &str) -> Result<Secret, Error> {
    use std::fs::OpenOptions;
    use std::io::Write as _;

    use crate::secrets::{NoEcho, SIGNAL_KEYS};

    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(|_| Error::NoPassword)?;
    let no_echo = NoEcho::without_signals(&terminal).map_err(Error::System)?;
    let asked = write!(terminal, "Password for {}: ", crate::model::text::shown(user)).and_then(|()| terminal.flush());
    let password = asked.map_err(Error::System).and_then(|()| line(&mut terminal, &SIGNAL_KEYS));
    drop(no_echo);
    if password.is_err() {
        let _ = writeln!(terminal);
    }
    password
}

/// Asks in the console window.
#[cfg(windows)]
pub fn password_from_terminal(user: &str) -> Result<Secret, Error> {
    let asked = rpassword::prompt_password(format!("Password for {}: ", crate::model::text::shown(user)));
    let password = Secret::new(asked.map_err(|_| Error::NoPassword)?);
    if password.is_empty() || password.expose().len() > LONGEST { Err(Error::NoPassword) } else { Ok(password) }
}

/// The first line of standard input.
pub fn password_from_stdin() -> Result<Secret, Error> {
    line(&mut input()?, &[])
}

/// All of standard input, without the space around it.
pub fn token_from_stdin() -> Result<Secret, Error> {
    let mut bytes = zeroize::Zeroizing::new([0; LONGEST_TOKEN]);
    let (mut input, mut length) = (input()?, 0);
    while length < bytes.len() {
        match input.read(&mut bytes[length..]).map_err(Error::System)? {
            0 => break,
            more => length += more,
        }
    }
    let text = std::str::from_utf8(&bytes[..length]).map_err(|_| Error::NotAToken)?;
    Ok(Secret::new(text.trim()))
}

/// Bypasses std's buffer, in which a secret would remain.
#[cfg(unix)]
fn input() -> Result<std::fs::File, Error> {
    use std::os::fd::AsFd as _;
    Ok(std::fs::File::from(std::io::stdin().as_fd().try_clone_to_owned().map_err(Error::System)?))
}

/// Only std converts console input to UTF-8.
#[cfg(windows)]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on other systems")]
fn input() -> Result<std::io::StdinLock<'static>, Error> {
    Ok(std::io::stdin().lock())
}

/// A line without its end, read byte by byte into memory that is wiped and never reallocated. A byte in `cancel`
/// cancels the input.
fn line(from: &mut impl Read, cancel: &[u8]) -> Result<Secret, Error> {
    let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    let mut byte = zeroize::Zeroizing::new([0]);
    while bytes.len() <= LONGEST && from.read(&mut *byte).map_err(Error::System)? == 1 && byte[0] != b'\n' {
        if cancel.contains(&byte[0]) {
            return Err(Error::NoPassword);
        }
        bytes.push(byte[0]);
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| Error::NoPassword)?;
    if text.is_empty() || text.len() > LONGEST { Err(Error::NoPassword) } else { Ok(Secret::new(text)) }
}
