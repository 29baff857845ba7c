#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test"
)]

use super::super::clock::Clock;
use super::super::testing::FixedClock;
use super::*;
use crate::zoom::error::Kind;

fn vault() -> (Vault, FixedClock) {
    let clock = FixedClock::default();
    let key = Vault::generate_key(&clock);
    (Vault::new(&[key]).unwrap(), clock)
}

#[test]
fn what_was_sealed_opens_again_whatever_the_bytes() {
    let (vault, clock) = vault();
    for length in [0usize, 1, 31, 64, 1000, 70_000] {
        let mut plaintext = vec![0; length];
        clock.random(&mut plaintext);
        let sealed = vault.seal(&plaintext, b"key", &clock).unwrap();
        assert_eq!(*vault.open(&sealed, b"key").unwrap(), plaintext);
    }
}

#[test]
fn two_seals_of_one_text_differ() {
    let (vault, clock) = vault();
    assert_ne!(
        vault.seal(b"x", b"", &clock).unwrap(),
        vault.seal(b"x", b"", &clock).unwrap()
    );
}

#[test]
fn every_flipped_bit_and_every_cut_is_noticed() {
    let (vault, clock) = vault();
    let sealed = vault.seal(b"a refresh token", b"row 1", &clock).unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(&sealed[PREFIX.len()..]).unwrap();
    for position in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[position] ^= 1 << bit;
            let text = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(changed));
            assert_eq!(vault.open(&text, b"row 1").unwrap_err().kind(), Kind::Vault);
        }
    }
    for end in 0..sealed.len() {
        assert_eq!(
            vault.open(&sealed[..end], b"row 1").unwrap_err().kind(),
            Kind::Vault
        );
    }
}

#[test]
fn a_record_does_not_open_in_another_row() {
    let (vault, clock) = vault();
    let sealed = vault.seal(b"secret", b"row 1", &clock).unwrap();
    assert_eq!(
        vault.open(&sealed, b"row 2").unwrap_err().kind(),
        Kind::Vault
    );
}

#[test]
fn old_keys_open_and_the_first_seals() {
    let clock = FixedClock::default();
    let (old, new) = (Vault::generate_key(&clock), Vault::generate_key(&clock));
    let sealed = Vault::new(&[&old])
        .unwrap()
        .seal(b"s", b"c", &clock)
        .unwrap();
    let both = Vault::new(&[&new, &old]).unwrap();
    assert_eq!(**both.open(&sealed, b"c").unwrap(), *b"s");
    let resealed = both.reseal(&sealed, b"c", &clock).unwrap();
    let only_new = Vault::new(&[&new]).unwrap();
    assert!(only_new.open(&sealed, b"c").is_err());
    assert_eq!(**only_new.open(&resealed, b"c").unwrap(), *b"s");
}

#[test]
fn bad_keys_are_refused() {
    assert!(Vault::new(&[] as &[&str]).is_err());
    for bad in [
        "",
        "abc",
        "not base64!",
        &STANDARD.encode([0; 31]),
        &STANDARD.encode([0; 33]),
    ] {
        assert_eq!(Vault::new(&[bad]).unwrap_err().kind(), Kind::Configuration);
    }
}

#[test]
fn derivation_is_stable_and_depends_on_both_inputs() {
    let secret = [7; 64];
    let key = Vault::derive_key(&secret, b"salt").unwrap();
    assert_eq!(key, Vault::derive_key(&secret, b"salt").unwrap());
    assert_ne!(key, Vault::derive_key(&secret, b"pepper").unwrap());
    assert_ne!(key, Vault::derive_key(&[8; 64], b"salt").unwrap());
    assert!(Vault::new(&[key]).is_ok());
    assert!(Vault::derive_key(&[7; 31], b"salt").is_err());
}

#[test]
fn whatever_is_sealed_opens_and_whatever_else_is_a_vault_error() {
    let (vault, clock) = vault();
    let random = |most: usize| {
        let mut length = [0; 2];
        clock.random(&mut length);
        let mut bytes = vec![0; usize::from(u16::from_le_bytes(length)) % most];
        clock.random(&mut bytes);
        bytes
    };
    for _ in 0..300 {
        let (plaintext, context) = (random(600), random(40));
        let sealed = vault.seal(&plaintext, &context, &clock).unwrap();
        assert_eq!(*vault.open(&sealed, &context).unwrap(), plaintext);

        // Any edit: bytes replaced, cut out, doubled, or put in front.
        let at = random(sealed.len() + 1).len();
        let (head, tail) = sealed.split_at(at);
        let noise: String = random(9)
            .iter()
            .map(|byte| char::from(b'-' + byte % 78))
            .collect();
        for edited in [
            format!("{head}{noise}{tail}"),
            format!("{head}{}", tail.get(1..).unwrap_or_default()),
            format!("{head}{tail}{tail}"),
            format!("{tail}{head}"),
            format!("{noise}{}", sealed.get(noise.len()..).unwrap_or_default()),
        ] {
            if edited != sealed {
                let error = vault.open(&edited, &context).unwrap_err();
                assert_eq!(error.kind(), crate::zoom::Kind::Vault, "{edited}");
            }
        }
        let other = [context.as_slice(), b"x"].concat();
        assert!(vault.open(&sealed, &other).is_err());
    }
}
