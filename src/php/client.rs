//! `Telemed\Client`.

#![allow(non_snake_case, reason = "parameter names are public API in PHP")]

use std::rc::Rc;
use std::time::Duration;

use ext_php_rs::boxed::ZBox;
use ext_php_rs::convert::FromZval;
use ext_php_rs::convert::IntoZval;
use ext_php_rs::convert::StubLiteral;
use ext_php_rs::flags::DataType;
use ext_php_rs::prelude::*;
use ext_php_rs::types::ZendHashTable;
use ext_php_rs::types::Zval;
use zeroize::Zeroizing;

use super::array;
use super::configuration::context;
use super::convert::DateTimeArgument;
use super::convert::SEALED;
use super::convert::SecretText;
use super::convert::not_constructible;
use super::diagnosis::Diagnosis;
use super::exceptions::unthrown;
use super::meeting::Meeting;
use super::meeting::MeetingPage;
use super::meeting_request::MeetingRequest;
use super::store::Store;
use super::user::User;
use super::vault::Vault;
use super::visit::Maker;
use crate::visit::maker::Mode;
use crate::zoom;
use crate::zoom::Error;
use crate::zoom::ErrorId;
use crate::zoom::Host;
use crate::zoom::MeetingId;
use crate::zoom::Subject;
use crate::zoom::oauth_app::OAuthApp;
use crate::zoom::server_to_server_app::ServerToServerApp;

/// Speaks to Zoom.
#[php_class]
#[php(name = "Telemed\\Client")]
#[php(flags = SEALED)]
pub struct Client {
    client: Rc<zoom::Client>,
    store: Store,
}

#[php_impl]
impl Client {
    #[php(vis = "private")]
    pub fn __construct() -> PhpResult<Self> {
        not_constructible()
    }

    pub fn through(
        maker: &Maker,
        clientSecret: String,
        redirectUri: String,
        tokens: Store,
        vault: &Vault,
    ) -> PhpResult<Self> {
        let client_secret = Zeroizing::new(clientSecret);
        let context = context(tokens.core(), vault.core())?;
        let maker = maker.core()?;
        let client = match maker.mode {
            Mode::S2s => {
                let account = maker.account.as_deref().unwrap_or_default();
                ServerToServerApp::new(account, &maker.app, &client_secret, context)?.client()
            }
            Mode::OAuth => {
                let subject = Subject::new(maker.subject.as_deref().unwrap_or_default())?;
                let app = OAuthApp::new(&maker.app, &client_secret, &redirectUri, context)?;
                tokens.run(|| app.client_of(&subject, maker.host_at_zoom()))?
            }
        };
        Ok(Self::new(client, tokens))
    }

    pub fn within(&self, seconds: f64) -> PhpResult<Self> {
        let budget = Duration::try_from_secs_f64(seconds)
            .ok()
            .filter(|budget| !budget.is_zero())
            .ok_or_else(|| {
                Error::new(
                    ErrorId::TimeBudgetInvalid,
                    "the time budget is not a positive number of seconds",
                    "Give within() a number of seconds above 0.",
                )
            })?;
        Ok(Self::new(self.client.within(budget), self.store.clone()))
    }

    pub fn create_meeting(&self, request: &MeetingRequest) -> PhpResult<Meeting> {
        let request = request.core();
        self.run(|client| client.create_meeting(&request))
            .map(Meeting::from)
    }

    #[php(defaults(known = KnownArgument::default()))]
    pub fn ensure_meeting(
        &self,
        request: &MeetingRequest,
        known: KnownArgument,
        attemptedAt: Option<DateTimeArgument>,
    ) -> PhpResult<Meeting> {
        let request = request.core();
        let attempted_at = attemptedAt.map(|at| at.instant()).transpose()?;
        let known = known.meetings()?;
        self.run(|client| client.ensure_meeting(&request, &known, attempted_at))
            .map(Meeting::from)
    }

    #[php(defaults(known = KnownArgument::default()))]
    pub fn find_meeting(
        &self,
        request: &MeetingRequest,
        known: KnownArgument,
        attemptedAt: Option<DateTimeArgument>,
    ) -> PhpResult<Option<Meeting>> {
        let request = request.core();
        let attempted_at = attemptedAt.map(|at| at.instant()).transpose()?;
        let known = known.meetings()?;
        let found = self.run(|client| client.find_meeting(&request, &known, attempted_at))?;
        Ok(found.map(Meeting::from))
    }

    pub fn create_meetings(&self, requests: RequestsArgument) -> PhpResult<ZBox<ZendHashTable>> {
        let results = self.run(|client| Ok(client.create_meetings(&requests.0)))?;
        let mut array = ZendHashTable::new();
        for result in results {
            array.push(match result {
                Ok(meeting) => Meeting::from(meeting).into_zval(false)?,
                Err(error) => unthrown(&error)?,
            })?;
        }
        Ok(array)
    }

    #[php(defaults(allSettings = false))]
    pub fn update_meeting(
        &self,
        meetingId: i64,
        request: &MeetingRequest,
        allSettings: bool,
    ) -> PhpResult<Meeting> {
        let request = request.core();
        self.run(|client| client.update_meeting(MeetingId::new(meetingId)?, &request, allSettings))
            .map(Meeting::from)
    }

    pub fn delete_meeting(&self, meetingId: i64) -> PhpResult<bool> {
        self.run(|client| client.delete_meeting(MeetingId::new(meetingId)?))
    }

    pub fn meeting(&self, meetingId: i64, asked: Option<&MeetingRequest>) -> PhpResult<Meeting> {
        let asked = asked.map(MeetingRequest::core);
        self.run(|client| {
            let meeting = client.meeting(MeetingId::new(meetingId)?)?;
            Ok(match asked {
                Some(request) => meeting.compared_with(request.all_settings(), None),
                None => meeting,
            })
        })
        .map(Meeting::from)
    }

    pub fn meetings(&self, host: Option<String>) -> PhpResult<Vec<Meeting>> {
        let host = parsed(host)?;
        let meetings = self.run(|client| client.meetings(host.as_ref()))?;
        Ok(meetings.into_iter().map(Meeting::from).collect())
    }

    pub fn meeting_page(
        &self,
        host: Option<String>,
        token: Option<String>,
    ) -> PhpResult<MeetingPage> {
        let host = parsed(host)?;
        self.run(|client| client.meeting_page(host.as_ref(), token.as_deref()))
            .map(MeetingPage::from)
    }

    pub fn start_url(&self, meetingId: i64) -> PhpResult<SecretText> {
        self.run(|client| client.start_url(MeetingId::new(meetingId)?))
            .map(SecretText)
    }

    pub fn user(&self, host: Option<String>) -> PhpResult<User> {
        let host = parsed(host)?;
        self.run(|client| client.user(host.as_ref()))
            .map(User::from)
    }

    pub fn users(&self) -> PhpResult<Vec<User>> {
        let users = self.run(zoom::Client::users)?;
        Ok(users.into_iter().map(User::from).collect())
    }

    pub fn check(&self, host: Option<String>) -> PhpResult<Diagnosis> {
        self.run(|client| Ok(client.check(host.as_deref())))
            .map(Diagnosis::from)
    }

    pub fn last_tracking_id(&self) -> Option<String> {
        self.client.last_tracking_id()
    }
}

fn parsed(host: Option<String>) -> zoom::Result<Option<Host>> {
    host.map(|host| Host::new(&host)).transpose()
}

/// The argument `requests`: a list of meeting requests.
pub struct RequestsArgument(Vec<Rc<zoom::meeting_request::MeetingRequest>>);

impl FromZval<'_> for RequestsArgument {
    const TYPE: DataType = DataType::Array;

    fn from_zval(zval: &Zval) -> Option<Self> {
        array::values(zval.array()?)
            .map(|item| <&MeetingRequest>::from_zval(item).map(MeetingRequest::core))
            .collect::<Option<_>>()
            .map(Self)
    }
}

/// The argument `known`: a list of meeting ids.
#[derive(Default)]
pub struct KnownArgument(Vec<i64>);

impl FromZval<'_> for KnownArgument {
    const TYPE: DataType = DataType::Array;

    fn from_zval(zval: &Zval) -> Option<Self> {
        array::values(zval.array()?)
            .map(Zval::long)
            .collect::<Option<_>>()
            .map(Self)
    }
}

impl KnownArgument {
    /// The ids.
    ///
    /// # Errors
    /// When one of them can be none.
    pub fn meetings(self) -> zoom::Result<Vec<MeetingId>> {
        self.0.into_iter().map(MeetingId::new).collect()
    }
}

impl StubLiteral for KnownArgument {
    fn stub_literal(&self) -> String {
        "[]".to_owned()
    }
}

impl Client {
    /// A client and the store that its calls may use.
    pub fn new(client: zoom::Client, store: Store) -> Self {
        Self {
            client: Rc::new(client),
            store,
        }
    }

    /// Runs `work` with the client, whose calls may use the store.
    ///
    /// # Errors
    /// What `work` fails of, with what the store threw.
    pub fn run<T>(&self, work: impl FnOnce(&zoom::Client) -> zoom::Result<T>) -> PhpResult<T> {
        let (client, store) = (Rc::clone(&self.client), self.store.clone());
        store.run(|| work(&client.begun()))
    }
}
