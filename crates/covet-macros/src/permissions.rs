//! `permissions!`: each permission a type, all of them in one list.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, LitStr, Path, Token, Visibility};

use crate::doc;
use crate::errors::Errors;

/// More do not fit into a `PermissionSet`.
const CAPACITY: usize = 256;

struct Input {
    /// Where `covet-auth` is, as the wrapping `macro_rules!` says.
    auth: Path,
    permissions: Punctuated<Declaration, Token![,]>,
}

/// `#[audit] pub UsersAdmin = "users:admin" => "Manage users"`
struct Declaration {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    name: Ident,
    wire: LitStr,
    description: LitStr,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let auth = input.call(Path::parse_mod_style)?;
        input.parse::<Token![;]>()?;
        Ok(Input { auth, permissions: Punctuated::parse_terminated(input)? })
    }
}

impl Parse for Declaration {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let name = input.parse()?;
        input.parse::<Token![=]>()?;
        let wire = input.parse()?;
        input.parse::<Token![=>]>()?;
        Ok(Declaration { attributes, visibility, name, wire, description: input.parse()? })
    }
}

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let Input { auth, permissions } = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::default();
    if permissions.len() > CAPACITY {
        errors.push(syn::Error::new(Span::call_site(), format!("a program can have {CAPACITY} permissions")));
    }
    let mut names: Vec<String> = Vec::new();
    let (mut infos, mut types) = (Vec::new(), Vec::new());
    for (index, permission) in permissions.iter().enumerate() {
        let Declaration { attributes, visibility, name, wire, description } = permission;
        let value = wire.value();
        if let Err(fault) = check_name(&value) {
            errors.at(wire, fault);
        } else if names.contains(&value) {
            errors.at(wire, format!("two permissions have the name `{value}`"));
        }
        if description.value().trim().is_empty() {
            errors.at(description, "say what the permission allows: people read it when they consent");
        }
        names.push(value);
        let audited = attributes.iter().any(|attribute| attribute.path().is_ident("audit"));
        let kept: Vec<_> = attributes.iter().filter(|attribute| !attribute.path().is_ident("audit")).collect();
        for other in kept.iter().filter(|attribute| !attribute.path().is_ident("doc")) {
            errors.at(other, "a permission has doc comments and `#[audit]`, nothing else");
        }
        let text = doc::text(attributes).is_empty().then(|| quote!(#[doc = #description]));
        infos.push(quote!(#auth::rbac::PermissionInfo::new(#wire, #description, #audited)));
        types.push(quote! {
            #text
            #(#kept)*
            #[allow(dead_code, missing_debug_implementations, reason = "a permission is named, never made")]
            #visibility enum #name {}

            impl #auth::rbac::Permission for #name {
                const REGISTRY: &'static #auth::rbac::Registry = __COVET_PERMISSIONS;
                const INDEX: usize = #index;
            }
        });
    }
    if let Some(errors) = errors.into_compile_errors() {
        return errors;
    }
    quote! {
        const __COVET_PERMISSIONS: &#auth::rbac::Registry = {
            static REGISTRY: #auth::rbac::Registry = #auth::rbac::Registry::new(&[#(#infos),*]);
            &REGISTRY
        };
        #(#types)*
    }
}

/// A permission's name is a scope token (RFC 6749, section 3.3).
fn check_name(name: &str) -> Result<(), String> {
    match name.bytes().find(|byte| !matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~')) {
        _ if name.is_empty() => Err("a permission has a name, such as `books:write`".into()),
        Some(_) => Err(format!(
            "`{name}` cannot be a scope: only printable ASCII without space, `\"` and `\\` (RFC 6749, section 3.3)"
        )),
        None => Ok(()),
    }
}
