//! What the token endpoint's refusals mean: from status and words to one [`TokenFault`] with advice. Pure.

use serde::Deserialize;
use serde::Serialize;

use super::TokenFault;
use crate::zoom::api_error;
use crate::zoom::error::Error;
use crate::zoom::error_id::ErrorId;
use crate::zoom::http::Response;

/// Zoom's error body; both keys may be missing.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct ErrorBody {
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

impl std::fmt::Display for ErrorBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.error.as_deref().unwrap_or("refused"))
    }
}

impl oauth2::ErrorResponse for ErrorBody {}

/// Zoom's words for a code or token that is over, whatever error stands beside them.
const DEAD_GRANTS: [&str; 8] = [
    "can not find the authentication",
    "code is expired",
    "has been revoked",
    "invalid authorization code",
    "invalid token",
    "owner of the token does not exist",
    "refresh token invalid",
    "token tolerance range",
];

/// What an answer other than 200 means.
pub(super) fn fault(response: &Response) -> TokenFault {
    let tracking_id = response.tracking_id();
    let error = |id, message: String, advice: &str| {
        Error::new(id, message, advice)
            .with_status(response.status, None)
            .with_tracking_id(tracking_id.clone())
    };
    if response.status >= 500 {
        return TokenFault::Lost(
            error(
                ErrorId::TokenServerTrouble,
                format!(
                    "Zoom's token endpoint answered with HTTP {}",
                    response.status
                ),
                "Zoom has trouble right now; nothing is disconnected. Try again in a few minutes.",
            )
            .retryable(true)
            .maybe_delivered(true),
        );
    }
    if response.status == 429 {
        return TokenFault::Other(error(
            ErrorId::TokenLimit,
            "Zoom limits token requests right now".into(),
            "Try again in a minute.",
        ));
    }
    if (300..400).contains(&response.status) {
        return TokenFault::Other(error(
            ErrorId::TokenRedirected,
            format!(
                "Zoom's token endpoint answered with a redirect (HTTP {})",
                response.status
            ),
            "Redirects are not followed with credentials. Check the php.ini directive telemed.oauth_url and any proxy.",
        ));
    }
    let body: ErrorBody = serde_json::from_slice(&response.body).unwrap_or_default();
    let code = body.error.unwrap_or_default();
    let reason = api_error::fit_for_messages(&body.reason.unwrap_or_default());
    let says = |text: &str| reason.to_ascii_lowercase().contains(text);
    if code == "invalid_client" || says("invalid client") || says("client id") {
        TokenFault::Other(error(
            ErrorId::ClientCredentialsWrong,
            "Zoom does not know this client id, or the client secret is wrong".into(),
            "Copy client id and client secret again from the app's page in the Zoom App Marketplace; development and production credentials differ.",
        ))
    } else if says("disabled by admin") {
        TokenFault::Other(error(
            ErrorId::AppApprovalWithdrawn,
            "an administrator of the Zoom account has withdrawn the approval of the app".into(),
            "That administrator approves the app again in the Zoom App Marketplace. Connections are kept.",
        ))
    } else if says("does not enabled the oauth") {
        TokenFault::Other(error(
            ErrorId::OauthNotAllowed,
            "the Zoom account does not allow OAuth apps".into(),
            "Ask Zoom's support to enable them for the account.",
        ))
    } else if says("disabled") || says("not activated") {
        TokenFault::Other(error(
            ErrorId::AppDisabled,
            "the Zoom app is disabled or not activated".into(),
            "Activate the app on its page in the Zoom App Marketplace. Connections are kept.",
        ))
    } else if says("redirect uri") {
        TokenFault::Other(error(
            ErrorId::RedirectUrlDiffers,
            "Zoom says that the redirect URL differs from the one of the authorization".into(),
            "Enter the redirect URL of the settings page, unchanged, in the Zoom app, and authorize again.",
        ))
    } else if code == "invalid_grant" || DEAD_GRANTS.iter().any(|text| says(text)) {
        TokenFault::InvalidGrant(error(
            ErrorId::AuthorizationRefused,
            "Zoom no longer takes this authorization".into(),
            "Connect to Zoom again.",
        ))
    } else if code == "unsupported_grant_type" || says("grant type is not supported") {
        TokenFault::Other(error(
            ErrorId::AppOfOtherKind,
            "the Zoom app is of the other kind".into(),
            "OAuth 2.0 needs a General app that is user-managed; Server-to-Server needs a Server-to-Server OAuth app.",
        ))
    } else if says("bad request") || says("account does not exist") || says("invalid account id") {
        TokenFault::Other(error(
            ErrorId::AccountIdUnknown,
            "Zoom does not know this account id".into(),
            "Copy the account id again from the app's page in the Zoom App Marketplace.",
        ))
    } else {
        let words = if reason.is_empty() { code } else { reason };
        TokenFault::Other(error(
            ErrorId::TokenRequestRefused,
            format!(
                "Zoom's token endpoint refused with HTTP {}: {words}",
                response.status
            ),
            "Check the app's credentials and its state in the Zoom App Marketplace.",
        ))
    }
}
