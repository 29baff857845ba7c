//! How often one call may go again with another token after Zoom has refused the one it had.

use std::rc::Rc;
use std::time::Duration;

use super::Tokens;
use crate::zoom::error::Result;
use crate::zoom::known_tokens::Access;
use crate::zoom::secret::Secret;

/// The token that another process stored meanwhile may have ended, too (Zoom ended all at once), so it is replaced once more; one
/// that was refreshed for this very call is not.
const MOST: u8 = 2;

/// Those of one call.
#[derive(Default)]
pub struct Replacements {
    so_far: u8,
    is_fresh: bool,
}

impl Replacements {
    /// Whether another one may help.
    #[must_use]
    pub fn are_left(&self) -> bool {
        !self.is_fresh && self.so_far < MOST
    }

    /// A token in the place of the refused one.
    ///
    /// # Errors
    /// As [`Tokens::access`].
    pub fn next(
        &mut self,
        tokens: &Tokens,
        refused: &Secret,
        wait: Duration,
    ) -> Result<Rc<Access>> {
        self.so_far += 1;
        let (access, is_fresh) = tokens.obtain(Some(refused), wait)?;
        self.is_fresh = is_fresh;
        Ok(access)
    }
}
