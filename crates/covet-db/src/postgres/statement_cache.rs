//! The prepared statements of one connection.

use std::sync::Arc;

use tokio_postgres::Statement;
use tokio_postgres::types::Type;

use super::keyword::Traits;
use crate::row::Columns;

/// A statement on the server, and what is known about it.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(super) statement: Statement,
    pub(super) columns: Arc<Columns>,
    pub(super) traits: Traits,
}

impl Prepared {
    pub(super) fn new(statement: Statement, traits: Traits) -> Self {
        let columns = Arc::new(Columns::new(statement.columns().iter().map(tokio_postgres::Column::name)));
        Self { statement, columns, traits }
    }

    pub(super) fn types(&self) -> &[Type] {
        self.statement.params()
    }
}

pub(super) type StatementCache = crate::statements::StatementCache<Prepared>;
