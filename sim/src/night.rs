//! What is done by itself from time to time: all visits are held against their source, and each host against Zoom.

use std::collections::BTreeSet;

use telemed::exchange::known;
use telemed::visit::State;
use telemed::visit::comparison::Comparison;
use telemed::visit::comparison::Finding;
use telemed::visit::comparison::Listed;
use telemed::visit::intended::Intended;
use telemed::visit::intended::Look;
use telemed::visit::maker::Maker;
use telemed::visit::meeting::Meeting;
use telemed::visit::meeting::Role;
use telemed::zoom::Client;
use telemed::zoom::Host;
use telemed::zoom::Kind;
use telemed::zoom::Meeting as Seen;
use telemed::zoom::MeetingId;
use telemed::zoom::reconciler::Found;

use crate::planted::Fault;
use crate::process::SITE;
use crate::tables::Stored;
use crate::template::every_maker;
use crate::world::World;

impl World {
    /// All visits that are not over are held against what their source says.
    pub fn sweep(&self) {
        let now = self.now();
        let ids: Vec<i64> = {
            let tables = self.tables.borrow();
            let upcoming = tables.visits().filter(|one| one.row.slot.end() > now);
            upcoming.map(|one| one.row.id).collect()
        };
        for id in ids {
            self.process("sweep", || self.bring_on(id, false));
        }
    }

    /// Each host is held against Zoom, through each app that made, or was to make, a meeting there.
    pub fn night(&self) {
        self.sweep();
        if self.fault == Some(Fault::NeverCompares) {
            return;
        }
        let makers: BTreeSet<Maker> = {
            let tables = self.tables.borrow();
            let rows = tables.visits().flat_map(|one| &one.meetings);
            rows.filter_map(|row| row.maker.clone()).collect()
        };
        let makers = if self.was_restored.get() {
            // Nobody knows which hosts the database has forgotten.
            every_maker()
        } else {
            makers
        };
        for maker in makers {
            let what = format!("comparison of {} by {:?}", maker.host, maker.mode);
            self.process(&what, || {
                let client = self
                    .context()
                    .and_then(|context| self.template.client(&maker, context).ok());
                if let Some(client) = client {
                    let host = Host::new(&maker.host).ok();
                    let host = host.as_ref().filter(|_| maker.subject.is_none());
                    // What Zoom does not answer now it answers the next night.
                    let _ = self.compare(&client, &maker, host);
                }
            });
        }
    }

    fn compare(
        &self,
        client: &Client,
        maker: &Maker,
        host: Option<&Host>,
    ) -> telemed::zoom::Result<()> {
        let mut comparison = Comparison::new(SITE, maker.clone(), self.now());
        let listed: Vec<Listed> = client.meetings(host)?.iter().map(Listed::from).collect();
        // Looked at after the list: what was made meanwhile is not in it, and what was written is known.
        let is_shown = |number: i64| listed.iter().any(|one| one.found.meeting_id == number);
        comparison.page(
            &self.intended(|one, _| one.number.is_some_and(is_shown)),
            &listed,
        );
        let now = self.now();
        let of_host = self.intended(|one, _| {
            one.role == Role::Serves
                && one.number.is_some()
                && one.takes_place
                && !one.is_over(now)
                && one
                    .maker
                    .as_ref()
                    .is_some_and(|made_by| made_by.is_same_as(maker))
        });
        if comparison.has_strays() {
            comparison.bereft(&of_host);
        }
        comparison.without_number(&self.without_number());
        // What is done in Zoom here changes no settings.
        let _ = comparison.rest(&of_host, Look::ByNight);
        for finding in comparison.findings() {
            self.note(|| format!("comparison: {finding:?}"));
            match finding.of {
                Some(of) => self.look_again_at(client, (&comparison, finding), of)?,
                None => self.delete_orphan(client, &comparison, finding.number)?,
            }
        }
        Ok(())
    }

    /// What is found is looked at once more, alone, and told to the visit.
    fn look_again_at(
        &self,
        client: &Client,
        (comparison, finding): (&Comparison, &Finding),
        (id, generation): (i64, u32),
    ) -> telemed::zoom::Result<()> {
        let is_it = |one: &Intended, _: &Meeting| (one.visit, one.generation) == (id, generation);
        let Some(of) = self.intended(is_it).pop() else {
            return Ok(());
        };
        let mut seen = None;
        for number in Comparison::looks_up(finding, &of) {
            if seen.is_none() {
                seen = there(client.meeting(MeetingId::new(number)?))?;
            }
        }
        let found = seen.as_ref().map(Found::from);
        self.change(id, |visit, at| {
            let asked = visit.slot_at_zoom(generation).clone();
            let known = seen.as_ref().map(|seen| known(seen, Some(&asked)));
            let seen = found.as_ref().zip(known);
            visit.compared((comparison, finding), &of, seen, &self.policies, at)
        });
        // The worker comes by within the minute.
        self.bring_on(id, false);
        Ok(())
    }

    /// A meeting of this site that no row knows goes, if none knows it now either.
    fn delete_orphan(
        &self,
        client: &Client,
        comparison: &Comparison,
        number: i64,
    ) -> telemed::zoom::Result<()> {
        let Some(found) = there(client.meeting(MeetingId::new(number)?))? else {
            return Ok(());
        };
        let mut rows = self.intended(|one, _| one.number == Some(number));
        rows.extend(self.without_number());
        if comparison.is_orphan(&rows, &Found::from(&found), self.now()) {
            client.delete_meeting(MeetingId::new(number)?)?;
        }
        Ok(())
    }

    /// The rows of meetings that may be at Zoom and whose number nobody knows.
    fn without_number(&self) -> Vec<Intended> {
        self.intended(|one, meeting| one.number.is_none() && meeting.may_exist())
    }

    /// Rows that are not done.
    fn intended(&self, is_wanted: impl Fn(&Intended, &Meeting) -> bool) -> Vec<Intended> {
        let tables = self.tables.borrow();
        let mut rows = Vec::new();
        for one in tables.visits() {
            let state = tables.find(one.row.id).map(|visit| visit.state());
            let Some(state) = state else { continue };
            let open = one
                .meetings
                .iter()
                .filter(|meeting| !matches!(meeting.role, Role::Done(_)));
            for meeting in open {
                let row = as_read(one, meeting, state);
                if is_wanted(&row, meeting) {
                    rows.push(row);
                }
            }
        }
        rows
    }
}

fn there(meeting: telemed::zoom::Result<Seen>) -> telemed::zoom::Result<Option<Seen>> {
    match meeting {
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        meeting => meeting.map(Some),
    }
}

fn as_read(one: &Stored, meeting: &Meeting, state: State) -> Intended {
    let known = meeting.known.as_ref();
    Intended {
        visit: one.row.id,
        version: one.row.version,
        generation: meeting.generation,
        reference: meeting.reference.clone(),
        role: meeting.role,
        maker: meeting.maker.clone(),
        number: meeting.number(),
        host_at_zoom: known.and_then(|known| known.host.clone()),
        join_url: known.and_then(|known| known.join_url.clone()),
        overridden: known.map_or_else(Vec::new, |known| known.overridden.clone()),
        to_restore: meeting.to_restore.clone(),
        start: one.row.slot.start,
        minutes: one.row.slot.minutes,
        takes_place: one.row.takes_place,
        is_pending: one.row.pending.is_some(),
        state,
        changed_at: one.changed_at,
    }
}
