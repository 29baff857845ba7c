#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use super::super::tests::GRANULAR;
use super::super::tests::USER;
use super::super::tests::advice;
use super::super::tests::doctor;
use super::super::tests::is_whole;
use super::super::tests::outcome;
use super::*;
use crate::zoom::testing::World;

#[test]
fn each_setting_that_hinders_patients_is_a_warning_of_its_own() {
    const NONE: &str = "{}";
    for (all, authentication, security, words) in [
        (
            r#"{"schedule_meeting":{"embed_password_in_join_link":false}}"#,
            NONE,
            NONE,
            "carry no passcode",
        ),
        (
            r#"{"in_meeting":{"waiting_room":false}}"#,
            NONE,
            NONE,
            "waiting room is off",
        ),
        (
            NONE,
            r#"{"meeting_authentication":true}"#,
            NONE,
            "Only authenticated users",
        ),
        (
            NONE,
            NONE,
            r#"{"meeting_security":{"only_authenticated_can_join_from_webclient":true}}"#,
            "from a browser",
        ),
        (
            NONE,
            NONE,
            r#"{"meeting_security":{"block_user_domain":true,"block_user_domain_list":["x.example"]}}"#,
            "certain e-mail domains",
        ),
        (
            NONE,
            NONE,
            r#"{"meeting_security":{"encryption_type":"e2ee"}}"#,
            "neither by telephone nor from a browser",
        ),
    ] {
        let world = World::new();
        let client = doctor(&world, GRANULAR);
        world
            .http
            .answer(200, USER)
            .answer(200, r#"{"meetings":[]}"#)
            .answer(200, NONE)
            .answer(200, all)
            .answer(200, authentication)
            .answer(200, security);
        let diagnosis = client.check(None);
        is_whole(&diagnosis);
        assert!(diagnosis.passed());
        assert_eq!(outcome(&diagnosis, "account.patients"), Outcome::Warned);
        assert!(advice(&diagnosis, "account.patients").contains(words));
    }
}

#[test]
fn each_setting_that_lets_words_out_of_the_visit_is_a_warning() {
    for (settings, words) in [
        (
            r#"{"in_meeting":{"allow_participants_to_transcribe_meetings_with_my_notes":true}}"#,
            "My Notes",
        ),
        (
            r#"{"a":1,"some":{"new":{"allow_participants_to_transcribe_meetings_with_my_notes":true}}}"#,
            "My Notes",
        ),
        (
            r#"{"in_meeting":{"meeting_summary_with_ai_companion":{"auto_enable":true}}}"#,
            "summarises",
        ),
        (
            r#"{"in_meeting":{"ai_companion_questions":{"auto_enable":true}}}"#,
            "answers questions",
        ),
        (r#"{"recording":{"auto_recording":"cloud"}}"#, "recorded"),
        (
            r#"{"recording":{"auto_recording":"none"},"in_meeting":{"allow_participants_to_transcribe_meetings_with_my_notes":false}}"#,
            "",
        ),
    ] {
        let world = World::new();
        let client = doctor(&world, GRANULAR);
        world
            .http
            .answer(200, USER)
            .answer(200, r#"{"meetings":[]}"#)
            .answer(200, "{}")
            .answer(200, settings)
            .answer(200, "{}")
            .answer(200, "{}");
        let diagnosis = client.check(None);
        is_whole(&diagnosis);
        assert!(diagnosis.passed());
        assert_eq!(outcome(&diagnosis, "account.patients"), Outcome::Passed);
        let found = outcome(&diagnosis, "account.privacy");
        assert_eq!(found == Outcome::Passed, words.is_empty(), "{settings}");
        assert!(advice(&diagnosis, "account.privacy").contains(words));
    }
}

#[test]
fn settings_that_cannot_be_read_are_a_warning() {
    let world = World::new();
    let client = doctor(&world, GRANULAR);
    world
        .http
        .answer(200, USER)
        .answer(200, r#"{"meetings":[]}"#)
        .answer(403, "no");
    let diagnosis = client.check(None);
    is_whole(&diagnosis);
    assert_eq!(outcome(&diagnosis, "account.patients"), Outcome::Warned);
}
