//! Reading answers leniently: one field of an unexpected form must not make the whole answer unreadable, for then it would be
//! unknown whether a meeting was made, or which error it was.

use serde::Deserialize;
use serde::Deserializer;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What is there in another form than expected counts as missing.
///
/// # Errors
/// When it is no JSON.
pub(crate) fn or_default<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).unwrap_or_default())
}
