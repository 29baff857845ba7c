//! Visits as version 0.1.0 of the plugin kept them (schema 5), brought into rows of today.
//!
//! Numbers, markers and visit links stay, sequence and generation never fall. What the old rows do not say is said so: what a person
//! was told is known by a hash only, and where that is not the hash of what stands it is 'unclear', so they are told what stands.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Seconds;
use super::Slot;
use super::changes::sha1;
use super::columns::BadColumn;
use super::columns::Columns;
use super::columns::Reader;
use super::columns::moment_text;
use super::life::Pending;
use super::life::Visit;
use super::life::VisitRow;
use super::life::WishKind;
use super::maker::Maker;
use super::meeting::Attempt;
use super::meeting::End;
use super::meeting::Known;
use super::meeting::Meeting;
use super::meeting::Role;
use super::notice::About;
use super::notice::Content;
use super::notice::Notice;
use super::notice::Place;
use super::notice::Recipient;
use super::notice::Told;
use super::problem::Problem;
use super::reference::Reference;

/// A text without a code, in the clinic's language.
pub const TOLD_BEFORE: &str = "told_before";
/// What was taken on and not sent was taken over so long after.
const NEWS_SECONDS: i64 = 600;
const TROUBLE_SECONDS: i64 = 300;

/// What schema 5 has of one visit.
#[derive(Clone, Copy, Debug)]
pub struct Old<'a> {
    /// What the site's references begin with.
    pub site: &'a str,
    /// The row of `telemed_meetings`.
    pub row: &'a Columns,
    /// Its rows of `telemed_leftovers`.
    pub leftovers: &'a [Columns],
    /// Its lines of `telemed_log` about e-mails (`mailing`, `warning`, `mailed`, `told_by_source`), the oldest first.
    pub log: &'a [Columns],
    /// Whether the clinic mails Zoom's own link.
    pub mails_zooms_link: bool,
    /// So many e-mails of its own the appointment system has noted.
    pub mails_noted: usize,
}

impl Old<'_> {
    /// The visit as it is today, all of which has to be written.
    ///
    /// # Errors
    /// When a column is missing or holds what it cannot hold.
    pub fn visit(&self, now: Timestamp) -> Result<Visit, BadColumn> {
        let from = Reader(self.row);
        let state: String = from.value("state")?;
        let slot = from
            .slot("start_utc", "minutes", "timezone", "topic")?
            .ok_or(BadColumn("start_utc"))?;
        let doctor: u64 = from.value("doctor")?;
        let claims = self.claims()?;
        let pending = match from.text("event")? {
            None => None,
            Some(event) => Some((pending(event), from.moment("wished_at")?.unwrap_or(now))),
        };
        let mut row = VisitRow {
            id: from.value("id")?,
            version: from.value("version")?,
            source: from.value("source")?,
            appointment: from.value("appointment")?,
            doctor,
            slot,
            takes_place: state != "cancelled",
            wished_at: from.moment("wished_at")?.unwrap_or(now),
            was_seen: from.moment("seen_at")?.is_some(),
            told: BTreeMap::new(),
            // What was noted since the last wish is still to be reckoned with.
            mails_heard: if pending.is_none() {
                self.mails_noted
            } else {
                0
            },
            pending,
            alarms: claims
                .iter()
                .filter(|claim| !claim.about.is_news())
                .map(|claim| (claim.about, claim.sequence))
                .collect(),
            unmailed: BTreeMap::new(),
            sequence: from.value("sequence")?,
            generation: from.value("generation")?,
            is_missed: state == "missed",
        };
        row.told = self.told(&from, &row, &claims)?;
        let mut meetings: Vec<Meeting> = self
            .serving(&from, &row, &state, now)?
            .into_iter()
            .collect();
        for leftover in self.leftovers {
            meetings.push(self.leftover(&Reader(leftover), &row, &state)?);
        }
        row.generation = meetings
            .iter()
            .map(|meeting| meeting.generation)
            .fold(row.generation, u32::max);
        let mut notices: Vec<Notice> = Vec::new();
        for claim in claims.iter().filter(|claim| claim.is_open) {
            for to in claim.recipients() {
                let is_known = notices.iter().any(|notice| {
                    notice.to == to && notice.about.is_news() && claim.about.is_news()
                });
                if !is_known {
                    notices.push(claim.notice(to, now));
                }
            }
        }
        Ok(Visit::from_rows(row, meetings, notices))
    }

    fn claims(&self) -> Result<Vec<Claim>, BadColumn> {
        let mut claims = Vec::new();
        for line in self.log {
            let from = Reader(line);
            let (event, at) = (
                from.value::<String>("event")?,
                from.moment("at")?.ok_or(BadColumn("at"))?,
            );
            claims.extend(
                from.text("note")?
                    .and_then(|note| Claim::read(&event, note, at)),
            );
        }
        Ok(claims)
    }

    /// What people know: what was told of the visit, but for e-mails that are still to go.
    fn told(
        &self,
        from: &Reader<'_>,
        row: &VisitRow,
        claims: &[Claim],
    ) -> Result<BTreeMap<Recipient, Told>, BadColumn> {
        let mut told = BTreeMap::new();
        let Some(text) = from.text("told")? else {
            return Ok(told);
        };
        let last_doctor = claims
            .iter()
            .rev()
            .filter(|claim| claim.holds())
            .map(|claim| claim.doctor)
            .next();
        let link: Option<String> = from.maybe("join_url")?;
        let (doctor, what) = match (text, text.split_once(':')) {
            ("off", _) => (last_doctor.unwrap_or(row.doctor), Told::Off),
            (_, Some((doctor, hash))) => {
                let doctor = doctor.parse().map_err(|_| BadColumn("told"))?;
                let is_known = doctor == row.doctor && hash == fingerprint(&row.slot);
                let link = link.as_deref().filter(|_| self.mails_zooms_link);
                (
                    doctor,
                    if is_known {
                        Told::On(Content::new(doctor, &row.slot, link))
                    } else {
                        Told::Unclear
                    },
                )
            }
            _ => (last_doctor.unwrap_or(row.doctor), Told::Unclear),
        };
        told.insert(Recipient::Patient, what.clone());
        told.insert(Recipient::Doctor(doctor), what);
        for claim in claims
            .iter()
            .filter(|claim| claim.is_open && claim.about.is_news())
        {
            let was_told_before = claims.iter().any(|other| !other.is_open && other.holds());
            for to in claim.recipients() {
                if claim.about == About::Booked && !was_told_before {
                    told.remove(&to);
                } else {
                    told.insert(to, Told::Unclear);
                }
            }
        }
        Ok(told)
    }

    /// What the row says of its own meeting.
    fn serving(
        &self,
        from: &Reader<'_>,
        row: &VisitRow,
        state: &str,
        now: Timestamp,
    ) -> Result<Option<Meeting>, BadColumn> {
        let number: Option<i64> = from.maybe("meeting_id")?;
        let has_meeting = matches!(state, "made" | "changing" | "moving") && number.is_some();
        let tries: u32 = from.value("tries")?;
        let due_at = from.moment("next_try_at")?;
        let problem = problem(from)?;
        // What is off keeps the names of what made it, and its meeting is among the leftovers.
        let is_untried = matches!(state, "due" | "made" | "changing" | "moving")
            && !has_meeting
            && problem.is_none()
            && due_at.is_none();
        if state == "cancelled" || is_untried {
            return Ok(None);
        }
        let role = if state == "missed" {
            Role::Done(End::NotFoundOut)
        } else {
            Role::Serves
        };
        let mut meeting = Meeting::new(
            row.generation,
            self.reference(row, row.generation)?,
            role,
            row.doctor,
        );
        meeting.tries = tries;
        meeting.due_at = due_at;
        meeting.tracking_id = from.maybe("tracking_id")?;
        if has_meeting || matches!(state, "attempting" | "uncertain" | "missed") {
            meeting.maker = maker(from)?;
        }
        if has_meeting {
            let is_as_wanted = from.text("sent")? == Some(fingerprint(&row.slot).as_str());
            meeting.known = known(from, number, is_as_wanted.then(|| row.slot.clone()))?;
        } else if matches!(state, "attempting" | "uncertain") {
            meeting.attempt = Some(Attempt {
                sent_at: from.moment("attempted_at")?.unwrap_or(now),
                slot: row.slot.clone(),
                // A process that died has left no word of its end.
                has_ended: problem.is_some(),
            });
            meeting.is_uncertain = state == "uncertain";
        }
        meeting.problem = problem;
        Ok(Some(meeting))
    }

    /// A meeting that nobody wants any more; or, of a row that moves, the one that is to take its place.
    fn leftover(
        &self,
        from: &Reader<'_>,
        row: &VisitRow,
        state: &str,
    ) -> Result<Meeting, BadColumn> {
        let generation: u32 = from.value("generation")?;
        let number: Option<i64> = from.maybe("meeting_id")?;
        let is_next = state == "moving" && number.is_none() && generation > row.generation;
        let role = if is_next { Role::Next } else { Role::Unwanted };
        let mut meeting = Meeting::new(
            generation,
            self.reference(row, generation)?,
            role,
            from.value("doctor")?,
        );
        meeting.maker = maker(from)?;
        meeting.known = known(from, number, None)?;
        meeting.tries = from.value("tries")?;
        meeting.due_at = from.moment("next_try_at")?;
        meeting.problem = problem(from)?;
        meeting.is_going = number.is_some() && meeting.tries > 0;
        if number.is_none() {
            let attempted_at = from.moment("attempted_at")?;
            let created_at = from.moment("created_at")?.ok_or(BadColumn("created_at"))?;
            meeting.attempt = Some(Attempt {
                sent_at: attempted_at.unwrap_or(created_at),
                slot: row.slot.clone(),
                has_ended: attempted_at.is_none(),
            });
        }
        Ok(meeting)
    }

    fn reference(&self, row: &VisitRow, generation: u32) -> Result<String, BadColumn> {
        Reference::new(self.site, &row.source, &row.appointment, generation, None)
            .map(|reference| reference.to_string())
            .map_err(|_| BadColumn("appointment"))
    }
}

/// A line of the log that says who is, or was, told what.
struct Claim {
    about: About,
    /// Whom alone, where the other has got it.
    only: Option<Only>,
    sequence: u32,
    doctor: u64,
    refused: u32,
    is_open: bool,
    /// From when on another process sent it.
    due_at: Timestamp,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Only {
    Patient,
    Doctor,
}

impl Claim {
    /// `WHAT[ to WHOM], sequence N, doctor N[, refused N][, waits]`.
    fn read(event: &str, note: &str, at: Timestamp) -> Option<Self> {
        let is_open = matches!(event, "mailing" | "warning");
        let mut parts = note.split(", ");
        let what = parts.next()?;
        let sequence = parts.next()?.strip_prefix("sequence ")?.parse().ok()?;
        let doctor = parts.next()?.strip_prefix("doctor ")?.parse().ok()?;
        let refused = parts
            .next()
            .and_then(|part| part.strip_prefix("refused "))
            .and_then(|number| number.parse().ok());
        let (what, only) = match what.split_once(" to ") {
            Some((what, "patient")) => (what, Some(Only::Patient)),
            Some((what, "doctor")) => (what, Some(Only::Doctor)),
            _ => (what, None),
        };
        let about = match what {
            "booked" => About::Booked,
            "moved" => About::Rescheduled,
            "reassigned" => About::Reassigned,
            "released" => About::Released,
            "cancelled" => About::Cancelled,
            "late" => About::Late,
            "ready" => About::Ready,
            "missed" => About::Missed,
            "failed" => About::Failed,
            "uncertain" => About::Uncertain,
            "overlaps" => About::Overlaps,
            "unmailed" => About::Unmailed,
            link if link.starts_with("link ") => About::NewLink,
            _ => return None,
        };
        let seconds = if event == "warning" {
            TROUBLE_SECONDS
        } else {
            NEWS_SECONDS
        };
        Some(Self {
            about,
            only,
            sequence,
            doctor,
            refused: refused.unwrap_or(0),
            is_open,
            due_at: at.after(seconds),
        })
    }

    /// Whether the doctor's calendar holds the visit because of it.
    fn holds(&self) -> bool {
        matches!(
            self.about,
            About::Booked | About::Rescheduled | About::Reassigned | About::NewLink
        )
    }

    fn recipients(&self) -> Vec<Recipient> {
        let (patient, doctor) = (Recipient::Patient, Recipient::Doctor(self.doctor));
        match (self.only, self.about) {
            (Some(Only::Patient), _) => vec![patient],
            (Some(Only::Doctor), _) | (None, About::Released) => vec![doctor],
            (None, about) if about.is_news() => vec![patient, doctor],
            (None, About::Late | About::Missed) if self.refused == 0 => {
                vec![Recipient::Staff, doctor, patient]
            }
            (None, About::Uncertain | About::Unmailed) => vec![Recipient::Staff],
            (None, _) => vec![Recipient::Staff, doctor],
        }
    }

    fn notice(&self, to: Recipient, now: Timestamp) -> Notice {
        Notice {
            id: 0,
            about: self.about,
            to,
            sequence: self.sequence,
            place: Place::Waiting,
            says: None,
            tries: self.refused,
            due_at: self.due_at.max(now),
        }
    }
}

fn pending(event: &str) -> Pending {
    Pending::Wish(match event {
        "doubted" => return Pending::Doubt,
        "booked" => WishKind::Book,
        "reassigned" => WishKind::Reassign,
        "cancelled" => WishKind::Cancel,
        "renewed" => WishKind::Recreate,
        _ => WishKind::Reschedule,
    })
}

fn maker(from: &Reader<'_>) -> Result<Option<Maker>, BadColumn> {
    let Some(mode) = from.text("mode")? else {
        return Ok(None);
    };
    let subject: Option<String> = from.maybe("connection")?;
    let host: Option<String> = from.maybe("host_id")?;
    let email: Option<String> = from.maybe("host_email")?;
    Ok(Some(Maker {
        mode: super::columns::mode_of(mode)?,
        app: from.maybe("app")?.unwrap_or_default(),
        account: from.maybe("zoom_account")?,
        // Whom Zoom counts the writes of, as far as that was known.
        host: host.or(email).or(subject.clone()).unwrap_or_default(),
        subject,
    }))
}

fn known(
    from: &Reader<'_>,
    number: Option<i64>,
    slot: Option<Slot>,
) -> Result<Option<Known>, BadColumn> {
    let Some(number) = number else {
        return Ok(None);
    };
    let has = |column: &str| from.0.contains_key(column);
    Ok(Some(Known {
        number,
        uuid: if has("uuid") {
            from.maybe("uuid")?
        } else {
            None
        },
        host: from.maybe("host_id")?,
        host_email: from.maybe("host_email")?,
        join_url: if has("join_url") {
            from.maybe("join_url")?
        } else {
            None
        },
        passcode: if has("passcode") {
            from.maybe("passcode")?
        } else {
            None
        },
        passcode_in_link: has("passcode_in_link") && from.text("passcode_in_link")? == Some("1"),
        slot,
        overridden: match if has("overridden") {
            from.text("overridden")?
        } else {
            None
        } {
            Some(json) => serde_json::from_str(json).unwrap_or_default(),
            None => Vec::new(),
        },
    }))
}

fn problem(from: &Reader<'_>) -> Result<Option<Problem>, BadColumn> {
    Ok(from.text("last_error")?.map(|words| {
        let mut problem = Problem::passing(TOLD_BEFORE);
        problem
            .parameters
            .insert("message".to_owned(), words.to_owned());
        problem
    }))
}

/// What schema 5 took for equal: start, end, length, zone and topic.
fn fingerprint(slot: &Slot) -> String {
    let text = [
        moment_text(slot.start),
        moment_text(slot.end()),
        slot.minutes.to_string(),
        slot.timezone.clone(),
        slot.topic.clone(),
    ]
    .join("|");
    sha1(&text)
}

#[cfg(test)]
mod tests;
