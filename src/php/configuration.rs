//! The php.ini directives, read once per PHP thread at the first use.
//!
//! A bad value is a `ConfigurationException` at that first use, never a failed start of PHP.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ext_php_rs::flags::IniEntryPermission;
use ext_php_rs::zend::ExecutorGlobals;
use ext_php_rs::zend::IniEntryDef;
use ext_php_rs::zend::IniEntryDefs;
use url::Url;

use super::call;
use super::store;
use crate::engine;
use crate::engine::Options;
use crate::zoom;
use crate::zoom::Context;
use crate::zoom::Endpoints;
use crate::zoom::Error;
use crate::zoom::ErrorId;
use crate::zoom::Result;

const SYSTEM: IniEntryPermission = IniEntryPermission::System;

static DIRECTIVES: IniEntryDefs<8> = IniEntryDefs::new([
    IniEntryDef::new(c"telemed.oauth_url", c"https://zoom.us", SYSTEM),
    IniEntryDef::new(c"telemed.api_url", c"https://api.zoom.us", SYSTEM),
    IniEntryDef::new(c"telemed.ca_file", c"", SYSTEM),
    IniEntryDef::new(c"telemed.proxy", c"", SYSTEM),
    IniEntryDef::new(c"telemed.no_proxy", c"", SYSTEM),
    IniEntryDef::new(c"telemed.connect_timeout", c"5", SYSTEM),
    IniEntryDef::new(c"telemed.timeout", c"20", SYSTEM),
    IniEntryDef::end(),
]);

/// PHP cannot interrupt a request to Zoom, so a limit has a limit of its own.
const LONGEST_TIMEOUT: f64 = 600.0;

/// How often the module was started in this process: a graceful restart brings a new php.ini.
static STARTS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static CURRENT: RefCell<Option<(u64, Configuration)>> = const { RefCell::new(None) };
}

/// What php.ini says, checked.
#[derive(Clone)]
pub struct Configuration {
    endpoints: Rc<Endpoints>,
    options: Rc<Options>,
}

/// Registers the directives. Called at each MINIT.
pub fn register(module: i32) {
    STARTS.fetch_add(1, Ordering::AcqRel);
    IniEntryDef::register(DIRECTIVES.as_slice(), module);
}

/// Called at RSHUTDOWN: what PHP did not let end must not stand in the next request's way.
pub extern "C" fn request_shutdown(_kind: i32, _module: i32) -> i32 {
    engine::known_tokens().end_request();
    call::end_request();
    store::end_request();
    0
}

/// Everything that an app needs from outside.
pub fn context(store: Rc<dyn zoom::TokenStore>, vault: Rc<zoom::Vault>) -> Result<Context> {
    let Configuration { endpoints, options } = Configuration::current()?;
    Ok(Context {
        http: engine::http(options),
        clock: engine::clock(),
        store,
        vault,
        known: engine::known_tokens(),
        endpoints,
    })
}

impl Configuration {
    fn current() -> Result<Self> {
        let start = STARTS.load(Ordering::Acquire);
        CURRENT.with_borrow_mut(|current| match current {
            Some((of, configuration)) if *of == start => Ok(configuration.clone()),
            _ => {
                let configuration = Self::read(&Ini::read())?;
                *current = Some((start, configuration.clone()));
                Ok(configuration)
            }
        })
    }

    fn read(ini: &Ini) -> Result<Self> {
        let text = |name| ini.get(name).map(str::to_owned);
        Ok(Self {
            endpoints: Rc::new(Endpoints::new(
                ini.get("telemed.oauth_url").unwrap_or_default(),
                ini.get("telemed.api_url").unwrap_or_default(),
            )?),
            options: Rc::new(Options {
                ca_file: ini.ca_file(),
                proxy: text("telemed.proxy"),
                no_proxy: text("telemed.no_proxy"),
                connect_timeout: ini.seconds("telemed.connect_timeout")?,
                timeout: ini.seconds("telemed.timeout")?,
            }),
        })
    }
}

/// The directives as php.ini gives them; an empty one counts as not given.
pub struct Ini(HashMap<String, Option<String>>);

impl Ini {
    /// Reads every directive: PHP offers no other way, so it is done once.
    pub fn read() -> Self {
        Self(ExecutorGlobals::get().ini_values())
    }

    /// The value of a directive.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?.as_deref()?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// The file of certificate roots: ours, else the one that PHP's own extensions are told to use, else the system's.
    pub fn ca_file(&self) -> Option<PathBuf> {
        ["telemed.ca_file", "openssl.cafile", "curl.cainfo"]
            .iter()
            .find_map(|name| self.get(name))
            .map(PathBuf::from)
    }

    /// An address as it may be shown: without credentials.
    pub fn shown_address(&self, name: &str) -> String {
        let Some(text) = self.get(name) else {
            return "none".to_owned();
        };
        let shown = Url::parse(text).ok().and_then(|mut url| {
            if url.has_authority() {
                url.set_username("").ok()?;
                url.set_password(None).ok()?;
            }
            url.set_query(None);
            url.set_fragment(None);
            url.has_host().then(|| url.into())
        });
        shown.unwrap_or_else(|| "set, but not a URL".to_owned())
    }

    fn seconds(&self, name: &str) -> Result<Duration> {
        self.get(name)
            .and_then(|text| text.parse::<f64>().ok())
            .filter(|seconds| (0.001..=LONGEST_TIMEOUT).contains(seconds))
            .map(Duration::from_secs_f64)
            .ok_or_else(|| {
                Error::new(
                    ErrorId::DirectiveInvalid,
                    format!("the php.ini directive {name} is not a number of seconds"),
                    format!(
                        "Set {name} to a number above 0 and up to {LONGEST_TIMEOUT}, or remove it."
                    ),
                )
            })
    }
}
