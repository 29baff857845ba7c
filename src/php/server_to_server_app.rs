//! `Telemed\ServerToServerApp`.

#![allow(non_snake_case, reason = "parameter names are public API in PHP")]

use std::rc::Rc;

use ext_php_rs::prelude::*;
use zeroize::Zeroizing;

use super::client::Client;
use super::configuration::context;
use super::convert::SEALED;
use super::store::Store;
use super::vault::Vault;
use crate::zoom;

/// Server-to-Server OAuth: the clinic's account.
#[php_class]
#[php(name = "Telemed\\ServerToServerApp")]
#[php(flags = SEALED)]
pub struct ServerToServerApp {
    app: Rc<zoom::server_to_server_app::ServerToServerApp>,
    store: Store,
}

#[php_impl]
impl ServerToServerApp {
    pub fn __construct(
        accountId: String,
        clientId: String,
        clientSecret: String,
        tokens: Store,
        vault: &Vault,
    ) -> PhpResult<Self> {
        let client_secret = Zeroizing::new(clientSecret);
        let context = context(tokens.core(), vault.core())?;
        let app = zoom::server_to_server_app::ServerToServerApp::new(
            &accountId,
            &clientId,
            &client_secret,
            context,
        )?;
        Ok(Self {
            app: Rc::new(app),
            store: tokens,
        })
    }

    pub fn scopes() -> Vec<String> {
        zoom::server_to_server_app::ServerToServerApp::scopes()
    }

    pub fn client(&self) -> Client {
        Client::new(self.app.client(), self.store.clone())
    }

    pub fn disconnect(&self) -> PhpResult<()> {
        let (app, store) = (Rc::clone(&self.app), self.store.clone());
        store.run(|| app.disconnect())
    }
}
