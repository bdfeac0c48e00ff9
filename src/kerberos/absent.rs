//! What stands for the library in a program that was built without it.

use super::Error;
#[cfg(feature = "console")]
use super::{Principal, keytab};

/// Cannot be had.
#[cfg(feature = "console")]
#[derive(Debug)]
pub enum Acceptor {}

#[cfg(feature = "console")]
impl Acceptor {
    /// What is wrong with the keytab is said all the same.
    pub fn open(keytab: &std::path::Path) -> Result<Self, Error> {
        keytab::fit(keytab)?;
        Err(Error::Excluded)
    }

    pub fn accept(&self, _token: &[u8], _end_point: Option<&[u8]>) -> Result<Principal, Error> {
        match *self {}
    }
}

/// No ticket is to be had.
pub fn ticket(_host: &str, _end_point: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    Err(Error::Excluded)
}
