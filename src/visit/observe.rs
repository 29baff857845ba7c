//! What was seen at Zoom without being asked for a visit's sake: by a list, a look-up, an event; and what a person has found out.

use super::changes::Event;
use super::life::Visit;
use super::maker::Maker;
use super::meeting::End;
use super::meeting::Known;
use super::meeting::Meeting;
use super::meeting::Role;
use super::notice::Place;
use super::reference::Naming;
use super::schedule::Moment;
use super::slot::Slot;
use super::step::Policies;

/// A meeting of the visit, as it was seen.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// It is there. Settings that are not as they should be are named.
    There(Box<Known>),
    /// It is gone.
    Gone,
    /// It is gone, and another is there that bears its marker.
    InItsPlace(Box<Known>),
}

impl Visit {
    /// The meeting of this generation was seen so through what made it. `slot` of what is known is `None` where it is not as the
    /// visit was when Zoom was last asked.
    #[must_use]
    pub fn observed(
        mut self,
        generation: u32,
        seen: Seen,
        policies: &Policies,
        at: Moment,
    ) -> Self {
        let Some(meeting) = self.meeting(generation).cloned() else {
            return self;
        };
        match seen {
            Seen::Gone
                if meeting.known.is_some()
                    && matches!(meeting.role, Role::Serves | Role::Unwanted) =>
            {
                self.lost(generation, at);
            }
            Seen::There(known) => self.seen_there(&meeting, *known, at),
            Seen::InItsPlace(known) if meeting.role == Role::Serves => {
                self.adopt(generation, *known, at);
            }
            // Not found proves nothing of what may still come.
            Seen::Gone | Seen::InItsPlace(_) => {}
        }
        self.tell(policies, at);
        self
    }

    /// The meeting of this number is gone. Another may have taken its place meanwhile: then nothing is lost.
    #[must_use]
    pub fn gone(self, number: i64, policies: &Policies, at: Moment) -> Self {
        let of_number = |meeting: &&Meeting| meeting.number() == Some(number);
        match self.meetings.iter().find(of_number) {
            Some(meeting) => {
                let generation = meeting.generation;
                self.observed(generation, Seen::Gone, policies, at)
            }
            None => self,
        }
    }

    /// What Zoom was last asked to have of this meeting: what is seen there is held against it.
    #[must_use]
    pub fn slot_at_zoom(&self, generation: u32) -> &Slot {
        let asked = self.meeting(generation).and_then(|meeting| {
            let known = meeting.known.as_ref().and_then(|known| known.slot.as_ref());
            known.or(meeting.attempt.as_ref().map(|attempt| &attempt.slot))
        });
        asked.unwrap_or(&self.row.slot)
    }

    /// A person has looked: this is the uncertain meeting, or there is none.
    #[must_use]
    pub fn resolved(mut self, found: Option<Known>, policies: &Policies, at: Moment) -> Self {
        let uncertain = self
            .serving()
            .filter(|meeting| meeting.is_uncertain)
            .map(|meeting| meeting.generation);
        let Some(generation) = uncertain else {
            return self;
        };
        match found {
            Some(known) => {
                self.adopt(generation, known, at);
            }
            None => self.change_meeting(generation, |meeting| {
                meeting.role = Role::Done(End::NoneMade);
                meeting.is_uncertain = false;
                meeting.attempt = None;
            }),
        }
        self.log(Event::Resolved);
        self.tell(policies, at);
        self
    }

    /// This site is a copy of another, whose meetings are not its own: what is to come is made anew, under references of this site.
    #[must_use]
    pub fn copied(mut self, at: Moment) -> Self {
        let open: Vec<u32> = self
            .meetings
            .iter()
            .filter(|meeting| !matches!(meeting.role, Role::Done(_)))
            .map(|meeting| meeting.generation)
            .collect();
        for generation in open {
            self.change_meeting(generation, |meeting| {
                meeting.role = Role::Done(End::Left);
                meeting.attempt = None;
                meeting.is_uncertain = false;
                meeting.try_now();
            });
        }
        for index in 0..self.notices.len() {
            // The same people hear from the other site.
            self.write_notice(index, |notice| {
                if notice.is_open() {
                    notice.place = Place::Dropped;
                }
            });
        }
        self.touch().wished_at = at.now;
        self.log(Event::Copied);
        self
    }

    /// Another plugin has made a meeting for this visit: it serves from now on, and is brought to what is wanted.
    #[must_use]
    pub fn with_meeting(mut self, maker: Maker, known: Known, naming: &Naming, at: Moment) -> Self {
        let generation = self.row.generation.saturating_add(1);
        let row = &self.row;
        let Ok(reference) = naming.reference(&row.source, &row.appointment, generation) else {
            return self;
        };
        if !self.row.takes_place || self.serving().is_some() {
            return self;
        }
        self.add_meeting(Meeting {
            maker: Some(maker),
            known: Some(known),
            ..Meeting::new(
                generation,
                reference.to_string(),
                Role::Serves,
                self.row.doctor,
            )
        });
        self.touch().wished_at = at.now;
        self.log(Event::BroughtAlong);
        self
    }

    /// The grant of this subject has ended: what nobody wants of its meetings cannot be deleted any more and stays at Zoom.
    #[must_use]
    pub fn abandoned(mut self, subject: &str) -> Self {
        let left: Vec<u32> = self
            .meetings
            .iter()
            .filter(|meeting| meeting.role == Role::Unwanted)
            .filter(|meeting| {
                let maker = meeting.maker.as_ref();
                maker.and_then(|maker| maker.subject.as_deref()) == Some(subject)
            })
            .map(|meeting| meeting.generation)
            .collect();
        for generation in left {
            self.done(generation, End::Left, Event::LeftAtZoom);
        }
        self
    }

    fn adopt(&mut self, generation: u32, known: Known, at: Moment) {
        self.change_meeting(generation, |meeting| {
            meeting.known = Some(known);
            meeting.learn_host();
            meeting.attempt = None;
            meeting.is_uncertain = false;
            meeting.try_now();
        });
        self.log(Event::Adopted);
        self.all_clear(at);
    }

    fn seen_there(&mut self, meeting: &Meeting, known: Known, at: Moment) {
        let generation = meeting.generation;
        match (&meeting.known, meeting.role) {
            (Some(before), _) if before.number != known.number => {}
            (Some(before), Role::Serves) => {
                let new: Vec<String> = known
                    .overridden
                    .iter()
                    .filter(|name| !before.overridden.contains(name))
                    .cloned()
                    .collect();
                let is_other_link = known.join_url.is_some()
                    && (known.join_url != before.join_url
                        || known.passcode.is_some() && known.passcode != before.passcode);
                let has_drifted =
                    before.slot.is_some() && known.slot.is_none() && self.can_be_moved(at.now);
                if new.is_empty() && !is_other_link && !has_drifted {
                    return;
                }
                self.change_meeting(generation, |meeting| {
                    if !new.is_empty() {
                        meeting.to_restore = new;
                    }
                    if let Some(before) = &mut meeting.known {
                        if is_other_link {
                            before.join_url = known.join_url;
                            before.passcode = known.passcode.or(before.passcode.take());
                            before.passcode_in_link = known.passcode_in_link;
                        }
                        if has_drifted {
                            before.slot = None;
                        }
                    }
                });
                if is_other_link {
                    self.log(Event::LinkChanged);
                }
                if has_drifted {
                    self.log(Event::Drifted);
                    self.try_serving_now();
                }
            }
            // Nobody has written it down: it is the one that was sought.
            (None, Role::Serves | Role::Unwanted) if meeting.may_exist() => {
                self.adopt(generation, known, at);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;
    use crate::visit::State;
    use crate::visit::Wish;
    use crate::visit::step::Kind;
    use crate::visit::step::Step;
    use crate::visit::testing::*;

    fn seen(visit: Visit, change: impl FnOnce(&mut Known)) -> Visit {
        let mut known = visit.serving().unwrap().known.clone().unwrap();
        change(&mut known);
        stored(visit.observed(
            1,
            Seen::There(Box::new(known)),
            &Policies::default(),
            later(1),
        ))
    }

    #[test]
    fn a_meeting_that_is_as_it_was_changes_nothing() {
        let visit = World::default().made(confirmed(), 91);
        let known = visit.serving().unwrap().known.clone().unwrap();
        let again = visit.observed(
            1,
            Seen::There(Box::new(known)),
            &Policies::default(),
            later(1),
        );
        assert!(!again.changes().visit && again.changes().meetings.is_empty());
    }

    #[test]
    fn what_was_changed_in_zoom_is_put_right_one_after_the_other() {
        let world = World::default();
        let visit = seen(world.made(confirmed(), 91), |known| {
            known.slot = None;
            known.overridden = vec!["auto_recording".to_owned()];
            known.join_url = Some("https://zoom.us/j/91?pwd=new".to_owned());
        });
        assert_eq!(
            visit
                .serving()
                .unwrap()
                .known
                .as_ref()
                .unwrap()
                .join_url
                .as_deref(),
            Some("https://zoom.us/j/91?pwd=new")
        );
        assert_eq!(
            (visit.state(), world.exchange(&visit).kind),
            (State::Updating, Kind::Update)
        );
        let visit = seen(world.made(visit, 91), |known| {
            known.overridden = vec!["auto_recording".to_owned()];
        });
        assert_eq!(world.exchange(&visit).kind, Kind::Restore);
        assert_eq!(world.next(&world.made(visit, 91)), Step::Nothing);
    }

    #[test]
    fn a_passcode_that_is_not_in_the_link_is_taken_over_too() {
        let visit = seen(World::default().made(confirmed(), 91), |known| {
            known.passcode = Some("another".to_owned());
        });
        let known = visit.serving().unwrap().known.clone().unwrap();
        assert_eq!(known.passcode.as_deref(), Some("another"));
    }

    #[test]
    fn another_link_forgets_no_setting_that_is_to_be_put_back() {
        let visit = seen(World::default().made(confirmed(), 91), |known| {
            known.overridden = vec!["auto_recording".to_owned()];
        });
        let visit = seen(visit, |known| {
            known.join_url = Some("https://zoom.us/j/91?pwd=new".to_owned());
        });
        assert_eq!(visit.serving().unwrap().to_restore, ["auto_recording"]);
    }

    #[test]
    fn what_a_host_changes_once_it_has_begun_is_left_alone() {
        let visit = World::default().made(confirmed(), 91);
        let mut known = visit.serving().unwrap().known.clone().unwrap();
        known.slot = None;
        let begun = at(visit.row().slot.start);
        let seen = visit.observed(1, Seen::There(Box::new(known)), &Policies::default(), begun);
        assert!(!seen.has_changes());
    }

    #[test]
    fn a_meeting_that_is_gone_is_made_anew_but_not_one_that_may_still_come() {
        let world = World::default();
        let gone =
            |visit: Visit| stored(visit.observed(1, Seen::Gone, &Policies::default(), later(1)));
        assert_eq!(
            world
                .exchange(&gone(world.made(confirmed(), 91)))
                .generation,
            2
        );
        let attempted = world.begin(confirmed(), &world.next(&confirmed()));
        assert_eq!(gone(attempted).state(), State::Attempting);
    }

    #[test]
    fn only_the_meeting_that_is_gone_is_made_anew() {
        let world = World::default();
        let visit = world.made(confirmed(), 91);
        let policies = Policies::default();
        assert!(
            !visit.clone().gone(90, &policies, later(1)).has_changes(),
            "another has taken its place"
        );
        let lost = stored(visit.gone(91, &policies, later(1)));
        assert_eq!(world.exchange(&lost).generation, 2);
    }

    #[test]
    fn a_meeting_that_was_sought_is_taken_over_and_another_number_is_not() {
        let world = World::default();
        let exchange = world.exchange(&confirmed());
        let attempted = world.begin(confirmed(), &world.next(&confirmed()));
        let found = stored(attempted.observed(
            1,
            Seen::There(Box::new(known(&exchange, 91))),
            &world.policies,
            later(1),
        ));
        assert_eq!(found.state(), State::Made);
        let other = found.observed(
            1,
            Seen::There(Box::new(known(&exchange, 92))),
            &world.policies,
            later(1),
        );
        assert_eq!(other.serving().unwrap().number(), Some(91));
    }

    #[test]
    fn a_copy_of_a_site_leaves_the_others_meetings_alone() {
        let world = World::default();
        let visit = stored(world.made(confirmed(), 91).copied(later(1)));
        assert!(visit.notices().is_empty());
        let exchange = world.exchange(&visit);
        assert_eq!((exchange.kind, exchange.generation), (Kind::Create, 2));
        assert_eq!(
            visit.meetings().first().unwrap().role,
            Role::Done(End::Left)
        );
    }

    #[test]
    fn a_meeting_that_took_the_place_of_the_one_that_is_known_is_taken_over() {
        let visit = World::default().made(confirmed(), 91);
        let mut known = visit.serving().unwrap().known.clone().unwrap();
        known.number = 92;
        let as_another = seen(visit.clone(), |known| known.number = 92);
        assert_eq!(as_another.serving().unwrap().number(), Some(91));
        let visit = visit.observed(
            1,
            Seen::InItsPlace(Box::new(known)),
            &Policies::default(),
            later(1),
        );
        assert_eq!(visit.serving().unwrap().number(), Some(92));
        assert_eq!(visit.state(), State::Made);
    }

    #[test]
    fn a_meeting_that_another_plugin_made_serves_and_is_brought_to_what_is_wanted() {
        let world = World::default();
        let theirs = Known {
            number: 92,
            slot: None,
            ..known(&world.exchange(&confirmed()), 92)
        };
        let brought =
            stored(confirmed().with_meeting(maker("app-1"), theirs.clone(), &naming(), later(0)));
        assert_eq!(brought.state(), State::Updating);
        let exchange = world.exchange(&brought);
        assert_eq!((exchange.kind, exchange.number), (Kind::Update, Some(92)));
        let twice = brought.with_meeting(maker("app-1"), theirs, &naming(), later(0));
        assert!(!twice.has_changes(), "it has one");
    }

    #[test]
    fn a_host_who_was_not_known_is_known_once_zoom_has_said_so() {
        let named = Maker {
            subject: Some("user:5".to_owned()),
            host: "user:5".to_owned(),
            ..maker("app-1")
        };
        let world = World {
            maker: Ok(named.clone()),
            ..World::default()
        };
        let made = world.carry_out(confirmed(), |exchange| {
            let theirs = Known {
                host: Some("host-9".to_owned()),
                ..known(exchange, 91)
            };
            crate::visit::step::Outcome::Meeting(Box::new(theirs))
        });
        let maker = made.serving().unwrap().maker.clone().unwrap();
        assert_eq!(
            (maker.host.as_str(), maker.subject),
            ("host-9", named.subject)
        );
    }

    #[test]
    fn what_cannot_be_deleted_any_more_stays_at_zoom() {
        let world = World {
            maker: Ok(Maker {
                subject: Some("user:5".to_owned()),
                ..maker("app-1")
            }),
            ..World::default()
        };
        let off = settled(world.made(confirmed(), 91), Wish::Cancel, later(0));
        assert!(!off.clone().abandoned("user:6").has_changes());
        let left = stored(off.abandoned("user:5"));
        assert_eq!(roles(&left), [Role::Done(End::Left)]);
        assert_eq!(world.next(&left), Step::Nothing);
        let serving = world.made(confirmed(), 91);
        assert!(!serving.abandoned("user:5").has_changes(), "it is wanted");
    }

    #[test]
    fn what_is_seen_is_held_against_what_was_asked_for() {
        let world = World::default();
        let visit = world.made(confirmed(), 91);
        let wished = stored(visit.wish(Wish::Reschedule(slot("2026-12-02T09:00:00Z")), later(0)));
        assert_eq!(wished.slot_at_zoom(1), &next_week());
        assert_eq!(
            confirmed().slot_at_zoom(1),
            &next_week(),
            "nothing was asked for yet"
        );
    }

    #[test]
    fn nothing_takes_the_place_of_a_meeting_that_is_to_go() {
        let world = World::default();
        let made = world.made(confirmed(), 91);
        let number = |visit: &Visit| {
            let mut meetings = visit.meetings().iter();
            meetings.find_map(Meeting::number)
        };
        let seen = |visit: Visit| {
            let known = known(&world.exchange(&confirmed()), 92);
            let seen = Seen::InItsPlace(Box::new(known));
            visit.observed(1, seen, &world.policies, later(2))
        };
        assert_eq!(number(&seen(made.clone())), Some(92));
        let cancelled = settled(made, Wish::Cancel, later(1));
        let seen = seen(cancelled.clone());
        assert_eq!(seen, cancelled);
    }
}
