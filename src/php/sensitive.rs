//! `#[SensitiveParameter]` on every argument that is a secret, so that stack traces do not show it.
//!
//! ext-php-rs cannot set attributes, so they are added once, at the first RINIT after each MINIT, when the classes exist.

use std::ffi::c_void;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use ext_php_rs::ffi::zend_hash_str_find_ptr_lc;
use ext_php_rs::ffi::zend_internal_function;
use ext_php_rs::types::ZendStr;
use ext_php_rs::zend::ClassEntry;

unsafe extern "C" {
    fn zend_add_attribute(
        attributes: *mut *mut c_void,
        name: *mut ZendStr,
        argc: u32,
        flags: u32,
        offset: u32,
        lineno: u32,
    ) -> *mut c_void;
}

const PERSISTENT: u32 = 1;

/// Class, method in lower case, and the position of each secret argument.
const SECRETS: [(&str, &str, &[u32]); 21] = [
    ("Telemed\\Vault", "__construct", &[0]),
    ("Telemed\\Vault", "derivekey", &[0, 1]),
    ("Telemed\\Vault", "seal", &[0]),
    ("Telemed\\OAuthApp", "__construct", &[1]),
    ("Telemed\\OAuthApp", "connect", &[0, 1]),
    ("Telemed\\OAuthApp", "import", &[1, 2]),
    ("Telemed\\ServerToServerApp", "__construct", &[2]),
    ("Telemed\\Client", "through", &[1]),
    ("Telemed\\Webhook", "__construct", &[0]),
    // Rows bear join links, passcodes and people's addresses.
    ("Telemed\\Visit", "fromrows", &[0, 1]),
    ("Telemed\\Visit", "withmeeting", &[0]),
    ("Telemed\\Visit", "fromschema5", &[0]),
    ("Telemed\\Visit", "compared", &[2]),
    ("Telemed\\Comparison", "page", &[0]),
    ("Telemed\\Comparison", "bereft", &[0]),
    ("Telemed\\Comparison", "withoutnumber", &[0]),
    ("Telemed\\Comparison", "rest", &[0]),
    ("Telemed\\Comparison", "settings", &[0]),
    ("Telemed\\Comparison", "isbusy", &[0]),
    ("Telemed\\Comparison", "looksup", &[1]),
    ("Telemed\\Comparison", "isorphan", &[0]),
];

/// Whether the classes of this start of the module are marked. Held while they are: with threads, the first requests begin at
/// once, and none may run before all marks are there.
static DONE: Mutex<bool> = Mutex::new(false);

/// Called at MINIT: the classes are new, so they need their marks again.
pub fn reset() {
    *done() = false;
}

/// Called at RINIT.
pub extern "C" fn request_startup(_kind: i32, _module: i32) -> i32 {
    let mut done = done();
    if !*done {
        for (class, method, positions) in SECRETS {
            for position in positions {
                mark(class, method, *position);
            }
        }
        *done = true;
    }
    0
}

fn done() -> MutexGuard<'static, bool> {
    DONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn mark(class: &str, method: &str, position: u32) {
    let Some(class) = ClassEntry::try_find(class) else {
        return;
    };
    // SAFETY: the table belongs to a class of this module, which lives until MSHUTDOWN; the name is valid for its length.
    let function = unsafe {
        zend_hash_str_find_ptr_lc(
            &raw const class.function_table,
            method.as_ptr().cast(),
            method.len(),
        )
    }
    .cast::<zend_internal_function>();
    if function.is_null() {
        return;
    }
    let mut name = ZendStr::new("SensitiveParameter", true);
    // SAFETY: the function is an internal one of this module; the attribute takes a reference of its own to the name.
    unsafe {
        zend_add_attribute(
            (&raw mut (*function).attributes).cast(),
            &raw mut *name,
            0,
            PERSISTENT,
            position + 1,
            0,
        );
    }
}
