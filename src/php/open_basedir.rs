//! PHP's `open_basedir`: Rust's own file calls do not ask it.

use std::ffi::CString;
use std::ffi::c_char;
use std::ffi::c_int;

use crate::zoom::Error;
use crate::zoom::ErrorId;
use crate::zoom::Result;

unsafe extern "C" {
    fn php_check_open_basedir_ex(path: *const c_char, warn: c_int) -> c_int;
}

/// Whether PHP's configuration lets scripts use `path`.
///
/// # Errors
/// When it does not, or the path holds a NUL byte.
pub fn check(path: &str) -> Result<()> {
    let refused = |why: &str| {
        Error::new(
            ErrorId::DirectoryForbidden,
            format!("the directory of the token store {why}"),
            "Choose a directory that the php.ini directive open_basedir permits, or add it there.",
        )
    };
    let path = CString::new(path).map_err(|_| refused("has a NUL byte in its name"))?;
    // SAFETY: the path is a C string that outlives the call; PHP only reads it.
    match unsafe { php_check_open_basedir_ex(path.as_ptr(), 0) } {
        0 => Ok(()),
        _ => Err(refused("lies outside of open_basedir")),
    }
}
