#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failed unwrap is a failed test"
)]

use serde_json::Value;

use super::*;
use crate::zoom::Clock as _;
use crate::zoom::error::Kind;
use crate::zoom::testing::World;

const ROUNDS: usize = 400;

/// A source of records that differ in every field; repeatable, for the clock's chance is.
struct Anything<'a>(&'a World);

impl Anything<'_> {
    fn number(&self) -> i64 {
        let mut bytes = [0; 8];
        self.0.clock.random(&mut bytes);
        match bytes[0] % 5 {
            0 => i64::MAX,
            1 => i64::MIN,
            2 => 0,
            3 => i64::from(bytes[1]),
            _ => i64::from_le_bytes(bytes),
        }
    }

    fn yes(&self) -> bool {
        self.number() % 2 == 0
    }

    fn text(&self) -> String {
        const LETTERS: [char; 12] = [
            'a',
            'Z',
            '0',
            '"',
            '\\',
            '\n',
            '\0',
            'ü',
            '€',
            '\u{1f600}',
            '{',
            '}',
        ];
        (0..self.number().unsigned_abs() % 40)
            .filter_map(|_| {
                let at = self.number().unsigned_abs() % 12;
                LETTERS.get(usize::try_from(at).unwrap()).copied()
            })
            .collect()
    }

    fn maybe<T>(&self, make: impl FnOnce(&Self) -> T) -> Option<T> {
        self.yes().then(|| make(self))
    }

    fn record(&self) -> Record {
        Record {
            life: match self.number().rem_euclid(4) {
                0 => Life::Alive,
                1 => Life::Dead,
                2 => Life::Ending,
                _ => Life::Leaving,
            },
            access_token: Secret::new(self.text()),
            refresh_token: self.maybe(|any| Secret::new(any.text())),
            expires_at: self.number(),
            renew_at: self.number(),
            is_doubtful: self.yes(),
            scopes: (0..self.number().rem_euclid(5))
                .map(|_| self.text())
                .collect(),
            api_url: self.maybe(Self::text),
            zoom_user: self.maybe(|any| ZoomUser {
                id: any.text(),
                email: any.maybe(Self::text),
                name: any.maybe(Self::text),
                account_id: any.maybe(Self::text),
                licensed: any.yes(),
            }),
            passcode_policy: self.maybe(|any| PasscodePolicy {
                length: any.number(),
                consecutive_characters_length: any.number(),
                only_allow_numeric: any.yes(),
            }),
            hides_descriptions: self.maybe(Self::yes),
            since: self.number(),
            reason: self.maybe(Self::text),
        }
    }
}

fn plain(record: &Record) -> Value {
    serde_json::to_value(record).unwrap()
}

#[test]
fn any_record_comes_back_whole_and_under_its_own_key_only() {
    let world = World::new();
    let any = Anything(&world);
    for _ in 0..ROUNDS {
        let (key, other, record) = (any.text(), any.text(), any.record());
        let sealed = seal(&world.context, &key, &record).unwrap();
        let opened: Record = open(&world.context, &key, &sealed).unwrap();
        assert_eq!(plain(&opened), plain(&record));
        if other != key {
            let swapped = open::<Record>(&world.context, &other, &sealed);
            assert_eq!(swapped.err().unwrap().kind(), Kind::Vault);
        }
        let token = record.access_token.expose();
        assert!(token.len() < 4 || !sealed.contains(token));
    }
}

#[test]
fn a_record_without_one_of_its_fields_is_readable_or_a_vault_error_that_does_not_show_it() {
    let world = World::new();
    let any = Anything(&world);
    for _ in 0..ROUNDS {
        let Value::Object(mut fields) = plain(&any.record()) else {
            panic!("a record is an object");
        };
        let names: Vec<String> = fields.keys().cloned().collect();
        let at = usize::try_from(any.number().unsigned_abs() % names.len() as u64).unwrap();
        let name = names[at].clone();
        if any.yes() {
            fields.remove(&name);
        } else {
            fields.insert(name, Value::from("marker-of-a-wrong-type"));
        }
        fields.insert("of_a_later_version".into(), Value::from(any.number()));
        let sealed = seal(&world.context, "k", &fields).unwrap();
        if let Err(error) = open::<Record>(&world.context, "k", &sealed) {
            assert_eq!(error.kind(), Kind::Vault);
            assert!(!format!("{error:?} {}", error.advice()).contains("marker"));
        }
    }
}

#[test]
fn any_token_answer_gives_a_record_that_is_renewed_before_its_end() {
    let world = World::new();
    let any = Anything(&world);
    let now = world.clock.now();
    for _ in 0..ROUNDS {
        let expires_in = Some(any.number()).filter(|seconds| *seconds > 0);
        let answer = TokenAnswer {
            access_token: Secret::new(any.text()),
            refresh_token: any.maybe(|any| Secret::new(any.text())),
            expires_in,
            scopes: Vec::new(),
            api_url: None,
        };
        let record = Record::connected(answer, now);
        assert!(record.renew_at <= record.expires_at);
        assert!(record.renew_at >= now.as_second());
        assert!(record.expires_at - record.renew_at <= RENEW_MARGIN_SECONDS);
    }
}
