//! The MySQL adapter beside the libraries that a user would take instead, in one run on one machine.
//!
//! `cargo xtask bench mysql [--quick]` runs it on a MariaDB of its own; alone it takes the environment's `DATABASE_URL`, and makes
//! its tables there. Rounds are interleaved, and the median of each counts: absolute figures vary with the machine, ratios
//! hold. It prints a Markdown table and fails when a gate does not hold.

#[path = "../../db/src/measure.rs"]
mod measure;

use std::future::Future;
use std::time::{Duration, Instant};

use covet_db::{Db, Error, sql};
use futures_util::TryStreamExt;
use measure::{Figure, Gate, cpu, rate, table};
use mysql_async::prelude::Queryable;
use sqlx::mysql::MySqlPoolOptions;

/// The size of our pool and sqlx's; the driver's own has its default settings.
const POOL: usize = 20;

/// How many rows are streamed and loaded.
const ROWS: i64 = 100_000;

const ONE: &str = "SELECT id, randomnumber FROM world WHERE id = ?";
const MANY: &str = "SELECT id, name, amount, note FROM many";

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
type Wide = (i32, String, f64, Option<String>);

/// A query of one of the libraries.
trait Contender: Clone + Send + Sync + 'static {
    fn one(&self, id: i32) -> impl Future<Output = Outcome<(i32, i32)>> + Send;
}

impl Contender for Db {
    async fn one(&self, id: i32) -> Outcome<(i32, i32)> {
        Ok(self.fetch_one(sql!("SELECT id, randomnumber FROM world WHERE id = {id}")).await?)
    }
}

impl Contender for sqlx::MySqlPool {
    async fn one(&self, id: i32) -> Outcome<(i32, i32)> {
        Ok(sqlx::query_as(ONE).bind(id).fetch_one(self).await?)
    }
}

impl Contender for mysql_async::Pool {
    async fn one(&self, id: i32) -> Outcome<(i32, i32)> {
        let mut conn = self.get_conn().await?;
        let row: Option<(i32, i32)> = conn.exec_first(ONE, (id,)).await?;
        Ok(row.ok_or("no row")?)
    }
}

async fn alone(contender: &impl Contender, queries: usize) -> Outcome<f64> {
    let contender = contender.clone();
    let task = tokio::spawn(async move {
        let before = cpu();
        for query in 0..queries {
            let id = 1 + (query * 7919 % 10_000) as i32;
            assert_eq!(contender.one(id).await?.0, id);
        }
        Outcome::Ok((cpu() - before).as_secs_f64() * 1e6 / queries as f64)
    });
    task.await?
}

/// The same on a connection of the driver alone, without a pool.
async fn alone_bare(opts: mysql_async::Opts, queries: usize) -> Outcome<f64> {
    let task = tokio::spawn(async move {
        let mut conn = mysql_async::Conn::new(opts).await?;
        let before = cpu();
        for query in 0..queries {
            let id = 1 + (query * 7919 % 10_000) as i32;
            let row: Option<(i32, i32)> = conn.exec_first(ONE, (id,)).await?;
            assert_eq!(row.map(|row| row.0), Some(id));
        }
        let used = (cpu() - before).as_secs_f64() * 1e6 / queries as f64;
        conn.disconnect().await?;
        Outcome::Ok(used)
    });
    task.await?
}

async fn together(contender: &impl Contender, duration: Duration) -> Outcome<f64> {
    let since = Instant::now();
    let tasks: Vec<_> = (0..64_usize)
        .map(|task| {
            let contender = contender.clone();
            tokio::spawn(async move {
                let mut count = 0;
                while since.elapsed() < duration {
                    let id = 1 + ((task * 151 + count * 7919) % 10_000) as i32;
                    assert_eq!(contender.one(id).await?.0, id);
                    count += 1;
                }
                Outcome::Ok(count)
            })
        })
        .collect();
    let mut count = 0;
    for task in tasks {
        count += task.await??;
    }
    Ok(rate(count, since))
}

async fn stream_covet(db: &Db) -> Outcome<f64> {
    let since = Instant::now();
    let mut rows = db.stream::<Wide>(MANY);
    let mut count = 0;
    while rows.try_next().await?.is_some() {
        count += 1;
    }
    Ok(rate(count, since))
}

async fn stream_bare(pool: &mysql_async::Pool) -> Outcome<f64> {
    let mut conn = pool.get_conn().await?;
    let since = Instant::now();
    let mut rows = conn.exec_stream::<Wide, _, _>(MANY, ()).await?;
    let mut count = 0;
    while rows.try_next().await?.is_some() {
        count += 1;
    }
    Ok(rate(count, since))
}

async fn stream_sqlx(pool: &sqlx::MySqlPool) -> Outcome<f64> {
    let since = Instant::now();
    let mut rows = sqlx::query_as::<_, Wide>(MANY).fetch(pool);
    let mut count = 0;
    while rows.try_next().await?.is_some() {
        count += 1;
    }
    Ok(rate(count, since))
}

fn row(id: i64) -> (i64, String, f64, Option<String>) {
    (id, format!("name {id}"), id as f64 / 4.0, (id % 2 == 0).then(|| format!("note {id}")))
}

async fn load(db: &Db) -> Outcome<f64> {
    db.execute("TRUNCATE loaded").await?;
    let since = Instant::now();
    let loaded = db.copy_in("loaded", ["id", "name", "amount", "note"], (0..ROWS).map(row)).await?;
    assert_eq!(loaded, ROWS as u64);
    Ok(rate(ROWS as usize, since))
}

async fn insert(db: &Db, count: i64) -> Outcome<f64> {
    db.execute("TRUNCATE loaded").await?;
    let since = Instant::now();
    db.transaction(async |tx| {
        for (id, name, amount, note) in (0..count).map(row) {
            tx.execute(sql!("INSERT INTO loaded (id, name, amount, note) VALUES ({id}, {name}, {amount}, {note})")).await?;
        }
        Ok::<_, Error>(())
    })
    .await?;
    Ok(rate(count as usize, since))
}

async fn prepare(db: &Db) -> Outcome {
    const COLUMNS: &str = "(id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL, amount DOUBLE NOT NULL, note VARCHAR(40)) CHARACTER SET utf8mb4";
    for table in ["world", "many", "loaded"] {
        db.execute(covet_db::Sql::unchecked(format!("DROP TABLE IF EXISTS {table}"))).await?;
    }
    db.execute("CREATE TABLE world (id INTEGER PRIMARY KEY, randomnumber INTEGER NOT NULL)").await?;
    db.execute(covet_db::Sql::unchecked(format!("CREATE TABLE many {COLUMNS}"))).await?;
    db.execute(covet_db::Sql::unchecked(format!("CREATE TABLE loaded {COLUMNS}"))).await?;
    db.copy_in("world", ["id", "randomnumber"], (1..=10_000).map(|id| (id, id * 7 % 10_000))).await?;
    db.copy_in("many", ["id", "name", "amount", "note"], (0..ROWS).map(row)).await?;
    Ok(())
}

#[tokio::main]
async fn main() -> Outcome {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let only = std::env::args().skip_while(|argument| argument != "--only").nth(1);
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    let url = std::env::var("DATABASE_URL").map_err(|_| "DATABASE_URL names no database")?;
    let (rounds, queries) = if quick { (3, 10_000) } else { (7, 40_000) };
    let duration = Duration::from_millis(if quick { 700 } else { 2_000 });
    let covet = Db::connect(&format!("{url}?pool_max={POOL}&sslmode=disable")).await?;
    prepare(&covet).await?;
    let sqlx = MySqlPoolOptions::new().max_connections(POOL as u32).connect(&url).await?;
    let opts = mysql_async::OptsBuilder::from_opts(mysql_async::Opts::from_url(&url)?).prefer_socket(false);
    let bare = mysql_async::Pool::new(opts.clone());
    let bare_opts = mysql_async::Opts::from(opts);

    let alone_figure = |who| Figure::new("CPU per query, 1 task", who, "µs");
    let mut alones = [alone_figure("covet"), alone_figure("mysql_async, one connection"), alone_figure("sqlx")];
    let together_figure = |who| Figure::new("queries/s, 64 tasks", who, "1/s");
    let mut togethers = [together_figure("covet"), together_figure("mysql_async"), together_figure("sqlx")];
    let stream_figure = |who| Figure::new("rows/s, 100,000 streamed", who, "1/s");
    let mut streams = [stream_figure("covet"), stream_figure("mysql_async"), stream_figure("sqlx")];
    let load_figure = |who| Figure::new("rows/s, loaded", who, "1/s");
    let mut loads = [load_figure("covet copy_in"), load_figure("covet, single INSERTs")];
    for round in 0..=rounds {
        // The first round warms up.
        let add = |figures: &mut [Figure], values: &[f64]| {
            if round > 0 {
                figures.iter_mut().zip(values).for_each(|(figure, value)| figure.add(*value));
            }
        };
        if wanted("one") {
            let bare_opts = bare_opts.clone();
            let alone = [alone(&covet, queries).await?, alone_bare(bare_opts, queries).await?, alone(&sqlx, queries).await?];
            add(&mut alones, &alone);
            let together =
                [together(&covet, duration).await?, together(&bare, duration).await?, together(&sqlx, duration).await?];
            add(&mut togethers, &together);
        }
        if wanted("rows") {
            add(&mut streams, &[stream_covet(&covet).await?, stream_bare(&bare).await?, stream_sqlx(&sqlx).await?]);
        }
        if wanted("load") {
            add(&mut loads, &[load(&covet).await?, insert(&covet, if quick { 10_000 } else { ROWS }).await?]);
        }
    }
    let figures: Vec<Figure> = alones.into_iter().chain(togethers).chain(streams).chain(loads).collect();
    let gates = [
        Gate::at_most("CPU per query, 1 task", "covet", "mysql_async, one connection", 1.15),
        Gate::at_least("queries/s, 64 tasks", "covet", "sqlx", 1.2),
        Gate::at_least("queries/s, 64 tasks", "covet", "mysql_async", 1.0),
        Gate::at_least("rows/s, 100,000 streamed", "covet", "mysql_async", 0.95),
        Gate::at_least("rows/s, loaded", "covet copy_in", "covet, single INSERTs", 12.0),
    ];
    let (text, holds) = table(&figures, &gates);
    println!("{text}");
    if !holds {
        return Err("a gate does not hold".into());
    }
    Ok(())
}
