//! Serves the Bookshop.

use bookshop::app;
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
    app().database(Db::connect(&arguments.database_url)).bind(arguments.bind).serve().await
}
