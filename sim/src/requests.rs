//! What people do: requests at the appointment system and at this plugin's own screens, and what happens at Zoom itself.

use jiff::Timestamp;
use serde_json::Value;
use serde_json::json;

use telemed::visit::Moment;
use telemed::visit::Seconds as _;
use telemed::visit::Slot;
use telemed::visit::SourceMail;
use telemed::visit::Visit;
use telemed::visit::Wish;
use telemed::visit::handover::Answer;
use telemed::visit::handover::From;
use telemed::visit::handover::Handover;
use telemed::visit::maker::Mode;

use crate::act::Act;
use crate::act::Planned;
use crate::appointments::Appointment;
use crate::appointments::Case;
use crate::appointments::OwnMail;
use crate::appointments::Rows;
use crate::appointments::SOURCE;
use crate::departures;
use crate::letters;
use crate::point::Point;
use crate::script;
use crate::template::Template;
use crate::world::World;

/// The plugin's own source.
const MANUAL: &str = "manual";
const MINUTES: i64 = 30;
const DAY_SECONDS: i64 = 86_400;
/// Clocks differ so much at most.
const MOST_SKEW: i64 = 600;

impl World {
    /// Something happens.
    pub fn act(&self, planned: Planned) {
        let Planned {
            act, case, which, ..
        } = planned;
        match act {
            Act::Book
            | Act::Reschedule
            | Act::Reassign
            | Act::Cancel
            | Act::Recreate
            | Act::PayTwice => {
                self.process(&format!("request: {act:?}"), || {
                    self.requested(case, act, which);
                });
            }
            Act::AnswerDoctor | Act::AnswerCancel | Act::AnswerWait => {
                self.process(&format!("request: {act:?}"), || self.answer_for(case, act));
            }
            Act::Depart => {
                self.process("request: Depart", || self.depart(which == 2));
            }
            Act::CancelSilently
            | Act::DeleteSilently
            | Act::RescheduleSilently
            | Act::DeleteDoctor => {
                self.silently(case, act, which);
            }
            Act::DeleteAtZoom | Act::MoveAtZoom => self.at_zoom(case, act),
            Act::SwitchApp => {
                self.process("request: SwitchApp", || self.switch_app(Answer::Move));
            }
            Act::LeaveApp => {
                self.process("request: LeaveApp", || self.switch_app(Answer::Stay));
            }
            Act::Outage => self
                .away_until
                .set(Some(self.true_now().after(DAY_SECONDS))),
            Act::ClockAhead => self.set_skew(self.skew.get() + 300 * (1 + i64::from(which))),
            Act::ClockBack => self.set_skew(self.skew.get() - 300 * (1 + i64::from(which))),
            Act::Night => self.night(),
            Act::ForgetTokens => {
                self.note(|| "Zoom forgets all access tokens".to_owned());
                self.zoom.borrow_mut().forget_access_tokens();
            }
            Act::RevokeGrant => self.revoke_grant(),
            Act::DisableApp => self.enable_app(false),
            Act::Look => {
                self.process("people look", || self.look());
            }
            Act::BackUp => self.back_up(),
            Act::Restore => {
                self.process("an administrator restores", || self.restore());
            }
        }
    }

    /// A request of the appointment system, or of this plugin's own screens.
    pub fn requested(&self, case: Case, act: Act, which: u8) {
        if self.plan.is_manual {
            self.manual_request(case, act, which);
        } else {
            self.request(case, act, which);
        }
    }

    fn set_skew(&self, skew: i64) {
        self.note(|| "the clock jumps".to_owned());
        self.has_jumped.set(true);
        self.skew.set(skew.clamp(-MOST_SKEW, MOST_SKEW));
    }

    /// The appointment as an act leaves it; `None` where the act does not fit.
    fn changed(&self, case: Case, act: Act, which: u8) -> Option<Appointment> {
        let now = self.appointments.borrow().rows(case).appointment.clone();
        let which = i64::from(which);
        let first = || Appointment {
            doctor: 1,
            start: whole(self.true_now().after(self.starts_in(case))),
            minutes: MINUTES,
            is_on: true,
        };
        match (act, now) {
            // What was deleted does not come back.
            (Act::Book, None) if self.appointments.borrow().history(case).is_empty() => {
                Some(first())
            }
            (Act::Book, Some(one)) => Some(Appointment { is_on: true, ..one }),
            (Act::Reschedule | Act::RescheduleSilently, Some(one)) => Some(Appointment {
                start: one.start.after(DAY_SECONDS * (1 + which)),
                ..one
            }),
            (Act::Reassign, Some(one)) => {
                let doctor = match which {
                    0 | 1 => 3 - one.doctor.min(2),
                    _ => 3,
                };
                Some(Appointment { doctor, ..one })
            }
            (Act::Cancel | Act::CancelSilently | Act::AnswerCancel, Some(one)) => {
                Some(Appointment {
                    is_on: false,
                    ..one
                })
            }
            (Act::PayTwice | Act::Recreate | Act::AnswerWait, Some(one)) => Some(one),
            (Act::AnswerDoctor, Some(one)) => Some(Appointment {
                doctor: departures::HEIR,
                ..one
            }),
            _ => None,
        }
    }

    fn starts_in(&self, case: Case) -> i64 {
        let apart = match case {
            Case::First => None,
            Case::Second => self.plan.apart,
        };
        self.plan.starts_in + apart.unwrap_or(0)
    }

    /// A request of the appointment system: a transaction, in which it calls us.
    fn request(&self, case: Case, act: Act, which: u8) {
        let way = self.pick(Point::Transaction);
        // Some parts of such a system write without a transaction, and call us before or after.
        let has_transaction = way < 4;
        if has_transaction {
            self.appointments.borrow_mut().begin(self.depth());
        }
        let Some(appointment) = self.changed(case, act, which) else {
            self.appointments.borrow_mut().roll_back();
            return;
        };
        let before = self.appointments.borrow().rows(case).appointment.clone();
        if before.is_none() {
            self.appointments.borrow_mut().count(case);
        }
        let write = || {
            let mut system = self.appointments.borrow_mut();
            system.change(case, |rows| rows.appointment = Some(appointment.clone()));
        };
        if way != 5 {
            write();
        }
        let wished = self.wished(case, act, &appointment);
        if way == 5 {
            write();
        }
        if self.plan.mails_itself && act != Act::Recreate && before.as_ref() != Some(&appointment) {
            self.mail_itself(case, &appointment);
        }
        self.open_transaction(case, act, &appointment);
        match way {
            1 => {
                self.note(|| "the transaction is rolled back".to_owned());
                self.appointments.borrow_mut().roll_back();
            }
            2 => Self::kill(),
            _ => {
                let mails = self.appointments.borrow_mut().commit();
                self.hand_over_own(&mails);
            }
        }
        if way == 3 {
            Self::kill();
        }
        if let Some((id, stamp)) = wished {
            // The transaction of the last wish is over only where the last wish was ours.
            let is_final = self.stamp(id) == Some(stamp);
            self.bring_on(id, is_final);
        }
    }

    /// What others do while the transaction is open. Whoever wants to write the same row waits for its end.
    fn open_transaction(&self, case: Case, act: Act, appointment: &Appointment) {
        if act == Act::PayTwice {
            // The payment's other report: it calls us too, and has not written yet.
            self.process("request: the same payment", || {
                let wished = self.wished(case, act, appointment);
                if let Some((id, _)) = wished {
                    self.bring_on(id, false);
                }
            });
        }
        match self.pick(Point::OpenTransaction) {
            1 => self.everybody(),
            2 => self.work_off(),
            3 => self.send_mail(),
            _ => {}
        }
    }

    /// What the hook makes of it: a wish, written at once, on our own connection. Its visit and what tells the wish from others.
    fn wished(
        &self,
        case: Case,
        act: Act,
        appointment: &Appointment,
    ) -> Option<(i64, (Timestamp, u32))> {
        let slot = letters::slot(appointment);
        let number = self.appointments.borrow().number(case);
        let id = self.tables.borrow().of_appointment(SOURCE, &number);
        let id = match id {
            None if !appointment.is_on => return None,
            None => {
                let (source, name) = (SOURCE, &number);
                let doctor = appointment.doctor;
                self.happens(|| booked(source, name, doctor, &slot, false));
                let at = self.moment();
                self.write(&Visit::booked(source, name, doctor, slot, at.now).ok()?)?
            }
            Some(id) => {
                let wish = wish(act, appointment, slot);
                self.happens(|| self.wish_of(id, &wish, false));
                self.change(id, |visit, at| Some(visit.wish(wish, at)))?;
                id
            }
        };
        Some((id, self.stamp(id)?))
    }

    fn wish_of(&self, id: i64, wish: &Wish, is_settled: bool) -> Value {
        let mut what = script::of_wish(wish);
        if let Some(what) = what.as_object_mut() {
            what.insert("do".to_owned(), "wish".into());
            what.insert("visit".to_owned(), json!(self.name_of(id)));
            what.insert("is_settled".to_owned(), is_settled.into());
        }
        what
    }

    fn stamp(&self, id: i64) -> Option<(Timestamp, u32)> {
        let tables = self.tables.borrow();
        tables
            .stored(id)
            .map(|stored| (stored.row.wished_at, stored.row.sequence))
    }

    fn mail_itself(&self, case: Case, appointment: &Appointment) {
        let number = self.appointments.borrow().number(case);
        let id = self.tables.borrow().of_appointment(SOURCE, &number);
        let sequence = id
            .and_then(|id| self.stamp(id))
            .map_or(0, |(_, sequence)| sequence);
        let mail = OwnMail {
            noted: SourceMail {
                is_off: !appointment.is_on,
                doctor: appointment.doctor,
                sequence,
            },
            of: appointment.clone(),
        };
        let mut system = self.appointments.borrow_mut();
        let is_open = system.is_open();
        system.change(case, |rows| rows.mails.push(mail.clone()));
        drop(system);
        if !is_open {
            self.hand_over_own(&[(case, mail)]);
        }
    }

    /// A request of this plugin's own screens: what is written stands.
    fn manual_request(&self, case: Case, act: Act, which: u8) {
        let Some(appointment) = self.changed(case, act, which) else {
            return;
        };
        let number = self.appointments.borrow().number(case);
        let id = self.tables.borrow().of_appointment(MANUAL, &number);
        let slot = letters::slot(&appointment);
        let stand = |appointment: Appointment| {
            let mut system = self.appointments.borrow_mut();
            system.change(case, |rows| rows.appointment = Some(appointment));
        };
        let id = match id {
            None => {
                let doctor = appointment.doctor;
                self.happens(|| booked(MANUAL, &number, doctor, &slot, true));
                let at = self.moment();
                let Ok(visit) = Visit::booked(MANUAL, &number, doctor, slot, at.now) else {
                    return;
                };
                // One transaction: it stands as soon as it is written.
                stand(appointment);
                self.write(&visit.settled(&self.policies, at))
            }
            Some(id) => {
                let wish = wish(act, &appointment, slot);
                self.happens(|| self.wish_of(id, &wish, true));
                stand(appointment);
                let wished = self.change(id, |visit: Visit, at: Moment| {
                    Some(visit.wish(wish, at).settled(&self.policies, at))
                });
                wished.map(|visit| visit.row().id)
            }
        };
        if let Some(id) = id {
            self.bring_on(id, true);
        }
    }

    /// Something is changed behind our back. The next sweeps see it.
    fn silently(&self, case: Case, act: Act, which: u8) {
        if self.plan.is_manual {
            return;
        }
        self.note(|| format!("silently: {act:?}"));
        let is_deleted = matches!(act, Act::DeleteSilently | Act::DeleteDoctor);
        let changed = self.changed(case, act, which);
        if changed.is_none() && !is_deleted {
            return;
        }
        let mut system = self.appointments.borrow_mut();
        let doctor_of = |rows: &Rows| rows.appointment.as_ref().map(|one| one.doctor);
        let doctor = doctor_of(system.rows(case));
        system.change(case, |rows| {
            rows.appointment = changed.filter(|_| !is_deleted);
        });
        for other in Case::ALL {
            let is_theirs = doctor.is_some() && doctor_of(system.rows(other)) == doctor;
            if act == Act::DeleteDoctor && is_theirs {
                system.change(other, |rows| rows.appointment = None);
            }
        }
    }

    /// A person does something on Zoom's own pages.
    fn at_zoom(&self, case: Case, act: Act) {
        self.note(|| format!("at Zoom: {act:?}"));
        let mut zoom = self.zoom.borrow_mut();
        let ours = zoom
            .meetings()
            .find(|meeting| self.is_of(meeting, case))
            .map(|meeting| (meeting.id, meeting.agenda.clone(), meeting.start));
        let Some((id, agenda, start)) = ours else {
            return;
        };
        let later = start.after(3_600);
        if act == Act::MoveAtZoom && later <= self.true_now() {
            // Zoom moves nothing into the past.
            return;
        }
        let to = (act == Act::MoveAtZoom).then(|| later.to_string());
        self.happens(|| json!({"do": "at_zoom", "agenda": agenda, "to": to}));
        if act == Act::DeleteAtZoom {
            zoom.delete_meeting(id);
        } else {
            zoom.change_meeting(id, |meeting| meeting.start = later);
            let number = i64::try_from(id).ok();
            let tables = self.tables.borrow();
            let mut rows = tables.visits().flat_map(|one| &one.meetings);
            if self.plan.hides_descriptions && !rows.any(|row| row.number() == number) {
                self.was_disguised.set(true);
            }
        }
    }

    /// The clinic goes over to its other app; so the visits of the former one are answered for.
    fn switch_app(&self, answer: Answer) {
        let former = self.mode.get();
        self.note(|| format!("the clinic leaves {former:?}"));
        let next = match former {
            Mode::OAuth => Mode::S2s,
            Mode::S2s => Mode::OAuth,
        };
        self.mode.set(next);
        let mut handovers = self.handovers.borrow_mut();
        let app = |mode| From::App(Template::app(mode).to_owned());
        handovers.retain(|one| one.from != app(next));
        handovers.push(Handover {
            from: app(former),
            since: self.now(),
            answer: Some(answer),
        });
        drop(handovers);
        self.wake();
    }

    /// Somebody has mended something: all visits are looked at again.
    pub fn wake(&self) {
        self.process("somebody wakes the visits", || self.wake_all());
    }

    fn wake_all(&self) {
        let ids: Vec<i64> = {
            let tables = self.tables.borrow();
            tables.visits().map(|one| one.row.id).collect()
        };
        for id in ids {
            self.happens(|| json!({"do": "wake", "visit": self.name_of(id)}));
            self.change(id, |visit, _| Some(visit.woken()));
            let version = self.tables.borrow().stored(id).map(|one| one.row.version);
            let now = Some(self.now());
            if let Some(version) = version {
                self.tables.borrow_mut().look_again(id, version, now);
            }
        }
    }
}

fn booked(source: &str, appointment: &str, doctor: u64, slot: &Slot, is_settled: bool) -> Value {
    json!({
        "do": "book",
        "visit": [source, appointment],
        "doctor": doctor,
        "slot": script::of_slot(slot),
        "is_settled": is_settled,
    })
}

/// The whole minute before.
fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second() / 60 * 60).unwrap_or(at)
}

fn wish(act: Act, appointment: &Appointment, slot: Slot) -> Wish {
    match act {
        Act::Reschedule => Wish::Reschedule(slot),
        Act::Reassign | Act::AnswerDoctor => Wish::Reassign(appointment.doctor),
        Act::Cancel | Act::AnswerCancel => Wish::Cancel,
        Act::Recreate | Act::AnswerWait => Wish::Recreate,
        // A payment of what is off changes nothing.
        _ if !appointment.is_on => Wish::Cancel,
        _ => Wish::Book {
            doctor: appointment.doctor,
            slot,
        },
    }
}
