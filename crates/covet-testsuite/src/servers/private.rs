//! A PostgreSQL server of a test's own, for tests that stop it, or set it up in a way of their own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::postgres::{announced, program};

/// How long starting and stopping may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a server is set up beyond what every test server has.
#[derive(Debug, Default)]
pub struct Setup<'a> {
    /// Lines of `postgresql.conf`.
    pub config: &'a [&'a str],
    /// Lines that stand first in `pg_hba.conf`, before the one that trusts everybody.
    pub access: &'a [&'a str],
    /// Files for the server's folder, readable by nobody else.
    pub files: &'a [(&'a str, &'a str)],
    /// The programs of another server than the usual one.
    pub programs: Option<PathBuf>,
}

/// A server, which ends with this value.
#[derive(Debug)]
pub struct PrivateServer {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
    process: Option<Child>,
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Its sessions are told (`fast`).
    Told,
    /// As by a crash (`immediate`).
    Crash,
}

impl PrivateServer {
    /// Makes and starts a server; none where PostgreSQL is not installed, which has been told then.
    #[must_use]
    pub fn start(setup: &Setup<'_>) -> Option<Self> {
        let programs = setup.programs.clone().or_else(|| announced(program()))?;
        let folder = open_folder();
        let mut server = Self { folder, programs, port: free_port(), process: None };
        server.make(setup);
        server.start_again();
        Some(server)
    }

    fn make(&self, setup: &Setup<'_>) {
        let data = self.data();
        fs::create_dir(&data).unwrap();
        give_to_postgres(&data);
        let mut initdb = as_postgres(&self.programs.join("initdb"));
        initdb.arg("-D").arg(&data).args(["-U", "covet", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        assert!(initdb.stdout(Stdio::null()).status().unwrap().success(), "initdb failed");
        let mut config = fs::read_to_string(data.join("postgresql.conf")).unwrap();
        let port = self.port;
        let sockets = self.folder.path().display();
        config.push_str(&format!(
            "\nlisten_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{sockets}'\nfsync = off\nautovacuum = off\nshared_buffers = 32MB\nmax_connections = 100\n{}\n",
            setup.config.join("\n")
        ));
        fs::write(data.join("postgresql.conf"), config).unwrap();
        let access = fs::read_to_string(data.join("pg_hba.conf")).unwrap();
        fs::write(data.join("pg_hba.conf"), format!("{}\n{access}", setup.access.join("\n"))).unwrap();
        for (name, text) in setup.files {
            let path = data.join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            give_to_postgres(&path);
        }
    }

    /// Starts it after [`stop`](Self::stop), on the same port and with the same data. It accepts connections then.
    pub fn start_again(&mut self) {
        let log = fs::File::create(self.folder.path().join("log")).unwrap();
        let mut postgres = as_postgres(&self.programs.join("postgres"));
        postgres.arg("-D").arg(self.data()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.process = Some(postgres.spawn().unwrap());
        let deadline = Instant::now() + PATIENCE;
        while !self.log().contains("ready to accept connections") && !self.log().contains("ready to accept read-only") {
            let ended = self.process.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "PostgreSQL did not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// A standby of this server, which is stopped and started again meanwhile.
    #[must_use]
    pub fn standby(&mut self) -> Self {
        self.stop(Stop::Told);
        let folder = open_folder();
        let mut standby = Self { folder, programs: self.programs.clone(), port: free_port(), process: None };
        let data = standby.data();
        assert!(Command::new("cp").arg("-a").arg(self.data()).arg(&data).status().unwrap().success());
        fs::write(data.join("standby.signal"), "").unwrap();
        let mut config = fs::read_to_string(data.join("postgresql.conf")).unwrap();
        config.push_str(&format!(
            "\nport = {}\nunix_socket_directories = '{}'\nprimary_conninfo = 'host=127.0.0.1 port={} user=covet'\n",
            standby.port,
            standby.folder.path().display(),
            self.port
        ));
        fs::write(data.join("postgresql.conf"), config).unwrap();
        self.start_again();
        standby.start_again();
        standby
    }

    /// What it has said since it was started.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Stops it and waits until it has ended.
    pub fn stop(&mut self, stop: Stop) {
        let Some(mut process) = self.process.take() else { return };
        let signal = if stop == Stop::Told { "-INT" } else { "-QUIT" };
        Command::new("kill").arg(signal).arg(process.id().to_string()).status().unwrap();
        let deadline = Instant::now() + PATIENCE;
        while process.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "PostgreSQL did not stop: {}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of its Unix socket.
    #[must_use]
    pub fn sockets(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of its programs.
    #[must_use]
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// The folder of its data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A URL of its database `postgres`.
    #[must_use]
    pub fn url(&self, options: &str) -> String {
        format!("postgres://covet@127.0.0.1:{}/postgres?{options}", self.port)
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // As a crash: nobody needs the data any more.
            let _ = Command::new("kill").arg("-QUIT").arg(process.id().to_string()).status();
            let _ = process.wait();
        }
    }
}

/// A port that nothing listens on at the moment.
#[must_use]
pub fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// A folder that the user `postgres` can enter.
#[must_use]
pub fn open_folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("covet-").tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    folder
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// PostgreSQL and PgBouncer refuse to run as root.
#[must_use]
pub fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig", "KILL"]).arg(program);
    command
}

/// Makes the user `postgres` the owner, where this is root.
pub fn give_to_postgres(path: &Path) {
    if is_root() {
        assert!(Command::new("chown").arg("postgres").arg(path).status().unwrap().success());
    }
}
