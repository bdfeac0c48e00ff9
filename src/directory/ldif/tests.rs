use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;

use super::*;
use crate::directory::{Error as ReadError, TakerFailed};

/// What `ldifde -f` writes: change records, CRLF, long values folded or wholly on the next line.
const LDIFDE: &str = "dn: DC=corp,DC=example\r\nchangetype: add\r\nobjectClass: top\r\nobjectClass: domainDNS\r\n\
msDS-Behavior-Version: 7\r\nobjectCategory: \r\n CN=Domain-DNS,CN=Schema,CN=Configuration,DC=example\r\n\r\n\
dn: CN=Jane Doe,OU=Sales,DC=corp,DC=example\r\nchangetype: add\r\nobjectClass: top\r\nobjectClass: person\r\n\
objectClass: user\r\nobjectCategory: CN=Person,CN=Schema,CN=Configuration,DC=example\r\n\
objectGUID:: ESIzRFVmd4iZqrvM\r\n 3e7/AA==\r\ndescription:\r\n wholly on the next line\r\n\
memberOf: CN=Inner,OU=Groups,DC=corp,DC=example\r\ndepartment: Sales\r\n\r\n";

fn file(text: &str) -> File {
    File::of_bytes(text.as_bytes())
}

/// An entry: its DN, and its attributes with a value each.
type Listed = (String, Vec<(String, Vec<u8>)>);

fn entries(bytes: &[u8]) -> Result<Vec<Listed>, Fault> {
    let mut records = Records::new(Lines::new(lines::text(std::io::Cursor::new(bytes.to_vec()))?));
    let mut entry = Entry::default();
    let mut found = Vec::new();
    while records.next(&mut entry)? {
        let all = entry.all().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
        found.push((entry.dn.clone(), all));
    }
    Ok(found)
}

fn values(bytes: &[u8], attribute: &str) -> Vec<String> {
    let entries = entries(bytes).expect("LDIF");
    let all = entries.into_iter().flat_map(|(_, all)| all);
    all.filter(|(name, _)| name == attribute).map(|(_, value)| String::from_utf8_lossy(&value).into_owned()).collect()
}

fn users(file: &mut File, base: Option<&str>, filter: &str) -> Result<Vec<String>, ReadError> {
    let query = Query { base: base.map(Into::into), filter: filter.parse().expect("a filter") };
    let mut names = Vec::new();
    file.users(&query, &Job::unwatched(), &mut |batch| {
        names.extend(batch.iter().map(User::label));
        Ok(())
    })?;
    names.sort();
    Ok(names)
}

fn fault(error: Result<impl std::fmt::Debug, ReadError>) -> (Option<u64>, String) {
    match error {
        Err(ReadError::Ldif(error)) => {
            assert!(!error.help().is_empty());
            (error.line, error.what.to_string())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn ldifde_output_is_read() {
    let all = entries(LDIFDE.as_bytes()).expect("LDIF");
    assert_eq!(
        all.iter().map(|(dn, _)| dn.as_str()).collect::<Vec<_>>(),
        ["DC=corp,DC=example", "CN=Jane Doe,OU=Sales,DC=corp,DC=example"]
    );
    assert_eq!(values(LDIFDE.as_bytes(), "description"), ["wholly on the next line"]);
    assert_eq!(values(LDIFDE.as_bytes(), "objectCategory")[0], "CN=Domain-DNS,CN=Schema,CN=Configuration,DC=example");
    assert!(values(LDIFDE.as_bytes(), "changetype").is_empty());
    let mut file = file(LDIFDE);
    let mut guid = None;
    let query = Query { base: None, filter: "(department=sales)".parse().expect("a filter") };
    let count = file.users(&query, &Job::unwatched(), &mut |batch| {
        guid = batch.first().map(|user| user.guid.to_string());
        Ok(())
    });
    assert_eq!((count.ok(), guid.as_deref()), (Some(1), Some("44332211-6655-8877-99aa-bbccddeeff00")));
}

#[test]
fn utf_16_is_supported() {
    let text = format!("\u{feff}{}", LDIFDE.replace("Sales\r\n\r\n", "Vertrieb Süd 𝔘\r\n\r\n"));
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let plain = entries(text.as_bytes()).expect("LDIF");
    assert_eq!(entries(&little).expect("LDIF"), plain);
    assert_eq!(entries(&big).expect("LDIF"), plain);
    assert_eq!(values(&little, "department"), ["Vertrieb Süd 𝔘"]);
    for broken in [&little[..little.len() - 1], &[0xff, 0xfe, 0x00, 0xd8]] {
        assert!(matches!(entries(broken), Err(Fault { what: What::Read(_), .. })));
    }
}

#[test]
fn ldapsearch_trailers_are_skipped() {
    let text = "# extended LDIF\n#\n# LDAPv3\n# base <DC=x> with scope subtree\n# filter: (cn=\n *)\n\nversion: 1\n\n# a, x\n\
dn: CN=a,DC=x\n# in between\ncn: a\n\n# search reference\nref: ldaps://x/CN=Configuration,DC=x\n\n\
# search result\nsearch: 3\nresult: 0 Success\ncontrol: 1.2.840.113556.1.4.319 false MAUCAQAEAA==\n\
pagedresults: cookie=\n\n# numResponses: 2\n# numEntries: 1\n";
    assert_eq!(values(text.as_bytes(), "cn"), ["a"]);
    let without = "version: 1\ndn: CN=a,DC=x\ncn: a\n";
    assert_eq!(values(without.as_bytes(), "cn"), ["a"]);
}

#[test]
fn each_error_has_its_line() {
    let cases = [
        ("", None, "no entries"),
        ("# nothing\n\n", None, "no entries"),
        ("cn: a\n", Some(1), "expected \"dn:\""),
        ("dn: CN=a,DC=x\ncn: a\n\ncn: b\n", Some(4), "expected \"dn:\""),
        ("dn: CN=a,DC=x\ndn: CN=b,DC=x\n", Some(2), "\"dn:\" in the middle"),
        ("search: 1\ndn: CN=b,DC=x\n", Some(2), "\"dn:\" in the middle"),
        ("dn: a\n\n", Some(1), "invalid DN"),
        ("dn: CN=a,DC=x\nno colon\n", Some(2), "not LDIF"),
        ("dn: CN=a,DC=x\n: no name\n", Some(2), "not LDIF"),
        ("dn: CN=a,DC=x\na name: x\n", Some(2), "not LDIF"),
        ("\0\x01\n", Some(1), "not LDIF"),
        (" cn: a\n", Some(1), "continuation line"),
        ("dn: CN=a,DC=x\ncn: a\n\n b\n", Some(4), "continuation line"),
        ("dn: CN=a,DC=x\ncn: a\n b\nsn:: ***\n", Some(4), "base64"),
        ("dn: CN=a,DC=x\njpegPhoto:< file:///etc/passwd\n", Some(2), "in another file"),
        ("dn: CN=a,DC=x\nchangetype: delete\n", Some(2), "is a change"),
        ("dn: CN=a,DC=x\nchangetype: modify\nreplace: cn\ncn: b\n-\n", Some(2), "is a change"),
        ("version: 2\n", Some(1), "version 1"),
        ("dn: CN=a,DC=x\ncn: a\nsn: cut", Some(3), "middle of a line"),
        ("dn: CN=a,DC=x\ncn: a\n\nsearch: 2\nresult: 4 Size limit exceeded\n", Some(5), "not complete: 4 Size limit"),
        ("dn: CN=a,O=x\ncn: a\n", None, "no entry is in a domain"),
    ];
    for (text, line, says) in cases {
        let (at, what) = fault(file(text).root(&Job::unwatched()));
        assert!(at == line && what.contains(says), "{text:?}: {at:?} {what}");
    }
    let (line, what) =
        fault(file(&format!("dn: CN=a,DC=x\ncn: {}\n", "x".repeat(lines::MAX_LINE))).root(&Job::unwatched()));
    assert_eq!((line, what.as_str()), (Some(2), "the line is longer than 16 MiB"));
}

#[test]
fn error_names_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("us\u{1b}ers.ldif");
    let missing = File::open(&path).expect_err("not there").to_string();
    assert!(missing.contains(r"us\u{1b}ers.ldif: cannot read the file"), "{missing}");
    std::fs::write(&path, "dn: CN=a,DC=x\nbroken\n").expect("written");
    let error = File::open(&path).expect("opens").root(&Job::unwatched()).expect_err("broken").to_string();
    assert!(error.ends_with(r"us\u{1b}ers.ldif, line 2: not LDIF: expected a name, a colon and a value"), "{error}");
}

/// A domain in a few lines: nested groups, a cycle, a computer, a contact, an OU that is no entry.
const CORP: &str = "\
dn: DC=corp,DC=example
objectClass: domainDNS
msDS-Behavior-Version: 7

dn: CN=CORPNET,CN=Partitions,CN=Configuration,DC=corp,DC=example
objectClass: crossRef
nCName: DC=corp,DC=example
nETBIOSName: CORPNET

dn: OU=Oslo,DC=corp,DC=example
objectClass: organizationalUnit

dn: OU=Labs,OU=Oslo,DC=corp,DC=example
objectClass: organizationalUnit

dn: CN=Users,DC=corp,DC=example
objectClass: container

dn: CN=Doe\\, Jane,OU=Labs,OU=Oslo,DC=corp,DC=example
objectClass: user
objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=example
objectGUID: 00000000-0000-0000-0000-000000000001
displayName: jane
department: Sales
c: NO

dn: CN=Ola,ou=oslo,dc=Corp,DC=example
objectClass: user
objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=example
objectGUID: 00000000-0000-0000-0000-000000000002
displayName: ola
memberOf: CN=Inner,OU=Groups,DC=corp,DC=example
department: Sales
c: NO

dn: CN=Per,OU=Bergen,DC=corp,DC=example
objectClass: user
objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=example
objectGUID: 00000000-0000-0000-0000-000000000003
displayName: per
department: IT

dn: CN=PC1,OU=Bergen,DC=corp,DC=example
objectClass: user
objectClass: computer
objectCategory: CN=Computer,CN=Schema,CN=Configuration,DC=corp,DC=example
objectGUID: 00000000-0000-0000-0000-000000000004
displayName: pc1

dn: CN=BitLocker,CN=PC1,OU=Bergen,DC=corp,DC=example
objectClass: msFVE-RecoveryInformation

dn: CN=Gone,OU=Bergen,DC=corp,DC=example
objectClass: user
objectCategory: CN=Person,CN=Schema,CN=Configuration,DC=corp,DC=example
objectGUID: 00000000-0000-0000-0000-000000000005
isDeleted: TRUE

dn: CN=Outer,OU=Groups,DC=corp,DC=example
objectClass: group
member: CN=Inner,OU=Groups,DC=corp,DC=example

dn: CN=Inner,OU=Groups,DC=corp,DC=example
objectClass: group
member: CN=Doe\\2c Jane, OU=Labs,OU=Oslo,DC=corp,DC=example
member: CN=Outer,OU=Groups,DC=corp,DC=example

";

#[test]
fn users_are_selected_by_filter_and_base() {
    let mut corp = file(CORP);
    let people = "(&(objectCategory=person)(objectClass=user))";
    assert_eq!(users(&mut corp, None, people).expect("read"), ["jane", "ola", "per"]);
    assert_eq!(users(&mut corp, Some("ou=OSLO, dc=corp,dc=example"), people).expect("read"), ["jane", "ola"]);
    assert_eq!(users(&mut corp, None, "(objectClass=user)").expect("read"), ["jane", "ola", "pc1", "per"]);
    assert_eq!(users(&mut corp, None, "(&(objectClass=user)(!(c=no)))").expect("read"), ["pc1", "per"]);
    assert_eq!(
        users(&mut corp, None, r"(distinguishedName=CN=Doe\5c, Jane,OU=Labs,OU=Oslo,DC=corp,DC=example)")
            .expect("read"),
        ["jane"]
    );
}

#[test]
fn members_are_found_by_both_link_ends_and_cycles() {
    let mut corp = file(CORP);
    for group in ["Inner", "outer"] {
        let filter =
            format!("(&(objectClass=user)(memberOf:1.2.840.113556.1.4.1941:=CN={group},OU=Groups,DC=corp,DC=example))");
        assert_eq!(users(&mut corp, None, &filter).expect("read"), ["jane", "ola"], "{group}");
        let not = format!("(&(objectClass=user)(!{filter}))");
        assert_eq!(users(&mut corp, None, &not).expect("read"), ["pc1", "per"], "{group}");
    }
    let unknown = "(memberOf:1.2.840.113556.1.4.1941:=CN=None,DC=corp,DC=example)";
    assert_eq!(users(&mut corp, None, unknown).expect("read"), [""; 0]);
}

#[test]
fn group_with_incomplete_members_is_rejected() {
    let cut = CORP.replace("member: CN=Doe", "member;range=0-0: CN=Doe");
    let filter = "(&(objectClass=user)(memberOf:1.2.840.113556.1.4.1941:=CN=Inner,OU=Groups,DC=corp,DC=example))";
    // Ola's memberOf shows that the other end of the links was exported too.
    assert_eq!(users(&mut file(&cut), None, filter).expect("read"), ["jane", "ola"]);
    let without = cut.replace("memberOf: ", "info: ");
    let (line, what) = fault(users(&mut file(&without), None, filter));
    assert!(line.is_some() && what.contains("member"), "{what}");
    let whole = without.replace("member: CN=Outer", "member;range=1-*: CN=Outer");
    assert_eq!(users(&mut file(&whole), None, filter).expect("read"), ["jane"]);
}

#[test]
fn root_follows_from_the_entries() {
    let root = file(CORP).root(&Job::unwatched()).expect("read");
    let expected = Root {
        naming_context: "DC=corp,DC=example".into(),
        domain: "corp.example".into(),
        netbios: Some("CORPNET".into()),
        forest: Some("corp.example".into()),
        level: Some("Windows Server 2016".into()),
        host: None,
        usn: None,
        invocation_id: None,
    };
    assert_eq!(root, expected);
    let bare = CORP.replace("nETBIOSName", "info");
    assert_eq!(file(&bare).root(&Job::unwatched()).expect("read").netbios.as_deref(), Some("CORP"));
}

#[test]
fn tree_consists_of_entries_and_parents() {
    let mut corp = file(CORP);
    let mut below = |dn: Option<&str>| -> Vec<(String, bool)> {
        let units = corp.units(dn, &Job::unwatched()).expect("read");
        units.iter().map(|unit| (unit.name.raw().to_owned(), unit.has_children)).collect()
    };
    let plain = |name: &str, children| (name.to_owned(), children);
    assert_eq!(
        below(None),
        [
            plain("Bergen", false),
            plain("Configuration", true),
            plain("Groups", false),
            plain("Oslo", true),
            plain("Users", false)
        ]
    );
    assert_eq!(below(Some("OU=oslo,DC=corp,DC=example")), [plain("Labs", false)]);
    assert_eq!(below(Some("OU=Bergen,DC=corp,DC=example")), []);
    assert_eq!(fault(corp.units(Some("OU=None,DC=x"), &Job::unwatched())).1, "no entries at or below OU=None,DC=x");
    assert_eq!(fault(corp.units(Some("None"), &Job::unwatched())).1, "the base is not a valid DN: None");
}

#[test]
fn groups_and_values_are_read_from_the_file() {
    let mut corp = file(CORP);
    let mut named = |prefix: &str, limit| -> Vec<String> {
        let groups = corp.groups(prefix, limit, &Job::unwatched()).expect("read");
        groups.iter().map(|group| group.name.raw().to_owned()).collect()
    };
    assert_eq!(named("", 10), ["Inner", "Outer"]);
    assert_eq!(named("OUT", 10), ["Outer"]);
    assert_eq!(named("", 1), ["Inner"]);
    let mut count = |attribute, base: Option<&str>| -> Vec<(String, u64)> {
        let values = corp.values(attribute, base, &Job::unwatched()).expect("read");
        values.iter().map(|(value, count)| (value.raw().to_owned(), *count)).collect()
    };
    assert_eq!(count(Attribute::Department, None), [("Sales".to_owned(), 2), ("IT".to_owned(), 1)]);
    assert_eq!(count(Attribute::Department, Some("OU=Bergen,DC=corp,DC=example")), [("IT".to_owned(), 1)]);
}

#[test]
fn file_without_unique_users_is_rejected() {
    let people = "(&(objectCategory=person)(objectClass=user))";
    assert_eq!(
        fault(users(&mut file(&CORP.replace("objectClass", "info")), None, people)).1,
        "no entry has an objectClass"
    );
    assert_eq!(
        fault(users(&mut file(&CORP.replace("objectCategory", "info")), None, people)).1,
        "no entry has an objectCategory"
    );
    let twice = CORP.replace("000000000002\n", "000000000001\n");
    let (line, what) = fault(users(&mut file(&twice), None, people));
    assert_eq!((line, what.as_str()), (Some(27), "two users have the objectGUID 00000000-0000-0000-0000-000000000001"));
    let (line, what) = fault(users(&mut file(&CORP.replace("objectGUID", "info")), None, people));
    assert_eq!(
        (line, what.as_str()),
        (Some(19), r"CN=Doe\, Jane,OU=Labs,OU=Oslo,DC=corp,DC=example has no objectGUID")
    );
    assert_eq!(
        fault(users(&mut file(CORP), Some("OU=None,DC=corp,DC=example"), people)).1,
        "no entries at or below OU=None,DC=corp,DC=example"
    );
}

#[test]
fn cancellation_and_receiver_errors_stop_a_read() {
    let job = Job::unwatched();
    job.cancel();
    assert!(matches!(file(CORP).root(&job), Err(ReadError::Canceled)));
    let query = Query { base: None, filter: Filter::people() };
    let failed = file(CORP).users(&query, &Job::unwatched(), &mut |_| Err(TakerFailed));
    assert!(matches!(failed, Err(ReadError::Taker(TakerFailed))));
}

#[test]
fn changed_file_is_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("users.ldif");
    std::fs::write(&path, CORP).expect("written");
    let mut corp = File::open(&path).expect("opens");
    assert_eq!(corp.groups("", 10, &Job::unwatched()).expect("read").len(), 2);
    std::fs::write(&path, format!("{CORP}dn: CN=New,DC=corp,DC=example\nobjectClass: group\n\n")).expect("written");
    assert_eq!(corp.groups("", 10, &Job::unwatched()).expect("read").len(), 3);
}

/// How a value is written: after one colon or two, with how many line breaks, at which places.
fn written(name: &str, value: &[u8], base64: bool, folds: &[usize], end: &str) -> String {
    let safe = value.iter().all(|byte| (0x20..0x7f).contains(byte))
        && !value.starts_with(b" ")
        && !value.starts_with(b":")
        && !value.starts_with(b"<");
    let mut line = match std::str::from_utf8(value) {
        Ok(text) if safe && !base64 => format!("{name}: {text}"),
        _ => format!("{name}:: {}", BASE64_STANDARD.encode(value)),
    };
    let places: std::collections::BTreeSet<usize> = folds.iter().map(|fold| 1 + fold % line.len()).collect();
    for place in places.into_iter().rev() {
        line.insert_str(place, &format!("{end} "));
    }
    line + end
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = entries(&bytes);
        let _ = File::of_bytes(bytes).root(&Job::unwatched());
    }

    #[test]
    fn no_lines_make_the_reader_panic(
        lines in prop::collection::vec("(dn|cn|member|version|changetype|result|control|objectClass|)(;range=0-1)?::?<? ?[A-Za-z=, 0-9#*]{0,12}| [a-z]{0,3}|#|", 0..12),
    ) {
        let text = lines.join("\n") + "\n";
        let mut file = file(&text);
        let _ = (file.root(&Job::unwatched()).is_ok(), file.units(None, &Job::unwatched()).is_ok());
        let _ = users(&mut file, Some("DC=x"), "(memberOf:1.2.840.113556.1.4.1941:=CN=a,DC=x)");
    }

    #[test]
    fn folding_and_encoding_do_not_matter(
        wanted in prop::collection::vec(prop::collection::vec((
            "[a-z]{1,8}(;range=0-9)?".prop_filter("no attribute", |name| name != "dn" && name != "control" && name != "changetype"),
            prop_oneof![prop::collection::vec(any::<u8>(), 0..40), "[ -~]{0,60}".prop_map(String::into_bytes)],
            any::<bool>(),
            prop::collection::vec(any::<usize>(), 0..4),
        ), 0..6), 1..5),
        crlf in any::<bool>(),
        comments in any::<bool>(),
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = String::new();
        for (number, entry) in wanted.iter().enumerate() {
            text += &written("dn", format!("CN={number},DC=x").as_bytes(), false, &[number], end);
            for (name, value, base64, folds) in entry {
                if comments {
                    text.extend(["# folded", end, "  comment: x", end]);
                }
                text += &written(name, value, *base64, folds, end);
            }
            text += end;
        }
        let read = entries(text.as_bytes()).map_err(|fault| TestCaseError::fail(format!("{fault:?}\n{text}")))?;
        for (number, ((dn, all), entry)) in read.iter().zip(&wanted).enumerate() {
            prop_assert_eq!(dn, &format!("CN={number},DC=x"));
            let expected: Vec<_> = entry.iter().map(|(name, value, ..)| (name.clone(), value.clone())).collect();
            prop_assert_eq!(all, &expected);
        }
        prop_assert_eq!(read.len(), wanted.len());
    }
}

#[test]
fn primary_groups_count_within_one_domain_only() {
    let group = "dn: CN=g,DC=x\nobjectClass: group\nobjectSid: S-1-5-21-1-2-3-1104\n\n\
                 dn: CN=h,DC=x\nobjectClass: group\nobjectSid: S-1-5-21-7-8-9-1105\nmemberOf: CN=g,DC=x\n\n";
    let user = |name: &str, domain: &str| {
        format!("dn: CN={name},DC=x\nobjectClass: user\nobjectSid: {domain}-2000\nprimaryGroupID: 1104\n\n")
    };
    let ids = |text: String| {
        let mut file = File::of_bytes(text.into_bytes());
        file.nested(&"cn=G, dc=x".parse().expect("a DN"), &Job::unwatched()).expect("it is read").primary_ids()
    };
    let one = group.to_owned() + &user("a", "S-1-5-21-1-2-3");
    assert_eq!(ids(one.clone()), [1104], "a group of another domain is never a primary group here");
    assert!(ids(one + &user("b", "S-1-5-21-4-5-6")).is_empty());
}
