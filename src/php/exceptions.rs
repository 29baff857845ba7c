//! The exceptions, and the one place where an error of the core becomes one.
//!
//! They are registered by hand: `#[php_class]` would replace PHP's own creation of exceptions, and with it file, line and
//! trace. So they can be made, thrown and extended from PHP too.

use std::ffi::c_char;
use std::panic::AssertUnwindSafe;
use std::ptr;
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::Ordering;

use ext_php_rs::args::ArgInfoTables;
use ext_php_rs::builders::ClassBuilder;
use ext_php_rs::builders::ClassProperty;
use ext_php_rs::builders::FunctionBuilder;
use ext_php_rs::convert::IntoZval;
use ext_php_rs::convert::IntoZvalDyn;
use ext_php_rs::error::Error as BindingError;
use ext_php_rs::error::Result as BindingResult;
use ext_php_rs::exception::PhpException;
use ext_php_rs::ffi::zend_read_property;
use ext_php_rs::flags::DataType;
use ext_php_rs::flags::MethodFlags;
use ext_php_rs::flags::PropertyFlags;
use ext_php_rs::types::ZendEmptyArray;
use ext_php_rs::types::ZendHashTable;
use ext_php_rs::types::ZendObject;
use ext_php_rs::types::Zval;
use ext_php_rs::zend::ClassEntry;
use ext_php_rs::zend::ExecuteData;
use ext_php_rs::zend::ExecutorGlobals;
use ext_php_rs::zend::ce;
use ext_php_rs::zend::run_handler;
use ext_php_rs::zend_fastcall;

use super::call::call;
use super::convert::DateTime;
use crate::visit::problem::Failure;
use crate::zoom::Error;
use crate::zoom::error::Kind;

unsafe extern "C" {
    fn zend_update_property(
        scope: *mut ClassEntry,
        object: *mut ZendObject,
        name: *const c_char,
        name_length: usize,
        value: *mut Zval,
    );
}

// Set anew at each MINIT: a graceful restart makes new class entries in the same process.
static TELEMED: AtomicPtr<ClassEntry> = AtomicPtr::new(ptr::null_mut());
static CONFIGURATION: AtomicPtr<ClassEntry> = AtomicPtr::new(ptr::null_mut());
static AUTHENTICATION: AtomicPtr<ClassEntry> = AtomicPtr::new(ptr::null_mut());
static API: AtomicPtr<ClassEntry> = AtomicPtr::new(ptr::null_mut());
static SCOPE: AtomicPtr<ClassEntry> = AtomicPtr::new(ptr::null_mut());
static RATE_LIMIT: AtomicPtr<ClassEntry> = AtomicPtr::new(ptr::null_mut());
static NOT_FOUND: AtomicPtr<ClassEntry> = AtomicPtr::new(ptr::null_mut());
static TRANSPORT: AtomicPtr<ClassEntry> = AtomicPtr::new(ptr::null_mut());
static VAULT: AtomicPtr<ClassEntry> = AtomicPtr::new(ptr::null_mut());
static STORE: AtomicPtr<ClassEntry> = AtomicPtr::new(ptr::null_mut());
static WEBHOOK: AtomicPtr<ClassEntry> = AtomicPtr::new(ptr::null_mut());

/// Private properties of the base class, behind its methods.
const RETRYABLE: &str = "retryable";
const ADVICE: &str = "advice";
const ID: &str = "id";
const LOST: &str = "lost";
const ANSWER: &str = "answer";
const GONE: &str = "gone";
const OF_ONE_CONNECTION: &str = "ofOneConnection";

/// Registers the classes, parents first. Called at each MINIT.
pub fn register() -> BindingResult<()> {
    ClassBuilder::new("Telemed\\TelemedException")
        .extends((ce::exception, "\\Exception"))
        .property(property("maybeDelivered", PropertyFlags::Public, no))
        .property(property("trackingId", PropertyFlags::Public, null))
        .property(property(RETRYABLE, PropertyFlags::Private, no))
        .property(property(ADVICE, PropertyFlags::Private, empty_text))
        .property(property(ID, PropertyFlags::Private, empty_text))
        .property(property(LOST, PropertyFlags::Private, no))
        .property(property(ANSWER, PropertyFlags::Private, no))
        .property(property(GONE, PropertyFlags::Private, no))
        .property(property(OF_ONE_CONNECTION, PropertyFlags::Private, no))
        .method(
            FunctionBuilder::new("isRetryable", is_retryable).returns(DataType::Bool, false, false),
            MethodFlags::Public,
        )
        .method(
            FunctionBuilder::new("isLost", is_lost).returns(DataType::Bool, false, false),
            MethodFlags::Public,
        )
        .method(
            FunctionBuilder::new("isAnswer", is_answer).returns(DataType::Bool, false, false),
            MethodFlags::Public,
        )
        .method(
            FunctionBuilder::new("isGone", is_gone).returns(DataType::Bool, false, false),
            MethodFlags::Public,
        )
        .method(
            FunctionBuilder::new("isOfOneConnection", is_of_one_connection).returns(
                DataType::Bool,
                false,
                false,
            ),
            MethodFlags::Public,
        )
        .method(
            FunctionBuilder::new("advice", advice).returns(DataType::String, false, false),
            MethodFlags::Public,
        )
        .method(
            FunctionBuilder::new("id", id).returns(DataType::String, false, false),
            MethodFlags::Public,
        )
        .registration(|class, tables| keep(&TELEMED, class, tables))
        .register()?;
    child("Telemed\\ConfigurationException")
        .registration(|class, tables| keep(&CONFIGURATION, class, tables))
        .register()?;
    child("Telemed\\AuthenticationException")
        .registration(|class, tables| keep(&AUTHENTICATION, class, tables))
        .register()?;
    child("Telemed\\TransportException")
        .property(property("retryAt", PropertyFlags::Public, null))
        .registration(|class, tables| keep(&TRANSPORT, class, tables))
        .register()?;
    child("Telemed\\VaultException")
        .registration(|class, tables| keep(&VAULT, class, tables))
        .register()?;
    child("Telemed\\StoreException")
        .registration(|class, tables| keep(&STORE, class, tables))
        .register()?;
    child("Telemed\\WebhookException")
        .registration(|class, tables| keep(&WEBHOOK, class, tables))
        .register()?;
    child("Telemed\\ApiException")
        .property(property("status", PropertyFlags::Public, null))
        .property(property("zoomCode", PropertyFlags::Public, null))
        .property(property("fields", PropertyFlags::Public, empty_array))
        .registration(|class, tables| keep(&API, class, tables))
        .register()?;
    api_child("Telemed\\ScopeException")
        .property(property(
            "missingScopes",
            PropertyFlags::Public,
            empty_array,
        ))
        .registration(|class, tables| keep(&SCOPE, class, tables))
        .register()?;
    api_child("Telemed\\RateLimitException")
        .property(property("retryAt", PropertyFlags::Public, null))
        .registration(|class, tables| keep(&RATE_LIMIT, class, tables))
        .register()?;
    api_child("Telemed\\NotFoundException")
        .registration(|class, tables| keep(&NOT_FOUND, class, tables))
        .register()
}

fn child(name: &str) -> ClassBuilder {
    ClassBuilder::new(name).extends((|| entry(&TELEMED), "\\Telemed\\TelemedException"))
}

fn api_child(name: &str) -> ClassBuilder {
    ClassBuilder::new(name).extends((|| entry(&API), "\\Telemed\\ApiException"))
}

fn keep(slot: &AtomicPtr<ClassEntry>, class: &mut ClassEntry, tables: ArgInfoTables) {
    slot.store(class, Ordering::Release);
    // The engine keeps pointers into the tables for the life of the process.
    Box::leak(tables);
}

fn entry(slot: &AtomicPtr<ClassEntry>) -> &'static ClassEntry {
    // SAFETY: set at MINIT, which fails when a class cannot be registered; PHP keeps the class until MSHUTDOWN.
    unsafe { slot.load(Ordering::Acquire).as_ref() }.unwrap_or_else(ce::exception)
}

fn class_of(kind: Kind) -> &'static ClassEntry {
    entry(match kind {
        Kind::Api => &API,
        Kind::Authentication => &AUTHENTICATION,
        Kind::Configuration => &CONFIGURATION,
        Kind::NotFound => &NOT_FOUND,
        Kind::RateLimit => &RATE_LIMIT,
        Kind::Scope => &SCOPE,
        Kind::Store => &STORE,
        Kind::Transport => &TRANSPORT,
        Kind::Vault => &VAULT,
        Kind::Webhook => &WEBHOOK,
    })
}

fn property(
    name: &str,
    flags: PropertyFlags,
    default: fn() -> BindingResult<Zval>,
) -> ClassProperty {
    ClassProperty {
        name: name.to_owned(),
        flags,
        default: Some(Box::new(default)),
        docs: &[],
        ty: None,
        nullable: true,
        readonly: false,
        default_stub: None,
    }
}

// The engine keeps defaults for the life of the process, so none of them may be counted.

#[allow(clippy::unnecessary_wraps, reason = "the type of a default")]
fn null() -> BindingResult<Zval> {
    Ok(Zval::null())
}

fn no() -> BindingResult<Zval> {
    false.into_zval(true)
}

fn empty_text() -> BindingResult<Zval> {
    let mut zval = Zval::new();
    zval.set_interned_string("", true)?;
    Ok(zval)
}

fn empty_array() -> BindingResult<Zval> {
    ZendEmptyArray.into_zval(true)
}

/// A method that answers what a private property holds: whether it is so.
macro_rules! whether {
    ($($method:ident: $property:ident),+ $(,)?) => {$(
        zend_fastcall! {
            extern fn $method(ex: &mut ExecuteData, result: &mut Zval) {
                run_handler(AssertUnwindSafe(|| {
                    if ex.parser().parse().is_ok() {
                        result.set_bool(private_bool(ex, $property));
                    }
                }));
            }
        }
    )+};
}

whether! {
    is_retryable: RETRYABLE,
    is_lost: LOST,
    is_answer: ANSWER,
    is_gone: GONE,
    is_of_one_connection: OF_ONE_CONNECTION,
}

zend_fastcall! {
    extern fn advice(ex: &mut ExecuteData, result: &mut Zval) {
        run_handler(AssertUnwindSafe(|| {
            if ex.parser().parse().is_ok() {
                *result = private_text(ex, ADVICE);
            }
        }));
    }
}

zend_fastcall! {
    extern fn id(ex: &mut ExecuteData, result: &mut Zval) {
        run_handler(AssertUnwindSafe(|| {
            if ex.parser().parse().is_ok() {
                *result = private_text(ex, ID);
            }
        }));
    }
}

fn private_bool(ex: &mut ExecuteData, name: &str) -> bool {
    private_property(ex, name)
        .and_then(|zval| zval.bool())
        .unwrap_or(false)
}

fn private_text(ex: &mut ExecuteData, name: &str) -> Zval {
    private_property(ex, name)
        .filter(Zval::is_string)
        .unwrap_or_else(|| empty_text().unwrap_or_default())
}

fn private_property(ex: &mut ExecuteData, name: &str) -> Option<Zval> {
    let object = ex.get_self()?;
    let mut space = Zval::new();
    // SAFETY: the object is alive for the call, the name is valid for its length, and `space` is where PHP may put a value.
    let value = unsafe {
        zend_read_property(
            ptr::from_ref(entry(&TELEMED)).cast_mut(),
            object,
            name.as_ptr().cast(),
            name.len(),
            true,
            &raw mut space,
        )
        .as_ref()
    }?;
    Some(value.shallow_clone())
}

fn set_private_property(object: &mut ZendObject, name: &str, mut value: Zval) {
    // SAFETY: the object and the value are alive for the call, and PHP takes a reference of its own to the value.
    unsafe {
        zend_update_property(
            ptr::from_ref(entry(&TELEMED)).cast_mut(),
            object,
            name.as_ptr().cast(),
            name.len(),
            &raw mut value,
        );
    }
}

impl From<Error> for PhpException {
    fn from(error: Error) -> Self {
        exception(&error, None)
    }
}

/// The exception for an error of the core; `previous` is what a token store threw.
pub fn exception(error: &Error, previous: Option<&Zval>) -> PhpException {
    let class = class_of(error.kind());
    let plain = PhpException::new(error.message().to_owned(), code(error), class);
    if ExecutorGlobals::has_exception() {
        // The script is ending; what is thrown now is not looked at.
        return plain;
    }
    match object(class, error, previous) {
        Ok(object) => plain.with_object(object),
        Err(_) => plain,
    }
}

/// The exception as an object that is not thrown: one result among others.
///
/// # Errors
/// When PHP cannot make it.
pub fn unthrown(error: &Error) -> BindingResult<Zval> {
    object(class_of(error.kind()), error, None)
}

fn object(class: &ClassEntry, error: &Error, previous: Option<&Zval>) -> BindingResult<Zval> {
    let mut object = ZendObject::new(class);
    let message = error.message();
    let code = code(error);
    let mut arguments: Vec<&dyn IntoZvalDyn> = vec![&message, &code];
    arguments.extend(previous.map(|zval| zval as &dyn IntoZvalDyn));
    call(&object, "__construct", arguments).map_err(|_| BindingError::Callable)?;
    set_private_property(
        &mut object,
        RETRYABLE,
        error.is_retryable().into_zval(false)?,
    );
    let failure = Failure::from(error);
    set_private_property(&mut object, LOST, failure.is_lost().into_zval(false)?);
    set_private_property(&mut object, ANSWER, failure.is_answer().into_zval(false)?);
    set_private_property(&mut object, GONE, failure.is_gone().into_zval(false)?);
    let is_of_one_connection = error.id().is_of_one_connection();
    set_private_property(
        &mut object,
        OF_ONE_CONNECTION,
        is_of_one_connection.into_zval(false)?,
    );
    set_private_property(&mut object, ADVICE, error.advice().into_zval(false)?);
    set_private_property(&mut object, ID, error.id().as_str().into_zval(false)?);
    object.set_property("maybeDelivered", error.is_maybe_delivered())?;
    object.set_property("trackingId", error.tracking_id())?;
    if class.instance_of(entry(&API)) {
        object.set_property("status", error.status().map(i64::from))?;
        object.set_property("zoomCode", error.zoom_code())?;
        let mut fields = ZendHashTable::new();
        for (field, words) in error.fields() {
            fields.insert(field.as_str(), words.as_str())?;
        }
        object.set_property("fields", fields)?;
    }
    match error.kind() {
        Kind::Scope => object.set_property("missingScopes", error.missing_scopes().to_vec())?,
        Kind::RateLimit | Kind::Transport => {
            object.set_property("retryAt", error.retry_at().map(DateTime))?;
        }
        _ => {}
    }
    object.into_zval(false)
}

/// The exception's code is the HTTP status, when there is one.
fn code(error: &Error) -> i32 {
    error.status().map_or(0, i32::from)
}
