//! What stands for the library in a program that was built without it.

use std::path::Path;

use super::{Error, Principal};

/// Cannot be had.
#[derive(Debug)]
pub enum Acceptor {}

impl Acceptor {
    pub fn open(_keytab: &Path) -> Result<Self, Error> {
        Err(Error::LeftOut)
    }

    pub fn accept(&self, _token: &[u8], _end_point: Option<&[u8]>) -> Result<Principal, Error> {
        match *self {}
    }
}

/// No ticket is to be had.
pub fn ticket(_host: &str, _end_point: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    Err(Error::LeftOut)
}
