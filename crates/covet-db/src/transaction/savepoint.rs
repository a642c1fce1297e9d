//! Transactions in transactions.

use std::sync::Arc;

use super::Transaction;
use super::scope::{Open, Scope};
use crate::sql::Text;
use crate::{Error, Executor, Result};

/// Runs a closure between SAVEPOINT and RELEASE.
pub(super) async fn nested<T, E: From<Error>>(
    outer: &Executor,
    open: &Arc<Open>,
    depth: u32,
    closure: impl AsyncFnOnce(&Transaction) -> Result<T, E>,
) -> Result<T, E> {
    let inner = Transaction::new(outer, open, depth + 1);
    control(&outer.scope, format!("SAVEPOINT covet_{depth}")).await?;
    let level = Level::enter(open, depth);
    match closure(&inner).await {
        Ok(value) => {
            level.leave();
            control(&outer.scope, format!("RELEASE SAVEPOINT covet_{depth}")).await?;
            Ok(value)
        }
        Err(error) => {
            level.leave();
            // The closure's error says more than one of the rollback, which dooms the transaction anyway.
            let undone = control(&outer.scope, format!("ROLLBACK TO SAVEPOINT covet_{depth}")).await;
            let released = control(&outer.scope, format!("RELEASE SAVEPOINT covet_{depth}")).await;
            if undone.and(released).is_err() {
                open.doom();
            }
            Err(error)
        }
    }
}

async fn control(scope: &Scope, text: String) -> Result<()> {
    let Some(mut turn) = scope.turn().await? else {
        return Ok(());
    };
    let result = turn.lease()?.control(Text::Shared(Arc::from(text))).await;
    turn.over(&result);
    result
}

/// The depth at which the transaction may be used. Left by dropping or panicking, it dooms the transaction: the savepoint
/// is still there, and what the closure did is half done.
struct Level<'a> {
    open: &'a Open,
    outer: u32,
    left: bool,
}

impl<'a> Level<'a> {
    fn enter(open: &'a Open, outer: u32) -> Self {
        open.enter(outer + 1);
        Self { open, outer, left: false }
    }

    fn leave(mut self) {
        self.left = true;
    }
}

impl Drop for Level<'_> {
    fn drop(&mut self) {
        self.open.enter(self.outer);
        if !self.left {
            self.open.doom();
        }
    }
}
