//! `ldap3` parses a filter's text and its printed form as the same filter.

use imd::filter::Filter;
use proptest::prelude::*;

/// The filter as `ldap3` encodes it; `None` when it cannot parse it.
fn sent(text: &str) -> Option<impl PartialEq + std::fmt::Debug + use<>> {
    ldap3::parse_filter(text).ok()
}

fn pieces() -> impl Strategy<Value = String> {
    let name = "[a-z]{1,3}|cn;x|[1-9]\\.[1-9]";
    let value = r"([a-cé =:<>~&|!.]|\\2a|\\5C|\\00|\\ff|\\c3\\a9){0,6}";
    let part = r"([a-c]|\\2a|é){1,3}";
    let item = prop_oneof![
        (name, "=|>=|<=|~=", value).prop_map(|(name, sign, value)| format!("({name}{sign}{value})")),
        (name, part, part).prop_map(|(name, one, two)| format!("({name}={one}*{two}*)")),
        (name, part, part).prop_map(|(name, one, two)| format!("({name}=*{one}*{two})")),
        name.prop_map(|name| format!("({name}=*)")),
        (name, "(:dn)?(:1\\.2)?", value).prop_map(|(name, rule, value)| format!("({name}{rule}:={value})")),
        value.prop_map(|value| format!("(:dn:1.2.3:={value})")),
    ];
    item.prop_recursive(4, 16, 3, |inner| {
        (prop::sample::select(vec!['&', '|', '!']), prop::collection::vec(inner, 1..4)).prop_map(|(sign, all)| {
            match sign {
                '!' => format!("(!{})", all[0]),
                sign => format!("({sign}{})", all.concat()),
            }
        })
    })
}

proptest! {
    #[test]
    fn ldap3_reads_printed_filters_alike(text in pieces()) {
        let filter: Filter = text.parse().map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        let written = sent(&text);
        prop_assert!(written.is_some(), "{text}");
        prop_assert_eq!(written, sent(&filter.to_string()));
    }
}

#[test]
fn ldap3_accepts_mapping_filters() {
    let group = Filter::in_chain("memberOf", r"CN=Doe\, (all) *,OU=Ærlig,DC=x");
    assert!(sent(&group.to_string()).is_some(), "{group}");
}
