//! PgBouncer in transaction mode, in front of a server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::private::{as_postgres, free_port, give_to_postgres, open_folder};

/// A pooler with two connections to its server, which ends with this value.
#[derive(Debug)]
pub struct PgBouncer {
    folder: tempfile::TempDir,
    port: u16,
    process: Child,
    keeps_statements: bool,
}

impl PgBouncer {
    /// Starts one in front of a server on this machine; none where it is not installed, which has been told then.
    ///
    /// `COVET_TEST_PGBOUNCER` names the program; without it Debian's is used.
    #[must_use]
    pub fn start(server: u16) -> Option<Self> {
        let named = std::env::var_os("COVET_TEST_PGBOUNCER").map(PathBuf::from);
        let program = named.clone().unwrap_or_else(|| "/usr/sbin/pgbouncer".into());
        if !program.exists() {
            assert!(named.is_none(), "there is no PgBouncer at {}", program.display());
            #[expect(clippy::print_stderr, reason = "a test that tests nothing must say so")]
            {
                eprintln!("SKIPPED: PgBouncer is not installed; this test tested nothing");
            }
            return None;
        }
        let (folder, port) = (open_folder(), free_port());
        let keeps_statements = keeps_statements(&program);
        let path = folder.path().display();
        let statements = if keeps_statements { "max_prepared_statements = 200" } else { "" };
        let config = format!(
            "[databases]\n* = host=127.0.0.1 port={server} user=covet\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 2\nmax_client_conn = 200\nlogfile = {path}/log\npidfile = {path}/pid\n{statements}\n"
        );
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, config).unwrap();
        give_to_postgres(&file);
        let mut command = as_postgres(&program);
        command.arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut pooler = Self { process: command.spawn().unwrap(), folder, port, keeps_statements };
        let deadline = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = pooler.process.try_wait().unwrap();
            let log = fs::read_to_string(pooler.folder.path().join("log")).unwrap_or_default();
            assert!(ended.is_none() && Instant::now() < deadline, "PgBouncer did not start: {log}");
            std::thread::sleep(Duration::from_millis(10));
        }
        Some(pooler)
    }

    /// Whether it keeps a client's prepared statements, as from 1.21 on.
    #[must_use]
    pub fn keeps_statements(&self) -> bool {
        self.keeps_statements
    }

    /// A URL of the database `postgres` through it.
    #[must_use]
    pub fn url(&self, options: &str) -> String {
        format!("postgres://covet@127.0.0.1:{}/postgres?{options}", self.port)
    }
}

fn keeps_statements(program: &Path) -> bool {
    let version = as_postgres(program).arg("--version").output().unwrap();
    let text = String::from_utf8_lossy(&version.stdout).into_owned();
    let minor = text.split_whitespace().nth(1).and_then(|version| version.split('.').nth(1)?.parse::<u32>().ok());
    minor >= Some(21)
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
