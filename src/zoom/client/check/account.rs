//! What the host's settings at Zoom mean for visits: whether patients get in, and whether what is said stays in the visit.

use serde::Deserialize;
use serde_json::Value;

use super::title;
use crate::zoom::api::Operation;
use crate::zoom::client::Client;
use crate::zoom::diagnosis::Diagnosis;
use crate::zoom::diagnosis::Outcome;
use crate::zoom::error::Result;
use crate::zoom::host::Host;
use crate::zoom::known_tokens::Access;
use crate::zoom::scopes;

/// Whether patients get in.
pub(super) const PATIENTS: &str = "account.patients";
/// Whether what is said stays in the visit.
pub(super) const PRIVACY: &str = "account.privacy";

/// What stands in the way, in sentences of advice.
struct Hindrances {
    patients: Vec<&'static str>,
    privacy: Vec<&'static str>,
}

impl Client {
    pub(super) fn check_account(
        &self,
        host: Option<&Host>,
        access: &Access,
        diagnosis: &mut Diagnosis,
    ) {
        let mut both = |patients: (Outcome, String), privacy: (Outcome, String)| {
            diagnosis.note(PATIENTS, patients.0, title(PATIENTS), patients.1);
            diagnosis.note(PRIVACY, privacy.0, title(PRIVACY), privacy.1);
        };
        let unread = |why: String| (Outcome::Warned, why);
        if !scopes::has(&access.scopes, "user:read:settings") {
            let why = "They could not be looked at for want of the scope user:read:settings.";
            return both(unread(why.to_owned()), unread(why.to_owned()));
        }
        match self.settings_that_hinder(host) {
            Ok(found) => both(told(&found.patients), told(&found.privacy)),
            Err(error) => {
                let why = format!("They could not be read: {}.", error.message());
                both(unread(why.clone()), unread(why));
            }
        }
    }

    fn settings_that_hinder(&self, host: Option<&Host>) -> Result<Hindrances> {
        let path = format!("{}/settings", self.user_path(host)?);
        let read = |option: &str| Operation::get(path.clone()).with("option", option.to_owned());
        // Read first: it also brings the passcode policy into the record.
        self.read_passcode_policy(host)?;
        let all: Value = self.api.call(&Operation::get(path.clone()))?.json()?;
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
                is(&all, "/schedule_meeting/embed_password_in_join_link", false),
                "Join links carry no passcode: patients must type it, so it has to be shown to them.",
            ),
            (
                is(&all, "/in_meeting/waiting_room", false),
                "The waiting room is off in the host's settings; it is asked for with each meeting, and an account can lock it.",
            ),
        ];
        // Zoom has not said in which group it puts the newest ones.
        let my_notes = find(
            &all,
            "allow_participants_to_transcribe_meetings_with_my_notes",
        );
        let risks = [
            (
                my_notes == Some(&Value::Bool(true)),
                "In the host's settings participants may transcribe with Zoom's My Notes.",
            ),
            (
                is(
                    &all,
                    "/in_meeting/meeting_summary_with_ai_companion/auto_enable",
                    true,
                ),
                "In the host's settings Zoom's AI summarises meetings by itself.",
            ),
            (
                is(&all, "/in_meeting/ai_companion_questions/auto_enable", true),
                "In the host's settings Zoom's AI answers questions about meetings by itself.",
            ),
            (
                all.pointer("/recording/auto_recording")
                    .and_then(Value::as_str)
                    .is_some_and(|kind| kind != "none"),
                "In the host's settings meetings are recorded by themselves.",
            ),
        ];
        let mut privacy = applying(risks);
        if !privacy.is_empty() {
            privacy.push("Each visit asks for this to be off, but an account can lock it: turn it off in Zoom as well. The list of visits shows where Zoom did not do as asked.");
        }
        Ok(Hindrances {
            patients: applying(hindrances),
            privacy,
        })
    }
}

fn applying<const N: usize>(all: [(bool, &'static str); N]) -> Vec<&'static str> {
    all.into_iter()
        .filter(|(applies, _)| *applies)
        .map(|(_, advice)| advice)
        .collect()
}

fn told(sentences: &[&str]) -> (Outcome, String) {
    if sentences.is_empty() {
        return (Outcome::Passed, String::new());
    }
    (Outcome::Warned, sentences.join(" "))
}

/// Whether the switch at a place says so; one that is missing says nothing.
fn is(settings: &Value, place: &str, on: bool) -> bool {
    settings.pointer(place) == Some(&Value::Bool(on))
}

/// The value of this name, in whatever group it lies.
fn find<'a>(settings: &'a Value, name: &str) -> Option<&'a Value> {
    let groups = settings.as_object()?;
    groups
        .get(name)
        .or_else(|| groups.values().find_map(|group| find(group, name)))
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

#[cfg(test)]
mod tests;
