//! php-fpm with one pool per contender, spoken to over `FastCGI` without a web server in between.

use std::fmt::Write as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use anyhow::Context as _;
use fastcgi_client::Client;
use fastcgi_client::Params;
use fastcgi_client::Request;
use futures::executor::block_on;
use futures::io::AllowStdIo;
use futures::io::Cursor;
use serde_json::Value;

use crate::php::Taken;
use crate::php::taken;
use crate::setting::Setting;
use crate::stage::Stage;

const PATIENCE: Duration = Duration::from_secs(20);

/// It ends with its workers when it is dropped, or when this process ends.
pub struct Fpm {
    child: Child,
    folder: PathBuf,
}

impl Fpm {
    /// Starts it with nothing but these directives; each pool has so many workers.
    pub fn start(
        setting: &Setting,
        name: &str,
        directives: &[String],
        pools: &[&str],
        workers: usize,
    ) -> anyhow::Result<Self> {
        let log = setting.folder(name)?;
        // Socket paths are limited to about a hundred characters, and a checkout may lie deep.
        let folder =
            std::env::temp_dir().join(format!("telemed-bench-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let mut text = format!(
            "[global]\nerror_log = {}\ndaemonize = no\n",
            log.join("fpm.log").display()
        );
        for pool in pools {
            writeln!(
                text,
                "[{pool}]\nuser = $USER\nlisten = {}\npm = static\npm.max_children = {workers}\ncatch_workers_output = yes",
                folder.join(pool).display()
            )?;
        }
        let user = String::from_utf8(Command::new("id").arg("-un").output()?.stdout)?;
        let file = log.join("fpm.conf");
        std::fs::write(&file, text.replace("$USER", user.trim()))?;
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "TERM"])
            .arg(setting.php("-fpm"))
            .args(["-n", "-R", "-F", "-y"])
            .arg(&file);
        for directive in directives {
            command.args(["-d", directive]);
        }
        let child = command.spawn().context("php-fpm cannot be started")?;
        let mut fpm = Self { child, folder };
        let begun = Instant::now();
        while !pools.iter().all(|pool| fpm.folder.join(pool).exists()) {
            anyhow::ensure!(
                fpm.child.try_wait()?.is_none() && begun.elapsed() < PATIENCE,
                "php-fpm did not come up; see {}",
                log.join("fpm.log").display()
            );
            thread::sleep(Duration::from_millis(20));
        }
        Ok(fpm)
    }

    /// One PHP request; what it printed after its headers.
    pub fn request(
        &self,
        setting: &Setting,
        pool: &str,
        script: &str,
        variables: &[(&str, String)],
    ) -> anyhow::Result<String> {
        let file = setting.scripts.join(script).display().to_string();
        let mut params = Params::default()
            .request_method("GET")
            .script_name(format!("/{script}"))
            .script_filename(file)
            .request_uri(format!("/{script}"))
            .server_protocol("HTTP/1.1")
            .content_length(0);
        for (name, value) in variables {
            params.insert((*name).to_owned().into(), value.clone().into());
        }
        let stream = UnixStream::connect(self.folder.join(pool))?;
        let client = Client::new(AllowStdIo::new(stream));
        let request = Request::new(params, Cursor::new(Vec::<u8>::new()));
        let response = block_on(client.execute_once(request))?;
        if let Some(text) = response.stderr.filter(|text| !text.is_empty()) {
            anyhow::bail!("php-fpm: {}", String::from_utf8_lossy(&text));
        }
        let text = String::from_utf8(response.stdout.unwrap_or_default())?;
        let (_, body) = text
            .split_once("\r\n\r\n")
            .with_context(|| format!("php-fpm answered without headers: {text}"))?;
        Ok(body.to_owned())
    }

    /// One meeting; the time is that of PHP's own work and Zoom's answer.
    pub fn create(
        &self,
        setting: &Setting,
        stage: &Stage,
        contender: &str,
        host: &str,
    ) -> anyhow::Result<Taken> {
        let variables = [
            ("BENCH_CONFIG", stage.target.config.display().to_string()),
            ("BENCH_CONTENDER", contender.to_owned()),
            ("BENCH_HOST", host.to_owned()),
        ];
        let body = self.request(setting, contender, "request.php", &variables)?;
        let answer: Value = serde_json::from_str(&body).with_context(|| body.clone())?;
        taken(&answer)
    }

    /// The process ids of the workers.
    pub fn workers(&self) -> anyhow::Result<Vec<u32>> {
        let pid = self.child.id();
        let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
        text.split_whitespace()
            .map(|pid| pid.parse().context("a process id"))
            .collect()
    }
}

impl Drop for Fpm {
    fn drop(&mut self) {
        let pid = self.child.id().to_string();
        // TERM ends the workers too; a master that is killed leaves them behind.
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
