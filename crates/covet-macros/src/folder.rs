//! The input of the macros that take a folder: the path of the crate, a comma, and the folder.

use std::path::PathBuf;

use proc_macro2::{TokenStream, TokenTree};
use syn::{Error, LitStr, Result};

pub(crate) struct Folder {
    /// Where the crate is, as the wrapping `macro_rules!` says.
    pub(crate) krate: TokenStream,
    /// The folder itself.
    pub(crate) path: PathBuf,
    written: LitStr,
}

impl Folder {
    /// Reads the input of a macro, which must name a folder that is there.
    pub(crate) fn parse(input: TokenStream, macro_name: &str) -> Result<Folder> {
        let mut tokens = input.into_iter();
        let krate = tokens
            .by_ref()
            .take_while(|token| !matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','))
            .collect();
        let written: LitStr = syn::parse2(tokens.collect()).map_err(|error| {
            let message = format!("{macro_name} takes the path of a folder, relative to the package's Cargo.toml");
            Error::new(error.span(), message)
        })?;
        let root = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        let folder = Folder { krate, path: root.join(written.value()), written };
        if !folder.path.is_dir() {
            return Err(folder.fault(format!("there is no folder {}", folder.path.display())));
        }
        Ok(folder)
    }

    /// An error at the place where the folder is written.
    pub(crate) fn fault(&self, message: String) -> Error {
        Error::new(self.written.span(), message)
    }
}
