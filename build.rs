//! Link arguments, and nothing else.

fn main() {
    match std::env::var("CARGO_CFG_TARGET_OS")
        .unwrap_or_default()
        .as_str()
    {
        // Rust's thread-exit destructors live in the library: unmapping it on a graceful restart would crash the process.
        "linux" | "freebsd" => println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete"),
        "macos" => {
            println!("cargo::rustc-cdylib-link-arg=-undefined");
            println!("cargo::rustc-cdylib-link-arg=dynamic_lookup");
        }
        _ => {}
    }
}
