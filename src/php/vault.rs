//! `Telemed\Vault`.

use std::rc::Rc;

use ext_php_rs::binary::Binary;
use ext_php_rs::convert::FromZval;
use ext_php_rs::flags::DataType;
use ext_php_rs::prelude::*;
use ext_php_rs::types::Zval;
use zeroize::Zeroizing;

use super::array;
use super::convert::SEALED;
use super::convert::SecretText;
use crate::engine;
use crate::zoom;

/// Authenticated encryption, bound to a context.
#[php_class]
#[php(name = "Telemed\\Vault")]
#[php(flags = SEALED)]
pub struct Vault {
    vault: Rc<zoom::Vault>,
}

#[php_impl]
impl Vault {
    pub fn __construct(keys: KeysArgument) -> PhpResult<Self> {
        Ok(Self {
            vault: Rc::new(zoom::Vault::new(&keys.0)?),
        })
    }

    pub fn generate_key() -> SecretText {
        SecretText(Zeroizing::new(zoom::Vault::generate_key(&*engine::clock())))
    }

    pub fn derive_key(secret: Binary<u8>, salt: Binary<u8>) -> PhpResult<SecretText> {
        let (secret, salt) = (
            Zeroizing::new(Vec::from(secret)),
            Zeroizing::new(Vec::from(salt)),
        );
        let key = zoom::Vault::derive_key(&secret, &salt)?;
        Ok(SecretText(Zeroizing::new(key)))
    }

    pub fn seal(&self, plaintext: Binary<u8>, context: Binary<u8>) -> PhpResult<String> {
        let plaintext = Zeroizing::new(Vec::from(plaintext));
        Ok(self.vault.seal(&plaintext, &context, &*engine::clock())?)
    }

    pub fn open(&self, sealed: Binary<u8>, context: Binary<u8>) -> PhpResult<Binary<u8>> {
        let plaintext = self.vault.open(&text(&sealed), &context)?;
        Ok(Binary::new(plaintext.as_slice()))
    }

    pub fn reseal(&self, sealed: Binary<u8>, context: Binary<u8>) -> PhpResult<String> {
        Ok(self
            .vault
            .reseal(&text(&sealed), &context, &*engine::clock())?)
    }
}

impl Vault {
    /// The core's vault, for an app.
    pub fn core(&self) -> Rc<zoom::Vault> {
        Rc::clone(&self.vault)
    }
}

/// The argument `keys`: a list of texts, wiped when they were read.
pub struct KeysArgument(Zeroizing<Vec<String>>);

impl FromZval<'_> for KeysArgument {
    const TYPE: DataType = DataType::Array;

    fn from_zval(zval: &Zval) -> Option<Self> {
        array::values(zval.array()?)
            .map(Zval::string)
            .collect::<Option<_>>()
            .map(|keys| Self(Zeroizing::new(keys)))
    }
}

/// Sealed text is ASCII; what is not was changed, and the core says so.
fn text(sealed: &[u8]) -> String {
    String::from_utf8_lossy(sealed).into_owned()
}
