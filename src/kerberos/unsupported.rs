//! Replaces the library in a program that was built without it.

use super::Error;
#[cfg(feature = "console")]
use super::{Principal, keytab};

/// Never constructed.
#[cfg(feature = "console")]
#[derive(Debug)]
pub enum Acceptor {}

#[cfg(feature = "console")]
impl Acceptor {
    /// Checks the keytab even so, then fails.
    pub fn open(keytab: &std::path::Path) -> Result<Self, Error> {
        keytab::check(keytab)?;
        Err(Error::NotBuilt)
    }

    pub fn accept(&self, _token: &[u8], _end_point: Option<&[u8]>) -> Result<Principal, Error> {
        match *self {}
    }
}

/// Always fails.
pub fn ticket(_host: &str, _end_point: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    Err(Error::NotBuilt)
}
