//! `Telemed\FileTokenStore`.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use ext_php_rs::prelude::*;

use super::convert::SEALED;
use super::interface;
use super::open_basedir;
use crate::store;
use crate::zoom;
use crate::zoom::TokenStore as _;

/// Keeps sealed records as files.
#[php_class]
#[php(name = "Telemed\\FileTokenStore")]
#[php(implements(ce = interface::entry, stub = "\\Telemed\\TokenStore"))]
#[php(flags = SEALED)]
pub struct FileTokenStore {
    store: Rc<store::FileTokenStore>,
}

#[php_impl]
impl FileTokenStore {
    pub fn __construct(directory: String) -> PhpResult<Self> {
        open_basedir::check(&directory)?;
        Ok(Self {
            store: Rc::new(store::FileTokenStore::new(Path::new(&directory))?),
        })
    }

    pub fn load(&self, key: String) -> PhpResult<Option<String>> {
        Ok(self.store.load(&key)?)
    }

    pub fn save(&self, key: String, sealed: String, replaces: Option<String>) -> PhpResult<bool> {
        Ok(self.store.save(&key, &sealed, replaces.as_deref())?)
    }

    pub fn delete(&self, key: String) -> PhpResult<()> {
        Ok(self.store.delete(&key)?)
    }

    pub fn lock(&self, key: String, seconds: f64) -> PhpResult<bool> {
        // What is no time to wait is no wait.
        let wait = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        Ok(self.store.lock(&key, wait)?)
    }

    pub fn unlock(&self, key: String) -> PhpResult<()> {
        Ok(self.store.unlock(&key)?)
    }
}

impl FileTokenStore {
    /// The core's store: an app uses it without a detour through PHP.
    pub fn core(&self) -> Rc<dyn zoom::TokenStore> {
        self.store.clone()
    }
}
