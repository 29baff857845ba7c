//! What went wrong, by name: the one list of all errors. `docs/errors.md` tells it to callers.

use std::fmt;

use super::error::Kind;

macro_rules! ids {
    ($($(#[doc = $doc:literal])+ $variant:ident = $text:literal: $kind:ident;)+) => {
        /// What went wrong. The names are public API: none is renamed, none is used for something else.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum ErrorId {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl ErrorId {
            /// All there are.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// How a caller acts on it.
            #[must_use]
            pub fn kind(self) -> Kind {
                match self {
                    $(Self::$variant => Kind::$kind,)+
                }
            }
        }
    };
}

ids! {
    // What a caller gave.
    /// The name of a subject cannot be a part of a key.
    SubjectInvalid = "subject_invalid": Configuration;
    /// A meeting id is not positive.
    MeetingIdInvalid = "meeting_id_invalid": Configuration;
    /// A host is neither a Zoom user id nor an e-mail.
    HostInvalid = "host_invalid": Configuration;
    /// With OAuth 2.0 another host than the doctor was named.
    HostNotOwn = "host_not_own": Configuration;
    /// With Server-to-Server OAuth no host was named.
    HostMissing = "host_missing": Configuration;
    /// The topic is empty, too long or holds control characters.
    TopicInvalid = "topic_invalid": Configuration;
    /// The duration is out of range.
    DurationInvalid = "duration_invalid": Configuration;
    /// The time zone is no name of the tz database.
    TimeZoneInvalid = "time_zone_invalid": Configuration;
    /// A date cannot be read.
    DateInvalid = "date_invalid": Configuration;
    /// The reference is empty or too long.
    ReferenceInvalid = "reference_invalid": Configuration;
    /// A look-up was asked for without a reference.
    ReferenceMissing = "reference_missing": Configuration;
    /// Zoom knows no such meeting setting.
    SettingUnknown = "setting_unknown": Configuration;
    /// The value of a meeting setting is wrong, or it stands in the wrong place.
    SettingInvalid = "setting_invalid": Configuration;
    /// The time budget is no positive number of seconds.
    TimeBudgetInvalid = "time_budget_invalid": Configuration;
    /// The start has passed, and Zoom moves nothing there.
    StartPassed = "start_passed": Configuration;
    /// The visit is over already.
    VisitOver = "visit_over": Configuration;
    /// With OAuth 2.0 there is no account whose users could be listed.
    UsersNotListable = "users_not_listable": Configuration;
    /// What a Reconciler was told is wanted does not have the right form.
    WantedInvalid = "wanted_invalid": Configuration;
    /// A visit, or what is said of it, does not have the right form.
    VisitInvalid = "visit_invalid": Configuration;
    // What is set up.
    /// A client id, client secret or account id is empty or cannot be one.
    CredentialInvalid = "credential_invalid": Configuration;
    /// Account id and client id are the same.
    AccountIdIsClientId = "account_id_is_client_id": Configuration;
    /// The redirect URL is no https address.
    RedirectUrlInvalid = "redirect_url_invalid": Configuration;
    /// A php.ini directive has a wrong value.
    DirectiveInvalid = "directive_invalid": Configuration;
    /// The request for a token cannot be built.
    TokenRequestImpossible = "token_request_impossible": Configuration;
    /// The webhook's secret token is empty, or its tolerance is not positive.
    WebhookSecretInvalid = "webhook_secret_invalid": Configuration;
    /// The vault was given no key.
    VaultWithoutKey = "vault_without_key": Configuration;
    /// A vault key is not base64 of 32 bytes.
    VaultKeyInvalid = "vault_key_invalid": Configuration;
    /// A secret is too short to derive a key from.
    VaultSecretTooShort = "vault_secret_too_short": Configuration;
    /// No key can be derived from a secret.
    VaultKeyUnderivable = "vault_key_underivable": Configuration;
    /// The token directory is no absolute path of a directory.
    DirectoryInvalid = "directory_invalid": Configuration;
    /// Others may look into the token directory.
    DirectoryOpenToOthers = "directory_open_to_others": Configuration;
    /// The token directory cannot be made or read.
    DirectoryUnusable = "directory_unusable": Configuration;
    /// PHP may not use the token directory (`open_basedir`).
    DirectoryForbidden = "directory_forbidden": Configuration;
    /// The HTTPS client cannot be set up: no certificate roots, or a bad proxy address.
    HttpsUnavailable = "https_unavailable": Configuration;
    /// There is no refresh token to take over.
    ImportIncomplete = "import_incomplete": Configuration;
    /// A token to take over holds characters that no token has.
    ImportInvalid = "import_invalid": Configuration;
    // What Zoom says of the app and the account.
    /// Zoom does not know the client id, or the client secret is wrong.
    ClientCredentialsWrong = "client_credentials_wrong": Configuration;
    /// Zoom does not know the account id.
    AccountIdUnknown = "account_id_unknown": Configuration;
    /// The app is disabled or not activated.
    AppDisabled = "app_disabled": Configuration;
    /// An administrator of the Zoom account has withdrawn the approval of the app.
    AppApprovalWithdrawn = "app_approval_withdrawn": Configuration;
    /// The app is of the other kind: General or Server-to-Server.
    AppOfOtherKind = "app_of_other_kind": Configuration;
    /// The Zoom account does not allow OAuth apps.
    OauthNotAllowed = "oauth_not_allowed": Configuration;
    /// The redirect URL is another than the one of the authorization.
    RedirectUrlDiffers = "redirect_url_differs": Configuration;
    /// Zoom gave no refresh token: the app is not user-managed.
    RefreshTokenMissing = "refresh_token_missing": Configuration;
    /// Zoom's answer names an API address that is not Zoom's.
    ApiAddressForeign = "api_address_foreign": Configuration;
    /// The account asks for longer passcodes than Zoom's API takes.
    PasscodeTooLong = "passcode_too_long": Configuration;
    // Connections.
    /// There is no connection.
    NotConnected = "not_connected": Authentication;
    /// The connection is dead.
    ConnectionDead = "connection_dead": Authentication;
    /// This user did not begin the authorization, or it was used already or lapsed.
    AuthorizationUnknown = "authorization_unknown": Authentication;
    /// Zoom sent no authorization code.
    AuthorizationCodeMissing = "authorization_code_missing": Authentication;
    /// Zoom does not take the authorization code.
    AuthorizationCodeRefused = "authorization_code_refused": Authentication;
    /// Zoom no longer takes the authorization.
    AuthorizationRefused = "authorization_refused": Authentication;
    /// The Zoom login is the one of another doctor of the site.
    AnotherDoctorsLogin = "another_doctors_login": Authentication;
    /// The doctor is connected as another Zoom user than the one asked for.
    AnotherZoomUser = "another_zoom_user": Authentication;
    /// No other Zoom login waits for an answer.
    NoLoginWaits = "no_login_waits": Authentication;
    // What Zoom refuses.
    /// The app lacks a scope: `$missingScopes`.
    ScopeMissing = "scope_missing": Scope;
    /// Zoom does not know the meeting for these credentials.
    MeetingUnknown = "meeting_unknown": NotFound;
    /// Zoom does not know the user in this account.
    UserUnknown = "user_unknown": NotFound;
    /// The user has not accepted the invitation to the account.
    InvitationOpen = "invitation_open": NotFound;
    /// Zoom knows no such thing.
    NotFound = "not_found": NotFound;
    /// Zoom's daily limit is reached: `$retryAt`.
    DailyLimit = "daily_limit": RateLimit;
    /// Zoom's limit of requests per second is reached: `$retryAt`.
    PerSecondLimit = "per_second_limit": RateLimit;
    /// Zoom limits token requests right now.
    TokenLimit = "token_limit": RateLimit;
    /// Zoom does not take an access token that it has just given.
    TokenRefused = "token_refused": Api;
    /// Zoom gave a token of the wrong kind.
    TokenOfWrongKind = "token_of_wrong_kind": Api;
    /// The token endpoint refused for a reason that is not known here.
    TokenRequestRefused = "token_request_refused": Api;
    /// Zoom refused what was sent: `$fields`.
    FieldsRefused = "fields_refused": Api;
    /// The user may not host or schedule meetings.
    HostMayNotHost = "host_may_not_host": Api;
    /// The account blocks the user's domain from meetings.
    HostDomainBlocked = "host_domain_blocked": Api;
    /// Zoom does not let this be scheduled for that host.
    SchedulingNotPermitted = "scheduling_not_permitted": Api;
    /// Zoom no longer knows the place in its list: the list is to be begun again.
    ListPlaceLapsed = "list_place_lapsed": Api;
    /// It is no meeting that can be handled here.
    NotAMeeting = "not_a_meeting": Api;
    /// It is a user's personal meeting, which Zoom does not delete.
    PersonalMeeting = "personal_meeting": Api;
    /// The account or user has no access to Zoom's API.
    ApiAccessMissing = "api_access_missing": Api;
    /// Zoom does not permit it.
    NotPermitted = "not_permitted": Api;
    /// Zoom refused for a reason that is not known here.
    Refused = "refused": Api;
    // Answers that are not what they should be.
    /// Zoom answered with HTTP 500 or above.
    ServerTrouble = "server_trouble": Api;
    /// Zoom's token endpoint answered with HTTP 500 or above.
    TokenServerTrouble = "token_server_trouble": Api;
    /// Zoom answered with a redirect, which is not followed.
    Redirected = "redirected": Api;
    /// Zoom's token endpoint answered with a redirect, which is not followed.
    TokenRedirected = "token_redirected": Api;
    /// HTTP 404 came without Zoom's error code.
    NotZoomsAnswer = "not_zooms_answer": Api;
    /// The answer is about something else than what was asked for.
    AnswerMixedUp = "answer_mixed_up": Api;
    /// Zoom has the meeting at another time than was asked for.
    TimeDiffers = "time_differs": Api;
    /// Zoom gave no start link that leads to Zoom.
    StartLinkMissing = "start_link_missing": Api;
    /// A meeting is there whose visit cannot be told.
    MeetingAmbiguous = "meeting_ambiguous": Api;
    /// Zoom answered with a status that means nothing here.
    AnswerUnexpected = "answer_unexpected": Transport;
    /// Zoom's answer cannot be read.
    AnswerUnreadable = "answer_unreadable": Transport;
    /// The answer of Zoom's token endpoint cannot be read.
    TokenAnswerUnreadable = "token_answer_unreadable": Transport;
    /// Zoom's list does not end.
    ListEndless = "list_endless": Transport;
    // The network.
    /// No connection could be made.
    ConnectionFailed = "connection_failed": Transport;
    /// The connection broke before the whole answer came.
    ConnectionBroke = "connection_broke": Transport;
    /// The name of Zoom's server has no address.
    NameUnresolved = "name_unresolved": Transport;
    /// The proxy could not be used.
    ProxyFailed = "proxy_failed": Transport;
    /// The certificate could not be verified, or TLS failed otherwise.
    TlsFailed = "tls_failed": Transport;
    /// Zoom did not answer in time.
    TimedOut = "timed_out": Transport;
    /// No answer came for this request.
    AnswerMissing = "answer_missing": Transport;
    /// The time given for the call is over.
    TimeBudgetOver = "time_budget_over": Transport;
    /// A creation was not answered in time; Zoom may still be at work until `$retryAt`.
    CreationUnsettled = "creation_unsettled": Transport;
    /// The connection is closed here, but Zoom could not be told.
    RevokeOwed = "revoke_owed": Transport;
    // The store and the vault.
    /// The token store failed.
    StoreFailed = "store_failed": Store;
    /// A method of the token store threw.
    StoreThrew = "store_threw": Store;
    /// A method of the token store returned what it must not.
    StoreAnswerInvalid = "store_answer_invalid": Store;
    /// The token store did not replace the record that it holds.
    StoreNotReplacing = "store_not_replacing": Store;
    /// The token store called telemed again for the record it is asked about.
    StoreReentered = "store_reentered": Store;
    /// Token stores that use telemed are called within each other too deep.
    StoreNestedTooDeep = "store_nested_too_deep": Store;
    /// The script ended inside the token store.
    ScriptEnded = "script_ended": Store;
    /// Another process holds the lock of the record.
    RecordLocked = "record_locked": Store;
    /// The record changed while it was locked.
    RecordChanged = "record_changed": Store;
    /// A stored record is larger than any that telemed writes.
    RecordTooLarge = "record_too_large": Store;
    /// Another process has just noted an attempt to make the same meeting.
    AttemptNoted = "attempt_noted": Store;
    /// No key of the vault opens a sealed text.
    SecretUnreadable = "secret_unreadable": Vault;
    /// A stored record does not have the form that this version writes.
    RecordUnreadable = "record_unreadable": Vault;
    /// A record could not be written: a bug.
    RecordUnwritable = "record_unwritable": Vault;
    // Webhooks.
    /// What arrived at a webhook address is no event from Zoom.
    WebhookRefused = "webhook_refused": Webhook;
}

impl ErrorId {
    /// Whether it says something of one connection alone: refused, unreadable, or used by somebody. Others may fare better.
    #[must_use]
    pub fn is_of_one_connection(self) -> bool {
        matches!(
            self,
            Self::NotConnected
                | Self::ConnectionDead
                | Self::AuthorizationRefused
                | Self::SecretUnreadable
                | Self::RecordUnreadable
                | Self::RecordLocked
                | Self::RecordChanged
        )
    }

    /// The error of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|id| id.as_str() == name)
    }
}

impl fmt::Display for ErrorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const DOCUMENT: &str = include_str!("../../docs/errors.md");

    #[test]
    fn every_name_is_one_errors_alone_and_in_snake_case() {
        let names: HashSet<_> = ErrorId::ALL.iter().map(|id| id.as_str()).collect();
        assert_eq!(names.len(), ErrorId::ALL.len());
        for id in ErrorId::ALL {
            let is_snake = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(id.as_str().chars().all(is_snake), "{id}");
            assert_eq!(ErrorId::named(id.as_str()), Some(*id));
        }
        assert_eq!(ErrorId::named("Refused"), None);
    }

    #[test]
    fn the_document_names_every_error_with_its_class_and_no_other() {
        let rows: Vec<_> = DOCUMENT
            .lines()
            .filter(|line| line.starts_with("| `"))
            .collect();
        for id in ErrorId::ALL {
            let begin = format!("| `{id}` | `{:?}Exception` | ", id.kind());
            let told = rows.iter().filter(|row| row.starts_with(&begin));
            assert_eq!(told.count(), 1, "{begin}");
        }
        assert_eq!(rows.len(), ErrorId::ALL.len());
    }
}
