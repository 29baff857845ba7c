//! What befalls a clinic now and then: a grant that is taken back, an app that is switched off, a database from a backup.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use telemed::visit::Seconds as _;
use telemed::visit::maker::Mode;

use crate::appointments::Appointments;
use crate::tables::Tables;
use crate::template::Template;
use crate::world::World;

/// An app that was switched off is on again after so long.
const OFF_SECONDS: i64 = 3_600;

/// So long nothing runs while the database comes back.
const DOWN_SECONDS: i64 = 600;

/// What a backup holds: all is in one database.
#[derive(Clone)]
pub struct Backup {
    tables: Tables,
    appointments: Appointments,
    records: BTreeMap<String, String>,
}

impl World {
    /// The first doctor removes the app at Zoom.
    pub fn revoke_grant(&self) {
        let Some(host) = Template::host(1) else {
            return;
        };
        self.note(|| "doctor 1 removes the app".to_owned());
        let app = Template::app(Mode::OAuth);
        self.zoom.borrow_mut().revoke_grant(app, host);
    }

    /// The app of the clinic's account is switched on or off.
    pub fn enable_app(&self, is_enabled: bool) {
        self.note(|| format!("the app is {}", if is_enabled { "on" } else { "off" }));
        let mut zoom = self.zoom.borrow_mut();
        let app = zoom.app(Template::app(Mode::S2s)).cloned();
        if let Some(mut app) = app {
            app.enabled = is_enabled;
            zoom.put_app(app);
        }
        drop(zoom);
        let until = self.true_now().after(OFF_SECONDS);
        self.off_until.set((!is_enabled).then_some(until));
        if is_enabled {
            self.wake();
        }
    }

    /// Everything that the database holds is copied.
    pub fn back_up(&self) {
        if self.appointments.borrow().is_open() {
            return;
        }
        self.note(|| "a backup is made".to_owned());
        *self.backup.borrow_mut() = Some(Backup {
            tables: self.tables.borrow().clone(),
            appointments: self.appointments.borrow().clone(),
            records: self.records.borrow().clone(),
        });
    }

    /// The database is as it was when the backup was made, while no process runs. What Zoom has, and what people were told, is as
    /// it is.
    pub fn restore(&self) {
        let backup = self.backup.borrow().clone();
        let (Some(backup), 1) = (backup, self.depth()) else {
            return;
        };
        self.note(|| "the database comes back from the backup".to_owned());
        self.wait(SignedDuration::from_secs(DOWN_SECONDS));
        self.was_restored.set(true);
        self.has_lost_tokens.set(true);
        *self.tables.borrow_mut() = backup.tables;
        *self.records.borrow_mut() = backup.records;
        self.appointments
            .borrow_mut()
            .go_back_to(backup.appointments);
        self.forget_all_contexts();
        // An administrator says so.
        let ids: Vec<i64> = {
            let tables = self.tables.borrow();
            tables.visits().map(|one| one.row.id).collect()
        };
        for id in ids {
            self.change(id, |visit, at| Some(visit.back_from_backup(at)));
        }
        self.wake();
    }
}
