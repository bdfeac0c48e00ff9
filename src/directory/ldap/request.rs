//! Encodes requests (RFC 4511, 4.2 to 4.5 and 4.14) with `ldap3`; a bind is encoded here, so that the password stays in memory
//! that is wiped.

use bytes::BytesMut;
use ldap3::asn1::{
    ASNTag, Boolean, Enumerated, Integer, OctetString, PL, Sequence, StructureTag, Tag, TagClass, write,
};
use ldap3::controls::{MakeCritical, PagedResults, RawControl};
use zeroize::Zeroizing;

/// The scope of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Base = 0,
    One = 1,
    Subtree = 2,
}

/// A search.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search<'a> {
    pub(super) base: &'a str,
    pub(super) scope: Scope,
    /// RFC 4515 text.
    pub(super) filter: &'a str,
    pub(super) attributes: &'a [&'a str],
    /// The maximum number of entries; 0 is no limit.
    pub(super) size_limit: u32,
}

/// A filter that `ldap3` cannot parse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadFilter;

/// LDAP_SERVER_SHOW_DELETED_OID ([MS-ADTS] 3.1.1.3.4.1.14): finds tombstones, too.
const SHOW_DELETED: &str = "1.2.840.113556.1.4.417";

/// A search request; with `page`, for a page of at most `page.0` entries after the cookie `page.1`; with `deleted`, including
/// tombstones.
pub(super) fn search(
    id: u32,
    search: &Search<'_>,
    page: Option<(u32, &[u8])>,
    deleted: bool,
) -> Result<BytesMut, BadFilter> {
    let attributes = search.attributes.iter().map(|name| octets(name.as_bytes())).collect();
    let operation = Tag::Sequence(Sequence {
        class: TagClass::Application,
        id: 3,
        inner: vec![
            octets(search.base.as_bytes()),
            enumerated(search.scope as i64),
            // Aliases are not dereferenced: Active Directory has none.
            enumerated(0),
            integer(search.size_limit),
            // No time limit: the client has deadlines.
            integer(0),
            Tag::Boolean(Boolean { inner: false, ..Boolean::default() }),
            ldap3::parse_filter(search.filter).map_err(|()| BadFilter)?,
            Tag::Sequence(Sequence { inner: attributes, ..Sequence::default() }),
        ],
    });
    let mut message = vec![integer(id), operation];
    let paged = page.map(|(size, cookie)| {
        let size = i32::try_from(size).unwrap_or(i32::MAX);
        RawControl::from(PagedResults { size, cookie: cookie.to_vec() }.critical())
    });
    let deleted = deleted.then(|| RawControl { ctype: SHOW_DELETED.to_owned(), crit: true, val: None });
    let controls: Vec<_> = paged.iter().chain(&deleted).map(control_tag).collect();
    if !controls.is_empty() {
        message.push(Tag::StructureTag(StructureTag { class: TagClass::Context, id: 0, payload: PL::C(controls) }));
    }
    Ok(encode(Tag::Sequence(Sequence { inner: message, ..Sequence::default() })))
}

/// A StartTLS request (RFC 4511, 4.14.1).
pub(super) fn start_tls(id: u32) -> BytesMut {
    let name = OctetString { class: TagClass::Context, id: 0, inner: b"1.3.6.1.4.1.1466.20037".to_vec() };
    let operation =
        Tag::Sequence(Sequence { class: TagClass::Application, id: 23, inner: vec![Tag::OctetString(name)] });
    encode(Tag::Sequence(Sequence { inner: vec![integer(id), operation], ..Sequence::default() }))
}

/// An unbind request (RFC 4511, 4.3).
pub(super) fn unbind(id: u32) -> BytesMut {
    let operation = Tag::OctetString(OctetString { class: TagClass::Application, id: 2, inner: Vec::new() });
    encode(Tag::Sequence(Sequence { inner: vec![integer(id), operation], ..Sequence::default() }))
}

/// A simple bind request (RFC 4511, 4.2) of version 3.
pub(super) fn bind(id: u32, name: &str, password: &str) -> Zeroizing<Vec<u8>> {
    // The exact size is reserved, because reallocation would leave a copy of the password.
    let body = 3 + 6 + name.len() + 6 + password.len();
    let id = id.to_be_bytes();
    // In the shortest form (X.690, 8.3.2).
    let id = &id[id.windows(2).take_while(|pair| pair[0] == 0 && pair[1] < 0x80).count()..];
    let whole = 2 + id.len() + 6 + body;
    let mut out = Zeroizing::new(Vec::with_capacity(6 + whole));
    out.extend(header(0x30, whole));
    out.extend([0x02, u8::try_from(id.len()).unwrap_or_default()]);
    out.extend(id);
    out.extend(header(0x60, body));
    out.extend([0x02, 0x01, 0x03]);
    out.extend(header(0x04, name.len()));
    out.extend(name.as_bytes());
    out.extend(header(0x80, password.len()));
    out.extend(password.as_bytes());
    out
}

/// A header with a length of four bytes, as Active Directory writes it, so that its size is constant.
fn header(tag: u8, length: usize) -> [u8; 6] {
    let [a, b, c, d] = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    [tag, 0x84, a, b, c, d]
}

fn octets(value: &[u8]) -> Tag {
    Tag::OctetString(OctetString { inner: value.to_vec(), ..OctetString::default() })
}

fn integer(value: u32) -> Tag {
    Tag::Integer(Integer { inner: i64::from(value), ..Integer::default() })
}

fn enumerated(value: i64) -> Tag {
    Tag::Enumerated(Enumerated { inner: value, ..Enumerated::default() })
}

fn control_tag(control: &RawControl) -> StructureTag {
    let mut inner = vec![octets(control.ctype.as_bytes())];
    inner.push(Tag::Boolean(Boolean { inner: control.crit, ..Boolean::default() }));
    inner.extend(control.val.as_deref().map(octets));
    Sequence { inner, ..Sequence::default() }.into_structure()
}

fn encode(message: Tag) -> BytesMut {
    let mut bytes = BytesMut::new();
    // Encoding into memory does not fail; an empty request would time out.
    let _ = write::encode_into(&mut bytes, message.into_structure());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bind_request_is_encoded() {
        // LDAPMessage { messageID 1, bindRequest { version 3, name "a", simple "pw" } }
        let expected = [
            0x30, 0x84, 0, 0, 0, 27, 0x02, 1, 1, 0x60, 0x84, 0, 0, 0, 18, 0x02, 1, 3, 0x04, 0x84, 0, 0, 0, 1, b'a',
            0x80, 0x84, 0, 0, 0, 2, b'p', b'w',
        ];
        assert_eq!(bind(1, "a", "pw").as_slice(), expected);
    }

    #[test]
    fn bind_request_is_never_reallocated() {
        let (name, password) = ("n".repeat(300), "p".repeat(1000));
        let request = bind(128, &name, &password);
        assert_eq!(request.capacity(), request.len(), "a reallocation may leave a copy of the password");
    }

    #[test]
    fn paged_search_request_is_encoded() {
        let search = Search { base: "", scope: Scope::Base, filter: "(cn=*)", attributes: &["cn"], size_limit: 0 };
        let body = [
            0x04, 0, 0x0a, 1, 0, 0x0a, 1, 0, 0x02, 1, 0, 0x02, 1, 0, 0x01, 1, 0, 0x87, 2, b'c', b'n', 0x30, 4, 0x04, 2,
            b'c', b'n',
        ];
        let mut control = vec![0x04, 22];
        control.extend(b"1.2.840.113556.1.4.319");
        control.extend([0x01, 1, 0xff, 0x04, 8, 0x30, 6, 0x02, 1, 5, 0x04, 1, b'k']);
        let mut expected = vec![0x30, 0x4b, 0x02, 1, 9, 0x63, 27];
        expected.extend(body);
        expected.extend([0xa0, 39, 0x30, 37]);
        expected.extend(control);
        expected[1] = u8::try_from(expected.len() - 2).expect("short");
        assert_eq!(self::search(9, &search, Some((5, b"k")), false).expect("a filter").as_ref(), expected);
    }

    #[test]
    fn start_tls_request_is_encoded() {
        // LDAPMessage { messageID 1, extendedReq [APPLICATION 23] { requestName [0] } }
        let mut expected = vec![0x30, 29, 0x02, 1, 1, 0x77, 24, 0x80, 22];
        expected.extend(b"1.3.6.1.4.1.1466.20037");
        assert_eq!(start_tls(1).as_ref(), expected);
    }

    #[test]
    fn invalid_filter_is_an_error() {
        let search = Search { base: "", scope: Scope::Base, filter: "(cn=", attributes: &[], size_limit: 0 };
        assert!(self::search(1, &search, None, false).is_err());
    }
}
