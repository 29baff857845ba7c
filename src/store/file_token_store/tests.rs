#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a failed unwrap is a failed test; a child process speaks to its parent"
)]

use std::io::BufRead as _;
use std::io::BufReader;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use super::*;
use crate::zoom::error::Kind;

/// A directory of its own for one test, removed at its end.
struct Directory(PathBuf);

impl Directory {
    /// A path at which there is nothing yet.
    fn unmade() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "telemed-file-store-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        Self(std::env::temp_dir().join(name))
    }

    fn store(&self) -> FileTokenStore {
        FileTokenStore::new(&self.0).unwrap()
    }

    fn files(&self) -> Vec<PathBuf> {
        fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn directory_and_files_are_for_their_owner_only_and_names_tell_nothing() {
    let directory = Directory::unmade();
    let store = directory.store();
    assert!(store.lock("connection:12", Duration::ZERO).unwrap());
    assert!(store.save("connection:12", "sealed", None).unwrap());
    assert_eq!(mode(&directory.0), 0o700);
    let files = directory.files();
    assert_eq!(files.len(), 3, "record, lock and guard: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{file:?}");
        assert!(!file.to_string_lossy().contains("connection"), "{file:?}");
    }
}

#[test]
fn a_directory_that_others_may_look_into_is_refused() {
    for bad in [0o755, 0o710, 0o701, 0o770] {
        let directory = Directory::unmade();
        directory.store();
        fs::set_permissions(&directory.0, fs::Permissions::from_mode(bad)).unwrap();
        let error = FileTokenStore::new(&directory.0).err().unwrap();
        assert_eq!(error.kind(), Kind::Configuration, "{bad:o}");
        assert!(error.advice().contains("0700"));
    }
}

#[test]
fn what_is_no_directory_or_no_absolute_path_is_refused() {
    let directory = Directory::unmade();
    directory.store();
    let file = directory.0.join("file");
    fs::write(&file, "").unwrap();
    let below_a_file = file.join("store");
    let parent_missing = directory.0.join("missing/store");
    for path in [
        Path::new("tokens"),
        Path::new("./tokens"),
        Path::new(""),
        &file,
        &below_a_file,
        &parent_missing,
    ] {
        let error = FileTokenStore::new(path).err().unwrap();
        assert_eq!(error.kind(), Kind::Configuration, "{path:?}");
        let shown = directory.0.to_string_lossy();
        assert!(!error.message().contains(shown.as_ref()));
    }
}

#[test]
fn a_record_is_kept_replaced_and_removed() {
    let directory = Directory::unmade();
    let store = directory.store();
    assert_eq!(store.load("a").unwrap(), None);
    store.delete("a").unwrap();
    assert!(store.save("a", "one", None).unwrap());
    assert!(store.save("a", "two", Some("one")).unwrap());
    assert_eq!(directory.store().load("a").unwrap().as_deref(), Some("two"));
    assert_eq!(store.load("b").unwrap(), None);
    store.delete("a").unwrap();
    assert_eq!(store.load("a").unwrap(), None);
}

#[test]
fn a_save_replaces_only_what_it_says_it_replaces() {
    let directory = Directory::unmade();
    let (one, two) = (directory.store(), directory.store());
    assert!(one.save("a", "one", None).unwrap());
    assert!(!two.save("a", "two", None).unwrap());
    assert!(!two.save("a", "two", Some("other")).unwrap());
    assert!(!two.save("b", "two", Some("one")).unwrap());
    assert_eq!(one.load("a").unwrap().as_deref(), Some("one"));
    assert!(two.save("a", "two", Some("one")).unwrap());
    assert!(!one.save("a", "late", Some("one")).unwrap());
    assert_eq!(one.load("a").unwrap().as_deref(), Some("two"));
}

/// Each thread is a store of its own, as each process is; each adds one again and again.
#[test]
fn concurrent_saves_lose_nothing() {
    const THREADS: u32 = 4;
    const ADDITIONS: u32 = 25;
    let directory = Directory::unmade();
    directory.store().save("n", "0", None).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let store = directory.store();
                let mut left = ADDITIONS;
                while left > 0 {
                    let found = store.load("n").unwrap().unwrap();
                    let next = found.parse::<u32>().unwrap() + 1;
                    if store.save("n", &next.to_string(), Some(&found)).unwrap() {
                        left -= 1;
                    }
                }
            });
        }
    });
    let sum = (THREADS * ADDITIONS).to_string();
    assert_eq!(directory.store().load("n").unwrap(), Some(sum));
}

#[test]
fn a_file_that_is_no_record_is_a_store_error() {
    let directory = Directory::unmade();
    let store = directory.store();
    store.save("a", "x", None).unwrap();
    let path = store.path("a", "sealed");
    fs::write(&path, [0xff, 0xfe]).unwrap();
    assert_eq!(store.load("a").unwrap_err().kind(), Kind::Store);
    let too_large = usize::try_from(MAX_RECORD_BYTES).unwrap() + 1;
    fs::write(&path, "x".repeat(too_large)).unwrap();
    assert_eq!(store.load("a").unwrap_err().kind(), Kind::Store);
}

#[test]
fn a_directory_that_vanished_is_a_store_error_and_no_panic() {
    let directory = Directory::unmade();
    let store = directory.store();
    fs::remove_dir_all(&directory.0).unwrap();
    assert_eq!(store.load("a").unwrap(), None);
    for error in [
        store.save("a", "x", None).err(),
        store.lock("a", Duration::ZERO).err(),
        store.delete("a").err(),
    ] {
        assert_eq!(error.unwrap().kind(), Kind::Store);
    }
}

#[test]
fn a_lock_excludes_others_for_its_key_only_until_it_is_given_back() {
    let directory = Directory::unmade();
    let (one, two) = (directory.store(), directory.store());
    assert!(one.lock("a", Duration::ZERO).unwrap());
    assert!(!one.lock("a", Duration::ZERO).unwrap());
    assert!(!two.lock("a", Duration::from_millis(50)).unwrap());
    assert!(two.lock("b", Duration::ZERO).unwrap());
    one.unlock("a").unwrap();
    assert!(two.lock("a", Duration::ZERO).unwrap());
    one.unlock("a").unwrap();
    assert!(
        !one.lock("a", Duration::ZERO).unwrap(),
        "nobody gives back another's lock"
    );
}

#[test]
fn a_lock_is_waited_for_and_dies_with_its_holder() {
    let directory = Directory::unmade();
    let one = directory.store();
    assert!(one.lock("a", Duration::ZERO).unwrap());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let two = directory.store();
            two.lock("a", Duration::from_secs(30)).unwrap()
        });
        std::thread::sleep(Duration::from_millis(50));
        drop(one);
        assert!(waiting.join().unwrap());
    });
}

/// Set for a copy of the test program that shall hold a lock until it is killed.
const HOLD_IN: &str = "TELEMED_TEST_HOLD_LOCK_IN";

/// A process of its own that holds the lock of `a`.
fn holder(directory: &Directory) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "--nocapture",
            "store::file_token_store::tests::holds_a_lock_when_told_to",
        ])
        .env(HOLD_IN, &directory.0)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(
        lines.any(|line| line.unwrap().contains("the lock is held")),
        "the child took the lock"
    );
    child
}

/// Does nothing unless [`HOLD_IN`] is set: then it is the child of the test below.
#[test]
fn holds_a_lock_when_told_to() {
    let Some(directory) = std::env::var_os(HOLD_IN) else {
        return;
    };
    let store = FileTokenStore::new(Path::new(&directory)).unwrap();
    assert!(store.lock("a", Duration::ZERO).unwrap());
    println!("the lock is held");
    std::thread::sleep(Duration::from_mins(1));
}

#[test]
fn the_lock_of_a_killed_process_is_free_at_once() {
    let directory = Directory::unmade();
    let store = directory.store();
    let mut child = holder(&directory);
    assert!(!store.lock("a", Duration::from_millis(50)).unwrap());
    // SIGKILL, as by `kill -9`.
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(store.lock("a", Duration::ZERO).unwrap());
}
