//! Searching 1,000,000 cached users: what a letter typed, a page turned and the last page cost.
//!
//! The budget is 50 ms for any search and 10 ms for the first page. The state is made once, below `target`;
//! `IMD_BENCH_USERS` makes it another size.

#[path = "made/company.rs"]
mod company;

use divan::Bencher;
use imd::model::found::{Sort, SortKey};
use imd::store::Store;

fn main() {
    divan::main();
}

/// As many rows as a list asks for at a time.
const PAGE: u64 = 200;

fn large() -> (Store, u64) {
    let users = std::env::var("IMD_BENCH_USERS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    (Store::open(&company::state(users)).expect("opens"), users)
}

/// From one letter that nearly all users have to words that no user has.
#[divan::bench(
    args = [
        "c", "j", "jan", "emp", "emp00", "emp0000", "engineering", "jane sales", "corp example", "jane berg sales oslo",
        "staff.4711@old", "emp0004712@corp.example.com", "nobody at all",
    ],
    sample_count = 20, sample_size = 1,
)]
fn search(bencher: Bencher<'_, '_>, query: &str) {
    let (store, _) = large();
    bencher.bench_local(|| store.users(Some(query), Sort::default(), 0, PAGE).expect("read"));
}

/// Nearly 10,000 hits, which are sorted; and more, which come by name.
#[divan::bench(args = ["bert engineering", "jane"], sample_count = 20, sample_size = 1)]
fn search_by_mail(bencher: Bencher<'_, '_>, query: &str) {
    let (store, _) = large();
    bencher.bench_local(|| store.users(Some(query), Sort::by(SortKey::Mail), 0, PAGE).expect("read"));
}

#[divan::bench(args = ["c", "jan"], sample_count = 20, sample_size = 1)]
fn search_far_down(bencher: Bencher<'_, '_>, query: &str) {
    let (store, _) = large();
    bencher.bench_local(|| store.users(Some(query), Sort::default(), 25_000, PAGE).expect("read"));
}

#[divan::bench(args = [SortKey::Name, SortKey::Account, SortKey::Mail, SortKey::Department, SortKey::Added], sample_count = 20, sample_size = 1)]
fn first_page(bencher: Bencher<'_, '_>, key: SortKey) {
    let (store, _) = large();
    bencher.bench_local(|| store.users(None, Sort::by(key), 0, PAGE).expect("read"));
}

#[divan::bench(args = [SortKey::Name, SortKey::Account, SortKey::Added], sample_count = 20, sample_size = 1)]
fn middle_page(bencher: Bencher<'_, '_>, key: SortKey) {
    let (store, users) = large();
    bencher.bench_local(|| store.users(None, Sort::by(key), users / 2, PAGE).expect("read"));
}

#[divan::bench(args = [SortKey::Name, SortKey::Account, SortKey::Added], sample_count = 20, sample_size = 1)]
fn last_page(bencher: Bencher<'_, '_>, key: SortKey) {
    let (store, users) = large();
    bencher.bench_local(|| store.users(None, Sort::by(key), users - PAGE, PAGE).expect("read"));
}
