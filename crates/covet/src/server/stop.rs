//! How the parts of a server learn that it stops.

use tokio::sync::watch;

/// How far a server is with stopping.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Serving,
    /// What is at work is answered, and nothing else begins.
    Draining,
    /// What is at work is dropped.
    Cut,
}

/// Tells the parts.
#[derive(Debug)]
pub(super) struct Stop(watch::Sender<Stage>);

/// Is told. Each part has its own.
#[derive(Debug, Clone)]
pub(super) struct Stopping(watch::Receiver<Stage>);

impl Stop {
    pub(super) fn new() -> (Self, Stopping) {
        let (sender, receiver) = watch::channel(Stage::Serving);
        (Stop(sender), Stopping(receiver))
    }

    pub(super) fn advance(&self, stage: Stage) {
        self.0.send_replace(stage);
    }
}

impl Stopping {
    /// Ready once the server is as far as this.
    pub(super) async fn reached(&mut self, stage: Stage) {
        // An error means that the server itself is gone, which is as far as it gets.
        let _ = self.0.wait_for(|now| *now >= stage).await;
    }

    /// Whether the server may be further than it was, without waiting and at next to no cost.
    pub(super) fn has_changed(&self) -> bool {
        self.0.has_changed().unwrap_or(true)
    }
}
