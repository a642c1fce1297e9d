//! `migrations!`: embeds a folder of numbered SQL files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Error, Result};

use crate::folder::Folder;

/// A folder below the given one, and the dialect of its files; the first is the given one itself.
const FOLDERS: [(&str, Option<&str>); 4] =
    [("", None), ("sqlite", Some("Sqlite")), ("postgres", Some("Postgres")), ("mysql", Some("Mysql"))];

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    migrations(input).unwrap_or_else(Error::into_compile_error)
}

fn migrations(input: TokenStream) -> Result<TokenStream> {
    let folder = Folder::parse(input, "`migrations!`")?;
    let Folder { krate, path, .. } = &folder;
    let fault = |message: String| folder.fault(message);
    let mut all = Vec::new();
    let mut common = BTreeMap::new();
    for (name, dialect) in FOLDERS {
        let mut numbers = common.clone();
        for file in files(&path.join(name)).map_err(fault)? {
            if let Some(other) = numbers.insert(file.number, file.name.clone()) {
                return Err(fault(format!(
                    "two migrations have the number {:04}: {other} and {}",
                    file.number, file.name
                )));
            }
            all.push((file, dialect));
        }
        if dialect.is_none() {
            common = numbers;
        }
    }
    all.sort_by_key(|(file, _)| file.number);
    let migrations = all.iter().map(|(file, dialect)| {
        let (number, name) = (file.number, &file.name);
        let path = file.path.display().to_string();
        let dialect = match dialect {
            None => quote!(::core::option::Option::None),
            Some(name) => {
                let name = proc_macro2::Ident::new(name, Span::call_site());
                quote!(::core::option::Option::Some(#krate::Dialect::#name))
            }
        };
        // `include_str!` also makes the compiler watch the file.
        quote!(#krate::Migration::new(#number, #name, #dialect, ::core::include_str!(#path)))
    });
    let path = path.display().to_string();
    // A constant, so that it can stand anywhere, not in a `static` only.
    Ok(quote!({
        const ALL: &[#krate::Migration] = &[#(#migrations),*];
        #krate::Migrations::new(#path, ALL)
    }))
}

struct File {
    number: u32,
    name: String,
    path: PathBuf,
}

/// The migrations that stand in a folder itself, by number.
fn files(folder: &Path) -> std::result::Result<Vec<File>, String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| format!("{} cannot be read: {error}", folder.display()))?.path();
        if path.extension().is_none_or(|extension| extension != "sql") {
            continue;
        }
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let parsed = stem.split_once('_').and_then(|(number, name)| Some((number.parse::<u32>().ok()?, name)));
        let Some((number, name)) = parsed.filter(|(number, name)| *number > 0 && !name.is_empty()) else {
            return Err(format!("{} is not named like `0001_create_books.sql`", path.display()));
        };
        let name = name.to_owned();
        files.push(File { number, name, path });
    }
    files.sort_by_key(|file| file.number);
    Ok(files)
}
