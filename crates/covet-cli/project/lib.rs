//! The app: what `main` serves and the tests ask.

mod notes;

use covet::App;
use covet::db::migrations;

/// All of it, but for its database.
pub fn app() -> App {
    App::new("PROJECT", env!("CARGO_PKG_VERSION")).migrations(migrations!("migrations")).routes(notes::routes())
}
