//! libpq's password file: lines of `host:port:database:user:password`, where `*` is any, and `\` stands before a `:` or `\`
//! that is part of a field.

use std::path::{Path, PathBuf};

/// The password of the first line that is for this host, port, database and user.
pub(super) fn find(named: Option<&Path>, wanted: [&str; 4]) -> Option<String> {
    let path = named.map(Path::to_owned).or_else(usual)?;
    let text = std::fs::read_to_string(&path).ok()?;
    #[cfg(unix)]
    {
        let mode = std::fs::metadata(&path).map(|file| std::os::unix::fs::PermissionsExt::mode(&file.permissions()));
        if mode.is_ok_and(|mode| mode & 0o077 != 0) {
            tracing::warn!(path = %path.display(), "the password file is not used: others may read it; `chmod 0600` mends that");
            return None;
        }
    }
    search(&text, wanted)
}

fn usual() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("PGPASSFILE") {
        return Some(path.into());
    }
    match cfg!(windows) {
        true => std::env::var_os("APPDATA").map(|folder| Path::new(&folder).join("postgresql").join("pgpass.conf")),
        false => std::env::var_os("HOME").map(|folder| Path::new(&folder).join(".pgpass")),
    }
}

fn search(text: &str, wanted: [&str; 4]) -> Option<String> {
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let (password, places) = fields.split_last()?;
        let fits =
            places.len() == 4 && places.iter().zip(wanted).all(|(field, wanted)| field == "*" || field == wanted);
        fits.then(|| password.clone())
    })
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            ':' if fields.len() < 5 => fields.push(String::new()),
            '\\' => fields.last_mut().into_iter().for_each(|field| field.extend(characters.next())),
            other => fields.last_mut().into_iter().for_each(|field| field.push(other)),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_counts() {
        let text = "# mine\nhost:5432:db:me:one\n*:*:*:me:tw\\:o:three\\\\\nhost:1:*:*\n";
        assert_eq!(search(text, ["host", "5432", "db", "me"]).as_deref(), Some("one"));
        assert_eq!(search(text, ["other", "1", "x", "me"]).as_deref(), Some("tw:o:three\\"));
        assert_eq!(search(text, ["host", "1", "db", "you"]), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_read_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passwords");
        std::fs::write(&path, "*:*:*:*:secret").unwrap();
        for (mode, expected) in [(0o644, None), (0o600, Some("secret"))] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(find(Some(&path), ["a", "1", "b", "c"]).as_deref(), expected);
        }
    }
}
