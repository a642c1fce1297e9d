//! 100,000 rows of five columns, all at once and as a stream, each read into a struct.

use std::hint::black_box;
use std::pin::pin;
use std::time::Instant;

use covet_db::{Db, FromRow};
use futures_util::TryStreamExt;
use jiff::civil::DateTime;
use tokio_postgres::NoTls;

use crate::Outcome;
use crate::measure::{Figure, rate};

const ALL: &str = "SELECT id, name, price, created, n FROM big";
const ROWS: usize = 100_000;

#[derive(FromRow)]
#[from_row(crate = "covet_db")]
struct Item {
    id: i32,
    name: String,
    price: f64,
    created: DateTime,
    n: i32,
}

impl Item {
    fn of(row: &tokio_postgres::Row) -> Outcome<Self> {
        Ok(Self {
            id: row.try_get(0)?,
            name: row.try_get(1)?,
            price: row.try_get(2)?,
            created: row.try_get(3)?,
            n: row.try_get(4)?,
        })
    }

    fn check(&self) -> usize {
        let right = self.n == self.id % 1000 && self.price == f64::from(self.id) * 0.25 && !self.name.is_empty();
        usize::from(right && self.created.year() >= 2024)
    }
}

pub async fn run(url: &str, rounds: usize) -> Outcome<Vec<Figure>> {
    let db = Db::connect(url).await?;
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    let statement = client.prepare(ALL).await?;
    let fetched = |who| Figure::new("rows/s, 100,000 fetched", who, "1/s");
    let streamed = |who| Figure::new("rows/s, 100,000 streamed", who, "1/s");
    let mut figures = [fetched("covet"), fetched("tokio-postgres"), streamed("covet"), streamed("tokio-postgres")];
    for round in 0..=rounds {
        let mut values = [0.0; 4];
        let since = Instant::now();
        let items: Vec<Item> = db.fetch_all(ALL).await?;
        values[0] = rate(ROWS, since);
        assert_eq!(items.iter().map(Item::check).sum::<usize>(), ROWS);
        drop(items);

        let since = Instant::now();
        let rows = client.query(&statement, &[]).await?;
        let items: Vec<Item> = rows.iter().map(Item::of).collect::<Outcome<_>>()?;
        values[1] = rate(ROWS, since);
        assert_eq!(items.iter().map(Item::check).sum::<usize>(), ROWS);
        drop((rows, items));

        let since = Instant::now();
        let mut items = db.stream::<Item>(ALL);
        let mut right = 0;
        while let Some(item) = items.try_next().await? {
            right += black_box(item.check());
        }
        values[2] = rate(right, since);
        drop(items);

        let since = Instant::now();
        let none: [&str; 0] = [];
        let mut rows = pin!(client.query_raw(&statement, none).await?);
        let mut right = 0;
        while let Some(row) = rows.try_next().await? {
            right += black_box(Item::of(&row)?.check());
        }
        values[3] = rate(right, since);
        if round > 0 {
            figures.iter_mut().zip(values).for_each(|(figure, value)| figure.add(value));
        }
    }
    Ok(figures.into())
}
