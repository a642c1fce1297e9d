//! Batches that only look, on a lane.

use std::sync::Arc;
use std::time::Duration;

use super::session::BACKLOG;
use super::text::Record;
use super::{Lanes, PATIENCE, is_refusal};
use crate::batch::{Asked, Reply};
use crate::postgres::connection::Failure;
use crate::sql::Text;

/// A batch that costs more than this part of what may wait on a lane takes a lease.
const LARGEST_PART: u64 = 4;

/// The texts of a batch, each with the number of its statements that follow one another.
pub(in crate::postgres) struct Records(Vec<(Arc<Record>, u32)>);

impl Records {
    /// How long the server works on all of it, about; none where a text must not go on a lane.
    fn cost(&self) -> Option<u64> {
        self.0.iter().try_fold(0, |sum, (record, count)| Some(record.cost()?.saturating_mul((*count).into()) + sum))
    }

    fn refuse(&self) {
        self.0.iter().for_each(|(record, _)| record.refuse());
    }

    /// Learns from a run that had nothing before it to wait for. Of a batch with several texts it is not known which of them
    /// took the time.
    pub(in crate::postgres) fn ran_alone(&self, took: Duration, replies: &[Reply]) {
        let rows = |reply: &Reply| match reply {
            Reply::Rows(batches) => batches.iter().map(crate::row::Batch::size).sum(),
            Reply::Executed(_) => 0,
        };
        let largest = replies.iter().map(rows).max().unwrap_or(0);
        for (record, count) in &self.0 {
            let share = if self.0.len() == 1 { took / (*count).max(1) } else { took };
            record.ran_within(took, share, largest);
        }
    }
}

impl Lanes {
    /// What is known about the texts of a batch, if all of them may go on a lane one day.
    pub(in crate::postgres) fn records(&self, asked: &[Asked<'_>]) -> Option<Records> {
        let mut records: Vec<(Arc<Record>, u32)> = Vec::new();
        let mut last = None;
        for Asked { rendered, wanted } in asked {
            let Text::Static(text) = &rendered.text else { return None };
            wanted.as_ref()?;
            match records.last_mut() {
                Some((_, count)) if last == Some(text.as_ptr()) => *count += 1,
                _ => records.push((self.record(&rendered.text)?, 1)),
            }
            last = Some(text.as_ptr());
        }
        Some(Records(records))
    }

    /// Runs a batch on a lane, if there is time for all of it. What does not succeed there runs again on a lease, with the error
    /// that it then gets: nothing has been written.
    pub(in crate::postgres) async fn batch(
        self: &Arc<Self>,
        records: &Records,
        asked: &[Asked<'_>],
    ) -> Option<Vec<Reply>> {
        let cost = records.cost().filter(|cost| *cost <= BACKLOG / LARGEST_PART)?;
        let turn = self.turn(cost)?;
        let Ok(answer) = tokio::time::timeout(PATIENCE, turn.lane.batch(asked)).await else {
            turn.lane.stall();
            self.again(&turn);
            return None;
        };
        match answer {
            Ok(Some(replies)) => {
                if turn.is_alone() {
                    records.ran_alone(turn.since().elapsed(), &replies);
                }
                self.count(asked.len());
                return Some(replies);
            }
            Ok(None) => records.refuse(),
            Err(Failure::Driver(error)) if is_refusal(&error) => records.refuse(),
            Err(Failure::Driver(error)) => {
                self.note_stale(&error);
            }
            Err(Failure::Unsent(_) | Failure::Midway(_)) => {}
        }
        self.again(&turn);
        None
    }
}
