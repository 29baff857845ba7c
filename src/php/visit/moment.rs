//! `Telemed\Moment`.

use ext_php_rs::boxed::ZBox;
use ext_php_rs::convert::FromZval;
use ext_php_rs::convert::StubLiteral;
use ext_php_rs::flags::DataType;
use ext_php_rs::prelude::*;
use ext_php_rs::types::ZendHashTable;
use ext_php_rs::types::Zval;

use super::rows;
use crate::engine;
use crate::php::convert::DateTimeArgument;
use crate::php::convert::SEALED;
use crate::visit;
use crate::visit::columns::moment_text;
use crate::visit::reference::Naming;
use crate::visit::schedule;
use crate::visit::step::Policies;
use crate::zoom::Result;
use crate::zoom::secret::hex;

/// Random octets of a nonce that is drawn.
const NONCE_OCTETS: usize = 6;

/// What every input of a visit comes with: the time, the clinic's choices, and chance.
#[php_class]
#[php(name = "Telemed\\Moment")]
#[php(flags = SEALED)]
pub struct Moment {
    at: visit::Moment,
    policies: Policies,
    naming: Naming,
}

#[php_impl]
impl Moment {
    #[php(defaults(policies = PoliciesArgument::default()))]
    pub fn __construct(
        now: DateTimeArgument,
        site: String,
        policies: PoliciesArgument,
        chance: Option<i64>,
        nonce: Option<String>,
    ) -> PhpResult<Self> {
        let chance = match chance {
            Some(chance) => rows::id("chance", chance)?,
            None => u32::from_le_bytes(drawn()),
        };
        let nonce = match nonce {
            Some(nonce) => nonce,
            None => hex(&drawn::<NONCE_OCTETS>(), 2 * NONCE_OCTETS),
        };
        let naming = Naming { site, nonce };
        // What cannot be a part of a reference would leave every visit without a meeting.
        naming
            .reference("source", "appointment", 1)
            .map_err(|error| rows::bad(&error.to_string()))?;
        Ok(Self {
            at: visit::Moment {
                now: now.instant()?,
                chance,
            },
            policies: policies.read()?,
            naming,
        })
    }

    pub fn default_policies() -> PhpResult<ZBox<ZendHashTable>> {
        let policies = Policies::default();
        let mut array = ZendHashTable::new();
        array.insert("join_minutes_before", policies.join_minutes_before)?;
        array.insert("mails_zooms_link", policies.mails_zooms_link)?;
        array.insert("writes_of_patient", i64::from(policies.writes_of_patient))?;
        Ok(array)
    }

    pub fn now(&self) -> String {
        moment_text(self.at.now)
    }

    pub fn day(&self) -> String {
        schedule::day_text(schedule::day(self.at.now))
    }
}

impl Moment {
    /// Time and chance.
    pub fn at(&self) -> visit::Moment {
        self.at
    }

    /// The clinic's choices.
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// What new references are made with.
    pub fn naming(&self) -> &Naming {
        &self.naming
    }
}

fn drawn<const OCTETS: usize>() -> [u8; OCTETS] {
    let mut octets = [0; OCTETS];
    engine::clock().random(&mut octets);
    octets
}

/// The argument `policies`: an array.
#[derive(Default)]
pub struct PoliciesArgument(Option<Zval>);

impl FromZval<'_> for PoliciesArgument {
    const TYPE: DataType = DataType::Array;

    fn from_zval(zval: &Zval) -> Option<Self> {
        zval.is_array().then(|| Self(Some(zval.shallow_clone())))
    }
}

impl StubLiteral for PoliciesArgument {
    fn stub_literal(&self) -> String {
        "[]".to_owned()
    }
}

impl PoliciesArgument {
    fn read(&self) -> Result<Policies> {
        let mut policies = Policies::default();
        let Some(given) = &self.0 else {
            return Ok(policies);
        };
        for (name, text) in rows::columns(given)? {
            let wrong = || {
                rows::bad(&format!(
                    "the policy {name} is not one, or not what it can be"
                ))
            };
            let text = text.ok_or_else(wrong)?;
            match name.as_str() {
                "join_minutes_before" => {
                    policies.join_minutes_before = text.parse().map_err(|_| wrong())?;
                }
                "mails_zooms_link" => policies.mails_zooms_link = text == "1",
                "writes_of_patient" => {
                    policies.writes_of_patient = text.parse().map_err(|_| wrong())?;
                }
                _ => return Err(wrong()),
            }
        }
        Ok(policies)
    }
}
