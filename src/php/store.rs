//! Token stores that PHP gives us: a PHP object behind the core's trait, or our own file store directly.
//!
//! What a store throws is caught after each single call, kept aside while the core ends its work (it unlocks), and becomes
//! the previous exception of the `StoreException`. After `exit` or a fatal error nothing in PHP is called any more; a lock that
//! could not be given back then is given back before it is taken again, by a shutdown function perhaps.

use std::cell::Cell;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use ext_php_rs::convert::FromZval;
use ext_php_rs::convert::IntoZvalDyn;
use ext_php_rs::exception::PhpResult;
use ext_php_rs::flags::DataType;
use ext_php_rs::types::Zval;

use super::call::CallError;
use super::call::MAX_NESTED;
use super::call::call_back;
use super::call::resume_fatal;
use super::exceptions;
use super::file_token_store::FileTokenStore;
use super::interface;
use crate::zoom;
use crate::zoom::Error;
use crate::zoom::ErrorId;
use crate::zoom::Result;
use crate::zoom::error::Kind;

thread_local! {
    /// Locks of this request that an ending script left behind: the number of PHP's object, and the key.
    static LEFT_LOCKED: RefCell<BTreeSet<(u32, String)>> = const { RefCell::new(BTreeSet::new()) };
}

/// Called at RSHUTDOWN.
pub fn end_request() {
    LEFT_LOCKED.take();
}

/// An argument of type `Telemed\TokenStore`.
#[derive(Clone)]
pub struct Store {
    store: Rc<dyn zoom::TokenStore>,
    trouble: Rc<Trouble>,
}

/// What went wrong in the store's methods during the present call.
#[derive(Default)]
struct Trouble {
    /// What they threw, in order. Never outlives the PHP objects that share it.
    thrown: RefCell<Vec<Zval>>,
    /// One of them ended in a fatal error.
    is_fatal: Cell<bool>,
}

impl FromZval<'_> for Store {
    const TYPE: DataType = DataType::object(interface::NAME);

    fn from_zval(zval: &Zval) -> Option<Self> {
        let object = zval.object()?;
        if !object.instance_of(interface::entry()) {
            return None;
        }
        let trouble = Rc::<Trouble>::default();
        let store: Rc<dyn zoom::TokenStore> = if object.is_instance::<FileTokenStore>() {
            <&FileTokenStore>::from_zval(zval)?.core()
        } else {
            Rc::new(PhpTokenStore {
                object: zval.shallow_clone(),
                trouble: Rc::clone(&trouble),
            })
        };
        Some(Self { store, trouble })
    }
}

impl Store {
    /// The store for the core.
    pub fn core(&self) -> Rc<dyn zoom::TokenStore> {
        Rc::clone(&self.store)
    }

    /// Runs `work`, which may use the store; its error names what the store threw.
    pub fn run<T>(&self, work: impl FnOnce() -> Result<T>) -> PhpResult<T> {
        // A method of the store may have called us: what was thrown before belongs to the call that it is in.
        let before = self.trouble.thrown.take();
        let result = work();
        let thrown = self.trouble.thrown.replace(before);
        if self.trouble.is_fatal.take() {
            drop((result, thrown));
            resume_fatal();
        }
        result.map_err(|error| {
            // The first cause is the one that matters; an unlock after it may fail too.
            let previous = thrown.first().filter(|_| error.kind() == Kind::Store);
            exceptions::exception(&error, previous)
        })
    }
}

/// A store written in PHP.
struct PhpTokenStore {
    object: Zval,
    trouble: Rc<Trouble>,
}

impl PhpTokenStore {
    fn call<T>(
        &self,
        method: &str,
        arguments: Vec<&dyn IntoZvalDyn>,
        read: impl FnOnce(&Zval) -> T,
    ) -> std::result::Result<T, Failure> {
        let object = self.object.object().ok_or(Failure::Ending)?;
        if self.trouble.is_fatal.get() {
            return Err(Failure::Ending);
        }
        call_back(object, method, arguments, read).map_err(|error| match error {
            CallError::Ending => Failure::Ending,
            CallError::Fatal => {
                self.trouble.is_fatal.set(true);
                Failure::Ending
            }
            CallError::Impossible => Failure::Of(Error::store(format!(
                "the token store's {method}() cannot be called"
            ))),
            CallError::TooDeep => Failure::Of(Error::of_store(
                ErrorId::StoreNestedTooDeep,
                format!("token stores that use telemed are called within each other more than {MAX_NESTED} deep"),
            )),
            CallError::Threw(object) => {
                let class = object
                    .object()
                    .and_then(|object| object.get_class_name().ok())
                    .unwrap_or_default();
                self.trouble.thrown.borrow_mut().push(object);
                Failure::Of(Error::of_store(
                    ErrorId::StoreThrew,
                    format!("the token store's {method}() threw {class}"),
                ))
            }
        })
    }

    /// Names a lock of this object for the rest of the request.
    fn lock_name(&self, key: &str) -> (u32, String) {
        let handle = self.object.object().map_or(0, |object| object.handle);
        (handle, key.to_owned())
    }

    fn wrong(method: &str, expected: &str) -> Error {
        Error::of_store(
            ErrorId::StoreAnswerInvalid,
            format!("the token store's {method}() did not return {expected}"),
        )
    }
}

/// Why a method of the store gave no result.
enum Failure {
    /// The script is ending.
    Ending,
    /// Anything else.
    Of(Error),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Ending => Error::of_store(
                ErrorId::ScriptEnded,
                "the script ended inside the token store",
            ),
            Failure::Of(error) => error,
        }
    }
}

impl zoom::TokenStore for PhpTokenStore {
    fn load(&self, key: &str) -> Result<Option<String>> {
        let read = |result: &Zval| {
            if result.is_null() {
                Some(None)
            } else {
                result.string().map(Some)
            }
        };
        self.call("load", vec![&key], read)?
            .ok_or_else(|| Self::wrong("load", "the sealed text or null"))
    }

    fn save(&self, key: &str, sealed: &str, replaces: Option<&str>) -> Result<bool> {
        self.call("save", vec![&key, &sealed, &replaces], Zval::bool)?
            .ok_or_else(|| Self::wrong("save", "true or false"))
    }

    fn delete(&self, key: &str) -> Result<()> {
        Ok(self.call("delete", vec![&key], |_| ())?)
    }

    fn lock(&self, key: &str, wait: Duration) -> Result<bool> {
        if LEFT_LOCKED.with_borrow_mut(|left| left.remove(&self.lock_name(key))) {
            // If it fails, the lock tells.
            let _ = self.unlock(key);
        }
        self.call("lock", vec![&key, &wait.as_secs_f64()], Zval::bool)?
            .ok_or_else(|| Self::wrong("lock", "true or false"))
    }

    fn unlock(&self, key: &str) -> Result<()> {
        let outcome = self.call("unlock", vec![&key], |_| ());
        if matches!(outcome, Err(Failure::Ending)) {
            LEFT_LOCKED.with_borrow_mut(|left| left.insert(self.lock_name(key)));
        }
        Ok(outcome?)
    }
}
