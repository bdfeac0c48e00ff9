use pasetors::version4::PublicToken;
use proptest::prelude::*;

use super::issue::ASSERTION;
use super::*;
use crate::model::name::Name;
use crate::model::token::{Pin, Platform, Scope, TokenId, network};
use crate::secrets::Secret;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

/// 2025-11-23T00:00:00Z
const ISSUED: i64 = 1_763_856_000;
const EXPIRES: i64 = ISSUED + 90 * 86_400;

fn claims() -> Claims {
    Claims {
        id: TokenId::from_bytes([0, 1, 2, 3, 0xfc, 0xfd, 0xfe, 0xff]),
        issuer: "7f3a52e4".to_owned(),
        name: Name::new("rollout-2026").unwrap(),
        issued_at: at(ISSUED),
        expires_at: Some(at(EXPIRES)),
        max_activations: 5000,
        servers: vec!["https://imd.corp.example.com:7443".to_owned()],
        pin: None,
        scope: Scope::default(),
    }
}

/// A pin of the maximum length, with each kind of character.
fn pin() -> Pin {
    "zHpELVwK-f2DDwwnlDo7JozCf8tTBt4IYX58wPvj_BY".parse().unwrap()
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_random([seed; 32]).unwrap()
}

fn token() -> String {
    mint(&key(1), &claims()).unwrap().expose().to_owned()
}

fn check(text: &str) -> Result<Claims, Refusal> {
    verify(text, &[Trusted::key(key(1).public().clone())], at(ISSUED))
}

/// Signs any payload as [`mint`] signs claims, but with the given footer and assertion.
fn sign(payload: &str, footer: &[u8], assertion: &[u8]) -> String {
    let signed = PublicToken::sign(key(1).paseto(), payload.as_bytes(), Some(footer), Some(assertion)).unwrap();
    signed.replacen(PublicToken::HEADER, PREFIX, 1)
}

fn signed(payload: &str) -> Result<Claims, Refusal> {
    check(&sign(payload, &key(1).public().footer(), ASSERTION))
}

#[test]
fn a_minted_token_verifies_with_its_claims() {
    assert_eq!(check(&token()), Ok(claims()));
    let endless = Claims { expires_at: None, max_activations: 0, servers: Vec::new(), ..claims() };
    let minted = mint(&key(1), &endless).unwrap();
    assert_eq!(check(minted.expose()), Ok(endless));
}

#[test]
fn a_scope_is_in_the_token_and_not_before_is_exact() {
    let scope = Scope {
        mappings: vec![Name::new("Staff laptops").unwrap()],
        platforms: vec![Platform::Windows, Platform::Mac],
        networks: vec![network("10.20.0.0/16").unwrap(), network("2001:db8::7").unwrap()],
        not_before: Some(at(ISSUED + 86_400)),
    };
    let scoped = Claims { scope, ..claims() };
    let minted = mint(&key(1), &scoped).unwrap();
    assert_eq!(read(minted.expose()), Some(scoped.clone()));
    let on = |now| verify(minted.expose(), &[Trusted::key(key(1).public().clone())], at(now));
    let from = at(ISSUED + 86_400);
    assert_eq!(on(ISSUED + 86_400 - LEEWAY - 1), Err(Refusal::NotYetValid { from }));
    assert_eq!(on(ISSUED + 86_400 - LEEWAY), Ok(scoped.clone()));
    // It would never be valid.
    let never = Scope { not_before: Some(at(EXPIRES)), ..Scope::default() };
    assert_eq!(mint(&key(1), &Claims { scope: never, ..claims() }).err(), Some(Error::EndsBeforeItStarts));
    assert!(minted.expose().len() < 700, "it has to fit into a command line beside others");
    // An unknown scope is refused, and not ignored.
    for scope in [r#""os":["amiga"]"#, r#""net":["10.20.3.4/16"]"#, r#""map":[""]"#, r#""nbf":"soon""#] {
        let text = format!(
            r#"{{"jti":"00010203fcfdfeff","iss":"7f3a52e4","name":"x","iat":1763856000,"max":0,"srv":[],{scope}}}"#
        );
        assert_eq!(signed(&text), Err(Refusal::Claims), "{scope}");
    }
}

#[test]
fn a_revoked_key_is_not_an_unknown_key() {
    let revoked = Trusted::key(key(1).public().clone()).revoked();
    assert_eq!(verify(&token(), &[revoked], at(ISSUED)), Err(Refusal::KeyRevoked));
    assert_eq!(verify(&token(), &[Trusted::key(key(2).public().clone())], at(ISSUED)), Err(Refusal::UnknownKey));
    assert_eq!(key_of(&token()).as_deref(), Some(key(1).public().id()));
    assert_eq!(key_of("imd1_AAAA"), None);
}

#[test]
fn a_pin_in_the_token_is_optional() {
    let pinned = Claims { pin: Some(pin()), ..claims() };
    let minted = mint(&key(1), &pinned).unwrap();
    assert_eq!(check(minted.expose()), Ok(pinned.clone()));
    // A laptop reads the same claims without a key as the service verifies.
    assert_eq!(read(minted.expose()), Some(pinned));
    let before = r#"{"jti":"00010203fcfdfeff","iss":"7f3a52e4","name":"rollout-2026","iat":1763856000,"exp":1771632000,"max":5000,"srv":["https://imd.corp.example.com:7443"]}"#;
    assert_eq!(signed(before), Ok(claims()));
    assert!(minted.expose().len() < 600, "it has to fit into a command line beside others");
    for text in ["", "imd1_", "imd1_AAAA", &format!("imd1_{}", "A".repeat(2_000)), "v4.public.AAAA"] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn the_same_claims_give_the_same_token_without_quoting() {
    assert_eq!(token(), token());
    assert!(token().bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)));
    assert!(token().starts_with("imd1_"));
}

#[test]
fn a_token_is_a_standard_paseto() {
    use base64::Engine as _;
    let decode = |part: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
    let text = token();
    let (body, footer) = text.strip_prefix(PREFIX).unwrap().split_once('.').unwrap();
    let body = decode(body);
    let payload: serde_json::Value = serde_json::from_slice(&body[..body.len() - 64]).unwrap();
    assert_eq!(payload["jti"], "00010203fcfdfeff");
    assert_eq!(payload["exp"], EXPIRES);
    let footer: serde_json::Value = serde_json::from_slice(&decode(footer)).unwrap();
    assert_eq!(footer["kid"], key(1).public().id());
    assert!(key(1).public().id().starts_with("k4.pid."));
}

#[test]
fn a_public_key_matches_rfc_8032() {
    // RFC 8032, section 7.1, test 1.
    let seed = [
        0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49,
        0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
    ];
    let public = SigningKey::from_random(seed).unwrap().public().to_string();
    // d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a in base64url.
    assert_eq!(public, "k4.public.11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
}

#[test]
fn a_token_with_a_changed_bit_is_refused() {
    let text = token();
    for at in 0..text.len() {
        for bit in 0..8 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            if let Ok(changed) = std::str::from_utf8(&bytes) {
                assert!(check(changed).is_err(), "bit {bit} of byte {at} changed");
            }
        }
    }
}

#[test]
fn a_shortened_or_extended_token_is_refused() {
    let text = token();
    for end in 0..text.len() {
        assert!(check(&text[..end]).is_err(), "cut to {end}");
        assert!(check(&text[text.len() - end..]).is_err(), "the last {end}");
    }
    for extra in ["A", ".", ".A", "=", "\n", " ", "_"] {
        assert!(check(&format!("{text}{extra}")).is_err(), "{extra:?} added");
        assert!(check(&format!("{extra}{text}")).is_err(), "{extra:?} before");
    }
}

#[test]
fn each_error_has_its_own_refusal() {
    let text = token();
    assert_eq!(check(&"a".repeat(LONGEST + 1)), Err(Refusal::TooLong));
    assert_eq!(check(&format!("{text}\n")), Err(Refusal::Alphabet { at: text.len() + 1 }));
    assert_eq!(check("imd1_é"), Err(Refusal::Alphabet { at: 6 }));
    assert_eq!(check(&text.replacen("imd1_", "imd2_", 1)), Err(Refusal::Prefix));
    assert_eq!(check("v4.public.AAAA"), Err(Refusal::Prefix));
    assert_eq!(check(""), Err(Refusal::Prefix));
    assert_eq!(check("imd1_AAAA"), Err(Refusal::Malformed));
    let others = mint(&key(2), &claims()).unwrap();
    assert_eq!(check(others.expose()), Err(Refusal::UnknownKey));
}

#[test]
fn a_key_cannot_use_the_id_of_another_key() {
    let payload = r#"{"jti":"00010203fcfdfeff","iss":"a","name":"n","iat":0,"max":0,"srv":[]}"#;
    let text = sign(payload, &key(2).public().footer(), ASSERTION);
    let trusted = [Trusted::key(key(2).public().clone())];
    assert_eq!(verify(&text, &trusted, at(0)), Err(Refusal::Signature));
}

#[test]
fn a_signature_made_for_another_purpose_is_refused() {
    let payload = r#"{"jti":"00010203fcfdfeff","iss":"a","name":"n","iat":1763856000,"max":0,"srv":[]}"#;
    let footer = key(1).public().footer();
    assert!(check(&sign(payload, &footer, ASSERTION)).is_ok());
    assert_eq!(check(&sign(payload, &footer, b"")), Err(Refusal::Signature));
    assert_eq!(check(&sign(payload, &footer, b"imd enrollment 1")), Err(Refusal::Signature));
    assert_eq!(check(&sign(payload, b"{}", ASSERTION)), Err(Refusal::UnknownKey));
}

#[test]
fn a_token_with_another_paseto_purpose_is_refused() {
    let local = token().replacen("imd1_", "imd1_v4.local.", 1);
    assert_eq!(check(&local), Err(Refusal::Malformed));
}

#[test]
fn unknown_claims_are_refused_even_when_signed() {
    let good = r#"{"jti":"00010203fcfdfeff","iss":"a","name":"n","iat":1763856000,"max":0,"srv":[]}"#;
    assert!(signed(good).is_ok());
    let wrong = [
        good.replacen('{', r#"{"scope":"all","#, 1),
        good.replacen(r#""max":0,"#, "", 1),
        good.replacen(r#""max":0"#, r#""max":-1"#, 1),
        good.replacen(r#""max":0"#, r#""max":0,"max":9"#, 1),
        good.replacen("00010203fcfdfeff", "00010203FCFDFEFF", 1),
        good.replacen(r#""iss":"a""#, r#""iss":"""#, 1),
        good.replacen(r#""name":"n""#, r#""name":"a\u202eb""#, 1),
        good.replacen(r#""max":0"#, r#""exp":1763856000,"max":0"#, 1),
        good.replacen("1763856000", "99999999999999999", 1),
        good.replacen("1763856000", "\"2025-11-23\"", 1),
        "[]".to_owned(),
        format!("{good} x"),
    ];
    for payload in wrong {
        assert_eq!(signed(&payload), Err(Refusal::Claims), "{payload}");
    }
}

#[test]
fn a_known_issuer_must_match_the_key() {
    let public = key(1).public().clone();
    let now = at(ISSUED);
    assert!(verify(&token(), &[Trusted::of("7f3a52e4", public.clone())], now).is_ok());
    assert_eq!(verify(&token(), &[Trusted::of("another", public)], now), Err(Refusal::Issuer));
    assert_eq!(verify(&token(), &[], now), Err(Refusal::UnknownKey));
}

#[test]
fn clocks_may_differ_by_five_minutes() {
    let trusted = [Trusted::key(key(1).public().clone())];
    let when = |seconds| verify(&token(), &trusted, at(seconds)).map(|_| ());
    assert_eq!(when(ISSUED - LEEWAY), Ok(()));
    assert_eq!(when(ISSUED - LEEWAY - 1), Err(Refusal::NotYetValid { from: at(ISSUED) }));
    assert_eq!(when(EXPIRES), Ok(()));
    assert_eq!(when(EXPIRES + LEEWAY - 1), Ok(()));
    assert_eq!(when(EXPIRES + LEEWAY), Err(Refusal::Expired { at: at(EXPIRES) }));
    assert!(verify(&token(), &trusted, Timestamp::MIN).is_err());
    assert!(verify(&token(), &trusted, Timestamp::MAX).is_err());
}

#[test]
fn a_token_that_would_be_refused_is_not_minted() {
    let backwards = Claims { expires_at: Some(at(ISSUED)), ..claims() };
    assert!(mint(&key(1), &backwards).err() == Some(Error::EndsBeforeItStarts));
    let nobody = Claims { issuer: String::new(), ..claims() };
    assert!(mint(&key(1), &nobody).err() == Some(Error::Empty { what: "issuer" }));
    let many = Claims { servers: vec!["https://imd.corp.example.com:7443".to_owned(); 30], ..claims() };
    assert!(matches!(mint(&key(1), &many), Err(Error::TooLong { length }) if length > LONGEST));
}

#[test]
fn a_typical_token_is_short_enough_for_a_form() {
    let two = Claims { servers: vec!["https://imd.corp.example.com:7443".to_owned(); 2], ..claims() };
    assert!(token().len() <= 413, "{}", token().len());
    assert!(mint(&key(1), &two).unwrap().expose().len() <= 470);
}

#[test]
fn keys_are_the_same_after_text_form() {
    let kept = key(7).to_secret().unwrap();
    let again = SigningKey::from_secret(&kept).unwrap();
    assert_eq!(again.public(), key(7).public());
    assert!(mint(&again, &claims()).unwrap() == mint(&key(7), &claims()).unwrap());
    let public = PublicKey::parse(&format!(" {}\n", again.public())).unwrap();
    assert_eq!(&public, again.public());
    for wrong in ["", "k4.public.", "k4.public.AAAA", "k4.secret.AAAA", "k3.public.AAAA", kept.expose()] {
        assert!(PublicKey::parse(wrong).is_err(), "{wrong}");
    }
    // The two halves of a signing key must match.
    let mixed = kept.expose().replacen("k4.secret.B", "k4.secret.C", 1);
    assert!(mixed != kept.expose() && SigningKey::from_secret(&Secret::new(mixed)).is_err());
}

fn scopes() -> impl Strategy<Value = Scope> {
    let mappings = proptest::collection::vec("[A-Za-z][A-Za-z ]{0,10}[A-Za-z]", 0..3);
    let platforms = proptest::sample::subsequence(vec![Platform::Windows, Platform::Mac, Platform::Linux], 0..3);
    let networks = proptest::sample::subsequence(vec!["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"], 0..3);
    let not_before = proptest::option::of(ISSUED - 1_000..ISSUED);
    (mappings, platforms, networks, not_before).prop_map(|(mappings, platforms, networks, not_before)| Scope {
        mappings: mappings.iter().map(|name| Name::new(name).unwrap()).collect(),
        platforms,
        networks: networks.into_iter().map(|text| network(text).unwrap()).collect(),
        not_before: not_before.map(at),
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        // The same cases in every run, so that a failure is reproducible.
        rng_seed: proptest::test_runner::RngSeed::Fixed(20_251_123),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_claims_are_the_same_after_a_token(
        id in any::<[u8; 8]>(),
        issuer in "[a-z0-9]{1,16}",
        name in "[^\\p{C}\\p{Z}]{1,20}",
        life in proptest::option::of(1..10_000_000_i64),
        max_activations in any::<u64>(),
        servers in proptest::collection::vec("https://[a-z\"\\\\é]{1,12}", 0..4),
        scope in scopes(),
    ) {
        let Ok(name) = Name::new(&name) else { return Ok(()) };
        let claims = Claims {
            id: TokenId::from_bytes(id),
            issuer,
            name,
            issued_at: at(ISSUED),
            expires_at: life.map(|life| at(ISSUED + life)),
            max_activations,
            servers,
            pin: (max_activations % 2 == 0).then(pin),
            scope,
        };
        let minted = mint(&key(1), &claims).unwrap();
        prop_assert_eq!(check(minted.expose()), Ok(claims.clone()));
        prop_assert_eq!(read(minted.expose()), Some(claims));
    }

    #[test]
    fn no_text_makes_the_verifier_panic(text in "(imd1_)?[A-Za-z0-9._-]{0,400}|\\PC{0,60}") {
        prop_assert!(check(&text).is_err());
    }
}

#[test]
fn each_token_refusal_is_in_the_table_of_reasons() {
    let refusals = [
        Refusal::TooLong,
        Refusal::Alphabet { at: 1 },
        Refusal::Prefix,
        Refusal::Malformed,
        Refusal::UnknownKey,
        Refusal::Signature,
        Refusal::KeyRevoked,
        Refusal::Claims,
        Refusal::Issuer,
        Refusal::NotYetValid { from: at(0) },
        Refusal::Expired { at: at(0) },
    ];
    let unknown = crate::model::refusal::brief("no such code");
    for refusal in refusals {
        assert_ne!(crate::model::refusal::brief(refusal.code()), unknown, "{}", refusal.code());
    }
}
