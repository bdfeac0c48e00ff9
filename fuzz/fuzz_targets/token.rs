//! No text makes the token verifier panic, and only the signed token is accepted.
//!
//! The input is a list of edits of a real token, so that most inputs are nearly valid; or, with a first byte of 255, raw
//! text.

#![no_main]

use std::sync::LazyLock;

use imd::model::name::Name;
use imd::model::token::{Claims, Platform, Scope, TokenId};
use imd::token::{SigningKey, Trusted, attested, key_of, mint, read, verify};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

struct Real {
    claims: Claims,
    token: String,
    trusted: [Trusted; 1],
}

static REAL: LazyLock<Real> = LazyLock::new(|| {
    let key = SigningKey::from_random([7; 32]).expect("a key");
    let claims = Claims {
        id: TokenId::from_bytes([1; 8]),
        issuer: "0123456789abcdef".to_owned(),
        name: Name::new("rollout-2026").expect("a name"),
        issued_at: Timestamp::from_second(1_763_856_000).expect("a time"),
        expires_at: Timestamp::from_second(1_771_632_000).ok(),
        max_activations: 5_000,
        servers: vec!["https://imd.corp.example.com:7443".to_owned()],
        pin: None,
        scope: Scope { platforms: vec![Platform::Windows], ..Scope::default() },
    };
    let token = mint(&key, &claims).expect("minted").expose().to_owned();
    Real { claims, token, trusted: [Trusted::of("0123456789abcdef", key.public().clone())] }
});

fuzz_target!(|input: &[u8]| {
    let real = &*REAL;
    let text = match input.split_first() {
        Some((255, rest)) => String::from_utf8_lossy(rest).into_owned(),
        _ => edited(&real.token, input),
    };
    let now = real.claims.issued_at;
    match verify(&text, &real.trusted, now) {
        // Any other accepted token would be forged.
        Ok(claims) => assert!(claims == real.claims && text == real.token),
        Err(refusal) => assert!(text != real.token && !refusal.code().is_empty()),
    }
    assert!(attested(&text, &real.trusted).is_err(), "a token is no bundle");
    let _ = (read(&text), key_of(&text));
});

/// Every three bytes are an edit: position and operation.
fn edited(token: &str, edits: &[u8]) -> String {
    let mut bytes = token.as_bytes().to_vec();
    for edit in edits.chunks_exact(3) {
        let at = usize::from(u16::from_be_bytes([edit[0] & 1, edit[1]])) % bytes.len().max(1);
        match edit[0] >> 6 {
            0 => bytes[at] ^= 1 << (edit[2] % 8),
            1 => bytes.truncate(at),
            2 => bytes.insert(at, edit[2]),
            _ => {
                let from = usize::from(edit[2]) % bytes.len().max(1);
                let (first, last) = (at.min(from), at.max(from));
                bytes[first..last].reverse();
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
