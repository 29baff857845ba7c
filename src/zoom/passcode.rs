//! Passcodes that the account's policy accepts.
//!
//! Zoom takes at most ten characters of letters, digits and `@ - _ *`. Ten of all four kinds without runs meet every policy
//! but "digits only", so that is what is made while the policy is unknown.

use serde::Deserialize;
use serde::Serialize;
use zeroize::Zeroizing;

use super::clock::Clock;
use super::error::Error;
use super::error::Result;
use super::error_id::ErrorId;

const LENGTH: usize = 10;
const UPPER: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
const LOWER: &[u8] = b"abcdefghijkmnpqrstuvwxyz";
const DIGITS: &[u8] = b"23456789";
const ALL_DIGITS: &[u8] = b"0123456789";
const SPECIAL: &[u8] = b"@-_*";
/// Random bytes that are asked for at once.
const STOCK: usize = 64;

/// The account's demands, as `meeting_password_requirement` of the user settings names them.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct PasscodePolicy {
    /// The least length.
    pub length: i64,
    /// The longest run of consecutive characters that is refused; 0 for none.
    pub consecutive_characters_length: i64,
    /// Nothing but digits.
    pub only_allow_numeric: bool,
}

/// A passcode for a policy; `None` while it is unknown.
///
/// # Errors
/// When the policy asks for more than Zoom's API takes.
pub(crate) fn generate(policy: Option<&PasscodePolicy>, clock: &dyn Clock) -> Result<String> {
    let policy = policy.cloned().unwrap_or_default();
    if usize::try_from(policy.length).is_ok_and(|length| length > LENGTH) {
        return Err(Error::new(
            ErrorId::PasscodeTooLong,
            format!(
                "the Zoom account asks for passcodes of {} characters, and Zoom's API takes {LENGTH} at most",
                policy.length
            ),
            "Lower the least passcode length in the Zoom account's settings to 10 or less.",
        ));
    }
    let mut random = Draws::new(clock);
    loop {
        let candidate = draw(policy.only_allow_numeric, &mut random);
        if !has_run(&candidate) {
            return Ok(candidate.iter().copied().map(char::from).collect());
        }
    }
}

fn draw(only_digits: bool, random: &mut Draws) -> Vec<u8> {
    if only_digits {
        return (0..LENGTH).map(|_| random.pick(ALL_DIGITS)).collect();
    }
    let any = [UPPER, LOWER, DIGITS].concat();
    let mut passcode = vec![
        random.pick(UPPER),
        random.pick(LOWER),
        random.pick(DIGITS),
        random.pick(SPECIAL),
    ];
    passcode.extend((passcode.len()..LENGTH).map(|_| random.pick(&any)));
    // Fisher-Yates, so that no kind has its fixed place.
    for last in (1..passcode.len()).rev() {
        passcode.swap(last, random.below(last + 1));
    }
    passcode
}

/// Whether two neighbours are the same or follow each other (`11`, `ab`, `ba`).
fn has_run(passcode: &[u8]) -> bool {
    passcode
        .windows(2)
        .any(|pair| matches!(pair, [a, b] if a.abs_diff(*b) <= 1))
}

/// Random bytes, asked for in stock: the kernel is asked for each, and a passcode takes about thirty.
struct Draws<'a> {
    clock: &'a dyn Clock,
    stock: Zeroizing<[u8; STOCK]>,
    used: usize,
}

impl<'a> Draws<'a> {
    fn new(clock: &'a dyn Clock) -> Self {
        Self {
            clock,
            stock: Zeroizing::new([0; STOCK]),
            used: STOCK,
        }
    }

    fn byte(&mut self) -> u8 {
        loop {
            if let Some(byte) = self.stock.get(self.used) {
                self.used += 1;
                return *byte;
            }
            self.clock.random(&mut *self.stock);
            self.used = 0;
        }
    }

    /// An even draw from `0..limit` (`limit` at most 256): draws beyond the last whole multiple are thrown away.
    fn below(&mut self, limit: usize) -> usize {
        loop {
            let drawn = usize::from(self.byte());
            if drawn < 256 - 256 % limit {
                return drawn % limit;
            }
        }
    }

    fn pick(&mut self, from: &[u8]) -> u8 {
        from.get(self.below(from.len())).copied().unwrap_or(b'0')
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::super::testing::FixedClock;
    use super::*;

    #[test]
    fn an_unknown_policy_gets_every_kind_and_no_run() {
        let clock = FixedClock::default();
        for _ in 0..500 {
            let passcode = generate(None, &clock).unwrap();
            assert_eq!(passcode.len(), LENGTH);
            for kind in [UPPER, LOWER, DIGITS, SPECIAL] {
                assert!(
                    passcode.bytes().any(|byte| kind.contains(&byte)),
                    "{passcode}"
                );
            }
            assert!(!has_run(passcode.as_bytes()), "{passcode}");
        }
    }

    #[test]
    fn a_numeric_policy_gets_digits_only() {
        let clock = FixedClock::default();
        let policy = PasscodePolicy {
            only_allow_numeric: true,
            length: 6,
            ..PasscodePolicy::default()
        };
        let passcode = generate(Some(&policy), &clock).unwrap();
        assert_eq!(passcode.len(), LENGTH);
        assert!(passcode.bytes().all(|byte| byte.is_ascii_digit()));
    }

    #[test]
    fn a_policy_beyond_the_api_is_an_error_with_advice() {
        let policy = PasscodePolicy {
            length: 12,
            ..PasscodePolicy::default()
        };
        assert!(generate(Some(&policy), &FixedClock::default()).is_err());
    }

    #[test]
    fn passcodes_differ() {
        let clock = FixedClock::default();
        assert_ne!(
            generate(None, &clock).unwrap(),
            generate(None, &clock).unwrap()
        );
    }
}
