//! Calls into PHP: what was thrown there is seen, a fatal error there skips none of our destructors, and calls that lead back
//! into the extension do not nest until the stack is used up.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use ext_php_rs::convert::IntoZval;
use ext_php_rs::convert::IntoZvalDyn;
use ext_php_rs::error::Result as BindingResult;
use ext_php_rs::types::ZendCallable;
use ext_php_rs::types::ZendObject;
use ext_php_rs::types::Zval;
use ext_php_rs::zend::CatchError;
use ext_php_rs::zend::ExecutorGlobals;
use ext_php_rs::zend::bailout;
use ext_php_rs::zend::ce;
use ext_php_rs::zend::try_catch;

/// Calls of code written in PHP within each other; a thousand overflow the stack.
pub const MAX_NESTED: usize = 16;

thread_local! {
    /// How many such calls are under way on the stack of each fiber (0: of none).
    static NESTED: RefCell<BTreeMap<usize, usize>> = const { RefCell::new(BTreeMap::new()) };
}

/// Why a call into PHP gave no result.
pub enum CallError {
    /// The script is ending (`exit`): PHP must not be called again, and nothing may be thrown.
    Ending,
    /// As `Ending`, by a fatal error: [`resume_fatal`] must follow as soon as nothing is left to be put in order.
    Fatal,
    /// PHP threw this object. It is no longer pending.
    Threw(Zval),
    /// [`MAX_NESTED`] calls are under way.
    TooDeep,
    /// PHP could not make the call.
    Impossible,
}

type CallResult<T> = std::result::Result<T, CallError>;

/// Calls a method that PHP itself brings.
///
/// `try_call_method` returns `Ok` when the method threw, and does nothing at all while an exception is pending: so both are
/// asked for here.
#[expect(
    clippy::disallowed_methods,
    reason = "here an exception is asked for before and after"
)]
pub fn call(
    object: &ZendObject,
    method: &str,
    arguments: Vec<&dyn IntoZvalDyn>,
) -> CallResult<Zval> {
    checked(|| object.try_call_method(method, arguments))
}

/// Calls a static method that PHP itself brings, as `Class::method`.
pub fn call_static(method: &str, arguments: Vec<&dyn IntoZvalDyn>) -> CallResult<Zval> {
    checked(|| ZendCallable::try_from_name(method)?.try_call(arguments))
}

/// Calls a method that may be written in PHP, and reads its result.
pub fn call_back<T>(
    object: &ZendObject,
    method: &str,
    arguments: Vec<&dyn IntoZvalDyn>,
    read: impl FnOnce(&Zval) -> T,
) -> CallResult<T> {
    let _level = Level::enter().ok_or(CallError::TooDeep)?;
    let called = try_catch(AssertUnwindSafe(|| {
        let result = call(object, method, arguments).map(|result| read(&result));
        // What the method returned is gone by now, and its destructor may have thrown.
        match result {
            Ok(_) if ExecutorGlobals::has_exception() => Err(thrown()),
            result => result,
        }
    }));
    match called {
        Ok(result) => result,
        Err(CatchError::Bailout) => Err(CallError::Fatal),
        Err(_) => Err(CallError::Impossible),
    }
}

/// Goes on with the fatal error that ended a [`call_back`].
pub fn resume_fatal() -> ! {
    // SAFETY: the jump ends at the handler of the method of ours that PHP has called; the frames between have done their work,
    // and what they still own is memory only.
    unsafe { bailout() }
}

/// Called at RSHUTDOWN: fibers that a fatal error left suspended never come back.
pub fn end_request() {
    NESTED.take();
}

fn checked(work: impl FnOnce() -> BindingResult<Zval>) -> CallResult<Zval> {
    if ExecutorGlobals::has_exception() {
        return Err(CallError::Ending);
    }
    let result = work();
    if ExecutorGlobals::has_exception() {
        return Err(thrown());
    }
    result.map_err(|_| CallError::Impossible)
}

fn thrown() -> CallError {
    // What `exit` leaves pending is no Throwable, and only the engine may take it.
    let catchable = ExecutorGlobals::get()
        .exception()
        .is_some_and(|object| object.instance_of(ce::throwable()));
    if !catchable {
        return CallError::Ending;
    }
    ExecutorGlobals::take_exception()
        .and_then(|object| object.into_zval(false).ok())
        .map_or(CallError::Impossible, CallError::Threw)
}

/// One call under way. Each fiber has a stack of its own.
struct Level {
    fiber: usize,
}

impl Level {
    /// `None` where there is no room for another one.
    fn enter() -> Option<Self> {
        let fiber = ExecutorGlobals::get().active_fiber.addr();
        NESTED.with_borrow_mut(|nested| {
            let level = nested.entry(fiber).or_default();
            (*level < MAX_NESTED).then(|| {
                *level += 1;
                Self { fiber }
            })
        })
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        NESTED.with_borrow_mut(|nested| {
            if let Some(level) = nested.get_mut(&self.fiber) {
                *level = level.saturating_sub(1);
                if *level == 0 {
                    nested.remove(&self.fiber);
                }
            }
        });
    }
}
