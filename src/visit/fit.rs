//! Whether a meeting that a person has found can be the one of which nobody could tell whether it exists.

use super::life::Visit;
use super::maker::Maker;
use crate::zoom::meeting_request::marker;
use crate::zoom::reconciler::Found;

/// Meetings that begin so much sooner or later are not shown to choose from.
const NEAR_SECONDS: u64 = 12 * 3_600;

/// What a meeting is to a visit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fit {
    /// It can be the visit's.
    Fits,
    /// No meeting of the visit is uncertain any more.
    NotSought,
    /// Another Zoom user hosts it.
    AnotherHost,
    /// It is another visit's.
    AnotherVisit,
    /// It begins at another time, but near.
    AnotherStart,
    /// It begins at quite another time.
    Far,
}

impl Fit {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fits => "fits",
            Self::NotSought => "not_sought",
            Self::AnotherHost => "another_host",
            Self::AnotherVisit => "another_visit",
            Self::AnotherStart => "another_start",
            Self::Far => "far",
        }
    }
}

impl Visit {
    /// Whether a meeting of Zoom's can be the visit's uncertain one. `is_taken`: another visit knows it by its number.
    #[must_use]
    pub fn fit(&self, found: &Found, is_taken: bool) -> Fit {
        let Some(sought) = self.serving().filter(|meeting| meeting.is_uncertain) else {
            return Fit::NotSought;
        };
        let known = sought
            .known
            .as_ref()
            .and_then(|known| known.host.as_deref());
        let of_maker = sought.maker.as_ref().and_then(Maker::host_at_zoom);
        let host = known.or(of_maker);
        if host.is_some_and(|host| found.host_id.as_deref() != Some(host)) {
            return Fit::AnotherHost;
        }
        let mark = found.marker.as_deref();
        if is_taken || mark.is_some_and(|mark| mark != marker(&sought.reference)) {
            return Fit::AnotherVisit;
        }
        let start = self.row.slot.start;
        match found.start {
            Some(found) if found == start => Fit::Fits,
            Some(found) if found.duration_since(start).unsigned_abs().as_secs() <= NEAR_SECONDS => {
                Fit::AnotherStart
            }
            _ => Fit::Far,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;
    use crate::visit::Seconds as _;
    use crate::visit::testing::*;

    fn uncertain() -> Visit {
        let world = World::default();
        let mut visit = world.begin(confirmed(), &world.next(&confirmed()));
        visit.meetings.first_mut().unwrap().is_uncertain = true;
        visit
    }

    fn found(visit: &Visit) -> Found {
        Found {
            meeting_id: 91,
            marker: Some(marker(&visit.serving().unwrap().reference)),
            host_id: Some("host-1".to_owned()),
            start: Some(visit.row().slot.start),
            minutes: 30,
            created_at: None,
            is_started: false,
            overridden: Vec::new(),
        }
    }

    fn changed(change: impl FnOnce(&mut Found)) -> Fit {
        let mut one = found(&uncertain());
        change(&mut one);
        uncertain().fit(&one, false)
    }

    #[test]
    fn a_meeting_of_the_host_at_the_start_that_is_nobody_elses_fits() {
        assert_eq!(uncertain().fit(&found(&uncertain()), false), Fit::Fits);
        // The account may hide descriptions.
        assert_eq!(changed(|one| one.marker = None), Fit::Fits);
        assert_eq!(
            changed(|one| one.minutes = 45),
            Fit::Fits,
            "it is put right afterwards"
        );
    }

    #[test]
    fn what_cannot_be_the_visits_is_told_apart() {
        let nobodys = found(&uncertain());
        assert_eq!(uncertain().fit(&nobodys, true), Fit::AnotherVisit);
        assert_eq!(
            changed(|one| one.marker = Some(marker("5a6b7c8d:kivicare:8:1"))),
            Fit::AnotherVisit
        );
        assert_eq!(
            changed(|one| one.host_id = Some("host-2".to_owned())),
            Fit::AnotherHost
        );
        assert_eq!(changed(|one| one.host_id = None), Fit::AnotherHost);
        let at =
            |seconds: i64| changed(|one| one.start = one.start.map(|start| start.after(seconds)));
        let half_a_day = 12 * 3_600;
        assert_eq!([at(1), at(-half_a_day)], [Fit::AnotherStart; 2]);
        assert_eq!([at(half_a_day + 1), at(-half_a_day - 1)], [Fit::Far; 2]);
        assert_eq!(changed(|one| one.start = None), Fit::Far);
    }

    #[test]
    fn as_long_as_nobody_knows_who_the_grant_is_at_zoom_any_host_may_be_it() {
        let mut visit = uncertain();
        visit.meetings.first_mut().unwrap().maker = Some(Maker {
            subject: Some("user:5".to_owned()),
            host: "user:5".to_owned(),
            ..maker("app-1")
        });
        let mut one = found(&visit);
        one.host_id = Some("host-9".to_owned());
        assert_eq!(visit.fit(&one, false), Fit::Fits);
    }

    #[test]
    fn only_what_is_uncertain_is_sought() {
        let visit = World::default().made(confirmed(), 91);
        assert_eq!(visit.fit(&found(&visit), false), Fit::NotSought);
        assert_eq!(confirmed().fit(&found(&uncertain()), false), Fit::NotSought);
        let all = [
            Fit::Fits,
            Fit::NotSought,
            Fit::AnotherHost,
            Fit::AnotherVisit,
            Fit::AnotherStart,
            Fit::Far,
        ];
        assert_eq!(
            all.map(Fit::name),
            [
                "fits",
                "not_sought",
                "another_host",
                "another_visit",
                "another_start",
                "far"
            ]
        );
    }
}
