//! Several statements at once.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::pin;

use crate::arity::for_each_arity;
use crate::backend::Wanted;
use crate::pool::Place;
use crate::row::Batch;
use crate::sql::Rendered;
use crate::{Decode, Error, ErrorKind, Executed, Executor, FromRow, Result, Row, Sql};

/// The statements of a [`batch`](Executor::batch). Each call adds one and gives what stands for its answer.
pub struct Statements<'a> {
    asked: Vec<(Sql<'a>, Option<Wanted>)>,
}

/// What stands for the answer of a statement until its [`batch`](Executor::batch) has come back.
pub struct Pending<T> {
    index: usize,
    read: fn(Reply) -> Result<T>,
}

/// A statement of a batch, as the adapters get it.
pub(crate) struct Asked<'a> {
    pub(crate) rendered: Rendered<'a>,
    /// None for a statement whose rows are not wanted.
    pub(crate) wanted: Option<Wanted>,
}

/// The answer to a statement of a batch.
pub(crate) enum Reply {
    Executed(Executed),
    Rows(Vec<Batch>),
}

impl Reply {
    fn first(self) -> Result<Option<Row>> {
        match self {
            Self::Rows(batches) => Ok(batches.into_iter().next().and_then(Row::first)),
            Self::Executed(_) => Err(foreign()),
        }
    }

    fn needed(self) -> Result<Row> {
        self.first()?.ok_or_else(|| Error::new(ErrorKind::RowNotFound, "no row was found"))
    }
}

/// The error of an answer that was asked of another batch.
fn foreign() -> Error {
    Error::new(ErrorKind::Misuse, "the answer belongs to a statement of another batch")
}

impl<'a> Statements<'a> {
    fn add<T>(&mut self, sql: Sql<'a>, wanted: Option<Wanted>, read: fn(Reply) -> Result<T>) -> Pending<T> {
        self.asked.push((sql, wanted));
        Pending { index: self.asked.len() - 1, read }
    }

    /// A statement as [`Executor::execute`] runs it.
    pub fn execute(&mut self, sql: impl Into<Sql<'a>>) -> Pending<Executed> {
        self.add(sql.into(), None, |reply| match reply {
            Reply::Executed(executed) => Ok(executed),
            Reply::Rows(_) => Err(foreign()),
        })
    }

    /// The first row, as [`Executor::fetch_one`] gives it.
    pub fn one<T: FromRow>(&mut self, sql: impl Into<Sql<'a>>) -> Pending<T> {
        self.add(sql.into(), Some(Wanted::One), |reply| T::from_row(&reply.needed()?))
    }

    /// The first row or none, as [`Executor::fetch_optional`] gives it.
    pub fn optional<T: FromRow>(&mut self, sql: impl Into<Sql<'a>>) -> Pending<Option<T>> {
        self.add(sql.into(), Some(Wanted::One), |reply| reply.first()?.map(|row| T::from_row(&row)).transpose())
    }

    /// All rows, as [`Executor::fetch_all`] gives them.
    pub fn all<T: FromRow>(&mut self, sql: impl Into<Sql<'a>>) -> Pending<Vec<T>> {
        self.add(sql.into(), Some(Wanted::All), |reply| match reply {
            Reply::Rows(batches) => crate::executor::decode_all(batches),
            Reply::Executed(_) => Err(foreign()),
        })
    }

    /// The first column of the first row, as [`Executor::fetch_value`] gives it.
    pub fn value<T: Decode>(&mut self, sql: impl Into<Sql<'a>>) -> Pending<T> {
        self.add(sql.into(), Some(Wanted::One), |reply| reply.needed()?.get(0))
    }
}

impl fmt::Debug for Statements<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.asked.iter().map(|(sql, _)| sql)).finish()
    }
}

impl<T> fmt::Debug for Pending<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pending").field(&self.index).finish()
    }
}

/// What a batch is asked for: a [`Pending`] answer, or a tuple, an array or a `Vec` of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what a batch is to answer",
    note = "give back what the calls of `Statements` gave: one, or a tuple, an array or a `Vec` of them"
)]
pub trait Answers {
    /// The answers themselves.
    type Output;

    /// Takes what is asked for out of all replies.
    #[doc(hidden)]
    fn take(self, replies: &mut Replies) -> Result<Self::Output>;
}

/// The replies to a batch that have not been taken yet.
#[doc(hidden)]
pub struct Replies(Vec<Option<Reply>>);

impl fmt::Debug for Replies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Replies").field(&self.0.len()).finish()
    }
}

impl<T> Answers for Pending<T> {
    type Output = T;

    fn take(self, replies: &mut Replies) -> Result<T> {
        let reply = replies.0.get_mut(self.index).and_then(Option::take).ok_or_else(foreign)?;
        (self.read)(reply)
    }
}

impl<A: Answers> Answers for Vec<A> {
    type Output = Vec<A::Output>;

    fn take(self, replies: &mut Replies) -> Result<Self::Output> {
        self.into_iter().map(|answer| answer.take(replies)).collect()
    }
}

impl<A: Answers, const N: usize> Answers for [A; N] {
    type Output = [A::Output; N];

    fn take(self, replies: &mut Replies) -> Result<Self::Output> {
        let taken: Vec<_> = self.into_iter().map(|answer| answer.take(replies)).collect::<Result<_>>()?;
        taken.try_into().map_err(|_| foreign())
    }
}

/// For tuples of answers.
macro_rules! tuples {
    ($(($($name:ident $index:tt),+);)*) => {$(
        impl<$($name: Answers),+> Answers for ($($name,)+) {
            type Output = ($($name::Output,)+);

            fn take(self, replies: &mut Replies) -> Result<Self::Output> {
                Ok(($(self.$index.take(replies)?,)+))
            }
        }
    )*};
}

for_each_arity!(tuples);

impl Executor {
    /// Runs several statements in order. On PostgreSQL all of them go out together, and take one round trip; elsewhere one
    /// follows the other.
    ///
    /// On a [`Db`](crate::Db) each stands for itself, as if it were called alone: all of them run, also when one fails, and what
    /// the others have done stays. In a [`Transaction`](crate::Transaction) nothing runs after the one that failed; wrap a batch
    /// in one to have all or nothing.
    ///
    /// ```
    /// # use covet_db::{sql, Db};
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("sqlite::memory:").await?;
    /// # db.execute("CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT, stock INTEGER)").await?;
    /// # db.execute("INSERT INTO books VALUES (1, 'Dune', 3), (2, 'Emma', 0)").await?;
    /// let few = 1;
    /// let (count, scarce, first) = db.batch(|batch| (
    ///     batch.value::<i64>("SELECT count(*) FROM books"),
    ///     batch.all::<(i64, String)>(sql!("SELECT id, title FROM books WHERE stock <= {few}")),
    ///     batch.optional::<(String,)>("SELECT title FROM books ORDER BY id LIMIT 1"),
    /// )).await?;
    /// assert_eq!((count, scarce.len()), (2, 1));
    /// assert_eq!(first, Some(("Dune".to_owned(),)));
    ///
    /// // As many as a list has.
    /// let titles: Vec<String> = db.batch(|batch| {
    ///     [1, 2].map(|id| batch.value(sql!("SELECT title FROM books WHERE id = {id + 0}"))).into_iter().collect::<Vec<_>>()
    /// }).await?;
    /// assert_eq!(titles, ["Dune", "Emma"]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// That of the first statement that failed, or else of the first answer that cannot be read. All of it may take as long as
    /// `command_timeout`.
    #[track_caller]
    pub fn batch<'a, A: Answers + Send>(
        &self,
        write: impl FnOnce(&mut Statements<'a>) -> A,
    ) -> impl Future<Output = Result<A::Output>> + Send {
        let mut statements = Statements { asked: Vec::new() };
        let answers = write(&mut statements);
        let place = Location::caller();
        async move {
            let replies = self.replies(statements.asked, place).await?;
            answers.take(&mut Replies(replies.into_iter().map(Some).collect()))
        }
    }

    async fn replies(&self, asked: Vec<(Sql<'_>, Option<Wanted>)>, place: Place) -> Result<Vec<Reply>> {
        let asked: Vec<Asked<'_>> = asked
            .iter()
            .map(|(sql, wanted)| Ok(Asked { rendered: sql.render(self.dialect())?, wanted: *wanted }))
            .collect::<Result<_>>()?;
        let Some(text) = asked.first().map(|first| first.rendered.text.clone()) else {
            return Ok(Vec::new());
        };
        let call = async move {
            let backend = &self.database.backend;
            let Some(mut turn) = self.scope.turn().await? else {
                return backend.batch(None, asked, place).await;
            };
            let result = backend.batch(Some(turn.lease()?), asked, place).await;
            turn.over(&result);
            result
        };
        self.observe(text.as_str(), self.database.options.command_timeout, pin!(call)).await
    }
}
