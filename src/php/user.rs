//! `Telemed\User`.

use ext_php_rs::prelude::*;

use super::convert::SEALED;
use super::convert::not_constructible;
use crate::zoom;

/// A Zoom user.
#[php_class]
#[php(name = "Telemed\\User")]
#[php(flags = SEALED)]
pub struct User {
    user: zoom::user::User,
}

#[php_impl]
impl User {
    #[php(vis = "private")]
    pub fn __construct() -> PhpResult<Self> {
        not_constructible()
    }

    pub fn id(&self) -> &str {
        self.user.id()
    }

    pub fn email(&self) -> Option<&str> {
        self.user.email()
    }

    pub fn name(&self) -> String {
        self.user.name()
    }

    pub fn is_licensed(&self) -> bool {
        self.user.is_licensed()
    }

    pub fn status(&self) -> Option<&str> {
        self.user.status()
    }

    pub fn timezone(&self) -> Option<&str> {
        self.user.timezone()
    }

    pub fn account_id(&self) -> Option<&str> {
        self.user.account_id()
    }
}

impl From<zoom::user::User> for User {
    fn from(user: zoom::user::User) -> Self {
        Self { user }
    }
}
