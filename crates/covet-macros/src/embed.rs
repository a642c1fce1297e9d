//! `templates!` and `assets!`: the files of a folder as a part of the program.

use std::path::Path;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Result};

use crate::folder::Folder;

/// What becomes of the files.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Texts.
    Templates,
    /// Bytes.
    Assets,
}

pub(crate) fn expand(kind: Kind, input: TokenStream) -> TokenStream {
    embed(kind, input).unwrap_or_else(Error::into_compile_error)
}

fn embed(kind: Kind, input: TokenStream) -> Result<TokenStream> {
    let name = match kind {
        Kind::Templates => "`templates!`",
        Kind::Assets => "`assets!`",
    };
    let folder = Folder::parse(input, name)?;
    let mut files = Vec::new();
    collect(&folder.path, "", &mut files).map_err(|message| folder.fault(message))?;
    files.sort();
    let (krate, path) = (&folder.krate, folder.path.display().to_string());
    // `include_str!` and `include_bytes!` also make the compiler watch the files.
    Ok(match kind {
        Kind::Templates => {
            let pairs = files.iter().map(|(name, file)| quote!((#name, ::core::include_str!(#file))));
            quote!(#krate::Templates::embedded(#path, &[#(#pairs),*], ::core::cfg!(debug_assertions)))
        }
        Kind::Assets => {
            let pairs = files.iter().map(|(name, file)| quote!((#name, ::core::include_bytes!(#file) as &[u8])));
            quote!(#krate::Assets::embedded(#path, &[#(#pairs),*], ::core::cfg!(debug_assertions)))
        }
    })
}

/// The files of a folder and of those in it, by their names below it. What begins with a dot is an editor's or the
/// system's, and stays out.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, String)>) -> std::result::Result<(), String> {
    let unreadable = |error: std::io::Error| format!("{} cannot be read: {error}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(format!("the name of {} is not UTF-8", path.display()));
        };
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        let name = format!("{prefix}{name}");
        if path.is_dir() {
            collect(&path, &format!("{name}/"), files)?;
        } else {
            files.push((name, path.display().to_string()));
        }
    }
    Ok(())
}
