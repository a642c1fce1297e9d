//! `sql!`: splits a statement into text and values.
//!
//! The input is the path of the crate, a comma, and one string literal. The text is read once, here; what is left in the
//! program is a static list of pieces and one call per value. Values are the user's own expressions: their tokens take the
//! literal's span, so that names mean what they mean where the literal was written, also through wrapper macros.

mod scanner;

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use scanner::{Fault, Part, Placeholder};
use syn::{Expr, UnOp};

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let call_site = Span::call_site();
    match statement(input) {
        Ok(tokens) => tokens,
        Err((span, message)) => {
            let message = proc_macro2::Literal::string(&message);
            quote::quote_spanned!(span.unwrap_or(call_site)=> ::core::compile_error!(#message))
        }
    }
}

type Result<T> = std::result::Result<T, (Option<Span>, String)>;

fn statement(input: TokenStream) -> Result<TokenStream> {
    let mut tokens = input.into_iter();
    let krate: TokenStream = tokens
        .by_ref()
        .take_while(|token| !matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','))
        .collect();
    let literal = literal(&mut tokens)?;
    let (text, span) = (literal.value(), literal.span());
    let parts = scanner::parts(&text).map_err(|fault| (Some(span), described(&text, &fault)))?;

    let mut pieces = Vec::new();
    let mut args = Vec::new();
    for part in parts {
        match part {
            Part::Text(text) => pieces.push(quote!(#krate::__private::Piece::Text(#text))),
            Part::Placeholder(placeholder) => {
                let (piece, source) = piece(&placeholder);
                pieces.push(quote!(#krate::__private::Piece::#piece));
                let value = expression(source, span)?;
                args.push(match placeholder {
                    Placeholder::Value(_) if is_place(&value) => {
                        quote!(#krate::__private::value(&#value))
                    }
                    Placeholder::Value(_) => quote!(#krate::__private::value(#value)),
                    Placeholder::In(_) | Placeholder::NotIn(_) => {
                        quote!(#krate::__private::list(#value.iter()))
                    }
                    Placeholder::Splice(_) => quote!(#krate::__private::splice(&#value)),
                });
            }
        }
    }
    // The values stand outside the block, so that temporaries in them live as long as the statement that uses the query.
    Ok(quote! {
        #krate::__private::statement(
            {
                static TEMPLATE: #krate::__private::Template = #krate::__private::Template::new(&[#(#pieces),*]);
                &TEMPLATE
            },
            ::std::vec![#(#args),*],
        )
    })
}

fn literal(tokens: &mut impl Iterator<Item = TokenTree>) -> Result<syn::LitStr> {
    const WANTED: &str = "`sql!` takes one string literal; a statement made at run time is `Sql::unchecked`";
    let mut token = tokens.next().ok_or((None, WANTED.to_owned()))?;
    // A literal that came through another macro stands in an invisible group.
    while let TokenTree::Group(group) = &token {
        let mut inner = group.stream().into_iter();
        match (group.delimiter(), inner.next(), inner.next()) {
            (Delimiter::None, Some(only), None) => token = only,
            _ => break,
        }
    }
    let span = token.span();
    let literal = syn::parse2(TokenStream::from(token)).map_err(|_| (Some(span), WANTED.to_owned()))?;
    match tokens.find(|token| !matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',')) {
        None => Ok(literal),
        Some(extra) => Err((Some(extra.span()), "values stand inside the text, as in `WHERE id = {id}`".to_owned())),
    }
}

fn piece(placeholder: &Placeholder) -> (Ident, &str) {
    let (name, source) = match placeholder {
        Placeholder::Value(source) => ("Value", source),
        Placeholder::In(source) => ("In", source),
        Placeholder::NotIn(source) => ("NotIn", source),
        Placeholder::Splice(source) => ("Splice", source),
    };
    (Ident::new(name, Span::call_site()), source)
}

/// The user's expression; in parentheses unless it is a name, so that neither `&` nor `.iter()` binds to a part of it.
fn expression(source: &str, span: Span) -> Result<TokenStream> {
    let wrong = || (Some(span), format!("`{{{source}}}` is not a Rust expression"));
    let tokens: TokenStream = source.parse().map_err(|_| wrong())?;
    let tokens = respanned(tokens, span);
    syn::parse2::<Expr>(tokens.clone()).map_err(|_| wrong())?;
    if tokens.clone().into_iter().count() == 1 {
        return Ok(tokens);
    }
    let mut group = Group::new(Delimiter::Parenthesis, tokens);
    group.set_span(span);
    Ok(TokenTree::Group(group).into())
}

/// Whether an expression names a place, which is borrowed; any other makes a new value, which is taken, so that a closure
/// can return a statement with it.
fn is_place(tokens: &TokenStream) -> bool {
    match syn::parse2::<Expr>(tokens.clone()) {
        Ok(Expr::Paren(inner)) => is_place(&inner.expr.to_token_stream()),
        Ok(expression) => matches!(
            expression,
            Expr::Path(_) | Expr::Field(_) | Expr::Index(_) | Expr::Unary(syn::ExprUnary { op: UnOp::Deref(_), .. })
        ),
        Err(_) => false,
    }
}

fn respanned(tokens: TokenStream, span: Span) -> TokenStream {
    let respan = |mut token: TokenTree| {
        if let TokenTree::Group(group) = &token {
            token = Group::new(group.delimiter(), respanned(group.stream(), span)).into();
        }
        token.set_span(span);
        token
    };
    tokens.into_iter().map(respan).collect()
}

/// The message with the line of the statement that it is about, and a caret below the place.
fn described(text: &str, fault: &Fault) -> String {
    let start = text[..fault.at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    let column = text[start..fault.at].chars().count();
    format!("{}\n  {line}\n  {}^", fault.message, " ".repeat(column))
}
