//! The item with its derives, and the implementations beside it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Field, Fields, GenericParam, Generics, parse_quote};

use super::arguments::Arguments;
use super::check::CheckBody;
use super::shape::{Content, Model, ModelField, ModelVariant, Place, private, remove_check_attributes};

pub(super) fn emit(item: &mut DeriveInput, arguments: &Arguments, model: &Model) -> TokenStream {
    // The implementations come first, because the compiler then says first that a field is no model, and only then what serde
    // and schemars make of that.
    let input = arguments.is_input.then(|| input(item, arguments, model));
    let output = arguments.is_output.then(|| output(item, arguments));
    let attributes = container_attributes(item, arguments, model);
    remove_check_attributes(item);
    describe_fields(item, arguments, model);
    quote! {
        #input
        #output
        #(#attributes)*
        #item
    }
}

/// The derives and their settings; they stand before the item's own attributes.
fn container_attributes(item: &DeriveInput, arguments: &Arguments, model: &Model) -> Vec<Attribute> {
    let (covet, private) = (&arguments.covet, private(arguments));
    let path = quote!(#covet::__private).to_string().replace(' ', "");
    let (serde_path, schemars_path) = (format!("{path}::serde"), format!("{path}::schemars"));
    let mut attributes = Vec::new();
    if arguments.is_output {
        attributes.push(parse_quote!(#[derive(#covet::__private::serde::Serialize)]));
    }
    if arguments.is_input {
        attributes.push(parse_quote!(#[derive(#covet::__private::serde::Deserialize)]));
    }
    attributes.push(parse_quote!(#[derive(#covet::__private::schemars::JsonSchema)]));
    attributes.push(parse_quote!(#[serde(crate = #serde_path)]));
    attributes.push(parse_quote!(#[schemars(crate = #schemars_path)]));
    if arguments.deny_unknown && !model.serde.deny_unknown_fields {
        attributes.push(parse_quote!(#[serde(deny_unknown_fields)]));
    }
    attributes.extend(arguments.examples.iter().map(|example| parse_quote!(#[schemars(example = #example)])));
    if !shares_a_name(item, model) {
        attributes.push(parse_quote!(#[schemars(transform = #private::mark_type::<Self>)]));
    }
    attributes
}

/// A transparent type without words or rules of its own goes by the schema, and the name, of what is in it.
fn shares_a_name(item: &DeriveInput, model: &Model) -> bool {
    let speaks = |attributes: &[Attribute]| {
        attributes
            .iter()
            .any(|attribute| ["doc", "schemars", "check"].iter().any(|name| attribute.path().is_ident(name)))
    };
    let Data::Struct(data) = &item.data else {
        return false;
    };
    model.serde.transparent && !speaks(&item.attrs) && !data.fields.iter().any(|field| speaks(&field.attrs))
}

/// Writes the rules of the fields into their schemas.
fn describe_fields(item: &mut DeriveInput, arguments: &Arguments, model: &Model) {
    match (&mut item.data, &model.content) {
        (Data::Struct(data), Content::Struct(fields)) => describe(&mut data.fields, fields, arguments),
        (Data::Enum(data), Content::Enum(variants)) => {
            for (variant, model) in data.variants.iter_mut().zip(variants) {
                describe(&mut variant.fields, &model.fields, arguments);
            }
        }
        _ => {}
    }
}

fn describe(fields: &mut Fields, models: &[ModelField], arguments: &Arguments) {
    for (field, model) in fields.iter_mut().zip(models) {
        describe_field(field, model, arguments);
    }
}

/// One transformation for each rule; schemars takes only simple expressions there.
fn describe_field(field: &mut Field, model: &ModelField, arguments: &Arguments) {
    let private = private(arguments);
    for constant in model.rules.list.iter().flat_map(|rule| rule.constants(&private)) {
        field.attrs.push(parse_quote!(#[schemars(transform = #private::Describe(#constant))]));
    }
    if !model.aliases.is_empty() {
        let aliases = &model.aliases;
        field.attrs.push(parse_quote!(#[schemars(extend("x-covet-aliases" = [#(#aliases),*]))]));
    }
}

fn input(item: &DeriveInput, arguments: &Arguments, model: &Model) -> TokenStream {
    let covet = &arguments.covet;
    let ident = &item.ident;
    let checked = bounded(&item.generics, &quote!(#covet::validation::Check));
    let read = bounded(&item.generics, &quote!(#covet::validation::Input));
    let (impl_checked, ty, where_checked) = checked.split_for_impl();
    let (impl_read, _, where_read) = read.split_for_impl();
    let body = CheckBody::new(arguments).of(model);
    let fields = field_names(arguments, model);
    quote! {
        #[automatically_derived]
        impl #impl_checked #covet::validation::Check for #ident #ty #where_checked {
            #[inline]
            #[allow(deprecated, unused_variables, reason = "every field is visited, and some need no visit")]
            fn check(&self, __checker: &mut #covet::validation::Checker<'_>) {
                #body
            }
        }

        #[automatically_derived]
        impl #impl_read #covet::validation::Input for #ident #ty #where_read {
            const FIELDS: ::core::option::Option<#covet::validation::FieldNames> = #fields;
        }
    }
}

fn output(item: &DeriveInput, arguments: &Arguments) -> TokenStream {
    let covet = &arguments.covet;
    let ident = &item.ident;
    let generics = bounded(&item.generics, &quote!(#covet::validation::Output));
    let (implementation, ty, bounds) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #implementation #covet::validation::Output for #ident #ty #bounds {}
    }
}

fn bounded(generics: &Generics, bound: &TokenStream) -> Generics {
    let mut generics = generics.clone();
    for parameter in &mut generics.params {
        if let GenericParam::Type(parameter) = parameter {
            parameter.bounds.push(parse_quote!(#bound));
        }
    }
    generics
}

/// The names that the type reads, as far as they are known at compile time.
fn field_names(arguments: &Arguments, model: &Model) -> TokenStream {
    let covet = &arguments.covet;
    let names = quote!(#covet::validation::FieldNames);
    let fields = match &model.content {
        Content::Struct(fields) => fields,
        Content::Enum(variants) if model.serde.tag.is_none() && variants.iter().any(ModelVariant::may_be_a_scalar) => {
            return quote!(::core::option::Option::None);
        }
        Content::Enum(_) => return quote!(::core::option::Option::Some(#names::open())),
    };
    let read: Vec<_> = fields.iter().filter(|field| field.is_read).collect();
    let of_type = |field: &ModelField| {
        let ty = &field.ty;
        quote_spanned!(ty.span()=> <#ty as #covet::validation::Input>::FIELDS)
    };
    if let [field] = read.as_slice()
        && (model.serde.transparent || matches!(field.member, syn::Member::Unnamed(_)))
    {
        return if field.rules.skip { quote!(::core::option::Option::None) } else { of_type(field) };
    }
    if fields.iter().any(|field| matches!(field.place, Place::Index(_))) {
        return quote!(::core::option::Option::None);
    }
    let own = read.iter().filter_map(|field| match &field.place {
        Place::Name(name) => Some(std::iter::once(name).chain(&field.aliases)),
        _ => None,
    });
    let own = own.flatten();
    let flattened =
        read.iter().filter(|field| matches!(field.place, Place::Same) && !field.rules.skip).map(|field| of_type(field));
    let skipped = read.iter().any(|field| matches!(field.place, Place::Same) && field.rules.skip);
    if skipped {
        return quote!(::core::option::Option::Some(#names::open()));
    }
    quote!(::core::option::Option::Some(#names::new(&[#(#own),*], &[#(#flattened),*])))
}
