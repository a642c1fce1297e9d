//! `#[derive(Template)]`: a struct whose template is compiled to Rust.

use std::path::{Path as FilePath, PathBuf};

use covet_template::Engine;
use covet_template::rust::{self, Code, Field};
use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Error, Fields, LitBool, LitStr, Path, Result};

use crate::context;

pub(crate) fn expand(input: &DeriveInput) -> TokenStream {
    implementation(input).unwrap_or_else(Error::into_compile_error)
}

struct Options {
    path: LitStr,
    folder: PathBuf,
    reload: Option<LitBool>,
}

fn implementation(input: &DeriveInput) -> Result<TokenStream> {
    let krate = context::krate(&input.attrs)?;
    let options = Options::read(input)?;
    let fields = fields(input)?;
    let mut engine = Engine::new();
    engine.set_folder(&options.folder);
    let code = rust::compile(&engine, &options.path.value(), &fields, &krate.to_token_stream().to_string())
        .map_err(|error| Error::new(options.path.span(), format!("{error:#}")))?;
    emit(input, &krate, &options, &code)
}

fn emit(input: &DeriveInput, krate: &Path, options: &Options, code: &Code) -> Result<TokenStream> {
    let body: TokenStream = code.body.parse().map_err(|error| {
        Error::new(
            Span::call_site(),
            format!("the code of the template is no Rust, which is a mistake of ours: {error}"),
        )
    })?;
    let (names, texts): (Vec<_>, Vec<_>) = code.sources.iter().cloned().unzip();
    // The compiler builds the struct anew when one of the files changes.
    let files = names.iter().map(|name| text(&options.folder.join(name)));
    let template = &options.path;
    let folder = text(&options.folder);
    let reloads = match &options.reload {
        Some(reload) => reload.to_token_stream(),
        None => quote!(::core::cfg!(debug_assertions)),
    };
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        #[allow(unused, unreachable_code, clippy::all, clippy::pedantic, reason = "the code is written by a program")]
        impl #generics #krate::Render for #name #arguments #bounds {
            const TEMPLATE: &'static str = #template;
            const FOLDER: &'static str = #folder;
            const SOURCES: &'static [(&'static str, &'static str)] = &[#((#names, #texts)),*];
            const RELOADS: bool = #reloads;

            fn write<'covet>(
                &'covet self,
                run: &mut #krate::compiled::Run<'covet>,
            ) -> ::core::result::Result<(), #krate::Error> {
                const _: &[&[u8]] = &[#(::core::include_bytes!(#files)),*];
                #body
                ::core::result::Result::Ok(())
            }
        }
    })
}

fn text(path: &FilePath) -> String {
    path.to_string_lossy().into_owned()
}

fn fields(input: &DeriveInput) -> Result<Vec<Field>> {
    let Data::Struct(data) = &input.data else { return Err(unwanted(input)) };
    let fields = match &data.fields {
        Fields::Named(fields) => &fields.named,
        Fields::Unit => return Ok(Vec::new()),
        Fields::Unnamed(_) => return Err(unwanted(input)),
    };
    let mut read = Vec::new();
    for field in fields {
        let Some(ident) = &field.ident else { continue };
        let Some((name, is_plain)) = context::variable(field)? else { continue };
        let mut dynamic = !is_plain;
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("template")) {
            attribute.parse_nested_meta(|meta| {
                if !meta.path.is_ident("dynamic") {
                    return Err(meta.error("expected `dynamic`"));
                }
                dynamic = true;
                Ok(())
            })?;
        }
        let member = if ident.unraw() == *ident { ident.to_string() } else { format!("r#{}", ident.unraw()) };
        read.push(Field { name, member, dynamic });
    }
    Ok(read)
}

fn unwanted(input: &DeriveInput) -> Error {
    Error::new(input.ident.span(), "`Template` is derived for structs with named fields: they are its variables")
}

impl Options {
    fn read(input: &DeriveInput) -> Result<Self> {
        let (mut path, mut folder, mut reload) = (None, None, None);
        for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("template")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("path") {
                    path = Some(meta.value()?.parse::<LitStr>()?);
                } else if meta.path.is_ident("folder") {
                    folder = Some(meta.value()?.parse::<LitStr>()?);
                } else if meta.path.is_ident("reload") {
                    reload = Some(meta.value()?.parse::<LitBool>()?);
                } else {
                    return Err(meta.error("expected `path = \"…\"`, `folder = \"…\"` or `reload = false`"));
                }
                Ok(())
            })?;
        }
        let path = path.ok_or_else(|| {
            Error::new(input.ident.span(), "the template is missing: `#[template(path = \"page.html\")]`")
        })?;
        let root = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        let written = folder.as_ref().map_or_else(|| "templates".to_owned(), LitStr::value);
        let folder_path = root.join(&written);
        if !folder_path.is_dir() {
            let span = folder.map_or(path.span(), |folder| folder.span());
            return Err(Error::new(span, format!("there is no folder {}", folder_path.display())));
        }
        Ok(Self { path, folder: folder_path, reload })
    }
}
