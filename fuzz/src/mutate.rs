//! Makes inputs from a corpus: JSON with other values in it, and bytes that are no JSON at all. Repeatable from its seed.

use serde_json::Value;
use serde_json::json;

/// Mutates a corpus.
pub struct Mutator {
    state: u64,
    corpus: Vec<Vec<u8>>,
}

/// Texts that parsers trip over.
const TEXTS: [&str; 20] = [
    "",
    " ",
    "null",
    "-1",
    "99999999999999999999999999",
    "1e400",
    "2026-12-01T14:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "-009999-01-02T01:59:59Z",
    "Tue, 31 Feb 2026 25:61:61 GMT",
    "https://api-eu.zoom.us",
    "https://zoom.us.evil.example/",
    "https://user:pass@api.zoom.us:99999/v2?x#y",
    "https://[::1",
    "\u{0}\u{1b}[31m\r\nSet-Cookie: x",
    "\u{202e}\u{feff}\u{1f600}",
    "telemed:",
    "../../etc/passwd",
    "%00%ff%",
    "Invalid access token, does not contain scopes:[",
];

impl Mutator {
    /// Of this corpus, from this seed.
    pub fn new(seed: u64, corpus: Vec<Vec<u8>>) -> Self {
        let state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        Self { state, corpus }
    }

    /// The next input.
    pub fn next_input(&mut self) -> Vec<u8> {
        let at = self.below(self.corpus.len().max(1));
        let seed = self.corpus.get(at).cloned().unwrap_or_default();
        // The first byte is the target's own choice of method, status and headers.
        let mut input = vec![self.byte()];
        match (self.below(4), serde_json::from_slice::<Value>(&seed)) {
            (1.., Ok(mut value)) => {
                for _ in 0..=self.below(4) {
                    self.change(&mut value);
                }
                input.extend(value.to_string().into_bytes());
            }
            _ => input.extend(self.scramble(seed)),
        }
        input
    }

    /// Changes the value or one somewhere in it.
    fn change(&mut self, value: &mut Value) {
        let deeper = self.below(8) != 0;
        match value {
            Value::Object(map) if deeper && !map.is_empty() => {
                let keys: Vec<String> = map.keys().cloned().collect();
                let key = self.pick(&keys);
                match self.below(8) {
                    0 => drop(map.remove(&key)),
                    1 => {
                        let other = self.pick(&keys);
                        if let Some(copy) = map.get(&other).cloned() {
                            map.insert(key, copy);
                        }
                    }
                    _ => self.change(map.entry(key).or_insert(Value::Null)),
                }
            }
            Value::Array(list) if deeper && !list.is_empty() => {
                let at = self.below(list.len());
                match self.below(6) {
                    0 => drop(list.remove(at)),
                    1 => list.extend_from_within(..),
                    _ => list
                        .get_mut(at)
                        .into_iter()
                        .for_each(|one| self.change(one)),
                }
            }
            Value::String(text) if deeper && self.below(2) == 0 => {
                let bytes = self.scramble(text.clone().into_bytes());
                *text = String::from_utf8_lossy(&bytes).into_owned();
            }
            _ => *value = self.value(),
        }
    }

    fn value(&mut self) -> Value {
        match self.below(14) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(0),
            3 => json!(-1),
            4 => json!(i64::MAX),
            5 => json!(i64::MIN),
            6 => json!(u64::MAX),
            7 => json!(1.5e300),
            8 => json!([]),
            9 => json!({}),
            10 => json!("x".repeat(self.below(3_000))),
            11 => (0..self.below(90)).fold(Value::Null, |inner, _| json!([inner])),
            12 => json!(self.below(1 << 40)),
            _ => json!(self.pick(&TEXTS)),
        }
    }

    /// Flips, cuts, doubles and inserts bytes.
    fn scramble(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            match self.below(5) {
                0 => bytes.truncate(at),
                1 => {
                    let text = self.pick(&TEXTS);
                    drop(bytes.splice(at..at, text.bytes()));
                }
                2 => {
                    let bit = 1 << self.below(8);
                    bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= bit);
                }
                3 => bytes.insert(at, self.byte()),
                _ => {
                    let tail = bytes.split_off(at);
                    bytes.extend_from_slice(&tail);
                    bytes.extend(tail.into_iter().take(64));
                }
            }
        }
        bytes
    }

    fn pick<T: Clone + Default>(&mut self, all: &[T]) -> T {
        let at = self.below(all.len().max(1));
        all.get(at).cloned().unwrap_or_default()
    }

    #[allow(clippy::cast_possible_truncation, reason = "any bits will do")]
    fn byte(&mut self) -> u8 {
        self.next() as u8
    }

    #[allow(clippy::cast_possible_truncation, reason = "any bits will do")]
    fn below(&mut self, end: usize) -> usize {
        self.next() as usize % end
    }

    /// xorshift64*.
    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }
}
