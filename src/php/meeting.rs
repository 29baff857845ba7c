//! `Telemed\Meeting`.

use ext_php_rs::prelude::*;

use super::convert::DateTime;
use super::convert::SEALED;
use super::convert::not_constructible;
use crate::zoom;

/// A meeting as Zoom tells it.
#[php_class]
#[php(name = "Telemed\\Meeting")]
#[php(flags = SEALED)]
pub struct Meeting {
    meeting: zoom::meeting::Meeting,
}

#[php_impl]
impl Meeting {
    #[php(vis = "private")]
    pub fn __construct() -> PhpResult<Self> {
        not_constructible()
    }

    pub fn id(&self) -> i64 {
        self.meeting.id().get()
    }

    pub fn uuid(&self) -> Option<&str> {
        self.meeting.uuid()
    }

    pub fn topic(&self) -> &str {
        self.meeting.topic()
    }

    pub fn start(&self) -> Option<DateTime> {
        self.meeting.start().map(DateTime)
    }

    pub fn minutes(&self) -> i64 {
        self.meeting.minutes()
    }

    pub fn timezone(&self) -> Option<&str> {
        self.meeting.timezone()
    }

    pub fn host_id(&self) -> Option<&str> {
        self.meeting.host_id()
    }

    pub fn host_email(&self) -> Option<&str> {
        self.meeting.host_email()
    }

    pub fn join_url(&self) -> Option<&str> {
        self.meeting.join_url()
    }

    pub fn passcode(&self) -> Option<&str> {
        self.meeting.passcode()
    }

    pub fn passcode_in_link(&self) -> bool {
        self.meeting.passcode_in_link()
    }

    pub fn created_at(&self) -> Option<DateTime> {
        self.meeting.created_at().map(DateTime)
    }

    pub fn status(&self) -> Option<&str> {
        self.meeting.status()
    }

    pub fn marker(&self) -> Option<&str> {
        self.meeting.marker()
    }

    pub fn overridden(&self) -> Vec<String> {
        self.meeting.overridden().to_vec()
    }
}

impl Meeting {
    /// The core's meeting.
    pub fn core(&self) -> &zoom::meeting::Meeting {
        &self.meeting
    }
}

impl From<zoom::meeting::Meeting> for Meeting {
    fn from(meeting: zoom::meeting::Meeting) -> Self {
        Self { meeting }
    }
}

/// One page of a host's meetings.
#[php_class]
#[php(name = "Telemed\\MeetingPage")]
#[php(flags = SEALED)]
pub struct MeetingPage {
    page: zoom::client::MeetingPage,
}

#[php_impl]
impl MeetingPage {
    #[php(vis = "private")]
    pub fn __construct() -> PhpResult<Self> {
        not_constructible()
    }

    pub fn meetings(&self) -> Vec<Meeting> {
        self.page
            .meetings
            .iter()
            .cloned()
            .map(Meeting::from)
            .collect()
    }

    pub fn next(&self) -> Option<&str> {
        self.page.next.as_deref()
    }
}

impl From<zoom::client::MeetingPage> for MeetingPage {
    fn from(page: zoom::client::MeetingPage) -> Self {
        Self { page }
    }
}
