//! `Telemed\OAuthApp` and `Telemed\AuthorizationRequest`.

#![allow(non_snake_case, reason = "parameter names are public API in PHP")]

use std::rc::Rc;

use ext_php_rs::binary::Binary;
use ext_php_rs::prelude::*;
use zeroize::Zeroizing;

use super::client::Client;
use super::configuration::context;
use super::connection::Connection;
use super::convert::DateTime;
use super::convert::DateTimeArgument;
use super::convert::SEALED;
use super::convert::not_constructible;
use super::store::Store;
use super::vault::Vault;
use crate::zoom;
use crate::zoom::Subject;
use crate::zoom::oauth_app::ImportedTokens;

/// OAuth 2.0: each doctor's own account.
#[php_class]
#[php(name = "Telemed\\OAuthApp")]
#[php(flags = SEALED)]
pub struct OAuthApp {
    app: Rc<zoom::oauth_app::OAuthApp>,
    store: Store,
}

#[php_impl]
#[php(change_method_case = "camelCase")]
impl OAuthApp {
    pub fn __construct(
        clientId: String,
        clientSecret: String,
        redirectUri: String,
        tokens: Store,
        vault: &Vault,
    ) -> PhpResult<Self> {
        let client_secret = Zeroizing::new(clientSecret);
        let context = context(tokens.core(), vault.core())?;
        let app = zoom::oauth_app::OAuthApp::new(&clientId, &client_secret, &redirectUri, context)?;
        Ok(Self {
            app: Rc::new(app),
            store: tokens,
        })
    }

    pub fn scopes() -> Vec<String> {
        zoom::oauth_app::OAuthApp::scopes()
    }

    pub fn authorization_request(&self, subject: String) -> PhpResult<AuthorizationRequest> {
        let subject = Subject::new(&subject)?;
        let (app, store) = self.parts();
        let request = store.run(|| app.authorization_request(&subject))?;
        Ok(AuthorizationRequest { request })
    }

    /// Code and state come from a browser: whatever bytes they are, they get an answer of ours.
    pub fn connect(
        &self,
        code: Binary<u8>,
        state: Binary<u8>,
        subject: String,
    ) -> PhpResult<Connection> {
        let subject = Subject::new(&subject)?;
        let (app, store) = self.parts();
        let code = Zeroizing::new(String::from_utf8_lossy(&code).into_owned());
        let state = String::from_utf8_lossy(&state);
        store
            .run(|| app.connect(&code, &state, &subject))
            .map(Connection::from)
    }

    pub fn import(
        &self,
        subject: String,
        accessToken: String,
        refreshToken: String,
        expiresAt: Option<DateTimeArgument>,
        scope: String,
        apiUrl: Option<String>,
    ) -> PhpResult<Connection> {
        let subject = Subject::new(&subject)?;
        let (app, store) = self.parts();
        let tokens = ImportedTokens {
            access_token: accessToken,
            refresh_token: refreshToken,
            expires_at: expiresAt.map(|at| at.instant()).transpose()?,
            scope,
            api_url: apiUrl,
        };
        store
            .run(|| app.import(&subject, tokens))
            .map(Connection::from)
    }

    pub fn connection(&self, subject: String) -> PhpResult<Option<Connection>> {
        let subject = Subject::new(&subject)?;
        let (app, store) = self.parts();
        let connection = store.run(|| app.connection(&subject))?;
        Ok(connection.map(Connection::from))
    }

    pub fn renew(&self, subject: String) -> PhpResult<Connection> {
        let subject = Subject::new(&subject)?;
        let (app, store) = self.parts();
        store.run(|| app.renew(&subject)).map(Connection::from)
    }

    pub fn client(&self, subject: String) -> PhpResult<Client> {
        let subject = Subject::new(&subject)?;
        let (app, store) = self.parts();
        Ok(Client::new(app.client(&subject), store))
    }

    pub fn disconnect(&self, subject: String) -> PhpResult<()> {
        let subject = Subject::new(&subject)?;
        let (app, store) = self.parts();
        store.run(|| app.disconnect(&subject))
    }

    pub fn held_connection(&self, subject: String) -> PhpResult<Option<Connection>> {
        let subject = Subject::new(&subject)?;
        let (app, store) = self.parts();
        let held = store.run(|| app.proposed(&subject))?;
        Ok(held.map(Connection::from))
    }

    pub fn accept_held(&self, subject: String) -> PhpResult<Connection> {
        let subject = Subject::new(&subject)?;
        let (app, store) = self.parts();
        store.run(|| app.accept(&subject)).map(Connection::from)
    }

    pub fn decline_held(&self, subject: String) -> PhpResult<()> {
        let subject = Subject::new(&subject)?;
        let (app, store) = self.parts();
        store.run(|| app.decline(&subject))
    }

    pub fn former_connection(&self, subject: String) -> PhpResult<Option<Connection>> {
        let subject = Subject::new(&subject)?;
        let (app, store) = self.parts();
        let former = store.run(|| app.previous(&subject))?;
        Ok(former.map(Connection::from))
    }

    pub fn former_client(&self, subject: String) -> PhpResult<Client> {
        let subject = Subject::new(&subject)?;
        let (app, store) = self.parts();
        let client = store.run(|| app.previous_client(&subject))?;
        Ok(Client::new(client, store))
    }

    pub fn end_former(&self, subject: String) -> PhpResult<()> {
        let subject = Subject::new(&subject)?;
        let (app, store) = self.parts();
        store.run(|| app.end_previous(&subject))
    }

    pub fn subject_of(&self, zoomUserId: String) -> PhpResult<Option<String>> {
        let (app, store) = self.parts();
        let subject = store.run(|| app.subject_of(&zoomUserId))?;
        Ok(subject.map(|subject| subject.to_string()))
    }

    pub fn forget(
        &self,
        subject: String,
        connectedBefore: Option<DateTimeArgument>,
    ) -> PhpResult<bool> {
        let subject = Subject::new(&subject)?;
        let (app, store) = self.parts();
        let moment = connectedBefore.map(|at| at.instant()).transpose()?;
        store.run(|| app.forget(&subject, moment))
    }

    pub fn forget_beside(
        &self,
        subject: String,
        zoomUserId: String,
        connectedBefore: Option<DateTimeArgument>,
    ) -> PhpResult<bool> {
        let subject = Subject::new(&subject)?;
        let (app, store) = self.parts();
        let moment = connectedBefore.map(|at| at.instant()).transpose()?;
        store.run(|| app.forget_beside(&subject, &zoomUserId, moment))
    }
}

impl OAuthApp {
    fn parts(&self) -> (Rc<zoom::oauth_app::OAuthApp>, Store) {
        (Rc::clone(&self.app), self.store.clone())
    }
}

/// Where to send the browser.
#[php_class]
#[php(name = "Telemed\\AuthorizationRequest")]
#[php(flags = SEALED)]
pub struct AuthorizationRequest {
    request: zoom::oauth_app::AuthorizationRequest,
}

#[php_impl]
impl AuthorizationRequest {
    #[php(vis = "private")]
    pub fn __construct() -> PhpResult<Self> {
        not_constructible()
    }

    pub fn url(&self) -> &str {
        self.request.url()
    }

    pub fn state(&self) -> &str {
        self.request.state()
    }

    pub fn expires_at(&self) -> DateTime {
        DateTime(self.request.expires_at())
    }
}
