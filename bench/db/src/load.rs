//! Rows into a table.

use std::pin::pin;
use std::time::Instant;

use covet_db::{Db, Error, sql};
use tokio_postgres::NoTls;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::Type;

use crate::Outcome;
use crate::measure::{Figure, rate};

const ROWS: usize = 100_000;

fn rows(count: usize) -> impl Iterator<Item = (i32, String, f64, i32)> + Clone + Send {
    (0..count as i32).map(|id| (id, format!("item name number {id}"), f64::from(id) * 0.25, id % 1000))
}

pub async fn run(url: &str, rounds: usize, quick: bool) -> Outcome<Vec<Figure>> {
    let db = Db::connect(url).await?;
    let (mut client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    let single = if quick { 3_000 } else { 10_000 };
    let many = if quick { 10_000 } else { 50_000 };
    let loaded = |who| Figure::new("rows/s, loaded", who, "1/s");
    let mut figures = [
        loaded("covet copy_in"),
        loaded("BinaryCopyInWriter"),
        loaded("covet execute_many"),
        loaded("covet, single INSERTs"),
        loaded("tokio-postgres, single INSERTs"),
    ];
    for round in 0..=rounds {
        let mut values = [0.0; 5];
        db.execute("TRUNCATE bulk").await?;
        let since = Instant::now();
        let count = db.copy_in("bulk", ["id", "name", "price", "n"], rows(ROWS)).await?;
        values[0] = rate(count as usize, since);
        check(&db, ROWS).await?;

        let since = Instant::now();
        let transaction = client.transaction().await?;
        let sink = transaction.copy_in("COPY bulk (id, name, price, n) FROM STDIN BINARY").await?;
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &[Type::INT4, Type::TEXT, Type::FLOAT8, Type::INT4]));
        for (id, name, price, n) in rows(ROWS) {
            writer.as_mut().write(&[&id, &name, &price, &n]).await?;
        }
        writer.as_mut().finish().await?;
        transaction.commit().await?;
        values[1] = rate(ROWS, since);
        check(&db, ROWS).await?;

        let since = Instant::now();
        let statements = rows(many).map(|(id, name, price, n)| {
            sql!("INSERT INTO bulk (id, name, price, n) VALUES ({id + 0}, {name + \"\"}, {price + 0.0}, {n + 0})")
        });
        let count = db.execute_many(statements).await?;
        values[2] = rate(count as usize, since);
        check(&db, many).await?;

        let since = Instant::now();
        db.transaction(async |tx| {
            for (id, name, price, n) in rows(single) {
                tx.execute(sql!("INSERT INTO bulk (id, name, price, n) VALUES ({id}, {name}, {price}, {n})")).await?;
            }
            Ok::<_, Error>(())
        })
        .await?;
        values[3] = rate(single, since);
        check(&db, single).await?;

        let since = Instant::now();
        let transaction = client.transaction().await?;
        let insert = transaction.prepare("INSERT INTO bulk (id, name, price, n) VALUES ($1, $2, $3, $4)").await?;
        for (id, name, price, n) in rows(single) {
            transaction.execute(&insert, &[&id, &name, &price, &n]).await?;
        }
        transaction.commit().await?;
        values[4] = rate(single, since);
        check(&db, single).await?;
        if round > 0 {
            figures.iter_mut().zip(values).for_each(|(figure, value)| figure.add(value));
        }
    }
    Ok(figures.into())
}

/// The rows are there; then they go.
async fn check(db: &Db, count: usize) -> Outcome {
    let there: i64 = db.fetch_value("SELECT count(*) FROM bulk").await?;
    assert_eq!(there, count as i64);
    db.execute("TRUNCATE bulk").await?;
    Ok(())
}
