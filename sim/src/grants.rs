//! Grants: doctors connect, and connect again when a grant has died.

use anyhow::Context as _;
use anyhow::Result;

use telemed::zoom::Subject;
use telemed::zoom::connection::ConnectionStatus;

use crate::template::Template;
use crate::template::every_maker;
use crate::template::oauth_app;
use crate::world::World;

impl World {
    /// Through each app a meeting is made and deleted again.
    ///
    /// # Errors
    /// When Zoom does not let us: a defect, for the weather is calm.
    pub fn try_all_out(&self) -> Result<()> {
        for maker in every_maker() {
            let client = self
                .template
                .client(&maker, self.context().context("too deep")?)?;
            let host = maker.subject.is_none().then_some(maker.host.as_str());
            Template::try_out(&client, host)?;
        }
        self.damages.borrow_mut().clear();
        Ok(())
    }

    /// Every doctor who is not connected, or not any more, connects. Whether any did.
    ///
    /// # Errors
    /// When Zoom does not let them: a defect, for the weather is calm.
    pub fn connect_all(&self) -> Result<bool> {
        let mut any = false;
        let app = oauth_app(self.context().context("too deep")?)?;
        for (doctor, host) in (1..).zip(Template::hosts()) {
            let doctor: u64 = doctor;
            let subject = Subject::new(&doctor.to_string())?;
            let connection = app.connection(&subject)?;
            if connection.is_some_and(|one| one.status() == ConnectionStatus::Connected) {
                continue;
            }
            self.note(|| format!("doctor {doctor} connects"));
            let request = app.authorization_request(&subject)?;
            let authorized = {
                let mut zoom = self.zoom.borrow_mut();
                zoom.set_clock(self.true_now());
                zoom.authorize(request.url(), host)?
            };
            app.connect(&authorized.code, request.state(), &subject)?;
            any = true;
        }
        Ok(any)
    }
}
