//! Notifications, also over a connection that breaks.

use std::time::Duration;

use covet_db::postgres::{Event, Listener};
use covet_db::{Db, ErrorKind};
use covet_testsuite::servers::{PrivateServer, Setup, Stop};
use futures_util::StreamExt;

async fn next(events: &mut Listener) -> Option<Event> {
    tokio::time::timeout(Duration::from_secs(20), events.next()).await.unwrap()
}

/// The channel and payload of the next event, which is a notification.
async fn message(events: &mut Listener) -> (String, String) {
    match next(events).await {
        Some(Event::Notification(message)) => (message.channel, message.payload),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_sent_arrives_in_order_and_with_its_transaction() {
    let Some(url) = super::url() else { return };
    let db = super::connect(&url, "pool_min=0").await;
    let pg = db.postgres().unwrap();
    let mut events = pg.listen(["orders", "we\"ird; channel"]).await.unwrap();
    assert_eq!(next(&mut events).await, Some(Event::Connected));
    for number in 0..1000 {
        pg.notify("orders", &number.to_string()).await.unwrap();
    }
    pg.notify("unheard", "x").await.unwrap();
    pg.notify("we\"ird; channel", "").await.unwrap();
    for number in 0..1000 {
        assert_eq!(message(&mut events).await, ("orders".to_owned(), number.to_string()));
    }
    assert_eq!(message(&mut events).await, ("we\"ird; channel".to_owned(), String::new()));
    let tx = db.begin().await.unwrap();
    tx.postgres().unwrap().notify("orders", "undone").await.unwrap();
    tx.rollback().await.unwrap();
    let tx = db.begin().await.unwrap();
    tx.postgres().unwrap().notify("orders", "done").await.unwrap();
    let early = tokio::time::timeout(Duration::from_millis(100), events.next()).await;
    assert!(early.is_err(), "{early:?}");
    tx.commit().await.unwrap();
    assert_eq!(message(&mut events).await.1, "done");
    assert!(pg.notify("orders", &"x".repeat(8000)).await.is_err());
    assert_eq!(pg.listen([""]).await.unwrap_err().kind(), ErrorKind::Syntax);
    assert_eq!(pg.listen([""; 0]).await.unwrap_err().kind(), ErrorKind::Misuse);
    // No lease of the pool is used for it, and closing ends it.
    assert_eq!(db.pool_stats().in_use, 0);
    db.close().await;
    assert_eq!(next(&mut events).await, None);
}

/// `Reconnected` comes only when what is sent from then on is heard.
#[tokio::test]
async fn a_lost_connection_is_told_once_it_listens_again() {
    let Some(mut server) = PrivateServer::start(&Setup::default()) else { return };
    let db = Db::connect(&server.url("pool_min=0")).await.unwrap();
    let mut events = db.postgres().unwrap().listen(["orders"]).await.unwrap();
    assert_eq!(next(&mut events).await, Some(Event::Connected));
    for round in 0..3 {
        if round == 2 {
            server.stop(Stop::Crash);
            tokio::time::sleep(Duration::from_millis(300)).await;
            server.start_again();
        } else {
            let killed = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'";
            db.execute(killed).await.unwrap();
        }
        assert_eq!(next(&mut events).await, Some(Event::Reconnected));
        // The pool's own connections may have been lost with the server.
        let sent = async { while db.postgres().unwrap().notify("orders", "after").await.is_err() {} };
        tokio::time::timeout(Duration::from_secs(10), sent).await.unwrap();
        assert_eq!(message(&mut events).await.1, "after");
    }
}
