//! Text made fit for URLs: path segments and form bodies.

use std::fmt::Write as _;

/// One path segment: everything but unreserved characters is percent-encoded.
#[must_use]
pub fn segment(text: &str) -> String {
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

/// A meeting UUID as a path segment. One that begins with `/` or contains `//` is encoded twice, as Zoom demands.
#[must_use]
pub fn uuid_segment(uuid: &str) -> String {
    let once = segment(uuid);
    if uuid.starts_with('/') || uuid.contains("//") {
        segment(&once)
    } else {
        once
    }
}

/// A form body.
#[must_use]
pub fn form(pairs: &[(&str, &str)]) -> String {
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

    /// The table of Zoom's documents: once, or twice where a slash would be read as a path.
    #[test]
    fn uuids_are_encoded_as_zoom_demands() {
        assert_eq!(
            uuid_segment("aDaaKvgLHSxOX3CBkqO0xQ=="),
            "aDaaKvgLHSxOX3CBkqO0xQ%3D%3D"
        );
        assert_eq!(
            uuid_segment("/BorPE1eb3CBkqO0xdbn+A=="),
            "%252FBorPE1eb3CBkqO0xdbn%252BA%253D%253D"
        );
        assert_eq!(
            uuid_segment("AB//wrPE1eb3CBkqO0xdbg=="),
            "AB%252F%252FwrPE1eb3CBkqO0xdbg%253D%253D"
        );
    }

    #[test]
    fn form_bodies_are_encoded() {
        assert_eq!(form(&[("a", "x y&z"), ("b", "ü")]), "a=x+y%26z&b=%C3%BC");
    }
}
