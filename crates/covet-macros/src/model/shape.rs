//! The item, with what its attributes say about it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Data, DeriveInput, Field, Fields, Ident, Index, Member, Path, Type, Variant};

use super::arguments::Arguments;
use super::case::Case;
use super::rules::{self, Rules};
use super::serde_attributes::SerdeAttributes;
use crate::errors::Errors;

pub(super) struct Model {
    pub(super) serde: SerdeAttributes,
    /// Checks of the whole value.
    pub(super) custom: Vec<Path>,
    pub(super) content: Content,
}

pub(super) enum Content {
    Struct(Vec<ModelField>),
    Enum(Vec<ModelVariant>),
}

pub(super) struct ModelVariant {
    pub(super) ident: Ident,
    pub(super) name: String,
    pub(super) is_untagged: bool,
    pub(super) fields: Vec<ModelField>,
}

pub(super) struct ModelField {
    pub(super) member: Member,
    pub(super) ty: Type,
    pub(super) place: Place,
    pub(super) aliases: Vec<String>,
    pub(super) rules: Rules,
    pub(super) is_read: bool,
}

/// Where a field stands in the object or list that its struct or variant is.
pub(super) enum Place {
    /// Under a name.
    Name(String),
    /// At an index.
    Index(usize),
    /// It is the whole value, or its members stand among those of the others.
    Same,
}

impl Model {
    pub(super) fn parse(item: &DeriveInput, arguments: &Arguments, errors: &mut Errors) -> Self {
        let serde = SerdeAttributes::parse(&item.attrs);
        let custom = rules::of_container(&item.attrs, errors);
        refuse_own_derives(&item.attrs, errors);
        for lifetime in item.generics.lifetimes() {
            errors.at(lifetime, "a model owns its data, so it has no lifetimes");
        }
        let reader = Reader { serde: &serde, arguments, private: private(arguments) };
        let content = match &item.data {
            Data::Struct(data) => Content::Struct(reader.fields(&data.fields, serde.rename_all, errors)),
            Data::Enum(data) => {
                Content::Enum(data.variants.iter().map(|variant| reader.variant(variant, errors)).collect())
            }
            Data::Union(data) => {
                errors.at(data.union_token, "`#[covet::model]` goes on a struct or an enum");
                Content::Struct(Vec::new())
            }
        };
        Self { serde, custom, content }
    }
}

/// The path of what the written code refers to.
pub(super) fn private(arguments: &Arguments) -> TokenStream {
    let covet = &arguments.covet;
    quote!(#covet::__private::validation)
}

struct Reader<'a> {
    serde: &'a SerdeAttributes,
    arguments: &'a Arguments,
    private: TokenStream,
}

impl Reader<'_> {
    fn variant(&self, variant: &Variant, errors: &mut Errors) -> ModelVariant {
        if let Some(attribute) = variant.attrs.iter().find(|attribute| attribute.path().is_ident("check")) {
            errors.at(attribute, "checks go on a variant's fields, or on the whole enum");
        }
        let serde = SerdeAttributes::parse(&variant.attrs);
        let ident = unraw(&variant.ident);
        let renamed = || self.serde.rename_all.map(|case| case.of_variant(&ident));
        let mut fields = self.fields(&variant.fields, serde.rename_all.or(self.serde.rename_all_fields), errors);
        if serde.skip_deserializing {
            fields.iter_mut().for_each(|field| field.is_read = false);
        }
        ModelVariant {
            ident: variant.ident.clone(),
            name: serde.rename.or_else(renamed).unwrap_or(ident),
            is_untagged: serde.untagged || self.serde.untagged,
            fields,
        }
    }

    fn fields(&self, fields: &Fields, case: Option<Case>, errors: &mut Errors) -> Vec<ModelField> {
        let count = fields.len();
        let fields: Vec<_> =
            fields.iter().enumerate().map(|(at, field)| self.field(at, count, field, case, errors)).collect();
        if self.serde.transparent { fields.into_iter().map(ModelField::without_place).collect() } else { fields }
    }

    fn field(&self, at: usize, count: usize, field: &Field, case: Option<Case>, errors: &mut Errors) -> ModelField {
        let serde = SerdeAttributes::parse(&field.attrs);
        let rules = Rules::of_field(&field.attrs, &field.ty, &self.private, errors);
        if serde.flatten && !rules.list.is_empty() {
            errors.at(
                &field.ty,
                "a flattened field has no place of its own to check; put the checks on the fields of its type",
            );
        }
        if serde.flatten && (self.arguments.deny_unknown || self.serde.deny_unknown_fields) {
            errors
                .at(&field.ty, "serde cannot deny unknown members beside a flattened field; leave out `deny_unknown`");
        }
        self.expect_direction(field, errors);
        let place = match &field.ident {
            _ if serde.flatten => Place::Same,
            None if count == 1 => Place::Same,
            None => Place::Index(at),
            Some(ident) => {
                let ident = unraw(ident);
                let renamed = || case.map(|case| case.of_field(&ident));
                Place::Name(serde.rename.clone().or_else(renamed).unwrap_or(ident))
            }
        };
        ModelField {
            member: field.ident.clone().map_or_else(|| Member::Unnamed(Index::from(at)), Member::Named),
            ty: field.ty.clone(),
            place,
            aliases: serde.aliases,
            rules,
            is_read: !serde.skip_deserializing,
        }
    }

    fn expect_direction(&self, field: &Field, errors: &mut Errors) {
        if self.arguments.is_input {
            return;
        }
        if let Some(attribute) = field.attrs.iter().find(|attribute| attribute.path().is_ident("check")) {
            errors.at(attribute, "a model marked `output` is never read, so there is nothing to check");
        }
    }
}

impl ModelVariant {
    /// Whether the variant alone, without a tag, can be written as one text.
    pub(super) fn may_be_a_scalar(&self) -> bool {
        let is_newtype = matches!(self.fields.as_slice(), [ModelField { member: Member::Unnamed(_), .. }]);
        self.fields.is_empty() || (self.is_untagged && is_newtype)
    }
}

impl ModelField {
    fn without_place(mut self) -> Self {
        self.place = Place::Same;
        self
    }
}

/// The name without `r#`.
fn unraw(ident: &Ident) -> String {
    let name = ident.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}

fn refuse_own_derives(attributes: &[Attribute], errors: &mut Errors) {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        let _ = attribute.parse_nested_meta(|meta| {
            if let Some(last) = meta.path.segments.last()
                && ["Serialize", "Deserialize", "JsonSchema"].iter().any(|derived| last.ident == derived)
            {
                errors.at(&meta.path, format!("`#[covet::model]` already derives `{}`; leave it out here", last.ident));
            }
            Ok(())
        });
    }
}

/// `#[check(…)]` belongs to this macro; the compiler does not know it.
pub(super) fn remove_check_attributes(item: &mut DeriveInput) {
    visit_attributes(item, &mut |attributes| attributes.retain(|attribute| !attribute.path().is_ident("check")));
}

/// Visits the attributes of the item, its variants and its fields.
pub(super) fn visit_attributes(item: &mut DeriveInput, visit: &mut dyn FnMut(&mut Vec<Attribute>)) {
    visit(&mut item.attrs);
    match &mut item.data {
        Data::Struct(data) => data.fields.iter_mut().for_each(|field| visit(&mut field.attrs)),
        Data::Enum(data) => {
            for variant in &mut data.variants {
                visit(&mut variant.attrs);
                variant.fields.iter_mut().for_each(|field| visit(&mut field.attrs));
            }
        }
        Data::Union(_) => {}
    }
}
