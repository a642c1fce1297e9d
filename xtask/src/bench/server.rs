//! A contender that runs.

use super::build::Built;
use super::contender::Contender;
use crate::workspace::Workspace;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take until it answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running server. Dropped, it is ended.
pub(crate) struct Server {
    child: Child,
    port: u16,
    startup: Duration,
}

/// What is known of a server that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) startup: Duration,
    /// The most memory that it had, in bytes.
    pub(crate) memory: u64,
}

impl Server {
    pub(super) fn start(
        workspace: &Workspace,
        contender: &Contender,
        built: &Built,
        database: &str,
    ) -> Result<Self, String> {
        let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let port = free.map_err(|error| error.to_string())?.port();
        let mut command = Command::new(&built.program);
        command.current_dir(workspace.root.join(contender.folder));
        if contender.is_python() {
            let cores = thread::available_parallelism().map_or(1, usize::from);
            command.args(["app:app", "--host", "127.0.0.1", "--log-level", "warning", "--port"]);
            command.arg(port.to_string()).arg("--workers").arg(cores.to_string());
        }
        command.env("PORT", port.to_string()).env("DATABASE_URL", database).env("COVET_LOG", "warn");
        command.env("PUBKEY", workspace.root.join("bench/keys/public.pem")).envs(contender.variable);
        let since = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.map_err(|error| format!("{} did not start: {error}", contender.name))?;
        let mut server = Self { child, port, startup: Duration::ZERO };
        while super::check::plaintext(port).is_err() {
            let ended = server.child.try_wait().map_err(|error| error.to_string())?;
            if ended.is_some() || since.elapsed() > PATIENCE {
                return Err(format!("{} does not answer on port {port}", contender.name));
            }
            thread::sleep(Duration::from_millis(2));
        }
        server.startup = since.elapsed();
        Ok(server)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The processor time of the server and what it has started.
    pub(super) fn cpu(&self) -> Duration {
        let ticks: u64 = self.processes().into_iter().map(ticks).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Notes what is to be known at the end, and ends it.
    pub(super) fn end(self) -> Ended {
        let memory = self.processes().into_iter().map(peak_memory).sum();
        Ended { startup: self.startup, memory }
    }

    fn processes(&self) -> Vec<u32> {
        let mut processes = vec![self.child.id()];
        let mut next = 0;
        while let Some(process) = processes.get(next).copied() {
            let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
            for task in tasks {
                let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
                processes.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
            }
            next += 1;
        }
        processes
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for process in self.processes().into_iter().rev() {
            // Workers end with the process that started them, and not by themselves.
            if process != self.child.id() {
                drop(Command::new("kill").arg(process.to_string()).stderr(Stdio::null()).status());
            }
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The fields of a process's line behind its name, so that the first is the third of the manual.
pub(super) fn stat_fields(stat: &str) -> Vec<u64> {
    let rest = stat.rsplit_once(')').map(|(_, rest)| rest).unwrap_or_default();
    rest.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect()
}

fn ticks(process: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat_fields(&stat);
    fields.get(11).zip(fields.get(12)).map_or(0, |(user, system)| user + system)
}

fn peak_memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// A connection to a server on this machine.
pub(super) fn connect(port: u16) -> Result<TcpStream, String> {
    TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())
}
