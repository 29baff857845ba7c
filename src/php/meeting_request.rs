//! `Telemed\MeetingRequest`.

use std::rc::Rc;

use ext_php_rs::prelude::*;

use super::convert::DateTimeArgument;
use super::convert::SEALED;
use super::convert::SettingsArgument;
use super::convert::timezone as canonical_timezone;
use crate::zoom;

/// What a meeting shall be.
#[php_class]
#[php(name = "Telemed\\MeetingRequest")]
#[php(flags = SEALED)]
pub struct MeetingRequest {
    request: Rc<zoom::meeting_request::MeetingRequest>,
}

#[php_impl]
impl MeetingRequest {
    #[php(defaults(settings = SettingsArgument::default()))]
    pub fn __construct(
        topic: String,
        start: DateTimeArgument,
        minutes: i64,
        timezone: String,
        host: Option<String>,
        reference: Option<String>,
        settings: SettingsArgument,
    ) -> PhpResult<Self> {
        let request = zoom::meeting_request::MeetingRequest::new(
            &topic,
            start.instant()?,
            minutes,
            &canonical_timezone(&timezone)?,
            host.as_deref(),
            reference.as_deref(),
            settings.json()?,
        )?;
        Ok(Self {
            request: Rc::new(request),
        })
    }
}

impl MeetingRequest {
    /// The core's request.
    pub fn core(&self) -> Rc<zoom::meeting_request::MeetingRequest> {
        Rc::clone(&self.request)
    }
}
