//! The form that a value must have: the kinds of properties, file names and ids.

use serde::Deserialize;

/// The form of the value of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    #[default]
    Text,
    /// Several items separated by commas; passed unchanged on the command line of an installer.
    List,
    /// The name of a public property of Windows Installer.
    MsiName,
    /// A key of a settings file.
    Key,
    FileName,
    /// A product code with braces.
    Guid,
    /// `https://`
    Url,
    /// 64 hexadecimal digits.
    Sha256,
    /// A path on a Mac: absolute, or below the home folder of the user.
    MacPath,
}

impl Kind {
    /// Why `text` is not a value of this kind, as the end of a sentence that begins with "it".
    pub fn objection(self, text: &str) -> Option<&'static str> {
        let first = text.chars().next();
        let word = |more: &[u8], text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b));
        let (fits, why) = match self {
            _ if text.chars().any(char::is_control) => (false, "contains a control character, such as a line break"),
            _ if text.len() > 2048 => (false, "is longer than 2048 bytes"),
            Self::Text => (true, ""),
            Self::List => (items(text).next().is_some(), "has no items"),
            Self::MsiName => (
                first.is_some_and(|c| c.is_ascii_uppercase() || c == '_')
                    && word(b"_.", text)
                    && !text.contains(|c: char| c.is_ascii_lowercase())
                    && text.len() <= 72,
                "is not a public property: use capital letters, digits, dots and underscores, beginning with a letter or _",
            ),
            Self::Key => (
                first.is_some_and(|c| c.is_ascii_alphabetic() || c == '_') && word(b"_", text) && text.len() <= 72,
                "is not a key: use letters, digits and underscores, beginning with a letter",
            ),
            Self::FileName => {
                (is_file_name(text), "is not a file name: use letters, digits, spaces, dots, hyphens and underscores")
            }
            Self::Guid => (is_guid(text), "is not a product code such as {12345678-90AB-CDEF-1234-567890ABCDEF}"),
            Self::Url => (
                url::Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.has_host()),
                "is not an address that starts with https://",
            ),
            Self::Sha256 => (
                text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()),
                "is not a SHA-256 of 64 hexadecimal digits",
            ),
            Self::MacPath => (
                !text.is_empty()
                    && !text.ends_with('/')
                    && text.split('/').enumerate().all(|(at, part)| {
                        !matches!(part, "." | "..") && !part.starts_with('-') && (at == 0 || !part.is_empty())
                    }),
                "is not the path of a file, without . and ..",
            ),
        };
        (!fits).then_some(why)
    }
}

/// The items of a [`Kind::List`].
pub(super) fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

fn is_guid(text: &str) -> bool {
    text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).is_some_and(|inner| {
        inner.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && inner.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
    })
}

/// Whether Windows, macOS and Linux all accept the name unchanged, and it cannot lead out of its folder.
pub(super) fn is_file_name(text: &str) -> bool {
    let stem = text.split('.').next().unwrap_or_default().to_ascii_uppercase();
    let reserved = matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || (stem.len() == 4
            && (stem.starts_with("COM") || stem.starts_with("LPT"))
            && stem.ends_with(char::is_numeric));
    (1..=100).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b" ._-()".contains(&b))
        && !text.starts_with(['.', '-', ' '])
        && !text.ends_with(['.', ' '])
        && !reserved
}

/// Whether the text is an id of an agent or a target, which is also the name of a folder.
pub(super) fn is_id(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
}
