//! What a user gets at the first activation: an account with a profile, a storage and a quota.

use jiff::Timestamp;

use super::device::Given;
use super::name::Name;
use super::text::Untrusted;
use super::user::Guid;

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Account {
    #[serde(skip)]
    pub id: i64,
    pub directory: Name,
    pub guid: Guid,
    /// UPN or cn, as the mapping says.
    pub name: Untrusted,
    pub mail: Untrusted,
    /// The name that people read.
    pub user: String,
    #[serde(flatten)]
    pub given: Given,
    pub created_at: Timestamp,
    /// How many activated devices it has.
    pub devices: u64,
}
