//! The world before any life begins: a clinic that is set up for both kinds of apps, with doctors who are connected.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::rc::Rc;

use anyhow::Context as _;
use anyhow::Result;
use fake_zoom::FakeZoom;
use jiff::Timestamp;

use telemed::visit::maker::Maker;
use telemed::visit::maker::Mode;
use telemed::visit::problem::Problem;
use telemed::zoom::Client;
use telemed::zoom::Context;
use telemed::zoom::Endpoints;
use telemed::zoom::Subject;
use telemed::zoom::Vault;
use telemed::zoom::meeting_request::MeetingRequest;
use telemed::zoom::oauth_app::OAuthApp;
use telemed::zoom::server_to_server_app::ServerToServerApp;

use crate::choices::Choices;
use crate::choices::List;
use crate::choices::Weather;
use crate::world::World;

/// When lives begin.
const BEGINS: &str = "2026-11-30T09:00:00Z";
const ACCOUNT: &str = "Ab12cDefGhIjKlMnOpQrSt";
const S2S: (&str, &str) = ("s2sCliEnTiDeXaMpLe0123", "s2sSeCrEtExAmPlE0123456789abcdef");
const OAUTH: (&str, &str) = ("cLiEnTiDeXaMpLe0123456", "cLiEnTsEcReTeXaMpLe0123456789abc");
const REDIRECT: &str = "https://clinic.example/telemed";
const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// Longer than any life.
const LONG_SECONDS: i64 = 60 * 86_400;
/// The Zoom users of the doctors 1 and 2. A third doctor has none.
const HOSTS: [&str; 2] = ["dR0hOsTiD1exAmple_Zo-m", "dR0hOsTiD2exAmple_Zo-m"];

/// Both ends of what the clinic and Zoom know of each other.
#[derive(Clone)]
pub struct Connected {
    /// Zoom, with the doctors' grants.
    pub zoom: FakeZoom,
    /// The token store's records.
    pub records: BTreeMap<String, String>,
}

/// The world before.
pub struct Template {
    /// Tokens live for the whole life, for lives that are many.
    narrow: Connected,
    /// Tokens live for an hour, as Zoom's.
    wide: Connected,
    /// What seals them.
    pub vault: Rc<Vault>,
    /// Where Zoom is.
    pub endpoints: Rc<Endpoints>,
    /// When lives begin.
    pub now: Timestamp,
}

impl Template {
    /// Sets the clinic up.
    ///
    /// # Errors
    /// When that cannot be done: a defect.
    pub fn new() -> Result<Self> {
        let now = BEGINS.parse()?;
        let nobody = Connected {
            zoom: FakeZoom::new(1, now),
            records: BTreeMap::new(),
        };
        let mut template = Self {
            narrow: nobody.clone(),
            wide: nobody,
            vault: Rc::new(Vault::new(&[KEY])?),
            endpoints: Rc::new(Endpoints::new("https://zoom.us", "https://api.zoom.us")?),
            now,
        };
        template.narrow.zoom.switches_mut().expires_in = Some(LONG_SECONDS);
        let template = Rc::new(template);
        Ok(Self {
            narrow: template.connected(Weather::Narrow)?,
            wide: template.connected(Weather::Wide)?,
            vault: template.vault.clone(),
            endpoints: template.endpoints.clone(),
            now,
        })
    }

    /// What lives of this weather begin with.
    #[must_use]
    pub fn begin(&self, weather: Weather) -> &Connected {
        match weather {
            Weather::Narrow | Weather::Alone => &self.narrow,
            Weather::Wide => &self.wide,
        }
    }

    /// Everybody connects.
    fn connected(self: &Rc<Self>, weather: Weather) -> Result<Connected> {
        let plain = List {
            weather,
            choices: Vec::new(),
        };
        let world = World::new(self, Choices::listed(&plain), None, false);
        world.is_calm.set(true);
        world.connect_all()?;
        // The account's token, too, is there already.
        let maker = Self::maker(Mode::S2s, 1).map_err(|problem| anyhow::anyhow!("{problem:?}"))?;
        let context = world.context().context("too deep")?;
        self.client(&maker, context)?.users()?;
        if weather == Weather::Narrow {
            world.try_all_out()?;
        }
        Ok(Connected {
            zoom: world.zoom.borrow().clone(),
            records: world.records.borrow().clone(),
        })
    }

    /// A meeting that was made through each app before, so that it is known how the accounts answer.
    ///
    /// # Errors
    /// When it cannot be made: a defect.
    pub fn try_out(client: &Client, host: Option<&str>) -> telemed::zoom::Result<()> {
        let start = "2027-01-01T09:00:00Z".parse().unwrap_or_default();
        let settings = serde_json::Map::new();
        let reference = Some("tried:out");
        let request = MeetingRequest::new("Test", start, 30, "UTC", host, reference, settings)?;
        let meeting = client.create_meeting(&request)?;
        client.delete_meeting(meeting.id()).map(|_| ())
    }

    /// The Zoom user of a doctor.
    #[must_use]
    pub fn host(doctor: u64) -> Option<&'static str> {
        let index = usize::try_from(doctor).ok()?.checked_sub(1)?;
        HOSTS.get(index).copied()
    }

    /// All who host.
    #[must_use]
    pub fn hosts() -> &'static [&'static str] {
        &HOSTS
    }

    /// Through what a doctor's meetings are made in a mode.
    ///
    /// # Errors
    /// When the doctor has no Zoom user.
    pub fn maker(mode: Mode, doctor: u64) -> Result<Maker, Problem> {
        let Some(host) = Self::host(doctor) else {
            return Err(Problem::for_a_person("no_host"));
        };
        Ok(Maker {
            mode,
            app: Self::app(mode).to_owned(),
            account: (mode == Mode::S2s).then(|| ACCOUNT.to_owned()),
            subject: (mode == Mode::OAuth).then(|| doctor.to_string()),
            host: host.to_owned(),
        })
    }

    /// The client id of the app of a mode.
    #[must_use]
    pub fn app(mode: Mode) -> &'static str {
        match mode {
            Mode::OAuth => OAUTH.0,
            Mode::S2s => S2S.0,
        }
    }

    /// The client that acts through a maker.
    ///
    /// # Errors
    /// When the credentials are not what they should be.
    pub fn client(&self, maker: &Maker, context: Context) -> telemed::zoom::Result<Client> {
        match &maker.subject {
            Some(subject) => Ok(oauth_app(context)?.client(&Subject::new(subject)?)),
            None => Ok(ServerToServerApp::new(ACCOUNT, S2S.0, S2S.1, context)?.client()),
        }
    }
}

/// Through what meetings may ever have been made.
#[must_use]
pub fn every_maker() -> BTreeSet<Maker> {
    let doctors = 1..=u64::try_from(Template::hosts().len()).unwrap_or(0);
    [Mode::OAuth, Mode::S2s]
        .into_iter()
        .flat_map(|mode| {
            doctors
                .clone()
                .filter_map(move |doctor| Template::maker(mode, doctor).ok())
        })
        .collect()
}

/// The app of the doctors' own accounts.
///
/// # Errors
/// When the credentials are not what they should be.
pub fn oauth_app(context: Context) -> telemed::zoom::Result<OAuthApp> {
    OAuthApp::new(OAUTH.0, OAUTH.1, REDIRECT, context)
}
