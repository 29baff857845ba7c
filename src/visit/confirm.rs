//! Holds a visit against what its appointment system says.
//!
//! Such a system calls us inside an open transaction and may roll back. So a wish is acted upon only once the appointment was
//! seen committed, and a contradiction to it is believed only a quarter of an hour later, unless the transaction is known to be
//! over. A contradiction where nothing was wished is doubted first, and believed at the second look, a minute later.

use super::changes::Event;
use super::life::Pending;
use super::life::Visit;
use super::notice::Content;
use super::notice::Recipient;
use super::notice::Told;
use super::schedule::Moment;
use super::slot::Slot;
use super::standing::SourceMail;
use super::standing::Standing;
use super::step::Policies;
use super::wish::Wish;

impl Visit {
    /// The visit as it stands. `standing` is `None` when there is no such appointment; `is_final` when the transaction of the last
    /// wish is over. A visit that has never been is forgotten: [`Changes::forgets`](super::Changes).
    #[must_use]
    pub fn confirm(
        mut self,
        standing: Option<&Standing>,
        is_final: bool,
        policies: &Policies,
        at: Moment,
    ) -> Self {
        if let Some(standing) = standing {
            self.hear(standing);
        }
        if self.agrees_with(standing) {
            return self.settled(policies, at);
        }
        if self.row.pending.is_none() && !is_final {
            self.touch().pending = Some((Pending::Doubt, at.now));
            return self;
        }
        if !is_final
            && self
                .believed_at()
                .is_some_and(|believed_at| believed_at > at.now)
        {
            return self;
        }
        match standing {
            None if !self.row.was_seen && self.row.told.is_empty() => {
                self.touch();
                self.changes.forgets = true;
                return self;
            }
            Some(standing) if standing.takes_place => {
                let slot = Slot {
                    start: standing.start,
                    minutes: standing.minutes,
                    timezone: standing.timezone.clone(),
                    topic: self.row.slot.topic.clone(),
                };
                self = self.wish(
                    Wish::Book {
                        doctor: standing.doctor,
                        slot,
                    },
                    at,
                );
            }
            _ => self = self.wish(Wish::Cancel, at),
        }
        self.log(Event::Corrected);
        self.settled(policies, at)
    }

    /// What was made on this site's own screens stands as soon as it is written.
    #[must_use]
    pub fn settled(mut self, policies: &Policies, at: Moment) -> Self {
        if self.row.pending.is_some() || !self.row.was_seen {
            let row = self.touch();
            row.pending = None;
            row.was_seen = true;
            self.log(Event::Confirmed);
        }
        self.tell(policies, at);
        self
    }

    fn agrees_with(&self, standing: Option<&Standing>) -> bool {
        let row = &self.row;
        match standing {
            // Of a visit that is off there need be no appointment. One that was never seen is forgotten, when that can be told.
            None => !row.takes_place && (row.was_seen || !row.told.is_empty()),
            Some(standing) => !self.own_standing().differs_from(standing),
        }
    }

    /// What the appointment system has mailed since it was last listened to.
    fn hear(&mut self, standing: &Standing) {
        let Some(new) = standing
            .mails
            .get(self.row.mails_heard..)
            .filter(|new| !new.is_empty())
        else {
            return;
        };
        let heard = standing.mails.len();
        let mut people: Vec<Recipient> = new
            .iter()
            .map(|mail| Recipient::Doctor(mail.doctor))
            .collect();
        people.push(Recipient::Patient);
        let told: Vec<(Recipient, Told)> = people
            .into_iter()
            .map(|to| (to, self.told_by(new, to)))
            .collect();
        let row = self.touch();
        row.mails_heard = heard;
        for (to, told) in told {
            // Where an e-mail of ours may have crossed theirs, only another of ours makes it clear.
            if row.told.get(&to) != Some(&Told::Unclear) {
                row.told.insert(to, told);
            }
        }
    }

    /// What a person believes after these e-mails, at least one of which went to them.
    fn told_by(&self, mails: &[SourceMail], to: Recipient) -> Told {
        let theirs: Vec<&SourceMail> = mails
            .iter()
            .filter(|mail| to == Recipient::Patient || to == Recipient::Doctor(mail.doctor))
            .collect();
        match theirs.as_slice() {
            several if several.iter().all(|mail| mail.is_off) => Told::Off,
            // The same, mailed several times at one moment, is read as one.
            [mail, others @ ..]
                if others.iter().all(|other| other == mail)
                    && mail.sequence == self.row.sequence
                    && mail.doctor == self.row.doctor
                    && self.row.takes_place =>
            {
                Told::On(Content::new(self.row.doctor, &self.row.slot, None))
            }
            // Nobody knows in which order they are read, or what they say of a visit that has changed since.
            _ => Told::Unclear,
        }
    }
}

#[cfg(test)]
mod tests;
