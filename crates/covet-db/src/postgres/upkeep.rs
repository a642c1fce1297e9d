//! The task that keeps as many connections open as are wanted, and closes those that are too old or too idle.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::Shared;
use super::connection::Connection;
use super::open::{self, Pace};
use crate::pool::{Pool, Reason};

/// It looks this often, or four times in an idle time-out when that is less.
const OFTEN: Duration = Duration::from_secs(30);

/// How long it waits after an opening has failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

pub(super) fn start(pool: &Arc<Pool<Connection>>, shared: &Arc<Shared>) {
    let options = &shared.options.pool;
    let pause = (options.idle_timeout / 4).clamp(Duration::from_millis(20), OFTEN);
    tokio::spawn(keep(Arc::downgrade(pool), Arc::clone(shared), pause));
}

/// Ends when the pool is closed or gone.
async fn keep(pool: Weak<Pool<Connection>>, shared: Arc<Shared>, pause: Duration) {
    loop {
        let mut pause = pause;
        {
            let Some(pool) = pool.upgrade().filter(|pool| !pool.is_closed()) else {
                return;
            };
            retire(&pool, &shared);
            if !open_wanted(&pool, &shared).await {
                pause = pause.min(AFTER_FAILURE);
            }
        }
        tokio::time::sleep(pause).await;
    }
}

fn retire(pool: &Pool<Connection>, shared: &Shared) {
    let now = Instant::now();
    let options = &shared.options.pool;
    pool.retire_idle(|idle, open| {
        let too_idle = now.saturating_duration_since(idle.since) >= options.idle_timeout && open > options.min;
        if too_idle { Some(Reason::Idle) } else { idle.connection.session.unusable(now) }
    });
}

/// Says whether all that are wanted are open.
async fn open_wanted(pool: &Arc<Pool<Connection>>, shared: &Arc<Shared>) -> bool {
    while let Some(vacancy) = pool.vacancy(shared.options.pool.min) {
        match pool.opening(open::open(shared, Pace::Alone)).await {
            Ok(connection) => vacancy.fill(connection),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be opened ahead of need");
                return false;
            }
        }
    }
    true
}
