//! Search filters (RFC 4515): parsed, printed, and evaluated against a user as Active Directory would.
//!
//! May import `model`.

/// A search filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    And(Vec<Filter>),
}
