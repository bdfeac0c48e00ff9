//! A user of a directory: identity, attributes, and the state of the account.

use jiff::Timestamp;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use super::text::Untrusted;

/// An objectGUID: the key of a user, which renames and moves do not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(pub [u8; 16]);

impl std::fmt::Display for Guid {
    /// In the mixed-endian form that Active Directory's tools print ([MS-DTYP] 2.3.4).
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Uuid::from_bytes_le(self.0).hyphenated().fmt(f)
    }
}

impl std::str::FromStr for Guid {
    type Err = super::Unreadable;

    /// With hyphens, in either case, with or without braces. Without hyphens it could be the name of a user.
    fn from_str(text: &str) -> Result<Self, super::Unreadable> {
        let bare = text.trim();
        let bare = bare.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(bare);
        let uuid: Hyphenated = bare.parse().map_err(|_| {
            super::Unreadable::new("an objectGUID such as \"6c3a4a7e-0b1d-4c4e-9a54-2a3f6d0f9b11\"", text)
        })?;
        Ok(Self(uuid.into_uuid().to_bytes_le()))
    }
}

impl serde::Serialize for Guid {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

macro_rules! attributes {
    ($($variant:ident = $name:literal,)*) => {
        /// The attributes that imd reads, caches and shows. It reads no others.
        ///
        /// Their order is the order in which a [`User`] keeps its values.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Attribute { $($variant,)* }

        impl Attribute {
            pub const ALL: &'static [Attribute] = &[$(Attribute::$variant,)*];

            /// The name in the directory's schema.
            pub const fn name(self) -> &'static str {
                match self { $(Attribute::$variant => $name,)* }
            }
        }
    };
}

attributes! {
    ObjectGuid = "objectGUID",
    ObjectSid = "objectSid",
    DistinguishedName = "distinguishedName",
    CommonName = "cn",
    SamAccountName = "sAMAccountName",
    UserPrincipalName = "userPrincipalName",
    Mail = "mail",
    ProxyAddresses = "proxyAddresses",
    DisplayName = "displayName",
    GivenName = "givenName",
    Surname = "sn",
    Department = "department",
    Company = "company",
    Country = "c",
    CountryName = "co",
    Title = "title",
    EmployeeId = "employeeID",
    EmployeeNumber = "employeeNumber",
    EmployeeType = "employeeType",
    Manager = "manager",
    UserAccountControl = "userAccountControl",
    AccountExpires = "accountExpires",
    PwdLastSet = "pwdLastSet",
    LastLogonTimestamp = "lastLogonTimestamp",
    PrimaryGroupId = "primaryGroupID",
    MemberOf = "memberOf",
    WhenCreated = "whenCreated",
    WhenChanged = "whenChanged",
    UsnChanged = "uSNChanged",
}

impl Attribute {
    /// The attribute of that name, in any case.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|attribute| attribute.name().eq_ignore_ascii_case(name))
    }

    /// Operational attributes are stored, but a user in whom only they differ has not changed.
    pub const fn is_operational(self) -> bool {
        matches!(self, Self::UsnChanged | Self::WhenChanged | Self::LastLogonTimestamp | Self::PwdLastSet)
    }
}

impl Attribute {
    /// Attributes that may have several values; of the others the directory keeps one ([MS-ADA1] to [MS-ADA3]).
    pub const fn is_multi_valued(self) -> bool {
        matches!(self, Self::ProxyAddresses | Self::MemberOf)
    }
}

/// A user with the values of a directory, equal from LDAP and from a file.
///
/// Values are text: a GUID and a SID as they are printed, numbers and FILETIMEs in decimal, times as the directory
/// writes them (RFC 4517, 3.3.13). Sorted by attribute, and by value within a multi-valued one, so that two readings
/// of an unchanged user are equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub guid: Guid,
    values: Vec<(Attribute, Untrusted)>,
}

impl User {
    pub fn new(guid: Guid, mut values: Vec<(Attribute, Untrusted)>) -> Self {
        values.sort_unstable();
        Self { guid, values }
    }

    /// Every value, in the order of [`Attribute::ALL`].
    pub fn all(&self) -> &[(Attribute, Untrusted)] {
        &self.values
    }

    /// Every value of one attribute.
    pub fn values(&self, attribute: Attribute) -> impl Iterator<Item = &Untrusted> {
        let from = self.values.partition_point(|(a, _)| *a < attribute);
        self.values[from..].iter().take_while(move |(a, _)| *a == attribute).map(|(_, value)| value)
    }

    /// The first value of an attribute, empty values counting as none.
    pub fn first(&self, attribute: Attribute) -> Option<&Untrusted> {
        self.values(attribute).find(|value| !value.raw().trim().is_empty())
    }

    fn number(&self, attribute: Attribute) -> Option<i64> {
        self.first(attribute)?.raw().trim().parse().ok()
    }

    /// The name that people read: display name, else cn, else sAMAccountName, else the GUID.
    pub fn label(&self) -> String {
        [Attribute::DisplayName, Attribute::CommonName, Attribute::SamAccountName]
            .into_iter()
            .find_map(|attribute| self.first(attribute))
            .map_or_else(|| self.guid.to_string(), Untrusted::shown)
    }

    /// ACCOUNTDISABLE, 0x2 of userAccountControl ([MS-ADTS] 2.2.16).
    pub fn is_disabled(&self) -> bool {
        self.number(Attribute::UserAccountControl).is_some_and(|flags| flags & 0x2 != 0)
    }

    /// When the account expires; `None` is never (0 and 0x7FFF_FFFF_FFFF_FFFF both say so, [MS-ADA1] 2.3).
    pub fn expires_at(&self) -> Option<Timestamp> {
        filetime(self.number(Attribute::AccountExpires)?)
    }
}

impl serde::Serialize for User {
    /// An object of attributes by name, with a list where there may be several values; safe to show.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap as _;
        let mut object = serializer.serialize_map(None)?;
        for values in self.values.chunk_by(|(a, _), (b, _)| a == b) {
            let attribute = values[0].0;
            if attribute.is_multi_valued() {
                let values: Vec<_> = values.iter().map(|(_, value)| value).collect();
                object.serialize_entry(attribute.name(), &values)?;
            } else {
                object.serialize_entry(attribute.name(), &values[0].1)?;
            }
        }
        object.end()
    }
}

/// A FILETIME: 100 ns since 1601-01-01 UTC ([MS-DTYP] 2.3.3). 0, the maximum and what no calendar holds are `None`.
pub fn filetime(ticks: i64) -> Option<Timestamp> {
    const UNIX_EPOCH: i64 = 116_444_736_000_000_000;
    if ticks <= 0 || ticks == i64::MAX {
        return None;
    }
    let since_epoch = ticks - UNIX_EPOCH;
    Timestamp::new(since_epoch.div_euclid(10_000_000), i32::try_from(since_epoch.rem_euclid(10_000_000) * 100).ok()?)
        .ok()
}

/// A name of a user in one of its forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameForm {
    Guid(Guid),
    /// `CORP\jdoe`: the NetBIOS name of the domain and the sAMAccountName.
    DownLevel {
        domain: String,
        sam: String,
    },
    /// Something with an `@`: a UPN, a mail or an alias.
    AtSign(String),
    /// A DN.
    Dn(String),
    /// A bare sAMAccountName, which two domains may share.
    Bare(String),
}

impl NameForm {
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        if let Ok(guid) = text.parse() {
            Self::Guid(guid)
        } else if let Some((domain, sam)) = text.split_once('\\').filter(|_| !text.contains('=')) {
            Self::DownLevel { domain: domain.to_owned(), sam: sam.to_owned() }
        } else if text.contains('=') && text.contains(',') {
            Self::Dn(text.to_owned())
        } else if text.contains('@') {
            Self::AtSign(text.to_owned())
        } else {
            Self::Bare(text.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_printed_as_active_directory_prints_it() {
        // The example of [MS-DTYP] 2.3.4.3: the first three fields are little-endian.
        let guid =
            Guid([0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff]);
        assert_eq!(guid.to_string(), "00112233-4455-6677-8899-aabbccddeeff");
        for text in [
            "00112233-4455-6677-8899-aabbccddeeff",
            "00112233-4455-6677-8899-AABBCCDDEEFF",
            "{00112233-4455-6677-8899-AABBCCDDEEFF}",
            " {00112233-4455-6677-8899-aabbccddeeff} ",
        ] {
            assert_eq!(text.parse(), Ok(guid), "{text}");
        }
    }

    #[test]
    fn other_forms_of_a_guid_are_rejected() {
        for text in [
            "",
            "00112233445566778899aabbccddeeff",
            "urn:uuid:00112233-4455-6677-8899-aabbccddeeff",
            "{00112233-4455-6677-8899-aabbccddeeff",
            "00112233-4455-6677-8899-aabbccddeefg",
            "00112233-4455-6677-8899-aabbccddee\u{e9}",
            "001122334455-6677-8899-aabbcc-ddeeff",
        ] {
            assert!(text.parse::<Guid>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_filetime_of_never_is_no_time() {
        assert_eq!(filetime(0), None);
        assert_eq!(filetime(i64::MAX), None);
        assert_eq!(filetime(133_700_000_000_000_000).map(|t| t.to_string()).as_deref(), Some("2024-09-05T08:53:20Z"));
        assert!(filetime(1).is_some_and(|t| t.to_string().starts_with("1601-01-01T00:00:00")));
    }

    #[test]
    fn name_forms_are_distinguished() {
        assert_eq!(NameForm::of(r"CORP\jdoe"), NameForm::DownLevel { domain: "CORP".into(), sam: "jdoe".into() });
        assert_eq!(NameForm::of("jdoe@corp.test"), NameForm::AtSign("jdoe@corp.test".into()));
        assert_eq!(NameForm::of("jdoe"), NameForm::Bare("jdoe".into()));
        assert_eq!(NameForm::of(r"CN=Doe\, Jane,DC=x"), NameForm::Dn(r"CN=Doe\, Jane,DC=x".into()));
        assert!(matches!(NameForm::of("00112233-4455-6677-8899-aabbccddeeff"), NameForm::Guid(_)));
    }

    #[test]
    fn values_are_found_whatever_the_order_they_came_in() {
        let user = User::new(
            Guid([0; 16]),
            vec![
                (Attribute::MemberOf, "b".into()),
                (Attribute::Mail, "m@x".into()),
                (Attribute::MemberOf, "a".into()),
                (Attribute::UserAccountControl, "514".into()),
            ],
        );
        assert_eq!(user.values(Attribute::MemberOf).map(Untrusted::raw).collect::<Vec<_>>(), ["a", "b"]);
        assert!(user.is_disabled());
        assert!(user.first(Attribute::Title).is_none());
    }
}
