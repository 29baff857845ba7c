//! Chance: random texts in the alphabets that Zoom's identifiers and tokens use.
//!
//! Nothing else in this crate asks the system for randomness.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom, SystemRandom};

/// The one source of chance: the system's in the program, a generator with a seed in the library.
#[derive(Clone, Debug)]
pub struct Random(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Seeded { seed: u64, generator: SplitMix64 },
}

impl Random {
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// The same seed gives the same draws, for ever and on every machine.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded {
            seed,
            generator: SplitMix64(seed),
        })
    }

    /// The chance as it was at first.
    pub fn reset(&self) -> Self {
        match self.0 {
            Source::System => Self::system(),
            Source::Seeded { seed, .. } => Self::seeded(seed),
        }
    }

    /// Fills `bytes`. Without the system's randomness nothing in the program makes sense, so that ends the process.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is where the system's randomness comes from"
    )]
    fn fill(&mut self, bytes: &mut [u8]) {
        match &mut self.0 {
            Source::System => {
                if SystemRandom::new().fill(bytes).is_err() {
                    std::process::abort();
                }
            }
            Source::Seeded { generator, .. } => {
                for chunk in bytes.chunks_mut(8) {
                    for (byte, drawn) in chunk.iter_mut().zip(generator.next().to_le_bytes()) {
                        *byte = drawn;
                    }
                }
            }
        }
    }

    /// `N` random bytes.
    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A number below `bound`; the slight bias does not matter in a test double.
    fn below(&mut self, bound: u64) -> u64 {
        u64::from_le_bytes(self.bytes()) % bound.max(1)
    }

    /// `length` characters drawn from `alphabet`, which is ASCII. The bytes come in one piece: a system call for each
    /// character would dominate the cost of a token.
    pub fn text(&mut self, alphabet: &str, length: usize) -> String {
        let mut drawn = vec![0; length];
        self.fill(&mut drawn);
        let alphabet = alphabet.as_bytes();
        for byte in &mut drawn {
            let place = (usize::from(*byte) * alphabet.len()) >> 8;
            *byte = alphabet.get(place).copied().unwrap_or_default();
        }
        String::from_utf8(drawn).unwrap_or_default()
    }

    /// Letters and digits.
    pub fn alphanumeric(&mut self, length: usize) -> String {
        self.text(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
            length,
        )
    }

    /// A token that looks like Zoom's JSON Web Tokens. It is opaque: only the state knows what it stands for.
    pub fn token(&mut self, kind: &str, subject: &str) -> String {
        // The fields in the order of their names, as everywhere.
        let header = format!(
            r#"{{"alg":"HS512","kid":"{}","typ":"JWT","v":"10"}}"#,
            self.alphanumeric(22)
        );
        let subject = serde_json::Value::from(subject);
        let jti = self.alphanumeric(22);
        // Real tokens are often over 1,000 characters; stores that cut them should be found out.
        let ctx = self.alphanumeric(640);
        let claims = format!(
            r#"{{"aud":"https://oauth.zoom.us","ctx":"{ctx}","jti":"{jti}","tokenType":"{kind}","uid":{subject},"ver":10}}"#
        );
        let mut token = String::with_capacity(1200);
        URL_SAFE_NO_PAD.encode_string(header, &mut token);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(self.bytes::<64>(), &mut token);
        token
    }

    /// A meeting id: eleven digits, always beyond 2^31.
    pub fn meeting_id(&mut self) -> u64 {
        80_000_000_000 + self.below(20_000_000_000)
    }

    /// A meeting UUID, base64 of 16 bytes. Every third one needs double encoding in a path, in either of the two ways.
    pub fn meeting_uuid(&mut self, counter: u64) -> String {
        let mut raw: [u8; 16] = self.bytes();
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
}

/// Steele, Lea and Flood's generator, "Fast splittable pseudorandom number generators" (2014): eight bytes a step, one
/// word of state, any seed. Its few lines never change what a seed means, as a newer version of a library might.
#[derive(Clone, Debug)]
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_do_not_fit_into_31_bits() {
        let mut random = Random::system();
        for _ in 0..1000 {
            let id = random.meeting_id();
            assert!(id > 1 << 31 && id.to_string().len() == 11, "{id}");
        }
    }

    #[test]
    fn every_third_uuid_needs_double_encoding() {
        let mut random = Random::seeded(1);
        for round in 0..100 {
            assert!(random.meeting_uuid(round * 6 + 2).starts_with('/'));
            assert!(random.meeting_uuid(round * 6 + 5).contains("//"));
            assert_eq!(random.meeting_uuid(round).len(), 24);
        }
    }

    #[test]
    fn tokens_are_long_and_distinct() {
        for mut random in [Random::system(), Random::seeded(7)] {
            let mut token = || random.token("access_token", "u");
            let (one, two) = (token(), token());
            assert!(one.len() > 1000 && one != two);
        }
    }

    #[test]
    fn a_seed_means_the_same_for_ever() {
        let mut generator = SplitMix64(1_234_567);
        let drawn = [generator.next(), generator.next(), generator.next()];
        // The vector that Rosetta Code and others publish for this seed.
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ];
        assert_eq!(drawn, published);
        let draw = |random: &mut Random| (random.alphanumeric(30), random.meeting_id());
        let mut random = Random::seeded(5);
        let first = draw(&mut random);
        assert_ne!(draw(&mut random), first);
        assert_eq!(draw(&mut random.reset()), first);
        assert_ne!(draw(&mut Random::seeded(6)), first);
    }
}
