//! Child processes that end: each has a time limit, and none outlives an interrupt.
//!
//! A child leads a process group of its own, so that a limit or Ctrl-C ends what it started as
//! well (a test runner's tests, a test's server), not only the child itself.

use std::fmt;
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

/// How often a running child is looked at.
const POLL: Duration = Duration::from_millis(40);

/// Why a child did not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It could not be started.
    Start { program: String, why: String },
    /// It ended with an error.
    Exit { program: String, status: String },
    /// It ran longer than allowed and was ended.
    TimedOut { program: String, limit: Duration },
    /// The user interrupted the task.
    Interrupted,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { program, why } => write!(f, "{program} could not be started: {why}"),
            Self::Exit { program, status } => write!(f, "{program} failed with {status}"),
            Self::TimedOut { program, limit } => {
                write!(f, "{program} was ended after {} s", limit.as_secs())
            }
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl From<Failure> for String {
    fn from(failure: Failure) -> Self {
        failure.to_string()
    }
}

/// Runs a command to its end; its output goes where ours goes.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Result<(), Failure> {
    let program = program_of(command);
    let mut child = start(command, &program)?;
    wait(&mut child, program, limit)
}

/// Runs a command to its end and answers what it wrote on standard output.
pub(crate) fn output(command: &mut Command, limit: Duration) -> Result<Vec<u8>, Failure> {
    let program = program_of(command);
    let mut child = start(command.stdout(Stdio::piped()), &program)?;
    let stdout = child.stdout.take();
    // A thread reads along, since a child that fills the pipe would otherwise never end.
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        stdout.map(|mut pipe| pipe.read_to_end(&mut bytes));
        bytes
    });
    wait(&mut child, program, limit)?;
    Ok(reader.join().unwrap_or_default())
}

/// Whether the command runs and ends well; what it prints is dropped.
pub(crate) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stderr(Stdio::null());
    output(&mut command, Duration::from_secs(30)).is_ok()
}

/// From here on, SIGINT and SIGTERM end the running child first, then the task.
pub(crate) fn listen_for_interrupts() {
    #[cfg(unix)]
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        if let Err(error) = signal_hook::flag::register(signal, Arc::clone(flag())) {
            eprintln!("warning: children may outlive an interrupt: {error}");
        }
    }
}

/// Whether the user wants the task to end.
pub(crate) fn interrupted() -> bool {
    flag().load(Ordering::Relaxed)
}

fn flag() -> &'static Arc<AtomicBool> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    FLAG.get_or_init(Arc::default)
}

fn program_of(command: &Command) -> String {
    let name = std::path::Path::new(command.get_program());
    let mut text = name.file_stem().unwrap_or(name.as_os_str()).to_string_lossy().into_owned();
    if let Some(first) = command.get_args().next() {
        text.push(' ');
        text.push_str(&first.to_string_lossy());
    }
    text
}

fn start(command: &mut Command, program: &str) -> Result<Child, Failure> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| Failure::Start { program: program.to_owned(), why: error.to_string() })
}

fn wait(child: &mut Child, program: String, limit: Duration) -> Result<(), Failure> {
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => {
                let status = status.to_string();
                return Err(Failure::Exit { program, status });
            }
            Ok(None) => {}
            Err(error) => {
                end(child);
                let status = error.to_string();
                return Err(Failure::Exit { program, status });
            }
        }
        if interrupted() {
            end(child);
            return Err(Failure::Interrupted);
        }
        if started.elapsed() > limit {
            end(child);
            return Err(Failure::TimedOut { program, limit });
        }
        thread::sleep(POLL);
    }
}

/// Ends a child and its whole group, and waits until it is gone.
fn end(child: &mut Child) {
    #[cfg(unix)]
    {
        let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(group) = group {
            // The group may be gone already, which is what is wanted.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_a_child_prints_is_answered() {
        let answer = output(&mut shell("printf hello"), Duration::from_secs(10));
        assert_eq!(answer.unwrap(), b"hello");
    }

    #[test]
    fn an_error_status_is_a_failure() {
        let failure = run(&mut shell("exit 3"), Duration::from_secs(10)).unwrap_err();
        assert!(matches!(failure, Failure::Exit { .. }), "{failure}");
    }

    #[test]
    fn a_missing_program_is_told_apart() {
        let failure = run(&mut Command::new("no-such-program"), Duration::from_secs(10));
        assert!(matches!(failure, Err(Failure::Start { .. })));
    }

    #[test]
    fn the_limit_ends_grandchildren_too() {
        let started = Instant::now();
        // The pipe stays open as long as the grandchild lives, so that `output` would wait for it.
        let failure = output(&mut shell("sleep 30 & sleep 30"), Duration::from_millis(200));
        assert!(matches!(failure, Err(Failure::TimedOut { .. })));
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}
