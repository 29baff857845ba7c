//! Those who create one meeting at a time, each warm.

use std::time::Instant;

use anyhow::Context as _;
use serde_json::json;

use crate::bare_client::BareClient;
use crate::fake_zoom::DOCTOR;
use crate::fpm::Fpm;
use crate::library_client::LibraryClient;
use crate::php;
use crate::php::Taken;
use crate::php::Worker;
use crate::setting::Setting;
use crate::stage::Stage;

pub const TELEMED: &str = "telemed, CLI";
pub const TELEMED_FPM: &str = "telemed, php-fpm";
pub const WP_HTTP: &str = "WordPress HTTP API";
pub const CURL_KEPT: &str = "PHP cURL, handle kept, CLI";
pub const CURL_FPM: &str = "PHP cURL, php-fpm";
pub const LIMIT: &str = "the limit: bare client";
/// A connection that rests between two exchanges finds the server and the processor asleep, whoever asks: php-fpm's requests
/// are held against a bare client that rests as long.
pub const LIMIT_FPM: &str = "the limit at php-fpm's pace";
pub const LIBRARY: &str = "reqwest alone";

/// The php-fpm pool that serves requests which do nothing.
const PAUSE: &str = "pause";

/// What each costs per meeting about once (TLS, certificates), so that slow ones are asked less often.
const SLOW: usize = 4;

pub enum Contender {
    Cli(Worker),
    Fpm(&'static str),
    Limit(Box<BareClient>),
    LimitAtFpmPace(Box<BareClient>),
    Library(Box<LibraryClient>),
}

pub struct Contenders<'a> {
    setting: &'a Setting,
    stage: &'a Stage,
    fpm: Fpm,
    all: Vec<(&'static str, Contender)>,
}

impl<'a> Contenders<'a> {
    pub fn new(setting: &'a Setting, stage: &'a Stage, name: &str) -> anyhow::Result<Self> {
        let mut directives = php::directives(setting, &stage.target);
        directives.push("extension=curl".to_owned());
        // As a site has it.
        directives.push("zend_extension=opcache".to_owned());
        let fpm = Fpm::start(
            setting,
            &format!("{name}-fpm"),
            &directives,
            &["telemed", "curl", PAUSE],
            1,
        )?;
        let all = vec![
            (
                LIMIT,
                Contender::Limit(Box::new(stage.bare_client(setting)?)),
            ),
            (
                LIMIT_FPM,
                Contender::LimitAtFpmPace(Box::new(stage.bare_client(setting)?)),
            ),
            (
                LIBRARY,
                Contender::Library(Box::new(LibraryClient::new(stage, setting.trust.clone())?)),
            ),
            (
                TELEMED,
                Contender::Cli(Worker::telemed(setting, &stage.target)?),
            ),
            (TELEMED_FPM, Contender::Fpm("telemed")),
            (
                CURL_KEPT,
                Contender::Cli(Worker::curl_kept(setting, &stage.target)?),
            ),
            (CURL_FPM, Contender::Fpm("curl")),
            (
                WP_HTTP,
                Contender::Cli(Worker::wp_http(setting, &stage.target)?),
            ),
        ];
        Ok(Self {
            setting,
            stage,
            fpm,
            all,
        })
    }

    pub fn names(&self) -> Vec<&'static str> {
        self.all.iter().map(|(name, _)| *name).collect()
    }

    /// One round: each creates one meeting untimed and then so many timed (the slow ones fewer), in an order that changes from
    /// round to round.
    pub fn round(
        &mut self,
        number: usize,
        creates: usize,
        mut take: impl FnMut(&'static str, Taken) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let count = self.all.len();
        for place in 0..count {
            let Some((name, contender)) = self.all.get_mut((place + number) % count) else {
                continue;
            };
            let creates = match *name {
                WP_HTTP | CURL_FPM => creates.div_ceil(SLOW),
                _ => creates,
            };
            self.setting.zoom.clear_log()?;
            let taken = contender
                .create(self.setting, self.stage, &self.fpm, creates)
                .with_context(|| format!("{name} has failed"))?;
            anyhow::ensure!(taken.walls.len() == creates, "{name} did less than asked");
            self.setting.zoom.demand_created(name, creates + 1)?;
            take(name, taken)?;
        }
        Ok(())
    }
}

impl Contender {
    fn create(
        &mut self,
        setting: &Setting,
        stage: &Stage,
        fpm: &Fpm,
        creates: usize,
    ) -> anyhow::Result<Taken> {
        match self {
            Self::Cli(worker) => worker.order(&json!({"create": creates, "host": DOCTOR})),
            Self::Fpm(pool) => {
                let mut all = Taken::default();
                fpm.create(setting, stage, pool, DOCTOR)?;
                for _ in 0..creates {
                    let taken = fpm.create(setting, stage, pool, DOCTOR)?;
                    all.walls.extend(taken.walls);
                    all.cpu += taken.cpu;
                }
                Ok(all)
            }
            Self::Limit(client) => limit(client, &stage.request, creates),
            Self::LimitAtFpmPace(client) => repeat(
                creates,
                || fpm.request(setting, PAUSE, "idle.php", &[]).map(drop),
                || Ok(client.exchange(&stage.request)?.status),
            ),
            Self::Library(client) => repeat(creates, || Ok(()), || client.exchange()),
        }
    }
}

/// The bare client's times; the first exchange is not counted.
pub fn limit(client: &mut BareClient, request: &[u8], creates: usize) -> anyhow::Result<Taken> {
    repeat(creates, || Ok(()), || Ok(client.exchange(request)?.status))
}

/// Times one exchange after another, `pause` before each left out; the first is not counted.
fn repeat(
    creates: usize,
    mut pause: impl FnMut() -> anyhow::Result<()>,
    mut exchange: impl FnMut() -> anyhow::Result<u16>,
) -> anyhow::Result<Taken> {
    let mut taken = Taken::default();
    for number in 0..=creates {
        pause()?;
        let start = Instant::now();
        let status = exchange()?;
        let wall = start.elapsed().as_secs_f64();
        anyhow::ensure!(status == 201, "the answer is {status}");
        if number > 0 {
            taken.walls.push(wall);
        }
    }
    Ok(taken)
}
