//! `check()`: everything a meeting needs, step by step, without writing anything at Zoom.

mod account;

use std::rc::Rc;

use jiff::Timestamp;
use url::Url;

use self::account::PATIENTS;
use self::account::PRIVACY;
use super::Client;
use crate::zoom::api::Operation;
use crate::zoom::api_error;
use crate::zoom::diagnosis::Diagnosis;
use crate::zoom::diagnosis::Outcome;
use crate::zoom::error::Error;
use crate::zoom::error::Kind;
use crate::zoom::error::Result;
use crate::zoom::host::Host;
use crate::zoom::http::Method;
use crate::zoom::http::Request;
use crate::zoom::http::SendFault;
use crate::zoom::known_tokens::Access;
use crate::zoom::scopes;
use crate::zoom::user::User;

/// Beyond this, expiry times and starts are wrong enough to matter.
const MAX_CLOCK_SKEW_SECONDS: i64 = 30;

/// All steps in order, but for those of optional scopes.
const TITLES: [(&str, &str); 14] = [
    ("name", "Name of Zoom's server resolved"),
    ("proxy", "Proxy"),
    ("connection", "Connection to Zoom"),
    ("tls", "TLS certificate"),
    ("clock", "Clock of this server"),
    ("credentials", "Credentials of the Zoom app"),
    ("token", "Access token"),
    ("api", "Zoom's API answers"),
    ("scopes.required", "Required scopes"),
    ("host.found", "Host found"),
    ("host.licensed", "Host's licence"),
    ("host.meetings", "Host may hold meetings"),
    (PATIENTS, "Account settings let patients in"),
    (PRIVACY, "Account settings keep visits private"),
];
/// The way to a server, in the order in which it is gone: with a proxy, the proxy resolves the name.
const WAY: [(&str, SendFault); 4] = [
    ("name", SendFault::Name),
    ("proxy", SendFault::Proxy),
    ("connection", SendFault::Connect),
    ("tls", SendFault::Tls),
];

/// A server that could not be reached.
struct Unreached {
    host: String,
    fault: SendFault,
    error: Error,
}

/// What the API said to one harmless read.
enum Read {
    /// To a list of the account's users.
    Users(Result<()>),
    /// To the host's user.
    Host(Result<User>),
    /// Nothing could be asked.
    Nothing,
}

impl Client {
    /// Looks at everything a meeting needs; does not fail for what it finds, nor for a text that cannot be a host.
    #[must_use]
    pub fn check(&self, host: Option<&str>) -> Diagnosis {
        let host = host.map(Host::new).transpose();
        let host = host.as_ref().map(Option::as_ref);
        let mut way = self.knock();
        // What comes after the way is looked at before the way is told: only who has a token may ask the API, which may be another server.
        let mut rest = Diagnosis::default();
        if way.is_ok()
            && let Some(access) = self.check_token(&mut rest)
        {
            let read = self.read(host, &access);
            if let Some(unreached) = read.unreached(&access) {
                way = Err(unreached);
            } else if check_api(&read, &mut rest) {
                self.check_scopes(&access, &mut rest);
                self.check_host(host, read, &access, &mut rest);
            }
        }
        let mut diagnosis = Diagnosis::default();
        self.tell_way(&way, &mut diagnosis);
        diagnosis.append(rest);
        // Whatever was not reached is named as such, so that the list is always whole.
        for (id, title) in TITLES {
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

    /// Asks the OAuth server without credentials: its refusal shows the way there, and Zoom's clock.
    fn knock(&self) -> Result<Option<Timestamp>, Unreached> {
        let url = self.api.context().endpoints.oauth("/oauth/token");
        let host = host_of(&url);
        let mut headers = http::HeaderMap::new();
        headers.insert(
            http::header::ACCEPT,
            http::HeaderValue::from_static("application/json"),
        );
        let request = Request {
            method: Method::Get,
            url,
            headers,
            body: Vec::new(),
            timeout: None,
        };
        match self.api.context().http.send(request) {
            Ok(response) => Ok(response.date()),
            Err(error) => Err(Unreached {
                host,
                fault: error.fault,
                error: api_error::from_send(&error, Method::Get),
            }),
        }
    }

    /// Asks the API for something that changes nothing, so that it is known to answer this token.
    fn read(&self, host: Result<Option<&Host>, &Error>, access: &Access) -> Read {
        if self.is_account() && scopes::has(&access.scopes, "user:read:list_users") {
            let users = Operation::get("/users".to_owned()).with("page_size", "1");
            return Read::Users(self.api.call(&users).map(|_| ()));
        }
        match host {
            Ok(host) if self.user_path(host).is_ok() => Read::Host(self.user(host)),
            _ => Read::Nothing,
        }
    }

    fn tell_way(&self, way: &Result<Option<Timestamp>, Unreached>, diagnosis: &mut Diagnosis) {
        let failed = way.as_ref().err().map(|unreached| match unreached.fault {
            SendFault::Closed | SendFault::Timeout => SendFault::Connect,
            SendFault::Engine => SendFault::Tls,
            fault => fault,
        });
        for (id, fault) in WAY {
            if let Err(unreached) = way
                && failed == Some(fault)
            {
                let Unreached { host, error, .. } = unreached;
                let advice = format!("{host}: {}. {}", error.message(), error.advice());
                return diagnosis.note(id, Outcome::Failed, title(id), advice);
            }
            pass(diagnosis, id);
        }
        if let Ok(date) = way {
            check_clock(self.api.context().clock.now(), *date, diagnosis);
        }
    }

    fn check_token(&self, diagnosis: &mut Diagnosis) -> Option<Rc<Access>> {
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
    fn fresh_access(&self) -> Result<Rc<Access>> {
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

    fn check_host(
        &self,
        host: Result<Option<&Host>, &Error>,
        read: Read,
        access: &Access,
        diagnosis: &mut Diagnosis,
    ) {
        let host = match host {
            Ok(host) => host,
            Err(error) => return fail(diagnosis, "host.found", error),
        };
        if self.is_account() && host.is_none() {
            for id in [
                "host.found",
                "host.licensed",
                "host.meetings",
                PATIENTS,
                PRIVACY,
            ] {
                diagnosis.note(
                    id,
                    Outcome::Skipped,
                    title(id),
                    "No host was named: look at each doctor's host on its own.",
                );
            }
            return;
        }
        let user = match read {
            Read::Host(user) => user,
            Read::Users(_) | Read::Nothing => self.user(host),
        };
        let user = match user {
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
    fn check_hosting(&self, host: Option<&Host>, access: &Access, diagnosis: &mut Diagnosis) {
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
}

impl Read {
    fn error(&self) -> Option<&Error> {
        match self {
            Self::Users(answer) => answer.as_ref().err(),
            Self::Host(user) => user.as_ref().err(),
            Self::Nothing => None,
        }
    }

    fn unreached(&self, access: &Access) -> Option<Unreached> {
        let error = self.error()?;
        Some(Unreached {
            host: host_of(&access.api_base),
            fault: error.fault()?,
            error: error.clone(),
        })
    }
}

/// Whether there is a use in asking the API for more.
fn check_api(read: &Read, diagnosis: &mut Diagnosis) -> bool {
    match read.error() {
        // It answers, and knows who asks; what it refused is a matter of the steps that follow.
        Some(error) if matches!(error.kind(), Kind::NotFound | Kind::Scope) => {
            pass(diagnosis, "api");
        }
        Some(error) => {
            fail(diagnosis, "api", error);
            return false;
        }
        None if matches!(read, Read::Nothing) => diagnosis.note(
            "api",
            Outcome::Warned,
            title("api"),
            "Nothing could be asked: name a host, or add the scope user:read:list_users:admin.",
        ),
        None => pass(diagnosis, "api"),
    }
    true
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
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
