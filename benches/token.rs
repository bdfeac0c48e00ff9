//! What a token costs: making one, verifying one, and telling a wrong one, each on one core.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use imd::model::name::Name;
use imd::model::token::{Claims, Scope, TokenId};
use imd::token::{SigningKey, Trusted, mint, verify};
use jiff::Timestamp;

fn main() {
    divan::main();
}

fn key() -> SigningKey {
    SigningKey::from_random([7; 32]).expect("a key")
}

fn claims() -> Claims {
    Claims {
        id: TokenId::from_bytes([1; 8]),
        issuer: "0123456789abcdef".to_owned(),
        name: Name::new("rollout-2026").expect("a name"),
        issued_at: Timestamp::from_second(1_763_856_000).expect("a time"),
        expires_at: None,
        max_activations: 5_000,
        servers: vec!["https://imd.corp.example.com:7443".to_owned()],
        pin: "zHpELVwK-f2DDwwnlDo7JozCf8tTBt4IYX58wPvj_BY".parse().ok(),
        scope: Scope::default(),
    }
}

#[divan::bench]
fn minted(bencher: Bencher) {
    let (key, claims) = (key(), claims());
    bencher.counter(ItemsCount::new(1_u32)).bench(|| mint(black_box(&key), black_box(&claims)).is_ok());
}

#[divan::bench]
fn verified(bencher: Bencher) {
    let (key, claims) = (key(), claims());
    let token = mint(&key, &claims).expect("minted");
    let trusted = [Trusted::of("0123456789abcdef", key.public().clone())];
    bencher.counter(ItemsCount::new(1_u32)).bench(|| {
        assert!(verify(black_box(token.expose()), &trusted, claims.issued_at).is_ok());
    });
}

/// The cost of a flood of invalid tokens: a token of another key is rejected before any arithmetic.
#[divan::bench]
fn of_another_key(bencher: Bencher) {
    let (key, claims) = (key(), claims());
    let token = mint(&key, &claims).expect("minted");
    let other = SigningKey::from_random([8; 32]).expect("a key");
    let trusted = [Trusted::of("0123456789abcdef", other.public().clone())];
    bencher.counter(ItemsCount::new(1_u32)).bench(|| {
        assert!(verify(black_box(token.expose()), &trusted, claims.issued_at).is_err());
    });
}
