//! Decodes the answers of a server (RFC 4511, 4.1.1): each message is checked completely and not copied.
//!
//! `ldap3` is not used here: its parser recurses without a limit and panics on missing fields.

use super::ber::{self, Malformed, Values};

/// The longest accepted message: 16 MiB. Active Directory itself accepts 10 MiB.
pub(super) const LONGEST: usize = 16 * 1024 * 1024;

const PAGED_RESULTS: &[u8] = b"1.2.840.113556.1.4.319";

/// The length of the message at the start of `bytes`; `None` until its header has arrived.
pub(super) fn length(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    if bytes.first().is_some_and(|first| *first != ber::SEQUENCE) {
        return Err(Malformed("not an LDAP message"));
    }
    let Some(header) = ber::Header::read(bytes)? else { return Ok(None) };
    if header.length > LONGEST {
        return Err(Malformed("a message is longer than 16 MiB"));
    }
    Ok(Some(header.size + header.length))
}

/// A message.
#[derive(Debug)]
pub(super) struct Message<'a> {
    pub(super) id: u32,
    pub(super) operation: Operation<'a>,
    /// The cookie of the paged results control (RFC 2696), if present.
    pub(super) cookie: Option<&'a [u8]>,
}

/// The possible answers to the requests of this module.
#[derive(Debug)]
pub(super) enum Operation<'a> {
    Bound(Outcome<'a>),
    Entry(Entry<'a>),
    /// A SearchResultReference to another server, which is never followed.
    Reference,
    Done(Outcome<'a>),
    /// An ExtendedResponse: the answer to StartTLS.
    Extended(Outcome<'a>),
    /// An unsolicited notification: the server disconnects (RFC 4511, 4.4.1).
    Notice(Outcome<'a>),
}

/// An LDAPResult.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome<'a> {
    pub(super) code: u32,
    pub(super) diagnostic: &'a [u8],
    /// The first URI of the referral, if present.
    pub(super) referral: Option<&'a [u8]>,
}

/// A SearchResultEntry.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) dn: &'a str,
    /// Each value with its attribute description.
    pub(super) values: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Message<'a> {
    /// Decodes `bytes` as one message.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut parts = Values(Values(bytes).expect(ber::SEQUENCE, "not an LDAP message")?);
        let id = ber::integer(parts.expect(ber::INTEGER, "no message id")?)?;
        let (tag, body) = parts.next()?.ok_or(Malformed("no operation"))?;
        let operation = match tag {
            0x61 => Operation::Bound(Outcome::read(body)?),
            0x64 => Operation::Entry(Entry::read(body)?),
            0x65 => Operation::Done(Outcome::read(body)?),
            0x73 => {
                octets(body, "invalid reference", |_| {})?;
                Operation::Reference
            }
            0x78 if id == 0 => Operation::Notice(Outcome::read(body)?),
            0x78 => Operation::Extended(Outcome::read(body)?),
            _ => return Err(Malformed("an answer without a request")),
        };
        // Active Directory puts the OID of a notice here, so everything but controls is skipped.
        let mut cookie = None;
        while let Some((tag, value)) = parts.next()? {
            if tag == 0xa0 {
                cookie = paging_cookie(value)?;
            }
        }
        Ok(Self { id, operation, cookie })
    }
}

impl<'a> Outcome<'a> {
    fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut parts = Values(body);
        let code = ber::integer(parts.expect(ber::ENUMERATED, "a result has no code")?)?;
        parts.expect(ber::OCTETS, "a result has no matched DN")?;
        let diagnostic = parts.expect(ber::OCTETS, "a result has no diagnostic message")?;
        let mut referral = None;
        if let Some(addresses) = parts.optional(0xa3)? {
            octets(addresses, "invalid referral", |address| {
                referral.get_or_insert(address);
            })?;
        }
        while parts.next()?.is_some() {}
        Ok(Self { code, diagnostic, referral })
    }
}

impl<'a> Entry<'a> {
    fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut parts = Values(body);
        let text = |bytes| std::str::from_utf8(bytes).map_err(|_| Malformed("a name is not UTF-8"));
        let dn = text(parts.expect(ber::OCTETS, "an entry has no DN")?)?;
        let mut attributes = Values(parts.expect(ber::SEQUENCE, "an entry has no list of attributes")?);
        let mut values = Vec::with_capacity(32);
        while let Some((tag, attribute)) = attributes.next()? {
            if tag != ber::SEQUENCE {
                return Err(Malformed("invalid attribute"));
            }
            let mut parts = Values(attribute);
            let description = text(parts.expect(ber::OCTETS, "an attribute has no description")?)?;
            let set = parts.expect(ber::SET, "an attribute has no set of values")?;
            octets(set, "invalid value", |value| values.push((description, value)))?;
        }
        Ok(Self { dn, values })
    }
}

/// Calls `each` with every octet string of a list; any other element is an error.
fn octets<'a>(list: &'a [u8], wrong: &'static str, mut each: impl FnMut(&'a [u8])) -> Result<(), Malformed> {
    let mut list = Values(list);
    while let Some((tag, value)) = list.next()? {
        if tag != ber::OCTETS {
            return Err(Malformed(wrong));
        }
        each(value);
    }
    Ok(())
}

/// The paging cookie among the controls, which must all be well-formed.
fn paging_cookie(controls: &[u8]) -> Result<Option<&[u8]>, Malformed> {
    let mut cookie = None;
    let mut controls = Values(controls);
    while let Some((tag, control)) = controls.next()? {
        if tag != ber::SEQUENCE {
            return Err(Malformed("invalid control"));
        }
        let mut parts = Values(control);
        let name = parts.expect(ber::OCTETS, "a control has no name")?;
        parts.optional(ber::BOOLEAN)?;
        let value = parts.optional(ber::OCTETS)?;
        if name != PAGED_RESULTS {
            continue;
        }
        let value = value.ok_or(Malformed("the paged results control has no value"))?;
        let mut parts = Values(Values(value).expect(ber::SEQUENCE, "invalid paged results control")?);
        parts.expect(ber::INTEGER, "the paged results control has no size")?;
        if cookie.replace(parts.expect(ber::OCTETS, "the paged results control has no cookie")?).is_some() {
            return Err(Malformed("two paged results controls"));
        }
    }
    Ok(cookie)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One value, with the four bytes of length that Active Directory writes.
    fn value(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let body = parts.concat();
        let length = u32::try_from(body.len()).expect("short").to_be_bytes();
        [&[tag, 0x84][..], &length, &body].concat()
    }

    fn result(tag: u8, code: u8) -> Vec<u8> {
        value(tag, &[&value(ber::ENUMERATED, &[&[code]]), &value(4, &[]), &value(4, &[b"text"])])
    }

    fn message(id: u8, parts: &[&[u8]]) -> Vec<u8> {
        value(ber::SEQUENCE, &[&value(ber::INTEGER, &[&[id]]), &parts.concat()])
    }

    fn entry() -> Vec<u8> {
        let mail =
            value(ber::SEQUENCE, &[&value(4, &[b"mail"]), &value(ber::SET, &[&value(4, &[b"a@x"]), &value(4, &[])])]);
        value(0x64, &[&value(4, &[b"CN=a"]), &value(ber::SEQUENCE, &[&mail])])
    }

    fn paging(cookie: &[u8]) -> Vec<u8> {
        let paged = value(ber::SEQUENCE, &[&value(ber::INTEGER, &[&[0]]), &value(4, &[cookie])]);
        value(0xa0, &[&value(ber::SEQUENCE, &[&value(4, &[PAGED_RESULTS]), &value(4, &[&paged])])])
    }

    #[test]
    fn entry_is_decoded() {
        let bytes = message(7, &[&entry()]);
        assert_eq!(length(&bytes), Ok(Some(bytes.len())));
        let message = Message::read(&bytes).expect("well formed");
        assert_eq!(message.id, 7);
        let Operation::Entry(entry) = message.operation else { panic!("{message:?}") };
        assert_eq!(entry.dn, "CN=a");
        assert_eq!(entry.values, [("mail", &b"a@x"[..]), ("mail", b"")]);
    }

    #[test]
    fn page_end_has_a_cookie() {
        let bytes = message(7, &[&result(0x65, 0), &paging(b"more")]);
        let message = Message::read(&bytes).expect("well formed");
        assert_eq!(message.cookie, Some(&b"more"[..]));
        assert!(matches!(message.operation, Operation::Done(Outcome { code: 0, diagnostic: b"text", referral: None })));
        let bytes = self::message(7, &[&result(0x65, 0)]);
        assert_eq!(Message::read(&bytes).expect("well formed").cookie, None);
    }

    #[test]
    fn active_directorys_disconnection_notice_is_decoded() {
        let bytes = message(0, &[&result(0x78, 52), &value(0x8a, &[b"1.3.6.1.4.1.1466.20036"])]);
        let message = Message::read(&bytes).expect("well formed");
        assert!(matches!(message.operation, Operation::Notice(Outcome { code: 52, .. })), "{message:?}");
    }

    #[test]
    fn referral_keeps_its_first_address() {
        let addresses = value(0xa3, &[&value(4, &[b"ldap://a"]), &value(4, &[b"ldap://b"])]);
        let done = value(0x65, &[&value(ber::ENUMERATED, &[&[10]]), &value(4, &[]), &value(4, &[]), &addresses]);
        let bytes = message(1, &[&done]);
        let message = Message::read(&bytes).expect("well formed");
        assert!(
            matches!(message.operation, Operation::Done(Outcome { referral: Some(b"ldap://a"), .. })),
            "{message:?}"
        );
    }

    #[test]
    fn messages_that_crash_ldap3_are_rejected() {
        let two = [paging(b"a"), paging(b"b")].concat();
        let two = [&two[6..two.len() / 2], &two[two.len() / 2 + 6..]].concat();
        let cases: [(&str, Vec<u8>); 8] = [
            ("an empty message", vec![0x30, 0]),
            ("an empty SearchResultDone", message(1, &[&value(0x65, &[])])),
            ("no operation", message(1, &[])),
            ("an unknown operation", message(1, &[&value(0x6f, &[])])),
            ("a control that is no sequence", message(1, &[&result(0x65, 0), &value(0xa0, &[&value(4, &[])])])),
            ("a paging control that is garbage", {
                let control = value(ber::SEQUENCE, &[&value(4, &[PAGED_RESULTS]), &value(4, &[b"junk"])]);
                message(1, &[&result(0x65, 0), &value(0xa0, &[&control])])
            }),
            ("two paging controls", message(1, &[&result(0x65, 0), &value(0xa0, &[&two])])),
            ("a negative message id", value(0x30, &[&value(2, &[&[0xff]]), &entry()])),
        ];
        for (what, bytes) in cases {
            assert!(Message::read(&bytes).is_err(), "{what}");
        }
    }

    #[test]
    fn long_message_is_rejected_by_its_header() {
        assert!(length(&[0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]).is_err());
        assert_eq!(length(&[0x30, 0x84, 1, 0, 0, 0]), Ok(Some(LONGEST + 6)));
        assert!(length(b"HTTP/1.1 400").is_err());
        assert_eq!(length(&[0x30, 0x84, 1]), Ok(None));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = length(&bytes);
            let _ = Message::read(&bytes);
        }

        #[test]
        fn no_change_to_a_good_message_makes_it_panic(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
            let mut bytes = message(7, &[&entry(), &paging(b"more")]);
            let at = at.index(bytes.len());
            bytes[at] = byte;
            let _ = Message::read(&bytes);
            let cut = cut.index(bytes.len());
            let _ = Message::read(&bytes[..cut]);
        }
    }
}
