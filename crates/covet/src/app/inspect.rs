//! Looking into an app without serving it.

use std::io::Write;

use serde::Serialize;
use serde_json::{Value, json};

use super::App;
use super::build::Built;
use crate::routing::Route;
use crate::{Error, Result};

/// Prints what `COVET_INSPECT` asks for on standard output.
pub(super) fn inspect(app: App, subject: &str) -> Result<()> {
    let value = match subject {
        "routes" => {
            let list = app.routes.list.clone();
            let built = super::build::build(app)?;
            list.iter().map(|route| describe(route, &built)).collect()
        }
        "openapi" => super::build::build(app)?.document,
        #[cfg(feature = "_db")]
        "migrations" => super::startup::migrate::list(&super::build::build(app)?.startup),
        other => {
            let subjects =
                if cfg!(feature = "_db") { "`routes`, `openapi` or `migrations`" } else { "`routes` or `openapi`" };
            return Err(Error::new(format!("COVET_INSPECT is `{other}`; it can be {subjects}")));
        }
    };
    print(&value)
}

/// Prints a value for another program.
pub(super) fn print(value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(value)?;
    text.push(b'\n');
    std::io::stdout().write_all(&text)?;
    Ok(())
}

fn describe(route: &Route, built: &Built) -> Value {
    #[cfg_attr(not(feature = "auth"), expect(unused_mut, reason = "who may call it is a feature"))]
    let mut value = json!({
        "method": route.method.as_str(),
        "path": route.path,
        "operation_id": route.operation_id,
        "summary": route.summary,
        "function": route.function,
        "place": route.place,
    });
    #[cfg(feature = "auth")]
    if let Some(access) = built.access(&route.method, &route.path) {
        value["auth"] = access;
    }
    #[cfg(not(feature = "auth"))]
    let _ = built;
    value
}
