//! Secret types, sealed secrets and key material.
//!
//! May import `model`. Nothing here can be printed, logged or serialized; what is kept is sealed first.

use zeroize::Zeroizing;

/// A password, a token or a private key in clear. No `Debug`, `Display` or `Serialize`; zeroed on drop.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The secret itself. Each use is a place to look at: where does it go from here?
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
