//! A search finds whom reading every name finds, whatever became of the cache before.

use std::collections::BTreeSet;

use imd::engine::{Engine, Options};
use imd::model::audit::Actor;
use imd::model::found::{Sort, SortKey};
use imd::model::job::Job;
use imd::model::text::Untrusted;
use imd::model::user::{Attribute, Guid, User};
use imd::store::{Error, UserState};
use proptest::prelude::*;

use crate::support::corp::{House, name};

/// Each letter, and what it counts as: worked out from the Unicode names, not by what is tested. `ø`, `ß` and `ł` are
/// letters of their own; a search knows no accents of Greek and Cyrillic.
const LETTERS: [(char, char); 26] = [
    ('a', 'a'),
    ('A', 'a'),
    ('å', 'a'),
    ('Å', 'a'),
    ('ä', 'a'),
    ('b', 'b'),
    ('B', 'b'),
    ('c', 'c'),
    ('ç', 'c'),
    ('e', 'e'),
    ('É', 'e'),
    ('ế', 'e'),
    ('n', 'n'),
    ('ñ', 'n'),
    ('o', 'o'),
    ('Ö', 'o'),
    ('ø', 'ø'),
    ('Ø', 'ø'),
    ('ß', 'ß'),
    ('σ', 'σ'),
    ('Σ', 'σ'),
    ('и', 'и'),
    ('И', 'и'),
    ('山', '山'),
    ('1', '1'),
    ('7', '7'),
];
const BETWEEN: [char; 9] = [' ', '-', '.', '@', '\'', '"', '*', '(', '—'];

fn text(longest: usize) -> impl Strategy<Value = String> {
    let letter = prop::sample::select(LETTERS.map(|(letter, _)| letter).to_vec());
    let one = prop_oneof![6 => letter, 1 => prop::sample::select(BETWEEN.to_vec())];
    prop::collection::vec(one, 1..longest).prop_map(|all| all.into_iter().collect())
}

/// The words of a text, as a reader would split them.
fn words(text: &str) -> Vec<String> {
    let folded = |c: char| LETTERS.iter().find(|(letter, _)| *letter == c).map_or(c, |(_, as_letter)| *as_letter);
    let words = text.split(|c| BETWEEN.contains(&c)).filter(|word| !word.is_empty());
    words.map(|word| word.chars().map(folded).collect::<String>().to_lowercase()).collect()
}

/// A person: what may be searched, and what may not.
#[derive(Debug, Clone)]
struct Person {
    number: u8,
    values: Vec<(Attribute, String)>,
    unit: String,
}

impl Person {
    fn user(&self) -> User {
        let dn = format!("CN=x,OU={},DC=zz", self.unit.replace(['"', ','], "-").trim());
        let values = self.values.iter().map(|(attribute, text)| (*attribute, Untrusted::new(text.clone())));
        let dn = (Attribute::DistinguishedName, Untrusted::new(dn));
        User::new(Guid([self.number; 16]), values.chain([dn]).collect())
    }

    fn words(&self) -> Vec<String> {
        let searched = self.values.iter().filter(|(attribute, _)| *attribute != Attribute::Title);
        let mut all: Vec<String> = searched
            .flat_map(|(attribute, text)| {
                words(if *attribute == Attribute::ProxyAddresses { &text["smtp:".len()..] } else { text })
            })
            .collect();
        all.extend(words(&self.unit));
        all
    }

    fn is_found(&self, query: &str) -> bool {
        let (asked, mine) = (words(query), self.words());
        !asked.is_empty() && asked.iter().all(|word| mine.iter().any(|mine| mine.starts_with(word.as_str())))
    }
}

fn person(number: u8) -> impl Strategy<Value = Person> {
    let names = [
        Attribute::DisplayName,
        Attribute::CommonName,
        Attribute::SamAccountName,
        Attribute::UserPrincipalName,
        Attribute::Mail,
        Attribute::Department,
        // No name: the search ignores it.
        Attribute::Title,
    ];
    let values = prop::collection::vec((prop::sample::select(names.to_vec()), text(9)), 1..5);
    let alias = prop::option::of(text(9).prop_map(|text| (Attribute::ProxyAddresses, format!("smtp:{text}"))));
    (values, alias, text(6)).prop_map(move |(values, alias, unit)| {
        // A letter at each end, so that the DN is one; and one value each, as the directory has them.
        let mut seen = BTreeSet::new();
        let mut values: Vec<_> = values.into_iter().filter(|(attribute, _)| seen.insert(*attribute)).collect();
        values.extend(alias);
        Person { number, values, unit: format!("b{unit}b") }
    })
}

#[derive(Debug, Clone)]
enum Step {
    /// A sync that finds these, of whom some are as before.
    Sync(Vec<Person>),
    Undo,
    Forget(usize),
    LookUp(Person),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let some = || {
        prop::collection::vec(any::<bool>(), 8).prop_flat_map(|there| {
            let numbers = (0_u8..8).filter(|number| there[usize::from(*number)]).collect::<Vec<_>>();
            numbers.into_iter().map(person).collect::<Vec<_>>()
        })
    };
    let step = prop_oneof![
        5 => some().prop_map(Step::Sync),
        2 => Just(Step::Undo),
        2 => (0_usize..8).prop_map(Step::Forget),
        2 => (8_u8..12).prop_flat_map(person).prop_map(Step::LookUp),
    ];
    prop::collection::vec(step, 1..7)
}

pub(crate) fn sync(house: &House, users: &[User]) {
    let mut staging = house.store.stage().unwrap();
    staging.take(0, users, |_| None).unwrap();
    let plan = staging.finish(&house.by(), &Job::unwatched(), |_| Vec::new()).unwrap();
    house.store.apply_plan(plan.id, &house.by(), &Job::unwatched(), |_| Ok::<_, Error>(())).unwrap();
}

fn engine(house: &House) -> Engine {
    let mut options = Options::of_host(house.dir.path());
    options.actor = Actor::new("anna");
    Engine::open(options).unwrap()
}

/// Takes the last plan back, when that can be.
fn undo(house: &House) {
    let engine = engine(house);
    if let Ok(plan) = engine.undo(None) {
        let _ = engine.apply(plan.id, Some(&plan.hash), &Job::unwatched());
    }
}

fn take(house: &House, step: &Step) {
    match step {
        Step::Sync(people) => sync(house, &people.iter().map(Person::user).collect::<Vec<_>>()),
        Step::Undo => undo(house),
        Step::Forget(at) => {
            let all = house.store.users(None, Sort::default(), 0, 100).unwrap().users;
            if let Some(user) = all.get(*at) {
                let left = user.state != UserState::Active;
                let forgotten = engine(house).forget_user(&user.user.guid.to_string());
                assert_eq!(forgotten.is_ok(), left, "{forgotten:?}");
            }
        }
        Step::LookUp(person) => {
            house
                .store
                .transaction(|transaction| transaction.admit(&name("Staff"), &person.user(), &house.by()))
                .unwrap();
        }
    }
}

/// The cached users, with the values that the cache has now.
fn cached(house: &House) -> Vec<(i64, Person)> {
    let all = house.store.users(None, Sort::default(), 0, 1_000).unwrap().users;
    all.into_iter()
        .map(|cached| {
            let values = cached.user.all().iter().filter(|(attribute, _)| *attribute != Attribute::DistinguishedName);
            let values = values.map(|(attribute, value)| (*attribute, value.raw().to_owned())).collect();
            let dn = cached.user.first(Attribute::DistinguishedName).unwrap().raw().to_owned();
            let unit = dn.trim_start_matches("CN=x,OU=").trim_end_matches(",DC=zz").to_owned();
            (cached.id, Person { number: cached.user.guid.0[0], values, unit })
        })
        .collect()
}

fn ids(house: &House, query: &str, sort: Sort) -> BTreeSet<i64> {
    let page = house.store.users(Some(query), sort, 0, 1_000).unwrap();
    assert_eq!((page.total.count, page.total.more), (page.users.len() as u64, false), "{query:?}");
    page.users.iter().map(|user| user.id).collect()
}

/// Each word that an index without holes and without leftovers would find, and FTS5's own verdict.
fn is_whole(house: &House) {
    let wrong = house.sqlite3("INSERT INTO user_words (user_words) VALUES ('integrity-check')");
    assert_eq!(wrong, "");
    assert_eq!(house.sqlite3("SELECT count(*) FROM cached_user"), house.sqlite3("SELECT count(*) FROM user_index"));
    let by_place = "SELECT group_concat(user_id) FROM (SELECT user_id FROM user_index ORDER BY place)";
    let by_name = "SELECT group_concat(user_id) FROM
                   (SELECT user_id FROM user_name WHERE form = 'label' ORDER BY key, user_id)";
    assert_eq!(house.sqlite3(by_place), house.sqlite3(by_name), "places are in the order of the names");
}

/// Each case is a state of its own, on the disk.
fn cases() -> ProptestConfig {
    let cases = if std::env::var_os("IMD_LONG").is_some() { 1_000 } else { 40 };
    ProptestConfig { cases, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn search_equals_a_scan_after_every_kind_of_change(
        steps in steps(), queries in prop::collection::vec(text(7), 12)
    ) {
        let house = House::with_staff();
        for step in &steps {
            take(&house, step);
        }
        is_whole(&house);
        let people = cached(&house);
        let of_people = people.iter().flat_map(|(_, person)| person.words());
        // Nothing but spaces is no query.
        for query in queries.into_iter().chain(of_people).filter(|query| !query.trim().is_empty()) {
            let found = ids(&house, &query, Sort::default());
            let wanted: BTreeSet<i64> =
                people.iter().filter(|(_, person)| person.is_found(&query)).map(|(id, _)| *id).collect();
            prop_assert_eq!(&found, &wanted, "{:?} among {:?}", query, people);
            prop_assert_eq!(ids(&house, &query, Sort::by(SortKey::Mail)), wanted);
        }
    }

    #[test]
    fn no_query_fails(query in any::<String>(), key in prop::sample::select(SortKey::ALL.to_vec())) {
        let house = House::with_staff();
        sync(&house, &[numbered(1, "Åsa Berg")]);
        house.store.users(Some(&query), Sort::by(key), 0, 10).unwrap();
    }
}

#[test]
fn what_fts5_takes_for_its_language_is_words_to_a_search() {
    let house = House::with_staff();
    sync(&house, &[numbered(1, "Near Anders"), numbered(2, "Or Not"), numbered(3, "Column Words")]);
    let found = |query: &str| house.store.users(Some(query), Sort::default(), 0, 10).unwrap().total.count;
    for (query, count) in [
        ("near", 1),
        ("NEAR(a b)", 0),
        ("OR", 1),
        ("NOT", 1),
        ("and", 1),
        ("or NOT", 1),
        ("column:words", 1),
        ("words : col", 1),
        ("^near", 1),
        ("a*", 1),
        ("\"near", 1),
        ("\"\"\"", 0),
        ("*", 0),
        ("-", 0),
        ("near +", 1),
        ("{words} : x", 0),
        ("\0near\0", 1),
        ("near\u{1b}[2J", 0),
        ("\u{301}", 0),
        ("ⓐ", 0),
        ("क्षि", 0),
        ("';--", 0),
    ] {
        assert_eq!(found(query), count, "{query:?}");
    }
    for long in
        ["near ".repeat(13_108), "\"*".repeat(32_768), "n".repeat(65_536), "é".repeat(32_768), "\0".repeat(65_536)]
    {
        found(&long);
    }
    assert_eq!(found(&format!("{}zzz", "near ".repeat(13_108))), 1, "of a long query the beginning counts");
    sync(&house, &[numbered(4, "a b c d e f g h")]);
    assert_eq!(
        (found("a b c d e f g h"), found("a b c d e f g z"), found("a b c d e f g h z")),
        (1, 0, 1),
        "eight words"
    );
}

fn numbered(number: u16, label: &str) -> User {
    let mut guid = [9; 16];
    guid[..2].copy_from_slice(&number.to_be_bytes());
    let text = |attribute, text: String| (attribute, Untrusted::new(text));
    User::new(
        Guid(guid),
        vec![
            text(Attribute::DisplayName, label.to_owned()),
            text(Attribute::SamAccountName, format!("s{:05}", 60_000 - number)),
            text(Attribute::Mail, format!("m{:05}@corp.example", u32::from(number) * 7_919 % 65_536)),
            text(Attribute::Department, ["Sales", "Legal", "Research"][usize::from(number % 3)].to_owned()),
            text(Attribute::DistinguishedName, format!("CN={number},OU=Staff,DC=corp")),
        ],
    )
}

fn labels(house: &House, query: Option<&str>, sort: Sort, offset: u64, limit: u64) -> Vec<String> {
    let page = house.store.users(query, sort, offset, limit).unwrap();
    page.users.iter().map(|user| user.user.label()).collect()
}

#[test]
fn large_plan_rebuilds_the_index_and_small_ones_keep_it() {
    let house = House::with_staff();
    let many: Vec<User> = (0..1_500).map(|n| numbered(n, &format!("User {:04}", n * 7 % 1_500))).collect();
    sync(&house, &many);
    is_whole(&house);
    // Users are added between two neighbors until there is no free place between them.
    let mut all = many;
    for n in 0..40 {
        all.push(numbered(2_000 + n, &format!("User 0700 {}", "b".repeat(usize::from(n)))));
        if n % 8 == 7 {
            sync(&house, &all);
            is_whole(&house);
        }
    }
    for n in 0..14 {
        all.push(numbered(3_000 + n, &format!("User 0800 {}", "b".repeat(usize::from(n)))));
        sync(&house, &all);
    }
    is_whole(&house);
    let found = house.store.users(Some("user 0700"), Sort::default(), 0, 100).unwrap();
    assert_eq!((found.total.count, found.users.len()), (41, 41));
}

#[test]
fn look_ups_find_room_between_two_names_however_many_there_are() {
    let house = House::with_staff();
    sync(&house, &[numbered(1, "Anna"), numbered(2, "Bert")]);
    for n in 0..40 {
        let user = numbered(100 + n, &format!("Anna {}", "b".repeat(usize::from(n))));
        assert!(house.store.transaction(|transaction| transaction.admit(&name("Staff"), &user, &house.by())).unwrap());
    }
    assert_eq!(house.store.users(Some("anna"), Sort::default(), 0, 100).unwrap().users.len(), 41);
    let wrong = house.sqlite3("INSERT INTO user_words (user_words) VALUES ('integrity-check')");
    assert_eq!(wrong, "");
}

#[test]
fn pages_of_every_order_put_together_are_everybody_once() {
    let house = House::with_staff();
    let all: Vec<User> = (0..300).map(|n| numbered(n, &format!("User {:04}", n * 7 % 300))).collect();
    sync(&house, &all);
    let column = |sort: Sort| match sort.key {
        SortKey::Name => "label",
        SortKey::Account => "attributes ->> '$.sAMAccountName[0]'",
        SortKey::Mail => "attributes ->> '$.mail[0]'",
        SortKey::Department => "attributes ->> '$.department[0]'",
        SortKey::Added => "u.id",
    };
    for key in SortKey::ALL {
        for descending in [false, true] {
            let sort = Sort { key, descending };
            let way = if descending { "DESC" } else { "ASC" };
            // The order as SQLite itself sorts the rows.
            let sql = format!(
                "SELECT label FROM cached_user u JOIN user_values v ON v.id = values_id
                 ORDER BY {} {way}, label {way}",
                column(sort)
            );
            let wanted: Vec<String> = house.sqlite3(&sql).lines().map(str::to_owned).collect();
            for query in [None, Some("user"), Some("staff u")] {
                let paged: Vec<String> =
                    (0..310).step_by(7).flat_map(|offset| labels(&house, query, sort, offset, 7)).collect();
                assert_eq!(paged, wanted, "{sort:?} {query:?}");
            }
        }
    }
}

#[test]
fn users_beyond_the_count_are_sorted_by_name() {
    let house = House::with_staff();
    let all: Vec<User> = (0..10_300).map(|n| numbered(n, &format!("User {n:05}"))).collect();
    sync(&house, &all);
    let page = |offset| house.store.users(Some("user"), Sort::by(SortKey::Mail), offset, 200).unwrap();
    let first = page(0);
    assert_eq!((first.total.count, first.total.more, first.sort), (10_000, true, Sort::default()));
    assert_eq!(first.total.to_string(), "more than 10,000");
    assert_eq!(first.users[199].user.label(), "User 00199");
    let last = page(10_200);
    assert_eq!((last.users.len(), last.users[99].user.label().as_str()), (100, "User 10299"));
    let over = page(9_900);
    assert_eq!((over.users.len(), over.users[150].user.label().as_str()), (200, "User 10050"));
    assert_eq!(house.store.users(None, Sort::default(), 10_299, 5).unwrap().users[0].user.label(), "User 10299");
}
