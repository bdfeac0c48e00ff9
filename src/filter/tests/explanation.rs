//! Explanations agree with the evaluation, and their remedies work.

use proptest::prelude::*;

use super::*;
use crate::model::explanation::Remedy;
use crate::model::text::Untrusted;

const ATTRIBUTES: &[&str] = &["department", "c", "employeeType", "title", "company", "adminCount"];

/// A clause about one attribute, with values that entries have, have not, and cannot have.
fn clause(attribute: &'static str) -> impl Strategy<Value = Filter> {
    let name = || attribute.to_owned();
    let value = || "[xyz1]".prop_map(String::into_bytes);
    prop_oneof![
        value().prop_map(move |value| Filter::Equal(name(), value)),
        value().prop_map(move |value| Filter::AtLeast(name(), value)),
        value().prop_map(move |value| Filter::AtMost(name(), value)),
        Just(Filter::Present(name())),
        value().prop_map(move |first| {
            Filter::Substrings(name(), Substrings { first: Some(first), ..Substrings::default() })
        }),
    ]
}

/// A clause that no change of an attribute can satisfy: a group, a flag, an undefined clause.
fn other() -> impl Strategy<Value = Filter> {
    let texts = [
        "(memberOf:1.2.840.113556.1.4.1941:=CN=in,DC=x)",
        "(memberOf:1.2.840.113556.1.4.1941:=CN=out,DC=x)",
        "(manager:1.2.840.113556.1.4.1941:=CN=out,DC=x)",
        "(userAccountControl:1.2.840.113556.1.4.803:=2)",
        "(anr=x)",
        "(unheard=x)",
    ];
    prop::sample::select(texts.to_vec()).prop_map(read)
}

fn any_clauses() -> impl Strategy<Value = Filter> {
    let leaf = prop_oneof![prop::sample::select(ATTRIBUTES.to_vec()).prop_flat_map(clause), other(), any_filter()];
    leaf.prop_recursive(5, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::And),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::Or),
            inner.prop_map(|inner| Filter::Not(Box::new(inner))),
        ]
    })
}

/// An entry with some of the attributes, in the group "in", without a value for "unheard".
#[derive(Debug)]
struct Person(Entry);

impl Subject for Person {
    fn any(&self, attribute: &str, test: &mut dyn FnMut(&[u8]) -> bool) -> Option<bool> {
        if attribute == "unheard" { None } else { self.0.any(attribute, test) }
    }

    fn reaches(&self, attribute: &str, to: &Dn) -> Option<bool> {
        self.0.reaches(attribute, to)
    }
}

fn person() -> impl Strategy<Value = Person> {
    let values = prop::collection::vec(prop::option::of("[xyz1]"), ATTRIBUTES.len());
    (values, prop::sample::select(vec!["512", "514"])).prop_map(|(values, flags)| {
        let mut entry = Entry::of(&[("userAccountControl", flags)]);
        for (name, value) in ATTRIBUTES.iter().zip(values) {
            entry.values.extend(value.map(|value| (name.to_ascii_lowercase(), vec![value.into_bytes()])));
        }
        entry.groups.push("CN=IN,DC=X".to_owned());
        Person(entry)
    })
}

fn each(explained: &Explained, with: &mut dyn FnMut(&Explained)) {
    with(explained);
    explained.parts.iter().for_each(|part| each(part, with));
}

/// Applies a remedy to an entry.
fn apply(remedy: &Remedy, entry: &mut Entry) {
    let key = |name: &str| name.to_ascii_lowercase();
    match remedy {
        Remedy::Give { attribute, value } => {
            entry.values.insert(key(attribute), vec![value.raw().as_bytes().to_vec()]);
        }
        Remedy::GiveLike { attribute, like } => {
            let value = like.split(' ').nth(1).unwrap_or("1").trim_end_matches('*');
            entry.values.insert(key(attribute), vec![value.as_bytes().to_vec()]);
        }
        Remedy::Take { attribute, value } => {
            let same = |other: &Vec<u8>| other.eq_ignore_ascii_case(value.raw().as_bytes());
            entry.values.get_mut(&key(attribute)).expect("it has some").retain(|other| !same(other));
        }
        Remedy::Clear { attribute } => {
            entry.values.remove(&key(attribute));
        }
        Remedy::EnableAccount => {
            entry.values.insert(key("userAccountControl"), vec![b"512".to_vec()]);
        }
        Remedy::Join { group } => entry.groups.push(Dn::key_of(group.raw()).expect("a DN")),
        Remedy::Leave { group } => entry.groups.retain(|key| *key != Dn::key_of(group.raw()).expect("a DN")),
        other => panic!("no change of the entry: {other:?}"),
    }
}

proptest! {
    #[test]
    fn explanation_agrees_with_evaluation(filter in any_clauses(), person in person()) {
        let explained = explain(&filter, &person);
        prop_assert_eq!(&explained.filter, &filter);
        each(&explained, &mut |part| assert_eq!(part.verdict, evaluate(&part.filter, &person), "{}", part.filter));
        prop_assert_eq!(explained.remedy().is_none(), explained.verdict == True);
    }

    #[test]
    fn remedies_in_sequence_make_a_user_match(
        clauses in ATTRIBUTES.iter().map(|name| (clause(name), any::<bool>()).boxed()).collect::<Vec<_>>(),
        groups in prop::collection::vec((prop::bool::ANY, prop::bool::ANY), 2),
        mut person in person(),
    ) {
        let negated = |filter, negated| if negated { Filter::Not(Box::new(filter)) } else { filter };
        let mut all: Vec<Filter> = clauses.into_iter().map(|(filter, not)| negated(filter, not)).collect();
        for (name, (not, other)) in ["in", "out"].into_iter().zip(groups) {
            let group = negated(Filter::in_chain("memberOf", &format!("CN={name},DC=x")), not);
            all.push(if other { Filter::Or(vec![read("(objectClass=robot)"), group]) } else { group });
        }
        all.push(read("(!(userAccountControl:1.2.840.113556.1.4.803:=2))"));
        let filter = Filter::And(all);
        for _ in 0..20 {
            let explained = explain(&filter, &person);
            match explained.remedy() {
                None => return Ok(()),
                // The clause cannot be answered: a number asked of letters.
                Some(Remedy::ChangeFilter { clause }) => {
                    let asked = read(&clause);
                    let undefined = evaluate(&asked, &person) == Undefined;
                    prop_assert!(undefined || clause.contains("adminCount"), "{clause}");
                    return Ok(());
                }
                Some(remedy) => apply(&remedy, &mut person.0),
            }
        }
        prop_assert!(false, "twenty remedies did not help with {}", filter);
    }
}

#[test]
fn remedy_is_one_change_in_the_directory() {
    let entry = Entry::of(&[("department", "Marketing"), ("userAccountControl", "514")]);
    for (filter, remedy) in [
        ("(department=Sales)", "in the directory, set department to \"Sales\""),
        ("(!(department=Marketing))", "in the directory, change department from \"Marketing\""),
        ("(mail=*)", "in the directory, give mail a value"),
        ("(!(department=*))", "in the directory, clear department"),
        ("(title=Dr*)", "in the directory, set title to a value like Dr*"),
        ("(employeeNumber>=5)", "in the directory, set employeeNumber to a value of 5 or more"),
        ("(!(userAccountControl:1.2.840.113556.1.4.803:=2))", "enable the account in the directory"),
        ("(memberOf:1.2.840.113556.1.4.1941:=CN=g,DC=x)", "add the user to the group CN=g,DC=x"),
        ("(|(objectClass=robot)(memberOf=CN=g,DC=x))", "add the user to the group CN=g,DC=x"),
        ("(objectClass=robot)", "change the mapping: no change of the user makes (objectClass=robot) true"),
        ("(anr=x)", "change the mapping: no change of the user makes (anr=x) true"),
    ] {
        let explained = explain(&read(filter), &entry);
        assert_eq!(explained.remedy().map(|remedy| remedy.to_string()).as_deref(), Some(remedy), "{filter}");
    }
}

#[test]
fn readable_values_are_shown() {
    let entry = Entry::of(&[("department", "Mar\u{202e}keting"), ("objectSid", "x")]);
    let explained = explain(&read("(&(department=Sales)(objectSid=S-1-5-32-544))"), &entry);
    assert_eq!(explained.parts[0].has, [Untrusted::new("Mar\u{202e}keting")]);
    assert!(explained.parts[1].has.is_empty(), "bytes are not shown as text");
}
