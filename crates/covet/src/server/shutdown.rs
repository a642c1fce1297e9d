//! When the process is told to stop.

/// Hears that the process is told to stop: SIGTERM or SIGINT; elsewhere than on Unix Ctrl-C.
#[derive(Debug)]
pub(super) struct Requests {
    #[cfg(unix)]
    signals: Option<[tokio::signal::unix::Signal; 2]>,
}

impl Requests {
    /// From now on the signals do not end the process by themselves.
    pub(super) fn listen() -> Self {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let signals = signal(SignalKind::terminate()).and_then(|terminate| {
                let interrupt = signal(SignalKind::interrupt())?;
                Ok([terminate, interrupt])
            });
            if let Err(error) = &signals {
                tracing::error!(%error, "signals cannot be heard; the server ends only when it is killed");
            }
            Requests { signals: signals.ok() }
        }
        #[cfg(not(unix))]
        Requests {}
    }

    /// Ready at the next one.
    pub(super) async fn next(&mut self) {
        #[cfg(unix)]
        if let Some([terminate, interrupt]) = &mut self.signals {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = interrupt.recv() => return,
            }
        }
        #[cfg(not(unix))]
        match tokio::signal::ctrl_c().await {
            Ok(()) => return,
            Err(error) => tracing::error!(%error, "Ctrl-C cannot be heard; the server ends only when it is killed"),
        }
        std::future::pending::<()>().await;
    }
}
