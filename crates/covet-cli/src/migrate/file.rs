//! Files of new migrations.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::made;
use crate::Database;
use crate::error::Error;
use crate::inspect::pretty;

const ALL: [Database; 3] = [Database::Sqlite, Database::Postgres, Database::Mysql];

/// Makes the next file and says where it is.
pub(crate) fn new(folder: &Path, name: &str, databases: &[Database], json: bool) -> Result<(), Error> {
    let paths = make(folder, name, databases)?;
    let text = match json {
        true => pretty(&made(&paths)),
        false => paths.iter().map(|path| format!("created {}\n", path.display())).collect(),
    };
    Ok(io::stdout().write_all(text.as_bytes())?)
}

fn make(folder: &Path, name: &str, databases: &[Database]) -> Result<Vec<PathBuf>, Error> {
    let name = clean(name)?;
    let found: Vec<_> = ALL.into_iter().filter(|database| folder.join(database.folder()).is_dir()).collect();
    let databases = if databases.is_empty() { &found } else { databases };
    let number = last_number(folder)? + 1;
    let file = format!("{number:04}_{name}.sql");
    let folders: Vec<PathBuf> = match databases {
        [] => vec![folder.to_owned()],
        some => some.iter().map(|database| folder.join(database.folder())).collect(),
    };
    folders.into_iter().map(|folder| write(&folder, &file, &name)).collect()
}

/// The name as it stands in a file's name: small letters, digits and underscores.
fn clean(name: &str) -> Result<String, Error> {
    let spaced = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let text: String = name.chars().map(spaced).collect();
    let words: Vec<_> = text.split('_').filter(|word| !word.is_empty()).collect();
    match name.is_ascii() && !words.is_empty() {
        true => Ok(words.join("_")),
        false => Err(Error::Usage(format!("`{name}` is no name for a migration; write it like `add_price`"))),
    }
}

/// The highest number in the folder and in those of the databases.
fn last_number(folder: &Path) -> Result<u32, Error> {
    let mut last = 0;
    for folder in ALL.iter().map(|database| folder.join(database.folder())).chain([folder.to_owned()]) {
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let name = entry?.file_name();
            let number = name.to_str().and_then(|name| name.split_once('_')?.0.parse().ok());
            last = last.max(number.unwrap_or(0));
        }
    }
    Ok(last)
}

fn write(folder: &Path, file: &str, name: &str) -> Result<PathBuf, Error> {
    fs::create_dir_all(folder)?;
    let path = folder.join(file);
    // One that is there already is never written over.
    let mut file = fs::File::create_new(&path)?;
    writeln!(file, "-- {}.", name.replace('_', " "))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_and_folders_of_databases_each_get_a_file() {
        let folder = std::env::temp_dir().join(format!("covet-cli-new-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let made = make(&folder, "Create books", &[]).unwrap();
        assert_eq!(made, [folder.join("0001_create_books.sql")]);
        let made = make(&folder, "add-price", &[Database::Sqlite, Database::Postgres]).unwrap();
        let expected = [folder.join("sqlite/0002_add_price.sql"), folder.join("postgres/0002_add_price.sql")];
        assert_eq!(made, expected);
        assert_eq!(fs::read_to_string(&expected[0]).unwrap(), "-- add price.\n");
        // From now on there are folders of databases.
        let made = make(&folder, "orders", &[]).unwrap();
        assert_eq!(made, [folder.join("sqlite/0003_orders.sql"), folder.join("postgres/0003_orders.sql")]);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_name_is_plain() {
        for name in ["", "../..", "prix_élevé"] {
            assert_eq!(make(Path::new("/nowhere"), name, &[]).unwrap_err().code(), 2, "{name}");
        }
        assert_eq!(clean("a/../b").unwrap(), "a_b");
    }
}
