//! The section of `phpinfo()`: what is at work, and no secret.

use std::ffi::CString;

use ext_php_rs::ffi::php_info_print_table_end;
use ext_php_rs::ffi::php_info_print_table_row;
use ext_php_rs::ffi::php_info_print_table_start;
use ext_php_rs::zend::ModuleEntry;

use super::configuration::Ini;

/// The versions that this build was made with.
const LOCK: &str = include_str!("../../Cargo.lock");

/// Prints the section. A panic here would end the process, so nothing in it can panic.
pub extern "C" fn print(_module: *mut ModuleEntry) {
    let ini = Ini::read();
    let directive = |name| ini.get(name).unwrap_or("none").to_owned();
    let roots = ini.ca_file().map_or_else(
        || "the system's".to_owned(),
        |path| path.to_string_lossy().into_owned(),
    );
    // SAFETY: PHP calls this in the middle of phpinfo().
    unsafe { php_info_print_table_start() };
    row("telemed", "enabled");
    row("Version", env!("CARGO_PKG_VERSION"));
    row("HTTP library", &format!("reqwest {}", version("reqwest")));
    row(
        "TLS library",
        &format!("rustls {} with ring {}", version("rustls"), version("ring")),
    );
    row("OAuth address", &ini.shown_address("telemed.oauth_url"));
    row("API address", &ini.shown_address("telemed.api_url"));
    row("Certificate roots", &roots);
    row("Proxy", &ini.shown_address("telemed.proxy"));
    row("No proxy for", &directive("telemed.no_proxy"));
    row(
        "Connect time-out (s)",
        &directive("telemed.connect_timeout"),
    );
    row("Time-out (s)", &directive("telemed.timeout"));
    // SAFETY: as above.
    unsafe { php_info_print_table_end() };
}

fn row(name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (CString::new(name), CString::new(value)) {
        // SAFETY: two C strings follow, as the first argument says; PHP copies them into the page.
        unsafe { php_info_print_table_row(2, name.as_ptr(), value.as_ptr()) };
    }
}

fn version(package: &str) -> &'static str {
    LOCK.split_once(&format!("name = \"{package}\"\nversion = \""))
        .and_then(|(_, rest)| rest.split_once('"'))
        .map_or("unknown", |(version, _)| version)
}
