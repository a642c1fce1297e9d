//! Stands in an adapter's place in a build without its feature: types that have no values. Nothing of it can be reached,
//! and the code that tells adapters apart is the same in every build.

use std::sync::Arc;

use crate::backend::{self, Wanted};
use crate::pool::{Lease, Place, PoolStats};
use crate::row::Batch;
use crate::sql::{Rendered, Text};
use crate::{ConnectOptions, Error, ErrorKind, Executed, Param, Result, TransactionOptions};

#[derive(Debug)]
pub(crate) enum Absent {}

#[cfg(not(feature = "mysql"))]
pub(crate) use Absent as Mysql;
#[cfg(not(feature = "postgres"))]
pub(crate) use Absent as Postgres;
#[cfg(not(feature = "sqlite"))]
pub(crate) use Absent as Sqlite;

#[derive(Debug)]
pub(crate) enum Connection {}

#[derive(Debug)]
pub(crate) enum Batches {}

#[derive(Debug)]
pub(crate) enum PreparedStream {}

#[derive(Debug, Default)]
pub(crate) struct Rows;

impl Absent {
    pub(crate) async fn connect(_: &Arc<ConnectOptions>) -> Result<Self> {
        Err(absent())
    }

    pub(crate) fn stats(&self) -> PoolStats {
        match *self {}
    }

    pub(crate) async fn close(&self) {
        match *self {}
    }

    pub(crate) async fn fetch_shared(&self, _: &Rendered<'_>, _: Wanted, _: std::time::Duration) -> backend::Shared {
        match *self {}
    }

    pub(crate) async fn fetch(
        &self,
        _: Option<&Lease<Connection>>,
        _: Rendered<'_>,
        _: Wanted,
        _: Place,
    ) -> Result<Vec<Batch>> {
        match *self {}
    }

    pub(crate) async fn batch(
        &self,
        _: Option<&Lease<Connection>>,
        _: Vec<crate::batch::Asked<'_>>,
        _: Place,
    ) -> Result<Vec<crate::batch::Reply>> {
        match *self {}
    }

    pub(crate) async fn execute(&self, _: Option<&Lease<Connection>>, _: Rendered<'_>, _: Place) -> Result<Executed> {
        match *self {}
    }

    pub(crate) async fn stream(&self, _: Option<&Lease<Connection>>, _: PreparedStream, _: Place) -> Result<Batches> {
        match *self {}
    }

    pub(crate) async fn lease_for(&self, _: &TransactionOptions, _: Place) -> Result<Lease<Connection>> {
        match *self {}
    }
}

impl Batches {
    pub(crate) async fn next(&mut self) -> Option<Result<Batch>> {
        match *self {}
    }
}

impl PreparedStream {
    pub(crate) fn new(_: Rendered<'_>) -> Result<Self> {
        Err(absent())
    }

    pub(crate) fn text(&self) -> &Text {
        match *self {}
    }
}

impl Rows {
    pub(crate) fn push<'a>(&mut self, _: impl IntoIterator<Item = Param<'a>>) -> Result<()> {
        Err(absent())
    }

    pub(crate) fn another(&self) -> Self {
        Self
    }

    pub(crate) fn is_full(&self) -> bool {
        false
    }

    pub(crate) fn len(&self) -> usize {
        0
    }
}

pub(crate) async fn begin(_: &Lease<Connection>, _: &TransactionOptions) -> Result<()> {
    Err(absent())
}

pub(crate) async fn control(_: &Lease<Connection>, _: Text) -> Result<()> {
    Err(absent())
}

pub(crate) async fn rows(_: &Lease<Connection>, _: &Text, _: Option<&Text>) -> Result<Rows> {
    Err(absent())
}

pub(crate) async fn repeat(_: &Lease<Connection>, _: Text, _: Rows) -> Result<u64> {
    Err(absent())
}

pub(crate) async fn script(_: &Lease<Connection>, _: String) -> Result<()> {
    Err(absent())
}

pub(crate) async fn counted_script(_: &Lease<Connection>, _: String) -> Result<(), (usize, Error)> {
    Err((0, absent()))
}

pub(crate) async fn commit(_: Lease<Connection>) -> Result<()> {
    Err(absent())
}

pub(crate) async fn roll_back(_: Lease<Connection>) -> Result<()> {
    Err(absent())
}

pub(crate) fn abandon(_: Lease<Connection>) {}

pub(crate) fn passes(_: &Error) -> bool {
    false
}

fn absent() -> Error {
    Error::new(ErrorKind::Configuration, "this program was built without this database")
}

pub(crate) mod introspection {
    use super::absent;
    use crate::{Executor, Result, TableInfo};

    pub(crate) async fn tables(_: &Executor) -> Result<Vec<String>> {
        Err(absent())
    }

    pub(crate) async fn table_exists(_: &Executor, _: &str) -> Result<bool> {
        Err(absent())
    }

    pub(crate) async fn table_info(_: &Executor, _: &str) -> Result<Option<TableInfo>> {
        Err(absent())
    }

    pub(crate) async fn version(_: &Executor) -> Result<String> {
        Err(absent())
    }

    pub(crate) async fn analyze_table<T>(_: &Executor, _: T) -> Result<()> {
        Err(absent())
    }
}
