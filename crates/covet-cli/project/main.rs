//! Serves the app.

use covet::{Db, Result};

#[covet::main]
async fn main() -> Result<()> {
    CRATE::app().database(Db::from_env_or("sqlite:PROJECT.db")).serve().await
}
