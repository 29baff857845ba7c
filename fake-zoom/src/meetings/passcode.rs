//! Passcodes: the account's policy, and Zoom's own choice where none is given.

use serde_json::Value;

use crate::in_force::InForce;
use crate::random::Random;

/// The setting "Require a passcode when scheduling new meetings".
pub const REQUIRED: &str = "schedule_meeting.require_password_for_scheduling_new_meetings";

const LONGEST: usize = 10;

/// Whether that setting is locked on, so that no meeting goes without.
pub fn is_required(in_force: &InForce) -> bool {
    in_force.locked(REQUIRED) == Some(&Value::Bool(true))
}

/// `schedule_meeting.meeting_password_requirement`.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are Zoom's own switches"
)]
pub struct Policy {
    length: usize,
    /// Runs of this many equal or consecutive characters are refused; 0: no such rule.
    run: usize,
    letter: bool,
    number: bool,
    special: bool,
    both_cases: bool,
    only_numeric: bool,
    no_weak: bool,
}

impl Policy {
    pub fn of(in_force: &InForce) -> Self {
        macro_rules! path {
            ($name:literal) => {
                concat!("schedule_meeting.meeting_password_requirement.", $name)
            };
        }
        let number = |path: &str| {
            in_force
                .get(path)
                .and_then(Value::as_u64)
                .and_then(|number| usize::try_from(number).ok())
                .unwrap_or(0)
        };
        Self {
            length: number(path!("length")).min(LONGEST),
            run: number(path!("consecutive_characters_length")),
            letter: in_force.is_on(path!("have_letter")),
            number: in_force.is_on(path!("have_number")),
            special: in_force.is_on(path!("have_special_character")),
            both_cases: in_force.is_on(path!("have_upper_and_lower_characters")),
            only_numeric: in_force.is_on(path!("only_allow_numeric")),
            no_weak: in_force.is_on(path!("weak_enhance_detection")),
        }
    }

    pub fn accepts(&self, password: &str) -> bool {
        let any = |test: fn(&char) -> bool| password.chars().any(|character| test(&character));
        password.chars().count() >= self.length
            && (!self.letter || any(char::is_ascii_alphabetic))
            && (!self.number || any(char::is_ascii_digit))
            && (!self.special || any(char::is_ascii_punctuation))
            && (!self.both_cases
                || (any(char::is_ascii_uppercase) && any(char::is_ascii_lowercase)))
            && (!self.only_numeric || password.chars().all(|character| character.is_ascii_digit()))
            && (self.run < 2 || longest_run(password) < self.run)
            && (!self.no_weak || longest_run(password) < 4)
    }

    /// A passcode that the policy accepts. A policy that contradicts itself gets ten digits.
    pub fn generate(&self, random: &mut Random) -> String {
        let needs_more = !self.only_numeric && (self.letter || self.special || self.both_cases);
        let length = self.length.max(6);
        for _ in 0..1000 {
            let candidate = if needs_more {
                let mut text = random.text(
                    "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789",
                    LONGEST - 1,
                );
                text.push_str(&random.text("@-_*", 1));
                text
            } else {
                random.text("0123456789", length)
            };
            if self.accepts(&candidate) {
                return candidate;
            }
        }
        random.text("0123456789", LONGEST)
    }
}

/// The longest run of equal, rising or falling neighbours: `111`, `abc`, `321`.
fn longest_run(text: &str) -> usize {
    let codes: Vec<i64> = text
        .chars()
        .map(|character| i64::from(u32::from(character)))
        .collect();
    let mut longest = usize::from(!codes.is_empty());
    for step in [-1, 0, 1] {
        let mut run = 1;
        for pair in codes.windows(2) {
            let [left, right] = pair else { continue };
            run = if right - left == step { run + 1 } else { 1 };
            longest = longest.max(run);
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::model::BUILT_IN_SEED;

    fn policy(requirement: &Value) -> Policy {
        let mut user = BUILT_IN_SEED.users[1].clone();
        let mut bare = json!({"have_number": false, "length": 0});
        let (bare_fields, asked) = (
            bare.as_object_mut().unwrap(),
            requirement.as_object().unwrap(),
        );
        bare_fields.extend(asked.clone());
        let tree = json!({"schedule_meeting": {"meeting_password_requirement": bare}});
        user.settings = tree.as_object().unwrap().clone();
        Policy::of(&InForce::of(&BTreeMap::new(), &user))
    }

    #[test]
    fn each_rule_refuses_and_each_generated_passcode_passes() {
        let mut random = Random::seeded(1);
        for (requirement, good, bad) in [
            (json!({"length": 8}), "12345678", "1234567"),
            (json!({"have_letter": true}), "a23456", "123456"),
            (json!({"have_number": true}), "abcde1", "abcdef"),
            (json!({"have_special_character": true}), "abc@12", "abc123"),
            (
                json!({"have_upper_and_lower_characters": true}),
                "aB3456",
                "ab3456",
            ),
            (json!({"only_allow_numeric": true}), "482915", "48291a"),
            (
                json!({"consecutive_characters_length": 4}),
                "482915",
                "123482",
            ),
            (
                json!({"consecutive_characters_length": 4}),
                "111482",
                "811114",
            ),
            (json!({"weak_enhance_detection": true}), "482915", "123456"),
        ] {
            let policy = policy(&requirement);
            assert!(policy.accepts(good), "{requirement} {good}");
            assert!(!policy.accepts(bad), "{requirement} {bad}");
            for _ in 0..50 {
                assert!(
                    policy.accepts(&policy.generate(&mut random)),
                    "{requirement}"
                );
            }
        }
    }

    #[test]
    fn by_default_six_digits() {
        let made =
            policy(&json!({"length": 6, "have_number": true})).generate(&mut Random::seeded(1));
        assert!(
            made.len() == 6 && made.bytes().all(|byte| byte.is_ascii_digit()),
            "{made}"
        );
    }
}
