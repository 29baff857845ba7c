//! `Telemed\Webhook` and `Telemed\WebhookEvent`.

#![allow(non_snake_case, reason = "parameter names are public API in PHP")]

use std::collections::HashMap;
use std::rc::Rc;

use ext_php_rs::binary::Binary;
use ext_php_rs::convert::FromZval;
use ext_php_rs::flags::DataType;
use ext_php_rs::prelude::*;
use ext_php_rs::types::Zval;
use zeroize::Zeroizing;

use super::array;
use super::convert::DateTime;
use super::convert::SEALED;
use super::convert::not_constructible;
use crate::engine;
use crate::zoom;

/// Verifies what arrives at a webhook address.
#[php_class]
#[php(name = "Telemed\\Webhook")]
#[php(flags = SEALED)]
pub struct Webhook {
    webhook: Rc<zoom::webhook::Webhook>,
}

#[php_impl]
impl Webhook {
    #[php(defaults(toleranceSeconds = 300))]
    pub fn __construct(secretToken: String, toleranceSeconds: i64) -> PhpResult<Self> {
        let secret_token = Zeroizing::new(secretToken);
        let webhook = zoom::webhook::Webhook::new(&secret_token, toleranceSeconds)?;
        Ok(Self {
            webhook: Rc::new(webhook),
        })
    }

    pub fn receive(
        &self,
        rawBody: Binary<u8>,
        headers: HeadersArgument,
    ) -> PhpResult<WebhookEvent> {
        let header = |name: &str| headers.0.get(name).map(String::as_str);
        let event = self
            .webhook
            .receive(&rawBody, header, engine::clock().now())?;
        Ok(WebhookEvent { event })
    }
}

/// A verified event.
#[php_class]
#[php(name = "Telemed\\WebhookEvent")]
#[php(flags = SEALED)]
pub struct WebhookEvent {
    event: zoom::webhook::WebhookEvent,
}

#[php_impl]
impl WebhookEvent {
    #[php(vis = "private")]
    pub fn __construct() -> PhpResult<Self> {
        not_constructible()
    }

    pub fn name(&self) -> &str {
        self.event.name()
    }

    pub fn sent_at(&self) -> DateTime {
        DateTime(self.event.sent_at())
    }

    pub fn answer(&self) -> Option<&str> {
        self.event.answer()
    }

    pub fn account_id(&self) -> Option<&str> {
        self.event.account_id()
    }

    pub fn zoom_user_id(&self) -> Option<&str> {
        self.event.zoom_user_id()
    }

    pub fn client_id(&self) -> Option<&str> {
        self.event.client_id()
    }
}

/// The argument `headers`, by names in lower case with dashes: PHP's functions, `$_SERVER` and WordPress each spell them in their
/// own way, and WordPress gives lists. A name or value that is no text is none of Zoom's.
pub struct HeadersArgument(HashMap<String, String>);

impl FromZval<'_> for HeadersArgument {
    const TYPE: DataType = DataType::Array;

    fn from_zval(zval: &Zval) -> Option<Self> {
        let headers = array::entries(zval.array()?).filter_map(|(name, value)| {
            let name = name.str()?.to_ascii_lowercase().replace('_', "-");
            let name = name.strip_prefix("http-").unwrap_or(&name).to_owned();
            let value = value.dereference();
            let text = match value.array() {
                Some(list) => array::values(list).next()?.string()?,
                None => value.string()?,
            };
            Some((name, text))
        });
        Some(Self(headers.collect()))
    }
}
