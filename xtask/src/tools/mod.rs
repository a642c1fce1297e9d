//! Programs that the steps need and a fresh machine may lack.
//!
//! Each comes from an ordinary package registry through that registry's own client, pinned, and is
//! kept under `target/tools` until its pin changes; `sid.rs` alone has none, as it says. A machine where a client is missing gets a
//! message that says what to install, and the step that wanted the tool is reported as lacking.

pub(crate) mod debian;
pub(crate) mod node;
pub(crate) mod postgres;
pub(crate) mod python;
pub(crate) mod rust;
pub(crate) mod sid;

use std::fs;
use std::path::Path;
use std::time::Duration;

/// Long enough for a slow network, short enough that a dead one is noticed.
const INSTALL_LIMIT: Duration = Duration::from_secs(8 * 60);

/// Runs `install` unless it has been run before for the same pin.
fn once(folder: &Path, pin: &str, install: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let stamp = folder.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|text| text == pin) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    install()?;
    fs::write(&stamp, pin).map_err(|error| format!("{}: {error}", stamp.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_tool_is_installed_once_for_each_pin() {
        let folder = std::env::temp_dir().join(format!("covet-xtask-{}", std::process::id()));
        let installs = Cell::new(0);
        let install = || {
            installs.set(installs.get() + 1);
            Ok(())
        };
        once(&folder, "1.0", install).unwrap();
        once(&folder, "1.0", install).unwrap();
        assert_eq!(installs.get(), 1);
        once(&folder, "1.1", install).unwrap();
        assert_eq!(installs.get(), 2);
        assert!(once(&folder, "1.2", || Err("no network".into())).is_err());
        once(&folder, "1.2", install).unwrap();
        assert_eq!(installs.get(), 3, "a failed installation is tried again");
        fs::remove_dir_all(&folder).unwrap();
    }
}
