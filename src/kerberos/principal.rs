//! The principal of a ticket, and the user of a directory that it identifies.

use crate::model::dn::Dn;
use crate::model::fold::same;
use crate::model::text::Untrusted;
use crate::model::user::{Attribute, NameForm, User};

/// A user's principal: `jdoe@CORP.EXAMPLE.COM`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The sAMAccountName, or the part of a UPN before the `@`.
    pub name: String,
    pub realm: String,
}

impl Principal {
    /// Parses a principal as the library writes it (RFC 1964, 2.1.1: `\` escapes special characters). A principal with
    /// several components (`HTTP/host`) is not a user's.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = vec![String::new()];
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            let first = parts.len() == 1;
            let part = parts.last_mut()?;
            match letter {
                '\\' => part.push(match letters.next()? {
                    'n' => '\n',
                    't' => '\t',
                    'b' => '\u{8}',
                    '0' => '\0',
                    other => other,
                }),
                '@' => parts.push(String::new()),
                '/' if first => return None,
                other => part.push(other),
            }
        }
        let (realm, name) = (parts.pop()?, parts.pop()?);
        (parts.is_empty() && !name.is_empty() && !realm.is_empty()).then_some(Self { name, realm })
    }

    /// The names to search for; verify the found user with [`Self::identifies`].
    pub fn names(&self) -> [NameForm; 2] {
        [NameForm::Bare(self.name.clone()), NameForm::AtSign(self.upn())]
    }

    /// Whether this is the user's principal: the user is in the realm's domain and has that sAMAccountName or UPN
    /// ([MS-KILE] 3.3.5.6.1). The bare name alone is never enough.
    pub fn identifies(&self, user: &User) -> bool {
        let of = |attribute| user.first(attribute).map(Untrusted::raw);
        let domain = of(Attribute::DistinguishedName).and_then(|dn| dn.parse::<Dn>().ok()).map(|dn| dn.domain());
        domain.is_some_and(|domain| same(&domain, &self.realm))
            && (of(Attribute::SamAccountName).is_some_and(|sam| same(sam, &self.name))
                || of(Attribute::UserPrincipalName).is_some_and(|upn| same(upn, &self.upn())))
    }

    fn upn(&self) -> String {
        // An enterprise name is a UPN already: `jdoe\@corp.example.com@CORP.EXAMPLE.COM`.
        if self.name.contains('@') { self.name.clone() } else { format!("{}@{}", self.name, self.realm) }
    }
}

impl std::fmt::Display for Principal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.name, self.realm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::user::Guid;

    fn user(dn: &str, sam: &str, upn: &str) -> User {
        let values =
            [(Attribute::DistinguishedName, dn), (Attribute::SamAccountName, sam), (Attribute::UserPrincipalName, upn)];
        User::new(Guid([1; 16]), values.into_iter().map(|(attribute, value)| (attribute, value.into())).collect())
    }

    #[test]
    fn principal_is_parsed_with_escapes() {
        let read = |text| Principal::parse(text).map(|it| (it.name, it.realm));
        let is = |name: &str, realm: &str| Some((name.to_owned(), realm.to_owned()));
        assert_eq!(read("jdoe@CORP.TEST"), is("jdoe", "CORP.TEST"));
        assert_eq!(read(r"jane\@corp.test@CORP.TEST"), is("jane@corp.test", "CORP.TEST"));
        assert_eq!(read(r"a\/b\\c@CORP.TEST"), is(r"a/b\c", "CORP.TEST"));
        for none in ["", "jdoe", "@CORP.TEST", "jdoe@", "HTTP/host@CORP.TEST", "a@b@CORP.TEST", r"jdoe@CORP.TEST\"] {
            assert_eq!(read(none), None, "{none}");
        }
    }

    #[test]
    fn same_name_in_another_domain_is_another_user() {
        let here = user("CN=Jane,OU=Staff,DC=corp,DC=test", "jdoe", "jane.doe@corp.test");
        let is = |text: &str| Principal::parse(text).is_some_and(|principal| principal.identifies(&here));
        for own in ["jdoe@CORP.TEST", "JDoe@corp.test", "jane.doe@CORP.TEST", r"jane.doe\@corp.test@CORP.TEST"] {
            assert!(is(own), "{own}");
        }
        for other in ["jdoe@OTHER.TEST", "jdoe@CHILD.CORP.TEST", "jdoe@TEST", "Jane@CORP.TEST"] {
            assert!(!is(other), "{other}");
        }
        // A UPN with the suffix of another domain does not make a user of that domain.
        let elsewhere = user("CN=Eve,DC=other,DC=test", "eve", "jdoe@corp.test");
        assert!(!Principal::parse("jdoe@CORP.TEST").is_some_and(|principal| principal.identifies(&elsewhere)));
    }
}
