//! Authenticated encryption of what is stored: XChaCha20-Poly1305 with a random nonce, bound to a context.
//!
//! Sealed text is `telemed1.` and the base64url of key id (4 bytes), nonce (24) and ciphertext with tag. The key id is a
//! hash of the key: it finds the right key of several and is no secret. The prefix and the key id are authenticated too.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::KeyInit;
use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::XNonce;
use chacha20poly1305::aead::Aead;
use chacha20poly1305::aead::Payload;
use zeroize::Zeroizing;

use super::clock::Clock;
use super::error::Error;
use super::error::Result;
use super::error_id::ErrorId;
use super::secret::digest;

const PREFIX: &str = "telemed1.";
const KEY_BYTES: usize = 32;
const KEY_ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 24;
/// A derived key is no stronger than what it is derived from.
const MIN_SECRET_BYTES: usize = 32;
/// Binds derived keys to this use of the secret.
const DERIVE_INFO: &[u8] = b"telemed vault key v1";

/// Seals and opens; the first key seals, all open.
pub struct Vault {
    first: Key,
    others: Vec<Key>,
}

struct Key {
    id: [u8; KEY_ID_BYTES],
    cipher: XChaCha20Poly1305,
}

impl Vault {
    /// Takes keys as base64 of 32 bytes each: the first seals, all open.
    ///
    /// # Errors
    /// When there is no key or one is not base64 of 32 bytes.
    pub fn new(keys: &[impl AsRef<str>]) -> Result<Self> {
        let mut keys = keys.iter().map(|key| Key::parse(key.as_ref()));
        let first = keys.next().ok_or_else(|| {
            Error::new(
                ErrorId::VaultWithoutKey,
                "the vault has no key",
                "Give it at least one key made by Telemed\\Vault::generateKey().",
            )
        })??;
        Ok(Self {
            first,
            others: keys.collect::<Result<_>>()?,
        })
    }

    /// A new random key, as base64.
    pub fn generate_key(clock: &dyn Clock) -> String {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        clock.random(&mut *key);
        STANDARD.encode(*key)
    }

    /// A key derived from a long secret by HKDF-SHA256, as base64.
    ///
    /// # Errors
    /// When the secret is shorter than 32 bytes.
    pub fn derive_key(secret: &[u8], salt: &[u8]) -> Result<String> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(Error::new(
                ErrorId::VaultSecretTooShort,
                format!("a secret of at least {MIN_SECRET_BYTES} bytes is needed to derive a key"),
                "Use a longer secret, or a key made by Telemed\\Vault::generateKey().",
            ));
        }
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        ring::hkdf::Salt::new(ring::hkdf::HKDF_SHA256, salt)
            .extract(secret)
            .expand(&[DERIVE_INFO], ring::hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut *key))
            .map_err(|_| {
                Error::new(
                    ErrorId::VaultKeyUnderivable,
                    "the key could not be derived",
                    "Use another secret.",
                )
            })?;
        Ok(STANDARD.encode(*key))
    }

    /// Seals `plaintext` under the first key, bound to `context`.
    ///
    /// # Errors
    /// When the plaintext is too long for the cipher (256 GiB).
    pub fn seal(&self, plaintext: &[u8], context: &[u8], clock: &dyn Clock) -> Result<String> {
        let mut nonce = [0; NONCE_BYTES];
        clock.random(&mut nonce);
        let sealed = self
            .first
            .cipher
            .encrypt(
                &XNonce::from(nonce),
                Payload {
                    msg: plaintext,
                    aad: &self.first.bound_to(context),
                },
            )
            .map_err(|_| unopenable("the text is too long to be sealed"))?;
        let bytes = [self.first.id.as_slice(), &nonce, &sealed].concat();
        Ok(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Opens what was sealed under any of the keys for this `context`.
    ///
    /// # Errors
    /// When the text was changed, cut, moved to another context or sealed under another key.
    pub fn open(&self, sealed: &str, context: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        let bytes = sealed
            .strip_prefix(PREFIX)
            .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok())
            .ok_or_else(|| unopenable("this is no text that telemed sealed"))?;
        let (id, rest) = bytes
            .split_first_chunk::<KEY_ID_BYTES>()
            .ok_or_else(|| unopenable("the sealed text is cut off"))?;
        let (nonce, ciphertext) = rest
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or_else(|| unopenable("the sealed text is cut off"))?;
        let mut candidates = self.keys().filter(|key| key.id == *id).peekable();
        if candidates.peek().is_none() {
            return Err(unopenable("it was sealed under a key that is not given"));
        }
        candidates
            .find_map(|key| {
                let payload = Payload {
                    msg: ciphertext,
                    aad: &key.bound_to(context),
                };
                key.cipher.decrypt(&XNonce::from(*nonce), payload).ok()
            })
            .map(Zeroizing::new)
            .ok_or_else(|| unopenable("the sealed text was changed or belongs elsewhere"))
    }

    /// The same plaintext sealed anew under the first key.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn reseal(&self, sealed: &str, context: &[u8], clock: &dyn Clock) -> Result<String> {
        self.seal(&self.open(sealed, context)?, context, clock)
    }

    /// Identifies the sealing key without telling anything about it.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; KEY_ID_BYTES] {
        self.first.id
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

impl Key {
    fn parse(text: &str) -> Result<Self> {
        let bad = || {
            Error::new(
                ErrorId::VaultKeyInvalid,
                "a vault key is not base64 of 32 bytes",
                "Use a key made by Telemed\\Vault::generateKey(), unchanged and whole.",
            )
        };
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| bad())?);
        let cipher = XChaCha20Poly1305::new_from_slice(&bytes).map_err(|_| bad())?;
        let hash = digest(&[b"telemed vault key id", &bytes]);
        let (id, _) = hash.split_first_chunk().ok_or_else(bad)?;
        Ok(Self { id: *id, cipher })
    }

    fn bound_to(&self, context: &[u8]) -> Vec<u8> {
        [PREFIX.as_bytes(), &self.id, context].concat()
    }
}

fn unopenable(why: &str) -> Error {
    Error::new(
        ErrorId::SecretUnreadable,
        format!("a stored secret cannot be opened: {why}"),
        "If the encryption key or WordPress' salts were changed, restore the old key beside the new one; else connect again (doctors) or enter the client secret again (Server-to-Server).",
    )
}

#[cfg(test)]
mod tests;
