//! The interface `Telemed\TokenStore`.
//!
//! Registered by hand: ext-php-rs makes a trailing nullable parameter optional, and PHP classes could then not implement
//! `save()` as the contract has it.

use std::ptr;
use std::sync::atomic::AtomicPtr;
use std::sync::atomic::Ordering;

use ext_php_rs::args::Arg;
use ext_php_rs::builders::ClassBuilder;
use ext_php_rs::builders::FunctionBuilder;
use ext_php_rs::error::Result as BindingResult;
use ext_php_rs::flags::ClassFlags;
use ext_php_rs::flags::DataType;
use ext_php_rs::flags::MethodFlags;
use ext_php_rs::zend::ClassEntry;
use ext_php_rs::zend::ce;

/// The interface's name in PHP.
pub const NAME: &str = "Telemed\\TokenStore";

static ENTRY: AtomicPtr<ClassEntry> = AtomicPtr::new(ptr::null_mut());

/// Registers the interface. Called at each MINIT.
pub fn register() -> BindingResult<()> {
    ClassBuilder::new(NAME)
        .flags(ClassFlags::Interface)
        .method(
            method("load").returns(DataType::String, false, true),
            MethodFlags::Public,
        )
        .method(
            method("save")
                .arg(Arg::new("sealed", DataType::String))
                .arg(Arg::new("replaces", DataType::String).allow_null())
                .returns(DataType::Bool, false, false),
            MethodFlags::Public,
        )
        .method(
            method("delete").returns(DataType::Void, false, false),
            MethodFlags::Public,
        )
        .method(
            method("lock")
                .arg(Arg::new("seconds", DataType::Double))
                .returns(DataType::Bool, false, false),
            MethodFlags::Public,
        )
        .method(
            method("unlock").returns(DataType::Void, false, false),
            MethodFlags::Public,
        )
        .registration(|class, tables| {
            ENTRY.store(class, Ordering::Release);
            // The engine keeps pointers into the tables for the life of the process.
            Box::leak(tables);
        })
        .register()
}

/// The registered interface.
pub fn entry() -> &'static ClassEntry {
    // SAFETY: set at MINIT, which fails when the interface cannot be registered; PHP keeps it until MSHUTDOWN.
    unsafe { ENTRY.load(Ordering::Acquire).as_ref() }.unwrap_or_else(ce::throwable)
}

/// Every method is about one key.
fn method(name: &str) -> FunctionBuilder<'static> {
    FunctionBuilder::new_abstract(name).arg(Arg::new("key", DataType::String))
}
