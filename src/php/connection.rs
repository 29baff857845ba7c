//! `Telemed\Connection`.

#![allow(non_snake_case, reason = "parameter names are public API in PHP")]

use ext_php_rs::prelude::*;

use super::convert::DateTime;
use super::convert::SEALED;
use super::convert::not_constructible;
use crate::zoom;

/// One subject's connection to Zoom.
#[php_class]
#[php(name = "Telemed\\Connection")]
#[php(flags = SEALED)]
pub struct Connection {
    connection: zoom::connection::Connection,
}

#[php_impl]
impl Connection {
    #[php(vis = "private")]
    pub fn __construct() -> PhpResult<Self> {
        not_constructible()
    }

    pub fn news(seen: Option<&Connection>, isTold: bool) -> Option<&'static str> {
        let seen = seen.map(|seen| &seen.connection);
        zoom::connection::News::of(seen, isTold).map(zoom::connection::News::as_str)
    }

    pub fn subject(&self) -> &str {
        self.connection.subject()
    }

    pub fn status(&self) -> &str {
        self.connection.status().as_str()
    }

    pub fn since(&self) -> Option<DateTime> {
        self.connection.since().map(DateTime)
    }

    pub fn reason(&self) -> Option<&str> {
        self.connection.reason()
    }

    pub fn scopes(&self) -> Vec<String> {
        self.connection.scopes().to_vec()
    }

    pub fn zoom_user_id(&self) -> Option<&str> {
        self.connection.zoom_user_id()
    }

    pub fn zoom_email(&self) -> Option<&str> {
        self.connection.zoom_email()
    }

    pub fn zoom_name(&self) -> Option<&str> {
        self.connection.zoom_name()
    }

    pub fn zoom_account_id(&self) -> Option<&str> {
        self.connection.zoom_account_id()
    }

    pub fn is_licensed(&self) -> Option<bool> {
        self.connection.is_licensed()
    }

    pub fn expires_at(&self) -> Option<DateTime> {
        self.connection.expires_at().map(DateTime)
    }

    pub fn until(&self) -> Option<DateTime> {
        self.connection.until().map(DateTime)
    }
}

impl From<zoom::connection::Connection> for Connection {
    fn from(connection: zoom::connection::Connection) -> Self {
        Self { connection }
    }
}
