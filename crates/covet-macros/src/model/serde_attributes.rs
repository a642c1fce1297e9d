//! The attributes of serde that decide where a field stands in a document.
//!
//! Only what the checks and the field names need is read; errors in them are serde's to report.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Expr, ExprLit, Lit, Token};

use super::case::Case;

/// The attributes of a container, a variant or a field; each has only some of them.
#[derive(Default)]
pub(super) struct SerdeAttributes {
    pub(super) rename: Option<String>,
    pub(super) rename_all: Option<Case>,
    pub(super) rename_all_fields: Option<Case>,
    pub(super) aliases: Vec<String>,
    pub(super) tag: Option<String>,
    pub(super) content: Option<String>,
    pub(super) untagged: bool,
    pub(super) transparent: bool,
    pub(super) flatten: bool,
    pub(super) skip_deserializing: bool,
    pub(super) deny_unknown_fields: bool,
}

impl SerdeAttributes {
    pub(super) fn parse(attributes: &[Attribute]) -> Self {
        let mut parsed = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            let _ = attribute.parse_nested_meta(|meta| parsed.attribute(&meta));
        }
        parsed
    }

    fn attribute(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
        match name.as_str() {
            "rename" => self.rename = read_text(meta)?,
            "rename_all" => self.rename_all = read_text(meta)?.as_deref().and_then(Case::named),
            "rename_all_fields" => self.rename_all_fields = read_text(meta)?.as_deref().and_then(Case::named),
            "alias" => self.aliases.extend(read_text(meta)?),
            "tag" => self.tag = read_text(meta)?,
            "content" => self.content = read_text(meta)?,
            "untagged" => self.untagged = true,
            "transparent" => self.transparent = true,
            "flatten" => self.flatten = true,
            "skip" | "skip_deserializing" => self.skip_deserializing = true,
            "deny_unknown_fields" => self.deny_unknown_fields = true,
            _ => ignore(meta)?,
        }
        Ok(())
    }
}

/// `name = "text"`, or what `deserialize` says in `name(serialize = "…", deserialize = "text")`.
fn read_text(meta: &ParseNestedMeta<'_>) -> syn::Result<Option<String>> {
    if meta.input.peek(Token![=]) {
        return Ok(text(meta.value()?.parse()?));
    }
    let mut found = None;
    meta.parse_nested_meta(|side| {
        let value = text(side.value()?.parse()?);
        if side.path.is_ident("deserialize") {
            found = value;
        }
        Ok(())
    })?;
    Ok(found)
}

fn text(expression: Expr) -> Option<String> {
    match expression {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

/// Passes over what stands behind a name.
pub(super) fn ignore(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(Token![=]) {
        meta.value()?.parse::<Expr>()?;
    } else if meta.input.peek(syn::token::Paren) {
        let content;
        syn::parenthesized!(content in meta.input);
        content.parse::<proc_macro2::TokenStream>()?;
    }
    Ok(())
}
