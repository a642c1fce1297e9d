//! Several statements on their way at a time.

use futures_util::future::join_all;

use super::connection::{Bound, Failure, Session};
use super::limit::Limit;
use super::{Connection, Postgres, execute, fetch, read};
use crate::backend::Wanted;
use crate::batch::{Asked, Reply};
use crate::pool::{Lease, Place};
use crate::{Executed, PreparedStatements, Result};

impl Postgres {
    /// Sends all statements before it waits for the answer to the first. What is not prepared yet is prepared before, so that
    /// they go out in their order. They do not go on a lane, where each answer would come by itself and wake its reader.
    pub(crate) async fn batch(
        &self,
        within: Option<&Lease<Connection>>,
        asked: Vec<Asked<'_>>,
        place: Place,
    ) -> Result<Vec<Reply>> {
        let call = self.call(within, place).await?;
        let session = &call.session;
        if let Err(failure) = session.limit_to(Limit::Call(None)).await {
            return call.over(Err(failure));
        }
        let bound = match session.shared.options.postgres.prepared {
            PreparedStatements::Never => None,
            PreparedStatements::Auto => match bind(session, &asked).await {
                Ok(bound) => Some(bound),
                Err((failure, text)) => return call.over(Err(failure)).map_err(|error| error.with_statement(text)),
            },
        };
        let mut results = match bound {
            Some(bound) => {
                join_all(bound.iter().zip(&asked).map(|(bound, asked)| sent(session, bound, asked.wanted))).await
            }
            None => join_all(asked.iter().map(|asked| alone(session, asked))).await,
        };
        for (result, asked) in results.iter_mut().zip(&asked) {
            if result.as_ref().is_err_and(|failure| self.heals(&call, failure)) {
                *result = alone(session, asked).await;
            }
        }
        let failed = results.iter().position(Result::is_err);
        let result = results.into_iter().collect::<Result<Vec<_>, _>>();
        call.over(result).map_err(|error| match failed.and_then(|failed| asked.get(failed)) {
            Some(asked) => error.with_statement(asked.rendered.text.as_str()),
            None => error,
        })
    }
}

async fn bind<'a>(session: &Session, asked: &'a [Asked<'_>]) -> Result<Vec<Bound>, (Failure, &'a str)> {
    let mut bound = Vec::with_capacity(asked.len());
    for Asked { rendered, .. } in asked {
        let text = rendered.text.as_str();
        bound.push(session.bind(text, &rendered.params).await.map_err(|failure| (failure, text))?);
    }
    Ok(bound)
}

async fn sent(session: &Session, bound: &Bound, wanted: Option<Wanted>) -> Result<Reply, Failure> {
    let mut running = session.send(bound).await?;
    match wanted {
        Some(wanted) => read(&mut running, wanted, usize::MAX).await.map(|read| Reply::Rows(read.unwrap_or_default())),
        None => running
            .touched()
            .await
            .map(|rows_affected| Reply::Executed(Executed { rows_affected, last_insert_id: None })),
    }
}

async fn alone(session: &Session, asked: &Asked<'_>) -> Result<Reply, Failure> {
    match asked.wanted {
        Some(wanted) => fetch(session, &asked.rendered, wanted).await.map(Reply::Rows),
        None => execute(session, &asked.rendered).await.map(Reply::Executed),
    }
}
