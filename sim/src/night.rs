//! What is done by itself from time to time: all visits are held against their source, and each host against Zoom.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use telemed::visit::Seen;
use telemed::visit::maker::Maker;
use telemed::visit::meeting::Meeting;
use telemed::visit::meeting::Role;
use telemed::zoom::Client;
use telemed::zoom::Host;
use telemed::zoom::Kind;
use telemed::zoom::MeetingId;
use telemed::zoom::meeting_request::marker;
use telemed::zoom::reconciler::Action;
use telemed::zoom::reconciler::Found;
use telemed::zoom::reconciler::Reconciler;
use telemed::zoom::reconciler::Wanted;

use crate::planted::Fault;
use crate::process::SITE;
use crate::tables::Stored;
use crate::template::every_maker;
use crate::world::World;
use telemed::exchange::known;

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
        let now = self.now();
        let found = client.meetings(host)?;
        // Looked at after the list: what was made meanwhile is not in it, and what was written is known.
        let (wanted, generations) = self.wanted(maker);
        let mut reconciler = Reconciler::new(SITE, now);
        let pages: Vec<Found> = found.iter().map(Found::from).collect();
        let mut actions = reconciler.page(&wanted, &pages);
        let is_of_maker = |one: &&Wanted| generations.contains_key(&one.reference);
        let of_maker: Vec<Wanted> = wanted.iter().filter(is_of_maker).cloned().collect();
        actions.extend(reconciler.rest(&of_maker));
        for action in actions {
            self.note(|| format!("comparison: {action:?}"));
            self.follow(client, &action, &generations)?;
        }
        Ok(())
    }

    /// All rows as the comparison wants them, and which visit and generation each of this maker's is.
    fn wanted(&self, maker: &Maker) -> (Vec<Wanted>, BTreeMap<String, (i64, u32)>) {
        let tables = self.tables.borrow();
        let mut wanted = Vec::new();
        let mut generations = BTreeMap::new();
        for one in tables.visits() {
            for meeting in &one.meetings {
                if matches!(meeting.role, Role::Done(_)) {
                    continue;
                }
                wanted.push(as_wanted(one, meeting));
                if meeting
                    .maker
                    .as_ref()
                    .is_some_and(|made_by| made_by.is_same_as(maker))
                {
                    let place = (one.row.id, meeting.generation);
                    generations.insert(meeting.reference.clone(), place);
                }
            }
        }
        (wanted, generations)
    }

    fn follow(
        &self,
        client: &Client,
        action: &Action,
        generations: &BTreeMap<String, (i64, u32)>,
    ) -> telemed::zoom::Result<()> {
        let (reference, number) = match action {
            Action::Create { .. } => {
                self.wake();
                return Ok(());
            }
            Action::Delete { meeting_id } => return self.delete_orphan(client, *meeting_id),
            Action::Adopt {
                reference,
                meeting_id,
            }
            | Action::Move {
                reference,
                meeting_id,
            }
            | Action::Recreate {
                reference,
                meeting_id,
            }
            | Action::Restore {
                reference,
                meeting_id,
                ..
            } => (reference, *meeting_id),
        };
        let Some((id, generation)) = generations.get(reference).copied() else {
            return Ok(());
        };
        let seen = match client.meeting(MeetingId::new(number)?) {
            Ok(meeting) => {
                let visit = self.tables.borrow().find(id);
                let asked = visit.as_ref().map(|visit| visit.slot_at_zoom(generation));
                let mut known = known(&meeting, asked);
                if let Action::Restore { settings, .. } = action {
                    known.overridden.clone_from(settings);
                }
                let is_another = matches!(action, Action::Adopt { .. })
                    && self
                        .known_number(id, generation)
                        .is_some_and(|it| it != number);
                if is_another {
                    // The list did not show the one that is known.
                    match self
                        .known_number(id, generation)
                        .map(|it| client.meeting(MeetingId::new(it)?))
                    {
                        Some(Err(error)) if error.kind() == Kind::NotFound => {}
                        _ => return Ok(()),
                    }
                    Seen::InItsPlace(Box::new(known))
                } else {
                    Seen::There(Box::new(known))
                }
            }
            Err(error) if error.kind() == Kind::NotFound => Seen::Gone,
            Err(error) => return Err(error),
        };
        self.change(id, |visit, at| {
            Some(visit.observed(generation, seen, &self.policies, at))
        });
        self.bring_on(id, false);
        Ok(())
    }

    fn known_number(&self, id: i64, generation: u32) -> Option<i64> {
        let tables = self.tables.borrow();
        let mut rows = tables.stored(id)?.meetings.iter();
        rows.find(|row| row.generation == generation)?.number()
    }

    /// A meeting of this site that no row knows goes, if none knows it now either.
    fn delete_orphan(&self, client: &Client, number: i64) -> telemed::zoom::Result<()> {
        let meeting = match client.meeting(MeetingId::new(number)?) {
            Err(error) if error.kind() == Kind::NotFound => return Ok(()),
            meeting => meeting?,
        };
        let is_known = {
            let tables = self.tables.borrow();
            let mut rows = tables.visits().flat_map(|one| &one.meetings);
            rows.any(|row| {
                !matches!(row.role, Role::Done(_))
                    && (row.number() == Some(number)
                        || (row.may_exist()
                            && row.number().is_none()
                            && meeting.marker() == Some(marker(&row.reference).as_str())))
            })
        };
        if is_known {
            return Ok(());
        }
        client.delete_meeting(MeetingId::new(number)?).map(|_| ())
    }
}

/// Somebody is at work on what is pending, due, sought or going: it is only protected.
fn as_wanted(one: &Stored, meeting: &Meeting) -> Wanted {
    let is_at_rest = one.row.pending.is_none()
        && meeting.role == Role::Serves
        && meeting.attempt.is_none()
        && one.row.takes_place
        && meeting.to_restore.is_empty()
        && meeting
            .known
            .as_ref()
            .is_none_or(|known| known.slot.as_ref() == Some(&one.row.slot));
    Wanted {
        reference: meeting.reference.clone(),
        meeting_id: meeting.number(),
        host_id: meeting.known.as_ref().and_then(|known| known.host.clone()),
        start: one.row.takes_place.then_some(one.row.slot.start),
        minutes: one.row.slot.minutes,
        overridden: meeting
            .known
            .as_ref()
            .map(|known| known.overridden.clone())
            .unwrap_or_default(),
        is_busy: !is_at_rest,
    }
}
