//! The threads that hash, and the queue in front of them.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::Params;
use tokio::sync::oneshot;

use super::hash::{self, Memory, Stored};
use super::{Password, PasswordFault};

/// How passwords are hashed, and how much of the machine that may take.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PasswordOptions {
    /// The memory of a hash in KiB (argon2's `m`); 19,456, at least that.
    pub memory_kib: u32,
    /// The passes over it (argon2's `t`); 2, at least that.
    pub iterations: u32,
    /// The threads that hash; one fewer than the machine has cores, at least 1. Each keeps the memory of one hash.
    pub threads: usize,
    /// How many may wait for a thread; 64.
    pub queue: usize,
}

/// Options that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordOptionsError(String);

/// Hashes passwords and compares them with stored hashes. Cheap to clone; the clones share the threads.
///
/// ```
/// use covet_auth::password::{Password, PasswordOptions, Passwords, Verdict};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let passwords = Passwords::new(PasswordOptions::default())?;
/// let stored = passwords.hash(Password::new("correct horse battery")?).await?;
/// assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
///
/// let verdict = passwords.verify(Password::new("correct horse battery")?, Some(&stored)).await?;
/// assert_eq!(verdict, Verdict::Right { rehash: false });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Passwords(Arc<Shared>);

struct Shared {
    jobs: SyncSender<Job>,
    params: Params,
    threads: usize,
    begun: Arc<AtomicU64>,
}

/// What a password turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is not the one that was hashed, or there is none.
    Wrong,
    /// It is the one that was hashed.
    Right {
        /// The stored hash is weaker than today's, or of another kind: hash this password again and store that.
        rehash: bool,
    },
}

/// Why there is no hash or no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasswordError {
    /// The text cannot be a password.
    Fault(PasswordFault),
    /// Too many wait already: 503, to be tried again after this time.
    Busy {
        /// About how long those that wait will take.
        retry_after: Duration,
    },
    /// The stored hash cannot be used, for this reason. The caller's password was hashed all the same, so that the time does not tell.
    Stored(String),
    /// The machine cannot hash: there is no memory, no randomness, or the thread died.
    Failed(String),
}

/// A password to hash and what to do with the hash. It belongs to the thread that works on it: a caller that goes away
/// frees nothing before the work is done.
struct Job {
    password: Password,
    task: Task,
}

enum Task {
    Create(oneshot::Sender<Result<String, PasswordError>>),
    Verify(Option<String>, oneshot::Sender<Result<Verdict, PasswordError>>),
}

impl Default for PasswordOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        PasswordOptions {
            memory_kib: Params::DEFAULT_M_COST,
            iterations: Params::DEFAULT_T_COST,
            threads: cores.saturating_sub(1).max(1),
            queue: 64,
        }
    }
}

impl Passwords {
    /// Starts the threads.
    ///
    /// # Errors
    /// Parameters below OWASP's minimum (19,456 KiB, 2 passes) or above what this accepts in a stored hash (256 MiB, 10 passes); no
    /// threads; a machine that cannot start them.
    pub fn new(options: PasswordOptions) -> Result<Passwords, PasswordOptionsError> {
        let PasswordOptions { memory_kib, iterations, threads, queue } = options;
        if !(Params::DEFAULT_M_COST..=hash::MAX_MEMORY_KIB).contains(&memory_kib) {
            return Err(PasswordOptionsError(format!(
                "the memory of a hash is {} to {} KiB, not {memory_kib}",
                Params::DEFAULT_M_COST,
                hash::MAX_MEMORY_KIB
            )));
        }
        if !(Params::DEFAULT_T_COST..=hash::MAX_ITERATIONS).contains(&iterations) {
            return Err(PasswordOptionsError(format!(
                "a hash has {} to {} passes, not {iterations}",
                Params::DEFAULT_T_COST,
                hash::MAX_ITERATIONS
            )));
        }
        if threads == 0 {
            return Err(PasswordOptionsError("at least one thread must hash".to_owned()));
        }
        let params = Params::new(memory_kib, iterations, 1, None)
            .map_err(|error| PasswordOptionsError(format!("argon2 refuses the parameters: {error}")))?;
        let (jobs, receiver) = sync_channel(queue);
        let receiver = Arc::new(Mutex::new(receiver));
        let begun = Arc::new(AtomicU64::new(0));
        for number in 0..threads {
            let (receiver, params, begun) = (receiver.clone(), params.clone(), begun.clone());
            std::thread::Builder::new()
                .name(format!("covet-passwords-{number}"))
                .spawn(move || work(&receiver, &params, &begun))
                .map_err(|error| PasswordOptionsError(format!("a thread cannot be started: {error}")))?;
        }
        Ok(Passwords(Arc::new(Shared { jobs, params, threads, begun })))
    }

    /// Hashes a new password into a PHC string, with a salt of its own.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] and [`PasswordError::Failed`].
    pub async fn hash(&self, password: Password) -> Result<String, PasswordError> {
        let (sender, answer) = oneshot::channel();
        self.queue(Job { password, task: Task::Create(sender) })?;
        answer.await.unwrap_or_else(|_| Err(died()))
    }

    /// Compares a password with a stored hash. Where there is none, because there is no such user, a hash with today's parameters
    /// is made all the same: the time of a login does not tell who has an account.
    ///
    /// # Errors
    /// [`PasswordError::Busy`], [`PasswordError::Stored`] and [`PasswordError::Failed`].
    pub async fn verify(&self, password: Password, stored: Option<&str>) -> Result<Verdict, PasswordError> {
        let (sender, answer) = oneshot::channel();
        self.queue(Job { password, task: Task::Verify(stored.map(str::to_owned), sender) })?;
        answer.await.unwrap_or_else(|_| Err(died()))
    }

    /// How many hashes were begun so far.
    pub fn hashes(&self) -> u64 {
        self.0.begun.load(Ordering::Relaxed)
    }

    fn queue(&self, job: Job) -> Result<(), PasswordError> {
        self.0.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => PasswordError::Busy { retry_after: Duration::from_secs(1) },
            TrySendError::Disconnected(_) => died(),
        })
    }
}

fn died() -> PasswordError {
    PasswordError::Failed("the thread that hashes has ended".to_owned())
}

fn work(jobs: &Mutex<Receiver<Job>>, params: &Params, begun: &AtomicU64) {
    let mut memory = Memory::default();
    loop {
        // The lock is held while waiting: one thread waits for the queue, the others for the lock.
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { password, task }) = job else { return };
        let password = password.bytes();
        let begin = || begun.fetch_add(1, Ordering::Relaxed);
        // Nobody waits for a job whose caller has gone before it began. A failed send is one whose caller went meanwhile.
        match task {
            Task::Create(answer) if !answer.is_closed() => {
                begin();
                let _ = answer.send(hash::create(params, password, &mut memory));
            }
            Task::Verify(stored, answer) if !answer.is_closed() => {
                begin();
                let _ = answer.send(verify(params, password, stored.as_deref(), &mut memory));
                memory.shrink_to(params);
            }
            Task::Create(_) | Task::Verify(..) => {}
        }
    }
}

fn verify(
    params: &Params,
    password: &[u8],
    stored: Option<&str>,
    memory: &mut Memory,
) -> Result<Verdict, PasswordError> {
    match stored.map(Stored::parse) {
        Some(Ok(stored)) if stored.matches(password, memory)? => {
            Ok(Verdict::Right { rehash: stored.is_weaker_than(params) })
        }
        Some(Ok(_)) => Ok(Verdict::Wrong),
        Some(Err(error)) => hash::waste(params, password, memory).and(Err(error)),
        None => hash::waste(params, password, memory).map(|()| Verdict::Wrong),
    }
}

impl From<PasswordFault> for PasswordError {
    fn from(fault: PasswordFault) -> Self {
        PasswordError::Fault(fault)
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { params, threads, .. } = &*self.0;
        let (memory, passes) = (params.m_cost(), params.t_cost());
        f.debug_struct("Passwords")
            .field("memory_kib", &memory)
            .field("iterations", &passes)
            .field("threads", threads)
            .finish()
    }
}

impl fmt::Display for PasswordOptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PasswordError::Fault(fault) => fault.fmt(f),
            PasswordError::Busy { retry_after } => {
                write!(f, "too many passwords wait to be hashed; try again after {} s", retry_after.as_secs())
            }
            PasswordError::Stored(reason) => write!(f, "the stored hash cannot be used: {reason}"),
            PasswordError::Failed(reason) => write!(f, "the password could not be hashed: {reason}"),
        }
    }
}

impl std::error::Error for PasswordOptionsError {}
impl std::error::Error for PasswordError {}
