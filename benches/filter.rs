//! What a filter costs: to parse, and to hold against each user of the sample directory.
//!
//! The ratio worth watching is a filter of a mapping against the plain presence test: what the mapping's own conditions
//! cost a user beyond walking the users.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use imd::directory::ldif::File;
use imd::directory::{Query, Read as _};
use imd::filter::{Filter, Prepared, Verdict};
use imd::model::job::Job;
use imd::model::user::User;

const SAMPLE: &[u8] = include_bytes!("../assets/sample.ldif");

const FILTERS: [&str; 4] = [
    "(mail=*)",
    "(&(c=NO)(department=Sales))",
    "(|(displayName=*an*)(mail=a*)(title=*er))",
    "(&(!(userAccountControl:1.2.840.113556.1.4.803:=2))(|(employeeType=permanent)(employeeType=temporary))(mail=*@*))",
];

fn main() {
    divan::main();
}

fn users() -> Vec<User> {
    let query = Query { base: None, filter: "(objectClass=user)".parse().expect("a filter") };
    let mut users = Vec::new();
    let mut take = |batch: Vec<User>| {
        users.extend(batch);
        Ok(())
    };
    File::of_bytes(SAMPLE).users(&query, &Job::unwatched(), &mut take).expect("the sample reads");
    users
}

#[divan::bench(args = FILTERS)]
fn parse(text: &str) -> Filter {
    black_box(text).parse().expect("a filter")
}

#[divan::bench(args = FILTERS)]
fn evaluate(bencher: Bencher, text: &str) {
    let users = users();
    let filter = Prepared::new(&text.parse().expect("a filter"));
    let matched = |user: &&User| filter.evaluate(*user) == Verdict::True;
    bencher.counter(ItemsCount::new(users.len())).bench(|| black_box(&users).iter().filter(matched).count());
}
