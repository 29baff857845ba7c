//! What a panic of the extension leaves on stderr: one line that names the place in the source, for a report of the defect.
//!
//! PHP tells the panic's message by the `Error` that it throws. Rust's own hook would print message and backtrace into the
//! server's log, or into a page. The hook is that of the standard library linked into this very file: another extension
//! written in Rust has one of its own.

use std::io::Write as _;

/// Puts the hook in place, for the life of the process.
pub fn install() {
    std::panic::set_hook(Box::new(|panic| {
        // Where nobody reads stderr, nothing is lost: the `Error` still comes.
        let _ = writeln!(
            std::io::stderr(),
            "telemed: a defect in telemed {} at {}",
            env!("CARGO_PKG_VERSION"),
            panic.location().map_or_else(
                || "an unknown place".to_owned(),
                |place| shown(place.file(), place.line())
            )
        );
    }));
}

/// Crate, file and line, without the directory where the crate lay when it was built.
fn shown(file: &str, line: u32) -> String {
    match file.rsplit_once("/src/") {
        Some((home, rest)) => {
            let crate_name = home.rsplit('/').next().unwrap_or(home);
            format!("{crate_name}/src/{rest}:{line}")
        }
        None => format!("{file}:{line}"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::panic,
        clippy::unwrap_used,
        reason = "a failed unwrap is a failed test, and one test is about panics"
    )]

    use std::process::Command;

    use super::*;

    const CHILD: &str = "TELEMED_TEST_OF_THE_PANIC_HOOK";

    #[test]
    fn a_panic_leaves_one_line_without_its_message() {
        if std::env::var_os(CHILD).is_some() {
            install();
            let _ = std::panic::catch_unwind(|| panic!("a secret"));
            return;
        }
        let run = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture"])
            .arg("panic_hook::tests::a_panic_leaves_one_line_without_its_message")
            .env(CHILD, "1")
            .env("RUST_BACKTRACE", "full")
            .output()
            .unwrap();
        assert!(run.status.success());
        let errors = String::from_utf8(run.stderr).unwrap();
        assert_eq!(errors.lines().count(), 1, "{errors}");
        assert!(
            errors.starts_with("telemed: a defect in telemed "),
            "{errors}"
        );
        assert!(errors.contains(" at src/panic_hook.rs:"), "{errors}");
        assert!(!errors.contains("secret"), "{errors}");
    }

    #[test]
    fn a_place_says_nothing_about_the_machine_that_built_it() {
        assert_eq!(shown("src/php/vault.rs", 7), "src/php/vault.rs:7");
        assert_eq!(
            shown(
                "/home/a/.cargo/registry/src/index/jiff-1.0.1/src/signed/x.rs",
                8
            ),
            "jiff-1.0.1/src/signed/x.rs:8"
        );
        assert_eq!(
            shown("/rustc/5980/library/std/src/time.rs", 9),
            "std/src/time.rs:9"
        );
    }
}
