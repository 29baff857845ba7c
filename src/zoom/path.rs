//! Text made fit for URLs: path segments and form bodies.

use std::fmt::Write as _;

/// One path segment: everything but unreserved characters is percent-encoded.
#[must_use]
pub(crate) fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A form body.
#[must_use]
pub(crate) fn form(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e_mail_addresses_are_encoded() {
        assert_eq!(segment("doctor+x@example.com"), "doctor%2Bx%40example.com");
        assert_eq!(segment("dR0hOsTiD1exAmple_Zo-m"), "dR0hOsTiD1exAmple_Zo-m");
        assert_eq!(segment("a/../b"), "a%2F..%2Fb");
    }

    #[test]
    fn form_bodies_are_encoded() {
        assert_eq!(form(&[("a", "x y&z"), ("b", "ü")]), "a=x+y%26z&b=%C3%BC");
    }
}
