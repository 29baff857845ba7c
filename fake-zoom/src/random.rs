//! Random texts in the alphabets that Zoom's identifiers and tokens use.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom, SystemRandom};

/// Fills `bytes` from the system; without a source of randomness nothing here makes sense, so that ends the process.
fn fill(bytes: &mut [u8]) {
    if SystemRandom::new().fill(bytes).is_err() {
        std::process::abort();
    }
}

/// `N` random bytes.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    fill(&mut bytes);
    bytes
}

/// A number below `bound`; the slight bias does not matter in a test double.
pub fn below(bound: u64) -> u64 {
    u64::from_le_bytes(bytes()) % bound.max(1)
}

/// `length` characters drawn from `alphabet`, which is ASCII. The bytes come in one piece: a system call for each
/// character would dominate the cost of a token.
pub fn text(alphabet: &str, length: usize) -> String {
    let mut drawn = vec![0; length];
    fill(&mut drawn);
    let alphabet = alphabet.as_bytes();
    drawn
        .into_iter()
        .filter_map(|byte| alphabet.get(usize::from(byte) % alphabet.len().max(1)))
        .map(|byte| char::from(*byte))
        .collect()
}

/// Letters and digits.
pub fn alphanumeric(length: usize) -> String {
    text(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        length,
    )
}

/// A token that looks like Zoom's JSON Web Tokens. It is opaque: only the state knows what it stands for.
pub fn token(kind: &str, subject: &str) -> String {
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header =
        part(serde_json::json!({"alg": "HS512", "typ": "JWT", "v": "10", "kid": alphanumeric(22)}));
    let claims = part(serde_json::json!({
        "ver": 10, "uid": subject, "tokenType": kind, "aud": "https://oauth.zoom.us",
        "jti": alphanumeric(22),
        // Real tokens are often over 1,000 characters; stores that cut them should be found out.
        "ctx": alphanumeric(640),
    }));
    format!(
        "{header}.{claims}.{}",
        URL_SAFE_NO_PAD.encode(bytes::<64>())
    )
}

/// A meeting id: eleven digits, always beyond 2^31.
pub fn meeting_id() -> u64 {
    80_000_000_000 + below(20_000_000_000)
}

/// A meeting UUID, base64 of 16 bytes. Every third one needs double encoding in a path, in either of the two ways.
pub fn meeting_uuid(counter: u64) -> String {
    let mut raw: [u8; 16] = bytes();
    let [first, second, third, ..] = &mut raw;
    match counter % 6 {
        2 => *first |= 0b1111_1100, // first character '/'
        5 => {
            *second |= 0b0000_1111; // third and fourth characters '//'
            *third = 0xff;
        }
        _ => {}
    }
    STANDARD.encode(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_do_not_fit_into_31_bits() {
        for _ in 0..1000 {
            let id = meeting_id();
            assert!(id > 1 << 31 && id.to_string().len() == 11, "{id}");
        }
    }

    #[test]
    fn every_third_uuid_needs_double_encoding() {
        for round in 0..100 {
            assert!(meeting_uuid(round * 6 + 2).starts_with('/'));
            assert!(meeting_uuid(round * 6 + 5).contains("//"));
            assert_eq!(meeting_uuid(round).len(), 24);
        }
    }

    #[test]
    fn tokens_are_long_and_distinct() {
        let (one, two) = (token("access_token", "u"), token("access_token", "u"));
        assert!(one.len() > 1000 && one != two);
    }
}
