//! The deadlines of LDAP operations.

use std::time::Duration;

/// The deadlines of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// For name resolution, the TCP connection and the TLS handshake, each.
    pub connect: Duration,
    pub bind: Duration,
    /// For a page of search results, or any other answer: from the request to the end of the answer.
    pub page: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), bind: Duration::from_secs(10), page: Duration::from_secs(30) }
    }
}

impl Deadlines {
    /// Deadlines while a laptop waits for the answer; shorter than for a sync.
    pub(in crate::directory) const INTERACTIVE: Self =
        Self { connect: Duration::from_secs(3), bind: Duration::from_secs(8), page: Duration::from_secs(8) };
}
