//! The threads that connections are served on.

use std::io;
use std::sync::Arc;
use std::thread;

use tokio::task::JoinSet;

use super::accept::{Door, accept};
use super::listen::Listener;
use super::stop::Stopping;
use crate::{Error, Result};

/// The threads that an app's connections are served on.
///
/// ```
/// # use covet::{App, Runtime};
/// let app = App::new("Bookshop", "1.0.0").runtime(Runtime::PerCore);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Runtime {
    /// The threads of the runtime that serves the app, all of them together: a thread that has nothing to do takes over
    /// what waits for another one. Right for most apps.
    #[default]
    Shared,
    /// A thread with a runtime of its own for each core; a connection stays on the thread that accepted it. It saves
    /// what handing work over costs, which is worth something on machines with many cores, under many short requests
    /// of a similar kind. A handler that computes for long holds up every connection of its core. Tasks that a handler
    /// spawns run on the handler's thread, and end when the server has stopped; tasks that `main` spawned are not
    /// concerned.
    PerCore,
}

/// The accept loops at work.
#[derive(Debug, Default)]
pub(super) struct Loops(JoinSet<io::Result<()>>);

impl Loops {
    pub(super) fn start(
        runtime: Runtime,
        listeners: Vec<Listener>,
        door: &Arc<Door>,
        stopping: &Stopping,
    ) -> Result<Self> {
        let mut loops = Loops::default();
        for (index, listener) in listeners.into_iter().enumerate() {
            let accept = accept(listener, door.clone(), stopping.clone());
            match runtime {
                Runtime::Shared => {
                    loops.0.spawn(accept);
                }
                Runtime::PerCore => {
                    let thread = on_its_own_thread(index, accept)?;
                    loops
                        .0
                        .spawn(async { thread.await.unwrap_or_else(|_| Err(io::Error::other("a thread panicked"))) });
                }
            }
        }
        Ok(loops)
    }

    /// Ready when all of them have ended, or one has failed.
    pub(super) async fn ended(&mut self) -> Result<()> {
        while let Some(ended) = self.0.join_next().await {
            let ended = ended.unwrap_or_else(|error| Err(io::Error::other(error)));
            ended.map_err(|error| Error::new(format!("the server failed: {error}")))?;
        }
        Ok(())
    }
}

/// Runs an accept loop on a thread with a runtime of its own.
fn on_its_own_thread(
    index: usize,
    accept: impl Future<Output = io::Result<()>> + Send + 'static,
) -> Result<tokio::sync::oneshot::Receiver<io::Result<()>>> {
    let (sender, ended) = tokio::sync::oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let run = move || {
        let result = runtime.block_on(accept);
        // What was spawned here and goes on is dropped; what blocks is left alone.
        runtime.shutdown_background();
        // Nobody listens when the server's own future was dropped.
        let _ = sender.send(result);
    };
    thread::Builder::new().name(format!("covet-core-{index}")).spawn(run)?;
    Ok(ended)
}

/// How many cores there are for the process.
pub(super) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
