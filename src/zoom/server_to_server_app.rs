//! Server-to-Server OAuth: the clinic's account, in which any user can host.

use super::client::Client;
use super::client_id::ClientId;
use super::context::Context;
use super::credential;
use super::error::Error;
use super::error::Result;
use super::error_id::ErrorId;
use super::scopes;
use super::secret::Secret;
use super::token_endpoint::Credentials;
use super::tokens::LOCK_WAIT;
use super::tokens::Tokens;

/// An account-managed app.
pub struct ServerToServerApp {
    context: Context,
    tokens: Tokens,
}

impl ServerToServerApp {
    /// Takes what the app's page in the Zoom App Marketplace shows. Makes no request.
    ///
    /// # Errors
    /// When one is empty or cannot be what it should be.
    pub fn new(
        account_id: &str,
        client_id: &str,
        client_secret: &str,
        context: Context,
    ) -> Result<Self> {
        let account_id = credential::word("account id", account_id)?;
        let credentials = Credentials {
            client_id: ClientId::new(client_id)?,
            client_secret: Secret::new(credential::word("client secret", client_secret)?),
        };
        if account_id == credentials.client_id.as_str() {
            return Err(Error::new(
                ErrorId::AccountIdIsClientId,
                "account id and client id are the same",
                "Copy each from its own field on the app's page in the Zoom App Marketplace.",
            ));
        }
        let tokens = Tokens::of_account(context.clone(), credentials, &account_id);
        Ok(Self { context, tokens })
    }

    /// The scopes to give the app.
    #[must_use]
    pub fn scopes() -> Vec<String> {
        scopes::wanted(true)
    }

    /// The client that acts on behalf of any user of the account. Makes no request.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(self.context.clone(), self.tokens.clone())
    }

    /// Revokes and forgets the account's token.
    ///
    /// # Errors
    /// When Zoom or the store cannot be reached; then the token is forgotten here all the same.
    pub fn disconnect(&self) -> Result<()> {
        let _locked = self.tokens.lock(LOCK_WAIT)?;
        let stored = self.tokens.load()?;
        self.tokens.delete()?;
        match stored {
            Some(stored) => self
                .tokens
                .endpoint()
                .revoke(&stored.value.access_token)
                .map(|_| ()),
            None => Ok(()),
        }
    }
}
