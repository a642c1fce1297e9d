//! Serves the Bookshop.

use bookshop::{MIGRATIONS, app, seed};
use clap::Parser;
use covet::{Db, Result};

/// The Bookshop, Covet's reference application.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The address to serve on.
    #[arg(long, env = "BOOKSHOP_BIND", default_value = "127.0.0.1:8000")]
    bind: String,
    /// The database; an empty one is filled with the books of data/books.csv.
    #[arg(long, env = "DATABASE_URL", default_value = "sqlite:bookshop.db", hide_env_values = true)]
    database_url: String,
}

#[covet::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let db = Db::connect(&arguments.database_url).await?;
    db.migrate(&MIGRATIONS).await?;
    seed::fill_empty(&db).await?;
    app(db).bind(arguments.bind).serve().await
}
