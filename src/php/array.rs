//! Arrays from PHP, whose keys may be any bytes.
//!
//! The iterators of ext-php-rs panic at a key that is not UTF-8, and with them its `Vec` and `HashMap` arguments. clippy.toml
//! forbids what it can name of them.

use ext_php_rs::types::ZendHashTable;
use ext_php_rs::types::Zval;

/// Keys, each a number or a string of any bytes, with their values.
#[expect(
    clippy::disallowed_methods,
    reason = "`next_zval` leaves the keys as they are"
)]
pub fn entries(array: &ZendHashTable) -> impl Iterator<Item = (Zval, &Zval)> {
    let mut entries = array.iter();
    std::iter::from_fn(move || entries.next_zval())
}

/// The values, references followed.
pub fn values(array: &ZendHashTable) -> impl Iterator<Item = &Zval> {
    entries(array).map(|(_, value)| value.dereference())
}

/// Whether the keys are 0, 1, 2 and so on.
pub fn is_list(array: &ZendHashTable) -> bool {
    (0..)
        .zip(entries(array))
        .all(|(index, (key, _))| key.long() == Some(index))
}
