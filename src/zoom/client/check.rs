//! `check()`: everything a meeting needs, step by step, without writing anything at Zoom.

use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use super::Client;
use crate::zoom::api::Operation;
use crate::zoom::diagnosis::Diagnosis;
use crate::zoom::diagnosis::Outcome;
use crate::zoom::error::Error;
use crate::zoom::error::Kind;
use crate::zoom::http::Method;
use crate::zoom::http::Request;
use crate::zoom::http::Response;
use crate::zoom::http::SendError;
use crate::zoom::http::SendFault;
use crate::zoom::known_tokens::Access;
use crate::zoom::scopes;
use crate::zoom::user::User;

/// Beyond this, expiry times and starts are wrong enough to matter.
const MAX_CLOCK_SKEW_SECONDS: i64 = 30;

const TITLES: [(&str, &str); 11] = [
    ("name", "Name of Zoom's server resolved"),
    ("proxy", "Proxy"),
    ("connection", "Connection to Zoom"),
    ("tls", "TLS certificate"),
    ("clock", "Clock of this server"),
    ("credentials", "Credentials of the Zoom app"),
    ("token", "Access token"),
    ("scopes.required", "Required scopes"),
    ("host.found", "Host found"),
    ("host.licensed", "Host's licence"),
    ("host.meetings", "Host may hold meetings"),
];
const ACCOUNT: (&str, &str) = ("account.patients", "Account settings let patients in");

impl Client {
    /// Looks at everything a meeting needs; does not fail for what it finds.
    #[must_use]
    pub fn check(&self, host: Option<&str>) -> Diagnosis {
        let mut diagnosis = Diagnosis::default();
        if self.check_network(&mut diagnosis)
            && let Some(access) = self.check_token(&mut diagnosis)
        {
            self.check_scopes(&access, &mut diagnosis);
            self.check_host(host, &access, &mut diagnosis);
        }
        // Whatever was not reached is named as such, so that the list is always whole.
        for (id, title) in TITLES.into_iter().chain([ACCOUNT]) {
            if !diagnosis.steps().iter().any(|step| step.id == id) {
                diagnosis.note(
                    id,
                    Outcome::Skipped,
                    title,
                    "Not looked at: mend the failed step first.",
                );
            }
        }
        diagnosis
    }

    /// Asks the API and the OAuth server without a token: their refusals show the way there, and Zoom's clock.
    fn check_network(&self, diagnosis: &mut Diagnosis) -> bool {
        let context = self.api.context();
        let endpoints = &context.endpoints;
        let api = crate::zoom::endpoints::join(endpoints.api_url(), "/v2/users/me");
        let oauth = endpoints.oauth("/oauth/token");
        let is_one_server = api.origin() == oauth.origin();
        let mut answer = self.knock(api);
        if answer.is_ok()
            && !is_one_server
            && let Err(error) = self.knock(oauth)
        {
            answer = Err(error);
        }
        let steps = [
            ("name", SendFault::Name),
            ("proxy", SendFault::Proxy),
            ("connection", SendFault::Connect),
            ("tls", SendFault::Tls),
        ];
        match answer {
            Ok(response) => {
                for (id, _) in steps {
                    pass(diagnosis, id);
                }
                let date = response
                    .header("date")
                    .and_then(|date| jiff::fmt::rfc2822::parse(date).ok())
                    .map(|date| date.timestamp());
                check_clock(context.clock.now(), date, diagnosis);
                true
            }
            Err((host, error)) => {
                let failed = match error.fault {
                    SendFault::Closed | SendFault::Timeout => SendFault::Connect,
                    SendFault::Engine => SendFault::Tls,
                    fault => fault,
                };
                let error = crate::zoom::api_error::from_send(&error, Method::Get);
                // In the order in which they are passed through: with a proxy, the proxy resolves the name.
                for (id, fault) in steps {
                    if fault == failed {
                        diagnosis.note(
                            id,
                            Outcome::Failed,
                            title(id),
                            format!("{host}: {}. {}", error.message(), error.advice()),
                        );
                        break;
                    }
                    pass(diagnosis, id);
                }
                false
            }
        }
    }

    /// Whatever it answers, the server is reached; else its name and why not.
    fn knock(&self, url: Url) -> Result<Response, (String, SendError)> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut headers = http::HeaderMap::new();
        headers.insert(
            http::header::ACCEPT,
            http::HeaderValue::from_static("application/json"),
        );
        self.api
            .context()
            .http
            .send(Request {
                method: Method::Get,
                url,
                headers,
                body: Vec::new(),
                timeout: None,
            })
            .map_err(|error| (host, error))
    }

    fn check_token(&self, diagnosis: &mut Diagnosis) -> Option<std::rc::Rc<Access>> {
        // A user's token may be good for an hour yet, whatever has become of the app since.
        if !self.is_account() {
            match self.api.tokens().endpoint().probe() {
                Ok(()) => pass(diagnosis, "credentials"),
                Err(error) => {
                    fail(diagnosis, "credentials", &error);
                    return None;
                }
            }
        }
        match self.fresh_access() {
            Ok(access) => {
                if self.is_account() {
                    pass(diagnosis, "credentials");
                }
                pass(diagnosis, "token");
                Some(access)
            }
            // Only an account's credentials are a matter of configuration here; all else concerns the token.
            Err(error) if self.is_account() && error.kind() == Kind::Configuration => {
                fail(diagnosis, "credentials", &error);
                None
            }
            Err(error) => {
                fail(diagnosis, "token", &error);
                None
            }
        }
    }

    /// A token that Zoom has just vouched for: in Server-to-Server mode a fresh one, so that changed credentials and
    /// scopes are seen.
    fn fresh_access(&self) -> crate::zoom::error::Result<std::rc::Rc<Access>> {
        let tokens = self.api.tokens();
        if self.is_account() {
            let record = tokens.renew()?;
            return tokens.use_record(&record);
        }
        self.api.access()
    }

    fn check_scopes(&self, access: &Access, diagnosis: &mut Diagnosis) {
        let missing = scopes::missing(&access.scopes, self.is_account());
        let required: Vec<_> = missing
            .iter()
            .filter(|missing| missing.scope.required)
            .collect();
        if required.is_empty() {
            pass(diagnosis, "scopes.required");
        } else {
            let names: Vec<_> = required
                .iter()
                .map(|missing| missing.name.as_str())
                .collect();
            diagnosis.note(
                "scopes.required",
                Outcome::Failed,
                title("scopes.required"),
                format!(
                    "Add to the app in the Zoom App Marketplace: {}.",
                    names.join(", ")
                ),
            );
        }
        for scope in scopes::SCOPES.iter().filter(|scope| !scope.required) {
            if scope.account_only && !self.is_account() {
                continue;
            }
            let id = format!("scopes.optional.{}", scope.granular);
            let title = format!("Optional scope for {}", scope.feature);
            match missing.iter().find(|missing| missing.scope == *scope) {
                None => diagnosis.note(&id, Outcome::Passed, title, ""),
                Some(missing) => diagnosis.note(
                    &id,
                    Outcome::Warned,
                    title,
                    format!("Without {} this is lost: {}.", missing.name, scope.feature),
                ),
            }
        }
    }

    fn check_host(&self, host: Option<&str>, access: &Access, diagnosis: &mut Diagnosis) {
        if self.is_account() && host.is_none() {
            for id in ["host.found", "host.licensed", "host.meetings", ACCOUNT.0] {
                diagnosis.note(
                    id,
                    Outcome::Skipped,
                    title(id),
                    "No host was named: look at each doctor's host on its own.",
                );
            }
            return;
        }
        let user = match self.user(host) {
            Ok(user) => user,
            Err(error) => return fail(diagnosis, "host.found", &error),
        };
        check_user(&user, diagnosis);
        if user.status().is_none_or(|status| status == "active") && user.has_meetings() {
            self.check_hosting(host, access, diagnosis);
            self.check_account(host, access, diagnosis);
        }
    }

    /// Zoom's list of the host's meetings is refused to a user who may not hold any.
    fn check_hosting(&self, host: Option<&str>, access: &Access, diagnosis: &mut Diagnosis) {
        if !scopes::has(&access.scopes, "meeting:read:list_meetings") {
            return diagnosis.note(
                "host.meetings",
                Outcome::Warned,
                title("host.meetings"),
                "It could not be looked at for want of the scope meeting:read:list_meetings.",
            );
        }
        let list = self
            .user_path(host)
            .map(|user| Operation::get(format!("{user}/meetings")).with("page_size", "1"));
        match list.and_then(|list| self.api.call(&list)) {
            Ok(_) => pass(diagnosis, "host.meetings"),
            Err(error) => fail(diagnosis, "host.meetings", &error),
        }
    }

    fn check_account(&self, host: Option<&str>, access: &Access, diagnosis: &mut Diagnosis) {
        let (id, title) = ACCOUNT;
        if !scopes::has(&access.scopes, "user:read:settings") {
            return diagnosis.note(
                id,
                Outcome::Warned,
                title,
                "They could not be looked at for want of the scope user:read:settings.",
            );
        }
        match self.settings_that_hinder(host) {
            Ok(hindrances) if hindrances.is_empty() => {
                diagnosis.note(id, Outcome::Passed, title, "");
            }
            Ok(hindrances) => diagnosis.note(id, Outcome::Warned, title, hindrances.join(" ")),
            Err(error) => diagnosis.note(
                id,
                Outcome::Warned,
                title,
                format!("They could not be read: {}.", error.message()),
            ),
        }
    }

    fn settings_that_hinder(&self, host: Option<&str>) -> crate::zoom::error::Result<Vec<String>> {
        let path = format!("{}/settings", self.user_path(host)?);
        let read = |option: &str| Operation::get(path.clone()).with("option", option.to_owned());
        // Read first: it also brings the passcode policy into the record.
        self.read_passcode_policy(host)?;
        let settings: AllSettings = self.api.call(&Operation::get(path.clone()))?.json()?;
        let authentication: Authentication =
            self.api.call(&read("meeting_authentication"))?.json()?;
        let security: Security = self.api.call(&read("meeting_security"))?.json()?;
        let security = security.meeting_security;
        let hindrances = [
            (
                authentication.meeting_authentication,
                "Zoom lets only signed-in people join: turn 'Only authenticated users can join meetings' off, or patients without a Zoom account stay outside.",
            ),
            (
                security.only_authenticated_can_join_from_webclient,
                "Zoom lets only signed-in people join from a browser: turn this off for patients without the Zoom app.",
            ),
            (
                security.block_user_domain && !security.block_user_domain_list.is_empty(),
                "Zoom blocks people of certain e-mail domains from joining: see whether patients are among them.",
            ),
            (
                security.encryption_type.as_deref() == Some("e2ee"),
                "End-to-end encryption is the rule for meetings: patients can join neither by telephone nor from a browser, only with the Zoom app.",
            ),
            (
                settings.schedule_meeting.embed_password_in_join_link == Some(false),
                "Join links carry no passcode: patients must type it, so it has to be shown to them.",
            ),
            (
                settings.in_meeting.waiting_room == Some(false),
                "The waiting room is off in the host's settings; it is asked for with each meeting, and an account can lock it.",
            ),
        ];
        Ok(hindrances
            .into_iter()
            .filter(|(applies, _)| *applies)
            .map(|(_, advice)| advice.to_owned())
            .collect())
    }
}

#[derive(Deserialize)]
struct AllSettings {
    #[serde(default)]
    schedule_meeting: ScheduleMeeting,
    #[serde(default)]
    in_meeting: InMeeting,
}

#[derive(Default, Deserialize)]
struct ScheduleMeeting {
    embed_password_in_join_link: Option<bool>,
}

#[derive(Default, Deserialize)]
struct InMeeting {
    waiting_room: Option<bool>,
}

#[derive(Deserialize)]
struct Authentication {
    #[serde(default)]
    meeting_authentication: bool,
}

#[derive(Deserialize)]
struct Security {
    #[serde(default)]
    meeting_security: MeetingSecurity,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MeetingSecurity {
    only_authenticated_can_join_from_webclient: bool,
    block_user_domain: bool,
    block_user_domain_list: Vec<serde_json::Value>,
    encryption_type: Option<String>,
}

fn check_clock(now: Timestamp, date: Option<Timestamp>, diagnosis: &mut Diagnosis) {
    let Some(date) = date else {
        return diagnosis.note(
            "clock",
            Outcome::Warned,
            title("clock"),
            "Zoom's answer has no date to compare with.",
        );
    };
    let skew = now.as_second() - date.as_second();
    if skew.abs() <= MAX_CLOCK_SKEW_SECONDS {
        return pass(diagnosis, "clock");
    }
    let direction = if skew > 0 { "ahead of" } else { "behind" };
    diagnosis.note(
        "clock",
        Outcome::Warned,
        title("clock"),
        format!("This server's clock is {} seconds {direction} Zoom's: turn time synchronisation (NTP) on.", skew.abs()),
    );
}

fn check_user(user: &User, diagnosis: &mut Diagnosis) {
    if user.status().is_none_or(|status| status == "active") {
        pass(diagnosis, "host.found");
    } else {
        return diagnosis.note(
            "host.found",
            Outcome::Failed,
            title("host.found"),
            format!(
                "The Zoom user is {}: activate it in the Zoom account, or choose another host.",
                user.status().unwrap_or("not active")
            ),
        );
    }
    if user.is_licensed() {
        pass(diagnosis, "host.licensed");
    } else {
        diagnosis.note(
            "host.licensed",
            Outcome::Warned,
            title("host.licensed"),
            "The host has a Basic plan: Zoom ends meetings after 40 minutes, and there is no agreement (BAA) for health data.",
        );
    }
    if !user.has_meetings() {
        diagnosis.note(
            "host.meetings",
            Outcome::Failed,
            title("host.meetings"),
            "The host's plan has no meetings: assign a Zoom Meetings licence.",
        );
    }
}

fn title(id: &str) -> &'static str {
    TITLES
        .into_iter()
        .chain([ACCOUNT])
        .find(|(known, _)| *known == id)
        .map_or("Check", |(_, title)| title)
}

fn pass(diagnosis: &mut Diagnosis, id: &str) {
    diagnosis.note(id, Outcome::Passed, title(id), "");
}

fn fail(diagnosis: &mut Diagnosis, id: &str, error: &Error) {
    diagnosis.note(
        id,
        Outcome::Failed,
        title(id),
        format!("{}. {}", capitalised(error.message()), error.advice()),
    );
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().chain(chars).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
