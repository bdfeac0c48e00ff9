//! Tests of the grammar, printing and evaluation; those of explanations are in `explanation`.

mod explanation;

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::model::mapping::{AccountName, Kind};

fn read(text: &str) -> Filter {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn wrong(text: &str) -> (usize, Wrong) {
    match text.parse::<Filter>() {
        Err(Error::Syntax { column, wrong }) => (column, wrong),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn all_forms_of_rfc_4515_are_parsed() {
    let equal = |name: &str, value: &[u8]| Filter::Equal(name.into(), value.into());
    let substrings = |first: Option<&str>, middle: &[&str], last: Option<&str>| {
        let bytes = |text: &str| text.as_bytes().to_vec();
        Filter::Substrings(
            "cn".into(),
            Substrings {
                first: first.map(bytes),
                middle: middle.iter().map(|part| bytes(part)).collect(),
                last: last.map(bytes),
            },
        )
    };
    let extensible = |attribute: Option<&str>, dn, rule: Option<&str>, value: &str| {
        Filter::Extensible(Extensible {
            attribute: attribute.map(Into::into),
            dn,
            rule: rule.map(Into::into),
            value: value.into(),
        })
    };
    // The examples of RFC 4515, section 4, among them.
    let cases = [
        ("(cn=Babs Jensen)", equal("cn", b"Babs Jensen")),
        ("(!(cn=Tim Howes))", Filter::Not(Box::new(equal("cn", b"Tim Howes")))),
        (
            "(&(a=1)(|(b=2)(c=3)))",
            Filter::And(vec![equal("a", b"1"), Filter::Or(vec![equal("b", b"2"), equal("c", b"3")])]),
        ),
        ("(cn=*o*f*)", substrings(None, &["o", "f"], None)),
        ("(cn=a*b)", substrings(Some("a"), &[], Some("b"))),
        ("(cn=*b)", substrings(None, &[], Some("b"))),
        ("(seeAlso=)", equal("seeAlso", b"")),
        ("(mail=*)", Filter::Present("mail".into())),
        ("(uSNChanged>=10)", Filter::AtLeast("uSNChanged".into(), b"10".to_vec())),
        ("(uSNChanged<=10)", Filter::AtMost("uSNChanged".into(), b"10".to_vec())),
        ("(cn~=x)", Filter::Approx("cn".into(), b"x".to_vec())),
        ("(cn:caseExactMatch:=Fred)", extensible(Some("cn"), false, Some("caseExactMatch"), "Fred")),
        ("(cn:=Betty)", extensible(Some("cn"), false, None, "Betty")),
        ("(sn:dn:2.4.6.8.10:=Barney)", extensible(Some("sn"), true, Some("2.4.6.8.10"), "Barney")),
        ("(o:dn:=Ace)", extensible(Some("o"), true, None, "Ace")),
        ("(:1.2.3:=Wilma)", extensible(None, false, Some("1.2.3"), "Wilma")),
        ("(:DN:2.4.6.8.10:=Dino)", extensible(None, true, Some("2.4.6.8.10"), "Dino")),
        (r"(o=Parens R Us \28for all\29)", equal("o", b"Parens R Us (for all)")),
        (r"(cn=*\2A*)", substrings(None, &["*"], None)),
        (r"(bin=\00\00\00\04)", equal("bin", b"\0\0\0\x04")),
        (r"(sn=Lu\c4\8di\c4\87)", equal("sn", "Lučić".as_bytes())),
        (r"(1.3.6.1.4.1.1466.0=\04\02\48\69)", equal("1.3.6.1.4.1.1466.0", b"\x04\x02Hi")),
        ("(userCertificate;binary=*)", Filter::Present("userCertificate;binary".into())),
        ("(cn=a=b:c<d)", equal("cn", b"a=b:c<d")),
        (
            " ( &\n  (a=1)\n  ( ! (b=2) )\n)\n",
            Filter::And(vec![equal("a", b"1"), Filter::Not(Box::new(equal("b", b"2")))]),
        ),
    ];
    for (text, filter) in cases {
        assert_eq!(text.parse(), Ok(filter), "{text}");
    }
}

#[test]
fn error_has_column_and_help() {
    let cases = [
        ("", 1, Wrong::Empty),
        (" \n", 1, Wrong::Empty),
        ("mail=*", 1, Wrong::NoOpening),
        ("(mail=*", 1, Wrong::NeverClosed),
        ("(&(mail=*)(cn=x)", 1, Wrong::NeverClosed),
        ("(mail=*))", 9, Wrong::More),
        ("(a=1)(b=2)", 6, Wrong::More),
        ("(&)", 3, Wrong::EmptyList),
        ("(&mail=*)", 3, Wrong::NoOpening),
        ("(!(a=1)(b=2))", 8, Wrong::NotTwice),
        ("(=x)", 2, Wrong::NoAttribute),
        ("()", 2, Wrong::NoAttribute),
        ("(mail)", 6, Wrong::NoOperator),
        ("(mail >=x)", 6, Wrong::BadName),
        ("(my_attr=x)", 4, Wrong::BadName),
        ("(é=x)", 2, Wrong::NoAttribute),
        ("(1.02=x)", 2, Wrong::BadName),
        ("(cn;=x)", 2, Wrong::BadName),
        ("(mail>x)", 6, Wrong::NoOperator),
        ("(:=x)", 2, Wrong::NoAttribute),
        ("(cn:1.2:1.3:=x)", 9, Wrong::NoOperator),
        ("(cn:1.2=x)", 8, Wrong::NoOperator),
        (r"(sn=Ö\zz)", 6, Wrong::BadEscape),
        (r"(sn=a\2", 6, Wrong::BadEscape),
        ("(sn=Åse (Oslo))", 9, Wrong::OpeningInValue),
        ("(sn=a\0)", 6, Wrong::NulInValue),
        ("(sn>=a*)", 7, Wrong::Star),
        ("(sn=a**b)", 7, Wrong::TwoStars),
        ("(sn=**)", 6, Wrong::TwoStars),
    ];
    for (text, column, what) in cases {
        assert_eq!(wrong(text), (column, what), "{text}");
        assert!(!what.help().is_empty());
    }
    let error = "(sn>=a*)".parse::<Filter>().expect_err("wrong");
    assert_eq!(error.to_string(), "invalid filter at column 7: \"*\" is not allowed here");
}

#[test]
fn filters_in_help_are_valid() {
    for text in ["(department=Sales)", "(&(a=1)(b=2)(c=3))", "(!(|(a=1)(b=2)))", "(&(department=Sales)(c=NO))"] {
        let _ = read(text);
    }
}

#[test]
fn depth_and_length_have_limits() {
    let nested = |depth: usize| format!("{}(a=1){}", "(!".repeat(depth - 1), ")".repeat(depth - 1));
    let _ = read(&nested(MAX_DEPTH));
    assert_eq!(wrong(&nested(MAX_DEPTH + 1)), (2 * MAX_DEPTH + 1, Wrong::TooDeep));
    assert_eq!(wrong(&nested(20_000)).1, Wrong::TooDeep);
    assert_eq!(wrong(&format!("(a={})", "x".repeat(MAX_LENGTH))).1, Wrong::TooLong);
}

#[test]
fn printed_filter_is_canonical_and_safe() {
    let cases = [
        (" (& (a=1) (b>=2) )", "(&(a=1)(b>=2))"),
        (r"(cn= \41\28*\29b\5C )", r"(cn=\20A\28*\29b\5c\20)"),
        ("(cn=Ås\u{202e}e)", r"(cn=Ås\e2\80\aee)"),
        (r"(cn=\1b[31m\ff)", r"(cn=\1b[31m\ff)"),
        ("(:DN:1.2:=x)", "(:dn:1.2:=x)"),
    ];
    for (text, printed) in cases {
        assert_eq!(read(text).to_string(), printed);
    }
}

fn mapping() -> Mapping {
    let name = || "Laptops".parse().expect("a name");
    Mapping {
        name: name(),
        kind: Kind::Imd,
        directory: name(),
        base_dn: None,
        ou: None,
        group: None,
        department: None,
        country: None,
        filter: None,
        account_name: AccountName::Upn,
        profile: name(),
        storage: name(),
        quota: None,
        auto_import: false,
        interval: None,
        enabled: true,
    }
}

#[test]
fn mapping_filter_requires_people_and_all_fields() {
    let plain = Filter::of_mapping(&mapping(), &[]).expect("a filter");
    assert_eq!(plain.to_string(), "(&(objectCategory=person)(objectClass=user))");
    let full = Mapping {
        group: Some(r"CN=Doe\, (all),DC=x".into()),
        department: Some("R&D (*)".into()),
        country: Some("NO".into()),
        filter: Some("(| (a=1) (b=2))".into()),
        ..mapping()
    };
    assert_eq!(
        Filter::of_mapping(&full, &[]).expect("a filter").to_string(),
        r"(&(objectCategory=person)(objectClass=user)(memberOf:1.2.840.113556.1.4.1941:=CN=Doe\5c, \28all\29,DC=x)(department=R&D \28\2a\29)(c=NO)(|(a=1)(b=2)))"
    );
}

#[test]
fn mapping_includes_primary_groups() {
    let group = Mapping { group: Some("CN=g,DC=x".into()), ..mapping() };
    assert_eq!(
        Filter::of_mapping(&group, &[513, 1104]).expect("a filter").to_string(),
        "(&(objectCategory=person)(objectClass=user)(|(memberOf:1.2.840.113556.1.4.1941:=CN=g,DC=x)(primaryGroupID=513)\
         (primaryGroupID=1104)))"
    );
}

#[test]
fn mapping_values_cannot_inject_filters() {
    let sly = Mapping { department: Some("x)(|(cn=*".into()), ..mapping() };
    let Filter::And(all) = Filter::of_mapping(&sly, &[]).expect("a filter") else { panic!("not an and") };
    assert_eq!(all.last(), Some(&Filter::Equal("department".into(), b"x)(|(cn=*".to_vec())));
    let two = Mapping { filter: Some("(a=1)(b=2)".into()), ..mapping() };
    assert_eq!(Filter::of_mapping(&two, &[]).map_err(|error| error.column()), Err(Some(6)));
    let group = Mapping { group: Some("Laptop Users".into()), ..mapping() };
    assert_eq!(Filter::of_mapping(&group, &[]), Err(Error::Group { given: "Laptop Users".into() }));
}

/// An entry with these values, in a group (by key) that reaches what is listed.
#[derive(Debug, Default)]
struct Entry {
    values: HashMap<String, Vec<Vec<u8>>>,
    groups: Vec<String>,
}

impl Entry {
    fn of(values: &[(&str, &str)]) -> Self {
        let mut entry = Self::default();
        for (name, value) in values {
            entry.values.entry(name.to_ascii_lowercase()).or_default().push(value.as_bytes().to_vec());
        }
        entry
    }
}

impl Subject for Entry {
    fn any(&self, attribute: &str, test: &mut dyn FnMut(&[u8]) -> bool) -> Option<bool> {
        Some(self.values.get(&attribute.to_ascii_lowercase()).is_some_and(|all| all.iter().any(|value| test(value))))
    }

    fn reaches(&self, attribute: &str, to: &Dn) -> Option<bool> {
        (attribute == "memberOf").then(|| self.groups.contains(&to.key()))
    }
}

fn ask(filter: &str, entry: &Entry) -> Verdict {
    evaluate(&read(filter), entry)
}

fn check(entry: &Entry, cases: &[(Verdict, &[&str])]) {
    for (verdict, filters) in cases {
        for filter in *filters {
            assert_eq!(ask(filter, entry), *verdict, "{filter}");
            let opposite = match verdict {
                Verdict::True => Verdict::False,
                Verdict::False => Verdict::True,
                Verdict::Undefined => Verdict::Undefined,
            };
            assert_eq!(ask(&format!("(!{filter})"), entry), opposite, "(!{filter})");
        }
    }
}

use Verdict::{False, True, Undefined};

#[test]
fn text_is_compared_without_case_and_spacing() {
    let entry = Entry::of(&[("sn", "Öberg"), ("cn", "Team  Sales 0"), ("gecos", "Ab Cd"), ("mail", "a*b@x")]);
    check(
        &entry,
        &[
            (
                True,
                &[
                    "(sn=öBERG)",
                    "(SN=Öberg)",
                    "(sn~=öberg)",
                    "(sn:=öberg)",
                    "(cn= team sales  0 )",
                    "(cn=TEAM*sales*0)",
                ],
            ),
            (
                True,
                &[
                    "(cn=*SAL*)",
                    "(cn=*0)",
                    "(cn=t*)",
                    r"(mail=a\2a*)",
                    "(sn>=o)",
                    "(cn>=team  r)",
                    "(cn<=Team Sales 0)",
                ],
            ),
            (False, &["(sn=Oberg)", "(cn=sales)", "(cn=*0*0)", "(cn=Team*Team*)", r"(mail=a\2ac*)", "(cn<=team r)"]),
            (True, &["(gecos=Ab Cd)", "(gecos=Ab*)", "(gecos>=Ab)"]),
            (False, &["(gecos=ab cd)", "(gecos=*cd)"]),
            (Undefined, &[r"(sn=\d6berg)", r"(sn=\d6*)"]),
        ],
    );
}

#[test]
fn missing_attribute_is_false_and_its_negation_true() {
    let entry = Entry::of(&[("cn", "a")]);
    check(
        &entry,
        &[(False, &["(mail=x)", "(mail=*)", "(mail>=a)", "(uSNChanged>=1)", "(nosuch=x)", "(manager=CN=a)"])],
    );
    check(&entry, &[(True, &["(cn=*)", "(objectClass=*)", "(distinguishedName=*)", "(name=*)", "(objectGUID=*)"])]);
}

#[test]
fn numbers_are_compared_as_numbers() {
    let entry = Entry::of(&[
        ("userAccountControl", "514"),
        ("groupType", "-2147483640"),
        ("accountExpires", "9223372036854775807"),
        ("employeeID", "42"),
    ]);
    check(
        &entry,
        &[
            (
                True,
                &[
                    "(userAccountControl=0514)",
                    "(userAccountControl>=66)",
                    "(userAccountControl<=1000)",
                    "(userAccountControl=5*)",
                ],
            ),
            (
                True,
                &["(userAccountControl:1.2.840.113556.1.4.803:=2)", "(userAccountControl:1.2.840.113556.1.4.803:=514)"],
            ),
            (
                True,
                &["(userAccountControl:1.2.840.113556.1.4.804:=3)", "(userAccountControl:1.2.840.113556.1.4.803:=0)"],
            ),
            (
                False,
                &["(userAccountControl:1.2.840.113556.1.4.803:=3)", "(userAccountControl:1.2.840.113556.1.4.804:=0)"],
            ),
            (False, &["(userAccountControl:1.2.840.113556.1.4.804:=16)", "(adminCount:1.2.840.113556.1.4.803:=0)"]),
            (True, &["(groupType=2147483656)", "(groupType:1.2.840.113556.1.4.803:=2147483648)", "(groupType<=0)"]),
            (True, &["(accountExpires=9223372036854775807)", "(accountExpires>=133700000000000000)"]),
            (True, &["(employeeID:1.2.840.113556.1.4.803:=2)"]),
            (Undefined, &["(userAccountControl=abc)", "(userAccountControl>=)", "(userAccountControl=99999999999)"]),
            (
                Undefined,
                &["(userAccountControl:1.2.840.113556.1.4.803:=x)", "(userAccountControl:1.2.3:=2)", "(:1.2.3:=2)"],
            ),
        ],
    );
}

#[test]
fn names_are_compared_as_names() {
    let mut entry = Entry::of(&[
        ("manager", r"CN=Doe\, Jane,OU=Sales,DC=x"),
        ("objectCategory", "CN=Person,CN=Schema,CN=Configuration,DC=x"),
        ("objectClass", "user"),
    ]);
    entry.groups.push("CN=ALL,DC=X".into());
    check(
        &entry,
        &[
            (True, &[r"(manager=cn=doe\5c2C jane, ou=sales,dc=X)", "(manager=*)"]),
            (False, &["(manager=CN=Doe,OU=Sales,DC=x)"]),
            (Undefined, &["(manager=CN=Doe*)", "(manager=Jane)", "(manager>=CN=A)"]),
            (True, &["(objectCategory=person)", "(objectCategory=USER)", "(objectCategory=contact)"]),
            (True, &["(objectCategory=cn=person, cn=schema,cn=configuration,dc=x)"]),
            (False, &["(objectCategory=computer)", "(objectCategory=CN=Person)", "(objectClass=person)"]),
            (True, &["(objectClass=USER)", "(objectClass=1.2.840.113556.1.5.9)"]),
            (
                True,
                &[
                    "(memberOf:1.2.840.113556.1.4.1941:=cn=All, dc=x)",
                    "(memberOf:dn:1.2.840.113556.1.4.1941:=cn=all,dc=x)",
                ],
            ),
            (False, &["(memberOf:1.2.840.113556.1.4.1941:=CN=None,DC=x)"]),
            (Undefined, &["(memberOf:1.2.840.113556.1.4.1941:=x)", "(manager:1.2.840.113556.1.4.1941:=CN=a)"]),
            (Undefined, &["(cn:1.2.840.113556.1.4.1941:=CN=a)", "(anr=jane)", "(cn:caseExactMatch:=x)"]),
        ],
    );
    let category = Entry::of(&[("objectCategory", "CN=Organizational-Unit,CN=Schema,CN=Configuration,DC=x")]);
    check(&category, &[(True, &["(objectCategory=organizationalUnit)"]), (False, &["(objectCategory=person)"])]);
}

#[test]
fn identifiers_times_and_booleans_have_their_own_rules() {
    let mut entry = Entry::of(&[("whenCreated", "20261123133405.0Z"), ("isDeleted", "TRUE")]);
    let guid = vec![0x33, 0x22, 0x11, 0, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff];
    entry.values.insert("objectguid".into(), vec![guid]);
    entry.values.insert("objectsid".into(), vec![vec![1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0]]);
    entry.values.insert("jpegphoto".into(), vec![vec![0, 0xff, 1]]);
    check(
        &entry,
        &[
            (
                True,
                &[
                    r"(objectGUID=\33\22\11\00UDwf\88\99\aa\bb\cc\dd\ee\ff)",
                    "(objectGUID=00112233-4455-6677-8899-aabbccddeeff)",
                ],
            ),
            (True, &[r"(objectGUID=\33\22*)", r"(jpegPhoto=\00\ff\01)", r"(jpegPhoto=*\ff*)"]),
            (True, &["(objectSid=S-1-5-32-544)", r"(objectSid=\01\02\00\00\00\00\00\05\20\00\00\00\20\02\00\00)"]),
            (False, &["(objectSid=S-1-5-32-545)", "(objectGUID=10112233-4455-6677-8899-aabbccddeeff)"]),
            (Undefined, &["(objectSid=S-1-5-32-*)", "(objectGUID=x)", "(objectSid=x)", "(nTSecurityDescriptor=x)"]),
            (
                True,
                &["(whenCreated=20261123133405.0Z)", "(whenCreated>=20261123133405Z)", "(whenCreated<=202611231335Z)"],
            ),
            (True, &["(whenCreated=20261123143405+0100)", "(whenCreated=261123133405Z)", "(whenCreated>=2026112313Z)"]),
            (False, &["(whenCreated>=20261123133406.0Z)", "(whenCreated<=20261123133404.9Z)"]),
            (
                Undefined,
                &[
                    "(whenCreated=yesterday)",
                    "(whenCreated=20261323133405Z)",
                    "(whenCreated=2026*)",
                    "(whenCreated=2026)",
                ],
            ),
            (True, &["(isDeleted=TRUE)", "(isDeleted=true)"]),
            (False, &["(isDeleted=FALSE)"]),
            (Undefined, &["(isDeleted=1)"]),
        ],
    );
}

#[test]
fn undefined_is_neither_selected_nor_excluded() {
    let entry = Entry::of(&[("cn", "a")]);
    assert_eq!(ask("(&(cn=a)(anr=x))", &entry), Undefined);
    assert_eq!(ask("(&(cn=b)(anr=x))", &entry), False);
    assert_eq!(ask("(|(cn=a)(anr=x))", &entry), True);
    assert_eq!(ask("(|(cn=b)(anr=x))", &entry), Undefined);
}

#[test]
fn cached_user_has_cached_attributes() {
    use crate::model::user::{Attribute, Guid, User};
    let user = User::new(
        Guid([7; 16]),
        vec![
            (Attribute::ObjectGuid, Guid([7; 16]).to_string().as_str().into()),
            (Attribute::Department, "Sales".into()),
        ],
    );
    assert_eq!(evaluate(&read("(department=sales)"), &user), True);
    assert_eq!(evaluate(&read(r"(objectGUID=\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07\07)"), &user), True);
    assert_eq!(evaluate(&read("(mail=*)"), &user), False);
    assert_eq!(evaluate(&read("(telephoneNumber=*)"), &user), Undefined);
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let name = || "[a-zA-Z][a-zA-Z0-9-]{0,5}(;[a-z]{1,3})?|[1-9]\\.0\\.[1-9][0-9]{0,3}";
    let value = || {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..6),
            r"[ *()\\a\x00é\u{202e}]{0,6}".prop_map(String::into_bytes)
        ]
    };
    let part = || value().prop_filter("a part is not empty", |part| !part.is_empty());
    let substrings = (prop::option::of(part()), prop::collection::vec(part(), 0..3), prop::option::of(part()))
        .prop_map(|(first, middle, last)| Substrings { first, middle, last })
        .prop_filter("some part", |parts| parts != &Substrings::default());
    let extensible = (prop::option::of(name()), any::<bool>(), prop::option::of("[a-z]{3,6}|1\\.2"), value())
        .prop_filter("attribute or rule", |(attribute, _, rule, _)| attribute.is_some() || rule.is_some())
        .prop_map(|(attribute, dn, rule, value)| Filter::Extensible(Extensible { attribute, dn, rule, value }));
    let leaf = prop_oneof![
        (name(), value()).prop_map(|(name, value)| Filter::Equal(name, value)),
        (name(), value()).prop_map(|(name, value)| Filter::AtLeast(name, value)),
        (name(), value()).prop_map(|(name, value)| Filter::AtMost(name, value)),
        (name(), value()).prop_map(|(name, value)| Filter::Approx(name, value)),
        name().prop_map(Filter::Present),
        (name(), substrings).prop_map(|(name, parts)| Filter::Substrings(name, parts)),
        extensible,
    ];
    leaf.prop_recursive(6, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::Or),
            inner.prop_map(|inner| Filter::Not(Box::new(inner))),
        ]
    })
}

proptest! {
    #[test]
    fn printed_filter_round_trips(filter in any_filter()) {
        let printed = filter.to_string();
        prop_assert_eq!(printed.parse::<Filter>(), Ok(filter));
        prop_assert_eq!(crate::model::text::shown(&printed), printed);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in r"[()&|!=<>~:*\\ a-c0-9.;é\x00]{0,40}") {
        match text.parse::<Filter>() {
            Ok(filter) => prop_assert_eq!(filter.to_string().parse::<Filter>(), Ok(filter)),
            Err(error) => prop_assert!(error.column().is_some_and(|column| column <= text.chars().count() + 1)),
        }
    }

    #[test]
    fn no_filter_and_no_value_make_the_evaluation_panic(
        filter in any_filter(),
        name in "userAccountControl|whenCreated|objectSid|objectGUID|manager|objectCategory|isDeleted|cn",
        asked in r"[-+ 0-9.,Z:=a-cN\\]{0,16}",
        value in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let mut entry = Entry::default();
        entry.values.insert(name.to_ascii_lowercase(), vec![value, asked.clone().into_bytes()]);
        let _ = evaluate(&filter, &entry);
        for filter in [
            Filter::Equal(name.clone(), asked.clone().into_bytes()),
            Filter::AtLeast(name.clone(), asked.clone().into_bytes()),
            Filter::Substrings(name.clone(), Substrings { first: Some(asked.into_bytes()), ..Substrings::default() }),
        ] {
            let _ = evaluate(&filter, &entry);
        }
    }
}
