//! Token stores that PHP gives us: a PHP object behind the core's trait, or our own file store directly.
//!
//! What a store throws is caught after each single call, kept aside while the core ends its work (it unlocks), and becomes
//! the previous exception of the `StoreException`. After `exit` nothing in PHP is called any more.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use ext_php_rs::convert::FromZval;
use ext_php_rs::convert::IntoZvalDyn;
use ext_php_rs::exception::PhpResult;
use ext_php_rs::flags::DataType;
use ext_php_rs::types::Zval;

use super::convert::CallError;
use super::convert::call;
use super::exceptions;
use super::file_token_store::FileTokenStore;
use super::interface;
use crate::zoom;
use crate::zoom::Error;
use crate::zoom::Result;
use crate::zoom::error::Kind;

/// An argument of type `Telemed\TokenStore`.
#[derive(Clone)]
pub struct Store {
    store: Rc<dyn zoom::TokenStore>,
    thrown: Thrown,
}

/// What the store threw during the present call. Never outlives the PHP objects that share it.
type Thrown = Rc<RefCell<Option<Zval>>>;

impl FromZval<'_> for Store {
    const TYPE: DataType = DataType::object(interface::NAME);

    fn from_zval(zval: &Zval) -> Option<Self> {
        let object = zval.object()?;
        if !object.instance_of(interface::entry()) {
            return None;
        }
        let thrown = Thrown::default();
        let store: Rc<dyn zoom::TokenStore> = if object.is_instance::<FileTokenStore>() {
            <&FileTokenStore>::from_zval(zval)?.core()
        } else {
            Rc::new(PhpTokenStore {
                object: zval.shallow_clone(),
                thrown: Rc::clone(&thrown),
            })
        };
        Some(Self { store, thrown })
    }
}

impl Store {
    /// The store for the core.
    pub fn core(&self) -> Rc<dyn zoom::TokenStore> {
        Rc::clone(&self.store)
    }

    /// Runs `work`, which may use the store; its error names what the store threw.
    pub fn run<T>(&self, work: impl FnOnce() -> Result<T>) -> PhpResult<T> {
        self.thrown.take();
        let result = work();
        let thrown = self.thrown.take();
        result.map_err(|error| {
            let previous = thrown.filter(|_| error.kind() == Kind::Store);
            exceptions::exception(&error, previous.as_ref())
        })
    }
}

/// A store written in PHP.
struct PhpTokenStore {
    object: Zval,
    thrown: Thrown,
}

impl PhpTokenStore {
    fn call(&self, method: &str, arguments: Vec<&dyn IntoZvalDyn>) -> Result<Zval> {
        let object = self
            .object
            .object()
            .ok_or_else(|| Error::store("the token store is gone"))?;
        call(object, method, arguments).map_err(|error| match error {
            CallError::Ending => Error::store("the script ended inside the token store"),
            CallError::Impossible => {
                Error::store(format!("the token store's {method}() cannot be called"))
            }
            CallError::Threw(object) => {
                let class = object
                    .object()
                    .and_then(|object| object.get_class_name().ok())
                    .unwrap_or_default();
                // The first cause is the one that matters; an unlock after it may fail too.
                self.thrown.borrow_mut().get_or_insert(object);
                Error::store(format!("the token store's {method}() threw {class}"))
            }
        })
    }

    fn wrong(method: &str, expected: &str) -> Error {
        Error::store(format!(
            "the token store's {method}() did not return {expected}"
        ))
    }
}

impl zoom::TokenStore for PhpTokenStore {
    fn load(&self, key: &str) -> Result<Option<String>> {
        let result = self.call("load", vec![&key])?;
        if result.is_null() {
            return Ok(None);
        }
        result
            .string()
            .map(Some)
            .ok_or_else(|| Self::wrong("load", "the sealed text or null"))
    }

    fn save(&self, key: &str, sealed: &str, replaces: Option<&str>) -> Result<bool> {
        self.call("save", vec![&key, &sealed, &replaces])?
            .bool()
            .ok_or_else(|| Self::wrong("save", "true or false"))
    }

    fn delete(&self, key: &str) -> Result<()> {
        self.call("delete", vec![&key]).map(drop)
    }

    fn lock(&self, key: &str, wait: Duration) -> Result<bool> {
        self.call("lock", vec![&key, &wait.as_secs_f64()])?
            .bool()
            .ok_or_else(|| Self::wrong("lock", "true or false"))
    }

    fn unlock(&self, key: &str) -> Result<()> {
        self.call("unlock", vec![&key]).map(drop)
    }
}
