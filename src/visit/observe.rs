//! What was seen at Zoom without being asked for a visit's sake: by a list, a look-up, an event; and what a person has found out.

use super::changes::Event;
use super::life::Visit;
use super::meeting::Known;
use super::meeting::Role;
use super::schedule::Moment;
use super::step::Policies;

/// A meeting of the visit, as it was seen.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// It is there. Settings that are not as they should be are named.
    There(Box<Known>),
    /// It is gone.
    Gone,
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
            // Not found proves nothing of what may still come.
            Seen::Gone => {}
            Seen::There(known) => self.seen_there(&meeting, *known, at),
        }
        self.tell(policies, at);
        self
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
                self.change_meeting(generation, |meeting| {
                    meeting.known = Some(known);
                    meeting.attempt = None;
                    meeting.is_uncertain = false;
                    meeting.try_now();
                });
                self.log(Event::Adopted);
                self.all_clear(at);
            }
            None => self.change_meeting(generation, |meeting| {
                meeting.role = Role::Done(super::meeting::End::NoneMade);
                meeting.is_uncertain = false;
                meeting.attempt = None;
            }),
        }
        self.log(Event::Resolved);
        self.tell(policies, at);
        self
    }

    fn seen_there(&mut self, meeting: &super::meeting::Meeting, known: Known, at: Moment) {
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
                let is_other_link = known.join_url.is_some() && known.join_url != before.join_url;
                let has_drifted = before.slot.is_some() && known.slot.is_none();
                if new.is_empty() && !is_other_link && !has_drifted {
                    return;
                }
                self.change_meeting(generation, |meeting| {
                    meeting.to_restore = new;
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
                self.change_meeting(generation, |meeting| {
                    meeting.known = Some(known);
                    meeting.attempt = None;
                    meeting.is_uncertain = false;
                    meeting.try_now();
                });
                self.log(Event::Adopted);
                self.all_clear(at);
            }
            _ => {}
        }
    }
}
