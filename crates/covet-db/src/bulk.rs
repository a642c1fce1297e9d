//! Many rows at once.

use std::future::{Future, poll_fn};
use std::pin::pin;

use futures_core::Stream;

use crate::arity::for_each_arity;
use crate::backend::Rows;
use crate::sql::Text;
use crate::{Dialect, Error, ErrorKind, Executor, Ident, IntoParam, Param, Result, Sql, Transaction};

/// A row for [`Executor::copy_in`]: a tuple or an array of values, or a list of [`Param`]s where the columns are known
/// only at run time.
///
/// ```
/// use covet_db::IntoRecord;
/// assert_eq!((1, "Dune", None::<i64>).into_record().len(), 3);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row of values",
    note = "a row is a tuple such as `(i64, String)`, an array, or a `Vec<Param>`"
)]
pub trait IntoRecord<'a> {
    /// The values in the order of the columns.
    fn into_record(self) -> Vec<Param<'a>>;
}

impl<'a> IntoRecord<'a> for Vec<Param<'a>> {
    fn into_record(self) -> Self {
        self
    }
}

impl<'a, T: IntoParam<'a>, const N: usize> IntoRecord<'a> for [T; N] {
    fn into_record(self) -> Vec<Param<'a>> {
        self.into_iter().map(IntoParam::into_param).collect()
    }
}

/// For tuples of values.
macro_rules! tuples {
    ($(($($name:ident $index:tt),+);)*) => {$(
        impl<'a, $($name: IntoParam<'a>),+> IntoRecord<'a> for ($($name,)+) {
            fn into_record(self) -> Vec<Param<'a>> {
                vec![$(self.$index.into_param()),+]
            }
        }
    )*};
}

for_each_arity!(tuples);

impl Executor {
    /// Runs one statement with the values of each of the given ones, all or none of them. They come from one `sql!`, and
    /// so have one text; it has neither lists nor spliced parts.
    ///
    /// ```
    /// # use covet_db::{sql, Db};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// db.execute("CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT)").await?;
    /// let titles = ["Dune", "Emma"];
    /// let added = db.execute_many(titles.iter().map(|title| sql!("INSERT INTO books (title) VALUES ({title})"))).await?;
    /// assert_eq!(added, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Misuse`] when the statements differ in more than their values; otherwise as for `execute`, and then
    /// nothing has happened. The time-out counts for each batch of 1,000.
    #[track_caller]
    pub fn execute_many<'a>(
        &self,
        statements: impl IntoIterator<Item = Sql<'a>, IntoIter: Send>,
    ) -> impl Future<Output = Result<u64>> + Send {
        let statements = statements.into_iter();
        async move {
            let mut statements = statements.peekable();
            let Some(first) = statements.peek().cloned() else {
                return Ok(0);
            };
            if !first.has_values_alone() {
                return Err(differing());
            }
            let text = first.render(self.dialect())?.text;
            self.transaction(async |tx| {
                let mut load = Load::new(tx, text, None).await?;
                for statement in statements {
                    if !statement.same_source(&first) {
                        return Err(differing());
                    }
                    load.push(statement.into_values())?;
                    load.send_if_full().await?;
                }
                load.finish().await
            })
            .await
        }
    }

    /// Loads rows into a table in the fastest way that the database has, all or none of them: one transaction with one
    /// prepared statement on SQLite, COPY in binary on PostgreSQL.
    ///
    /// ```
    /// # use covet_db::Db;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// db.execute("CREATE TABLE books (id INTEGER, title TEXT)").await?;
    /// let rows = (0..10_000).map(|id| (id, format!("Volume {id}")));
    /// assert_eq!(db.copy_in("books", ["id", "title"], rows).await?, 10_000);
    /// # Ok(()) }
    /// ```
    ///
    /// A dot in the table's name stands between a schema and its table, but on SQLite, which has no schemas.
    ///
    /// # Errors
    /// When a row breaks a constraint or has another number of values than there are columns; nothing has happened then.
    #[track_caller]
    pub fn copy_in<'a, R: IntoRecord<'a> + Send>(
        &self,
        table: &str,
        columns: impl IntoIterator<Item: AsRef<str>>,
        rows: impl IntoIterator<Item = R, IntoIter: Send>,
    ) -> impl Future<Output = Result<u64>> + Send {
        let insertion = self.insertion(table, columns);
        let rows = rows.into_iter();
        async move {
            let (text, columns) = insertion?;
            self.transaction(async |tx| {
                let mut load = Load::new(tx, text, columns).await?;
                for row in rows {
                    load.push(row.into_record())?;
                    load.send_if_full().await?;
                }
                load.finish().await
            })
            .await
        }
    }

    /// Loads the rows of a stream into a table, all or none of them. The stream is asked for more only as fast as the
    /// database takes them, so that an import of any size runs in constant memory. The first error of the stream ends
    /// the load and undoes it.
    ///
    /// ```
    /// # use covet_db::{Db, Error};
    /// # use futures_util::stream;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// db.execute("CREATE TABLE books (id INTEGER, title TEXT)").await?;
    /// let rows = stream::iter([Ok::<_, Error>((1, "Dune")), Ok((2, "Emma"))]);
    /// assert_eq!(db.copy_in_stream("books", ["id", "title"], rows).await?, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The stream's first error; otherwise as [`copy_in`](Self::copy_in), in the stream's type.
    #[track_caller]
    pub fn copy_in_stream<'a, R: IntoRecord<'a> + Send, E: From<Error> + Send>(
        &self,
        table: &str,
        columns: impl IntoIterator<Item: AsRef<str>>,
        rows: impl Stream<Item = Result<R, E>> + Send,
    ) -> impl Future<Output = Result<u64, E>> + Send {
        let insertion = self.insertion(table, columns);
        async move {
            let (text, columns) = insertion?;
            self.transaction(async |tx| {
                let mut load = Load::new(tx, text, columns).await?;
                let mut rows = pin!(rows);
                while let Some(row) = poll_fn(|context| rows.as_mut().poll_next(context)).await {
                    load.push(row?.into_record())?;
                    load.send_if_full().await?;
                }
                Ok(load.finish().await?)
            })
            .await
        }
    }

    /// The statement that loads rows, every name quoted: COPY where there is one, with the query that tells the columns'
    /// types, `INSERT INTO table (columns) VALUES (…)` elsewhere.
    fn insertion(&self, table: &str, columns: impl IntoIterator<Item: AsRef<str>>) -> Result<(Text, Option<Text>)> {
        let dialect = self.dialect();
        let table = crate::ident::table_path(table, dialect)?;
        let mut names = Vec::new();
        for column in columns {
            let column = Ident::new(column.as_ref().to_owned())?;
            names.push(crate::sql!("{..column}"));
        }
        if names.is_empty() {
            return Err(Error::new(ErrorKind::Syntax, "at least one column must be named"));
        }
        let values = Sql::join(names.iter().map(|_| crate::sql!("{Param::Null}")), ", ");
        let names = Sql::join(names, ", ");
        if dialect == Dialect::Postgres {
            let copy = crate::sql!("COPY {..table} ({..names}) FROM STDIN (FORMAT binary)");
            let selection = crate::sql!("SELECT {..names} FROM {..table}");
            return Ok((copy.render(dialect)?.text, Some(selection.render(dialect)?.text)));
        }
        let sql = crate::sql!("INSERT INTO {..table} ({..names}) VALUES ({..values})");
        let selection = match dialect {
            Dialect::Mysql => Some(crate::sql!("SELECT {..names} FROM {..table}").render(dialect)?.text),
            _ => None,
        };
        Ok((sql.render(dialect)?.text, selection))
    }
}

fn differing() -> Error {
    Error::new(ErrorKind::Misuse, "`execute_many` takes statements of one `sql!` that differ in their values alone")
}

/// A load under way: the rows that have not been sent yet.
struct Load<'a> {
    transaction: &'a Transaction,
    text: Text,
    rows: Rows,
    affected: u64,
}

impl<'a> Load<'a> {
    async fn new(transaction: &'a Transaction, text: Text, columns: Option<Text>) -> Result<Self> {
        let rows = transaction.rows(&text, columns.as_ref()).await?;
        Ok(Self { transaction, text, rows, affected: 0 })
    }

    fn push<'p>(&mut self, row: impl IntoIterator<Item = Param<'p>>) -> Result<()> {
        self.rows.push(row).map_err(|error| error.with_statement(self.text.as_str()))
    }

    async fn send_if_full(&mut self) -> Result<()> {
        if self.rows.is_full() {
            self.send().await?;
        }
        Ok(())
    }

    async fn send(&mut self) -> Result<()> {
        let another = self.rows.another();
        let rows = std::mem::replace(&mut self.rows, another);
        self.affected += self.transaction.repeat(self.text.clone(), rows).await?;
        Ok(())
    }

    async fn finish(mut self) -> Result<u64> {
        if self.rows.len() > 0 {
            self.send().await?;
        }
        Ok(self.affected)
    }
}
