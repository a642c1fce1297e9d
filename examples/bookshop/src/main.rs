//! Serves the Bookshop.

use std::path::PathBuf;

use bookshop::access::{Config, with_port};
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
    /// Issuer, lives of tokens, roles, users and clients, as TOML; without it the shop runs in demo mode.
    #[arg(long, env = "BOOKSHOP_CONFIG")]
    config: Option<PathBuf>,
}

#[covet::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let bind = with_port(&arguments.bind)?;
    let config = Config::load(arguments.config.as_deref(), &bind)?;
    let mut app = app(&config)?;
    if config.is_demo {
        app = app.on_start(async move |_| {
            print(&config);
            Ok(())
        });
    }
    app.database(Db::connect(&arguments.database_url)).bind(bind).serve().await
}

#[expect(clippy::print_stdout, reason = "what a person who starts the demo is to read")]
fn print(config: &Config) {
    let issuer = &config.issuer;
    println!("The Bookshop in demo mode, whose logins everybody knows:\n\n  shop  {issuer}/\n  API   {issuer}/docs\n");
    for (login, password) in config.logins() {
        println!("  {login:<10} {password}");
    }
    println!();
}
