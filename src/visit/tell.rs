//! Who has to be told what: compares what people's newest e-mails say with what stands.

use jiff::Timestamp;

use super::Seconds;
use super::life::State;
use super::life::Visit;
use super::notice::About;
use super::notice::Content;
use super::notice::Fate;
use super::notice::Notice;
use super::notice::Place;
use super::notice::Recipient;
use super::notice::Told;
use super::schedule::Moment;
use super::schedule::next_try_of;
use super::step::Policies;

/// Where Zoom's own link is mailed, news wait for it so long.
const LINK_SECONDS: i64 = 600;
/// Who took a notice on and has not said by then what became of it is dead.
const SENDING_SECONDS: i64 = 600;
/// An e-mail that the site's mailer refuses is tried again so often.
const MOST_TRIES: u32 = 20;
/// So often, or so near the visit, and staff are told.
const UNMAILED_TRIES: u32 = 3;
const UNMAILED_SECONDS: i64 = 2 * 3_600;
/// What is told to staff long before it matters is gathered for so long.
const GATHER_SECONDS: i64 = 300;
/// A visit that begins so soon and has no meeting is everybody's concern,
pub(super) const LATE_SECONDS: i64 = 3_600;
/// when so many tries have failed,
const LATE_TRIES: u32 = 3;
/// or it was wished so long ago,
const LATE_AFTER_SECONDS: i64 = 300;
/// or people are about to join.
pub(super) const SOON_SECONDS: i64 = 900;

/// What becomes of a notice that is due.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Sending {
    /// It says this; afterwards [`Visit::delivered`] has to be told.
    Now(Notice),
    /// It is not true any more, or not there.
    Never,
    /// What was wished since may be rolled back: it waits.
    Later,
    /// It waits, or somebody else is sending it.
    NotDue,
}

impl Visit {
    /// Brings the outbox to what stands: what everybody has to be told, and nothing else.
    pub(super) fn tell(&mut self, policies: &Policies, at: Moment) {
        if self.row.pending.is_some() {
            return;
        }
        let is_over = self.is_over(at.now);
        for to in self.people() {
            let about = if is_over {
                None
            } else {
                self.news(to, policies)
            };
            let waits_for_link =
                policies.mails_zooms_link && self.row.takes_place && self.join_url().is_none();
            self.put(to, about, if waits_for_link { LINK_SECONDS } else { 0 }, at);
        }
    }

    /// Takes a due notice on. Whoever does must say what came of it. What is not due is not touched: somebody is sending it.
    #[must_use]
    pub fn send(mut self, notice: i64, policies: &Policies, at: Moment) -> (Self, Sending) {
        let Some(index) = self
            .notices
            .iter()
            .position(|one| one.id == notice && one.is_open())
        else {
            return (self, Sending::Never);
        };
        let Some(Notice {
            to,
            about,
            place,
            says,
            ..
        }) = self.notices.get(index).cloned()
        else {
            return (self, Sending::Never);
        };
        if self
            .notices
            .get(index)
            .is_some_and(|one| one.due_at > at.now)
        {
            return (self, Sending::NotDue);
        }
        // Who took it on before has died, perhaps after sending it.
        if place == Place::Sending && says.is_some() && self.row.told.get(&to) != says.as_ref() {
            self.touch_told().told.insert(to, Told::Unclear);
        }
        if let (Some(believed_at), false) = (self.believed_at(), self.is_over(at.now)) {
            self.write_notice(index, |one| {
                one.place = Place::Waiting;
                one.due_at = believed_at.max(at.now.after(1));
            });
            return (self, Sending::Later);
        }
        let now_about = if about.is_news() {
            if self.is_over(at.now) {
                None
            } else {
                self.news(to, policies)
            }
        } else {
            Some(about).filter(|about| self.is_true(*about, at.now))
        };
        let Some(now_about) = now_about else {
            self.write_notice(index, |one| one.place = Place::Dropped);
            return (self, Sending::Never);
        };
        let says = now_about.is_news().then(|| self.target(to, policies));
        let sequence = self.row.sequence;
        self.write_notice(index, |one| {
            one.about = now_about;
            one.place = Place::Sending;
            one.says = says;
            one.sequence = sequence;
            one.due_at = at.now.after(SENDING_SECONDS);
        });
        match self.notices.get(index).cloned() {
            Some(notice) => (self, Sending::Now(notice)),
            None => (self, Sending::Never),
        }
    }

    /// What became of a notice that was taken on.
    #[must_use]
    pub fn delivered(mut self, notice: i64, fate: Fate, policies: &Policies, at: Moment) -> Self {
        let Some(index) = self.notices.iter().position(|one| one.id == notice) else {
            return self;
        };
        let Some(sent) = self.notices.get(index).cloned().filter(Notice::is_open) else {
            return self;
        };
        match fate {
            Fate::Sent | Fate::NoRecipient => {
                self.write_notice(index, |one| {
                    one.place = if fate == Fate::Sent {
                        Place::Sent
                    } else {
                        Place::Dropped
                    };
                });
                // The visit has changed while it was sent: an e-mail of the appointment system may have come first.
                let has_crossed = fate == Fate::Sent && sent.sequence != self.row.sequence;
                if let Some(says) = sent.says {
                    let told = if has_crossed { Told::Unclear } else { says };
                    self.touch_told().told.insert(sent.to, told);
                }
            }
            Fate::HeldBack(until) => {
                self.write_notice(index, |one| {
                    one.place = Place::Waiting;
                    one.due_at = until.max(at.now.after(1));
                });
                // What it says is looked up when it is taken on again.
                return self;
            }
            Fate::Refused => self.refused(index, &sent, at),
        }
        self.tell(policies, at);
        self
    }

    /// Whether the visit overlaps with another of its host: staff are told, once for each plan.
    #[must_use]
    pub fn overlaps(mut self, overlaps: bool, at: Moment) -> Self {
        if overlaps && self.row.pending.is_none() {
            self.alarm(About::Overlaps, at);
        }
        self
    }

    fn refused(&mut self, index: usize, sent: &Notice, at: Moment) {
        let tries = sent.tries.saturating_add(1);
        let start = self.row.slot.start;
        if tries >= MOST_TRIES {
            self.write_notice(index, |one| one.place = Place::GivenUp);
            let sequence = self.row.sequence;
            self.touch_told().unmailed.insert(sent.to, sequence);
        } else {
            let due_at = next_try_of(false, sent.tries, Some(start), at);
            self.write_notice(index, |one| {
                one.place = Place::Waiting;
                one.tries = tries;
                one.due_at = due_at;
            });
        }
        if sent.to != Recipient::Staff && sent.about.is_news() && self.is_urgent(sent, at.now) {
            self.alarm(About::Unmailed, at);
        }
    }

    /// Whether a try that fails now is one too many.
    #[must_use]
    pub fn is_urgent(&self, notice: &Notice, now: Timestamp) -> bool {
        let is_often = notice.tries.saturating_add(1) >= UNMAILED_TRIES;
        is_often || self.row.slot.start <= now.after(UNMAILED_SECONDS)
    }

    /// Tells of trouble, once for each plan.
    pub(super) fn alarm(&mut self, about: About, at: Moment) {
        let sequence = self.row.sequence;
        if self.row.alarms.get(&about) == Some(&sequence) {
            return;
        }
        self.touch_told().alarms.insert(about, sequence);
        let doctor = Recipient::Doctor(self.row.doctor);
        let gathered = at.now.after(GATHER_SECONDS);
        let to: &[(Recipient, Timestamp)] = match about {
            About::Late | About::Missed => &[
                (Recipient::Staff, at.now),
                (doctor, at.now),
                (Recipient::Patient, at.now),
            ],
            About::Ready => &[
                (Recipient::Staff, gathered),
                (doctor, gathered),
                (Recipient::Patient, at.now),
            ],
            About::Uncertain => &[(Recipient::Staff, at.now)],
            About::Unmailed => &[(Recipient::Staff, at.now), (doctor, at.now)],
            _ => &[(Recipient::Staff, gathered), (doctor, gathered)],
        };
        for (to, due_at) in to {
            self.add_notice(Notice {
                id: 0,
                about,
                to: *to,
                sequence,
                place: Place::Waiting,
                says: None,
                tries: 0,
                due_at: *due_at,
            });
        }
    }

    /// Whether people were told that the meeting is late, of the visit as it is planned now.
    pub(super) fn was_late(&self) -> bool {
        self.row.alarms.get(&About::Late) == Some(&self.row.sequence)
    }

    /// Whether everybody has to know that there is no meeting.
    pub(super) fn is_late(&self, now: Timestamp) -> bool {
        if !self.row.takes_place
            || self.row.pending.is_some()
            || self.is_over(now)
            || self.is_ready()
        {
            return false;
        }
        let start = self.row.slot.start;
        let (tries, due_at, has_failed) = self.serving().map_or((0, None, false), |meeting| {
            (meeting.tries, meeting.due_at, meeting.problem.is_some())
        });
        // Also what is far off, but not tried again before it begins.
        due_at.is_some_and(|due_at| due_at >= start)
            || (start <= now.after(LATE_SECONDS)
                && (tries >= LATE_TRIES
                    || self.row.wished_at <= now.before(LATE_AFTER_SECONDS)
                    // What is booked so late is tried first.
                    || (has_failed && start <= now.after(SOON_SECONDS))))
    }

    /// Zoom's own link, where there is one.
    fn join_url(&self) -> Option<&str> {
        self.serving()?.known.as_ref()?.join_url.as_deref()
    }

    /// All who know of the visit, or have to.
    fn people(&self) -> Vec<Recipient> {
        let mut people: Vec<Recipient> = self.row.told.keys().copied().collect();
        people.extend([Recipient::Patient, Recipient::Doctor(self.row.doctor)]);
        people.sort_unstable();
        people.dedup();
        people
    }

    /// What a person has to believe.
    fn target(&self, to: Recipient, policies: &Policies) -> Told {
        let is_theirs = match to {
            Recipient::Doctor(doctor) => doctor == self.row.doctor,
            Recipient::Patient | Recipient::Staff => true,
        };
        if !self.row.takes_place || !is_theirs {
            return Told::Off;
        }
        let link = self.join_url().filter(|_| policies.mails_zooms_link);
        Told::On(Content::new(self.row.doctor, &self.row.slot, link))
    }

    /// What a person has to be told; `None` where they know.
    fn news(&self, to: Recipient, policies: &Policies) -> Option<About> {
        let told = self.row.told.get(&to);
        match (told, self.target(to, policies)) {
            (None | Some(Told::Off), Told::Off | Told::Unclear) | (_, Told::Unclear) => None,
            (Some(Told::On(_) | Told::Unclear), Told::Off) => Some(if self.row.takes_place {
                About::Released
            } else {
                About::Cancelled
            }),
            (None, Told::On(_)) => Some(match to {
                // Who takes a visit over is told so, if anybody knew of it.
                Recipient::Doctor(_)
                    if self
                        .row
                        .told
                        .keys()
                        .any(|one| matches!(one, Recipient::Doctor(_))) =>
                {
                    About::Reassigned
                }
                _ => About::Booked,
            }),
            (Some(Told::Off | Told::Unclear), Told::On(_)) => Some(About::Booked),
            (Some(Told::On(told)), Told::On(target)) => {
                if told.doctor != target.doctor {
                    Some(About::Reassigned)
                } else if !told.is_same_visit(&target) {
                    Some(About::Rescheduled)
                } else if told.link == target.link
                    || (target.link.is_none() && !policies.mails_zooms_link)
                {
                    None
                } else {
                    Some(About::NewLink)
                }
            }
        }
    }

    /// The one open notice of news for this person is about this; without news there is none.
    fn put(&mut self, to: Recipient, about: Option<About>, wait: i64, at: Moment) {
        let sequence = self.row.sequence;
        let is_given_up = self.row.unmailed.get(&to) == Some(&sequence);
        let open = self
            .notices
            .iter()
            .position(|one| one.to == to && one.about.is_news() && one.is_open());
        let due_at = at.now.after(wait);
        match (open, about) {
            // Who is sending will tell, and then it is looked at again.
            (Some(index), _)
                if self
                    .notices
                    .get(index)
                    .is_some_and(|one| one.place == Place::Sending) => {}
            (Some(index), Some(about)) => self.write_notice(index, |one| {
                let is_newer = one.sequence != sequence;
                one.about = about;
                one.sequence = sequence;
                // A back-off after a refusal stands, as does an earlier moment.
                if is_newer || (one.tries == 0 && wait == 0) {
                    one.due_at = one.due_at.min(due_at);
                }
            }),
            (Some(index), None) => self.write_notice(index, |one| one.place = Place::Dropped),
            (None, Some(about)) if !is_given_up => self.add_notice(Notice {
                id: 0,
                about,
                to,
                sequence,
                place: Place::Waiting,
                says: None,
                tries: 0,
                due_at,
            }),
            (None, _) => {}
        }
    }

    /// Whether a notice of trouble is still true.
    fn is_true(&self, about: About, now: Timestamp) -> bool {
        let is_over = self.is_over(now);
        let is_open = self.row.takes_place && !is_over;
        match about {
            About::Late => is_open && !self.is_ready(),
            About::Ready => is_open && self.is_ready(),
            About::Missed => self.row.takes_place && is_over && self.row.is_missed,
            About::Failed => {
                is_open
                    && !self.is_ready()
                    && !self.was_late()
                    && self
                        .serving()
                        .is_some_and(|meeting| meeting.problem.is_some())
            }
            About::Uncertain => self.state() == State::Uncertain,
            About::Overlaps | About::Unmailed => is_open,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
