//! The embedded token store: one file per record in a directory of its own.
//!
//! File names are hashes of the keys. A record is replaced atomically (new file, fsync, rename, fsync of the directory). Each
//! key has a lock file of its own that is never removed: the lock is the kernel's (`flock`) and dies with its holder.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::fs::DirBuilder;
use std::fs::File;
use std::fs::Metadata;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::io;
use std::io::ErrorKind;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use crate::zoom::error::Error;
use crate::zoom::error::Result;
use crate::zoom::error_id::ErrorId;
use crate::zoom::secret::digest;
use crate::zoom::secret::hex;
use crate::zoom::token_store::TokenStore;

const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// `flock` cannot wait for a limited time, so it is tried again and again; a refresh takes a few hundred milliseconds.
const LOCK_POLL: Duration = Duration::from_millis(10);
/// Records are a few kilobytes; a larger file is not ours.
const MAX_RECORD_BYTES: u64 = 1 << 20;

/// A token store in a directory.
pub struct FileTokenStore {
    directory: PathBuf,
    /// Locks held, by key: kept here, not in a stack frame, because a fatal error of PHP skips destructors.
    held: RefCell<HashMap<String, File>>,
}

impl FileTokenStore {
    /// Uses `directory`, which is made with mode 0700 when it is missing.
    ///
    /// # Errors
    /// When it is no absolute path, no directory, cannot be entered, or others may look into it.
    pub fn new(directory: &Path) -> Result<Self> {
        if !directory.is_absolute() {
            return Err(Error::new(
                ErrorId::DirectoryInvalid,
                "the token directory must be an absolute path",
                "Give a path outside the web server's document root, such as /var/lib/clinic/telemed.",
            ));
        }
        // It is there each time but the first, and PHP makes its objects anew in each request.
        let metadata = match fs::metadata(directory) {
            Err(error) if error.kind() == ErrorKind::NotFound => make(directory),
            found => found,
        }
        .map_err(|error| unusable(&error))?;
        if !metadata.is_dir() {
            return Err(Error::new(
                ErrorId::DirectoryInvalid,
                "the token directory is a file",
                "Give the path of a directory.",
            ));
        }
        if metadata.mode() & 0o077 != 0 {
            return Err(Error::new(
                ErrorId::DirectoryOpenToOthers,
                format!(
                    "others may look into the token directory (mode {:o})",
                    metadata.mode() & 0o777
                ),
                "Set its mode to 0700: chmod 0700, owned by the user that PHP runs as.",
            ));
        }
        Ok(Self {
            directory: directory.to_owned(),
            held: RefCell::default(),
        })
    }

    fn path(&self, key: &str, ending: &str) -> PathBuf {
        let name = hex(&digest(&[b"telemed file", key.as_bytes()]), 64);
        self.directory.join(format!("{name}.{ending}"))
    }

    /// Replaces the record; the guard keeps all others out, so what a killed process left half-written is written anew.
    fn write(&self, key: &str, sealed: &str) -> io::Result<()> {
        let new = self.path(key, "new");
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(FILE_MODE)
            .open(&new)?;
        let written = file
            .write_all(sealed.as_bytes())
            .and_then(|()| file.sync_all());
        let renamed = written.and_then(|()| fs::rename(&new, self.path(key, "sealed")));
        if renamed.is_err() {
            // Nothing is lost: the record itself was not touched.
            let _ = fs::remove_file(&new);
        }
        renamed?;
        File::open(&self.directory)?.sync_all()
    }

    /// Runs `work` while no other process compares and replaces this record.
    fn exclusively<T>(&self, key: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let guard = self.open_lock_file(key, "guard")?;
        loop {
            match guard.lock() {
                Ok(()) => return work(),
                // A signal ends the wait, and says nothing about the file.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(broken(&error)),
            }
        }
    }

    fn open_lock_file(&self, key: &str, ending: &str) -> Result<File> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(FILE_MODE)
            .open(self.path(key, ending))
            .map_err(|error| broken(&error))
    }
}

impl TokenStore for FileTokenStore {
    fn load(&self, key: &str) -> Result<Option<String>> {
        let path = self.path(key, "sealed");
        match fs::metadata(&path) {
            Ok(metadata) if metadata.len() > MAX_RECORD_BYTES => {
                return Err(Error::of_store(
                    ErrorId::RecordTooLarge,
                    "a stored record is larger than any that telemed writes",
                ));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            _ => {}
        }
        match fs::read_to_string(&path) {
            Ok(sealed) => Ok(Some(sealed)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(broken(&error)),
        }
    }

    fn save(&self, key: &str, sealed: &str, replaces: Option<&str>) -> Result<bool> {
        self.exclusively(key, || {
            if self.load(key)?.as_deref() != replaces {
                return Ok(false);
            }
            self.write(key, sealed).map_err(|error| broken(&error))?;
            Ok(true)
        })
    }

    fn delete(&self, key: &str) -> Result<()> {
        self.exclusively(key, || match fs::remove_file(self.path(key, "sealed")) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(broken(&error)),
        })
    }

    fn lock(&self, key: &str, wait: Duration) -> Result<bool> {
        if self.held.borrow().contains_key(key) {
            return Ok(false);
        }
        let file = self.open_lock_file(key, "lock")?;
        // `None`: beyond all clocks.
        let deadline = Instant::now().checked_add(wait);
        loop {
            match file.try_lock() {
                Ok(()) => {
                    self.held.borrow_mut().insert(key.to_owned(), file);
                    return Ok(true);
                }
                Err(TryLockError::WouldBlock)
                    if deadline.is_none_or(|deadline| Instant::now() < deadline) =>
                {
                    std::thread::sleep(LOCK_POLL);
                }
                Err(TryLockError::WouldBlock) => return Ok(false),
                Err(TryLockError::Error(error)) => return Err(broken(&error)),
            }
        }
    }

    fn unlock(&self, key: &str) -> Result<()> {
        match self.held.borrow_mut().remove(key) {
            Some(file) => file.unlock().map_err(|error| broken(&error)),
            None => Ok(()),
        }
    }
}

/// Makes the directory, unless another process was faster.
fn make(directory: &Path) -> io::Result<Metadata> {
    match DirBuilder::new().mode(DIRECTORY_MODE).create(directory) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => fs::metadata(directory),
    }
}

/// The directory cannot be used at all. The path itself stays out of the message, which may be shown on a page.
fn unusable(error: &io::Error) -> Error {
    Error::new(
        ErrorId::DirectoryUnusable,
        format!("the token directory cannot be used: {}", error.kind()),
        "Make a directory of mode 0700 that belongs to the user that PHP runs as.",
    )
}

fn broken(error: &io::Error) -> Error {
    Error::store(format!("the token directory failed: {}", error.kind()))
}

#[cfg(test)]
mod tests;
