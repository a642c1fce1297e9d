//! LISTEN and NOTIFY: messages between programs, through the database.
//!
//! A notification is sent to those who listen at the time. A listener that lost its connection has missed what was sent until
//! it listened again, so that it says when that was, and says it only then.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_postgres::AsyncMessage;

use super::Shared;
use super::connection::{Connection, lost};
use super::endpoint::endpoints;
use super::error::{classify, silent};
use super::handle::Handle;
use super::open::{Dialled, dial};
use crate::backend::backoff;
use crate::pool::Pool;
use crate::{Dialect, Error, ErrorKind, Ident, Result};

/// How many events wait for a slow reader before the connection is read no further. The server keeps what comes then.
const WAITING: usize = 256;

/// How often a quiet connection is asked whether it is there, and how long the answer may take.
const PING: Duration = Duration::from_secs(15);
const PING_PATIENCE: Duration = Duration::from_secs(5);

/// How often it is looked whether the pool was closed.
const LOOK: Duration = Duration::from_millis(500);

/// The first and the longest bound of the waits between attempts to connect again.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// What a [`Listener`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// It listens: what is sent from now on comes.
    Connected,
    /// Someone sent this.
    Notification(Notification),
    /// The connection was lost, and it listens again. What was sent in between is gone; look into the tables for it.
    Reconnected,
}

/// A message; see [`Handle::notify`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notification {
    /// The channel that it was sent on.
    pub channel: String,
    /// What was sent.
    pub payload: String,
    /// The process of the server that served the sender (`pg_backend_pid()`).
    pub sender: i32,
}

/// A stream of [`Event`]s, on a connection of its own that is no part of the pool. It connects again by itself, as often as
/// it takes, and ends when the database is closed.
pub struct Listener {
    events: mpsc::Receiver<Event>,
    task: AbortHandle,
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}

impl Stream for Listener {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        self.events.poll_recv(context)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Handle<'_> {
    /// Sends a message to all who listen on a channel, when the transaction commits if this is in one. A payload is at most
    /// 7,999 bytes long.
    ///
    /// ```no_run
    /// # use covet_db::Db;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("postgres://me@localhost/shop").await?;
    /// db.transaction(async |tx| {
    ///     tx.execute("INSERT INTO orders (book) VALUES (17)").await?;
    ///     tx.postgres()?.notify("orders", "17").await
    /// })
    /// .await
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the payload is too long, and as every statement.
    pub async fn notify(&self, channel: &str, payload: &str) -> Result<()> {
        let channel = Ident::new(channel)?;
        let name = channel.as_str();
        self.executor.execute(crate::sql!("SELECT pg_notify({name}, {payload})")).await.map(drop)
    }

    /// Listens on channels. The first event is [`Event::Connected`].
    ///
    /// ```no_run
    /// # use covet_db::{Db, postgres::Event};
    /// # use futures_util::StreamExt;
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> covet_db::Result<()> {
    /// # let db = Db::connect("postgres://me@localhost/shop").await?;
    /// let mut events = db.postgres()?.listen(["orders"]).await?;
    /// while let Some(event) = events.next().await {
    ///     match event {
    ///         Event::Notification(order) => println!("order {}", order.payload),
    ///         _ => println!("look for orders that came while nobody listened"),
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When it cannot connect, and [`ErrorKind::Misuse`] where a pooler stands in between.
    pub async fn listen(&self, channels: impl IntoIterator<Item: AsRef<str>>) -> Result<Listener> {
        let mut text = String::new();
        for channel in channels {
            text.push_str("LISTEN ");
            Ident::new(channel.as_ref())?.quote_into(Dialect::Postgres, &mut text);
            text.push(';');
        }
        if text.is_empty() {
            return Err(Error::new(ErrorKind::Misuse, "at least one channel must be named"));
        }
        self.needs_session("LISTEN")?;
        let shared = Arc::clone(&self.database.shared);
        let first = Listening::start(&shared, &text).await?;
        let (sender, events) = mpsc::channel(WAITING);
        let runtime = shared.runtime.clone();
        let task = runtime.spawn(listen(shared, Arc::clone(&self.database.pool), text, first, sender));
        Ok(Listener { events, task: task.abort_handle() })
    }
}

/// Runs until nobody reads any more, or the pool is closed.
async fn listen(
    shared: Arc<Shared>,
    pool: Arc<Pool<Connection>>,
    text: String,
    mut listening: Listening,
    sender: mpsc::Sender<Event>,
) {
    let mut event = Event::Connected;
    loop {
        if sender.send(event).await.is_err() {
            return;
        }
        let error = match listening.forward(&pool, &sender).await {
            Ok(()) => return,
            Err(error) => error,
        };
        tracing::warn!(%error, "a listener lost its connection and connects again");
        let mut attempt = 1;
        listening = loop {
            tokio::time::sleep(backoff(attempt, FIRST_WAIT)).await;
            if pool.is_closed() || sender.is_closed() {
                return;
            }
            match Listening::start(&shared, &text).await {
                Ok(listening) => break listening,
                Err(error) => tracing::warn!(attempt, %error, "a listener could not connect again"),
            }
            attempt += 1;
        };
        event = Event::Reconnected;
    }
}

/// A connection on which LISTEN is in force.
struct Listening {
    dialled: Dialled,
    /// What came while something else was waited for.
    came: VecDeque<Notification>,
}

impl Listening {
    async fn start(shared: &Shared, text: &str) -> Result<Self> {
        let timeout = shared.options.postgres.connect_timeout;
        let mut failure = None;
        for endpoint in endpoints(&shared.options, &shared.server, &shared.tls).await? {
            let starting = async {
                let dialled = dial(shared, endpoint).await?;
                let mut listening = Self { dialled, came: VecDeque::new() };
                // A standby refuses it, so that among several servers the one that notifies is found.
                listening.run(text).await?;
                Ok(listening)
            };
            match tokio::time::timeout(timeout, starting).await.unwrap_or_else(|_| Err(silent(timeout))) {
                Ok(listening) => return Ok(listening),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(lost))
    }

    /// Runs a statement, and keeps what comes meanwhile.
    async fn run(&mut self, text: &str) -> Result<()> {
        let Dialled { client, connection, .. } = &mut self.dialled;
        let mut statement = pin!(client.batch_execute(text));
        poll_fn(|context| {
            loop {
                if let Poll::Ready(done) = statement.as_mut().poll(context) {
                    return Poll::Ready(done.map_err(|error| classify(&error)));
                }
                match connection.poll_message(context) {
                    Poll::Ready(Some(Ok(message))) => self.came.extend(notification(message)),
                    Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(classify(&error))),
                    Poll::Ready(None) => return Poll::Ready(Err(lost())),
                    Poll::Pending => break,
                }
            }
            // What was read may be its answer.
            statement.as_mut().poll(context).map_err(|error| classify(&error))
        })
        .await
    }

    /// Passes on what comes; answers with nothing when it is to end, and with the error when the connection is lost.
    async fn forward(&mut self, pool: &Pool<Connection>, sender: &mpsc::Sender<Event>) -> Result<()> {
        let mut quiet = Duration::ZERO;
        loop {
            while let Some(notification) = self.came.pop_front() {
                if sender.send(Event::Notification(notification)).await.is_err() {
                    return Ok(());
                }
            }
            let connection = &mut self.dialled.connection;
            match tokio::time::timeout(LOOK, poll_fn(|context| connection.poll_message(context))).await {
                Ok(Some(Ok(message))) => {
                    quiet = Duration::ZERO;
                    self.came.extend(notification(message));
                }
                Ok(Some(Err(error))) => return Err(classify(&error)),
                Ok(None) => return Err(lost()),
                Err(_) if pool.is_closed() || sender.is_closed() => return Ok(()),
                Err(_) => quiet += LOOK,
            }
            if quiet >= PING {
                quiet = Duration::ZERO;
                tokio::time::timeout(PING_PATIENCE, self.run(""))
                    .await
                    .unwrap_or_else(|_| Err(silent(PING_PATIENCE)))?;
            }
        }
    }
}

fn notification(message: AsyncMessage) -> Option<Notification> {
    match message {
        AsyncMessage::Notification(message) => Some(Notification {
            channel: message.channel().to_owned(),
            payload: message.payload().to_owned(),
            sender: message.process_id(),
        }),
        _ => None,
    }
}
