//! What must hold, at every moment and at rest.

use fake_zoom::Reply;
use fake_zoom::Request;
use jiff::SignedDuration;
use jiff::Timestamp;

use telemed::visit::meeting::End;
use telemed::visit::meeting::Meeting;
use telemed::visit::meeting::Role;
use telemed::visit::notice::Content;
use telemed::visit::notice::Notice;
use telemed::visit::notice::Recipient;
use telemed::visit::notice::Told;
use telemed::zoom::meeting_request::find_marker;
use telemed::zoom::meeting_request::marker;

use crate::appointments::Appointment;
use crate::appointments::Case;
use crate::letters;
use crate::template::Template;
use crate::world::World;

/// What is not as it must be.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Damage {
    /// Two meetings at Zoom of one intended meeting.
    TwoMeetings,
    /// A meeting at Zoom that no row knows or will seek.
    Orphan,
    /// The meeting that serves was deleted.
    ServingDeleted,
    /// A host's writes of a day are more than Zoom lets.
    TooManyWrites,
    /// At rest: the visit takes place and has no meeting.
    NoMeeting,
    /// At rest: its meeting is at another time or host.
    WrongMeeting,
    /// At rest: there is a meeting too many.
    SurplusMeeting,
    /// At rest: the rows say something else than Zoom.
    WrongRow,
    /// At rest: somebody's newest e-mail says something else than what stands.
    Untold,
    /// At rest: something is still pending or open.
    StillOpen,
    /// An e-mail of ours said what was never committed.
    ToldUncommitted,
    /// An e-mail of ours says nothing, or not what it is about.
    SaysNothing,
    /// A calendar takes our newest e-mail for an old one.
    SequenceFell,
    /// It never comes to rest.
    Restless,
    /// One process goes round in a circle.
    Circle,
    /// The program has a defect.
    Panicked(String),
}

impl World {
    /// Looks at a request before Zoom does its work.
    pub fn before_work(&self, request: &Request) {
        let Some(number) = deleted(request) else {
            return;
        };
        let tables = self.tables.borrow();
        let serves = tables.visits().any(|one| {
            let of_it = |meeting: &&Meeting| meeting.number() == Some(number);
            one.row.takes_place
                && one
                    .meetings
                    .iter()
                    .find(of_it)
                    .is_some_and(|meeting| meeting.role == Role::Serves)
        });
        drop(tables);
        if serves {
            self.damage(Damage::ServingDeleted);
        }
    }

    /// Looks at everything after Zoom has done its work.
    pub fn after_work(&self, request: &Request, reply: &Reply) {
        let is_write = request.method != "GET" && request.path.starts_with("/v2/");
        if !is_write || reply.status >= 400 {
            return;
        }
        self.look_at_meetings();
        if self.tables.borrow().most_writes() > telemed::visit::schedule::WRITES_PER_DAY {
            self.damage(Damage::TooManyWrites);
        }
    }

    /// At most one living meeting of each intended one, and none without a row.
    fn look_at_meetings(&self) {
        let mut found = Vec::new();
        {
            let zoom = self.zoom.borrow();
            let tables = self.tables.borrow();
            let mut seen = Vec::new();
            for meeting in zoom.meetings() {
                let Some(mark) = find_marker(&meeting.agenda) else {
                    continue;
                };
                if seen.contains(&mark) {
                    found.push(Damage::TwoMeetings);
                }
                seen.push(mark);
                let rows = tables.visits().flat_map(|one| &one.meetings);
                let mut rows = rows.filter(|row| marker(&row.reference) == mark);
                if !rows.any(|row| knows(row, meeting.id)) {
                    found.push(Damage::Orphan);
                }
            }
        }
        for damage in found {
            self.damage(damage);
        }
    }

    /// Looks at everything when nothing is left to be done. `is_begun`: whether a visit that starts then has begun, so not all can
    /// be mended any more.
    pub fn at_rest(&self, is_begun: impl Fn(Timestamp) -> bool) {
        let mut found = Vec::new();
        for case in self.cases().iter().copied() {
            let start = self.start_of(case);
            found.extend(self.case_at_rest(case, start.is_some_and(&is_begun)));
        }
        let is_strange = |one: &fake_zoom::Meeting| self.is_strange(one);
        if !is_begun(Timestamp::MAX) && self.zoom.borrow().meetings().any(is_strange) {
            found.push(Damage::SurplusMeeting);
        }
        let tables = self.tables.borrow();
        for one in tables.visits() {
            let is_open = one.notices.iter().any(Notice::is_open);
            if one.row.pending.is_some() || is_open {
                found.push(Damage::StillOpen);
            }
        }
        drop(tables);
        for damage in found {
            self.damage(damage);
        }
    }

    /// When the last of a case's visits starts.
    fn start_of(&self, case: Case) -> Option<Timestamp> {
        let tables = self.tables.borrow();
        let of_case = tables
            .visits()
            .filter(|one| Case::of_number(&one.row.appointment) == case);
        of_case.map(|one| one.row.slot.start).max()
    }

    fn case_at_rest(&self, case: Case, is_begun: bool) -> Vec<Damage> {
        let standing = self.appointments.borrow().committed(case).cloned();
        let wanted = standing.filter(|appointment| appointment.is_on);
        let mut found = self.meetings_at_rest(case, wanted.as_ref(), is_begun);
        if !is_begun && !self.is_everybody_told(case, wanted.as_ref()) {
            found.push(Damage::Untold);
        }
        found
    }

    /// Whether a meeting at Zoom is ours and belongs to a case. Where there is but one, all do.
    #[must_use]
    pub fn is_of(&self, meeting: &fake_zoom::Meeting, case: Case) -> bool {
        find_marker(&meeting.agenda)
            .is_some_and(|mark| self.plan.apart.is_none() || self.case_of_mark(mark) == Some(case))
    }

    /// Whether a meeting is over that was sought in vain, for its account hides what it says: it stays, and nobody joins it.
    fn is_given_up(&self, meeting: &fake_zoom::Meeting) -> bool {
        let minutes = SignedDuration::from_mins(meeting.minutes);
        let is_over = self.now().duration_since(meeting.start) > minutes;
        let is_of =
            |row: &Meeting| find_marker(&meeting.agenda) == Some(marker(&row.reference).as_str());
        let tables = self.tables.borrow();
        let mut rows = tables.visits().flat_map(|one| &one.meetings);
        self.plan.hides_descriptions
            && is_over
            && rows.any(|row| row.role == Role::Done(End::NotFoundOut) && is_of(row))
    }

    /// Whether a meeting at Zoom is ours and nobody can tell to which of two cases it belongs.
    fn is_strange(&self, meeting: &fake_zoom::Meeting) -> bool {
        find_marker(&meeting.agenda)
            .is_some_and(|mark| self.plan.apart.is_some() && self.case_of_mark(mark).is_none())
    }

    fn case_of_mark(&self, mark: &str) -> Option<Case> {
        let tables = self.tables.borrow();
        let mut visits = tables.visits();
        let visit = visits.find(|one| {
            let mut references = one.meetings.iter().map(|row| &row.reference);
            references.any(|reference| marker(reference) == mark)
        });
        visit.map(|one| Case::of_number(&one.row.appointment))
    }

    fn meetings_at_rest(
        &self,
        case: Case,
        wanted: Option<&Appointment>,
        is_begun: bool,
    ) -> Vec<Damage> {
        let zoom = self.zoom.borrow();
        let living: Vec<_> = zoom
            .meetings()
            .filter(|meeting| self.is_of(meeting, case) && !self.is_given_up(meeting))
            .filter(|meeting| {
                let tables = self.tables.borrow();
                !is_begun || !tables.is_still_to_go(meeting.id, self.now())
            })
            .collect();
        let host = wanted.and_then(|wanted| Template::host(wanted.doctor));
        let mut found = Vec::new();
        match (living.as_slice(), wanted, host) {
            ([], None, _) | ([], Some(_), None) => {}
            ([], Some(_), Some(_)) if is_begun => {}
            ([], Some(_), Some(_)) => found.push(Damage::NoMeeting),
            ([meeting], Some(wanted), Some(host)) => {
                let is_at_its_time =
                    meeting.start == wanted.start && meeting.minutes == wanted.minutes;
                if !is_begun && (!is_at_its_time || meeting.host_id != host) {
                    found.push(Damage::WrongMeeting);
                }
                let tables = self.tables.borrow();
                let serves = tables.visits().flat_map(|one| &one.meetings).any(|row| {
                    row.role == Role::Serves && row.number() == i64::try_from(meeting.id).ok()
                });
                if !is_begun && !serves {
                    found.push(Damage::WrongRow);
                }
            }
            // What nobody can tell from others without a marker stays.
            _ if is_begun && (living.len() < 2 || self.plan.hides_descriptions) => {}
            // It is over: the night leaves what can do no harm.
            _ if is_begun => found.push(Damage::TwoMeetings),
            _ => found.push(Damage::SurplusMeeting),
        }
        found
    }

    /// Where Zoom's own link is mailed: whether this is the one that leads there now.
    fn has_link(&self, case: Case, says: &Told) -> bool {
        let Told::On(content) = says else { return true };
        if !self.policies.mails_zooms_link {
            return true;
        }
        let tables = self.tables.borrow();
        let of_case = tables
            .visits()
            .filter(|one| Case::of_number(&one.row.appointment) == case);
        let mut rows = of_case.flat_map(|one| {
            let slot = &one.row.slot;
            one.meetings.iter().map(move |row| (slot, row))
        });
        let serving = rows.find(|(_, row)| row.role == Role::Serves);
        serving.is_none_or(|(slot, row)| {
            let link = row
                .known
                .as_ref()
                .and_then(|known| known.join_url.as_deref());
            link.is_none() || Content::new(content.doctor, slot, link).link == content.link
        })
    }

    fn is_everybody_told(&self, case: Case, wanted: Option<&Appointment>) -> bool {
        let letters = self.letters.borrow();
        let mut people: Vec<Recipient> = letters.people(case).collect();
        people.extend(wanted.map(|_| Recipient::Patient));
        people.extend(wanted.map(|wanted| Recipient::Doctor(wanted.doctor)));
        people.iter().all(|to| {
            let is_theirs = match (to, wanted) {
                (Recipient::Doctor(doctor), Some(wanted)) => *doctor == wanted.doctor,
                _ => true,
            };
            let stands = wanted
                .filter(|_| is_theirs)
                .map_or(Told::Off, letters::content);
            let newest = letters.newest(case, *to).map(|letter| &letter.says);
            let is_told = match newest {
                None => stands == Told::Off,
                Some(says) => letters::is_same(says, &stands) && self.has_link(case, says),
            };
            if !is_told {
                self.note(|| format!("{to:?} believes {newest:?}, but {stands:?} stands"));
            }
            is_told
        })
    }
}

/// Whether the row knows a meeting or will seek it.
fn knows(row: &Meeting, number: u64) -> bool {
    match row.role {
        Role::Done(End::Left | End::NotFoundOut) => true,
        Role::Done(_) => false,
        Role::Serves | Role::Next | Role::Unwanted => match row.number() {
            Some(known) => i64::try_from(number) == Ok(known),
            None => row.may_exist(),
        },
    }
}

fn deleted(request: &Request) -> Option<i64> {
    if request.method != "DELETE" {
        return None;
    }
    request.path.strip_prefix("/v2/meetings/")?.parse().ok()
}
