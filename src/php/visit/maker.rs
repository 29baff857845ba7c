//! `Telemed\Maker`.

use ext_php_rs::boxed::ZBox;
use ext_php_rs::prelude::*;
use ext_php_rs::types::ZendHashTable;

use super::rows;
use super::rows::Row;
use crate::php::convert::SEALED;
use crate::php::convert::not_constructible;
use crate::visit::maker::Candidates;
use crate::visit::maker::Maker as Core;
use crate::visit::maker::NoHost;
use crate::zoom::Result;

/// Through what a meeting is made, or why nobody can host it.
#[php_class]
#[php(name = "Telemed\\Maker")]
#[php(flags = SEALED)]
pub struct Maker {
    maker: std::result::Result<Core, NoHost>,
}

#[php_impl]
impl Maker {
    #[php(vis = "private")]
    pub fn __construct() -> PhpResult<Self> {
        not_constructible()
    }

    pub fn present(known: Row) -> PhpResult<Self> {
        let maker = Core::present(known.read(Candidates::from_columns)?);
        Ok(Self { maker })
    }

    pub fn from_columns(columns: Row) -> PhpResult<Self> {
        let maker = Ok(columns.read(Core::from_columns)?);
        Ok(Self { maker })
    }

    pub fn problem(&self) -> Option<&'static str> {
        self.maker.as_ref().err().map(|why| why.id())
    }

    pub fn columns(&self) -> PhpResult<ZBox<ZendHashTable>> {
        rows::array(&self.core()?.columns())
    }

    pub fn named_host(&self) -> Option<&str> {
        self.maker.as_ref().ok().and_then(Core::named_host)
    }

    pub fn host_at_zoom(&self) -> Option<&str> {
        self.maker.as_ref().ok().and_then(Core::host_at_zoom)
    }
}

impl Maker {
    /// The core's maker.
    ///
    /// # Errors
    /// When nobody can host.
    pub fn core(&self) -> Result<&Core> {
        self.maker
            .as_ref()
            .map_err(|why| rows::bad(&format!("nobody can host: {}", why.id())))
    }
}
