//! The PostgreSQL adapter beside the libraries that a user would take instead, in one run on one machine.
//!
//! `cargo xtask bench db [--quick]` runs it on a server of its own; alone it takes the environment's `DATABASE_URL`. Rounds
//! are interleaved, and the median of each counts: absolute figures vary with the machine, ratios hold. It prints a Markdown
//! table and fails when a gate does not hold.

mod load;
mod measure;
mod one;
mod rows;

use measure::{Figure, Gate, table};

/// The pools' size, of every library.
const POOL: usize = 20;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Outcome {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let only = std::env::args().skip_while(|argument| argument != "--only").nth(1);
    let url =
        std::env::var("DATABASE_URL").map_err(|_| "DATABASE_URL names no database: use `cargo xtask bench db`")?;
    let rounds = if quick { 3 } else { 7 };
    let wanted = |name: &str| only.as_deref().is_none_or(|only| only == name);
    let mut figures: Vec<Figure> = Vec::new();
    prepare(&url).await?;
    if wanted("one") {
        figures.extend(one::run(&url, rounds, quick).await?);
    }
    if wanted("rows") {
        figures.extend(rows::run(&url, rounds).await?);
    }
    if wanted("load") {
        figures.extend(load::run(&url, rounds, quick).await?);
    }
    let gates = [
        Gate::at_most("CPU per query, 1 task", "covet", "deadpool-postgres", 1.0),
        Gate::at_least("queries/s, 64 tasks", "covet", "sqlx", 2.5),
        Gate::at_least("queries/s, 64 tasks", "covet", "deadpool-postgres", 1.5),
        Gate::at_least("rows/s, 100,000 fetched", "covet", "tokio-postgres", 0.95),
        Gate::at_least("rows/s, 100,000 streamed", "covet", "tokio-postgres", 0.9),
        Gate::at_least("rows/s, loaded", "covet copy_in", "covet, single INSERTs", 40.0),
        Gate::at_least("rows/s, loaded", "covet copy_in", "BinaryCopyInWriter", 0.9),
        Gate::at_least("rows/s, loaded", "covet execute_many", "covet, single INSERTs", 3.0),
    ];
    let (text, holds) = table(&figures, &gates);
    println!("{text}");
    if !holds {
        return Err("a gate does not hold".into());
    }
    Ok(())
}

/// The tables, as every library finds them.
async fn prepare(url: &str) -> Outcome {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    let driver = tokio::spawn(connection);
    client.batch_execute(include_str!("../schema.sql")).await?;
    drop(client);
    driver.await??;
    Ok(())
}
