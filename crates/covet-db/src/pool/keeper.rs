//! The task that keeps as many connections open as are wanted, and closes those that are too old or too idle.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::{Opener, Pool, Reason};

/// It looks this often, or four times in an idle time-out when that is less.
const OFTEN: Duration = Duration::from_secs(30);

/// How long it waits after an opening has failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

impl<C: Send + Sync + 'static> Pool<C> {
    /// Starts it.
    pub(crate) fn keep<O: Opener<Connection = C>>(self: &Arc<Self>, opener: &Arc<O>) {
        let pause = (opener.options().pool.idle_timeout / 4).clamp(Duration::from_millis(20), OFTEN);
        tokio::spawn(run(Arc::downgrade(self), Arc::clone(opener), pause));
    }
}

/// Ends when the pool is closed or gone.
async fn run<O: Opener>(pool: Weak<Pool<O::Connection>>, opener: Arc<O>, pause: Duration) {
    loop {
        let mut pause = pause;
        {
            let Some(pool) = pool.upgrade().filter(|pool| !pool.is_closed()) else {
                return;
            };
            retire(&pool, &*opener);
            if !open_wanted(&pool, &opener).await {
                pause = pause.min(AFTER_FAILURE);
            }
        }
        tokio::time::sleep(pause).await;
    }
}

fn retire<O: Opener>(pool: &Pool<O::Connection>, opener: &O) {
    let now = Instant::now();
    let options = &opener.options().pool;
    pool.retire_idle(|idle, open| {
        let too_idle = now.saturating_duration_since(idle.since) >= options.idle_timeout && open > options.min;
        if too_idle { Some(Reason::Idle) } else { O::unusable(&idle.connection, now) }
    });
}

/// Says whether all that are wanted are open.
async fn open_wanted<O: Opener>(pool: &Arc<Pool<O::Connection>>, opener: &Arc<O>) -> bool {
    while let Some(vacancy) = pool.vacancy(opener.options().pool.min) {
        match pool.opening(Arc::clone(opener).open()).await {
            Ok(connection) => vacancy.fill(connection),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be opened ahead of need");
                return false;
            }
        }
    }
    true
}
