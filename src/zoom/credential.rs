//! What an app's page in the Zoom App Marketplace shows, as people copy it.

use super::error::Error;
use super::error::Result;
use super::error_id::ErrorId;

const MAX_CREDENTIAL: usize = 500;

/// One part of an app's credentials, without the blanks that copying brings along; `what` names it.
///
/// # Errors
/// When it is empty or no single word.
pub(crate) fn word(what: &str, text: &str) -> Result<String> {
    let text = text.trim();
    if !text.is_empty()
        && text.len() <= MAX_CREDENTIAL
        && text.chars().all(|c| c.is_ascii_graphic())
    {
        return Ok(text.to_owned());
    }
    Err(Error::new(
        ErrorId::CredentialInvalid,
        if text.is_empty() {
            format!("the {what} is empty")
        } else {
            format!("this is no {what} of Zoom")
        },
        format!("Copy the {what} from the app's page in the Zoom App Marketplace."),
    ))
}
