//! One row by its key, through the pool.

use std::future::Future;
use std::time::{Duration, Instant};

use covet_db::{Db, sql};
use sqlx::postgres::PgPoolOptions;
use tokio_postgres::NoTls;

use crate::measure::{Figure, cpu, rate};
use crate::{Outcome, POOL};

const ONE: &str = "SELECT id, randomnumber FROM world WHERE id = $1";

/// A query of one of the libraries.
trait Contender: Clone + Send + Sync + 'static {
    fn one(&self, id: i32) -> impl Future<Output = Outcome<(i32, i32)>> + Send;
}

#[derive(Clone)]
struct Covet(Db);

impl Contender for Covet {
    async fn one(&self, id: i32) -> Outcome<(i32, i32)> {
        Ok(self.0.fetch_one(sql!("SELECT id, randomnumber FROM world WHERE id = {id}")).await?)
    }
}

#[derive(Clone)]
struct Sqlx(sqlx::PgPool);

impl Contender for Sqlx {
    async fn one(&self, id: i32) -> Outcome<(i32, i32)> {
        Ok(sqlx::query_as(ONE).bind(id).fetch_one(&self.0).await?)
    }
}

#[derive(Clone)]
struct Deadpool(deadpool_postgres::Pool);

impl Contender for Deadpool {
    async fn one(&self, id: i32) -> Outcome<(i32, i32)> {
        let client = self.0.get().await?;
        let statement = client.prepare_cached(ONE).await?;
        let row = client.query_one(&statement, &[&id]).await?;
        Ok((row.try_get(0)?, row.try_get(1)?))
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
        Ok((cpu() - before).as_secs_f64() * 1e6 / queries as f64)
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

pub async fn run(url: &str, rounds: usize, quick: bool) -> Outcome<Vec<Figure>> {
    let covet = Covet(Db::connect(&format!("{url}?pool_max={POOL}")).await?);
    let leases = Covet(Db::connect(&format!("{url}?pool_max={POOL}&lanes=0")).await?);
    let sqlx = Sqlx(PgPoolOptions::new().max_connections(POOL as u32).connect(url).await?);
    let no_ping = PgPoolOptions::new().max_connections(POOL as u32).test_before_acquire(false);
    let no_ping = Sqlx(no_ping.connect(url).await?);
    let manager = deadpool_postgres::Manager::new(url.parse()?, NoTls);
    let deadpool = Deadpool(deadpool_postgres::Pool::builder(manager).max_size(POOL).build()?);

    let cpu = |who| Figure::new("CPU per query, 1 task", who, "µs");
    let mut alones =
        [cpu("covet"), cpu("covet, without lanes"), cpu("deadpool-postgres"), cpu("sqlx"), cpu("sqlx, no ping")];
    let rate = |who| Figure::new("queries/s, 64 tasks", who, "1/s");
    let mut togethers =
        [rate("covet"), rate("covet, without lanes"), rate("deadpool-postgres"), rate("sqlx"), rate("sqlx, no ping")];
    let queries = if quick { 10_000 } else { 40_000 };
    let duration = Duration::from_millis(if quick { 700 } else { 2_000 });
    for round in 0..=rounds {
        let alone = [
            alone(&covet, queries).await?,
            alone(&leases, queries).await?,
            alone(&deadpool, queries).await?,
            alone(&sqlx, queries).await?,
            alone(&no_ping, queries).await?,
        ];
        let together = [
            together(&covet, duration).await?,
            together(&leases, duration).await?,
            together(&deadpool, duration).await?,
            together(&sqlx, duration).await?,
            together(&no_ping, duration).await?,
        ];
        // The first round warms up.
        if round > 0 {
            alones.iter_mut().zip(alone).for_each(|(figure, value)| figure.add(value));
            togethers.iter_mut().zip(together).for_each(|(figure, value)| figure.add(value));
        }
    }
    eprintln!("{:?}", covet.0.pool_stats().lanes);
    Ok(alones.into_iter().chain(togethers).collect())
}
