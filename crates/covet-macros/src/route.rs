//! `#[get("/path")]` and its siblings: a handler becomes a route, and stays a function.
//!
//! Beside the function a type of the same name is made; types and functions have namespaces of their own, so a `use`
//! of the function brings the route along, and `routes![books::book]` finds it.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{
    Error, FnArg, GenericArgument, Ident, ItemFn, LitStr, Pat, PatType, Path, PathArguments, Result, ReturnType, Token,
    Type,
};

use crate::doc;

/// What stands in the attribute.
struct Arguments {
    path: LitStr,
    tags: Vec<LitStr>,
    operation_id: Option<LitStr>,
    krate: Option<Path>,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let path: LitStr = input.parse().map_err(|error| {
            Error::new(error.span(), "a route begins with its path, such as #[get(\"/books/{id}\")]")
        })?;
        let mut arguments = Arguments { path, tags: Vec::new(), operation_id: None, krate: None };
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            if input.peek(Token![crate]) {
                input.parse::<Token![crate]>()?;
                input.parse::<Token![=]>()?;
                arguments.krate = Some(input.parse::<LitStr>()?.parse_with(Path::parse_mod_style)?);
                continue;
            }
            let name: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            match name.to_string().as_str() {
                "tag" => arguments.tags.push(input.parse()?),
                "operation_id" => arguments.operation_id = Some(input.parse()?),
                other => {
                    let message = format!("`{other}` is not a setting of a route; they are `tag` and `operation_id`");
                    return Err(Error::new(name.span(), message));
                }
            }
        }
        Ok(arguments)
    }
}

/// One argument of the handler.
struct Argument {
    /// The name, where the pattern is one.
    name: Option<Ident>,
    ty: Type,
}

/// The expansion for a method such as `GET`.
pub(crate) fn expand(method: &str, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let function = match syn::parse2::<ItemFn>(item.clone()) {
        Ok(function) => function,
        Err(_) => {
            let error = Error::new(Span::call_site(), "a route is made of an `async fn`").into_compile_error();
            return quote!(#item #error);
        }
    };
    let arguments = syn::parse2::<Arguments>(arguments);
    let krate = arguments.as_ref().ok().and_then(|arguments| arguments.krate.clone());
    match arguments.and_then(|arguments| endpoint(method, &arguments, &function)) {
        Ok(endpoint) => quote!(#function #endpoint),
        Err(error) => {
            let error = error.into_compile_error();
            let stand_in = stand_in(&function);
            let krate = krate.unwrap_or_else(|| syn::parse_quote!(::covet));
            let name = &function.sig.ident;
            quote! {
                #function
                #stand_in
                impl #krate::__private::Endpoint for #name {
                    fn route() -> #krate::__private::Route { ::core::unreachable!() }
                }
                #error
            }
        }
    }
}

/// A type of the handler's name all the same, so that a fault here is not told again wherever the route is used.
fn stand_in(function: &ItemFn) -> TokenStream {
    let (visibility, name) = (&function.vis, &function.sig.ident);
    quote! {
        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code, missing_debug_implementations, unreachable_pub)]
        #visibility struct #name {}
    }
}

fn endpoint(method: &str, attribute: &Arguments, function: &ItemFn) -> Result<TokenStream> {
    check_signature(function)?;
    let krate = attribute.krate.clone().unwrap_or_else(|| syn::parse_quote!(::covet));
    let arguments = function.sig.inputs.iter().map(argument).collect::<Result<Vec<_>>>()?;
    check_bodies(&arguments)?;
    let path_checks = check_path(&krate, &attribute.path, &arguments)?;
    let stand_in = stand_in(function);
    let name = &function.sig.ident;
    let settings = settings(attribute, function);
    let method = Ident::new(method, Span::call_site());
    let path = &attribute.path;
    let describe = describe(&krate, &arguments, &function.sig.output);
    let call = call(&krate, function, &arguments);
    Ok(quote! {
        #stand_in

        #[allow(deprecated, reason = "a deprecated route is still served")]
        const _: () = {
            #path_checks

            impl #krate::__private::Endpoint for #name {
                fn route() -> #krate::__private::Route {
                    #krate::__private::Route::new(
                        #krate::__private::Method::#method,
                        #path,
                        ::core::concat!(::core::module_path!(), "::", ::core::stringify!(#name)),
                        ::core::concat!(::core::file!(), ":", ::core::line!()),
                        |operation| { #describe },
                        |mut request| ::std::boxed::Box::pin(async move { #call }),
                    )
                    #settings
                }
            }
        };
    })
}

fn check_signature(function: &ItemFn) -> Result<()> {
    let signature = &function.sig;
    if signature.asyncness.is_none() {
        return Err(Error::new(signature.fn_token.span, "a handler is an `async fn`"));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new(
            signature.generics.span(),
            "a handler has no generic parameters: its types are its API",
        ));
    }
    if matches!(signature.output, ReturnType::Default) {
        let message = "a handler answers something; `NoContent` is the answer without a body";
        return Err(Error::new(signature.ident.span(), message));
    }
    Ok(())
}

fn argument(argument: &FnArg) -> Result<Argument> {
    let FnArg::Typed(PatType { pat, ty, .. }) = argument else {
        return Err(Error::new(argument.span(), "a handler is a free function, without `self`"));
    };
    Ok(Argument { name: name_of(pat), ty: (**ty).clone() })
}

/// The name of an argument, which is also that of the value in `Path(id): Path<i64>`.
fn name_of(pattern: &Pat) -> Option<Ident> {
    match pattern {
        Pat::Ident(pattern) => Some(pattern.ident.clone()),
        Pat::TupleStruct(pattern) if pattern.elems.len() == 1 => pattern.elems.first().and_then(name_of),
        _ => None,
    }
}

impl Argument {
    /// The name under which the argument reads a parameter: its own, without an underscore in front.
    fn parameter(&self) -> String {
        self.name
            .as_ref()
            .map(|name| name.to_string())
            .unwrap_or_default()
            .trim_start_matches("r#")
            .trim_start_matches('_')
            .to_owned()
    }

    /// The last segment of the type's path.
    fn segment(&self) -> Option<&syn::PathSegment> {
        match &self.ty {
            Type::Path(path) => path.path.segments.last(),
            _ => None,
        }
    }

    fn is(&self, names: &[&str]) -> bool {
        self.segment().is_some_and(|segment| names.iter().any(|name| segment.ident == name))
    }

    /// The `T` of `Path<T>`.
    fn of_path(&self) -> Option<&Type> {
        let segment = self.segment().filter(|segment| segment.ident == "Path")?;
        match &segment.arguments {
            PathArguments::AngleBracketed(arguments) => match arguments.args.first() {
                Some(GenericArgument::Type(ty)) => Some(ty),
                _ => None,
            },
            _ => None,
        }
    }
}

/// A body can be read only once. Types by other names are found when the app is built.
fn check_bodies(arguments: &[Argument]) -> Result<()> {
    let mut bodies = arguments.iter().filter(|argument| {
        argument.is(&["Json", "Content", "Form", "Body", "Bytes", "NdJson", "Multipart", "MergePatch"])
    });
    match (bodies.next(), bodies.next()) {
        (Some(_), Some(second)) => Err(Error::new(second.ty.span(), "another argument reads the body already")),
        _ => Ok(()),
    }
}

/// The names in braces.
fn path_parameters(path: &str) -> Vec<&str> {
    let segments = path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    segments.map(|name| name.trim_start_matches('*')).collect()
}

/// Holds the path's parameters against the arguments: each must be read, and nothing else can be.
fn check_path(krate: &Path, path: &LitStr, arguments: &[Argument]) -> Result<TokenStream> {
    let text = path.value();
    if let Some(name) = text.split('/').find_map(|segment| segment.strip_prefix(':')) {
        return Err(Error::new(path.span(), format!("a parameter is written `{{{name}}}`, not `:{name}`")));
    }
    let parameters = path_parameters(&text);
    let mut unread: Vec<&str> = parameters.clone();
    let mut model = None;
    for argument in arguments {
        let Some(ty) = argument.of_path() else { continue };
        let name = argument.parameter();
        if let Some(at) = unread.iter().position(|parameter| **parameter == *name) {
            unread.remove(at);
        } else if let (None, false) = (&model, is_scalar(ty)) {
            model = Some(ty);
        } else {
            return Err(not_in_path(argument, &name, &text, &parameters));
        }
    }
    match model {
        Some(ty) => Ok(check_model(krate, ty, &text, &unread)),
        None if unread.is_empty() => Ok(TokenStream::new()),
        None => {
            let name = unread[0];
            let message =
                format!("no argument reads the path's parameter `{name}`; add `{name}: Path<…>` to the handler");
            Err(Error::new(path.span(), message))
        }
    }
}

fn not_in_path(argument: &Argument, name: &str, path: &str, parameters: &[&str]) -> Error {
    let has = match parameters {
        [] => "has no parameters".to_owned(),
        names => format!("has {}", names.iter().map(|name| format!("`{{{name}}}`")).collect::<Vec<_>>().join(", ")),
    };
    let message = match name {
        "" => format!(
            "an argument without a name is not in the path {path:?}, which {has}; take each parameter as \
             `name: Path<…>`, or all of them as a model"
        ),
        name => format!("the argument `{name}` is not in the path {path:?}, which {has}"),
    };
    Error::new(argument.name.as_ref().map_or_else(|| argument.ty.span(), Ident::span), message)
}

/// Whether a type is one value for certain, and so cannot be a model of several parameters.
fn is_scalar(ty: &Type) -> bool {
    const SCALARS: [&str; 17] = [
        "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128", "usize", "bool", "char",
        "String", "Uuid", "f64",
    ];
    match ty {
        Type::Path(path) => {
            path.path.segments.last().is_some_and(|segment| SCALARS.iter().any(|scalar| segment.ident == scalar))
        }
        _ => true,
    }
}

/// A model that reads several parameters must have exactly their names.
fn check_model(krate: &Path, ty: &Type, path: &str, parameters: &[&str]) -> TokenStream {
    let names = parameters.iter().map(|name| format!("`{{{name}}}`")).collect::<Vec<_>>().join(", ");
    let message = format!(
        "the fields of this type are not the parameters of the path {path:?} that no other argument reads: {}",
        if names.is_empty() { "there are none" } else { &names }
    );
    let message = message.replace('{', "{{").replace('}', "}}");
    quote_spanned! {ty.span()=>
        const _: () = ::core::assert!(
            #krate::__private::reads_exactly(<#ty as #krate::validation::Input>::FIELDS, &[#(#parameters),*]),
            #message
        );
    }
}

/// The settings of the route that come from the attribute and from the function's own attributes.
fn settings(attribute: &Arguments, function: &ItemFn) -> TokenStream {
    let (summary, description) = doc::summary_and_rest(&doc::text(&function.attrs));
    let tags = &attribute.tags;
    let operation_id = attribute.operation_id.iter();
    let deprecated = function.attrs.iter().any(|attribute| attribute.path().is_ident("deprecated"));
    let deprecated = deprecated.then(|| quote!(.deprecated()));
    quote!(.documented(#summary, #description) #(.tagged(#tags))* #(.identified(#operation_id))* #deprecated)
}

fn describe(krate: &Path, arguments: &[Argument], output: &ReturnType) -> TokenStream {
    let arguments = arguments.iter().map(|argument| {
        let (ty, name) = (&argument.ty, argument.parameter());
        quote_spanned! {ty.span()=> <#ty as #krate::FromRequest>::describe(operation, #name); }
    });
    let result = match output {
        ReturnType::Type(_, ty) => quote_spanned! {ty.span()=> <#ty as #krate::Responder>::describe(operation); },
        ReturnType::Default => TokenStream::new(),
    };
    quote!(#(#arguments)* #result)
}

fn call(krate: &Path, function: &ItemFn, arguments: &[Argument]) -> TokenStream {
    let name = &function.sig.ident;
    let values: Vec<Ident> =
        (0..arguments.len()).map(|index| Ident::new(&format!("argument_{index}"), Span::mixed_site())).collect();
    let takes = arguments.iter().zip(&values).map(|(argument, value)| {
        let (ty, name) = (&argument.ty, argument.parameter());
        quote_spanned! {ty.span()=>
            let #value = rejections.take(<#ty as #krate::FromRequest>::from_request(&mut request, #name).await);
        }
    });
    let gather = (!values.is_empty()).then(|| {
        quote! {
            let mut rejections = #krate::__private::Rejections::default();
            #(#takes)*
            let (#(::core::option::Option::Some(#values),)*) = (#(#values,)*) else {
                return request.refuse(rejections);
            };
        }
    });
    let respond = match &function.sig.output {
        ReturnType::Type(_, ty) => {
            quote_spanned! {ty.span()=> <#ty as #krate::Responder>::respond(result, &request.responding()) }
        }
        ReturnType::Default => TokenStream::new(),
    };
    quote! {
        #gather
        let result = #name(#(#values),*).await;
        #respond
    }
}
