//! Keeps the passwords of demo mode, which everybody knows, away from the data of a shop that is meant.

use covet::db::sql;
use covet::{Db, Error, Result, jiff};

use super::Config;

const DEMO: &str = "demo";
const CONFIGURED: &str = "configured";

/// Notes in the database in which mode the shop runs. A configured shop's database is not opened in demo mode; that of a
/// demo loses the demo's logins when a configured shop takes it over.
pub(super) async fn enter(is_demo: bool, db: Db) -> Result<()> {
    let mode = if is_demo { DEMO } else { CONFIGURED };
    match db.execute(sql!("INSERT INTO shop_mode (id, mode) VALUES (1, {mode})")).await {
        Ok(_) => return Ok(()),
        Err(error) if error.is_unique_violation() => {}
        Err(error) => return Err(error.into()),
    }
    let before: String = db.fetch_value("SELECT mode FROM shop_mode").await?;
    match (before.as_str(), is_demo) {
        (CONFIGURED, true) => Err(Error::new(
            "the database is that of a shop with a configuration file: name the file by --config, or another database by \
             --database-url",
        )),
        (DEMO, false) => take_over(&db).await,
        _ => Ok(()),
    }
}

async fn take_over(db: &Db) -> Result<()> {
    let demo = Config::demo("http://127.0.0.1")?;
    let now = jiff::Timestamp::now().as_millisecond();
    db.transaction(async |tx| -> Result<()> {
        for user in &demo.users {
            let login = &user.name;
            // Sessions and roles go with the user.
            tx.execute(sql!("DELETE FROM covet_users WHERE login = {login}")).await?;
        }
        for client in &demo.clients {
            let id = &client.id;
            tx.execute(sql!("DELETE FROM covet_clients WHERE id = {id}")).await?;
        }
        tx.execute(sql!("UPDATE covet_grants SET revoked_at = {now} WHERE revoked_at IS NULL")).await?;
        tx.execute(sql!("UPDATE shop_mode SET mode = {CONFIGURED}")).await?;
        Ok(())
    })
    .await
}
